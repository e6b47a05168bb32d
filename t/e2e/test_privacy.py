"""What a message tells of its client, with the lines that are shipped for it, and what of others."""

import os

import pytest
from lab.dkimcheck import verify

from support import config
from support.submission import ALICE, letter, submit, whole

CONFIG = config.text(
    local_domains=config.names("example.org"),
    default_profile="""{
        privacy: { remove_fields = [ "X-Mailer" ]; client = true; };
        content: { forbidden_fields = [ "X-Evil-*" ]; forbidden_files = [ "*.exe" ]; };
        trust: { dkim = "remove"; };
    }""",
    authserv_ids=config.names("auth.example.org"),
    profiles="""( { name = "mixed"; mixed = true;
        listeners = ( { daemon_name = "MX"; } ); } )""",
    audit="{ transfer = true; }",
)

# A trace of its own that a message has already.
TRACE = "Received: from a.example (b.example [192.0.2.7])\r\n\tby c.example; Mon, 2 Nov 2026 10:00:00 +0000"
INSIDE = (
    b"--x\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Received: from a.example (b.example [192.0.2.7])\r\n\tby c.example (Postfix) with ESMTP id ABC;\r\n"
    b"\tMon, 2 Nov 2026 10:00:00 +0000\r\nSubject: inside\r\n\r\nx\r\n--x--\r\n"
)


@pytest.fixture(scope="module", name="private")
def start_private(start_lab):
    """A lab whose Received field hides clients."""
    os.environ["LAB_RECEIVED"] = "private"
    try:
        with start_lab(CONFIG) as lab:
            yield lab
    finally:
        del os.environ["LAB_RECEIVED"]


@pytest.mark.proves("X5")
@pytest.mark.parametrize("connection", [
    {},
    {"listener": "submissions"},
    {"helo": "[192.0.2.99]"},
    {"certificate": True},
], ids=["587", "465", "a HELO of its own", "a certificate"])
def test_client_is_hidden(private, connection):
    """Neither its name nor its address leaves, but how it came; the record has both."""
    got = submit(
        private,
        whole("From: " + ALICE, "X-Mailer: y", "X-Client: [127.0.0.1]", "X-Z: z"),
        **connection,
    )
    relayed = got.relayed
    assert not relayed.values("X-Mailer") and not relayed.values("X-Client")
    assert relayed.values("X-Z")
    (received,) = relayed.values("Received")
    assert received.split()[:2] == [b"from", b"client.invalid"]
    assert b"with ESMTPSA id " in received and b"TLSv1.3" in received
    for secret in (b"127.0.0", b"localhost", b"192.0.2", b"alice", got.token.encode(), b"Issuer"):
        assert secret not in received.lower(), received
    assert got.record["client"]["address"] == "127.0.0.1"
    assert got.record["client"]["helo"] == got.token
    found = verify(relayed.content, private.dns)
    assert len(found) == 2 and all(signature.is_valid for signature in found)


@pytest.mark.proves("X5")
def test_messages_inside_keep_their_trace(private):
    """An attached message is the user's, to the octet."""
    message = letter(
        "From: " + ALICE, "To: someone@example.com", "Subject: x", "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="x"', body=INSIDE,
    )
    assert submit(private, message).relayed.body == INSIDE


@pytest.mark.proves("X5", "A5")
def test_other_mail_keeps_its_trace(private):
    """Mail from outside, on a port of the same mail server, tells where it was."""
    got = submit(
        private,
        whole(TRACE, "From: someone@outside.example"),
        sender="<someone@outside.example>",
        recipients=("<bob@example.org>",),
        tls=False,
        login=None,
        listener="mx",
    )
    assert got.verdict == "250 2.0.0 at DATA"
    ours, theirs = got.relayed.values("Received")
    assert b"from %s (" % got.token.encode() in ours and b"[127.0.0.1]" in ours
    assert theirs.strip() == TRACE.partition(": ")[2].encode()


FORBIDDEN = {
    "a field": whole("From: " + ALICE, "x-evil-field: x"),
    "a file": whole("From: " + ALICE, 'Content-Disposition: attachment; filename="A.EXE"'),
}


@pytest.mark.proves("D6.3p")
@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_the_site_forbids(private, name):
    """It does not leave."""
    assert submit(private, FORBIDDEN[name]).verdict == "550 5.7.0 at DATA"


@pytest.mark.proves("X7")
def test_what_others_say_of_the_message(private):
    """What speaks in our name goes, and signatures of others where wished; ours are the last."""
    forged = "Authentication-Results: auth.example.org; dkim=pass"
    foreign = "Authentication-Results: other.example; dkim=pass"
    signature = "DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=x; h=from; bh=eA==;\r\n\tb=eA=="
    got = submit(private, whole(signature, forged, foreign, "Return-Path: <x@y.example>", "From: " + ALICE))
    (kept,) = got.relayed.values("Authentication-Results")
    assert kept.strip() == foreign.partition(": ")[2].encode()
    assert not got.relayed.values("Return-Path")
    found = verify(got.relayed.content, private.dns)
    assert [s.domain for s in found] == ["example.org"] * 2 and all(s.is_valid for s in found)
