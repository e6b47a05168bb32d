"""Many connections at a time."""

import collections
import threading

import pytest

from harness.daemon import wait_for
from harness.message import letter, whole
from harness.session import Session, submit

CONNECTIONS = 200
MESSAGES = 3

FROM = "From: alice@example.org"


class Client(threading.Thread):
    """One connection that sends some messages, each of them different."""

    def __init__(self, daemon, number, barrier):
        super().__init__()
        self.number = number
        self.barrier = barrier
        self.session = Session(daemon)
        self.outcomes = []
        self.failure = None

    def run(self):
        try:
            self.barrier.wait()
            for n in range(MESSAGES):
                self.outcomes.append(self.session.submit(self.message(n)))
        except Exception as failure:  # told by the main thread
            self.failure = failure

    def message(self, n):
        """The nth message; every tenth is refused."""
        if (self.number + n) % 10 == 0:
            return whole("From: bob@example.org")
        subject = "Subject: %d of %d" % (n, self.number)
        return letter(FROM, subject, body=subject.encode() + b"\r\n" * n)


@pytest.fixture(scope="module")
def daemon(module_start, strict):
    """One daemon for all."""
    return module_start(strict)


def test_many_connections(daemon, keys):
    """X47 A6 D8.5: each message signed or refused, each recorded once."""
    barrier = threading.Barrier(CONNECTIONS)
    clients = [Client(daemon, number, barrier) for number in range(CONNECTIONS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    # Threads have counted together, which is not exact.
    daemon.transactions = CONNECTIONS * MESSAGES
    assert [c.failure for c in clients if c.failure] == []
    for client in clients:
        refused = [(client.number + n) % 10 == 0 for n in range(MESSAGES)]
        want = ["550 5.7.1 at end" if is_refused else "passed" for is_refused in refused]
        assert [got.verdict for got in client.outcomes] == want
    passed = [got for c in clients for got in c.outcomes if got.verdict == "passed"]
    for got in passed[::7]:
        assert [s.is_valid for s in keys.verify(got.leaving.octets())] == [True, True]
        # What it says is its own, not another's.
        assert got.leaving.values("Subject") == got.message.values("Subject")
    records = wait_for(
        lambda: daemon.records() if len(daemon.records()) >= daemon.transactions else None,
        "records are missing",
    )
    daemon.check_records()
    results = collections.Counter(r["result"] for r in records)
    assert results == {"passed": len(passed), "refused": daemon.transactions - len(passed)}
    hosts = collections.Counter(r["client"]["helo"] for r in records)
    assert set(hosts.values()) == {MESSAGES}
    ids = {got.leaving.value("Message-ID") for got in passed if not got.message.values("Message-ID")}
    assert len(ids) == len(passed)
    assert submit(daemon).verdict == "passed"


def test_many_mtas_vanish(daemon):
    """X47 A6: all at once, in the middle of their messages."""
    before = len(daemon.records())
    sessions = [Session(daemon) for _ in range(100)]
    for n, session in enumerate(sessions):
        session.mail()
        session.rcpt()
        if n % 2:
            session.header()
    for session in sessions:
        session.mta.vanish()
    wait_for(lambda: len(daemon.records()) >= before + 100, "records are missing")
    assert {r["result"] for r in daemon.records()[before:]} == {"aborted"}
    assert submit(daemon).verdict == "passed"
