"""Mail by sendmail(1) and cron, with Sendmail: its MSP brings it to the MTA."""

import os
import subprocess

import pytest

from lab import sendmail as sendmail_of_lab
from lab.dkimcheck import verify
from letters import records, relayed, subject


def sendmail(lab, text, *arguments):
    """Status and words of sendmail(1)."""
    shim = lab.msp.parent.parent / "shim.so"
    environment = {
        **os.environ,
        "LD_PRELOAD": str(shim),
        "LAB_HOST_NAME": "mx.example.org",
        "LAB_MAIL_LOG": str(lab.msp.parent.parent / "clientmqueue" / "log"),
    }
    program = sendmail_of_lab.find_unpacked() / sendmail_of_lab.PROGRAM
    done = subprocess.run(
        [program, "-Ac", "-C%s" % lab.msp, "-i", *arguments],
        input=text.encode(),
        env=environment,
        capture_output=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode()


def record_of_sender(lab, sender):
    """The record of the one message from there."""
    return records(lab, lambda r: r["envelope"]["sender"] == sender)[0]


@pytest.mark.proves("X8", "D3.3", "A6", "D8.5")
def test_mail_of_the_host_is_signed(sendmail_lab):
    """Whoever it was of its users, the host is known, and its addresses."""
    mark, sender = subject(), "root@example.org"
    text = "From: %s\nTo: x@example.com\nSubject: %s\n\nHello.\n" % (sender, mark)
    assert sendmail(sendmail_lab, text, "-f", sender, "x@example.com") == (0, "")
    record = record_of_sender(sendmail_lab, sender)
    assert (record["identity"], record["profile"]) == ("net:here", "msp")
    found = verify(relayed(sendmail_lab, mark).content, sendmail_lab.dns)
    assert len(found) == 2 and all(s.is_valid for s in found), found


@pytest.mark.proves("X8", "X1", "D6.1")
def test_addresses_of_people_are_not_the_hosts(sendmail_lab):
    """The refusal comes back as a bounce to the user."""
    text = "From: alice@example.org\nSubject: %s\n\nHello.\n" % subject()
    sendmail(sendmail_lab, text, "-f", "alice@example.org", "x@example.com")
    record = record_of_sender(sendmail_lab, "alice@example.org")
    assert record["result"] == "refused"
    assert record["reply"]["reason"] == "sender-not-allowed"


@pytest.mark.proves("X8", "A2")
def test_null_sender(sendmail_lab):
    """Reports and bounces of local programs."""
    mark = subject()
    text = "From: mailer@mx.example.org\nTo: x@example.com\nSubject: %s\n\nHi.\n" % mark
    assert sendmail(sendmail_lab, text, "-f<>", "x@example.com") == (0, "")
    assert relayed(sendmail_lab, mark).sender == ""
