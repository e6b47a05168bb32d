"""PostgreSQL."""

import signal

from . import rows
from .process import PATIENCE_MS, Server, find


def quote(text):
    """A string of SQL."""
    return "'%s'" % text.replace("'", "''")


def inserts(escape=quote):
    """The rows as statements of SQL."""
    lines = [
        "INSERT INTO senders VALUES (%s, %s);" % (escape(key), escape(value))
        for key, values in rows.ROWS.items()
        for value in values
    ]
    long = "INSERT INTO senders VALUES (%s, %s);" % (escape(rows.LONG), escape(rows.LONG_VALUE))
    return "\n".join(lines + [long] * rows.LONG_COUNT) + "\n"


SCHEMA = """
CREATE TABLE senders (address text NOT NULL, identity text);
CREATE INDEX senders_address ON senders (address);
CREATE TABLE numbers (id integer, identity text);
INSERT INTO numbers VALUES (1, 'one');
CREATE ROLE milter LOGIN PASSWORD %s;
GRANT SELECT ON senders, numbers TO milter;
"""


class Pgsql(Server):
    """The whole cluster is for one test run."""

    def prepare(self):
        self.run(
            find("initdb"), "-D", self.folder / "data", "-U", "admin", "-A", "scram-sha-256",
            "--no-sync", "--no-instructions", "-E", "UTF8", "--locale", "C",
            "--pwfile", self.write("pw", "admin\n"),
        )
        self.write(
            "data/pg_hba.conf",
            "local all admin trust\n"
            "local all all scram-sha-256\n"
            "host all all 127.0.0.1/32 scram-sha-256\n",
        )
        sql = SCHEMA % quote(rows.PASSWORD) + "BEGIN;\n" + inserts() + "COMMIT;\n"
        # A single process reads one statement a line.
        self.run(
            find("postgres"), "--single", "-D", self.folder / "data", "-j", "postgres",
            input=sql.replace(";\n", ";\n\n").encode(),
        )  # fmt: skip

    def command(self):
        return [
            find("postgres"), "-D", self.folder / "data", "-p", self.port, "-k", self.folder,
            "-h", "127.0.0.1", "-c", "fsync=off", "-c", "max_connections=60",
        ] + self.tls  # fmt: skip

    tls = []

    def use_tls(self, cert, key):
        """From the next start on."""
        self.tls = [
            "-c", "ssl=on", "-c", "ssl_cert_file=%s" % cert, "-c", "ssl_key_file=%s" % key,
        ] if cert else []  # fmt: skip

    def is_ready(self):
        return "database system is ready to accept connections" in self.log()

    gentle = signal.SIGINT

    @property
    def socket(self):
        """Its UNIX socket."""
        return "unix:%s/.s.PGSQL.%d" % (self.folder, self.port)

    def table(self, **changes):
        return {
            "type": "pgsql",
            "server": "inet:127.0.0.1:%d" % self.port,
            "database": "postgres",
            "user": "milter",
            "password": rows.PASSWORD,
            "query": "SELECT identity FROM senders WHERE address = '%s'",
            "timeout": PATIENCE_MS,
            **changes,
        }

    parts = "SELECT identity FROM senders WHERE address = %u || '@' || %d"
    wrong = "SELECT nothing FROM senders WHERE address = %s"
