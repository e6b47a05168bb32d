"""Mail by programs that people use, over STARTTLS and implicit TLS."""

import pytest
from lab.dkimcheck import verify

from support import clients
from support.clients import converse, run, swaks_command
from support.submission import ALICE, RECIPIENT, letter

MESSAGE = letter(
    "From: Alice <alice@example.org>",
    "To: someone@example.com",
    "Subject: by a real client",
    body="Gr\u00fc\u00dfe\r\n.dot\r\n",
)

each_client = pytest.mark.parametrize(
    "client", clients.ALL, ids=[c.__name__ for c in clients.ALL]
)


@pytest.mark.proves("D3.1", "A1", "A4", "D8.2", "D8.3", "D8.5", "A6")
@pytest.mark.parametrize("listener", ["submission", "submissions"])
@each_client
def test_client_submits(lab, tmp_path, client, listener):
    """Completed, signed, relayed to the octet, and recorded."""
    helo = lab.token()
    status, words = client(lab, listener, helo, tmp_path, ALICE, RECIPIENT, MESSAGE)
    assert status == 0, words
    relayed = lab.relayed(helo)
    assert relayed.values("Date") and relayed.values("Message-ID")
    assert relayed.body == MESSAGE.partition(b"\r\n\r\n")[2]
    found = verify(relayed.content, lab.dns)
    assert sorted(s.selector for s in found) == ["ed", "rsa"]
    assert all(s.is_valid for s in found), [str(s) for s in found]
    assert lab.audit(helo)[0]["result"] == "passed"


@pytest.mark.proves("D6.1", "D7b")
@each_client
def test_client_shows_the_refusal(lab, tmp_path, client):
    """alice with bob's address: each client fails and shows why."""
    helo = lab.token()
    lab.refused.add(helo)
    bob = "bob@example.org"
    status, words = client(lab, "submission", helo, tmp_path, bob, RECIPIENT, MESSAGE)
    assert status != 0
    assert "550" in words
    # curl shows the code alone.
    is_told = "You may not send with this sender address" in words
    assert is_told or client is clients.curl, words
    assert lab.audit(helo)[0]["result"] == "refused"


@pytest.mark.proves("A4", "D4.3")
def test_swaks_without_tls(lab):
    """In the clear there is no AUTH, and without it no MAIL."""
    plain = dict(sender=ALICE, recipient=RECIPIENT, tls=False)
    helo = lab.token()
    status, words = run(swaks_command(lab, "submission", helo, login=None, **plain))
    assert status != 0
    assert "530 5.7.0" in words
    assert lab.audit(helo)[0]["result"] == "refused"
    status, words = run(swaks_command(lab, "submission", lab.token(), **plain))
    assert status != 0
    assert "Host did not advertise authentication" in words


@pytest.mark.proves("D3.1", "A4", "D4.3")
def test_openssl_s_client(lab):
    """A person with s_client, who has not authenticated."""
    helo = lab.token()
    words = converse(
        ["openssl", "s_client", "-connect"]
        + ["%s:%d" % (lab.host, lab.ports["submissions"])]
        + ["-quiet", "-crlf", "-CAfile", lab.ca, "-verify_return_error"],
        ["EHLO " + helo, "MAIL FROM:<alice@example.org>", "QUIT"],
    )
    assert "530 5.7.0" in words, words
    assert lab.audit(helo)[0]["result"] == "refused"
