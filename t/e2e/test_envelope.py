"""The envelope: syntax, qualified domains, and who may use which sender."""

import pytest

from support.mta import ByMta
from support.smtp import Client
from support.submission import ALICE, FROM_ALICE, submit, whole

LONG_LOCAL = "a" * 65
LONG_DOMAIN = ".".join(["d" * 60] * 5) + ".org"


# What the mail server refuses itself never reaches the milter ("mta"): code
# and enhanced code of Postfix are the same as ours, those of Sendmail are not.
def own(postfix, code):
    """Refused by Sendmail itself, with a code of its own; by Postfix or us."""
    return ByMta(postfix, "mta " + code)


def expected(lab, want, judge):
    """(reply, who gives it) behind this mail server."""
    here = lab.mta.of(want)
    if here.startswith("mta "):
        return here.removeprefix("mta "), "mta"
    return here, "mta" if here == want and judge == "mta" else "milter"


@pytest.mark.proves("D5.1", "D4.1", "D7b")
@pytest.mark.parametrize(
    "sender, want, judge",
    [
        ("<alice..b@example.org>", "501 5.1.7", "milter"),
        ("<.alice@example.org>", "501 5.1.7", "milter"),
        ("<alice.@example.org>", "501 5.1.7", "milter"),
        ("<al ice@example.org>", "501 5.1.7", "mta"),
        ("<alice(comment)@example.org>", "501 5.1.7", "milter"),
        ("<alice@b@example.org>", own("501 5.1.7", "553 5.1.3"), "milter"),
        ("<%s@example.org>" % LONG_LOCAL, "501 5.1.7", "milter"),
        ("<alice@exa_mple.org>", "501 5.1.7", "milter"),
        ("alice@example.org", "501 5.1.7", "milter"),
        ("<alice@example.org.>", "501 5.1.7", "milter"),
        ("<alice>", "501 5.1.7", "milter"),
        ("<alice@example..org>", own("501 5.1.7", "553 5.1.2"), "mta"),
        ("<alice@-example.org>", "501 5.1.7", "mta"),
        ("<alice@[300.1.1.1]>", "501 5.1.7", "mta"),
        ("<alice@%s>" % LONG_DOMAIN, own("501 5.1.7", "553 5.1.0"), "mta"),
        ('<"alice@example.org>', own("501 5.1.7", "553 5.0.0"), "mta"),
        ("<alice@example.org", own("501 5.1.7", "553 5.0.0"), "mta"),
        ("<al\u00efce@example.org>", "553 5.6.7", "milter"),
    ],
)
def test_sender_syntax_is_refused(lab, sender, want, judge):
    """RFC 5321 Mailbox exactly; RFC 6531 only with SMTPUTF8."""
    want, judge = expected(lab, want, judge)
    got = submit(lab, sender=sender, judge=judge)
    assert got.verdict == want + " at MAIL"


@pytest.mark.proves("D5.1", "D4.1")
@pytest.mark.parametrize(
    "recipient, want, judge",
    [
        ("<so..me@example.com>", "501 5.1.3", "milter"),
        ("<so me@example.com>", "501 5.1.3", "mta"),
        ("<some(c)@example.com>", "501 5.1.3", "milter"),
        ("some@example.com", "501 5.1.3", "milter"),
        ("<@example.com>", own("501 5.1.3", "553 5.1.3"), "milter"),
        ("<%s@example.com>" % LONG_LOCAL, "501 5.1.3", "milter"),
        ("<some>", "501 5.1.3", "milter"),
        ("<some@example..com>", own("501 5.1.3", "553 5.1.2"), "mta"),
        ("<>", own("501 5.1.3", "553 5.0.0"), "mta"),
        ("<s\u00f6me@example.com>", "553 5.6.7", "milter"),
    ],
)
def test_recipient_syntax_is_refused(lab, recipient, want, judge):
    """The same for recipients."""
    want, judge = expected(lab, want, judge)
    got = submit(lab, recipients=(recipient,), judge=judge)
    assert got.verdict == want + " at RCPT"


@pytest.mark.proves("D4.2", "D4.1", "A6")
@pytest.mark.parametrize(
    "sender, want",
    [
        ("<bob@example>", "554 5.1.8"),
        ("<alice@localhost>", "554 5.1.8"),
        ("<alice@[192.0.2.1]>", "554 5.1.8"),
        ("<alice@[IPv6:2001:db8::1]>", "554 5.1.8"),
    ],
)
def test_unqualified_sender_is_refused(lab, sender, want):
    """A sender domain of one label, or a literal, is not for the Internet."""
    assert submit(lab, sender=sender).verdict == want + " at MAIL"


@pytest.mark.proves("D4.2", "D4.1")
@pytest.mark.parametrize(
    "recipient", ["<someone@example>", "<someone@localhost>", "<x@[192.0.2.1]>"]
)
def test_unqualified_recipient_is_refused(lab, recipient):
    """554 5.1.2, for that recipient."""
    got = submit(lab, recipients=(recipient,))
    assert got.verdict == "554 5.1.2 at RCPT"


@pytest.mark.proves("D4.2", "A6")
def test_only_the_bad_recipient_is_refused(lab):
    """The others get the message."""
    got = submit(
        lab,
        recipients=(
            "<one@example.com>",
            "<two@example>",
            "<three..@example.com>",
            "<four@example.net>",
        ),
    )
    assert got.verdict == "250 2.0.0 at DATA"
    codes = [reply.codes for reply in got.recipient_replies]
    assert codes == ["250 2.1.5", "554 5.1.2", "501 5.1.3", "250 2.1.5"]
    assert sorted(got.relayed.recipients) == ["four@example.net", "one@example.com"]


@pytest.mark.proves("D5.1", "D4.2")
@pytest.mark.parametrize(
    "recipient, want",
    [
        ('<"a b"@example.com>', '"a b"@example.com'),
        ('<"a>b"@example.com>', '"a>b"@example.com'),
        ("<@relay.example.net,@b.example:x@example.com>", "x@example.com"),
        ("<a+b=c@example.com>", "a+b=c@example.com"),
        ("<%s@example.com>" % ("a" * 64), "a" * 64 + "@example.com"),
        ("<x@xn--bcher-kva.example.com>", "x@xn--bcher-kva.example.com"),
        ("<Postmaster>", None),
    ],
)
def test_recipient_syntax_is_accepted(lab, recipient, want):
    """Quoted local parts, source routes (ignored), <Postmaster>."""
    got = submit(lab, recipients=(recipient,))
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.relayed.recipients == [want or lab.mta.postmaster]


@pytest.mark.proves("D5.1")
def test_smtputf8_envelope(lab):
    """Beyond ASCII with the extension, in U-labels and in A-labels."""
    if not lab.mta.has_smtputf8:
        got = submit(lab, sender="<alice@example.org> SMTPUTF8", judge="mta")
        assert got.verdict == "555 5.5.4 at MAIL"
        return
    got = submit(
        lab,
        sender="<alice@example.org> SMTPUTF8",
        recipients=("<j\u00f6rg@b\u00fccher.example>",),
    )
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.relayed.recipients == ["j\u00f6rg@b\u00fccher.example"]


# --- rights to the envelope sender --------------------------------------

REFUSED_SENDERS = [
    (ALICE, "<bob@example.org>"),
    (ALICE, "<BOB@EXAMPLE.ORG>"),
    (ALICE, "<bob+alice@example.org>"),
    (ALICE, "<alice@example.net>"),
    (ALICE, "<alice@sub.example.org>"),
    (ALICE, "<alice-x@example.org>"),
    (ALICE, "<xalice@example.org>"),
    (ALICE, '<"alice@example.org"@example.com>'),
    (ALICE, "<alice%example.org@example.com>"),
    (ALICE, "<postmaster@example.org>"),
    ("bob@example.org", "<alias@example.org>"),
    ("carol@example.org", "<sales@example.org>"),
    ("mallory@example.org", "<alice@example.org>"),
    ("mallory@example.org", "<team@example.org>"),
    ("dave@example.net", "<dave@example.org>"),
    ("dave@example.net", "<dave@sub.example.net>"),
]


@pytest.mark.proves("D6.1", "A6", "D7b")
@pytest.mark.parametrize("login, sender", REFUSED_SENDERS)
def test_sender_of_others_is_refused(lab, login, sender):
    """550 5.7.1 at MAIL."""
    got = submit(lab, sender=sender, login=login)
    assert got.verdict == "550 5.7.1 at MAIL"
    assert got.record["identity"] == "sasl:" + login


ALLOWED_SENDERS = [
    (ALICE, "alice@example.org"),
    (ALICE, "Alice@Example.ORG"),
    (ALICE, '"alice"@example.org'),
    (ALICE, "alice+lists@example.org"),
    (ALICE, "alias@example.org"),
    (ALICE, "sales@example.org"),
    (ALICE, "sales+spring@example.org"),
    ("bob@example.org", "team@example.org"),
    ("carol@example.org", "team@example.org"),
    ("dave@example.net", "dave@example.net"),
    ("dave@example.net", "anything@example.net"),
]


@pytest.mark.proves("D6.1")
@pytest.mark.parametrize("login, sender", ALLOWED_SENDERS)
def test_own_sender_passes(lab, login, sender):
    """Oneself, sub-addresses, aliases, shared addresses, whole domains."""
    got = submit(lab, whole("From: " + login), sender="<%s>" % sender, login=login)
    assert got.verdict == "250 2.0.0 at DATA"
    relayed = got.relayed.sender.replace('"', "")  # which Postfix takes away
    assert relayed.lower() == sender.replace('"', "").lower()


@pytest.mark.proves("D6.1")
def test_login_without_realm_is_the_same_person(lab):
    """alice and alice@example.org are one identity."""
    with Client(lab) as client:
        assert client.authenticate("alice", lab.passwords[ALICE]).code == 235
        assert client.mail("<alice@example.org>").codes == "250 2.1.0"
        client.rcpt("<x@example.com>")
        assert client.data(FROM_ALICE).codes == "250 2.0.0"
    assert lab.audit(client.helo)[0]["identity"] == "sasl:alice@example.org"


# --- what replies say ---------------------------------------------------


@pytest.mark.proves("D7b")
@pytest.mark.parametrize(
    "case",
    [
        dict(sender="<bob@example.org>"),
        dict(sender="<bob@example>"),
        dict(sender="<b\u00f6b@example.org>"),
        dict(message=whole("From: bob@example.org")),
        dict(message=whole("From: sales@example.org", "Sender: bob@example.org")),
        dict(message=whole("From: broken <<bob@example.org>")),
        dict(login=None),
    ],
    ids=["sender", "unqualified", "utf8", "from", "sender-field", "syntax", "auth"],
)
def test_replies_tell_what_to_mend_and_no_more(lab, case):
    """ASCII; the operator's contact; no table, login or other person."""
    got = submit(lab, **case)
    assert got.reply.code >= 500
    for line in got.reply.lines:
        assert line.isascii() and len(line) <= 512
    told = got.reply.text.lower()
    assert "postmaster@example.org" in told
    for secret in ("bob", "logins", "table", "rights", "sasl", "acts-for"):
        assert secret not in told, told
