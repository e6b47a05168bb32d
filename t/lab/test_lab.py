"""Tests of the lab itself: its promises to whoever runs a command in it.

They need a built submit-milter, as the lab does, and start labs of their own.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
RUN = HERE / "run"
PATIENCE = 60

each_mta = pytest.mark.parametrize("mta", ["postfix", "sendmail"])

# Tells where it lives, then waits to be ended.
WAIT = "echo $LAB_SOCKET; exec sleep 600"

# Breaks when it is told to stop, as a program with a leak does under a
# sanitizer.
BROKEN_MILTER = """\
#!/usr/bin/python3
import signal, socket, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
path = [a for a in sys.argv if a.startswith("socket=unix:")][0].partition(":")[2]
listening = socket.socket(socket.AF_UNIX)
listening.bind(path)
listening.listen()
print("about to break", flush=True)
signal.sigwait({signal.SIGTERM})
sys.exit(99)
"""


def lab(*arguments, **environment):
    """Runs the lab to its end."""
    return subprocess.run(
        [RUN, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
        check=False,
    )


# --- status and words ---------------------------------------------------


@pytest.mark.parametrize(
    "script, want",
    [("exit 0", 0), ("exit 7", 7), ("kill -SEGV $$", 139), ("kill -TERM $$", 143)],
)
def test_status_is_that_of_the_command(script, want):
    """As a shell tells it."""
    assert lab("--", "bash", "-c", script).returncode == want


@pytest.mark.parametrize(
    "arguments, want, words",
    [
        ([], 2, "no COMMAND"),
        (["--"], 2, "no COMMAND"),
        (["--nonsense", "--", "true"], 2, "--nonsense"),
        (["--mta", "nothing", "--", "true"], 2, "there are: postfix, sendmail"),
        (["--config", "/nonexistent", "--", "true"], 2, "/nonexistent: No such file"),
        (["--keep", "/proc/x", "--", "true"], 2, "--keep /proc/x: "),
        (["--keep", str(HERE), "--", "true"], 2, "is not empty"),
        (["--", "/nonexistent"], 127, "/nonexistent: no such command"),
    ],
)
def test_what_cannot_be_had_is_told(arguments, want, words):
    """On standard error, in words."""
    done = lab(*arguments)
    assert done.returncode == want
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_build():
    """It says what is missing."""
    done = lab("--", "true", SUBMIT_MILTER="/nonexistent")
    assert done.returncode == 1
    assert "/nonexistent: no such program" in done.stderr


def test_broken_configuration_is_told(tmp_path):
    """What submit-milter says of it, with file and line."""
    path = tmp_path / "broken.conf"
    path.write_text("\nnonsense = 1;\n")
    done = lab("--config", path, "--", "true")
    assert done.returncode == 1
    assert "submit-milter.conf:2: " in done.stderr


def test_milter_that_breaks_is_no_success(tmp_path):
    """Whatever the status of COMMAND, and with what it said."""
    program = tmp_path / "milter"
    program.write_text(BROKEN_MILTER)
    program.chmod(0o755)
    done = lab("--", "true", SUBMIT_MILTER=str(program))
    assert done.returncode == 1
    assert "ended with status 99" in done.stderr
    assert "about to break" in done.stderr


# --- what COMMAND finds -------------------------------------------------

PORTS = ("LAB_SUBMISSION_PORT", "LAB_SUBMISSIONS_PORT", "LAB_MX_PORT")
FILES = ("LAB_CA", "LAB_CLIENT_CERT", "LAB_CLIENT_KEY", "LAB_USERS", "LAB_RELAYED")
FILES += ("LAB_AUDIT", "LAB_SOCKET", "LAB_CONTROL", "LAB_CONFIG", "LAB_DIR", "LAB_MILTER")
FILES += ("LAB_MAIL_LOG", "LAB_MILTER_LOG")


@each_mta
def test_environment(mta):
    """Every name, and what it names is there."""
    script = "import json, os; e = dict(os.environ); "
    script += "print(json.dumps([e, {n: os.path.exists(v) for n, v in e.items()}]))"
    done = lab("--mta", mta, "--", sys.executable, "-c", script)
    environment, exists = json.loads(done.stdout)
    assert environment["LAB_MTA"] == mta
    assert environment["LAB_HOST"] == "127.0.0.1"
    assert environment["LAB_DNS"].startswith("127.0.0.1:")
    assert len({int(environment[name]) for name in PORTS}) == 3
    assert int(environment["LAB_MILTER_PID"]) > 1
    assert [name for name in FILES if not exists[name]] == []


def test_configuration_is_filled_in(tmp_path):
    """@LAB_DIR@ and the others, in a copy; the file itself stays as it is."""
    path = tmp_path / "mine.conf"
    path.write_text("# @LAB_DIR@ @LAB_KEYS@ @LAB_SOURCE@ @LAB_MX_PORT@\n")
    done = lab(
        "--config",
        path,
        "--",
        "bash",
        "-c",
        'cat $LAB_CONFIG; echo "# $LAB_DIR $LAB_DIR/keys X $LAB_MX_PORT"',
    )
    got, want = done.stdout.splitlines()
    assert got == want.replace("X", str(HERE))
    assert "@LAB_DIR@" in path.read_text()


@each_mta
def test_keep(tmp_path, mta):
    """What was kept is all there, nothing else is."""
    folder = tmp_path / "new" / "kept"
    command = ["--", "bash", "-c", WAIT.replace("sleep 600", "true")]
    done = lab("--mta", mta, "--keep", folder, *command)
    assert done.returncode == 0
    kept = {path.name for path in folder.iterdir()}
    assert kept >= {"audit.jsonl", "certs", "keys", "log", mta, "relayed"}
    assert not pathlib.Path(done.stdout.strip()).parent.exists()


# Ends with the status of an SMTP session that the server greets.
GREETED = """
import os, socket, sys
address = os.environ["LAB_HOST"], int(os.environ["LAB_MX_PORT"])
with socket.create_connection(address, 60) as connection:
    sys.exit(not connection.makefile("rb").readline().startswith(b"220 mx.example.org"))
"""


@each_mta
@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_as_an_ordinary_user(mta):
    """It needs no rights."""
    nobody = ["setpriv", "--reuid", "65500", "--regid", "65500", "--clear-groups"]
    done = subprocess.run(
        [*nobody, RUN, "--mta", mta, "--", sys.executable, "-c", GREETED],
        env={**os.environ, "HOME": "/nonexistent"},
        stderr=subprocess.PIPE,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# --- the end ------------------------------------------------------------


def start_and_wait(mta="postfix"):
    """A lab whose COMMAND runs; (process, its run folder)."""
    argv = [RUN, "--mta", mta, "--", "bash", "-c", WAIT]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE)
    return child, pathlib.Path(child.stdout.readline().decode().strip()).parent


def processes_of(folder):
    """Processes that name the folder, by their command line."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in line:
            found.append(line)
    return found


def assert_nothing_is_left(folder):
    """No process and no file of the lab, in a while at most."""
    deadline = time.monotonic() + PATIENCE
    while processes_of(folder) or folder.exists():
        assert time.monotonic() < deadline, processes_of(folder) or folder
        time.sleep(0.02)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signal_ends_all_of_it(signum):
    """In order, with the status that a shell expects."""
    child, folder = start_and_wait()
    assert processes_of(folder)
    child.send_signal(signum)
    assert child.wait(PATIENCE) == 128 + signum
    assert_nothing_is_left(folder)
    child.stdout.close()


@each_mta
@pytest.mark.parametrize("which", ["outer", "inner"])
def test_killed_lab_leaves_nothing(which, mta):
    """Either of its two processes cleans up after the other."""
    child, folder = start_and_wait(mta)
    victim = child.pid
    if which == "inner":
        victim = int(
            pathlib.Path("/proc/%d/task/%d/children" % (victim, victim)).read_text()
        )
    os.kill(victim, signal.SIGKILL)
    child.wait(PATIENCE)
    assert_nothing_is_left(folder)
    child.stdout.close()


def test_children_of_the_command_end_with_it():
    """What it left running in the background, sessions of their own too."""
    script = 'echo $LAB_SOCKET; setsid sh -c "sleep 600; : $LAB_SOCKET" >/dev/null &'
    done = lab("--", "bash", "-c", script)
    assert done.returncode == 0
    assert_nothing_is_left(pathlib.Path(done.stdout.strip()).parent)


@pytest.mark.parametrize("delay", [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4])
def test_interrupted_start_leaves_nothing(delay):
    """At whatever point of the start."""
    # A folder that the lab takes, and no other lab.
    with tempfile.TemporaryDirectory(prefix="sm-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        environment = {**os.environ, "TMPDIR": folder, "HOME": folder}
        child = subprocess.Popen([RUN, "--", "sleep", "600"], env=environment)
        time.sleep(delay)
        child.terminate()
        child.wait(PATIENCE)
        assert os.listdir(folder) == []
