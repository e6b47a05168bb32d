"""No accepted message without its record: killed, without power, full disk.

$CRASH_ROUNDS says how often each is done (make crash: thousands).
"""

import collections
import contextlib
import json
import os
import random
import sqlite3
import threading
import time

import pytest

from harness import configuration as conf
from harness.daemon import wait_for
from harness.disk import Disk, build
from harness.message import letter
from harness.mta import Closed
from harness.session import Session

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "200"))
CLIENTS = 4
FILE_ROUNDS = 50  # after so many there is a new file


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """disk.c, compiled."""
    return build(tmp_path_factory.mktemp("disk"))


class Client(threading.Thread):
    """Sends until the milter is gone; what was not answered is tried again."""

    def __init__(self, daemon, number, again):
        super().__init__()
        self.daemon_ = daemon
        self.number = number
        self.again = again  # the message to begin with; None: a new one
        self.accepted = []  # Message-IDs
        self.deferred = 0
        self.retried = set()
        self.must_end = False
        self.failure = None

    def run(self):
        try:
            with contextlib.suppress(Closed, ConnectionError, FileNotFoundError):
                with Session(self.daemon_) as session:
                    while not self.must_end:
                        self.send(session)
        except Exception as failure:  # told by the main thread
            self.failure = failure

    def send(self, session):
        """One message; `again` says which one while nobody has accepted it."""
        if self.again is None:
            self.again = "<%d.%x@client.example>" % (self.number, random.getrandbits(64))
        message = letter("From: alice@example.org", "Message-ID: " + self.again)
        verdict = session.submit(message).verdict
        if verdict == "passed":
            self.accepted.append(self.again)
            self.again = None
        else:
            assert verdict == "451 4.3.0 at end", verdict
            self.deferred += 1
            self.retried.add(self.again)


class Trial:
    """A daemon that dies again and again, always with the same file."""

    def __init__(self, start, configuration, disk=None):
        self.daemon = start.make(configuration)
        self.disk = disk(self.daemon.audit_file) if disk else None
        self.accepted = []  # in this file
        self.total = 0  # and before
        self.ids = set()  # of records before
        self.retried = set()
        self.again = [None] * CLIENTS
        self.clients = []

    def launch(self):
        """Starts it once more."""
        self.daemon.log_file.write_bytes(b"")
        options = {"env": self.disk.environment} if self.disk else {}
        self.daemon.launch(**options)
        wait_for(self.daemon.is_ready, "not ready")
        self.clients = [Client(self.daemon, n, a) for n, a in enumerate(self.again)]
        self.retried.update(a for a in self.again if a)
        for client in self.clients:
            client.start()

    def interrupt(self, n):
        """Any moment: every other time there is load by then, however slow the disk."""
        if n % 2:
            wait_for(
                lambda: sum(len(c.accepted) for c in self.clients) > 2
                or any(c.failure for c in self.clients),
                "no load",
            )
        time.sleep(random.uniform(0, 0.05))

    def gather(self):
        """Waits for the clients; what they know."""
        for client in self.clients:
            client.must_end = True
            client.join()
        assert [c.failure for c in self.clients if c.failure] == []
        self.again = [c.again for c in self.clients]
        for client in self.clients:
            self.accepted += client.accepted
            self.retried |= client.retried

    def kill(self):
        """In the middle of it all."""
        self.daemon.child.kill()
        self.daemon.child.wait()
        self.gather()

    def stop(self):
        """In good order."""
        self.gather()
        self.daemon.child.terminate()
        assert self.daemon.wait() == 0

    def records(self):
        """All of them; torn lines are left out."""
        records = []
        if not self.daemon.audit_file.exists():
            return records
        with open(self.daemon.audit_file, "rb") as f:
            for line in f:
                with contextlib.suppress(ValueError):
                    records.append(json.loads(line))
        return records

    def check(self):
        """Each accepted message has its record, each id is one message's."""
        records = self.records()
        last = {}
        for record in records:
            last[record["id"]] = record
        passed = {r["message_id"] for r in last.values() if r["result"] == "passed"}
        missing = [m for m in self.accepted if m not in passed]
        assert not missing, "%d accepted without a record: %s" % (len(missing), missing[0])
        assert len(set(self.accepted)) == len(self.accepted)
        named = {(r["id"], r["message_id"]) for r in records}
        assert len({id_ for id_, _ in named}) == len(named), "an id came twice"
        assert self.ids.isdisjoint(last), "an id came again"
        # What was tried again is another transaction.
        told = collections.Counter(message_id for _, message_id in named)
        assert {m for m, n in told.items() if n > 1} <= self.retried
        return records

    def settle(self):
        """Starts it once more, without mail, and stops it in good order."""
        self.daemon.log_file.write_bytes(b"")
        self.daemon.launch(**({"env": self.disk.environment} if self.disk else {}))
        wait_for(self.daemon.is_ready, "not ready")
        self.daemon.child.terminate()
        assert self.daemon.wait() == 0
        assert not self.daemon.wal_file.exists()

    def begin_anew(self):
        """Looks at this file and goes on with another."""
        self.settle()
        self.ids.update(r["id"] for r in self.check())
        self.total += len(self.accepted)
        self.accepted = []
        self.daemon.audit_file.unlink()
        if self.disk:
            self.disk.forget()

    def report(self, rounds):
        """What was seen (pytest -rP shows it); there was something to see."""
        accepted = self.total + len(self.accepted)
        print(
            "%d rounds: %d accepted, %d tried again, none without its record"
            % (rounds, accepted, len(self.retried))
        )
        assert accepted > rounds, "there was no load"


def test_killed(start, strict):
    """A7 A6: killed at any moment, it has recorded what it has accepted."""
    trial = Trial(start, strict)
    for number in range(1, ROUNDS + 1):
        trial.launch()
        trial.interrupt(number)
        trial.kill()
        if number % FILE_ROUNDS == 0:
            trial.begin_anew()
    trial.settle()
    trial.check()
    trial.report(ROUNDS)


def count_stored(folder):
    """Records in the store, which is whole."""
    count = 0
    for file in folder.glob("audit-*.db"):
        with contextlib.closing(sqlite3.connect(file)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            count += db.execute("SELECT count(*) FROM record").fetchone()[0]
    return count


def test_killed_while_it_stores(start, strict, tmp_path):
    """A8 A7: in the end the store has each record, and each once."""
    folder = tmp_path / "store"
    stored = conf.changed(strict, audit={"store": {"directory": str(folder)}})
    trial = Trial(start, stored)
    for number in range(1, max(10, ROUNDS // 4) + 1):
        trial.launch()
        trial.interrupt(number)
        trial.kill()
        # What came is stored as the next one begins: in the middle of that.
        trial.daemon.launch()
        time.sleep(random.uniform(0, 0.04))
        trial.daemon.child.kill()
        trial.daemon.child.wait()
    ids = {record["id"] for record in trial.check()}
    assert len(ids) > ROUNDS // 4, "there was no load"
    trial.daemon.log_file.write_bytes(b"")
    trial.daemon.launch()
    wait_for(trial.daemon.is_ready, "not ready")
    wait_for(lambda: count_stored(folder) >= len(ids), "records are missing")
    trial.stop()
    assert count_stored(folder) == len(ids)
    assert not list(folder.glob("*.damaged-*"))


def test_power_fails(start, strict, shim):
    """A7: what was not synced is gone; what was accepted is not among it."""
    trial = Trial(start, strict, lambda file: Disk(shim, file))
    trial.disk.state.sync_us = 1000
    for number in range(1, ROUNDS + 1):
        trial.launch()
        trial.interrupt(number)
        trial.kill()
        # Before the first message it puts back what the power took.
        if any(client.accepted for client in trial.clients):
            trial.check()
        trial.disk.lose_power()
        if number % FILE_ROUNDS == 0:
            trial.begin_anew()
    trial.settle()
    trial.check()
    trial.report(ROUNDS)
    assert trial.disk.state.syncs > ROUNDS
    # Half a line is told of, as it is ended.
    with open(trial.daemon.audit_file, "ab") as f:
        f.write(b'{"v":1,"id":')
    trial.launch()
    trial.stop()
    assert "the last line was not whole" in trial.daemon.log()
    trial.check()


def test_power_fails_without_sync(start, strict, shim):
    """A7: the test can fail; without audit.sync it does."""
    relaxed = conf.changed(strict, audit={"sync": False})
    trial = Trial(start, relaxed, lambda file: Disk(shim, file))
    trial.launch()
    wait_for(lambda: sum(len(c.accepted) for c in trial.clients) > 20, "no load")
    trial.kill()
    assert trial.disk.state.syncs == 0
    trial.disk.lose_power(is_lucky=False)
    with pytest.raises(AssertionError, match="accepted without a record"):
        trial.check()


FAULTS = {
    "full": lambda disk: disk.fill(random.randint(0, 3000)),
    "read-only": Disk.make_read_only,
    "failing": Disk.fail_syncs,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_disk_fails(start, strict, shim, fault):
    """A7: 451 while it does, mail again by itself when it does not, no record lost."""
    trial = Trial(start, strict, lambda file: Disk(shim, file))
    trial.launch()
    for _ in range(max(2, ROUNDS // 50)):
        before = sum(c.deferred for c in trial.clients)
        FAULTS[fault](trial.disk)
        wait_for(
            lambda: sum(c.deferred for c in trial.clients) >= before + 20, "mail passes"
        )
        accepted = sum(len(c.accepted) for c in trial.clients)
        wait_for(
            lambda: sum(c.deferred for c in trial.clients) >= before + 40, "mail passes"
        )
        assert sum(len(c.accepted) for c in trial.clients) <= accepted + CLIENTS
        trial.disk.mend()
        wait_for(
            lambda: sum(len(c.accepted) for c in trial.clients) > accepted + 20,
            "mail does not pass again",
        )
    assert "messages are deferred until it can be written" in trial.daemon.log()
    assert "works again after" in trial.daemon.log()
    # What was told 451 has its record, too, once there is room.
    deferred = sum(c.deferred for c in trial.clients)
    trial.stop()
    records = trial.check()
    assert sum(r["result"] == "deferred" for r in records) >= deferred
    trial.disk.lose_power()
    trial.check()
