"""Certificates in each server, from RCPT to what the recipient reads."""

import pytest

from servers.process import as_config
from servers.rows import CAROL
from support import config
from support.smime import decrypt
from support.submission import ALICE, submit, whole


@pytest.fixture
def encrypting(lab, server):
    """The lab encrypts to who has a certificate in the server."""
    lab.reload(
        config.text(
            tables="{\n%s}" % as_config("certs", server.table(timeout=800)),
            rights="{ self = true; }",
            encryption='{ table = "certs"; }',
            default_profile='{ encrypt: { recipients = [ "example.com" ]; }; }',
            dkim=None,
        ),
        "configuration reloaded",
    )
    return lab


@pytest.mark.proves("D8.6", "X44")
def test_certificate(server, encrypting, certificates):
    """Who has a row reads the entity to the octet; who has none is refused, and what is not
    known is put off."""
    got = submit(
        encrypting,
        whole("From: " + ALICE, "Content-Type: text/plain", body="a secret\r\n"),
        recipients=["<%s>" % CAROL],
    )
    assert got.reply.code == 250, got
    want = b"Content-Type: text/plain\r\n\r\na secret\r\n"
    assert decrypt(certificates, CAROL, got.relayed.content) == want
    got = submit(encrypting, recipients=["<dave@example.com>"])
    assert got.verdict == "550 5.7.5 at RCPT"
    server.kill()
    got = submit(encrypting, recipients=["<erin@example.com>"])
    assert got.verdict == "451 4.3.0 at RCPT"
