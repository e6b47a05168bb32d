"""Records on their way from a server to the PostgreSQL of a fleet, as
submit-milter-audit(5) has it, found there by submitctl trace."""

import json
import re
import subprocess

import pytest

from servers.process import die_with_parent, find
from support import config
from support.lab import wait_for
from support.submission import submit, whole
from test_trace import SCHEMA, TOP, psql, trace

pytestmark = [pytest.mark.proves("A8", "X20"), pytest.mark.with_server("pgsql")]

MANUAL = TOP / "submit-milter/submit-milter-audit.5"
ODD = "o'hara\\\\@example.org"
DATABASE = "fleet"


def example(of):
    """The configuration that the manual shows for a shipper."""
    text = MANUAL.read_text()
    text = text[text.index("\nWith %s\n" % of):]
    shown = re.search(r"\n\.Bd -literal[^\n]*\n(.*?)\n\.Ed\n", text, re.S).group(1)
    return shown.replace("\\e", "\\")


class Rsyslog:
    """rsyslogd with the configuration of the manual, but for the places."""

    def __init__(self, folder, port, audit_file):
        self.folder = folder
        text = example("rsyslog")
        for old, new in (
            ('server="db.example.org"', 'server="127.0.0.1" serverport="%d"' % port),
            ('db="mail"', 'db="%s"' % DATABASE),
            ("/var/log/submit-milter/audit.jsonl", str(audit_file)),
            ("action.resumeRetryCount", 'action.resumeInterval="1" action.resumeRetryCount'),
        ):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (folder / "work").mkdir()
        (folder / "rsyslog.conf").write_text(
            'global(workDirectory="%s")\n%s\n' % (folder / "work", text)
        )
        self.child = None

    def start(self):
        """Starts it."""
        argv = [find("rsyslogd"), "-n", "-f", self.folder / "rsyslog.conf"]
        checked = subprocess.run([*argv, "-N1"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        with open(self.folder / "log", "ab") as log:
            self.child = subprocess.Popen(
                [*argv, "-i", self.folder / "pid"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent,
            )

    def stop(self):
        """Ends it in good order."""
        self.child.terminate()
        self.child.wait(60)


@pytest.fixture(scope="module")
def fleet(servers):
    """A database with the table, where "audit" may add and "milter" may look."""
    server = servers["pgsql"]
    admin = "host=%s port=%d user=admin dbname=" % (server.folder, server.port)
    psql(admin + "postgres", "CREATE DATABASE %s; CREATE ROLE audit LOGIN PASSWORD 'secret';" % DATABASE)
    psql(
        admin + DATABASE,
        SCHEMA.read_text() + "GRANT INSERT ON submission TO audit;",
    )
    return admin + DATABASE


@pytest.fixture
def rsyslog(servers, fleet, lab, tmp_path):
    """It follows the records of the lab."""
    lab.reload(config.text(audit="{ subject = true; }", dkim=None), "configuration reloaded")
    shipper = Rsyslog(tmp_path, servers["pgsql"].port, lab.audit_file)
    shipper.start()
    yield shipper
    shipper.stop()


def arrived(fleet, folder, record):
    """The record is there, each octet of it."""
    def look():
        status, found, err = trace(folder, "--pgsql", fleet, "--id", record["id"])
        return status == 0 and found == [record]

    wait_for(look, "the record %s does not come" % record["id"])


def test_rsyslog(server, rsyslog, fleet, lab, tmp_path):
    """Quotes, backslashes, other scripts, and a record longer than a line of syslog."""
    odd = whole("From: " + ODD.replace("\\\\", ""), "Comments: x").replace(
        b"Subject: a whole message", "Subject: 'it''s' \\ \"\\n %s \u00fcmlaut $$".encode())
    for message, options in (
        (odd, {"sender": "<alice@example.org>"}),
        (whole("From: alice@example.org"),
         {"recipients": ["<recipient-%04d@example.com>" % n for n in range(300)]}),
    ):
        arrived(fleet, tmp_path, submit(lab, message, **options).record)


def test_rsyslog_half_line(server, fleet, lab, tmp_path):
    """What a crash left of a record is no record, and takes no other with it."""
    record = submit(lab, whole("From: alice@example.org")).record
    records = [{**record, "id": "%s-%d" % (record["id"], n)} for n in range(4)]
    lines = [json.dumps(r) for r in records]
    file = tmp_path / "audit.jsonl"
    file.write_text("\n".join([*lines[:2], lines[2][:100], *lines[2:]]) + "\n")
    shipper = Rsyslog(tmp_path, server.port, file)
    shipper.start()
    for one in records:
        arrived(fleet, tmp_path, one)
    shipper.stop()


def test_rsyslog_outages(server, rsyslog, fleet, lab, tmp_path):
    """While the server or the shipper is away, mail goes on and records wait."""
    server.kill()
    first = submit(lab, whole("From: alice@example.org"))
    assert first.record["result"] == "passed"
    server.start()
    arrived(fleet, tmp_path, first.record)
    rsyslog.stop()
    second = submit(lab, whole("From: alice@example.org")).record
    rsyslog.start()
    arrived(fleet, tmp_path, second)
