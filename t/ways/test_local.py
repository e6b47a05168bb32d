"""Mail by sendmail(1) and cron, with Postfix: the local user is known."""

import os
import subprocess

import pytest

from lab.dkimcheck import verify
from letters import records, relayed, subject

HOST = "mx.example.org"

# As cron writes it, but for the Subject.
CRON = """From: root (Cron Daemon)
To: root
Subject: %s
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
X-Cron-Env: <SHELL=/bin/sh>

gr\u00fc\u00df
"""


def as_user(user):
    """Runs a program as a user of this host; postdrop's group is its own."""
    if user == "root":
        return []
    return ["setpriv", "--reuid", user, "--regid", "postdrop", "--clear-groups"]


def sendmail(lab, text, *arguments, user="nobody"):
    """Status and words of sendmail(1)."""
    environment = {**os.environ, "MAIL_CONFIG": lab.environment["LAB_MTA_CONFIG"]}
    done = subprocess.run(
        [*as_user(user), "/usr/sbin/sendmail", *arguments],
        input=text.encode(),
        env=environment,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stderr.decode()


def record_of_sender(lab, sender, result):
    """The newest record of a local message."""
    return records_of(lab, sender, result)[-1]


def records_of(lab, sender, result, count=1):
    """Records of local messages with this sender and result."""

    def matches(record):
        return (
            record["profile"] == "local"
            and record["envelope"]["sender"] == sender
            and record["result"] == result
        )

    return records(lab, matches, count)


@pytest.mark.proves("X8", "D3.3", "A6", "D8.5")
def test_cron_of_root(postfix):
    """From and To have no domain; Postfix adds it, and the milter signs."""
    mark = subject()
    arguments = ("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root")
    assert sendmail(postfix, CRON % mark, *arguments, user="root") == (0, "")
    got = relayed(postfix, mark)
    assert got.sender == "root@" + HOST
    assert got.recipients == ["root@" + HOST]
    record = record_of_sender(postfix, "root@" + HOST, "passed")
    assert record["identity"] == "local:root@" + HOST
    assert record["route"] == "local"
    assert record["listener"]["daemon_name"] == "LOCAL"


@pytest.mark.proves("X8", "D8.5")
def test_mail_of_a_user_is_signed(postfix):
    """Her address at our domain, which Postfix lets her have."""
    mark = subject()
    sender = "nobody@example.org"
    text = "From: %s\nSubject: %s\n\nHello.\n" % (sender, mark)
    assert sendmail(postfix, text, "-f", sender, "x@example.com") == (0, "")
    found = verify(relayed(postfix, mark).content, postfix.dns)
    assert len(found) == 2 and all(s.is_valid for s in found)


@pytest.mark.proves("X8", "X1", "D6.1")
def test_users_are_held_to_their_addresses(postfix):
    """Postfix refuses a foreign envelope sender, the milter a foreign From."""
    text = "From: alice@example.org\nSubject: %s\n\nHello.\n" % subject()
    status, words = sendmail(postfix, text, "-f", "alice@example.org", "x@example.com")
    assert status == 75 and "not authorized to use sender" in words
    status, _ = sendmail(postfix, text, "-f<>", "x@example.com")
    assert status == 75
    # pickup has taken it by then: a bounce tells the user why.
    assert sendmail(postfix, text, "x@example.com") == (0, "")
    sender = "nobody@" + HOST
    record = record_of_sender(postfix, sender, "refused")
    assert record["reply"]["reason"] == "from-not-allowed"
    assert record["identity"] == "local:" + sender


@pytest.mark.proves("X8", "A2")
def test_null_sender_is_the_host(postfix):
    """Reports of programs that root runs."""
    mark = subject()
    text = "From: mailer@%s\nSubject: %s\n\nHello.\n" % (HOST, mark)
    assert sendmail(postfix, text, "-f<>", "x@example.com", user="root") == (0, "")
    assert relayed(postfix, mark).sender == ""
    assert record_of_sender(postfix, "", "passed")["identity"] == "net:here"


@pytest.mark.proves("X8")
def test_odd_recipient_does_not_block_the_queue(postfix):
    """Nobody could be told no at RCPT: it is noted, and the mail goes on."""
    mark = subject()
    text = "From: root@%s\nSubject: %s\n\nHello.\n" % (HOST, mark)
    sender = "cron@" + HOST
    arguments = ("-f", sender, "someone@localhost")
    text = text.replace("root@", "cron@")
    assert sendmail(postfix, text, *arguments, user="root") == (0, "")
    assert relayed(postfix, mark).recipients == ["someone@localhost"]
    record = record_of_sender(postfix, sender, "passed")
    assert record["profile"] == "local"
