"""From what is known of a message to who submitted it, and where it went."""

import pathlib
import shutil
import subprocess

import pytest

from support import config
from support.lab import wait_for
from support.submission import submit
from support.trace import trace

NOBODY = "no-such-user@example.com"
LOST = (
    b"From: alice@example.org\r\nTo: x@example.com\r\n"
    b"Date: Mon, 2 Nov 2026 10:00:00 +0100\r\n"
    b"Message-ID: <lost@client.example>\r\n\r\nHello.\r\n"
)


@pytest.fixture(scope="module")
def traced(start_lab, tmp_path_factory):
    """A lab with a store and a trace token."""
    keys = tmp_path_factory.mktemp("trace") / "keys"
    keys.write_text("%064x\n" % 0x51)
    keys.chmod(0o600)
    text = config.text(
        audit='{ store: { directory = "@LAB_DIR@/store"; }; }',
        trace_token='{ key_file = "%s"; }' % keys,
        default_profile="{ trace_token = true; }",
    )
    with start_lab(text) as other:
        yield other


def found(lab, *arguments, **options):
    """The ids of the answers."""
    return [a["record"]["id"] for a in trace(lab, *arguments, **options)[1]]


@pytest.mark.proves("A8", "A9")
def test_what_the_recipient_has(traced):
    """Each field of the message as it was relayed, and the whole of it."""
    got = submit(traced, recipients=("<one@example.com>", "<two@example.com>"))
    relayed, record = got.relayed, got.record
    want = [record["id"]]
    assert found(traced, "--message-id", relayed.value("Message-ID")) == want
    assert found(traced, "--queue-id", got.queue_id) == want
    assert found(traced, "--token", relayed.value("Submission-ID")) == want
    assert found(traced, "--message", "-", stdin=relayed.content) == want
    criteria = ["--identity", "alice@example.org", "--client", "127.0.0.0/8"]
    criteria += ["--sender", "alice@example.org", "--recipient", "two@example.com"]
    assert want[0] in found(traced, *criteria, "--since", "1h")
    # Of the Received field alone: the queue id, and that the host is ours.
    received = next(v for v in relayed.values("Received") if b"mx.example.org" in v)
    assert found(traced, "--message", "-", stdin=b"Received:" + received) == want


@pytest.mark.proves("A9")
def test_the_signature_covers_the_token(traced):
    """As it leaves the mail server."""
    relayed = submit(traced).relayed
    for value in relayed.values("DKIM-Signature"):
        signed = b"".join(value.split()).lower().partition(b";h=")[2].partition(b";")[0]
        assert b"submission-id" in signed.split(b":")
    assert len(relayed.values("DKIM-Signature")) == 2


@pytest.mark.proves("X23")
def test_delivery(traced):
    """What the next hop said to each recipient."""
    got = submit(traced, recipients=("<one@example.com>", "<two@example.com>"))
    assert got.relayed

    def look():
        _, answers = trace(
            traced, "--queue-id", got.queue_id, "--mta-log", traced.environment["LAB_MAIL_LOG"]
        )
        deliveries = answers[0]["deliveries"]
        told = " ".join(d.get("recipient", "") for d in deliveries)
        return deliveries if "one@" in told and "two@" in told else None

    for delivery in wait_for(look, "the log does not tell of the delivery"):
        assert delivery["status"] == "sent"
        assert delivery["dsn"].startswith("2.")
        assert "Kept as" in delivery["said"]
        assert delivery["queue_id"] == got.queue_id


@pytest.mark.proves("X23", "A8")
def test_bounce(traced):
    """A real bounce leads to who sent the message, and why it came back."""
    got = submit(
        traced,
        LOST,
        recipients=("<%s>" % NOBODY,),
    )

    def look():
        for path in traced.relayed_folder.glob("*.eml"):
            content = path.read_bytes()
            if b"multipart/report" in content and b"lost@client.example" in content:
                return content
        return None

    bounce = wait_for(look, "there was no bounce")
    status, answers = trace(
        traced, "--message", "-", "--mta-log", traced.environment["LAB_MAIL_LOG"], stdin=bounce
    )
    assert status == 0
    (answer,) = answers
    assert answer["record"]["id"] == got.record["id"]
    failed = [d for d in answer["deliveries"] if d.get("recipient") == NOBODY]
    assert failed and failed[0]["status"] == "bounced"
    assert failed[0]["dsn"] == "5.1.1"
    assert [d for d in answer["deliveries"] if d["status"] == "sender was told"]


@pytest.mark.proves("A8")
def test_nobody_sent_it(traced):
    """Status 1."""
    assert trace(traced, "--message-id", "<nothing@client.example>") == (1, [])


@pytest.mark.proves("X23")
def test_rotated_log(traced, tmp_path):
    """The log as logrotate leaves it, compressed, is read too."""
    got = submit(traced)
    assert got.relayed
    log = pathlib.Path(traced.environment["LAB_MAIL_LOG"])
    wait_for(lambda: ("%s: to=" % got.queue_id) in log.read_text(errors="replace"), "no delivery")
    shutil.copy(log, tmp_path / "mail.log.1")
    subprocess.run(["gzip", tmp_path / "mail.log.1"], check=True)
    (tmp_path / "mail.log").write_text("")
    _, answers = trace(
        traced, "--queue-id", got.queue_id, "--mta-log", str(tmp_path / "mail.log")
    )
    assert [d["status"] for d in answers[0]["deliveries"]] == ["sent"]
