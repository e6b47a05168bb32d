"""Who is known without a login, what standing they have, what is open to whom."""

import time

import pytest

from harness import configuration as conf
from harness.kinds import Certificate, Postfix, Sendmail
from harness.message import letter, whole
from harness.session import Session, submit

FROM = "From: alice@example.org"
POSTMASTER = "<postmaster@example.org>"
OUTSIDE = {"login": None, "tls": None, "address": "198.51.100.7"}


def settings(strict):
    """Every way to an identity, accounts, groups, overrides and recipients."""
    now = int(time.time())
    tables = {
        "certificates": conf.inline(
            ("printer", "scanner"), ("/cn=printer", "scanner"), ("aa:bb", "by-print")
        ),
        "clients": conf.inline(
            ("192.0.2.20", "dave@example.net %d" % now),
            ("192.0.2.21", "dave@example.net %d" % (now - 300)),
            ("192.0.2.22", "dave@example.net %d" % (now - 1300)),
            ("192.0.2.23", "dave@example.net"),
        ),
        "networks": {"type": "inline", "rows": [("192.0.2.30", "batch")]},
        "owners": conf.inline(
            ("scan@example.org", "cert:scanner"),
            ("print@example.org", "cert:by-print"),
            ("batch@example.org", "net:batch"),
            ("dave@example.net", "client:dave@example.net"),
            ("staff@example.org", "group:staff"),
            ("who@example.org", "scanner"),
        ),
        "accounts": conf.inline(
            ("alice@example.org", "active"),
            ("sus@example.org", "suspended Ask the help desk, room 7"),
            ("quiet@example.org", "suspended"),
            ("pm@example.org", "postmaster-only"),
            ("odd@example.org", "sleeping"),
            ("bob@example.org", "active"),
            ("near@example.org", "active"),
            ("few@example.org", "active"),
            ("new@example.org", "active"),
            ("cert:scanner", "active"),
            ("cert:by-print", "active"),
            ("net:batch", "active"),
            ("client:dave@example.net", "active"),
            ("dave@example.net", "active"),
            ("nobody-in-particular", "active"),
        ),
        "scopes": conf.inline(
            ("near@example.org", "local"),
            ("few@example.org", "any max=2"),
            ("new@example.org", "listed"),
            ("pm@example.org", "none"),
        ),
        "allowed": conf.inline(("friend@example.com", "new@example.org")),
        "denied": conf.inline(("enemy@example.com", "*"), ("@bad.example", "bob@example.org")),
    }
    grants = [{"table": "owners", "key": "address", "right": "own"}]
    profiles = [
        conf.profile("open", postmaster={"domains": ("example.org",), "per_hour": 3}),
        conf.profile("mixed", mixed=True),
        conf.profile("bare", forbidden_parameters=("RET", "NOTIFY=NEVER")),
        conf.profile("fix", **{"from": "fix"}),
        conf.profile("resent", resent_keeps_from=True),
    ]
    return conf.changed(
        strict,
        local_domains=("example.org", ".example.org"),
        tables=tables,
        rights={"tables": strict["rights"]["tables"] + grants},
        identity={
            "certificates": "certificates",
            "certificate_issuers": ("Our CA",),
            "clients": "clients",
            "networks": "networks",
        },
        accounts={"table": "accounts", "complete": True},
        groups=[{"name": "staff", "members": ("bob@example.org", "net:batch")}],
        overrides=[
            {"identities": ("group:staff",), "rules": {"header-syntax": "warn"}},
            {"identities": ("alice@example.org",), "forbidden_parameters": ("ENVID",)},
        ],
        recipients={"scopes": "scopes", "allowed": "allowed", "denied": "denied"},
        profiles=profiles,
    )


@pytest.fixture(scope="module")
def daemon(module_start, strict):
    """A daemon with all of it."""
    return module_start(settings(strict))


# --- the ways to an identity (D3.3)

NOT_KNOWN = {
    "no certificate": {},
    "not verified": {"certificate": Certificate(verify="FAIL")},
    "no verdict": {"certificate": Certificate(verify="NO")},
    "another issuer": {"certificate": Certificate(issuer="Their CA")},
    "another subject": {"certificate": Certificate(subject="toaster")},
    "a subject that does not fit": {"certificate": Certificate(subject="printer" + "x" * 300)},
    "client seen too long ago": {"address": "192.0.2.22"},
    "another address": {"address": "192.0.2.31"},
    "no address": {"address": None},
}


@pytest.mark.parametrize("client", NOT_KNOWN.values(), ids=NOT_KNOWN.keys())
def test_not_known(daemon, kind, client):
    """D3.3 A2: what is not certain is nobody."""
    got = submit(daemon, kind=kind, login=None, **client)
    assert got.verdict == "530 5.7.0 at mail"
    assert got.record["identity"] is None


KNOWN = {
    "certificate, CN": (
        {"certificate": Certificate()},
        "scan@example.org",
        "cert:scanner",
    ),
    "certificate, DN": (
        {"certificate": Certificate(subject="/CN=printer")},
        "scan@example.org",
        "cert:scanner",
    ),
    "certificate, fingerprint": (
        {"certificate": Certificate(subject="x", fingerprint="AA:BB")},
        "print@example.org",
        "cert:by-print",
    ),
    "client seen now": (
        {"address": "192.0.2.20"},
        "dave@example.net",
        "client:dave@example.net",
    ),
    "client seen within the window": (
        {"address": "192.0.2.21"},
        "dave@example.net",
        "client:dave@example.net",
    ),
    "network": ({"address": "192.0.2.30"}, "batch@example.org", "net:batch"),
    "login before certificate": (
        {"login": "alice@example.org", "certificate": Certificate()},
        "alice@example.org",
        "sasl:alice@example.org",
    ),
    "certificate before client": (
        {"certificate": Certificate(), "address": "192.0.2.20"},
        "scan@example.org",
        "cert:scanner",
    ),
}


@pytest.mark.parametrize("client, address, identity", KNOWN.values(), ids=KNOWN.keys())
def test_known(daemon, keys, kind, client, address, identity):
    """D3.3 A6: each way yields a named identity with rights of its own."""
    client = {"login": None, **client}
    message = whole("From: " + address)
    got = submit(daemon, message, kind=kind, sender="<%s>" % address, **client)
    assert got.verdict == "passed"
    assert got.record["identity"] == identity
    assert got.record["route"] == identity.partition(":")[0]
    assert keys.accept(got.leaving.octets())


def test_identities_do_not_collide(daemon, kind):
    """D3.3: a login of the name of a certificate has none of its rights."""
    certificate = {"login": None, "certificate": Certificate()}
    got = submit(daemon, kind=kind, sender="<who@example.org>", **certificate)
    assert got.verdict == "550 5.7.1 at mail"


def test_row_without_time(daemon, kind):
    """D3.3 X44: a row that cannot be read is a fault of ours, not an identity."""
    got = submit(daemon, kind=kind, login=None, address="192.0.2.23")
    assert got.verdict == "451 4.3.0 at mail"
    assert got.record["identity"] is None


# --- accounts (A3)

ACCOUNTS = {
    "sus@example.org": ("550 5.7.13 at mail", "Ask the help desk, room 7"),
    "quiet@example.org": ("550 5.7.13 at mail", "This account is suspended"),
    "pm@example.org": (
        "550 5.7.13 at mail",
        "This account may only write to postmaster",
    ),
    "carol@example.org": ("550 5.7.1 at mail", "You may not submit mail here"),
    "odd@example.org": (
        "451 4.3.0 at mail",
        "Temporary failure, please try again later",
    ),
    "alice@example.org": ("passed", ""),
}


@pytest.mark.parametrize("login", ACCOUNTS)
def test_account(daemon, kind, login):
    """A3: suspended, in the operator's words; unknown; not understood; current."""
    want, text = ACCOUNTS[login]
    got = submit(daemon, whole("From: " + login), kind=kind, login=login, sender="<%s>" % login)
    assert got.verdict == want
    assert got.text == text


# --- postmaster (D6.4)


@pytest.mark.parametrize("login", [None, "sus@example.org", "pm@example.org"])
def test_postmaster_is_open(daemon, kind, login):
    """D6.4: to who may not submit, in any case; to nobody else; never signed."""
    address = {"postfix": "198.51.100.", "sendmail": "198.51.101."}[kind.name]
    address += str(len(login or ""))
    client = {"login": login, "daemon_name": "open", "address": address}
    want = "530 5.7.0" if login is None else "550 5.7.13"
    message = whole("From: friend@example.com")
    with Session(daemon, kind, **client) as session:
        assert session.mail("<friend@example.com>").verdict == "continue"
        assert session.rcpt("<bob@example.org>").verdict == want
        assert session.rcpt("<postmaster@example.net>").verdict == want
        assert session.rcpt("<PostMaster@Example.Org>").verdict == "continue"
        assert session.rcpt("<Postmaster>").verdict == "continue"
        assert session.rcpt("<postmaster@other.example>").verdict == want
        session.header(message)
        session.body(message.body)
        assert session.end().verdict == "continue"
        assert "DKIM-Signature" not in {edit.name for edit in session.mta.edits}
    assert session.records(1)[0]["signatures"] == []


OURS = {
    "sender": ("<bob@example.org>", "From: friend@example.com", "530 5.7.0 at mail"),
    "From": ("<friend@example.com>", "From: bob@example.org", "550 5.7.1 at end"),
    "sub-domain in From": ("<>", "From: bob@mail.example.org", "550 5.7.1 at end"),
}


@pytest.mark.parametrize("sender, line, want", OURS.values(), ids=OURS.keys())
def test_postmaster_hears_no_false_friends(daemon, kind, sender, line, want):
    """D6.4: such mail must not claim to be ours."""
    client = {"login": None, "daemon_name": "open", "address": "198.51.102.%d" % len(line)}
    with Session(daemon, kind, **client) as session:
        got = session.submit(whole(line), sender, [POSTMASTER])
    assert got.verdict == want


SUSPENDED = {
    "theirs": ("sus@example.org", "sus@example.org", "passed"),
    "a stranger's": ("x@example.com", "x@example.com", "passed"),
    "another's, sender": ("bob@example.org", "sus@example.org", "550 5.7.13 at mail"),
    "another's, From": ("sus@example.org", "bob@example.org", "550 5.7.1 at end"),
}


@pytest.mark.parametrize("sender, author, want", SUSPENDED.values(), ids=SUSPENDED.keys())
def test_suspended_user_writes_as_herself(daemon, kind, sender, author, want):
    """D6.4 A3: to postmaster, from the address that is hers; it is not signed."""
    client = {"login": "sus@example.org", "daemon_name": "open"}
    number = list(SUSPENDED.values()).index((sender, author, want))
    client["address"] = "198.51.103.%d" % (number + {"postfix": 10, "sendmail": 20}[kind.name])
    with Session(daemon, kind, **client) as session:
        got = session.submit(whole("From: " + author), "<%s>" % sender, [POSTMASTER])
    assert got.verdict == want
    assert session.records(1)[0]["signatures"] == []


def test_postmaster_is_closed_by_default(daemon, kind):
    """D6.4 A2: 530 at MAIL where no domain opens it."""
    got = submit(daemon, kind=kind, login=None, recipients=[POSTMASTER])
    assert got.verdict == "530 5.7.0 at mail"


def test_postmaster_has_a_limit(daemon, kind):
    """D6.4: so many messages an hour from a client; another has its own."""
    address = {"postfix": "203.0.113.1", "sendmail": "203.0.113.2"}[kind.name]
    client = {"login": None, "daemon_name": "open"}
    message = whole("From: friend@example.com")
    sent = ("<friend@example.com>", [POSTMASTER])
    with Session(daemon, kind, address=address, **client) as session:
        # Each counts once, whoever else it is for.
        several = ("<friend@example.com>", [POSTMASTER, "<Postmaster>", POSTMASTER])
        for many in (several, sent, several):
            assert session.submit(message, *many).verdict == "passed"
        over = session.submit(message, *sent)
        assert over.verdict == "450 4.7.1 at rcpt"
        assert over.text == "Too many messages to postmaster, try again later"
        assert session.records(4)[3]["result"] == "deferred"
    with Session(daemon, kind, address=address + "0", **client) as other:
        assert other.submit(message, *sent).verdict == "passed"


# --- a mixed port (A5)


def test_mixed_port_takes_mail_for_us(daemon, kind):
    """A5: from outside, to local domains, untouched and unsigned."""
    message = letter("From: friend@example.com", "Bcc: x@example.org")
    got = submit(
        daemon,
        message,
        kind=kind,
        sender="<friend@example.com>",
        recipients=["<bob@example.org>", "<bob@mail.example.org>", "<Postmaster>"],
        daemon_name="mixed",
        **OUTSIDE
    )
    assert got.verdict == "passed"
    assert got.edits == []
    assert got.record["signatures"] == []
    assert got.record["identity"] is None


RELAYED = [
    "<friend@example.com>",
    "<a@example.net>",
    "<a@notexample.org>",
    "<a%example.com@example.org>",
    "<example.com!a@example.org>",
    '<"a@example.com"@example.org>',
    "<@example.org:a@example.com>",
]


@pytest.mark.parametrize("recipient", RELAYED)
def test_mixed_port_is_no_relay(daemon, kind, recipient):
    """A5: never an open relay."""
    got = submit(
        daemon,
        kind=kind,
        sender="<friend@example.com>",
        recipients=[recipient],
        daemon_name="mixed",
        **OUTSIDE
    )
    assert got.verdict == "530 5.7.0 at rcpt"
    assert got.text == "Authentication required to send there"


def test_mixed_port_is_strict_with_users(daemon, keys, kind):
    """A5: who logs in submits, by all rules, signed."""
    bobs = whole("From: bob@example.org")
    refused = submit(daemon, bobs, kind=kind, daemon_name="mixed")
    assert refused.verdict == "550 5.7.1 at end"
    clear = submit(daemon, kind=kind, daemon_name="mixed", tls=None)
    assert clear.verdict == "530 5.7.0 at mail"
    got = submit(daemon, kind=kind, daemon_name="mixed")
    assert got.verdict == "passed"
    assert [s.is_valid for s in keys.verify(got.leaving.octets())] == [True, True]


# --- recipients (D6.2)

RECIPIENTS = {
    "bob@example.org": {
        "<enemy@example.com>": "550 5.7.1",
        "<anyone@bad.example>": "550 5.7.1",
        "<friend@example.com>": "continue",
    },
    "near@example.org": {
        "<friend@example.com>": "550 5.7.1",
        "<bob@example.org>": "continue",
        "<bob@mail.example.org>": "continue",
        "<Postmaster>": "continue",
    },
    "new@example.org": {
        "<bob@example.org>": "550 5.7.1",
        "<friend@example.com>": "continue",
        "<friend+x@example.com>": "continue",
        "<enemy@example.com>": "550 5.7.1",
    },
    "few@example.org": {
        "<enemy@example.com>": "550 5.7.1",
        "<one@example.com>": "continue",
        "<two@example.com>": "continue",
        "<three@example.com>": "452 4.5.3",
        "<four@example.com>": "452 4.5.3",
    },
    "alice@example.org": {"<anyone@bad.example>": "continue"},
}


@pytest.mark.parametrize("login", RECIPIENTS)
def test_recipient_rights(daemon, kind, login):
    """D6.2: this recipient, not that one, and so many."""
    with Session(daemon, kind, login=login) as session:
        session.mail("<%s>" % login)
        got = {r: session.rcpt(r).verdict for r in RECIPIENTS[login]}
        assert got == RECIPIENTS[login]
        session.header(whole("From: " + login))
        assert session.end().verdict == "continue"


# --- parameters (D7)

PARAMETERS = {
    "RET, any": ("bare", "bob@example.org", ["RET=HDRS"], [], "550 5.7.1 at mail"),
    "ret": ("bare", "bob@example.org", ["ret=FULL"], [], "550 5.7.1 at mail"),
    "NOTIFY=NEVER": ("bare", "bob@example.org", [], ["NOTIFY=NEVER"], "550 5.7.1 at rcpt"),
    "NOTIFY=FAILURE": ("bare", "bob@example.org", [], ["NOTIFY=FAILURE"], "continue at rcpt"),
    "others": ("bare", "bob@example.org", ["SIZE=1"], ["ORCPT=rfc822;x"], "continue at rcpt"),
    "elsewhere": ("MSA", "bob@example.org", ["RET=HDRS"], ["NOTIFY=NEVER"], "continue at rcpt"),
    "of one's own": ("MSA", "alice@example.org", ["ENVID=x"], [], "550 5.7.1 at mail"),
    "own in place of the profile's": (
        "bare",
        "alice@example.org",
        ["RET=HDRS"],
        ["NOTIFY=NEVER"],
        "continue at rcpt",
    ),
}


@pytest.mark.parametrize(
    "listener, login, mail, rcpt, want", PARAMETERS.values(), ids=PARAMETERS.keys()
)
def test_forbidden_parameters(daemon, kind, listener, login, mail, rcpt, want):
    """D7: refused to a listener or to an identity; the parameter is named."""
    with Session(daemon, kind, login=login, daemon_name=listener) as session:
        stage, answer = "mail", session.mail("<%s>" % login, *mail)
        if answer.verdict == "continue":
            stage, answer = "rcpt", session.rcpt("<friend@example.com>", *rcpt)
    assert "%s at %s" % (answer.verdict, stage) == want
    if not want.startswith("continue"):
        keyword = (mail + rcpt)[0].partition("=")[0]
        assert answer.text == "You may not use the %s parameter" % keyword


# --- overrides (X3)


def test_override_for_a_group(daemon, kind):
    """X3: a rule is on trial for some and enforced for all others."""
    for login, want in (
        ("alice@example.org", "554 5.6.0 at end"),
        ("bob@example.org", "passed"),
    ):
        message = whole("From: " + login, "Cc: a@@b")
        got = submit(daemon, message, kind=kind, login=login, sender="<%s>" % login)
        assert got.verdict == want
        (verdict,) = [v for v in got.record["verdicts"] if v["rule"] == "header-syntax"]
        assert verdict["mode"] == ("warn" if want == "passed" else "enforce")


def test_right_of_a_group(daemon, kind):
    """X1: a row that names a group."""
    for login, want in (
        ("alice@example.org", "550 5.7.1 at mail"),
        ("bob@example.org", "passed"),
    ):
        message = whole("From: " + login)
        got = submit(daemon, message, kind=kind, login=login, sender="<staff@example.org>")
        assert got.verdict == want


# --- From that is not one's own (X4, X2)


def test_from_is_fixed(daemon, keys, kind):
    """X4: the own address, the old one in Reply-To and X-Original-From; signed."""
    message = whole("From: Bob <bob@example.org>", "X-Original-From: theirs")
    got = submit(daemon, message, kind=kind, daemon_name="fix")
    assert got.verdict == "passed"
    assert got.leaving.value("From") == "Bob <alice@example.org>"
    assert got.leaving.value("X-Original-From") == "Bob <bob@example.org>"
    assert got.leaving.value("Reply-To") == "Bob <bob@example.org>"
    assert [s.is_valid for s in keys.verify(got.leaving.octets())] == [True, True]


NOT_FIXED = {
    "two fields": ([FROM, "From: bob@example.org"], "550 5.7.1 at end"),
    "unreadable": (["From: <a@b.example> c"], "554 5.6.0 at end"),
    "a group": (["From: us: bob@example.org;"], "550 5.7.1 at end"),
    "Sender": ([FROM, "Sender: bob@example.org"], "550 5.7.1 at end"),
    "none": ([], "554 5.6.0 at end"),
}


@pytest.mark.parametrize("lines, want", NOT_FIXED.values(), ids=NOT_FIXED.keys())
def test_not_all_is_fixed(daemon, kind, lines, want):
    """X4: only a lone From that could be read."""
    assert submit(daemon, whole(*lines), kind=kind, daemon_name="fix").verdict == want


def test_own_from_needs_no_fixing(daemon, kind):
    """X4: what is right stays to the octet."""
    got = submit(daemon, whole("From:  Alice <alice@example.org> "), kind=kind, daemon_name="fix")
    assert got.verdict == "passed"
    assert {edit.kind for edit in got.edits} == {"insert"}


def test_resent_message_keeps_from(daemon, kind):
    """X2: by option; then it is not signed, and Resent-From must be right."""
    message = whole("Resent-From: alice@example.org", "From: friend@example.org")
    assert submit(daemon, message, kind=kind).verdict == "550 5.7.1 at end"
    got = submit(daemon, message, kind=kind, daemon_name="resent")
    assert got.verdict == "passed"
    assert got.record["signatures"] == []
    assert got.record["unsigned"] == "no-right-to-from"
    false = whole("Resent-From: bob@example.org", "From: friend@example.org")
    assert submit(daemon, false, kind=kind, daemon_name="resent").verdict == "550 5.7.1 at end"


@pytest.mark.parametrize("of", [Postfix, Sendmail])
def test_certificate_is_that_of_the_connection(daemon, of):
    """D3.3 A2: it does not outlive its connection."""
    certificate = Certificate()
    with Session(daemon, of, login=None, certificate=certificate) as session:
        scan = ("<scan@example.org>", ["<a@example.com>"])
        assert session.submit(whole("From: scan@example.org"), *scan).verdict == "passed"
        session.mta.quit_new_connection()
        session.client.certificate = None
        session.begin()
        got = session.submit(whole("From: scan@example.org"), *scan)
        assert got.verdict == "530 5.7.0 at mail"
