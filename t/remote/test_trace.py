"""Records of a fleet in PostgreSQL, found by submitctl trace."""

import json
import os
import pathlib
import subprocess

import pytest

from servers import rows

TOP = pathlib.Path(__file__).parents[2]
SCHEMA = TOP / "contrib/pgsql/submission.sql"
DAEMON = pathlib.Path(os.environ.get("SUBMIT_MILTER", TOP / "_build/submit-milter/submit-milter"))

pytestmark = [pytest.mark.proves("A8"), pytest.mark.with_server("pgsql")]


def record(number, who, client, to, time):
    """A record as far as trace looks at it."""
    return {
        "v": 1,
        "id": "ID%d" % number,
        "time": time,
        "duration_us": 1000,
        "session": "S%d" % number,
        "client": {"address": client},
        "queue_id": "4QUEUE%d" % number,
        "identity": "sasl:" + who,
        "envelope": {"sender": who, "recipients": [{"address": to}, {"address": "x@y.example"}]},
        "from": ["Sales@example.org"],
        "message_id": "<%d@example.org>" % number,
        "result": "passed",
    }


RECORDS = [
    record(1, "alice@example.org", "192.0.2.1", "Bob@Example.com", "2026-11-20T10:00:00.000001Z"),
    record(2, "bob@example.org", "192.0.2.77", "carol@example.com", "2026-11-21T10:00:00.5Z"),
    record(3, "it's@example.org", "2001:db8::5", "bob@example.com", "2026-11-22T00:00:00.000000Z"),
]

LOOKUPS = {
    "message-id": (["--message-id", "<2@example.org>"], [2]),
    "queue id": (["--queue-id", "4QUEUE3"], [3]),
    "id": (["--id", "ID1"], [1]),
    "session": (["--session", "S1"], [1]),
    "identity": (["--identity", "ALICE@example.org"], [1]),
    "quote": (["--identity", "it's@example.org"], [3]),
    "network": (["--client", "192.0.2.0/25"], [2, 1]),
    "address": (["--client", "192.0.2.77"], [2]),
    "IPv6": (["--client", "2001:db8::/32"], [3]),
    "sender": (["--sender", "bob@example.org"], [2]),
    "From": (["--sender", "sales@example.org"], [3, 2, 1]),
    "recipient": (["--recipient", "bob@example.com"], [3, 1]),
    "since": (["--since", "2026-11-21T10:00:00.5Z"], [3, 2]),
    "until": (["--until", "2026-11-21"], [2, 1]),
    "two": (["--recipient", "bob@example.com", "--client", "192.0.2.0/24"], [1]),
    "none": (["--sender", "nobody@example.org"], []),
}


@pytest.fixture(scope="module")
def conninfo(servers):
    """The table, filled by COPY, as a shipper would."""
    server = servers["pgsql"]
    admin = "host=%s port=%d user=admin dbname=postgres" % (server.folder, server.port)
    first = json.dumps({**RECORDS[0], "duration_us": 900, "result": "aborted"})  # the later record holds
    lines = "\n".join([first] + [json.dumps(r) for r in RECORDS]) + "\n"
    psql(admin, SCHEMA.read_text() + "GRANT SELECT ON submission TO milter;")
    copy = r"\copy submission (record) FROM STDIN WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')"
    psql(admin, lines, "-c", copy)
    password = rows.PASSWORD.replace("\\", r"\\").replace("'", r"\'")
    return "host=127.0.0.1 port=%d user=milter password='%s' dbname=postgres" % (
        server.port,
        password,
    )


def psql(conninfo, text, *options):
    """Runs statements, all of which must work."""
    command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *options, conninfo]
    done = subprocess.run(command, input=text, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr


def trace(folder, *arguments):
    """Status, answers and complaints."""
    config = folder / "submit-milter.conf"
    config.write_text("")
    done = subprocess.run(
        [DAEMON.parent / "submitctl", "trace", "-c", config, "--json", *arguments],
        capture_output=True,
        text=True,
    )
    answers = json.loads(done.stdout)["answers"] if done.stdout else []
    return done.returncode, [a["record"] for a in answers], done.stderr


@pytest.mark.parametrize("options, want", LOOKUPS.values(), ids=LOOKUPS.keys())
def test_lookups(server, conninfo, tmp_path, options, want):
    """As in the store of one host."""
    status, found, err = trace(tmp_path, "--pgsql", conninfo, *options)
    assert err == ""
    assert (status, [r["id"] for r in found]) == (0 if want else 1, ["ID%d" % n for n in want])
    assert {r["result"] for r in found} <= {"passed"}


def test_no_server(server, tmp_path):
    """That it cannot be asked is not that it knows nothing."""
    status, found, err = trace(tmp_path, "--pgsql", "host=127.0.0.1 port=1", "--id", "x")
    assert (status, found) == (69, []) and "PostgreSQL" in err
