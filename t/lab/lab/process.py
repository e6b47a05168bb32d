"""Child processes that never outlive the lab, whatever becomes of it.

Three nets, each for what the one before misses: every child is stopped by the
part that started it; the lab adopts and kills whatever else descends from it;
and the kernel signals direct children when the lab itself is killed (not all:
a process that changes its user, as Postfix does, loses that).
"""

import ctypes
import os
import signal
import socket
import subprocess
import time

from .errors import LabError

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
POLL = 0.005
PATIENCE = 60.0  # seconds to start; who cannot says so at once


def tied_to_us(argv):
    """argv, as a process that gets SIGTERM when its starter dies.

    The kernel means the starting *thread*: start long-lived children from the
    main one.
    """
    return ["setpriv", "--pdeathsig", "TERM", "--", *map(str, argv)]


def die_with_parent():
    """Lets the kernel send this process SIGTERM when its parent dies."""
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def adopt_orphans():
    """Makes processes that lose their parent children of this one."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def prctl(option, value):
    """prctl(2) with one argument."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise LabError("prctl: %s" % os.strerror(ctypes.get_errno()))


def descendants():
    """Process ids of everything below this process, zombies included."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry, "rb") as f:
                    # The name in parentheses may hold anything, ")" included.
                    parent = int(f.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry))
    found, todo = [], [os.getpid()]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def kill_descendants():
    """Kills and reaps what is left below the lab."""
    while True:
        for pid in descendants():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(POLL)


def run(argv, what, **options):
    """Runs a short command to its end; its words are part of the error."""
    try:
        done = subprocess.run(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
        )
    except FileNotFoundError:
        raise missing_program(argv[0]) from None
    if done.returncode != 0:
        words = (done.stderr or done.stdout or b"").decode(errors="replace").strip()
        raise LabError("%s failed (%s): %s" % (what, argv[0], words))
    return done.stdout


def missing_program(name):
    """The error for a program that is not installed."""
    return LabError("%s is not installed: run contrib/install-packages" % name)


class Server:
    """A long-lived child of the lab with its output in a file."""

    def __init__(self, name, log):
        self.name = name
        self.log = log
        self.child = None
        self.forced = False  # it had to be killed

    def start(self, argv, **options):
        """Starts argv in a session of its own, out of reach of Ctrl-C."""
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(
                tied_to_us(argv),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                **options
            )

    @property
    def pid(self):
        """Process id; setpriv becomes the program, so it is the program's."""
        return self.child.pid

    def wait_until(self, ready, seconds=PATIENCE):
        """Returns when ready() is true; fails when the server cannot be."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.child.poll() is not None:
                raise LabError(
                    "%s did not start (status %d):\n%s"
                    % (self.name, self.child.returncode, self.tail())
                )
            if time.monotonic() > deadline:
                raise LabError(
                    "%s is not ready after %d seconds:\n%s"
                    % (self.name, seconds, self.tail())
                )
            time.sleep(POLL)

    def tail(self, lines=30):
        """The last lines it wrote, for an error message."""
        with open(self.log, errors="replace") as f:
            return "".join(f.readlines()[-lines:]).rstrip() or "(it said nothing)"

    def stop(self, seconds=20.0):
        """Ends it, firmly if it does not listen. Returns its status or None.

        A negative status is the signal that ended it, as in subprocess.
        """
        if self.child is None:
            return None
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.forced = True
                self.child.kill()
                self.child.wait()
        return self.child.returncode


def tcp_listens(host, port):
    """Whether something listens there.

    Found without connecting, as below: a connection made only to look would
    be a session for the server, and an entry in its log.
    """
    address = "%s:%04X" % (socket.inet_aton(host)[::-1].hex().upper(), port)
    with open("/proc/net/tcp") as f:
        # Local address, remote address, state: 0A is TCP_LISTEN.
        return any(
            line.split()[1] == address and line.split()[3] == "0A" for line in f
        )


def unix_listens(path):
    """Whether a UNIX socket listens at path."""
    with open("/proc/net/unix") as f:
        for line in f:
            fields = line.split(None, 7)
            # The fourth field's bit 16 is __SO_ACCEPTCON: it listens.
            if len(fields) == 8 and fields[7].strip() == str(path):
                if int(fields[3], 16) & 0x10000:
                    return True
    return False
