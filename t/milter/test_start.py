"""A start with wrong permissions, or with something in the way: it says what, and ends."""

import os
import pathlib
import resource
import shutil
import socket
import tempfile

import pytest

from harness import configuration as conf
from harness.daemon import wait_for
from harness.session import Session, submit


def refuse(daemon, want, status=3):
    """It does not start, says that alone, and leaves no socket behind."""
    daemon.launch()
    assert daemon.wait() == status
    lines = daemon.log().splitlines()
    assert len(lines) == 1 and want in lines[0], lines
    assert not os.path.exists(daemon.address.partition(":")[2])
    assert not daemon.control_socket.exists() or not daemon.control_socket.is_socket()


@pytest.fixture
def open_folder(tmp_path):
    """A folder that everybody can write to."""
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


PLACES = {
    "socket": lambda path: {"socket": "unix:%s" % path},
    "control socket": lambda path: {"control": {"socket": str(path)}},
    "pid file": lambda path: {"pid_file": str(path)},
    "audit file": lambda path: {"audit": {"file": str(path)}},
    "metrics socket": lambda path: {"metrics": {"listen": "unix:%s" % path}},
}


@pytest.mark.parametrize("name", PLACES)
def test_folder_that_everybody_can_write_to(start, strict, open_folder, name):
    """X45: what is in there could be anybody's; a sticky folder will do."""
    path = open_folder / "x"
    daemon = start.make(strict)
    daemon.configuration = conf.changed(daemon.configuration, **PLACES[name](path))
    if name == "socket":
        daemon.address = daemon.configuration["socket"]
    if name == "control socket":
        daemon.control_socket = path
    refuse(daemon, "%s: everybody can write to its folder" % path)
    open_folder.chmod(0o1777)
    daemon.audit_file = path if name == "audit file" else daemon.audit_file
    daemon.log_file.unlink()
    daemon.start()


@pytest.mark.parametrize("name", ["pid file", "audit file"])
def test_file_that_everybody_can_write_to(start, strict, tmp_path, name):
    """X45: records must not be anybody's to change."""
    path = tmp_path / "x"
    path.touch()
    path.chmod(0o666)
    daemon = start.make(strict)
    daemon.configuration = conf.changed(daemon.configuration, **PLACES[name](path))
    refuse(daemon, "%s: everybody can write to it" % path)


def test_state_directory_that_everybody_can_write_to(start, strict):
    """X45: the mode it keeps could be anybody's."""
    daemon = start.make(strict)
    daemon.state.chmod(0o1777)
    refuse(daemon, "state_directory: %s: everybody can write to it" % daemon.state)


def test_key_that_others_can_read(start, strict, tmp_path):
    """X45 X14: status 1, with file and line."""
    key = pathlib.Path(strict["dkim"]["domains"][0]["keys"][0]["file"])
    copy = tmp_path / "others.key"
    shutil.copy(key, copy)
    copy.chmod(0o644)
    domain = {"domain": "example.org", "keys": [{"selector": "rsa", "file": str(copy)}]}
    daemon = start.make(conf.changed(strict, dkim={"domains": [domain]}))
    refuse(daemon, "others.key", status=1)
    assert "%s:" % daemon.config in daemon.log()


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two")


@pytest.fixture
def as_nobody(start, strict):
    """Makes daemons that root starts and nobody runs, in a folder all can reach."""
    folder = pathlib.Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    shutil.chown(folder, "nobody")  # who removes the socket in the end
    start.folder = folder

    def make(**changes):
        changes = {"user": "nobody", "group": "nogroup", "dkim": None, **changes}
        daemon = start.make(conf.changed(strict, **changes))
        shutil.chown(daemon.state, "nobody")
        return daemon

    yield make
    start.end()
    start.daemons.clear()
    shutil.rmtree(folder)


@needs_root
def test_audit_file_of_root(as_nobody):
    """X45: files are opened as the user that we become."""
    daemon = as_nobody()
    daemon.audit_file.touch(0o600)
    refuse(daemon, "audit file: %s: Permission denied" % daemon.audit_file)


@needs_root
def test_state_directory_of_others(as_nobody):
    """X45: of root or of the user itself, and writable to it."""
    daemon = as_nobody()
    shutil.chown(daemon.state, "daemon")
    # By -o, or else the harness would make the folder that user's.
    daemon.options = ["-o", "user=%s" % daemon.configuration.pop("user")]
    refuse(daemon, "neither to root nor to us")
    daemon.log_file.unlink()
    shutil.chown(daemon.state, "root")
    refuse(daemon, "we cannot write to it: Permission denied")


@needs_root
def test_socket_in_a_folder_of_others(as_nobody, tmp_path):
    """X45: who is not root from the beginning needs the right to make the socket."""
    daemon = as_nobody()
    daemon.config.parent.chmod(0o755)
    shut = daemon.config.parent / "shut"
    shut.mkdir(mode=0o755)
    daemon.address = daemon.configuration["socket"] = "unix:%s" % (shut / "s")
    for name in ("user", "group"):
        del daemon.configuration[name]
    daemon.launch(by=["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"])
    assert daemon.wait() == 3
    assert "error: %s: " % daemon.address in daemon.log()
    assert "Permission denied" in daemon.log()


# --- what there is too little of


def open_files(daemon):
    """The files that it has open, by name."""
    folder = "/proc/%d/fd" % daemon.child.pid
    names = (os.path.realpath(os.path.join(folder, fd)) for fd in os.listdir(folder))
    return {name for name in names if os.path.isfile(name)}


def test_no_descriptors_left(start, strict):
    """X47: connections wait; those that are there go on; later all is as before."""
    daemon = start(strict)
    path = daemon.address.partition(":")[2]
    with Session(daemon) as session:
        used = len(os.listdir("/proc/%d/fd" % daemon.child.pid))
        _, hard = resource.prlimit(daemon.child.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(daemon.child.pid, resource.RLIMIT_NOFILE, (used + 10, hard))
        silent = []
        for _ in range(40):
            s = socket.socket(socket.AF_UNIX)
            s.setblocking(False)
            try:
                s.connect(path)
            except BlockingIOError:
                s.close()
                break
            silent.append(s)
        wait_for(
            lambda: len(os.listdir("/proc/%d/fd" % daemon.child.pid)) >= used + 10,
            "there are descriptors left",
        )
        assert session.submit().verdict == "passed"
        for s in silent:
            s.close()
    assert submit(daemon).verdict == "passed"
    assert "write-ahead" not in daemon.log()


def test_no_message_waits_for_files(start, strict):
    """X20: all that records need is open before the first message."""
    daemon = start(strict)
    before = open_files(daemon)
    assert {str(daemon.audit_file), str(daemon.wal_file)} <= before
    assert submit(daemon).verdict == "passed"
    assert open_files(daemon) == before


def test_limit_of_files_is_raised(start, strict):
    """X47: as far as we may."""
    daemon = start.make(strict)
    daemon.launch(by=["prlimit", "--nofile=64:4096", "--"])
    wait_for(daemon.is_ready, "not ready")
    assert resource.prlimit(daemon.child.pid, resource.RLIMIT_NOFILE) == (4096, 4096)


def test_log_that_is_full(start, strict):
    """X47: mail goes on, recorded, when the log takes nothing."""
    daemon = start.make(strict)
    daemon.launch(by=["sh", "-c", 'exec "$@" 2>/dev/full', "sh"])
    daemon.wait_until_listening()
    assert submit(daemon).verdict == "passed"
