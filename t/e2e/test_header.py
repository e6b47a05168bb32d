"""Form of header and message: addresses, domains, duplicates, limits."""

import pytest

from support.mta import ByMta
from support.smtp import Client
from support.submission import ALICE, WHOLE, letter, submit, whole

# But for Bcc and Resent-Bcc, which Postfix takes away before any milter.
ADDRESS_FIELDS = (
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Resent-To",
    "Resent-Cc",
    "Resent-Reply-To",
    "Disposition-Notification-To",
    "Return-Receipt-To",
    "Errors-To",
)
FROM = "From: alice@example.org"
REST = tuple(line for line in WHOLE if not line.startswith("To:"))


def with_field(field):
    """A message with this field and nothing that it would repeat."""
    return letter(FROM, *REST, field)


# --- addresses in fields ------------------------------------------------


@pytest.mark.proves("D5.1b", "D4.1")
@pytest.mark.parametrize("name", ADDRESS_FIELDS)
def test_illegal_address_names_the_field(lab, name):
    """554 5.6.0, and the reply says which field it is."""
    got = submit(lab, with_field(name + ": broken <bob@@example.com>"))
    assert got.verdict == "554 5.6.0 at DATA"
    assert name.lower() in got.reply.text.lower()


@pytest.mark.proves("D5.1b")
@pytest.mark.parametrize(
    "value",
    [
        "bob@example.com carol@example.com",
        "bob@example.com; carol@example.com",
        "<bob@example.com",
        '"bob@example.com',
        "bob(@example.com",
        "bob@exam ple.com",
        "bob@[example.com",
        "b\\ob@example.com",
        "@example.com",
        "bob@",
        "friends: bob@example.com",
    ],
)
def test_illegal_address_syntax(lab, value):
    """In whatever way it is broken."""
    got = submit(lab, with_field("To: " + value))
    assert got.verdict == "554 5.6.0 at DATA"


@pytest.mark.proves("D5.1b")
@pytest.mark.parametrize(
    "value",
    [
        "bob@example.com, carol@example.com",
        ByMta("Bob B. <bob@example.com>", '"Bob B." <bob@example.com>'),
        ByMta("bob @ example.com", "bob@example.com"),
        ByMta("<@a.example.com,@b.example.com:bob@example.com>", "<bob@example.com>"),
        "friends: bob@example.com, carol@example.com;",
        "undisclosed-recipients:;",
        ByMta(",, bob@example.com,,", "bob@example.com"),
        "bob@example.com (a (nested) comment)",
        '"a \\" quote" <"b b"@example.com>',
    ],
)
def test_legal_and_obsolete_syntax_passes(lab, value):
    """Legal RFC 5322 syntax passes, the obsolete one too, to the octet.

    But for the form in which Sendmail writes it, which is signed.
    """
    got = submit(lab, with_field("To: " + value))
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.relayed.values("To") == [b" " + lab.mta.of(value).encode()]


@pytest.mark.proves("D4.2b", "D4.1")
@pytest.mark.parametrize("name", ["To", "Cc", "Reply-To", "Errors-To"])
@pytest.mark.parametrize("address", ["bob@example", "bob", "bob@[192.0.2.1]"])
def test_unqualified_address_in_a_field(lab, name, address):
    """554 5.6.0 with the field named."""
    got = submit(lab, with_field("%s: %s" % (name, address)))
    assert got.verdict == "554 5.6.0 at DATA"
    assert name.lower() in got.reply.text.lower()


# --- fields that come once ----------------------------------------------


@pytest.mark.proves("D6.3", "D4.1")
@pytest.mark.parametrize(
    "field",
    [
        "Date: Mon, 2 Nov 2026 11:00:00 +0100",
        "Message-ID: <second@client.example>",
        "Subject: again",
        "To: again@example.com",
        "In-Reply-To: <a@client.example>",
        "References: <a@client.example>",
        "Sender: alice@example.org",
        "Reply-To: alice@example.org",
        "Cc: again@example.com",
    ],
)
def test_repeated_field_is_refused(lab, field):
    """RFC 5322, section 3.6: at most once."""
    repeated = [] if field.split(":")[0] in str(WHOLE) else [field]
    got = submit(lab, letter(FROM, *WHOLE, *repeated, field))
    assert got.verdict == "554 5.6.0 at DATA"
    assert field.split(":")[0].lower() in got.reply.text.lower()


# --- octets -------------------------------------------------------------


@pytest.mark.proves("D6.3")
@pytest.mark.parametrize(
    "message",
    [
        whole(FROM, body="a\rb\r\n"),
        whole(FROM, body="\r\r\n"),
        letter(FROM, *WHOLE, "X-Field: a\rb"),
    ],
    ids=["body", "body-end", "header"],
)
def test_bare_cr_is_refused(lab, message):
    """A CR that is no line end is one for some servers and none for others."""
    got = submit(lab, message, judge=lab.mta.judge_of_cr)
    assert got.verdict == lab.mta.stray["cr"] + " at DATA"


@pytest.mark.proves("D6.3")
@pytest.mark.parametrize(
    "message",
    [
        whole(FROM, body="a\nb\r\n"),
        letter(FROM, *WHOLE, "X-Field: a\nb"),
    ],
    ids=["body", "header"],
)
def test_bare_lf_is_stopped(lab, message):
    """Postfix would turn it into CRLF: the shipped lines refuse it there."""
    got = submit(lab, message, judge="mta")
    assert got.verdict == lab.mta.stray["lf"] + " at DATA"


@pytest.mark.proves("D6.3")
@pytest.mark.parametrize(
    "message",
    [
        whole(FROM, body="a\0b\r\n"),
        whole(FROM, "X-Field: a\0b"),
        whole("From: alice@example.org\0, bob@example.org"),
    ],
    ids=["body", "header", "from"],
)
def test_nul_is_stopped(lab, message):
    """A milter is shown a line up to the NUL: the mail server refuses it."""
    got = submit(lab, message, judge="mta")
    assert got.reply.code // 100 == 5
    assert got.stage == "DATA"


@pytest.mark.proves("D6.3", "X2")
@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n"]
)
def test_smuggled_message_is_not_sent(lab, end):
    """Only CRLF.CRLF ends a message: what follows another end is no message."""
    smuggled = b"MAIL FROM:<bob@example.org>\r\nRCPT TO:<x@example.com>\r\nDATA\r\n"
    smuggled += b"From: bob@example.org\r\n\r\nsmuggled\r\n.\r\n"
    with Client(lab) as client:
        client.authenticate(ALICE)
        client.mail("<alice@example.org>")
        client.rcpt("<x@example.com>")
        assert client.command("DATA").code == 354
        client.send(whole(FROM)[:-2] + end + smuggled)
        first = client.reply()
    assert first.code >= 400, first
    lab.refused.add(client.helo)


@pytest.mark.proves("D6.3")
def test_8bit_header_needs_smtputf8(lab):
    """Octets beyond ASCII in the header without the extension, or no UTF-8."""
    message = whole(FROM, "X-Field: gr\u00fc\u00dfe")
    got = submit(lab, message)
    assert got.verdict == "554 5.6.0 at DATA"
    if not lab.mta.has_smtputf8:
        return
    got = submit(lab, message, sender="<alice@example.org> SMTPUTF8")
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.relayed.values("X-Field") == [" gr\u00fc\u00dfe".encode()]
    latin1 = whole(FROM, b"X-Field: gr\xfc\xdfe")
    got = submit(lab, latin1, sender="<alice@example.org> SMTPUTF8")
    assert got.verdict == "554 5.6.0 at DATA"


# --- limits -------------------------------------------------------------


def lines_of(name, count, size):
    """A field of count folded lines of size octets."""
    return name + ": " + "\r\n ".join(["x" * size] * count)


def nested(depth):
    """A message with multipart entities nested depth deep."""
    body = "text\r\n"
    for level in range(depth):
        inner = "" if level == 0 else (
            'Content-Type: multipart/mixed; boundary="b%d"\r\n' % (level - 1)
        )
        body = "--b%d\r\n%s\r\n%s\r\n--b%d--\r\n" % (level, inner, body, level)
    kind = 'Content-Type: multipart/mixed; boundary="b%d"' % (depth - 1)
    return whole(FROM, "MIME-Version: 1.0", kind, body=body)


@pytest.mark.proves("D6.3", "D4.1")
@pytest.mark.parametrize(
    "message, want, want_limit",
    [
        (whole(FROM, lines_of("X-Long", 300, 100)), "552 5.3.4", "28000"),
        (
            whole(FROM, lines_of("X-One", 200, 100), lines_of("X-Two", 200, 100)),
            # Sendmail takes no more than 32768 octets, whatever they are.
            ByMta("552 5.3.4", "mta 552 5.6.0"),
            "32000",
        ),
        (whole(FROM, *["X-Field: %d" % n for n in range(500)]), "554 5.6.0", "500"),
        (nested(40), "554 5.6.0", "30"),
        (
            with_field("To: " + ",\r\n ".join(["a@b.cc,c@d.ee"] * 1600)),
            "554 5.6.0",
            None,
        ),
    ],
    ids=["field", "header", "fields", "depth", "addresses"],
)
def test_limits(lab, message, want, want_limit):
    """Below those of the mail servers, which cut in silence."""
    want = lab.mta.of(want)
    judge = "mta" if want.startswith("mta ") else "milter"
    got = submit(lab, message, judge=judge)
    assert got.verdict == want.removeprefix("mta ") + " at DATA"
    if want_limit and judge == "milter":
        assert want_limit in got.reply.text


@pytest.mark.proves("D6.3")
@pytest.mark.parametrize(
    "message",
    [
        whole(FROM, lines_of("X-Long", 200, 100)),
        whole(FROM, *["X-Field: %d" % n for n in range(400)]),
        nested(20),
    ],
    ids=["field", "fields", "depth"],
)
def test_large_but_within_limits(lab, message):
    """What is only large passes."""
    assert submit(lab, message).verdict == "250 2.0.0 at DATA"
