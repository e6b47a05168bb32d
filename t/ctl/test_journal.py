"""A real journald: records in it, what the MTA logged there, and the way from
one journal to another. In name spaces of its own, if we may make some."""

import json
import socket
import subprocess
import sys

import pytest
import tool

from harness import configuration as conf
from harness.daemon import HOST, free_port, wait_for
from harness.session import Session, submit

TOOLS = "/lib/systemd/systemd-journal"

# In a mount name space: its own /run, so that it is nobody's journal.
JOURNALD = """
set -e
mount -t tmpfs none /run
mkdir -p /run/log/journal /run/systemd/journal /run/systemd/journald.conf.d
printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\n' >/run/systemd/journald.conf.d/own.conf
exec %sd
""" % TOOLS

LOG_LINE = """
import socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.connect("/run/systemd/journal/dev-log")
log.send(b"<22>" + sys.argv[1].encode())
"""


def may_have_one():
    """Whether we may mount something where nobody sees it."""
    try_it = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/run"]
    return subprocess.run(try_it, capture_output=True, check=False).returncode == 0


class Numbered(Session):
    """Its messages have a name as Postfix gives them."""

    queue_id = "47F14D4D80"


class Journal:
    """journald, as long as it runs."""

    def __init__(self, folder):
        with open(folder / "journald.log", "wb") as log:
            self.child = subprocess.Popen(
                ["unshare", "--mount", "setpriv", "--pdeathsig", "KILL", "--",
                 "sh", "-c", JOURNALD],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.inside = ["nsenter", "--mount=/proc/%d/ns/mnt" % self.child.pid, "--"]
        wait_for(self.is_ready, "no journal: %s" % folder)

    def is_ready(self):
        """Whether there is a socket."""
        assert self.child.poll() is None
        return self.run("test", "-S", "/run/systemd/journal/dev-log").returncode == 0

    def run(self, *argv, **options):
        """A program that sees this journal."""
        return subprocess.run(
            [*self.inside, *map(str, argv)], capture_output=True, text=True, check=False, **options)

    def read(self, *options):
        """The lines of the manual's journalctl."""
        done = self.run("journalctl", "--quiet", "--no-pager", "-o", "cat", *options)
        return done.stdout.splitlines()


def shipped(journal, record, *options):
    """Waits until the record is there, word by word."""
    wait_for(
        lambda: record in map(json.loads, journal.read(*options, "SUBMIT_ID=" + record["id"])),
        "the record is not in the journal")


def answers(port, child):
    """Whether somebody listens there."""
    assert child.poll() is None
    with socket.socket() as s:
        return s.connect_ex((HOST, port)) == 0


if may_have_one():

    @pytest.fixture(scope="module")
    def journal(tmp_path_factory):
        """A journal of these tests."""
        one = Journal(tmp_path_factory.mktemp("journal"))
        yield one
        one.child.terminate()
        one.child.wait()

    @pytest.fixture
    def daemon(start, strict, journal):
        """It writes its records there, too."""
        daemon = start.make(
            conf.changed(strict, audit={"journal": "/run/systemd/journal/socket"}))
        daemon.launch(by=journal.inside)
        wait_for(daemon.is_ready, "not ready")
        return daemon

    def test_records(journal, daemon):
        """X20: found by their fields; a long one, too."""
        record = submit(daemon).record
        shipped(journal, record, "SUBMIT_IDENTITY=sasl:alice@example.org")
        many = tuple("<recipient-%04d@example.com>" % n for n in range(300))
        shipped(journal, submit(daemon, recipients=many).record,
                "SUBMIT_RECIPIENT=recipient-0299@example.com")

    def test_trace_reads_them(journal, daemon):
        """A8 X20: what journalctl prints, submitctl trace reads."""
        record = submit(daemon).record
        shipped(journal, record)
        lines = "\n".join(journal.read("SYSLOG_IDENTIFIER=submit-milter")) + "\n"
        code, said = tool.run_json(
            "trace", "-c", daemon.config, "--id", record["id"], "-", stdin=lines.encode())
        assert code == 0 and [a["record"] for a in said["answers"]] == [record]

    def test_log_of_the_mta(journal, daemon):
        """X23: what became of the message, by the journal."""
        with Numbered(daemon) as session:
            record = session.submit().record
        line = ("postfix/smtp[7]: %s: to=<someone@example.com>, relay=mx.example.com[192.0.2.9]:25, "
                "delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)" % record["queue_id"])
        assert journal.run(sys.executable, "-c", LOG_LINE, line).returncode == 0

        def look():
            done = journal.run(
                tool.program(), "trace", "-c", daemon.config, "--mta-log", "journal", "--json",
                "--id", record["id"])
            assert done.returncode == 0, done.stderr
            (answer,) = json.loads(done.stdout)["answers"]
            return answer["deliveries"]

        (delivery,) = wait_for(look, "the delivery is not found")
        assert delivery["status"] == "sent" and delivery["queue_id"] == record["queue_id"]

    def test_another_host(journal, daemon, tmp_path):
        """A8 X20: journal-upload and journal-remote bring them to one journal of a fleet."""
        record = submit(daemon).record
        shipped(journal, record)
        port, fleet = free_port(), tmp_path / "fleet"
        fleet.mkdir()
        argv = [TOOLS + "-remote", "--listen-http=%s:%d" % (HOST, port), "--output=%s" % fleet]
        with open(tmp_path / "log", "wb") as log:
            remote = subprocess.Popen(argv, stdout=log, stderr=log)
            try:
                wait_for(lambda: answers(port, remote), "nobody listens")
                sent = journal.run(
                    TOOLS + "-upload", "--url=http://%s:%d" % (HOST, port),
                    "--save-state=%s" % (tmp_path / "state"), "--follow=no", timeout=60)
                assert sent.returncode == 0, sent.stderr
                shipped(journal, record, "-D", str(fleet), "SYSLOG_IDENTIFIER=submit-milter",
                        "SUBMIT_RESULT=passed")
            finally:
                remote.kill()
                remote.wait()
