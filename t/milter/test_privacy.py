"""What records say of recipients and content, and what they do not."""

import pytest

from harness import configuration as conf
from harness.message import whole
from harness.session import Session, submit

SECRET = "somebody.else@example.com"


@pytest.fixture
def key_file(tmp_path):
    """A key under which recipients are hashed."""
    path = tmp_path / "recipients.key"
    path.write_text("00112233445566778899aabbccddeeff" * 2 + "\n")
    path.chmod(0o600)
    return path


def test_recipients_are_hashed(start, strict, key_file):
    """X20: the same address gives the same hash, and is nowhere in the file."""
    daemon = start(conf.changed(strict, audit={"recipient_key_file": str(key_file)}))
    recipients = ["<%s>" % SECRET, "<Somebody.Else@EXAMPLE.com>", "<other@example.com>"]
    record = submit(daemon, recipients=recipients).record
    one, same, other = [r["address"] for r in record["envelope"]["recipients"]]
    assert one == same != other
    assert one.startswith("hash:")
    with Session(daemon) as session:
        session.mail()
        session.rcpt("<%s>" % SECRET, "ORCPT=rfc822;" + SECRET)
        session.refused_rcpt("<%s>" % SECRET, "550 5.1.1 <%s>: unknown" % SECRET)
        session.rcpt("<somebody.else@example>")
        session.mta.abort()
        (record,) = session.records(1)
    first, second, third = record["envelope"]["recipients"]
    assert first["address"] == second["address"] == one != third["address"]
    assert first["params"] == ["ORCPT=***"]
    assert second["mta_reply"] == "550 5.1.1 <***>: unknown"
    assert b"somebody.else@" not in daemon.audit_file.read_bytes().lower()


def test_content_is_recorded_when_asked(start, strict):
    """X20 D5.2: Subject and the client's program, by option alone."""
    message = whole("From: alice@example.org", "User-Agent: Mailer/1 (x)")
    daemon = start(strict)
    assert not {"subject", "software"} & set(submit(daemon, message).record)
    asked = conf.changed(strict, audit={"subject": True, "software": True})
    record = submit(start(asked), message).record
    assert record["subject"] == "a whole message"
    assert record["software"] == "Mailer/1 (x)"
