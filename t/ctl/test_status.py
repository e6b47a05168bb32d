"""What the running daemon answers by its control socket."""

import os
import socket
import stat
import subprocess
import time

import pytest
import tool

from harness import configuration as conf
from harness.daemon import wait_for
from harness.session import Session


@pytest.fixture(scope="module")
def daemon(module_start, strict):
    """A daemon that nothing is changed in."""
    return module_start(strict)


def status_of(daemon):
    """What it says of itself."""
    code, answer = tool.run_json("status", "--socket", daemon.control_socket)
    assert code == 0
    return answer


def ask(daemon, octets, end=True):
    """The answer to raw octets."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(str(daemon.control_socket))
        try:
            s.sendall(octets)
        except BrokenPipeError:
            pass
        if end:
            s.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := s.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass  # it did not hear us out
    return answer


def test_status(daemon):
    """X49 X42: who runs there, since when, with which configuration."""
    before = int(time.time())
    got = status_of(daemon)
    assert got["ok"] is True
    assert got["pid"] == daemon.child.pid
    assert got["stopping"] is False
    assert got["started"] <= got["now"] and before <= got["now"] <= time.time() + 1
    configuration = got["configuration"]
    assert configuration["file"] == str(daemon.config)
    assert configuration["socket"] == daemon.address
    assert configuration["loaded"] <= got["started"]
    version = subprocess.run([tool.program(), "--version"], capture_output=True, text=True)
    assert version.stdout == "submitctl %s\n" % got["version"]


def test_status_as_text(daemon):
    """X49: the same for people; the configuration names the socket."""
    code, out, err = tool.run("status", "-c", daemon.config)
    assert (code, err) == (0, "")
    lines = dict(line.split(None, 1) for line in out.splitlines())
    assert lines["process"] == str(daemon.child.pid)
    assert lines["configuration"] == str(daemon.config)
    assert lines["transactions"] == "0"
    assert lines["connections"].isdigit()


def test_counts(daemon):
    """X49: messages under way, connections without mail."""
    before = status_of(daemon)
    with Session(daemon) as session:
        session.mail()
        assert status_of(daemon)["transactions"] == before["transactions"] + 1
        session.mta.abort()
    with Session(daemon):
        pass
    wait_for(lambda: status_of(daemon)["counts"]["connections"]
             == before["counts"]["connections"] + 1, "connection not counted")
    wait_for(lambda: status_of(daemon)["transactions"] == 0, "still under way")


def test_reload_shows(start, strict):
    """X43 X49: when the configuration in force was read; a broken one changes nothing."""
    daemon = start(strict)
    first = status_of(daemon)["configuration"]["loaded"]
    daemon.expect("not reloaded")
    time.sleep(1.1 - time.time() % 1)
    daemon.reload("nonsense = 1;", want="not reloaded")
    assert status_of(daemon)["configuration"]["loaded"] == first
    daemon.reload(daemon.configuration)
    assert status_of(daemon)["configuration"]["loaded"] > first


ODD = {
    "no verb": (b"\n", b"no such verb"),
    "unknown verb": (b"dance\n", b"no such verb"),
    "verb in capitals": (b"STATUS\n", b"no such verb"),
    "arguments": (b"status now\n", b"no arguments"),
    "control": (b"status\x00\n", b"no text"),
    "no UTF-8": (b"status \xff\n", b"no text"),
    "too long": (b"x" * 5000, b"too long"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_requests(daemon, name):
    """X47: are answered, and harm nobody."""
    octets, want = ODD[name]
    answer = ask(daemon, octets)
    assert answer.startswith(b'{"ok":false,"error":') and want in answer
    assert answer.endswith(b"}\n")
    assert status_of(daemon)["ok"] is True


def test_cut_off_request(daemon):
    """X47: half a line is no request."""
    assert ask(daemon, b"status") == b""


def test_many_clients(daemon):
    """X47: who says nothing is cut off; the others wait no longer than that."""
    silent = []
    for _ in range(30):
        s = socket.socket(socket.AF_UNIX)
        s.setblocking(False)
        try:
            s.connect(str(daemon.control_socket))
        except BlockingIOError:
            s.close()
            break
        silent.append(s)
    assert len(silent) >= 8
    for s in silent[8:]:
        s.close()
    assert status_of(daemon)["ok"] is True
    for s in silent:
        s.close()


def test_socket_is_the_daemons_own(daemon):
    """X45: for its user alone."""
    mode = os.stat(daemon.control_socket).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be others")


def as_other(daemon, *arguments):
    """Status of submitctl, run by somebody else."""
    done = subprocess.run(
        ["setpriv", *arguments, "--", tool.program(), "status",
         "--socket", daemon.control_socket],
        capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


NOBODY = ("--reuid", "nobody", "--regid", "nogroup")


@needs_root
def test_others_may_not_ask(start, strict, tmp_path):
    """X45: neither by the mode nor, where that lets them in, by who they are."""
    open_way(tmp_path)
    daemon = start(strict)
    code, err = as_other(daemon, *NOBODY, "--clear-groups")
    assert code == 77 and "Permission denied" in err
    os.chmod(daemon.control_socket, 0o666)
    code, err = as_other(daemon, *NOBODY, "--clear-groups")
    assert code == 69 and "not permitted" in err
    assert "may not ask" in daemon.log()


@needs_root
def test_group_may_ask(start, strict, tmp_path):
    """X45: control.group, be it the client's first group or another."""
    open_way(tmp_path)
    daemon = start(conf.changed(strict, control={"group": "daemon", "mode": "0660"}))
    assert as_other(daemon, "--reuid", "nobody", "--regid", "daemon", "--clear-groups") == (0, "")
    assert as_other(daemon, *NOBODY, "--groups", "daemon") == (0, "")
    code, err = as_other(daemon, *NOBODY, "--clear-groups")
    assert code == 77


def open_way(folder):
    """Others may walk down to the folder."""
    for path in [folder, *folder.parents]:
        if path.owner() == "root" and path.stat().st_mode & 0o001 == 0:
            path.chmod(path.stat().st_mode | 0o711)


def test_nobody_there(tmp_path):
    """X49: says so."""
    code, out, err = tool.run("status", "--socket", tmp_path / "none.sock")
    assert (code, out) == (69, "")
    assert "none.sock: No such file or directory" in err


def test_no_socket_wanted(start, strict, configured):
    """X49: control.socket may be empty."""
    daemon = start(conf.changed(strict, control={"socket": ""}))
    daemon.configuration["control"]["socket"] = ""
    code, _, err = tool.run("status", "-c", configured(control={"socket": ""}))
    assert code == 78 and "control.socket is empty" in err


def test_broken_configuration(tmp_path):
    """X49: is no reason not to be reached: --socket needs none."""
    path = tmp_path / "broken.conf"
    path.write_text("nonsense = 1;\n")
    code, _, err = tool.run("status", "-c", path)
    assert code == 78 and "--socket" in err


def test_table_that_does_not_open(daemon, configured):
    """X49: the socket is found though a table cannot be opened."""
    path = configured(
        control={"socket": str(daemon.control_socket)},
        tables={"gone": {"type": "texthash", "file": "/nonexistent"}})
    assert tool.run("status", "-c", path)[0] == 0


def test_stale_socket(start, strict):
    """X47: what a killed daemon left does not stand in the way; a live one does."""
    first = start(strict)
    second = start.make(conf.changed(strict))
    second.configuration["control"] = {"socket": str(first.control_socket)}
    second.launch()
    assert second.wait() == 3
    assert "another process listens there" in second.log()
    assert status_of(first)["pid"] == first.child.pid
    first.child.kill()
    first.child.wait()
    third = start.make(strict)
    third.configuration["control"] = {"socket": str(first.control_socket)}
    third.start()
    assert status_of(first)["pid"] == third.child.pid


def test_something_else_in_the_way(start, strict):
    """X47 X45: is not removed."""
    daemon = start.make(strict)
    daemon.control_socket.write_text("precious")
    daemon.launch()
    assert daemon.wait() == 3
    assert "there is something else than a socket" in daemon.log()
    assert daemon.control_socket.read_text() == "precious"


def test_socket_is_removed(start, strict):
    """X45: at the end."""
    daemon = start(strict)
    daemon.stop()
    assert not os.path.exists(daemon.control_socket)


def test_messages(daemon):
    """X21: how messages ended, and all metrics as Prometheus reads them."""
    before = status_of(daemon)["messages"]
    with Session(daemon) as session:
        assert session.submit().verdict == "passed"
    after = status_of(daemon)["messages"]
    assert after == {**before, "passed": before["passed"] + 1}
    code, out, err = tool.run("status", "--metrics", "--socket", daemon.control_socket)
    assert (code, err) == (0, "")
    want = 'submit_milter_messages_total{profile="default",result="passed"} %d\n'
    assert want % after["passed"] in out


def test_identities(daemon):
    """X21: who submits most, for the administrator alone."""
    with Session(daemon) as session:
        session.submit()
    answer = daemon.ask("identities")
    assert answer["ok"] and answer["seconds"] >= 0
    (alice,) = [i for i in answer["identities"] if "alice" in i["name"]]
    assert alice["messages"] >= 1 and alice["turned_away"] == 0
