"""A running lab, seen from a test: ports, accounts, relayed mail, records."""

import contextlib
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

from lab.records import check_record
from lab.waiting import wait_for

from .mta import KINDS

E2E = pathlib.Path(__file__).resolve().parent.parent
RUN = E2E.parent / "lab" / "run"

# COMMAND of a lab that a test starts: tells the environment, waits for the end.
HOLD_OPEN = "import json,os,sys; print(json.dumps(dict(os.environ)),flush=True)"
HOLD_OPEN += "; sys.stdin.read()"


class Relayed:
    """A message as the next hop got it."""

    def __init__(self, content, envelope):
        self.content = content
        self.sender = envelope["mail_from"]
        self.sender_params = envelope["mail_params"]
        self.recipients = [r["address"] for r in envelope["rcpt_to"]]
        self.recipient_params = [r["params"] for r in envelope["rcpt_to"]]
        header, _, self.body = content.partition(b"\r\n\r\n")
        self.fields = split_fields(header + b"\r\n")

    def values(self, name):
        """What follows the colon of each field called name, to the octet."""
        wanted = name.lower()
        return [value for field, value in self.fields if field.lower() == wanted]

    def value(self, name):
        """The text of the only field called name."""
        found = self.values(name)
        assert len(found) == 1, "got %d %s fields, want 1" % (len(found), name)
        return found[0].decode("utf-8", "surrogateescape").strip()


def split_fields(header):
    """(name, octets after the colon without the last CRLF) of each field."""
    found = re.findall(rb"(?s)([^:\r\n]+):(.*?)\r\n(?![ \t])", header)
    return [(name.decode("latin-1"), value) for name, value in found]


class Lab:
    """Made from the environment that t/lab/run gives to its command."""

    numbers = itertools.count(1)

    def __init__(self, environment):
        self.environment = environment
        self.mta = KINDS[environment["LAB_MTA"]]
        self.host = environment["LAB_HOST"]
        self.ports = {
            name: int(environment["LAB_%s_PORT" % name.upper()])
            for name in ("submission", "submissions", "mx")
        }
        self.ca = environment["LAB_CA"]
        self.client_certificate = (
            environment["LAB_CLIENT_CERT"],
            environment["LAB_CLIENT_KEY"],
        )
        self.dns = environment["LAB_DNS"]
        self.folder = pathlib.Path(environment["LAB_DIR"])
        self.config = pathlib.Path(environment["LAB_CONFIG"])
        self.program = environment["LAB_MILTER"]
        self.milter_pid = int(environment["LAB_MILTER_PID"])
        self.milter_log = pathlib.Path(environment["LAB_MILTER_LOG"])
        users = pathlib.Path(environment["LAB_USERS"])
        self.passwords = json.loads(users.read_text())
        self.relayed_folder = pathlib.Path(environment["LAB_RELAYED"])
        self.audit_file = pathlib.Path(environment["LAB_AUDIT"])
        self.hides_clients = environment.get("LAB_RECEIVED") == "private"
        self.messages = {}  # name of the .json -> Relayed
        self.records = []
        self.audit_offset = 0
        self.refused = set()  # tokens of which nothing may be relayed

    @classmethod
    def token(cls):
        """A name for HELO that no other session has.

        By it a test finds the audit records of a session, and the relayed
        message (the Received field has it), whatever client it used.
        """
        return "t%d-%d.client.example" % (os.getpid(), next(cls.numbers))

    def relayed(self, token):
        """The one message relayed from the session with that HELO."""
        found = wait_for(lambda: self.find_relayed(token), "no message of %s" % token)
        assert len(found) == 1, "got %d messages of %s, want 1" % (len(found), token)
        return found[0]

    def all_relayed(self, token, count):
        """All count messages relayed from the session with that HELO."""

        def find():
            found = self.find_relayed(token)
            return found if len(found) >= count else []

        found = wait_for(find, "fewer than %d messages of %s" % (count, token))
        assert len(found) == count
        return found

    def find_relayed(self, token):
        """All messages relayed so far from the session with that HELO.

        Received has it, and where that field hides the client, the queue id
        of a record.
        """
        for path in self.relayed_folder.glob("*.json"):
            if path.name not in self.messages:
                content = path.with_suffix(".eml").read_bytes()
                envelope = json.loads(path.read_text())
                self.messages[path.name] = Relayed(content, envelope)
        sought = [b"from %s " % token.encode()]
        if self.hides_clients:
            records = self.find_records(token, 0)
            sought = [b" id %s" % r["queue_id"].encode() for r in records]
        return [m for m in self.messages.values() if any(s in m.content for s in sought)]

    def audit(self, token, count=1):
        """The audit records of the session with that HELO, count of them."""
        found = wait_for(
            lambda: self.find_records(token, count),
            "fewer than %d audit records of %s" % (count, token),
        )
        assert len(found) == count, "got %d audit records, want %d: %r" % (
            len(found),
            count,
            found,
        )
        return found

    def find_records(self, token, count):
        """The records of the session, once there are count of them."""
        if self.audit_file.exists():
            with open(self.audit_file, "rb") as f:
                f.seek(self.audit_offset)
                for line in f:
                    if not line.endswith(b"\n"):
                        break  # still being written
                    self.audit_offset += len(line)
                    self.records.append(check_record(json.loads(line)))
        found = [r for r in self.records if r["client"]["helo"] == token]
        return found if len(found) >= count else []

    def log_lines(self, since=0):
        """What submit-milter logged, from the octet since on."""
        with open(self.milter_log, "rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    def reload(self, text, want):
        """Gives submit-milter another configuration and waits for its word.

        want is part of the line in the log that ends the attempt.
        """
        self.config.write_text(text)
        since = self.milter_log.stat().st_size
        os.kill(self.milter_pid, signal.SIGHUP)
        wait_for(
            lambda: want in self.log_lines(since),
            "no %r in the log after SIGHUP" % want,
        )
        return self.log_lines(since)


@contextlib.contextmanager
def another_lab(mta, config, folder):
    """A lab of its own for a test, with the configuration (text) it gives."""
    path = folder / ("lab-%d.conf" % next(Lab.numbers))
    path.write_text(config)
    argv = [RUN, "--mta", mta.name, "--config", path, "--", sys.executable, "-c", HOLD_OPEN]
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        told = child.stdout.readline()
        assert told, "the lab did not start (status %d)" % child.wait()
        yield Lab(json.loads(told))
    finally:
        child.stdin.close()
        status = child.wait()
        child.stdout.close()
    assert status == 0, "the lab ended with status %d" % status
