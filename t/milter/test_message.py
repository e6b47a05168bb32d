"""The message: limits, line ends, nesting, address fields."""

import pytest

from harness import configuration as conf
from harness.message import letter, whole
from harness.session import submit

FROM = "From: alice@example.org"
TOP = "Content-Type: multipart/mixed; boundary=b0"


@pytest.fixture(scope="module")
def daemon(module_start, strict):
    """A strict listener, and one with the smallest limits."""
    profiles = [
        conf.profile("header", limits={"header_size": 1000}),
        conf.profile("field", limits={"field_size": 1000}),
        conf.profile("fields", limits={"fields": 10}),
        conf.profile("tokens", limits={"address_tokens": 10}),
        conf.profile("flat", limits={"mime_depth": 1}),
        conf.profile("deep", limits={"mime_depth": 30}),
        conf.profile("literals", address_literals=True),
    ]
    return module_start(conf.changed(strict, profiles=profiles))


def with_header_of(size):
    """A message with a header of so many octets on the wire."""
    message = whole(FROM, "X: y")
    used = len(message.octets()) - len(message.body) - len(b"\r\n")
    return whole(FROM, "X: y" + "z" * (size - used))


def with_field_of(size):
    """A message with a field of so many octets on the wire, a fold in it."""
    return whole(FROM, b"X-Long: y\n\t" + b"z" * (size - len("X-Long: y\r\n\t\r\n")))


def with_fields(count):
    """A message with so many fields."""
    return whole(FROM, *["X%d: y" % n for n in range(count - 5)])


def with_tokens(count):
    """A message with an address field of so many words and signs."""
    words = " ".join("A" * (count - 7))
    return whole(FROM, "Cc: %s <a@b.example>" % words)


LIMITS = {
    "header": (with_header_of, 1000, "552 5.3.4 at end"),
    "field": (with_field_of, 1000, "552 5.3.4 at end"),
    "fields": (with_fields, 10, "554 5.6.0 at end"),
    "tokens": (with_tokens, 10, "554 5.6.0 at end"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_exact(daemon, kind, name):
    """D6.3: one above is refused, the limit itself passes."""
    make, limit, want = LIMITS[name]
    over = submit(daemon, make(limit + 1), kind=kind, daemon_name=name)
    assert over.verdict == want
    at = submit(daemon, make(limit), kind=kind, daemon_name=name)
    assert at.verdict == "passed"


def test_default_limits(daemon):
    """D6.3: below those of the MTAs: 32000 octets, 28000 a field, 500 fields."""
    assert submit(daemon, with_header_of(32001)).verdict == "552 5.3.4 at end"
    assert submit(daemon, with_field_of(28001)).verdict == "552 5.3.4 at end"
    assert submit(daemon, with_fields(501)).verdict == "554 5.6.0 at end"
    assert submit(daemon, with_field_of(28000)).verdict == "passed"
    assert submit(daemon, with_fields(500)).verdict == "passed"


def test_record_tells_the_whole_size(daemon):
    """A6 D6.3: also of a header that was not kept."""
    message = with_header_of(50000)
    got = submit(daemon, message)
    assert got.verdict == "552 5.3.4 at end"
    assert got.record["size"] == message.size


def multipart(depth, kind="mixed"):
    """Multiparts, one in the other; the innermost holds text."""
    begin = end = b""
    for n in range(depth):
        field = b"Content-Type: multipart/%s; boundary=b%d" % (kind.encode(), n)
        begin += field + b"\r\n\r\n--b%d\r\n" % n
        end = b"\r\n--b%d--\r\n" % n + end
    top, _, body = (begin + b"\r\nx" + end).partition(b"\r\n\r\n")
    return whole(FROM, "MIME-Version: 1.0", top, body=body)


def forwarded(depth):
    """Messages in messages."""
    kind = "Content-Type: message/rfc822"
    body = ("%s\r\n\r\n" % kind * (depth - 1)).encode() + b"Subject: x\r\n\r\nx\r\n"
    return whole(FROM, kind, body=body)


NESTED = {
    "flat, multipart": ("flat", multipart, 1),
    "flat, message": ("flat", forwarded, 1),
    "deep, multipart": ("deep", multipart, 30),
    "deep, message": ("deep", forwarded, 30),
}


@pytest.mark.parametrize("chunk", [7, 65535])
@pytest.mark.parametrize("case", NESTED.values(), ids=NESTED.keys())
def test_nesting(daemon, case, chunk):
    """D6.3: one deeper than the limit is refused, in chunks of any size."""
    listener, make, limit = case
    deeper = submit(daemon, make(limit + 1), daemon_name=listener, chunk=chunk)
    assert deeper.verdict == "554 5.6.0 at end"
    assert deeper.record["reply"]["reason"] == "mime-too-deep"
    at = submit(daemon, make(limit), daemon_name=listener, chunk=chunk)
    assert at.verdict == "passed"


STRAY = {
    b"a\0b\r\n": "body-nul",
    b"\0": "body-nul",
    b"a\r\n\0\r\n": "body-nul",
    b"a\rb\r\n": "body-bare-cr",
    b"a\r\r\n": "body-bare-cr",
    b"a\r": "body-bare-cr",
    b"\r": "body-bare-cr",
    b"a\nb\r\n": "body-bare-lf",
    b"a\n\r\n": "body-bare-lf",
    b"a\r\n\n": "body-bare-lf",
    b"\n.\n": "body-bare-lf",
    b"a\r\n.\nMAIL FROM:<x@example.com>\r\n": "body-bare-lf",
    b"a\r\n.\rb\r\n": "body-bare-cr",
}


@pytest.mark.parametrize("chunk", [1, 2, 3, 65535])
@pytest.mark.parametrize("body", STRAY, ids=repr)
def test_stray_octets(daemon, body, chunk):
    """D6.3: NUL, bare CR, bare LF, wherever a chunk ends."""
    got = submit(daemon, whole(FROM, body=body), chunk=chunk)
    assert got.verdict == "554 5.6.0 at end"
    assert got.record["reply"]["reason"] == STRAY[body]


CLEAN = [b"", b"a", b"\r\n", b"a\r\nb\r\n", b"\r\n\r\n\r\n", b".\r\n..\r\n", b"\xff\xfe\r\n"]


@pytest.mark.parametrize("chunk", [1, 2, 3, 65535])
@pytest.mark.parametrize("body", CLEAN, ids=repr)
def test_clean_bodies(daemon, keys, body, chunk):
    """D6.3 D8.5: CR LF stays one line end across chunks; all is signed."""
    got = submit(daemon, whole(FROM, body=body), chunk=chunk)
    assert got.verdict == "passed"
    assert got.record["size"] == got.message.size
    # The MTA ends the last line.
    end = b"" if not body or body.endswith(b"\r\n") else b"\r\n"
    verified = keys.verify(got.leaving.octets() + end)
    assert [s.is_valid for s in verified] == [True, True]


BAD_FIELDS = {
    "two at": "a@@example.com",
    "no comma": "a@example.com b@example.com",
    "text after": "<a@example.com> x",
    "open angle": "<a@example.com",
    "open quote": '"a <a@example.com>',
    "open comment": "a@example.com (x",
    "semicolon": "a@example.com; b@example.com",
    "no local part": "<@example.com>",
    "no domain": "a@",
    "dots": "a@example..com",
    "empty": "",
    "only commas": ", ,",
    "8-bit domain, no SMTPUTF8": "a@exämple.com",
}


@pytest.mark.parametrize("value", BAD_FIELDS.values(), ids=BAD_FIELDS.keys())
def test_bad_address_fields(daemon, value):
    """D5.1b: refused, the field named."""
    got = submit(daemon, whole(FROM, "Cc: " + value))
    assert got.verdict == "554 5.6.0 at end"
    assert got.text.startswith("Cc field: ")


GOOD_FIELDS = {
    "name": "Some One <a@example.com>",
    "quoted name": '"One, Some" <a@example.com>',
    "encoded name": "=?utf-8?q?S=C3=B6m?= <a@example.com>",
    "comment": "a@example.com (Some (nested) One)",
    "several": "a@example.com, B <b@example.com>",
    "folded": "a@example.com,\n b@example.com",
    "group": "friends: a@example.com, b@example.com;",
    "empty group": "undisclosed-recipients:;",
    "obsolete blanks": "a . b @ example . com",
    "obsolete route": "<@relay.example:a@example.com>",
    "obsolete commas": "a@example.com,, b@example.com,",
    "obsolete name": "Some O. Ne <a@example.com>",
    "quoted local part": '"a b"@example.com',
}


@pytest.mark.parametrize("value", GOOD_FIELDS.values(), ids=GOOD_FIELDS.keys())
def test_good_address_fields(daemon, value):
    """D5.1b: RFC 5322 with its obsolete forms passes, to the octet."""
    got = submit(daemon, letter(FROM, *CC_REST, "Cc: " + value))
    assert got.verdict == "passed"
    assert got.leaving.values("Cc") == [b" " + value.encode()]


CC_REST = ("Date: Mon, 2 Nov 2026 10:00:00 +0100", "Message-ID: <x@client.example>")

UNQUALIFIED = {
    "Cc: someone": "address-domain",
    "Cc: someone@localhost": "address-domain",
    "Cc: a@example.com, b@mail": "address-domain",
    "Cc: friends: a@mail;": "address-domain",
    "Reply-To: someone@[192.0.2.1]": "address-literal",
}


@pytest.mark.parametrize("line", UNQUALIFIED)
def test_unqualified_fields(daemon, line):
    """D4.2b: a domain that is none, in any address of the field."""
    got = submit(daemon, whole(FROM, line))
    assert got.verdict == "554 5.6.0 at end"
    assert got.record["reply"]["reason"] == UNQUALIFIED[line]


def test_literal_in_a_field_by_option(daemon):
    """D4.2b: where the profile takes address literals."""
    got = submit(daemon, whole(FROM, "Cc: a@[192.0.2.1]"), daemon_name="literals")
    assert got.verdict == "passed"


def test_utf8_header_under_smtputf8(daemon, keys):
    """D6.3 D8.5: 8-bit fields pass under SMTPUTF8, and are signed."""
    message = whole(FROM, "Comments: grüße", "Cc: Gruß <größe@exämple.com>")
    got = submit(daemon, message, params=("SMTPUTF8",))
    assert got.verdict == "passed"
    assert keys.accept(got.leaving.octets())


def test_several_faults_are_all_recorded(daemon):
    """D6.3 A6: the first rule decides, the others are told of too."""
    message = letter("From: bob@example.org", "Cc: a@@b", "Reply-To: x", "Date: a", "Date: b")
    got = submit(daemon, message)
    assert got.verdict == "550 5.7.1 at end"
    refused = {v["rule"] for v in got.record["verdicts"] if v["action"] == "refuse"}
    assert refused == {"from-rights", "header-syntax", "header-fqdn", "message-syntax"}
