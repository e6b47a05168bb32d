"""submit-milter itself: finds the program, gives it a configuration, runs it."""

import os
import pathlib
import shlex
import signal

from . import process
from .errors import LabError, UsageError
from .place import SOURCE, TOP

DEFAULT_CONFIG = SOURCE / "submit-milter.conf"
PROGRAM = pathlib.Path("submit-milter", "submit-milter")  # in a build tree

# A tool such as valgrind makes everything slow.
START_SECONDS = 60
START_SECONDS_WRAPPED = 120
STOP_SECONDS = 30

# Ways in which COMMAND may have ended it on purpose.
DELIBERATE = {-signal.SIGTERM, -signal.SIGKILL, -signal.SIGINT, -signal.SIGHUP}


def find_program():
    """The program to run: the one named, or the one that was built."""
    named = os.environ.get("SUBMIT_MILTER")
    if named:
        if not os.access(named, os.X_OK):
            raise LabError("SUBMIT_MILTER=%s: no such program" % named)
        return pathlib.Path(named).resolve()
    for tree in (TOP / "_build", TOP):
        if os.access(tree / PROGRAM, os.X_OK) and (tree / PROGRAM).is_file():
            return tree / PROGRAM
    raise LabError(
        "submit-milter is not built yet. In %s run:\n"
        "    contrib/install-packages    (as root, what the build needs)\n"
        "    autoreconf -fi && ./configure && make\n"
        "or contrib/check, which does all of it and runs the tests." % TOP
    )


class Milter:
    """The daemon, its configuration and its files."""

    def __init__(self, place, program, config=None, wrap=""):
        self.program = program
        self.wrap = shlex.split(wrap)
        self.source = config or DEFAULT_CONFIG
        self.config = place.dir / "submit-milter.conf"
        self.socket = place.run / "milter.sock"
        self.control = place.run / "control.sock"
        self.state = place.run / "state"
        self.state.mkdir(mode=0o700)
        self.audit = place.dir / "audit.jsonl"
        self.pid_file = place.run / "milter.pid"
        self.server = process.Server("submit-milter", place.log("submit-milter"))
        self.failure = None

    def configure(self, values):
        """Writes the configuration in use: the given one, @NAME@ filled in."""
        try:
            octets = self.source.read_bytes()
        except OSError as why:
            raise UsageError("--config %s: %s" % (self.source, why.strerror)) from None
        for name, value in values.items():
            octets = octets.replace(b"@%s@" % name.encode(), os.fsencode(str(value)))
        self.config.write_bytes(octets)

    def start(self):
        """Starts it, without waiting for it."""
        settings = {
            "socket": "unix:%s" % self.socket,
            "socket_mode": "0666",  # the mail server has a user of its own
            "socket_group": "",
            "control.socket": self.control,
            "state_directory": self.state,
            "user": "",
            "group": "",
            "pid_file": self.pid_file,
            "log.target": "stderr",
            "audit.file": self.audit,
        }
        argv = self.wrap + [self.program, "-c", self.config]
        for name, value in settings.items():
            argv += ["-o", "%s=%s" % (name, value)]
        self.server.start(argv)

    def wait(self):
        """Returns when it listens."""
        self.server.wait_until(
            lambda: process.unix_listens(self.socket),
            START_SECONDS_WRAPPED if self.wrap else START_SECONDS,
        )

    def stop(self):
        """Stops it and judges how it ended."""
        status = self.server.stop(STOP_SECONDS)
        if self.server.forced:
            self.failure = "did not stop within %d seconds" % STOP_SECONDS
        elif status and status < 0 and status not in DELIBERATE:
            self.failure = "was ended by %s" % signal.Signals(-status).name
        elif status and status > 0:
            self.failure = "ended with status %d" % status
        if self.failure:
            self.failure += ":\n" + self.server.tail(60)
