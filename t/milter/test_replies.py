"""Every reply: its code, its enhanced code, its words."""

import dataclasses
import re

import pytest

from harness import configuration as conf
from harness.daemon import TOP
from harness.kinds import Tls
from harness.message import WHOLE, letter, whole
from harness.session import submit

FROM = "From: alice@example.org"


@dataclasses.dataclass
class Case:
    """A submission that a strict listener turns away, and the reply."""

    reason: str
    want: str
    text: str
    message: object = whole(FROM)
    sender: str = "<alice@example.org>"
    recipients: tuple = ("<someone@example.com>",)
    params: tuple = ()
    client: dict = dataclasses.field(default_factory=dict)
    # Options of the listener's profile that are not those of a strict one.
    profile: dict = dataclasses.field(default_factory=dict)
    times: int = 1  # that it is sent; the last one is turned away

    @property
    def name(self):
        """For people, and for the listener."""
        return "%s:%s" % (self.reason, self.text)


def parts(depth):
    """A message of multiparts, one within the other."""
    begin = end = b""
    for n in range(depth):
        kind = b"Content-Type: multipart/mixed; boundary=b%d\r\n" % n
        begin += kind + b"\r\n--b%d\r\n" % n
        end = b"\r\n--b%d--\r\n" % n + end
    header, _, body = (begin + b"\r\nx" + end).partition(b"\r\n\r\n")
    return whole(FROM, "MIME-Version: 1.0", header, body=body)


def padded(name, size):
    """A field that takes so many octets on the wire."""
    return "%s: %s" % (name, "x" * (size - len(name) - 4))


def tls(**changes):
    """A client whose connection is like that."""
    return {"tls": Tls()._replace(**changes)}


def unread(**rules):
    """A listener that lets pass what these rules would refuse first."""
    return {"rules": {name.replace("_", "-"): "off" for name in rules}}


CASES = [
    # --- MAIL
    Case("auth-missing", "530 5.7.0 at mail", "Authentication required", client={"login": None}),
    Case(
        "tls-missing",
        "530 5.7.0 at mail",
        "Must issue a STARTTLS command first",
        client={"tls": None},
    ),
    Case(
        "tls-version",
        "530 5.7.10 at mail",
        "Encryption needed: TLS 1.2 or later",
        client=tls(version="TLSv1.1"),
    ),
    Case(
        "tls-version",
        "530 5.7.10 at mail",
        "Encryption needed: TLS 1.3 or later",
        client=tls(version="TLSv1.2"),
        profile={"tls": {"minimum_version": "1.3"}},
    ),
    Case(
        "tls-bits",
        "530 5.7.10 at mail",
        "Encryption needed: a cipher of at least 128 bits",
        client=tls(bits="112"),
    ),
    Case(
        "sender-syntax",
        "501 5.1.7 at mail",
        "Bad sender address syntax: {}",
        sender="<alice@@example.org>",
    ),
    Case(
        "sender-utf8",
        "553 5.6.7 at mail",
        "Sender address needs SMTPUTF8",
        sender="<alicé@example.org>",
    ),
    Case(
        "sender-domain",
        "554 5.1.8 at mail",
        "Sender address: domain is not fully qualified",
        sender="<alice@example>",
    ),
    Case(
        "sender-literal",
        "554 5.1.8 at mail",
        "Sender address: no address literals here",
        sender="<alice@[192.0.2.1]>",
    ),
    Case(
        "return-path-unknown",
        "550 5.1.7 at mail",
        "No address known to which a bounce could go",
        sender="<nothing",
        client={"login": "guest"},
        profile=unread(envelope_syntax=1),
    ),
    Case(
        "account-suspended",
        "550 5.7.13 at mail",
        "Ask the help desk",
        client={"login": "suspended@example.org"},
    ),
    Case(
        "account-postmaster-only",
        "550 5.7.13 at mail",
        "This account may only write to postmaster",
        client={"login": "quiet@example.org"},
    ),
    Case(
        "account-unknown",
        "550 5.7.1 at mail",
        "You may not submit mail here",
        client={"login": "stranger@example.org"},
    ),
    Case(
        "parameter-forbidden",
        "550 5.7.1 at mail",
        "You may not use the RET parameter",
        params=("RET=HDRS",),
        profile={"forbidden_parameters": ("RET",)},
    ),
    Case(
        "sender-not-allowed",
        "550 5.7.1 at mail",
        "You may not send with this sender address",
        sender="<bob@example.org>",
    ),
    # --- RCPT
    Case(
        "recipient-syntax",
        "501 5.1.3 at rcpt",
        "Bad recipient address syntax: {}",
        recipients=("<some one@example.com>",),
    ),
    Case(
        "recipient-utf8",
        "553 5.6.7 at rcpt",
        "Recipient address needs SMTPUTF8",
        recipients=("<someoné@example.com>",),
    ),
    Case(
        "recipient-domain",
        "554 5.1.2 at rcpt",
        "Recipient address: domain is not fully qualified",
        recipients=("<someone@localhost>",),
    ),
    Case(
        "recipient-literal",
        "554 5.1.2 at rcpt",
        "Recipient address: no address literals here",
        recipients=("<someone@[IPv6:2001:db8::1]>",),
    ),
    Case(
        "relay-denied",
        "530 5.7.0 at rcpt",
        "Authentication required to send there",
        client={"login": None},
        profile={"mixed": True},
    ),
    Case(
        "postmaster-limit",
        "450 4.7.1 at rcpt",
        "Too many messages to postmaster, try again later",
        whole("From: friend@example.net"),
        sender="<>",
        recipients=("<Postmaster>",),
        client={"login": None},
        profile={"postmaster": {"domains": ("example.org",), "per_hour": 1}},
        times=2,
    ),
    Case(
        "recipient-not-allowed",
        "550 5.7.1 at rcpt",
        "You may not send to this recipient",
        recipients=("<enemy@example.com>",),
    ),
    Case(
        "recipients-too-many",
        "452 4.5.3 at rcpt",
        "Too many recipients (limit 1)",
        recipients=("<one@example.com>", "<two@example.com>"),
        profile={"limits": {"recipients": 1}},
    ),
    # --- the message: who
    *(
        Case("from-not-allowed", "550 5.7.1 at end", words, message)
        for words, message in {
            "You may not send with the address in the From field": whole("From: bob@example.org"),
            "You may not send with the address in the Sender field": whole(
                FROM, "Sender: bob@example.org"
            ),
            "You may not send with the address in the Resent-From field": whole(
                "Resent-From: bob@example.org", FROM
            ),
            "You may not send with the address in the Resent-Sender field": whole(
                "Resent-From: alice@example.org", "Resent-Sender: bob@example.org", FROM
            ),
        }.items()
    ),
    Case("from-several", "550 5.7.1 at end", "More than one From field", whole(FROM, FROM)),
    Case(
        "from-group",
        "550 5.7.1 at end",
        "From field: no group syntax here",
        whole("From: us: alice@example.org;"),
    ),
    Case(
        "from-control",
        "550 5.7.1 at end",
        "From field: control character",
        whole('From: "bob\b\b\balice" <alice@example.org>'),
    ),
    Case(
        "from-unreadable",
        "554 5.6.0 at end",
        "From field: illegal address syntax",
        whole("From: <bob@example.org> <alice@example.org>"),
    ),
    Case(
        "from-unqualified",
        "554 5.6.0 at end",
        "From field: domain is not fully qualified",
        whole("From: alice"),
    ),
    # --- the message: form
    *(
        Case(
            "address-syntax",
            "554 5.6.0 at end",
            "%s field: illegal address syntax" % name,
            whole(FROM, "%s: a@@example.com" % name),
        )
        for name in (
            "Reply-To",
            "Cc",
            "Bcc",
            "Resent-To",
            "Resent-Cc",
            "Resent-Bcc",
            "Disposition-Notification-To",
            "Return-Receipt-To",
            "Errors-To",
        )
    ),
    Case(
        "address-syntax",
        "554 5.6.0 at end",
        "To field: illegal address syntax",
        letter(FROM, "To: <a@example.com> b"),
    ),
    Case(
        "address-domain",
        "554 5.6.0 at end",
        "Cc field: domain is not fully qualified",
        whole(FROM, "Cc: someone@localhost"),
    ),
    Case(
        "address-domain",
        "554 5.6.0 at end",
        "Reply-To field: domain is not fully qualified",
        whole(FROM, "Reply-To: someone"),
    ),
    Case(
        "address-literal",
        "554 5.6.0 at end",
        "Cc field: no address literals here",
        whole(FROM, "Cc: someone@[192.0.2.1]"),
    ),
    Case("from-missing", "554 5.6.0 at end", "The From field is missing", whole()),
    *(
        Case(
            "field-repeated",
            "554 5.6.0 at end",
            "More than one %s field" % line.partition(":")[0],
            letter(FROM, line, "Subject: x" if "Subject" not in line else "X: y", line),
        )
        for line in (
            "Sender: alice@example.org",
            "Reply-To: alice@example.org",
            "Bcc: someone@example.com",
            "Cc: someone@example.com",
            "In-Reply-To: <x@client.example>",
            "References: <x@client.example>",
            *WHOLE,
        )
    ),
    Case(
        "field-name",
        "554 5.6.0 at end",
        "Illegal character in the name of a header field",
        whole(FROM, "X Y: z"),
    ),
    *(
        Case(
            "field-control",
            "554 5.6.0 at end",
            "%s field: NUL, or CR or LF on its own" % name,
            whole(FROM, b"%s: %s" % (name.encode(), value)),
        )
        for name, value in {
            "X-Cr": b"a\rb",
            "X-Lf": b"a\nb",
            "X-Lf-Last": b"a\n",
            "X-Cr-Last": b"a\r",
            "X-Injected": b"a\r\nFrom: bob@example.org",
        }.items()
    ),
    Case(
        "field-utf8",
        "554 5.6.0 at end",
        "Comments field: 8-bit characters need SMTPUTF8 and UTF-8",
        whole(FROM, "Comments: grüße"),
    ),
    Case(
        "field-utf8",
        "554 5.6.0 at end",
        "Keywords field: 8-bit characters need SMTPUTF8 and UTF-8",
        whole(FROM, b"Keywords: gr\xfc\xdfe"),
        params=("SMTPUTF8",),
    ),
    Case("body-nul", "554 5.6.0 at end", "NUL in the message", whole(FROM, body=b"a\0b\r\n")),
    Case(
        "body-bare-cr",
        "554 5.6.0 at end",
        "Line ends must be CR LF: CR on its own in the message",
        whole(FROM, body=b"a\rb\r\n"),
    ),
    Case(
        "body-bare-lf",
        "554 5.6.0 at end",
        "Line ends must be CR LF: LF on its own in the message",
        whole(FROM, body=b"a\nb\r\n"),
    ),
    # --- the message: size
    Case(
        "fields-too-many",
        "554 5.6.0 at end",
        "Too many header fields (limit 10)",
        whole(FROM, *["X: y"] * 6),
        profile={"limits": {"fields": 10}},
    ),
    Case(
        "mime-too-deep",
        "554 5.6.0 at end",
        "Message parts are nested too deep (limit 2)",
        parts(3),
        profile={"limits": {"mime_depth": 2}},
    ),
    Case(
        "addresses-too-many",
        "554 5.6.0 at end",
        "Too many addresses in the Cc field",
        whole(FROM, "Cc: A B C D <a@b.example>"),
        profile={"limits": {"address_tokens": 10}},
    ),
    Case(
        "header-too-large",
        "552 5.3.4 at end",
        "Message header too large (limit 2000 octets)",
        whole(FROM, padded("X", 900), padded("Y", 1100)),
        profile={"limits": {"header_size": 2000}},
    ),
    Case(
        "field-too-large",
        "552 5.3.4 at end",
        "Header field too large (limit 1000 octets)",
        whole(FROM, padded("X", 1001)),
        profile={"limits": {"field_size": 1000}},
    ),
]

# Faults of ours, and where each is brought about.
ELSEWHERE = {
    "temporary": "test_order.py, test_faults.py",
    "memory": "test_faults.py",
    "audit-failed": "test_faults.py",
    "edit-failed": "test_faults.py",
    "stopping": "test_stop.py",
    "field-forbidden": "test_content.py",
    "field-required": "test_content.py",
    "value-forbidden": "test_content.py",
    "file-forbidden": "test_content.py",
    "file-unreadable": "test_content.py",
    "not-encoded": "test_reencode.py",
    "sender-domain-unknown": "test_dns.py",
    "recipient-domain-unknown": "test_dns.py",
    "sender-null-mx": "test_dns.py",
    "recipient-null-mx": "test_dns.py",
    "address-domain-unknown": "test_dns.py",
    "dns-failed": "test_dns.py",
    "certificate-missing": "test_encrypt.py",
    "encrypt-later": "test_encrypt.py",
    "encrypt-mixed": "test_encrypt.py",
    "encrypt-clear": "test_encrypt.py",
    "signing-failed": "libopendkim does not fail to order",
}


@pytest.fixture(scope="module")
def daemon(module_start, strict):
    """A daemon with a listener for each case that wants one."""
    profiles = [conf.profile(case.name, **case.profile) for case in CASES if case.profile]
    for profile in profiles:
        name = profile["listeners"][0]["daemon_name"]
        profile["name"] = re.sub(r"[^\w.-]", "-", name)[:64]
    accounts = conf.inline(
        ("alice@example.org", "active"),
        ("guest", "active"),
        ("suspended@example.org", "suspended Ask the help desk"),
        ("quiet@example.org", "postmaster-only"),
    )
    tables = {"accounts": accounts, "denied": conf.inline(("enemy@example.com", "*"))}
    changes = {
        "local_domains": ("example.org",),
        "tables": tables,
        "accounts": {"table": "accounts", "complete": True},
        "recipients": {"denied": "denied"},
    }
    return module_start(conf.changed(strict, profiles=profiles, **changes))


def rows():
    """The rows of reasons.def: name -> both codes, text."""
    text = (TOP / "submit-milter" / "policy" / "reasons.def").read_text()
    found = re.findall(
        r'REASON\(\w+, "([^"]+)", \w+,\s+(\d+), (\d+), (\d+), (\d+), "([^"]*)"\)', text
    )
    assert len(found) == len(re.findall(r"(?m)^REASON\(", text))
    return {row[0]: ("%s %s.%s.%s" % row[1:5], row[5]) for row in found}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reply(daemon, kind, case):
    """D4.1 D7b A2 A4 D3.2 D4.2 D5.1 D6.1 X2 D5.1b D4.2b D6.3: as the table says."""
    client = dict(case.client)
    if case.profile:
        client["daemon_name"] = case.name
    for _ in range(case.times):
        got = submit(
            daemon,
            case.message,
            kind=kind,
            sender=case.sender,
            recipients=case.recipients,
            params=case.params,
            **client
        )
    if case.want.endswith("at rcpt"):
        # Of the last recipient; one before it may have been accepted.
        answer = got.recipient_answers[-1]
        assert answer.codes + " at rcpt" == case.want
        assert got.record["envelope"]["recipients"][-1]["reason"] == case.reason
    else:
        answer = got.answer
        assert got.verdict == case.want
        assert got.record["reply"]["reason"] == case.reason
    begin, _, rest = case.text.partition("{}")
    assert answer.text.startswith(begin) and answer.text.endswith(rest)
    assert "{}" in case.text or answer.text == case.text
    assert "{}" not in answer.text
    # Nothing of how it was found out, and nobody's address.
    assert not re.search(r"@|alice|bob|logins|aliases|table", answer.text)


def test_every_reason_is_reached():
    """D4.1 D7b: a reason that no test brings about is unknown to people, too."""
    reached = {case.reason for case in CASES}
    known = rows()
    assert not reached & set(ELSEWHERE)
    assert reached | set(ELSEWHERE) == set(known)
    for case in CASES:
        codes, words = known[case.reason]
        assert case.want.startswith(codes + " "), case.name
        pattern = re.escape(words).replace(re.escape("{}"), ".+")
        assert re.fullmatch(pattern, case.text), case.name


def test_codes_fit_their_enhanced_codes():
    """D4.1: the classes of both are the same, and no code is made up."""
    for name, (codes, words) in rows().items():
        code, enhanced = codes.split()
        assert code[0] == enhanced[0], name
        assert int(code) in (450, 451, 452, 501, 530, 550, 552, 553, 554, 556), name
        assert words.isascii() and "\n" not in words, name


# --- the operator's words

LONG = "\n".join(("%d" % n) * 250 for n in range(10))
SIGNS = "\n".join(["%" * 250] * 10)

TEXTS = {
    "another text": ({"texts": {"auth-missing": "Log in first"}}, "Log in first"),
    "several lines": ({"texts": {"auth-missing": "Log in\nfirst"}}, "Log in\nfirst"),
    "a contact": (
        {"contact": "Help: postmaster@example.org"},
        "Authentication required\nHelp: postmaster@example.org",
    ),
    "contact of several lines": (
        {"contact": "Help:\nhttps://help.example/a%20b?c=d%s%n"},
        "Authentication required\nHelp:\nhttps://help.example/a%20b?c=d%s%n",
    ),
    "percent signs": ({"texts": {"auth-missing": "100% %s %% %d"}}, "100% %s %% %d"),
    "only a percent sign": ({"texts": {"auth-missing": "%"}}, "%"),
    "the longest": ({"texts": {"auth-missing": LONG}, "contact": LONG}, LONG + "\n" + LONG),
    "the most percent signs": (
        {"texts": {"auth-missing": SIGNS}, "contact": SIGNS},
        SIGNS + "\n" + SIGNS,
    ),
    "a text of another reason": (
        {"texts": {"tls-missing": "No"}},
        "Authentication required",
    ),
}


@pytest.mark.parametrize("replies, want", TEXTS.values(), ids=TEXTS.keys())
def test_words_of_the_operator(start, strict, replies, want):
    """D7b: a text for a reason and a contact for all, one line or more."""
    daemon = start(conf.changed(strict, replies=replies))
    got = submit(daemon, login=None)
    assert got.verdict == "530 5.7.0 at mail"
    assert got.text == want
    assert submit(daemon).verdict == "passed"


SHOWN = {
    "in a text": "Mend {} now",
    "first": "{}: no",
    "not at all": "No",
    "with percent signs": "%s{}%d",
    "among the longest": SIGNS[:-2] + "{}",
}


@pytest.mark.parametrize("text", SHOWN.values(), ids=SHOWN.keys())
def test_what_is_shown_stays_in_its_place(start, strict, text):
    """D7b: {} is filled in an operator's text, too, and is one line, cut short."""
    name = "X" + "%" * 300
    daemon = start(conf.changed(strict, replies={"texts": {"field-control": text}}))
    got = submit(daemon, whole(FROM, name + ": a\rb"))
    assert got.verdict == "554 5.6.0 at end"
    assert got.text == text.replace("{}", name[:200])
