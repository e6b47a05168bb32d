"""Rights to addresses: tables of both kinds, repair, and rolling it out."""

import pytest
from lab.dkimcheck import verify

from support import config
from support.submission import ALICE, submit, whole

BOB, CAROL = "bob@example.org", "carol@example.org"
MALLORY, DAVE, ROBOT = "mallory@example.org", "dave@example.net", "robot@internal"

PATTERNS = r"""/^printer-[0-9]+@example\.org$/	bob@example.org
/^(.+)\.(.+)@people\.example$/	$1@example.org
"""

CONFIG = config.text(
    local_domains=config.names("example.org"),
    tables=config.inline(
        logins=[
            ("sales@example.org", "alice, bob@example.org"),
            ("sales+eu@example.org", BOB),
            ("team@example.org", "group:staff"),
            ("all@example.org", "*"),
            ("@shop.example", CAROL),
            ("ceo@shop.example", DAVE),
            ("@.lists.example", BOB),
            ("info@b\u00fccher.example", ALICE),
            ("ren\u00e9e@example.org", ALICE),
            ('\\"front desk\\"@example.org', ALICE),
            ("welcome", CAROL),
        ],
        aliases=[
            (ALICE, "alias@example.org, A.Smith@Example.ORG"),
            ("group:staff", "desk@example.org"),
            (DAVE, "@example.net"),
        ],
        patterns='{ type = "pcre"; file = "@PATTERNS@"; }',
        memberships=[(BOB, "staff"), (CAROL, "pilot")],
    ),
    groups='( { name = "staff"; members = [ "%s" ]; } )' % ALICE,
    group_table='"memberships"',
    rights="""{ bare_domains = [ "example.org" ]; delimiters = "+-"; tables = (
    { table = "aliases"; key = "identity"; right = "own"; },
    { table = "logins"; }, { table = "patterns"; } ); }""",
    overrides="""(
    { identities = [ "group:pilot" ];
      rules: { sender-rights = "enforce"; from-rights = "enforce"; }; },
    { identities = [ "mallory@example.org", "net:nobody" ];
      rules: { from-rights = "warn"; sender-rights = "off"; }; },
    { identities = [ "mallory@example.org" ];
      rules: { from-rights = "enforce"; header-fqdn = "off"; }; },
    { identities = [ "group:staff" ]; rules: { header-fqdn = "off"; }; } )""",
    profiles="""(
    { name = "fixing"; listeners = ( { daemon_name = "MSAS"; } );
      from = "fix"; resent_keeps_from = true; },
    { name = "trial"; listeners = ( { daemon_name = "MX"; } );
      rules: { sender-rights = "warn"; from-rights = "warn"; };
      complete: { sender = false; }; sign = "off"; } )""",
)


@pytest.fixture(scope="module")
def configuration(tmp_path_factory):
    """The configuration with its file of patterns."""
    path = tmp_path_factory.mktemp("patterns") / "patterns"
    path.write_text(PATTERNS)
    return CONFIG.replace("@PATTERNS@", str(path))


@pytest.fixture(scope="module")
def site(start_lab, configuration):
    """A lab with many rights: strict on 587, fixing on 465, trying on 25."""
    with start_lab(configuration) as other:
        yield other


def send(lab, login, address, *fields, **options):
    """Submits with an address in envelope and From, UTF-8 if it needs that."""
    path = "<%s>" % address + ("" if address.isascii() else " SMTPUTF8")
    return submit(
        lab, whole("From: " + address, *fields), sender=path, login=login, **options
    )


def assert_no_smtputf8(lab, login, address):
    """Such an address cannot be used at all: the mail server knows no SMTPUTF8."""
    path = "<%s> SMTPUTF8" % address
    got = submit(lab, sender=path, login=login, judge="mta")
    # By itself, or by us who are shown some of these octets without a sense.
    assert got.verdict in ("555 5.5.4 at MAIL", "501 5.1.7 at MAIL")
    got = submit(lab, whole("From: " + address), sender="<>", login=login)
    assert got.reply.code // 100 == 5 and got.stage == "DATA"


# --- who may use what ----------------------------------------------------

ALLOWED = {
    # address: (login, the right)
    ALICE: (ALICE, "own"),
    "ALICE@EXAMPLE.ORG": (ALICE, "own"),
    '"alice"@example.org': (ALICE, "own"),
    "alice+news@example.org": (ALICE, "own"),
    "alice-news@example.org": (ALICE, "own"),
    "alias@example.org": (ALICE, "own"),
    "Alias+x@example.org": (ALICE, "own"),
    "a.smith@example.org": (ALICE, "own"),
    "desk@example.org": (BOB, "own"),
    "anything@example.net": (DAVE, "own"),
    "any.thing+x@EXAMPLE.net": (DAVE, "own"),
    "sales@example.org": (BOB, "acts-for"),
    "sales+eu@example.org": (BOB, "acts-for"),
    "Sales+us@example.org": (ALICE, "acts-for"),
    "team@example.org": (ALICE, "acts-for"),
    "all@example.org": (MALLORY, "acts-for"),
    "somebody@shop.example": (CAROL, "acts-for"),
    "ceo@shop.example": (DAVE, "acts-for"),
    "x@a.lists.example": (BOB, "acts-for"),
    "x@b.a.lists.example": (BOB, "acts-for"),
    "info@xn--bcher-kva.example": (ALICE, "acts-for"),
    "info@B\u00fccher.example": (ALICE, "acts-for"),
    "info@bu\u0308cher.example": (ALICE, "acts-for"),
    "ren\u00e9e@example.org": (ALICE, "acts-for"),
    "rene\u0301e@example.org": (ALICE, "acts-for"),
    "REN\u00c9E+x@example.org": (ALICE, "acts-for"),
    '"front desk"@example.org': (ALICE, "acts-for"),
    '"front\\ desk"@example.org': (ALICE, "acts-for"),
    "welcome@example.org": (CAROL, "acts-for"),
    "Welcome-x@example.org": (CAROL, "acts-for"),
    "printer-12@example.org": (BOB, "acts-for"),
    "carol.x@people.example": (CAROL, "acts-for"),
}


@pytest.mark.proves("X1", "D6.1", "X2", "D8.1")
@pytest.mark.parametrize("address, by", ALLOWED.items(), ids=list(ALLOWED))
def test_may_use(site, address, by):
    """In envelope and From; a Sender field exactly where it acts for others."""
    login, right = by
    if not address.isascii() and not site.mta.has_smtputf8:
        assert_no_smtputf8(site, login, address)
        return
    got = send(site, login, address)
    assert got.verdict == "250 2.0.0 at DATA"
    senders = [s.strip() for s in got.relayed.values("Sender")]
    assert senders == ([login.encode()] if right == "acts-for" else [])


REFUSED = [
    (BOB, ALICE),
    (ALICE, "bob+alice@example.org"),
    (ALICE, "alice.x@example.org"),
    (ALICE, "alice@example.org.evil.example"),
    (ALICE, "alice@sub.example.org"),
    (ALICE, "alice%example.org@evil.example"),
    (ALICE, '"alice@example.org"@evil.example'),
    (ALICE, '"alice "@example.org'),
    (ALICE, "al\u0456ce@example.org"),
    (ALICE, "al\u200bice@example.org"),
    (ALICE, "\uff41lice@example.org"),
    (ALICE, "alice@xn--xample-2of.org"),
    (ALICE, "alice@\u0435xample.org"),
    (ALICE, "sales+eu@example.org"),
    (CAROL, "ceo@shop.example"),
    (CAROL, "x@sub.shop.example"),
    (CAROL, "team@example.org"),
    (CAROL, "desk@example.org"),
    (CAROL, "welcome@example.net"),
    (BOB, "x@lists.example"),
    (BOB, "renee@example.org"),
    (BOB, "printer-12@example.org.evil.example"),
    (BOB, "printer-12+x@example.org"),
    (BOB, "carol.x@people.example"),
    (DAVE, "x@sub.example.net"),
    (ROBOT, "robot@example.org"),
]


@pytest.mark.proves("X1", "D6.1", "X2")
@pytest.mark.parametrize("login, address", REFUSED)
def test_may_not_use(site, login, address):
    """Neither in the envelope nor, behind <>, in From."""
    if not address.isascii() and not site.mta.has_smtputf8:
        assert_no_smtputf8(site, login, address)
        return
    assert send(site, login, address).verdict == "550 5.7.1 at MAIL"
    path = "<>" + ("" if address.isascii() else " SMTPUTF8")
    got = submit(site, whole("From: " + address), sender=path, login=login)
    assert got.verdict == "550 5.7.1 at DATA"


# --- repair --------------------------------------------------------------


def fix(lab, *fields, **options):
    """alice submits on the port that puts From right."""
    return submit(lab, whole(*fields), listener="submissions", **options)


FIXED = {
    "another's": ("bob@example.com", ALICE),
    "with a name": ("Scanner <scan@factory.example>", "Scanner <%s>" % ALICE),
    "a name that deceives": ('"bob@example.org" <bob@example.org>', ALICE),
    "one of several": ("%s, bob@example.org" % ALICE, ALICE),
}


@pytest.mark.proves("X4", "X10", "D8.5")
@pytest.mark.parametrize("old, new", FIXED.values(), ids=FIXED.keys())
def test_from_is_put_right(site, old, new):
    """The old From is kept where people look, the signature is for the new."""
    got = fix(site, "From: " + old)
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.relayed.value("From") == new
    assert got.relayed.value("Reply-To") == old
    assert got.relayed.value("X-Original-From") == old
    found = verify(got.relayed.content, site.dns)
    assert {s.domain for s in found} == {"example.org"} and len(found) == 2
    assert all(s.is_valid for s in found), found
    assert "from" in [e["cause"] for e in got.record["edits"]]


@pytest.mark.proves("X4", "X6")
def test_repair_keeps_what_is_there(site):
    """A Reply-To of the client's stays; a forged X-Original-From goes."""
    got = fix(
        site,
        "From: bob@example.com",
        "Reply-To: desk@example.com",
        "X-Original-From: forged@example.com",
    )
    assert got.relayed.value("Reply-To") == "desk@example.com"
    assert got.relayed.value("X-Original-From") == "bob@example.com"
    own = fix(site, "From: alias@example.org")
    assert own.relayed.value("From") == "alias@example.org"
    assert not own.relayed.values("X-Original-From")


@pytest.mark.proves("X4", "X2")
@pytest.mark.parametrize(
    "fields, login, verdict",
    [
        (["From: bob@example.org <%s>" % ALICE], ALICE, "554 5.6.0 at DATA"),
        (["From: us: bob@example.org;"], ALICE, "550 5.7.1 at DATA"),
        (["From: a@example.com", "From: " + ALICE], ALICE, "550 5.7.1 at DATA"),
        (["From: a@example.com", "Sender: a@example.com"], ALICE, "550 5.7.1 at DATA"),
        (["From: bob@example.com"], ROBOT, "550 5.7.1 at DATA"),
    ],
)
def test_not_everything_can_be_put_right(site, fields, login, verdict):
    """What is unclear is refused; and where there is no address to put."""
    assert fix(site, *fields, login=login, sender="<>").verdict == verdict


# --- a message sent on ---------------------------------------------------

RESENT = ("Resent-From: " + ALICE, "Resent-Date: Mon, 2 Nov 2026 11:00:00 +0100")


@pytest.mark.proves("X2", "X10")
def test_resent_message_keeps_its_from(site):
    """Not signed, as the From is not hers; a foreign Resent-From is refused."""
    got = fix(site, *RESENT, "From: bob@example.com")
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.relayed.value("From") == "bob@example.com"
    assert not got.relayed.values("DKIM-Signature")
    assert got.record["unsigned"]
    own = fix(site, *RESENT, "From: " + ALICE)
    assert len(own.relayed.values("DKIM-Signature")) == 2
    foreign = [field.replace(ALICE, BOB) for field in RESENT]
    got = fix(site, *foreign, "From: bob@example.com")
    assert got.verdict == "550 5.7.1 at DATA"


# --- roll-out ------------------------------------------------------------


def verdicts(record, mode):
    """rule: reason, of rules in a mode that would not let it pass."""
    return {
        v["rule"]: v["reason"]
        for v in record["verdicts"]
        if v["mode"] == mode and v["action"] != "pass"
    }


ROLL_OUT = {
    # login, listener: the verdict, and what was only recorded
    "on trial for all": (
        BOB, "mx", "250 2.0.0 at DATA",
        {"sender-rights": "sender-not-allowed", "from-rights": "from-not-allowed"},
    ),
    "enforced for the pilots": (CAROL, "mx", "550 5.7.1 at MAIL", {}),
    "enforced for all": (BOB, "submission", "550 5.7.1 at MAIL", {}),
    "relaxed for one": (
        MALLORY, "submission", "250 2.0.0 at DATA",
        {"from-rights": "from-not-allowed"},
    ),
}


@pytest.mark.proves("X3", "A6")
@pytest.mark.parametrize(
    "login, listener, verdict, recorded", ROLL_OUT.values(), ids=ROLL_OUT.keys()
)
def test_rules_by_identity_and_group(site, login, listener, verdict, recorded):
    """The first override that speaks of identity and rule decides."""
    got = send(site, login, ALICE, listener=listener)
    assert got.verdict == verdict
    assert verdicts(got.record, "warn") == recorded
    if got.stage == "DATA":
        # A right that is not enforced is none for the signer.
        assert not got.relayed.values("DKIM-Signature")


@pytest.mark.proves("X3")
@pytest.mark.parametrize(
    "login, verdict",
    [
        (BOB, "250 2.0.0 at DATA"),
        (MALLORY, "250 2.0.0 at DATA"),
        (CAROL, "554 5.6.0 at DATA"),
    ],
)
def test_rule_is_off_for_a_group(site, login, verdict):
    """header-fqdn: off for the staff and for one more, enforced for others."""
    got = send(site, login, login, "Cc: somebody@localhost")
    assert got.verdict == verdict
    rules = {v["rule"] for v in got.record["verdicts"]}
    assert ("header-fqdn" in rules) == (login == CAROL)


# --- tables that fail ----------------------------------------------------


@pytest.mark.proves("X44", "X3", "D6.1")
@pytest.mark.parametrize(
    "login, listener, verdict",
    [
        (BOB, "submission", "451 4.3.0 at MAIL"),
        # The rules are off and on trial, but the signer must know.
        (MALLORY, "submission", "451 4.3.0 at DATA"),
        (BOB, "mx", "250 2.0.0 at DATA"),
    ],
)
@pytest.mark.parametrize(
    "broken",
    [
        ('{ table = "patterns"; }', '{ table = "down"; }'),
        ('{ table = "logins"; }', '{ table = "down"; key = "identity"; }'),
    ],
    ids=["by address", "by identity"],
)
def test_right_that_cannot_be_told(
    site, configuration, broken, login, listener, verdict
):
    """Enforced, it waits; on trial it passes, and the record says why."""
    text = configuration.replace(*broken)
    text = text.replace("tables = {", 'tables = { down: { type = "fail"; };', 1)
    site.reload(config.filled_in(text, site), "reloaded")
    try:
        got = send(site, login, ALICE, listener=listener)
        assert got.verdict == verdict
        assert "temporary" in [v.get("reason") for v in got.record["verdicts"]]
        own = send(site, BOB, BOB, listener=listener)
        assert own.verdict == "250 2.0.0 at DATA"
    finally:
        site.reload(config.filled_in(configuration, site), "reloaded")


@pytest.mark.proves("X44", "X3", "A3")
def test_groups_that_cannot_be_told(site, configuration):
    """Who might be asked more of waits, on trial as well."""
    text = configuration.replace('group_table = "memberships"', 'group_table = "down"')
    text = text.replace("tables = {", 'tables = { down: { type = "fail"; };', 1)
    site.reload(config.filled_in(text, site), "reloaded")
    try:
        for listener in ("submission", "mx"):
            got = send(site, DAVE, DAVE, listener=listener)
            assert got.verdict == "451 4.3.0 at MAIL"
    finally:
        site.reload(config.filled_in(configuration, site), "reloaded")
