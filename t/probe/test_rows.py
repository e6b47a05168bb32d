"""Every row of the report: a server that keeps the rule, one that does not."""

import subprocess
import sys

import badserver
import pytest
from probe.audit import Target, audit
from probe.report import RULES

# Extensions that a server may offer.
OPTIONAL = "SIZE CHECKPOINT BINARYMIME NO-SOLICITING MTRK SMTPUTF8 REQUIRETLS".split()
OPTIONAL += "DELIVERBY FUTURERELEASE MT-PRIORITY BURL LIMITS".split()

# Flaws of the server or options of the probe; then rows and their verdicts.
CASES = (
    ("greets-521", "greeting fail greeting-521 fail ehlo not-tested"),
    ("greets-554", "greeting fail greeting-521 pass ehlo not-tested"),
    ("greets-nameless", "greeting fail"),
    ("no-ehlo", "ehlo fail AUTH not-tested"),
    (
        "without-PIPELINING without-DSN without-8BITMIME",
        "PIPELINING warn DSN warn 8BITMIME warn",
    ),
    ("without-ENHANCEDSTATUSCODES", "ENHANCEDSTATUSCODES warn enhanced-codes not-tested"),
    ("offer-ETRN", "ETRN fail"),
    ("etrn-under-tls", "ETRN fail etrn-command pass"),
    ("etrn-works", "etrn-command fail ETRN pass"),
    ("without-AUTH", "AUTH fail auth-mechanisms not-tested login not-tested"),
    ("without-CHUNKING", "CHUNKING info chunking-for-binary fail"),
    ("bare-codes", "enhanced-codes fail"),
    ("without-STARTTLS", "STARTTLS info tls fail tls-1.2 not-tested login not-tested"),
    ("tls-broken", "tls fail AUTH fail certificate-chain not-tested"),
    ("tls-1.0", "tls-1.0 fail tls-1.1 fail tls-1.2 pass"),
    ("tls-1.1", "tls-1.0 pass tls-1.1 fail tls-1.3 pass"),
    ("old-tls", "tls-1.1 fail tls-1.2 fail tls-1.3 warn"),
    ("no-tls-1.3", "tls-1.3 warn tls-1.2 pass"),
    ("injected", "starttls-injection fail"),
    ("answers-before-tls", "starttls-injection fail"),
    ("starttls-again", "starttls-again fail"),
    ("auth-in-clear", "auth-clear-offer fail auth-clear-refused fail"),
    ("old-auth", "auth-clear-offer fail auth-clear-refused pass auth-mechanisms warn"),
    ("asks-in-clear", "auth-clear-offer pass auth-clear-refused fail"),
    ("login-only", "auth-mechanisms warn auth-scram info login pass"),
    ("clear-mail", "clear-mail warn unauth-mail pass"),
    ("odd-code", "unauth-mail warn clear-mail warn unauth-local pass"),
    ("greylists", "unauth-mail not-tested relay-percent not-tested"),
    ("mail-unauth", "unauth-mail fail unauth-local pass unauth-foreign pass"),
    ("postmaster", "unauth-mail pass unauth-local pass unauth-foreign pass"),
    (
        "open",
        "unauth-mail fail unauth-local fail unauth-foreign fail relay-own-sender fail "
        "relay-null-sender fail relay-percent fail relay-quoted fail "
        "relay-quoted-bare fail relay-source-route fail relay-bang fail",
    ),
    (
        "mixed --mixed",
        "unauth-mail not-tested unauth-local not-tested unauth-foreign pass "
        "relay-percent not-tested relay-source-route pass relay-quoted-bare pass "
        "clear-mail not-tested",
    ),
    ("mixed known-users --mixed", "relay-percent fail unauth-foreign pass"),
    ("mixed", "unauth-local fail"),
    ("tells-users", "vrfy warn expn warn"),
    ("no-login", "login fail own-sender not-tested spoofed-from not-tested"),
    ("refuses-own", "own-sender fail unqualified-recipient not-tested"),
    ("refuses-null", "null-sender fail"),
    ("takes-spoofed", "spoofed-sender fail spoofed-colleague fail"),
    ("takes-unqualified", "unqualified-sender fail unqualified-recipient fail"),
    ("takes-bad-syntax", "syntax-sender warn syntax-recipient warn"),
    ("takes-spoofed-from", "spoofed-from fail proxy-filter warn"),
    ("takes-bad-header", "header-syntax warn"),
    ("lf-crlf-ends", "smuggling-lf-crlf fail smuggling-lf-lf pass"),
    ("lf-lf-ends", "smuggling-lf-lf fail smuggling-lf-crlf pass"),
    ("lf-lf-ends slow", "smuggling-lf-lf fail smuggling-lf-crlf pass"),
    ("strict-lines", "smuggling-lf-lf pass smuggling-lf-crlf pass"),
    ("--other-name", "certificate-name fail certificate-chain pass login not-tested"),
    ("--other-ca", "certificate-chain fail certificate-name not-tested"),
    ("--no-ca", "certificate-chain info login not-tested"),
    ("--no-ca --insecure", "certificate-chain info login pass spoofed-sender pass"),
    ("--expired", "certificate-chain fail login not-tested"),
    ("--implicit", "tls pass starttls-injection not-tested STARTTLS info login pass"),
    ("--other-domain", "srv-submission warn srv-submissions warn"),
    ("--lame-domain", "srv-submission warn srv-submissions info"),
    ("--no-dns", "srv-submission not-tested"),
    ("offer-REQUIRETLS", "REQUIRETLS fail"),
    (
        " ".join("without-" + name for name in OPTIONAL),
        " ".join(name + " info" for name in OPTIONAL) + " CHUNKING pass",
    ),
)


@pytest.fixture(scope="module")
def expired(lab, tmp_path_factory):
    """A certificate of yesterday, of the lab's authority, and its key."""
    folder = tmp_path_factory.mktemp("expired")
    certs = lab.folder / "certs"
    subprocess.run(
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 "
        "-keyout key.pem -out request.pem && "
        "openssl x509 -req -in request.pem -copy_extensions copy -days -1 "
        "-CA %s/ca.crt -CAkey %s/ca.key -set_serial 1 -out cert.pem" % (certs, certs),
        shell=True,
        check=True,
        cwd=folder,
        capture_output=True,
    )
    return folder / "cert.pem", folder / "key.pem"


def probe(lab, given, expired=None):
    """Audits a server with flaws: ({row: verdict}, rows, server)."""
    words = given.split()
    flaws = " ".join(word for word in words if not word.startswith("--"))
    certs = lab.folder / "certs"
    pair = (certs / "server.crt", certs / "server.key")
    if "--expired" in words:
        pair = expired
    host, _, port = lab.dns.rpartition(":")
    target = Target(
        "127.0.0.1",
        implicit="--implicit" in words,
        mixed="--mixed" in words,
        insecure="--insecure" in words,
        name="127.0.0.1",
        domain="example.org",
        domain_given=True,
        user=badserver.USER,
        password=badserver.PASSWORD,
        own=badserver.USER,
        ca=lab.ca,
        data="--no-data" not in words,
        dns=(host, int(port)),
        timeout=30.0,
        linger=0.05,
    )
    if "--other-name" in words:
        target.name = "mx.example.net"
    if "--other-ca" in words:
        target.ca = str(certs / "client.crt")
    if "--no-ca" in words:
        target.ca = None
    if "--other-domain" in words:
        target.domain = "example.net"
    if "--lame-domain" in words:
        target.domain = "example.com"
    if "--no-dns" in words:
        target.dns = ("127.0.0.1", 1)
        target.timeout = 0.3
    if "--nobody" in words:
        target.user = None
    with badserver.BadServer(flaws, *pair, target.implicit) as server:
        target.port = server.port
        rows = audit(target).rows()
    return {row.name: row.verdict for row in rows}, rows, server


@pytest.mark.proves("D7", "A4", "A5", "D4.3", "A2", "W3", "X40")
@pytest.mark.parametrize("given, want", CASES, ids=[case[0][:40] for case in CASES])
def test_flaw_is_seen(lab, expired, given, want):
    found, rows, _ = probe(lab, given, expired)
    words = want.split()
    for name, verdict in zip(words[::2], words[1::2]):
        seen = [row for row in rows if row.name == name]
        assert found[name] == verdict, "got %s, want %s" % (seen, verdict)


@pytest.mark.proves("D7", "W3")
def test_good_server_passes_every_row(lab):
    found, rows, server = probe(lab, "")
    others = [row for row in rows if row.verdict != "pass"]
    assert others == []
    assert list(found) == [rule.name for rule in RULES]
    assert len(server.messages) == 4  # refused ones, all of them


@pytest.mark.proves("D7")
def test_every_row_has_a_case_that_is_no_pass(lab):
    spoiled = set()
    for _, want in CASES:
        words = want.split()
        for name, verdict in zip(words[::2], words[1::2]):
            if verdict in ("fail", "warn", "info"):
                spoiled.add(name)
    assert {rule.name for rule in RULES} - spoiled == set()


@pytest.mark.proves("D7")
@pytest.mark.parametrize("flaws", ["", "open", "takes-spoofed takes-unqualified"])
def test_nothing_is_sent_without_data(lab, flaws):
    _, _, server = probe(lab, flaws + " --no-data")
    verbs = {line.split(" ")[0].partition(":")[0].upper() for line in server.heard}
    assert "MAIL" in verbs
    assert not verbs & {"DATA", "BDAT", "BURL"}
    assert server.messages == []


@pytest.mark.proves("D7", "A4")
def test_password_never_goes_out_in_the_clear(lab):
    for flaws in ("without-STARTTLS auth-in-clear", "tls-broken auth-in-clear"):
        found, _, server = probe(lab, flaws)
        assert found["login"] == "not-tested"
        auth = [line for line in server.heard if line.startswith("AUTH")]
        assert auth == ["AUTH PLAIN"]  # without a word more


@pytest.mark.proves("D7")
def test_without_a_login_rows_of_users_are_left_out(lab):
    found, rows, _ = probe(lab, "--nobody")
    assert found["login"] == found["spoofed-from"] == "not-tested"
    seen = {row.name: row.seen for row in rows}
    assert seen["spoofed-sender"] == "needs --user and --password-file"


@pytest.mark.proves("W3")
def test_without_a_resolver_library_srv_is_left_out(lab, monkeypatch):
    for module in ("dns", "dns.exception", "dns.resolver"):
        monkeypatch.setitem(sys.modules, module, None)
    found, rows, _ = probe(lab, "")
    assert found["srv-submission"] == found["srv-submissions"] == "not-tested"
    assert "python3-dnspython" in rows[-1].seen
    assert found["login"] == "pass"
