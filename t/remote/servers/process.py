"""A server as a child process of the tests, without privileges."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from lab.place import claim_port
from lab.waiting import PATIENCE, wait_for

# The timeout of tables whose server is well: a busy machine may take a while.
PATIENCE_MS = 30000
POLL = 0.02

# Who is root gives its servers away to somebody without rights.
NOBODY = 65534
AS_NOBODY = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


def find(*names):
    """The first program of that name there is."""
    places = ["/usr/sbin", "/sbin", "/usr/local/sbin"]
    places += sorted(map(str, pathlib.Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    path = os.pathsep.join([os.environ.get("PATH", "/usr/bin:/bin")] + places)
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise AssertionError("%s is not installed: contrib/install-packages" % names[0])


class Server:
    """What all servers have in common: they can be started, stopped, killed."""

    def __init__(self):
        # Its path must be short: sockets are in it.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sm-tables-", dir="/tmp"))
        self.folder.chmod(0o755)
        if AS_NOBODY:
            os.chown(self.folder, NOBODY, NOBODY)
        self.child = None
        self.claims = []
        self.port = self.claim_port()

    def claim_port(self):
        """A port that is its own."""
        port, claim = claim_port()
        self.claims.append(claim)
        return port

    def run(self, *argv, **options):
        """A program that comes to an end, such as what makes a database."""
        done = subprocess.run(
            [str(a) for a in argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=self.environment(),
            timeout=120,
            **AS_NOBODY,
            **options,
        )
        assert done.returncode == 0, "%s: %s" % (argv[0], done.stdout.decode())
        return done.stdout.decode()

    def environment(self):
        """Nothing that came from outside."""
        own = str(self.folder)
        return {"PATH": os.environ["PATH"], "HOME": own, "TMPDIR": own, "LC_ALL": "C.UTF-8"}

    def write(self, name, text, mode=0o644):
        """A file of the server's folder."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        if AS_NOBODY:
            os.chown(path, NOBODY, NOBODY)
        return path

    def prepare(self):
        """Makes what must be there before the first start."""

    def command(self):
        """The program and its arguments; it must stay in the foreground."""
        raise NotImplementedError

    def is_ready(self):
        """Whether it can be asked."""
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def start(self):
        """Starts it and waits until it can be asked."""
        with open(self.folder / "log", "wb") as log:
            self.child = subprocess.Popen(
                [str(a) for a in self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment(),
                preexec_fn=die_with_parent,
                **AS_NOBODY,
            )
        deadline = time.monotonic() + PATIENCE
        while not self.is_ready():
            assert self.child.poll() is None, self.log()
            assert time.monotonic() < deadline, "not ready: " + self.log()
            time.sleep(POLL)

    def log(self):
        """What it said."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def pids(self):
        """Its process and all children of that."""
        found = [self.child.pid]
        for pid in found:
            children = pathlib.Path("/proc/%d/task/%d/children" % (pid, pid))
            try:
                found += [int(word) for word in children.read_text().split()]
            except OSError:
                pass
        return found

    def send(self, number):
        """Sends a signal to all of it."""
        for pid in self.pids():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """Ends it without a warning."""
        if self.child and self.child.poll() is None:
            self.freeze()  # so that it has no more children than we know
            pids = self.pids()
            self.send(signal.SIGKILL)
            self.child.wait()
            wait_for(lambda: all(is_gone(pid) for pid in pids), "does not end")

    def freeze(self):
        """Its sockets stay, but it does nothing."""
        self.send(signal.SIGSTOP)
        wait_for(lambda: all(is_stopped(pid) for pid in self.pids()), "does not stop")

    def thaw(self):
        """Lets it go on."""
        self.send(signal.SIGCONT)

    # What ends it in order: a kill may leave shared memory behind.
    gentle = signal.SIGTERM

    def close(self):
        """Ends it and removes its folder."""
        if self.child and self.child.poll() is None:
            self.thaw()
            self.child.send_signal(self.gentle)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        for claim in self.claims:
            claim.close()

    def table(self, **changes):
        """The options of a table that asks it, as a dict."""
        raise NotImplementedError


def states(pid):
    """The state of each thread of a process, as ps(1) has it."""
    found = []
    for path in pathlib.Path("/proc/%d/task" % pid).glob("*/stat"):
        try:
            found.append(path.read_text().rpartition(")")[2].split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def is_stopped(pid):
    """Whether no thread of the process runs."""
    return all(state in "TtZX" for state in states(pid))


def is_gone(pid):
    """Whether there is nothing left of it but perhaps its name."""
    return all(state in "ZX" for state in states(pid))


def die_with_parent():
    """In the child: end when the tests end, however they do."""
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def as_config(name, options):
    """A table in the syntax of the configuration."""
    lines = []
    for key, value in options.items():
        if value is None:
            continue
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, int):
            text = str(value)
        else:
            text = '"%s"' % str(value).replace("\\", "\\\\").replace('"', '\\"')
        lines.append("\t\t%s = %s;\n" % (key, text))
    return "\t%s: {\n%s\t};\n" % (name, "".join(lines))


sys.dont_write_bytecode = True
