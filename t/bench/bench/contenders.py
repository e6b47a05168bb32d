"""The milters that are measured: submit-milter, all of it, and OpenDKIM; and
submit-milter without waiting for the disk, to see what that costs.

OpenDKIM only signs, with its quickest sensible settings. submit-milter does
everything: rules, rights with a table, completion, the record on disk, its
log as it is by default. Both sign relaxed/simple with the same key and
oversign From.
"""

import os
import time

from lab import process

DOMAIN = "example.org"
LOGIN = "alice@example.org"
FROM = "team@example.org"  # she may use it because a table says so
RECIPIENT = "somebody@example.com"
TABLE_ROWS = 2000

ALGORITHMS = {
    "rsa": ("rsa-sha256", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
    "ed": ("ed25519-sha256", ["ED25519"]),
}

OPENDKIM_CONF = """\
Mode s
Domain %(domain)s
Selector bench
KeyFile %(key)s
SignatureAlgorithm %(algorithm)s
Canonicalization relaxed/simple
OversignHeaders From
Socket local:%(socket)s
UMask 000
Syslog no
LogWhy no
SoftwareHeader no
AlwaysAddARHeader no
RequireSafeKeys no
"""

SUBMIT_MILTER_CONF = """\
socket = "unix:%(socket)s";
socket_mode = "0666";
control: { socket = ""; };
state_directory = "";
host_name = "mx.example.org";
audit: { file = "%(folder)s/audit.jsonl"; sync = %(sync)s; };
tables: { logins: { type = "texthash"; file = "%(table)s"; }; };
identity: { realm = "%(domain)s"; };
rights: {
	self = true;
	tables = ( { table = "logins"; key = "address"; right = "acts-for"; } );
};
dkim: {
	canonicalization = "relaxed/simple";
	domains = ( {
		domain = "%(domain)s";
		keys = ( { selector = "bench"; file = "%(key)s"; } );
	} );
};
"""


class Contender:
    """One milter, running, with one key."""

    template = None
    sync = "true"  # of submit-milter's records

    def __init__(self, folder, run_folder, algorithm, key, table):
        self.algorithm = algorithm
        self.folder = folder / ("%s-%s" % (self.name.replace(" ", "-"), algorithm))
        self.folder.mkdir()
        self.socket = run_folder / (self.folder.name + ".sock")
        self.config = self.folder / "conf"
        self.config.write_text(
            self.template
            % {
                "socket": self.socket,
                "folder": self.folder,
                "domain": DOMAIN,
                "key": key,
                "algorithm": ALGORITHMS[algorithm][0],
                "table": table,
                "sync": self.sync,
            }
        )
        self.server = process.Server(self.name, self.folder / "log")

    def argv(self):
        """The command that runs it in the foreground."""
        raise NotImplementedError

    def start(self):
        """Starts it and waits until it listens."""
        self.server.start(self.argv())
        self.server.wait_until(lambda: process.unix_listens(self.socket), 60)

    @property
    def pid(self):
        """Its process."""
        return self.server.pid

    def cpu(self):
        """Seconds of processor time it has used, with threads that are gone."""
        return time.clock_gettime((~self.pid << 3) | 2)  # see clock_getcpuclockid(3)

    def resident(self):
        """Kilobytes of it in memory."""
        with open("/proc/%d/status" % self.pid) as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        return 0

    def stop(self):
        """Stops it; one that waits for its threads is not waited for."""
        self.server.stop(2)


class OpenDkim(Contender):
    """Debian's opendkim."""

    name = "opendkim"
    template = OPENDKIM_CONF

    def argv(self):
        return ["/usr/sbin/opendkim", "-f", "-x", self.config]


class SubmitMilter(Contender):
    """The program under test."""

    name = "submit-milter"
    template = SUBMIT_MILTER_CONF
    program = None

    def argv(self):
        return [self.program, "-c", self.config]


class Unsynced(SubmitMilter):
    """The same, its records left to the kernel."""

    name = "no sync"
    sync = "false"


def make_key(folder, algorithm):
    """Makes a key; returns its file."""
    path = folder / (algorithm + ".key")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    how = ALGORITHMS[algorithm][1]
    argv = ["openssl", "genpkey", "-algorithm", *how, "-out", path]
    process.run(argv, "making a key")
    return path


def make_table(folder):
    """Makes a table of rights in which FROM is one row of many; its file."""
    path = folder / "logins"
    form = "user%%d@%s user%%d@%s" % (DOMAIN, DOMAIN)
    rows = [form % (n, n + 1) for n in range(TABLE_ROWS)]
    rows.insert(TABLE_ROWS // 2, "%s bob@%s %s" % (FROM, DOMAIN, LOGIN))
    path.write_text("\n".join(rows) + "\n")
    return path


def make_all(folder, run_folder, program):
    """The contenders, by algorithm: submit-milter, opendkim, and no sync."""
    SubmitMilter.program = program
    table = make_table(folder)
    contenders = {}
    for algorithm in ALGORITHMS:
        key = make_key(folder, algorithm)
        contenders[algorithm] = [
            kind(folder, run_folder, algorithm, key, table)
            for kind in (SubmitMilter, OpenDkim, Unsynced)
        ]
    return contenders
