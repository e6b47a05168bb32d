"""The milter is killed again and again while mail comes in.

$CRASH_ROUNDS says how often (make crash: thousands).
"""

import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import threading
import time

import pytest

from support import config
from support.lab import wait_for
from support.smtp import Client
from support.submission import ALICE, letter

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "100"))
CLIENTS = 4

# What a client does about an answer that it cannot do anything with.
GONE = (OSError, AssertionError)


class Sender(threading.Thread):
    """Sends message after message; each until the server accepts it."""

    def __init__(self, lab, number):
        super().__init__(daemon=True)
        self.lab = lab
        self.number = number
        self.accepted = []
        self.tries = collections.Counter()  # of each Message-ID
        self.must_end = False

    def run(self):
        while not self.must_end:
            with contextlib.suppress(*GONE), Client(self.lab) as client:
                if client.authenticate(ALICE).code == 235:
                    self.send(client)
            time.sleep(0.01)

    def send(self, client):
        """As many as it takes, on one connection."""
        while not self.must_end:
            name = "<%d.%d@client.example>" % (len(self.accepted), self.number)
            self.tries[name] += 1
            client.mail("<%s>" % ALICE)
            client.rcpt("<someone@example.com>")
            message = letter("From: " + ALICE, "Message-ID: " + name)
            if client.data(message).code != 250:
                return
            self.accepted.append(name)


def whole_options(argv):
    """A command line whose "-o NAME=VALUE" were cut in two as they were read."""
    whole = []
    for word in argv:
        if whole[-2:-1] == [b"-o"] and b"=" not in whole[-1]:
            whole[-1] += b"=" + word
        else:
            whole.append(word)
    return whole


def is_gone(pid):
    """Whether all its threads are, and with them what they had open."""
    try:
        state = pathlib.Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()[0]
        return state == "Z" and len(os.listdir("/proc/%d/task" % pid)) == 1
    except (FileNotFoundError, ProcessLookupError):
        return True


class Killed:
    """The lab's milter, and those that come after it."""

    def __init__(self, lab):
        self.lab = lab
        command = pathlib.Path("/proc/%d/cmdline" % lab.milter_pid).read_bytes()
        self.argv = whole_options(command[:-1].split(b"\0"))
        self.pid = lab.milter_pid
        self.child = None

    def kill(self):
        """Ends it without a word."""
        os.kill(self.pid, signal.SIGKILL)
        if self.child:
            self.child.wait()
        # Another one does not start where one still listens.
        wait_for(lambda: is_gone(self.pid), "it does not end")

    def start(self):
        """Starts another one, which ends with us."""
        since = self.lab.milter_log.stat().st_size
        with open(self.lab.milter_log, "ab") as log:
            self.child = subprocess.Popen(
                [b"setpriv", b"--pdeathsig", b"KILL", b"--", *self.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.pid = self.child.pid
        wait_for(lambda: "ready, listening" in self.lab.log_lines(since), "not ready")


def read_records(lab):
    """All whole records."""
    records = []
    for line in lab.audit_file.read_bytes().split(b"\n"):
        with contextlib.suppress(ValueError):
            records.append(json.loads(line))
    return records


@pytest.mark.proves("A7", "A6")
def test_killed_under_load(start_lab):
    """Each message that the MTA accepted has its record; no id comes twice."""
    with start_lab(config.text()) as lab:
        milter = Killed(lab)
        senders = [Sender(lab, n) for n in range(CLIENTS)]
        for sender in senders:
            sender.start()
        for _ in range(ROUNDS):
            before = sum(len(s.accepted) for s in senders)
            wait_for(
                lambda: sum(len(s.accepted) for s in senders) > before + CLIENTS,
                "no mail passes",
            )
            time.sleep(random.uniform(0, 0.1))
            milter.kill()
            milter.start()
        for sender in senders:
            sender.must_end = True
        for sender in senders:
            sender.join()
        records = read_records(lab)
        milter.kill()
    passed = collections.defaultdict(set)
    for record in records:
        if record["result"] == "passed":
            passed[record["message_id"]].add(record["id"])
    accepted = [name for sender in senders for name in sender.accepted]
    missing = [name for name in accepted if name not in passed]
    assert not missing, "accepted without a record: %r" % missing
    ids = [record["id"] for record in records]
    assert len(ids) == len(set(ids))
    # A retry is a transaction of its own: no more of them than tries.
    tries = sum((sender.tries for sender in senders), collections.Counter())
    assert all(len(found) <= tries[name] for name, found in passed.items())
    print(
        "%d rounds: %d accepted in %d tries, none without its record"
        % (ROUNDS, len(accepted), sum(tries.values()))
    )
