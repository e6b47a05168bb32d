"""A submit-milter of a test's own."""

import contextlib
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

from lab.records import check_record
from lab.waiting import PATIENCE, wait_for

from . import configuration as conf

TOP = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = pathlib.Path("submit-milter", "submit-milter")  # in a build tree

numbers = itertools.count(1)


def find_program():
    """The program named by $SUBMIT_MILTER, or else the one that was built."""
    named = os.environ.get("SUBMIT_MILTER")
    if named:
        return pathlib.Path(named).resolve(strict=True)
    for tree in (pathlib.Path.cwd(), TOP / "_build", TOP):
        if (tree / PROGRAM).is_file():
            return tree / PROGRAM
    raise FileNotFoundError("submit-milter is not built, and SUBMIT_MILTER not set")


# A loopback address of this process's own, where nobody else takes a port.
HOST = "127.%d.%d.1" % (64 + os.getpid() // 256 % 64, os.getpid() % 256)


def free_port():
    """A TCP port of HOST that nobody listens on."""
    with contextlib.closing(socket.socket()) as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


def run(*options, env=None):
    """Runs the program to its end, which must come by itself."""
    return subprocess.run(
        [find_program(), *map(str, options)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        text=True,
        check=False,
        env=env,
    )


class Daemon:
    """The process, its configuration, its log and its audit records.

    When it ends it must have written one record for each transaction that
    sessions counted here, and nothing into its log that no test expected.
    """

    def __init__(self, folder, configuration, transport="unix", options=()):
        number = next(numbers)
        self.config = folder / ("submit-milter-%d.conf" % number)
        self.log_file = folder / ("log-%d" % number)
        self.audit_file = folder / ("audit-%d.jsonl" % number)
        self.wal_file = folder / (".%s.wal" % self.audit_file.name)
        if transport == "unix":
            self.address = "unix:%s" % (folder / ("milter-%d.sock" % number))
        else:
            self.address = "inet:%d@%s" % (free_port(), HOST)
        self.control_socket = folder / ("ctl-%d.sock" % number)
        self.state = folder / ("state-%d" % number)
        self.state.mkdir(mode=0o700)
        self.options = list(options)
        self.configuration = {
            "socket": self.address,
            "control": {"socket": str(self.control_socket)},
            "state_directory": str(self.state),
            "audit": {"file": str(self.audit_file)},
        }
        self.configuration = conf.changed(configuration, **self.configuration)
        self.child = None
        self.transactions = 0  # counted by the sessions
        self.expected = []  # patterns of lines in the log that are no surprise
        self.kept = []  # records read so far
        self.offset = 0

    # --- start and end

    def start(self):
        """Starts it and waits until it says that it is ready."""
        self.launch()
        wait_for(self.is_ready, "not ready: %s" % self.log_file)
        return self

    def launch(self, by=(), **options):
        """Starts it, by a command in front; options are those of Popen."""
        if self.configuration.get("user") and self.state.exists():
            shutil.chown(self.state, self.configuration["user"])
        self.launch_with(self.configuration, by, **options)

    def launch_with(self, configuration, by=(), **options):
        """The same with another configuration, or its text."""
        self.write(configuration)
        argv = [*by, find_program(), "-c", self.config, *self.options]
        with open(self.log_file, "ab") as log:
            # It ends with us, whatever ends us.
            self.child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *map(str, argv)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **options
            )

    def wait_until_listening(self):
        """For a log that does not tell."""
        path = self.address.partition(":")[2]

        def look():
            with open("/proc/net/unix") as f:
                # Bit 16 of the fourth field is __SO_ACCEPTCON: it listens.
                fields = [line.split() for line in f.readlines()[1:]]
            return any(f[7:] == [path] and int(f[3], 16) & 0x10000 for f in fields)

        wait_for(look, "nobody listens on %s" % path)

    def is_ready(self):
        """Whether it said so; it must not have ended."""
        if "ready, listening on" in self.log():
            return True
        assert self.child.poll() is None, "did not start:\n" + self.log()
        return False

    def write(self, configuration):
        """Makes a configuration, or its text, the content of the file."""
        if not isinstance(configuration, str):
            configuration = conf.text(configuration)
        new = self.config.with_suffix(".new")
        new.write_text(configuration)
        new.replace(self.config)  # a reload sees the old file or the new one

    def signal(self, number):
        """Sends it a signal."""
        self.child.send_signal(number)

    def wait(self):
        """Its status, once it has ended."""
        try:
            return self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError("does not end:\n" + self.log()) from None

    def stop(self):
        """Ends it in good order and looks at what it leaves behind."""
        if self.child.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.wait()
        assert status == 0, "ended with status %s:\n%s" % (status, self.log())
        self.check_log()
        self.check_records()

    def kill(self):
        """For a test that failed."""
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    # --- reload

    def reload(self, configuration=None, want="configuration reloaded"):
        """Gives it another configuration; want is in the line that tells of it.

        Returns that line.
        """
        if configuration is not None:
            self.write(configuration)
        since = len(self.log())
        self.signal(signal.SIGHUP)
        return self.wait_for_log(want, since)

    def peak(self):
        """Octets of memory that it had at the most."""
        status = pathlib.Path("/proc/%d/status" % self.child.pid).read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) * 1024

    def check_growth(self, before, most):
        """It has not grown by more than that since its peak was BEFORE."""
        grown = self.peak() - before
        print("peak before", before, "and since then more by", grown)
        # A sanitizer keeps freed memory for a while; the plain build has none.
        if b"__asan_init" not in find_program().read_bytes():
            assert grown < most, grown

    def changed(self, **changes):
        """Its configuration with changes."""
        return conf.changed(self.configuration, **changes)

    # --- what it says

    def log(self):
        """What it logged."""
        return self.log_file.read_bytes().decode(errors="replace")

    def wait_for_log(self, want, since=0):
        """The line, from the character since on, that has want in it."""

        def look():
            return [line for line in self.log()[since:].splitlines() if want in line]

        return wait_for(look, "no %r in the log" % want)[0]

    def expect(self, pattern):
        """A line of this pattern will be no surprise."""
        self.expected.append(pattern)

    def wait_for_metric(self, name, want, **labels):
        """Until a metric has that value."""
        from .metrics import Metrics

        wait_for(
            lambda: Metrics.of(self).get(name, **labels) == want,
            "%s does not become %s" % (name, want),
        )

    def check_log(self):
        """Errors, and words that are not its own, must have been expected."""
        surprises = [
            line
            for line in self.log().splitlines()
            if not re.match(r"submit-milter: (info|warning|debug): ", line)
            and not any(re.search(pattern, line) for pattern in self.expected)
        ]
        assert not surprises, "in the log: %s" % "\n".join(surprises)
        for pattern in self.expected:
            assert re.search(pattern, self.log()), "not in the log: %s" % pattern

    def ask(self, request):
        """What it answers to a request by its control socket."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(str(self.control_socket))
            s.sendall(request.encode() + b"\n")
            with s.makefile("rb") as f:
                return json.loads(f.readline())

    # --- what it recorded

    def records(self):
        """All audit records so far."""
        if self.audit_file.exists():
            with open(self.audit_file, "rb") as f:
                f.seek(self.offset)
                for line in f:
                    if not line.endswith(b"\n"):
                        break
                    self.offset += len(line)
                    self.kept.append(check_record(json.loads(line)))
        return self.kept

    def records_of(self, helo, count):
        """The records of the client with that HELO: count of them, no more."""

        def look():
            found = [r for r in self.records() if r["client"]["helo"] == helo]
            return (found,) if len(found) >= count else None

        (found,) = wait_for(look, "fewer than %d records of %s" % (count, helo))
        assert len(found) == count, "got %d records of %s" % (len(found), helo)
        return found

    def check_records(self):
        """One for each transaction, and each id once (A6)."""
        records = self.records()
        assert len(records) == self.transactions, "got %d records, want %d" % (
            len(records),
            self.transactions,
        )
        assert len({r["id"] for r in records}) == len(records)
