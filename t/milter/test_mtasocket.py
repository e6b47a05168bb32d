"""How commands of the MTA come in: together, in pieces, on many connections."""

import pytest

from harness import configuration as conf
from harness.daemon import wait_for
from harness.message import whole
from harness.mta import CONTINUE, EDITS, strings
from harness.session import Session
from lab.owndns import Dns

LETTER = whole("From: alice@example.org", body=b"Good day.\r\n" * 3000)
MORE = 12  # connections that wait; libmilter has two threads at the start


@pytest.fixture(scope="module", name="daemon")
def start_daemon(module_start, strict):
    """A daemon on a UNIX socket."""
    return module_start(strict)


class Recorded(Session):
    """An MTA that waits for no answer; what it says once connected is kept."""

    def begin(self):
        """Connection and EHLO, which are kept, too."""
        self.kept = bytearray()
        self.mta.answer = lambda command: CONTINUE
        self.mta.send_octets = self.kept.extend
        super().begin()

    def replies(self, count):
        """The letters of the next replies; edits are left out."""
        letters = []
        while len(letters) < count:
            letter, _data = self.mta.receive()
            if letter not in EDITS:
                letters.append(letter)
        return letters


def two_messages(session):
    """The octets of two messages, and how many replies they get."""
    for _ in range(2):
        session.mail()
        session.rcpt()
        session.header(LETTER)
        session.body(LETTER.body, 7000)
        session.end()
    return bytes(session.kept), 1 + 2 * 3  # connection; MAIL, RCPT, end


@pytest.mark.parametrize("piece", [1, 4, 5, 6, 4096, 16384, 1 << 20])
def test_commands_in_pieces(daemon, piece):
    """X47 X48: cut anywhere, or all of them at once, they mean the same."""
    with Recorded(daemon) as session:
        octets, count = two_messages(session)
        for i in range(0, len(octets), piece):
            session.mta.socket.sendall(octets[i : i + piece])
        assert session.replies(count) == ["c"] * count
    assert [r["result"] for r in session.records(2)] == ["passed"] * 2


def test_last_chunk_with_the_end(daemon):
    """A6 X48: chunks are met by silence; the last one is not, with the end."""
    with Session(daemon) as session:
        session.mail()
        session.rcpt()
        session.header()
        assert not session.mta.is_answered("B")
        session.mta.body(b"a\r\n")
        session.tell("end")
        assert session.mta.end(b"b\r\n").verdict == "continue"
        short = session.records(1)[0]["size"]
        session.mail()
        session.rcpt()
        session.header()
        session.mta.body(b"a\r\n")
        session.mta.body(b"b\r\nc\r\n")
        session.end()
    assert session.records(2)[1]["size"] == short + 3


def test_commands_before_the_end_of_the_connection(daemon):
    """X40: who hangs up at once has been heard."""
    for _ in range(5):
        with Session(daemon) as session:
            session.mail()
            session.rcpt()
            kept = bytearray()
            session.mta.send_octets = kept.extend
            session.mta.data()
            session.mta.abort()
            session.mta.send("Q")
            session.mta.socket.sendall(kept)
        assert session.records(1)[0]["result"] == "aborted"


def test_who_waits_holds_up_nobody(start, strict):
    """X44 X48: each connection that waits has a thread, and others go on."""
    records = {"example.com": [("MX", "10 mx.example.com.")], "silent.example.com": None}
    with Dns(records) as server:
        daemon = start(
            conf.changed(
                strict,
                local_domains=("example.org",),
                dns={"servers": (server.address,)},
                stage_timeout=10000,
                default_profile={"dns_check": {"envelope": True}},
            )
        )
        waiting = [Session(daemon) for _ in range(MORE)]
        for session in waiting:
            assert session.mail().verdict == "continue"
        for session in waiting:
            session.mta.send("R", strings("<x@silent.example.com>"))
        wait_for(lambda: server.asked["silent.example.com"], "nobody asked")
        with Session(daemon) as session:
            assert session.submit(recipients=["<x@example.com>"]).verdict == "passed"
        for session in waiting:
            session.mta.socket.setblocking(False)
            with pytest.raises(BlockingIOError):
                session.mta.socket.recv(1)
            session.mta.socket.setblocking(True)
        for session in waiting:
            assert session.mta.answer("R").verdict == "451 4.4.3"
            session.mta.abort()
