"""Under a service manager: its protocol, its sandbox, the unit; as the first process."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from harness import configuration as conf
from harness.daemon import TOP, wait_for
from harness.session import Session, submit

UNIT = TOP / "contrib" / "systemd" / "submit-milter.service"
EXPOSURE = 1.4  # what "systemd-analyze security" says of the unit


class Manager:
    """The socket of a service manager, and what was told there."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.settimeout(30)

    def next(self):
        """The next word, as a dict."""
        text = self.socket.recv(4096).decode()
        return dict(line.split("=", 1) for line in text.split("\n"))

    def until(self, name):
        """The next word that has that name; signs of life are passed over."""
        while True:
            word = self.next()
            if name in word:
                return word
            assert set(word) == {"WATCHDOG"}, word


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A manager that is reached by a path, or by a name of the kernel's."""
    name = "@submit-milter-%d" % os.getpid() if request.param == "abstract" else str(tmp_path / "n")
    manager = Manager(name)
    yield manager
    manager.socket.close()


def launch(daemon, **environment):
    """Starts it as a manager does."""
    daemon.launch(env={**os.environ, **environment})
    return daemon


def test_protocol(start, strict, manager):
    """X45: READY once it listens, RELOADING and READY, STATUS, STOPPING."""
    daemon = launch(start.make(strict), NOTIFY_SOCKET=manager.name)
    word = manager.next()
    assert word["READY"] == "1"
    assert word["STATUS"] == "mode enforce, listening on %s" % daemon.address
    with Session(daemon) as session:
        assert session.submit().verdict == "passed"
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    daemon.reload(daemon.configuration)
    word = manager.next()
    assert word["RELOADING"] == "1"
    assert before <= int(word["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert manager.next()["READY"] == "1"
    daemon.ask("mode pass 60")
    assert manager.next()["STATUS"].startswith("mode pass, ")
    daemon.signal(signal.SIGTERM)
    assert manager.next() == {"STOPPING": "1", "STATUS": "stopping"}
    daemon.stop()


def test_failed_reload_is_over_too(start, strict, manager):
    """X45 X43: READY also after a configuration that is not taken."""
    daemon = launch(start.make(strict), NOTIFY_SOCKET=manager.name)
    daemon.expect("not reloaded")
    assert manager.next()["READY"] == "1"
    daemon.reload("nonsense = 1;", want="not reloaded")
    assert manager.next()["RELOADING"] == "1"
    assert manager.next()["READY"] == "1"


def test_signs_of_life(start, strict, manager):
    """X45: twice as often as the manager wants them, and not for others."""
    environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000"}
    launch(start.make(strict), **environment)
    manager.until("READY")
    began = time.monotonic()
    for _ in range(5):
        assert manager.next() == {"WATCHDOG": "1"}
    assert time.monotonic() - began > 0.3
    launch(start.make(strict), WATCHDOG_PID="1", **environment)
    manager.until("READY")


def test_start_that_fails_is_never_ready(start, strict, manager):
    """X45: nothing is told before it listens."""
    daemon = start.make(conf.changed(strict))
    daemon.configuration["socket"] = "unix:/nonexistent/sock"
    launch(daemon, NOTIFY_SOCKET=manager.name)
    assert daemon.wait() == 3
    manager.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.next()


def test_manager_that_is_not_there(start, strict):
    """X45: a wrong $NOTIFY_SOCKET is an error at the start."""
    daemon = launch(start.make(strict), NOTIFY_SOCKET="/nonexistent/notify")
    assert daemon.wait() == 3
    assert "NOTIFY_SOCKET: /nonexistent/notify: No such file" in daemon.log()


# --- the unit


def test_unit_is_shut_in():
    """X45: as systemd-analyze sees it."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager",
         "--threshold=%d" % round(EXPOSURE * 10), UNIT],
        capture_output=True, text=True, timeout=60)
    level = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level.group(1)) <= EXPOSURE


def test_unit_names_what_there_is():
    """X45: the folders are those of the defaults."""
    text = UNIT.read_text()
    for line in ("Type=notify", "RuntimeDirectory=submit-milter", "StateDirectory=submit-milter",
                 "ExecReload=/bin/kill -HUP $MAINPID", "CapabilityBoundingSet=\n"):
        assert "\n" + line in text
    sample = (TOP / "conf" / "submit-milter.conf").read_text()
    assert '#socket = "unix:/run/submit-milter/' in sample
    assert '#state_directory = "/var/lib/submit-milter"' in sample


# --- what is left of its rights


def status_of(pid):
    """What the kernel says of a process."""
    lines = pathlib.Path("/proc/%d/status" % pid).read_text().splitlines()
    return {k: v.strip() for k, v in (line.split(":", 1) for line in lines)}


def has_seccomp():
    """Whether this build can filter system calls."""
    from harness.daemon import run

    return "system calls: filtered by" in run("--version").stdout


def test_system_calls_are_filtered(start, strict):
    """X45: in every thread, unless that is switched off; no new privileges in any case."""
    daemon = start(strict)
    off = start(conf.changed(strict, seccomp="off"))
    want = "2" if has_seccomp() else "0"
    for pid, seccomp in ((daemon.child.pid, want), (off.child.pid, "0")):
        for task in os.listdir("/proc/%d/task" % pid):
            status = status_of(int(task))
            assert (status["Seccomp"], status["NoNewPrivs"]) == (seccomp, "1")


def test_filter_that_is_wanted_but_not_there(start, strict):
    """X45 X41: seccomp = "on" is not ignored."""
    daemon = start.make(conf.changed(strict, seccomp="on"))
    daemon.launch()
    if has_seccomp():
        wait_for(daemon.is_ready, "not ready")
        assert status_of(daemon.child.pid)["Seccomp"] == "2"
    else:
        assert daemon.wait() == 3
        assert "seccomp: sanitizers need more system calls" in daemon.log()


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has anything to drop")


def shut_folder(tmp_path, user):
    """A folder of that user's, which it can reach."""
    import pwd

    folder = tmp_path / "own"
    folder.mkdir()
    os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    for path in folder.parents:
        if path.owner() == "root" and not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o711)
    return folder


@needs_root
def test_rights_are_dropped(start, strict, tmp_path):
    """X45 X14: to the user, its groups, no capability; reload and signing go on."""
    folder = shut_folder(tmp_path, "nobody")
    daemon = start.make(conf.changed(strict, user="nobody", group="nogroup", dkim=None))
    daemon.configuration["audit"] = {"file": str(folder / "audit.jsonl")}
    daemon.audit_file = folder / "audit.jsonl"
    daemon.start()
    daemon.config.chmod(0o644)
    pid = daemon.child.pid
    status = status_of(pid)
    uid = str(os.stat(folder).st_uid)
    assert status["Uid"].split() == [uid] * 4
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert status["NoNewPrivs"] == "1"
    assert submit(daemon).verdict == "passed"
    daemon.ask("mode pass 60")
    assert (daemon.state / "mode").stat().st_uid == int(uid)
    daemon.ask("mode enforce 0")
    for path in (daemon.control_socket, daemon.address.partition(":")[2]):
        assert os.stat(path).st_uid == int(uid)
    daemon.write(daemon.configuration)
    daemon.config.chmod(0o644)
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_log("configuration reloaded")


# --- as the first process of a container

ORPHANS = """
import ctypes, os, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)     # PR_SET_CHILD_SUBREAPER
read, write = os.pipe()
if os.fork() == 0:
    for _ in range(3):
        if os.fork() == 0:
            os.close(write)
            os.read(read, 1)                # until the parent has gone
            os._exit(0)
    os._exit(0)
os.wait()
os.set_inheritable(write, False)            # closed by the program we become
os.execv(sys.argv[1], sys.argv[1:])
"""


def children(pid):
    """Processes whose parent it is."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == str(pid):
            found.append(path.parent.name)
    return found


def test_orphans_are_let_go(start, strict, tmp_path):
    """X45: who inherits them, as the first process does, keeps no zombies."""
    daemon = start.make(strict)
    daemon.launch(by=[sys.executable, "-c", ORPHANS])
    wait_for(daemon.is_ready, "not ready")
    wait_for(lambda: not children(daemon.child.pid), "orphans are left")
    assert submit(daemon).verdict == "passed"


def may_unshare():
    """Whether we may make name spaces."""
    done = subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True, check=False)
    return done.returncode == 0


if may_unshare():

    def test_first_process(start, strict):
        """X45 X43: as PID 1 it starts, reloads and ends by signals like any other."""
        daemon = start.make(conf.changed(strict, state_directory=""))
        daemon.launch(by=["unshare", "--pid", "--fork", "--kill-child", "--"])
        wait_for(daemon.is_ready, "not ready")
        (first,) = map(int, children(daemon.child.pid))
        assert status_of(first)["NSpid"].split()[-1] == "1"
        assert submit(daemon).verdict == "passed"
        os.kill(first, signal.SIGHUP)
        daemon.wait_for_log("configuration reloaded")
        os.kill(first, signal.SIGTERM)
        assert daemon.wait() == 0
        assert "submit-milter: info: stopped" in daemon.log()
