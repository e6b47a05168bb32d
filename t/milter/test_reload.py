"""SIGHUP: a new configuration, and nothing lost."""

import os
import re
import shutil
import signal
import threading

import pytest

from harness import configuration as conf
from harness.daemon import wait_for
from harness.message import letter, whole
from harness.session import Session, submit

FROM = "From: alice@example.org"
BOBS_TOO = {
    "logins": conf.inline(("bob@example.org", "alice@example.org")),
    "aliases": conf.inline(("nobody", "nobody@example.org")),
}


@pytest.fixture
def daemon(start, strict):
    """A daemon that a test may reload as it likes."""
    return start(strict)


def to_mail(session):
    session.mail("<sales@example.org>")


def to_rcpt(session):
    to_mail(session)
    session.rcpt()


def to_header(session):
    to_rcpt(session)
    session.header(OLD_RIGHTS)


def to_body(session):
    to_header(session)
    session.body(OLD_RIGHTS.body)


# A message that only the old configuration takes.
OLD_RIGHTS = letter("From: sales@example.org")
STAGES = [to_mail, to_rcpt, to_header, to_body]


@pytest.mark.parametrize("stage", range(len(STAGES)), ids=["mail", "rcpt", "header", "body"])
def test_transaction_keeps_its_configuration(daemon, keys, kind, stage):
    """X43: rights, key, name and repairs of its beginning; the next MAIL has the new."""
    new = daemon.changed(
        host_name="new.example.org",
        rights={"tables": []},
        dkim={"domains": [conf.signing(keys, "example.org", "next")]},
        default_profile={"complete": {"date": False}},
    )
    with Session(daemon, kind) as session:
        STAGES[stage](session)
        daemon.reload(new)
        if stage < 1:
            session.rcpt()
        if stage < 2:
            session.header(OLD_RIGHTS)
        if stage < 3:
            session.body(OLD_RIGHTS.body)
        assert session.end().verdict == "continue"
        leaving = OLD_RIGHTS.edited(session.mta.edits, kind.keeps_places)
        assert leaving.value("Sender") == "alice@example.org"
        assert leaving.values("Date")
        assert leaving.value("Message-ID").endswith("@mx.example.org>")
        assert [(s.selector, s.is_valid) for s in keys.verify(leaving.octets())] == [
            ("rsa", True),
            ("ed", True),
        ]
        assert session.submit(sender="<sales@example.org>").verdict == "550 5.7.1 at mail"
        after = session.submit(letter(FROM))
        assert after.verdict == "passed"
        assert not after.leaving.values("Date")
        assert after.leaving.value("Message-ID").endswith("@new.example.org>")
        verified = keys.verify(after.leaving.octets())
        assert [(s.selector, s.is_valid) for s in verified] == [("next", True)]
    assert [r["host"] for r in session.records(3)] == ["mx.example.org"] + ["new.example.org"] * 2


def test_rules_of_the_beginning_hold_to_the_end(daemon, kind):
    """X43: what was enforced at MAIL is enforced at the end, and the other way round."""
    lax = daemon.changed(default_profile={"rules": {"from-rights": "off"}})
    bobs = whole("From: bob@example.org")
    with Session(daemon, kind) as old, Session(daemon, kind) as new:
        old.mail()
        old.rcpt()
        daemon.reload(lax)
        new.mail()
        new.rcpt()
        daemon.reload(daemon.configuration)
        for session, want in ((old, "550 5.7.1"), (new, "continue")):
            session.header(bobs)
            session.body(bobs.body)
            assert session.end().verdict == want


def test_rights_come_and_go(daemon, kind):
    """X43: at once, on connections that are there already."""
    with Session(daemon, kind) as session:
        for configuration, want in (
            (daemon.configuration, "550 5.7.1 at mail"),
            (daemon.changed(tables=BOBS_TOO), "passed"),
            (daemon.configuration, "550 5.7.1 at mail"),
        ):
            daemon.reload(configuration)
            assert session.submit(sender="<bob@example.org>").verdict == want


def test_profiles_come_and_go(daemon, kind):
    """X43 D3.1: the listener of a connection gets the profile of the day."""
    lax = [conf.profile("MSA", rules={"tls-required": "off"})]
    with Session(daemon, kind, tls=None) as session:
        assert session.submit().verdict == "530 5.7.0 at mail"
        daemon.reload(daemon.changed(profiles=lax))
        assert session.submit().verdict == "passed"
        daemon.reload(daemon.configuration)
        assert session.submit().verdict == "530 5.7.0 at mail"
    assert [r["profile"] for r in session.records(3)] == ["default", "MSA", "default"]


BROKEN = {
    "syntax": "profiles = (\n",
    "unknown option": "nonsense = 1;\n",
    "empty list": 'profiles = ( { name = "p"; listeners = ( ); } );\n',
    "a table that does not open": 'tables: { t: { type = "texthash"; file = "/no/t"; }; };\n',
    "audit that cannot be written": 'audit: { file = "/nonexistent/audit"; };\n',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_broken_configuration_keeps_the_old(daemon, text):
    """X43 X41: and says so, naming what is wrong; nothing is half new."""
    daemon.expect("configuration not reloaded, the old one stays: ")
    sockets = 'socket = "%s"; control: { socket = "%s"; }; state_directory = "%s";\n' % (
        daemon.address, daemon.control_socket, daemon.state)
    with Session(daemon) as session:
        session.mail()
        line = daemon.reload(sockets + text, want="not reloaded")
        named = re.search(r"%s:[23]: |/nonexistent/audit: " % re.escape(str(daemon.config)), line)
        assert named, line
        session.rcpt()
        session.header()
        assert session.end().verdict == "continue"
        assert session.submit().verdict == "passed"
        assert session.submit(sender="<bob@example.org>").verdict == "550 5.7.1 at mail"
    assert len(session.records(3)[1]["signatures"]) == 2
    daemon.reload(daemon.changed(host_name="new.example.org"))
    assert submit(daemon).record["host"] == "new.example.org"


def open_the_folder(daemon):
    daemon.audit_file.parent.chmod(0o777)
    return "%s: everybody can write to its folder" % daemon.audit_file


def open_the_audit_file(daemon):
    daemon.audit_file.chmod(0o666)
    return "%s: everybody can write to it" % daemon.audit_file


def open_the_state(daemon):
    daemon.state.chmod(0o777)
    return "state_directory: %s: everybody can write to it" % daemon.state


def lose_the_state(daemon):
    shutil.rmtree(daemon.state)
    return "state_directory: %s: No such file or directory" % daemon.state


@pytest.mark.parametrize(
    "spoil", [open_the_folder, open_the_audit_file, open_the_state, lose_the_state]
)
def test_place_that_went_bad(start, strict, tmp_path, spoil):
    """X43 X45: what a start refuses, a reload does too; the old configuration stays."""
    (tmp_path / "audit").mkdir()
    daemon = start.make(strict)
    daemon.audit_file = tmp_path / "audit" / "audit.jsonl"
    daemon.configuration["audit"] = {"file": str(daemon.audit_file)}
    daemon.start()
    submit(daemon)
    want = spoil(daemon)
    daemon.expect("configuration not reloaded, the old one stays: ")
    line = daemon.reload(daemon.changed(host_name="new.example.org"), want="not reloaded")
    assert line.endswith("the old one stays: " + want)
    assert submit(daemon).record["host"] == "mx.example.org"


def test_configuration_that_is_gone(daemon):
    """X43: keeps the old one."""
    daemon.expect("not reloaded, the old one stays: .*No such file or directory")
    daemon.config.unlink()
    daemon.reload(want="not reloaded")
    assert submit(daemon).verdict == "passed"


NEED_A_RESTART = {
    "socket": {"socket": "unix:/run/elsewhere.sock"},
    "socket_mode": {"socket_mode": "0600"},
    "pid_file": {"pid_file": "/run/elsewhere.pid"},
    "seccomp": {"seccomp": "off"},
    "state_directory": {"state_directory": "/var/tmp"},
    "control.socket": {"control": {"socket": "/run/elsewhere.sock"}},
    "control.mode": {"control": {"mode": "0640"}},
    "control.group": {"control": {"group": "nogroup"}},
    "user": {"user": "nobody"},
    "group": {"group": "nogroup"},
    "socket_group": {"socket_group": "nogroup"},
    "memory.message": {"memory": {"message": 1000000}},
    "memory.total": {"memory": {"total": 100000000}},
}


@pytest.mark.parametrize("name", NEED_A_RESTART)
def test_options_that_need_a_restart(daemon, name):
    """X43 X41: are refused, not ignored; nothing else of that file counts."""
    daemon.expect('a change of "%s" needs a restart' % name)
    changes = {"host_name": "new.example.org", **NEED_A_RESTART[name]}
    line = daemon.reload(daemon.changed(**changes), want="not reloaded")
    assert 'a change of "%s" needs a restart' % name in line
    assert submit(daemon).record["host"] == "mx.example.org"


def test_audit_file_is_rotated(daemon):
    """X43 A6 X20: records before SIGHUP are in the old file, later ones in the new."""
    rotated = daemon.audit_file.with_suffix(".1")
    with Session(daemon) as session:
        session.submit()
        session.mail()
        daemon.audit_file.rename(rotated)
        session.submit()
        before = rotated.read_bytes()
        assert before.count(b"\n") == 3
        session.mail()
        daemon.reload()
        session.rcpt()
        session.header()
        assert session.end().verdict == "continue"
        session.submit()
    wait_for(lambda: daemon.audit_file.read_bytes().count(b"\n") == 2, "records are missing")
    assert rotated.read_bytes() == before
    assert daemon.audit_file.stat().st_mode & 0o777 == 0o640
    daemon.transactions -= 3


def test_audit_goes_elsewhere(daemon, tmp_path):
    """X43 A6: another file by a reload."""
    other = tmp_path / "other.jsonl"
    with Session(daemon) as session:
        session.submit()
        daemon.reload(daemon.changed(audit={"file": str(other), "file_mode": "0600"}))
        session.submit()
        session.submit()
        daemon.reload(daemon.configuration)
        session.submit()
    assert other.read_bytes().count(b"\n") == 2
    assert other.stat().st_mode & 0o777 == 0o600
    daemon.transactions -= 2
    assert len(session.records(2)) == 2


def test_log_level(daemon):
    """X43: takes effect with the reload."""
    daemon.write(daemon.changed(log={"level": "error"}))
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: is_silent(daemon), "it still logs each message")
    assert submit(daemon).verdict == "passed"


def is_silent(daemon):
    """Whether a message leaves no line in the log."""
    got = submit(daemon)
    return got.record["id"] not in daemon.log()


class Client(threading.Thread):
    """Sends message after message until it is told to stop."""

    def __init__(self, daemon, stop):
        super().__init__()
        self.session = Session(daemon)
        self.stop = stop
        self.outcomes = []

    def run(self):
        with self.session as session:
            while True:
                self.outcomes.append(session.submit(letter(FROM)))
                if self.stop.is_set():
                    break
            session.mta.quit()


def test_many_signals_in_quick_succession(daemon, keys):
    """X43 X47: under load; it never stops, and every message has its signature."""
    stop = threading.Event()
    clients = [Client(daemon, stop) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        for n in range(5):
            daemon.write(daemon.changed(host_name="h%d.example.org" % n))
            for _ in range(4000):
                os.kill(daemon.child.pid, signal.SIGHUP)
            assert daemon.child.poll() is None
    finally:
        stop.set()
        for client in clients:
            client.join()
    # A reload may be under way that has read an older file.
    daemon.signal(signal.SIGHUP)
    wait_for(
        lambda: submit(daemon).record["host"] == "h4.example.org",
        "the last configuration is not in force",
    )
    for client in clients:
        assert client.outcomes
        assert {got.verdict for got in client.outcomes} == {"passed"}
        last = client.outcomes[-1].leaving
        assert [s.is_valid for s in keys.verify(last.octets())] == [True, True]
        assert len(client.session.records(len(client.outcomes))) == len(client.outcomes)


def catches(daemon, number):
    """Whether it will not end by that signal any more."""
    with open("/proc/%d/status" % daemon.child.pid) as f:
        caught = re.findall(r"SigCgt:\s*(\w+)", f.read()) or ["0"]
    return int(caught[0], 16) >> (number - 1) & 1


def test_signal_during_the_start(start, strict):
    """X43: nobody ends by SIGHUP, while the configuration is being read either."""
    daemon = start.make(strict)
    # It takes a while, and then it is wrong.
    rows = ", ".join('["a%d@example.org", "b"]' % n for n in range(100000))
    table = 'tables = { long = { type = "inline"; rows = ( %s ); }; };\nnonsense = 1;\n' % rows
    for _ in range(10):
        daemon.launch_with(conf.text(daemon.changed(tables=None, rights=None)) + table)
        wait_for(lambda: daemon.child.poll() is not None or catches(daemon, signal.SIGHUP), "?")
        is_early = daemon.child.poll() is None
        daemon.signal(signal.SIGHUP)
        assert daemon.wait() == 1
        if is_early:
            break
    assert is_early, "it caught no signal before it had read its configuration"
    assert 'no option "nonsense"' in daemon.log()


def test_signals_right_after_the_start(start, strict):
    """X43: as soon as it says that it is ready."""
    daemon = start(strict)
    for _ in range(50):
        daemon.signal(signal.SIGHUP)
    daemon.wait_for_log("configuration reloaded")
    assert submit(daemon).verdict == "passed"
