"""Accounts, and postmaster, who is there for those that have none."""

import itertools

import pytest

from support import config
from support.smtp import Client
from support.submission import ALICE, codes, submit, whole

ON_HOLD = "Your account is on hold, please call 555-0100"
ADDRESSES = itertools.count(1)

CONFIG = config.text(
    local_domains=config.names("example.org"),
    tables=config.inline(
        accounts=[
            (ALICE, "active"),
            ("bob@example.org", "suspended " + ON_HOLD),
            ("carol", "postmaster-only"),
            ("dave@example.net", "suspended"),
            ("mallory@example.org", "retired"),
            ("net:printers", "suspended Out of paper"),
        ],
        networks='{ type = "cidr"; file = "@LAB_DIR@/networks"; }',
    ),
    identity='{ realm = "example.org"; networks = "networks"; }',
    accounts='{ table = "accounts"; complete = true; }',
    rights=None,
    profiles="""(
    { name = "open"; listeners = ( { daemon_name = "MSA"; } );
      postmaster: { domains = [ "example.org" ]; per_hour = 3; }; },
    { name = "closed"; listeners = ( { daemon_name = "MSAS"; } ); }
    )""",
)


@pytest.fixture(scope="module")
def site(start_lab):
    """A lab with accounts; its port 587 has postmaster open."""
    with start_lab(CONFIG) as other:
        yield other


def source():
    """A client address that nobody has used, so that no limit is near."""
    n = next(ADDRESSES)
    return "127.0.%d.%d" % (1 + n // 250, 1 + n % 250)


def send(lab, login, **options):
    """Submits as somebody, with that address."""
    return submit(
        lab,
        whole("From: %s" % login),
        sender="<%s>" % login,
        login=login,
        listener="submissions",
        **options
    )


# --- accounts ------------------------------------------------------------

STATES = {
    ALICE: ("250 2.0.0 at DATA", None, ""),
    "bob@example.org": ("550 5.7.13 at MAIL", "account-suspended", ON_HOLD),
    "carol@example.org": ("550 5.7.13 at MAIL", "account-postmaster-only", ""),
    "dave@example.net": ("550 5.7.13 at MAIL", "account-suspended", "suspended"),
    "robot@internal": ("550 5.7.1 at MAIL", "account-unknown", ""),
    "mallory@example.org": ("451 4.3.0 at MAIL", "temporary", ""),
}


@pytest.mark.proves("A3", "D7b")
@pytest.mark.parametrize("login", STATES)
def test_state_of_the_account(site, login):
    """Active, suspended in the operator's words, for postmaster, unknown."""
    verdict, reason, text = STATES[login]
    got = send(site, login)
    assert got.verdict == verdict
    assert text in got.reply.text
    assert (got.record["reply"] or {}).get("reason") == reason
    assert got.record["identity"] == "sasl:" + login


@pytest.mark.proves("A3", "D3.3")
def test_other_identities_have_accounts(site):
    """A network may be suspended as well as a person."""
    got = submit(site, login=None, source="127.0.0.17", listener="submissions")
    assert got.verdict == "550 5.7.13 at MAIL"
    assert "Out of paper" in got.reply.text


@pytest.mark.proves("A3")
def test_unknown_is_active_where_the_table_is_not_complete(site):
    """Then the table only says who is suspended."""
    text = config.filled_in(CONFIG, site)
    site.reload(text.replace("complete = true", "complete = false"), "reloaded")
    try:
        got = submit(site, login="robot@internal", sender="<>", listener="submissions")
        assert got.verdict == "550 5.7.1 at DATA"  # From is not robot's
        assert send(site, "bob@example.org").verdict == "550 5.7.13 at MAIL"
    finally:
        site.reload(text, "reloaded")
    assert send(site, "robot@internal").verdict == "550 5.7.1 at MAIL"


# --- postmaster ----------------------------------------------------------

OUTSIDE = "<someone@outside.example>"
TO_POSTMASTER = whole("From: someone@outside.example")


@pytest.mark.proves("D6.4", "D4.3")
@pytest.mark.parametrize(
    "recipient",
    [
        "<postmaster@example.org>",
        "<Postmaster@Example.ORG>",
        "<POSTMASTER@example.org>",
        "<Postmaster>",
        "<postmaster>",
    ],
)
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "clear"])
def test_anybody_may_write_to_postmaster(site, recipient, tls):
    """In any case, bare or at a listed domain; it leaves as it came, unsigned."""
    tls_rule = {} if tls else {"tls": False}
    got = submit(
        site,
        TO_POSTMASTER,
        sender=OUTSIDE,
        recipients=(recipient,),
        login=None,
        source=source(),
        **tls_rule
    )
    if not tls:
        # Rule tls-required has its own say.
        assert got.verdict == "530 5.7.0 at MAIL"
        return
    assert got.verdict == "250 2.0.0 at DATA"
    assert not got.relayed.values("DKIM-Signature")
    assert got.record["identity"] is None and not got.record["signatures"]


@pytest.mark.proves("D6.4", "D4.3", "A2")
def test_nobody_else_can_be_reached(site):
    """Every other recipient has the 530, before and after postmaster."""
    others = (
        "<bob@example.org>",
        "<someone@example.com>",
        "<postmaster@example.com>",
        "<postmaster@sub.example.org>",
        "<postmaster+x@example.org>",
        "<postmaster2@example.org>",
        "<postmaster%example.com@example.org>",
        "<@example.org:postmaster@example.com>",
    )
    with Client(site, source=source()) as client:
        assert client.mail(OUTSIDE).code == 250
        for recipient in others:
            assert client.rcpt(recipient).codes in site.mta.no_relay, recipient
        assert client.rcpt("<postmaster@example.org>").code == 250
        assert client.rcpt("<bob@example.org>").codes == "530 5.7.0"
        assert client.data(TO_POSTMASTER).code == 250
    assert site.relayed(client.helo).recipients == ["postmaster@example.org"]


@pytest.mark.proves("D6.4")
@pytest.mark.parametrize(
    "sender, fields, verdict",
    [
        ("<alice@example.org>", ["From: x@outside.example"], "530 5.7.0 at MAIL"),
        ("<ceo@EXAMPLE.org>", ["From: x@outside.example"], "530 5.7.0 at MAIL"),
        (OUTSIDE, ["From: alice@example.org"], "550 5.7.1 at DATA"),
        (OUTSIDE, ["From: a@outside.example, b@Example.Org"], "550 5.7.1 at DATA"),
        (
            OUTSIDE,
            ["From: x@outside.example", "Sender: alice@example.org"],
            "550 5.7.1 at DATA",
        ),
        ("<>", ["From: alice@example.org"], "550 5.7.1 at DATA"),
        ("<>", ["From: x@outside.example"], "250 2.0.0 at DATA"),
    ],
)
def test_such_mail_does_not_claim_to_be_ours(site, sender, fields, verdict):
    """Neither in the envelope nor in the header."""
    got = submit(
        site,
        whole(*fields),
        sender=sender,
        recipients=("<postmaster@example.org>",),
        login=None,
        source=source(),
    )
    assert got.verdict == verdict


@pytest.mark.proves("D6.4")
def test_postmaster_has_a_limit(site):
    """So many messages an hour from one address; another has its own."""
    first, second = source(), source()
    mail = dict(sender=OUTSIDE, recipients=("<postmaster@example.org>",), login=None)
    for _ in range(3):
        got = submit(site, TO_POSTMASTER, source=first, **mail)
        assert got.verdict == "250 2.0.0 at DATA"
    got = submit(site, TO_POSTMASTER, source=first, **mail)
    assert got.verdict == "450 4.7.1 at RCPT"
    assert got.record["reply"]["reason"] == "postmaster-limit"
    got = submit(site, TO_POSTMASTER, source=second, **mail)
    assert got.verdict == "250 2.0.0 at DATA"


@pytest.mark.proves("D6.4", "A3")
@pytest.mark.parametrize(
    "login, want", [("bob@example.org", ON_HOLD), ("carol@example.org", "postmaster")]
)
def test_suspended_may_ask_postmaster(site, login, want):
    """The refusal meets every recipient but that one, and an address of others."""
    got = submit(site, TO_POSTMASTER, sender="<alice@example.org>", login=login)
    assert got.verdict == "550 5.7.13 at MAIL" and want in got.reply.text
    # But her own is hers, as the login is.
    got = submit(
        site,
        whole("From: " + login),
        sender="<%s>" % login,
        recipients=("<postmaster@example.org>",),
        login=login,
    )
    assert got.verdict == "250 2.0.0 at DATA"
    assert not got.relayed.values("DKIM-Signature")
    with Client(site, source=source()) as client:
        client.authenticate(login)
        assert client.mail(OUTSIDE).code == 250
        refused = client.rcpt("<bob@example.com>")
        assert refused.codes == "550 5.7.13" and want in refused.text
        assert client.rcpt("<postmaster@example.org>").code == 250
        assert client.data(TO_POSTMASTER).code == 250
    record = site.audit(client.helo)[0]
    assert record["result"] == "passed" and not record["signatures"]
    assert record["identity"] == "sasl:" + login
    assert [r["result"] for r in record["envelope"]["recipients"]] == [
        "refused",
        "accepted",
    ]


@pytest.mark.proves("D6.4", "A3")
def test_unknown_account_may_not(site):
    """Who has no account with us, but logs in, is a mistake of ours to mend."""
    got = submit(
        site,
        TO_POSTMASTER,
        sender=OUTSIDE,
        recipients=("<postmaster@example.org>",),
        login="robot@internal",
    )
    assert got.verdict == "550 5.7.1 at MAIL"


@pytest.mark.proves("D6.4", "A2")
def test_postmaster_is_closed_unless_it_is_opened(site):
    """The other listener has no such list."""
    got = submit(
        site,
        TO_POSTMASTER,
        sender=OUTSIDE,
        recipients=("<postmaster@example.org>",),
        login=None,
        listener="submissions",
    )
    assert got.verdict == "530 5.7.0 at MAIL"
    assert codes(got.record["reply"]) == "530 5.7.0"
