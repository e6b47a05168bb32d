"""Start and end of the daemon, and its socket."""

import grp
import os
import signal
import socket
import stat
import time

import pytest

from harness import configuration as conf
from harness.daemon import wait_for
from harness.message import FROM_ALICE
from harness.mta import Closed
from harness.session import Session, submit

PATIENT = 600  # seconds; as stop_timeout, longer than a test would wait
GRACE = 2.0  # seconds that a last reply gets on its way
RESTARTING = "Service is restarting, please try again"


def path_of(daemon):
    """The path of its UNIX socket."""
    return daemon.address.partition(":")[2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("connections", [0, 1, 50])
def test_idle_daemon_stops_at_once(start, strict, transport, connections, number):
    """X47 X43: status 0, the socket gone, however many connections there are."""
    daemon = start(conf.changed(strict, stop_timeout=PATIENT), transport=transport)
    sessions = [Session(daemon) for _ in range(connections)]
    for session in sessions[::2]:
        session.submit()
        session.hello()
    daemon.signal(number)
    assert daemon.wait() == 0
    assert daemon.log().rstrip().endswith("submit-milter: info: stopped")
    assert transport == "tcp" or not os.path.exists(path_of(daemon))
    for session in sessions:
        assert session.mta.is_closed()
    daemon.check_records()
    daemon.check_log()


def test_stop_waits_for_the_message_under_way(start, strict, keys, kind):
    """X47 A6: which passes, signed and recorded; nothing new begins."""
    daemon = start(strict)
    with Session(daemon, kind) as under_way, Session(daemon, kind) as idle:
        under_way.mail()
        under_way.rcpt()
        daemon.signal(signal.SIGTERM)
        answer = wait_for(lambda: refused(idle), "MAIL is still taken")
        assert answer.verdict == "451 4.3.2"
        assert answer.text == RESTARTING
        under_way.header(FROM_ALICE)
        under_way.body(FROM_ALICE.body)
        assert under_way.end().verdict == "continue"
        leaving = FROM_ALICE.edited(under_way.mta.edits)
        assert [s.is_valid for s in keys.verify(leaving.octets())] == [True, True]
        under_way.mta.quit()
        assert daemon.wait() == 0
    assert under_way.records(1)[0]["result"] == "passed"
    results = {r["reply"]["reason"] if r["reply"] else None for r in idle.records(idle.messages)}
    assert results <= {"stopping", None}
    daemon.stop()


def refused(session):
    """The answer to MAIL, once it is a refusal."""
    answer = session.mail()
    return None if answer.verdict == "continue" else answer


def test_last_reply_is_not_cut_off(start, strict):
    """X47 A6: it has time to arrive, and no longer than that."""
    daemon = start(conf.changed(strict, stop_timeout=PATIENT))
    with Session(daemon) as session:
        session.submit()
        replied = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
        # It was given a moment before we had it.
        assert time.monotonic() - replied > GRACE / 2


def test_second_message_of_a_connection_is_refused(start, strict, kind):
    """X47: the message under way passes, the next one is to come again."""
    daemon = start(strict)
    with Session(daemon, kind) as session, Session(daemon, kind) as other:
        session.mail()
        other.mail()
        daemon.signal(signal.SIGTERM)
        with Session(daemon, kind) as third:
            wait_for(lambda: refused(third), "MAIL is still taken")
        session.rcpt()
        session.header()
        assert session.end().verdict == "continue"
        assert session.submit().verdict == "451 4.3.2 at mail"
        other.mta.abort()
        assert daemon.wait() == 0
    daemon.stop()


def test_stop_does_not_wait_for_ever(start, strict):
    """X47 A6: stop_timeout ends it, with a word in the log."""
    daemon = start(conf.changed(strict, stop_timeout=1))
    with Session(daemon) as session:
        session.mail()
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
        took = time.monotonic() - began
    assert took >= 1.0
    assert "stopping with 1 transactions under way" in daemon.log()
    # Broken off by us: the MTA is answered by nobody, and sends it again.
    daemon.stop()
    (record,) = session.records(1)
    assert (record["result"], record["stage"]) == ("aborted", "mail")


def test_all_that_is_cut_off_is_recorded(start, strict, transport):
    """A6 X47: messages at every stage when patience is over, one record each."""
    daemon = start(conf.changed(strict, stop_timeout=0), transport=transport)
    sessions = [Session(daemon) for _ in range(12)]
    for n, session in enumerate(sessions):
        session.mail()
        if n % 3 > 0:
            session.rcpt()
        if n % 3 > 1:
            session.header()
            session.body(b"Hello.\r\n")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    daemon.check_records()
    stages = [session.records(1)[0]["stage"] for session in sessions]
    assert stages == ["mail", "rcpt", "header"] * 4


def test_stop_without_patience(start, strict):
    """X47: stop_timeout = 0 waits for nobody."""
    daemon = start(conf.changed(strict, stop_timeout=0))
    with Session(daemon) as session:
        session.mail()
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
    daemon.stop()


def test_reload_and_stop_together(start, strict):
    """X43 X47: SIGHUP and SIGTERM in one breath: it ends, in good order."""
    for _ in range(5):
        daemon = start(strict)
        for _ in range(100):
            daemon.signal(signal.SIGHUP)
        daemon.signal(signal.SIGTERM)
        for _ in range(100):
            try:
                os.kill(daemon.child.pid, signal.SIGHUP)
            except ProcessLookupError:
                break
        assert daemon.wait() == 0
        daemon.stop()


def test_second_instance_is_refused(start, strict):
    """X45: where one listens, another does not take its place."""
    first = start(strict)
    second = start.make(strict)
    second.configuration["socket"] = first.address
    second.launch()
    assert second.wait() == 3
    assert "%s: another process listens there" % path_of(first) in second.log()
    assert submit(first).verdict == "passed"


def test_stale_socket_is_replaced(start, strict):
    """X47: what a killed daemon has left does not stand in the way."""
    first = start(strict)
    first.child.kill()
    first.child.wait()
    assert stat.S_ISSOCK(os.stat(path_of(first)).st_mode)
    second = start.make(strict)
    second.address = second.configuration["socket"] = first.address
    second.start()
    assert submit(second).verdict == "passed"


def test_restart_at_once(start, strict, transport):
    """X43 X47: on the same address, the moment the first has ended."""
    first = start(strict, transport=transport)
    with Session(first) as session:
        session.submit()
        session.hello()
        first.signal(signal.SIGTERM)
        assert first.wait() == 0
        second = start.make(strict)
        second.address = second.configuration["socket"] = first.address
        second.start()
    assert submit(second).verdict == "passed"


MODES = {"0660": 0o660, "0600": 0o600, "0666": 0o666}


@pytest.mark.parametrize("mode", MODES)
def test_mode_of_the_socket(start, strict, mode):
    """X45: as the configuration says, whatever the umask."""
    before = os.umask(0o077)
    try:
        daemon = start(conf.changed(strict, socket_mode=mode))
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(path_of(daemon)).st_mode) == MODES[mode]


def test_group_of_the_socket(start, strict):
    """X45: as the configuration says; root may give it to any."""
    groups = os.getgroups() or [os.getgid()]
    gid = grp.getgrnam("daemon").gr_gid if os.geteuid() == 0 else groups[-1]
    daemon = start(conf.changed(strict, socket_group=grp.getgrgid(gid).gr_name))
    assert os.stat(path_of(daemon)).st_gid == gid


def test_pid_file(start, strict, tmp_path):
    """X45: holds the process id while it runs, and is gone afterwards."""
    path = tmp_path / "milter.pid"
    daemon = start(conf.changed(strict, pid_file=str(path)))
    assert path.read_text() == "%d\n" % daemon.child.pid
    daemon.stop()
    assert not path.exists()


def test_kill(start, strict):
    """A7: what was answered before kill -9 is in the file."""
    daemon = start(strict)
    sessions = [Session(daemon) for _ in range(5)]
    for session in sessions:
        assert session.submit().verdict == "passed"
        session.mail()
    daemon.child.kill()
    daemon.child.wait()
    for session in sessions:
        assert session.mta.is_closed()
        (record,) = session.records(1)
        assert record["result"] == "passed"


def test_listener_without_mta(start, strict, transport):
    """X47: connections that say nothing hold nobody."""
    daemon = start(strict, transport=transport)
    silent = []
    for _ in range(20):
        s = socket.socket(socket.AF_UNIX if transport == "unix" else socket.AF_INET)
        if transport == "unix":
            s.connect(path_of(daemon))
        else:
            port, host = daemon.address.partition(":")[2].split("@")
            s.connect((host, int(port)))
        silent.append(s)
    assert submit(daemon).verdict == "passed"
    for s in silent:
        s.close()
    assert submit(daemon).verdict == "passed"


def test_connection_ends_with_the_daemon(start, strict):
    """X47: an MTA in the middle of a header sees the end, not a wait."""
    daemon = start(conf.changed(strict, stop_timeout=0))
    with Session(daemon) as session:
        session.mail()
        session.rcpt()
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
        with pytest.raises(Closed):
            for _ in range(1000):
                session.mta.send("L", b"X\0y\0")
            session.mta.receive()
    daemon.stop()
