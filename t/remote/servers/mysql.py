"""MariaDB."""

import os
import pathlib

from . import rows
from .pgsql import inserts
from .process import AS_NOBODY, NOBODY, PATIENCE_MS, Server, find


def quote(text):
    """A string of MariaDB's SQL, in which a backslash is a sign."""
    return "'%s'" % text.replace("\\", "\\\\").replace("'", "''")


SCHEMA = """
CREATE DATABASE mail CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE USER milter@'127.0.0.1' IDENTIFIED BY {0};
CREATE USER milter@localhost IDENTIFIED BY {0};
GRANT SELECT ON mail.* TO milter@'127.0.0.1', milter@localhost;
USE mail;
CREATE TABLE senders (address varchar(255) NOT NULL, identity text, KEY (address));
"""


class Mysql(Server):
    """The smallest MariaDB that there is."""

    options = ["--no-defaults", "--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M",
               "--innodb-flush-log-at-trx-commit=0", "--aria-log-file-size=8388608",
               "--key-buffer-size=1M", "--innodb-flush-method=nosync"]  # fmt: skip

    def prepare(self):
        """What mariadb-install-db does, which wants programs that we do not."""
        self.write("init.sql", SCHEMA.format(quote(rows.PASSWORD)) + inserts(quote))
        (self.folder / "data").mkdir()
        if AS_NOBODY:
            os.chown(self.folder / "data", NOBODY, NOBODY)
        sql = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n"
        for part in ("system_tables", "system_tables_data"):
            found = sorted(pathlib.Path("/usr/share/mysql").glob("m*_%s.sql" % part))
            sql += found[0].read_text()
        self.run(
            find("mariadbd"), *self.options, "--bootstrap", "--datadir=%s/data" % self.folder,
            input=sql.encode(),
        )  # fmt: skip

    first = True

    def command(self):
        argv = [
            find("mariadbd"), *self.options, "--datadir=%s/data" % self.folder,
            "--socket=%s" % self.path, "--port=%d" % self.port, "--bind-address=127.0.0.1",
            "--pid-file=%s/pid" % self.folder, "--skip-name-resolve",
            "--character-set-server=utf8mb4", "--max-connections=60",
        ] + self.tls  # fmt: skip
        if self.first:
            argv.append("--init-file=%s/init.sql" % self.folder)
        self.first = False
        return argv

    tls = []

    def use_tls(self, cert, key):
        """From the next start on."""
        self.tls = ["--ssl-cert=%s" % cert, "--ssl-key=%s" % key] if cert else []

    @property
    def path(self):
        """Of its UNIX socket."""
        return self.folder / "mysql.sock"

    @property
    def socket(self):
        """Its UNIX socket."""
        return "unix:%s" % self.path

    def table(self, **changes):
        return {
            "type": "mysql",
            "server": "inet:127.0.0.1:%d" % self.port,
            "database": "mail",
            "user": "milter",
            "password": rows.PASSWORD,
            "query": "SELECT identity FROM senders WHERE address = %s",
            "timeout": PATIENCE_MS,
            **changes,
        }

    parts = "SELECT identity FROM senders WHERE address = CONCAT(%u, '@', %d)"
    wrong = "SELECT nothing FROM senders WHERE address = %s"
