"""Addresses of MAIL FROM and RCPT TO, and the parameters with them."""

import pytest

from harness import configuration as conf
from harness.message import FROM_ALICE, whole
from harness.session import Session, submit


@pytest.fixture(scope="module")
def daemon(module_start, strict):
    """A strict listener, and one that takes address literals."""
    literals = conf.profile("literals", address_literals=True)
    return module_start(conf.changed(strict, profiles=[literals]))


A64 = "a" * 64
LABEL = "b" * 63
LONG_DOMAIN = ".".join([LABEL, LABEL, LABEL, "c" * 61])  # 253 octets

BAD_SENDERS = {
    "<alice@example.org": "501 5.1.7",
    "alice@example.org>": "501 5.1.7",
    "<alice@example.org>>": "501 5.1.7",
    "<<alice@example.org>>": "501 5.1.7",
    "<alice>": "501 5.1.7",
    "<@example.org>": "501 5.1.7",
    "<alice@>": "501 5.1.7",
    "<alice@example..org>": "501 5.1.7",
    "<alice@.example.org>": "501 5.1.7",
    "<alice@-example.org>": "501 5.1.7",
    "<alice@example.org->": "501 5.1.7",
    "<al ice@example.org>": "501 5.1.7",
    "<.alice@example.org>": "501 5.1.7",
    "<alice.@example.org>": "501 5.1.7",
    "<al..ice@example.org>": "501 5.1.7",
    '<"alice@example.org>': "501 5.1.7",
    '<"a"b@example.org>': "501 5.1.7",
    "<alice@exa_mple.org>": "501 5.1.7",
    "<alice(x)@example.org>": "501 5.1.7",
    "<Postmaster>": "501 5.1.7",
    "<alice@[1.2.3.4>": "501 5.1.7",
    "<alice@[1.2.3.400]>": "501 5.1.7",
    "<alice@[IPv6:1::2::3]>": "501 5.1.7",
    "<%sa@example.org>" % A64: "501 5.1.7",
    "<alice@%s.org>" % LONG_DOMAIN: "501 5.1.7",
    "<@relay.example:>": "501 5.1.7",
    "< >": "501 5.1.7",
    b"<alice\x01@example.org>": "501 5.1.7",
    b"<alic\xc3\xa9@example.org>": "553 5.6.7",
    b"<alice@ex\xc3\xa4mple.org>": "553 5.6.7",
    "<alice@localhost>": "554 5.1.8",
    "<alice@org>": "554 5.1.8",
    "<alice@[192.0.2.1]>": "554 5.1.8",
    "<bob@example.org>": "550 5.7.1",
    "<alice@example.com>": "550 5.7.1",
    "<alice%example.com@example.org>": "550 5.7.1",
    "<alice@sub.example.org>": "550 5.7.1",
    "<%s@example.org>" % A64: "550 5.7.1",
    "<anyone@sub.example.net>": "550 5.7.1",
}


@pytest.mark.parametrize("sender", BAD_SENDERS, ids=repr)
def test_sender_is_refused(daemon, sender):
    """D5.1 D4.2 D6.1: no guess, and each with its own code."""
    assert submit(daemon, sender=sender).verdict == BAD_SENDERS[sender] + " at mail"


GOOD_SENDERS = [
    "<alice@example.org>",
    "<ALICE@Example.ORG>",
    "<alice+news@example.org>",
    '<"alice"@example.org>',
    "<@relay.example:alice@example.org>",
    "<@a.example,@b.example:alice@example.org>",
    "<alias@example.org>",
    "<sales@example.org>",
    "<>",
]


@pytest.mark.parametrize("sender", GOOD_SENDERS)
def test_sender_passes(daemon, sender):
    """D5.1 D6.1 D3.2: an own address in any of its forms; or none."""
    assert submit(daemon, sender=sender).verdict == "passed"


def test_null_sender_does_not_hide_from(daemon):
    """D3.2 X2: <> is no way around the rights to From."""
    got = submit(daemon, whole("From: bob@example.org"), sender="<>")
    assert got.verdict == "550 5.7.1 at end"


BAD_RECIPIENTS = {
    "<someone>": "501 5.1.3",
    "<>": "501 5.1.3",
    "<@example.com>": "501 5.1.3",
    "<a@b@example.com>": "501 5.1.3",
    "<someone@example.com": "501 5.1.3",
    "<%sa@example.com>" % A64: "501 5.1.3",
    "<a@%s.com>" % LONG_DOMAIN: "501 5.1.3",
    b"<some\x7fone@example.com>": "501 5.1.3",
    b"<some\xff@example.com>": "501 5.1.3",
    b"<some\xc3\xa9@example.com>": "553 5.6.7",
    "<someone@com>": "554 5.1.2",
    "<Postmaster@localhost>": "554 5.1.2",
    "<someone@[192.0.2.1]>": "554 5.1.2",
}


@pytest.mark.parametrize("recipient", BAD_RECIPIENTS, ids=repr)
def test_recipient_is_refused(daemon, recipient):
    """D5.1 D4.2: that recipient alone, by its own code."""
    with Session(daemon) as session:
        session.mail()
        assert session.rcpt("<one@example.com>").verdict == "continue"
        assert session.rcpt(recipient).verdict == BAD_RECIPIENTS[recipient]
        assert session.rcpt("<two@example.com>").verdict == "continue"
        session.header()
        assert session.end().verdict == "continue"
    (record,) = session.records(1)
    results = [r["result"] for r in record["envelope"]["recipients"]]
    assert results == ["accepted", "refused", "accepted"]


GOOD_RECIPIENTS = [
    "<Postmaster>",
    "<pOSTMASTER>",
    "<someone@example.com>",
    "<@relay.example:someone@example.com>",
    '<"some one"@example.com>',
    r'<"some\"one"@example.com>',
    "<%s@example.com>" % A64,
    "<a@xn--exmple-cua.com>",
]


@pytest.mark.parametrize("recipient", GOOD_RECIPIENTS)
def test_recipient_passes(daemon, recipient):
    """D5.1 D6.4: every form of RFC 5321, and postmaster without domain."""
    assert submit(daemon, recipients=[recipient]).verdict == "passed"


LITERALS = ["[192.0.2.1]", "[IPv6:2001:db8::1]", "[IPv6:::ffff:192.0.2.1]"]


@pytest.mark.parametrize("literal", LITERALS)
def test_literals_by_option(daemon, literal):
    """D4.2: address literals where the profile takes them, and only there."""
    recipients = ["<someone@%s>" % literal]
    taken = submit(daemon, recipients=recipients, daemon_name="literals")
    assert taken.verdict == "passed"
    refused = submit(daemon, recipients=recipients)
    assert refused.verdict == "554 5.1.2 at rcpt"


def test_utf8_under_smtputf8(daemon):
    """D5.1: RFC 6531 addresses where the client said SMTPUTF8."""
    recipients = ["<sömeöne@exämple.com>".encode()]
    got = submit(daemon, recipients=recipients, params=("SMTPUTF8",))
    assert got.verdict == "passed"
    (recipient,) = got.record["envelope"]["recipients"]
    assert recipient["address"] == "sömeöne@exämple.com"


def test_parameters_are_recorded(daemon):
    """D7 A6: as they came, with MAIL and each RCPT."""
    with Session(daemon) as session:
        session.mail("<alice@example.org>", "SIZE=99", "BODY=8BITMIME", "RET=HDRS")
        session.rcpt("<one@example.com>", "NOTIFY=NEVER")
        session.rcpt("<two@example.com>", "NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;x@y")
        session.header()
        assert session.end().verdict == "continue"
    envelope = session.records(1)[0]["envelope"]
    assert envelope["sender_params"] == ["SIZE=99", "BODY=8BITMIME", "RET=HDRS"]
    assert [r["params"] for r in envelope["recipients"]] == [
        ["NOTIFY=NEVER"],
        ["NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;x@y"],
    ]


def test_recipients_that_the_mta_refused(daemon, kind):
    """A6: are told of, recorded with the MTA's words, and judged by nobody."""
    with Session(daemon, kind) as session:
        session.mail()
        answer = session.refused_rcpt("<bad address", "550 5.1.1 No such user")
        assert answer.verdict == "continue"
        assert session.rcpt("<two@example.com>").verdict == "continue"
        session.header()
        assert session.end().verdict == "continue"
    first, second = session.records(1)[0]["envelope"]["recipients"]
    assert first["result"] == "refused-by-mta"
    assert first["mta_reply"] == "550 5.1.1 No such user"
    assert second["result"] == "accepted"
    assert "mta_reply" not in second


def test_all_recipients_refused(daemon):
    """A6: what ends for want of a recipient is a refusal, with the last reply."""
    got = submit(daemon, recipients=["<a@com>", "<a b@example.com>"])
    assert [a.verdict for a in got.recipient_answers] == ["554 5.1.2", "501 5.1.3"]
    assert got.record["result"] == "refused"
    assert got.record["reply"]["reason"] == "recipient-syntax"


def test_thousand_recipients(daemon):
    """A6: each in the record, once, in order."""
    wanted = ["r%d@example.com" % n for n in range(1000)]
    got = submit(daemon, FROM_ALICE, recipients=["<%s>" % r for r in wanted])
    assert got.verdict == "passed"
    assert [r["address"] for r in got.record["envelope"]["recipients"]] == wanted
