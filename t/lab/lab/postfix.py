"""A private Postfix that runs the lines shipped in conf/postfix/.

The shipped files are used as they stand: of main.cf lines, the lab replaces
those that name places; of master.cf lines, only the first word, the port.
"""

import os
import pathlib
import pwd
import shutil
import time

from . import process
from .certs import SERVER_NAME
from .errors import LabError
from .mta import Mta
from .place import HOST, TOP
from .sasl import REALM

SHIPPED = TOP / "conf" / "postfix"
DAEMONS = pathlib.Path("/usr/lib/postfix/sbin")
OWNER = "postfix"

# What the lab needs of a Postfix and a host's administrator decides himself.
LAB_MAIN_CF = """\
compatibility_level = 3.6
queue_directory = %(folder)s/spool
data_directory = %(folder)s/data
command_directory = /usr/sbin
daemon_directory = %(daemons)s
mail_owner = %(owner)s
setgid_group = postdrop
# Without a syslog daemon, postlogd writes the log.
maillog_file = %(log)s
maillog_file_prefixes = %(log_folder)s
submit_milter = unix:%(socket)s
myhostname = %(name)s
mydomain = example.org
# No mailbox is here: what is accepted goes to the next hop.
mydestination =
relay_domains = example.org
local_recipient_maps =
local_transport = error:no mailboxes here
alias_maps =
alias_database =
relayhost = [127.0.0.1]:%(next_hop)d
smtp_host_lookup = native
smtp_dns_support_level = disabled
smtp_tls_security_level = none
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
smtpd_tls_chain_files = %(folder)s/server.pem
smtpd_tls_CAfile = %(ca)s
smtpd_tls_loglevel = 1
submission_networks = cidr:%(dir)s/networks
submission_clients = hash:%(dir)s/clients
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = %(realm)s
message_size_limit = 104857600
mailbox_size_limit = 0
# Tests make many errors and many connections, and have no patience.
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_junk_command_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_timeout = 60s
in_flow_delay = 0
minimal_backoff_time = 1s
queue_run_delay = 5s
notify_classes =
"""

SASL_CONF = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: %s
mech_list: PLAIN LOGIN
"""

# The services of any Postfix, but for those that take mail from the network.
LAB_MASTER_CF = """\
pickup    unix  n  -  n  60  1  pickup
cleanup   unix  n  -  n  -   0  cleanup
qmgr      unix  n  -  n  300 1  qmgr
tlsmgr    unix  -  -  n  1000? 1 tlsmgr
rewrite   unix  -  -  n  -   -  trivial-rewrite
bounce    unix  -  -  n  -   0  bounce
defer     unix  -  -  n  -   0  bounce
trace     unix  -  -  n  -   0  bounce
verify    unix  -  -  n  -   1  verify
flush     unix  n  -  n  1000? 0 flush
proxymap  unix  -  -  n  -   -  proxymap
smtp      unix  -  -  n  -   -  smtp
relay     unix  -  -  n  -   -  smtp
showq     unix  n  -  n  -   -  showq
error     unix  -  -  n  -   -  error
retry     unix  -  -  n  -   -  error
discard   unix  -  -  n  -   -  discard
anvil     unix  -  -  n  -   1  anvil
scache    unix  -  -  n  -   1  scache
postlog   unix-dgram n - n - 1  postlogd
"""

# What `postfix check` would make, without the second it takes.
OWNER_FOLDERS = "active bounce corrupt defer deferred flush hold incoming private "
OWNER_FOLDERS += "saved trace"

# For an ordinary user: a world in which he is root and Postfix's user too, and
# nobody, whom Postfix wants to be somebody else, is no real user.
WRAPPER_LIBRARIES = "libnss_wrapper.so libuid_wrapper.so"
WRAPPER_VARIABLES = "LD_PRELOAD UID_WRAPPER UID_WRAPPER_ROOT "
WRAPPER_VARIABLES += "NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP"
PASSWD = """\
root:x:0:0::/:/bin/sh
postfix:x:%d:64001::/:/bin/false
nobody:x:64003:64003::/:/bin/false
"""
GROUP = "root:x:0:\npostfix:x:64001:\npostdrop:x:64002:\nnogroup:x:64003:\n"


class Postfix(Mta):
    """One instance, in the run folder; as root, or as any other user."""

    name = "postfix"
    files = ("main.cf", "master.cf")

    def __init__(self, *args):
        super().__init__(*args)
        self.folder = self.place.run / "postfix"
        self.etc = self.folder / "etc"
        self.is_root = os.getuid() == 0
        self.server = process.Server("Postfix", self.place.log("postfix-start"))

    def prepare(self):
        """Writes its folders and configuration."""
        self.make_folders()
        self.write_main_cf()
        self.write_master_cf()
        self.write_tables()
        # Debian's Postfix looks nowhere else, whatever cyrus_sasl_config_path
        # says, and offers every mechanism when it finds nothing.
        (self.etc / "sasl").mkdir()
        (self.etc / "sasl" / "smtpd.conf").write_text(SASL_CONF % self.accounts.sasldb)
        both = self.certificates.server_key.read_text()
        both += self.certificates.server.read_text()
        (self.folder / "server.pem").touch(0o600)
        (self.folder / "server.pem").write_text(both)
        if self.is_root:
            self.hand_over(self.accounts.sasldb)
        else:
            (self.folder / "passwd").write_text(PASSWD % os.getuid())
            (self.folder / "group").write_text(GROUP)

    def make_folders(self):
        """Makes the folders of an instance with the owners it wants."""
        spool = self.folder / "spool"
        for path in (self.folder, self.etc, spool, self.folder / "data"):
            path.mkdir()
        (spool / "pid").mkdir()
        owned = [self.folder / "data"]
        for name in OWNER_FOLDERS.split():
            (spool / name).mkdir(mode=0o700)
            owned.append(spool / name)
        for name, mode in (("maildrop", 0o730), ("public", 0o710)):
            (spool / name).mkdir()
            (spool / name).chmod(mode)
            owned.append(spool / name)
        if self.is_root:
            for path in owned:
                self.hand_over(path)
            for name in ("maildrop", "public"):
                shutil.chown(spool / name, group="postdrop")

    @staticmethod
    def hand_over(path):
        """Gives a file or folder to the user that Postfix runs as."""
        os.chown(path, pwd.getpwnam(OWNER).pw_uid, -1)

    def write_main_cf(self):
        """Writes main.cf: the shipped lines, then the lab's, which win."""
        settings = {}
        for name in ("main.cf.submit-milter", "main.cf.identities"):
            settings.update(parameters((SHIPPED / name).read_text()))
        lab = LAB_MAIN_CF % {
            "folder": self.folder,
            "dir": self.place.dir,
            "daemons": DAEMONS,
            "owner": OWNER,
            "log": self.log,
            "log_folder": self.log.parent,
            "socket": self.milter_socket,
            "name": SERVER_NAME,
            "next_hop": self.next_hop_port,
            "ca": self.certificates.ca,
            "realm": REALM,
        }
        settings.update(parameters(lab))
        if not self.is_root:
            settings["import_environment"] = (
                "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE"
                " POSTLOG_HOSTNAME " + WRAPPER_VARIABLES
            )
        lines = ["%s = %s" % setting for setting in settings.items()]
        self.write_config("main.cf", "\n".join(lines) + "\n")

    def write_master_cf(self):
        """Writes master.cf: the shipped services, on the lab's ports."""
        ports = {
            "submission": self.submission_port,
            "submissions": self.submissions_port,
            "smtp": self.mx_port,
        }
        names = ["master.cf.submit-milter", "master.cf.mixed-port"]
        if self.hides_clients:
            names.append("master.cf.privacy")
        shipped = {}  # one of the same name takes the place
        for name in names:
            for line in logical_lines((SHIPPED / name).read_text()):
                service, rest = line.split(None, 1)
                if rest.startswith("inet"):
                    service = "%s:%d" % (HOST, ports[service])
                shipped[service] = "%s %s\n" % (service, rest)
        text = "".join(shipped.values()).replace("/etc/postfix", str(SHIPPED))
        self.write_config("master.cf", text + LAB_MASTER_CF)

    def write_tables(self):
        """Writes the tables of clients without login."""
        self.write_clients()
        process.run(
            ["postmap", "-c", self.etc, "hash:%s" % (self.place.dir / "clients")],
            "making an empty table of clients",
        )

    def write_config(self, name, text):
        """Writes a file of its configuration.

        Postfix waits for a file younger than two seconds to settle: it is
        made to look older.
        """
        path = self.etc / name
        path.write_text(text)
        earlier = time.time() - 60
        os.utime(path, (earlier, earlier))

    def start(self):
        """Starts the master process."""
        self.log.touch()
        self.server.start(
            [DAEMONS / "master", "-c", self.etc],
            cwd="/",
            env={**os.environ, **self.wrapper_environment()},
        )

    def wrapper_environment(self):
        """What lets an ordinary user start it."""
        if self.is_root:
            return {}
        return {
            "LD_PRELOAD": WRAPPER_LIBRARIES,
            "UID_WRAPPER": "1",
            "UID_WRAPPER_ROOT": "1",
            "NSS_WRAPPER_PASSWD": str(self.folder / "passwd"),
            "NSS_WRAPPER_GROUP": str(self.folder / "group"),
        }

    def wait(self):
        """Returns when its ports answer; they all do when the first does.

        The master process listens itself, before it starts anything else.
        """
        pid_file = self.folder / "spool" / "pid" / "master.pid"
        try:
            self.server.wait_until(
                lambda: pid_file.exists()
                and process.tcp_listens(HOST, self.submission_port)
                and process.tcp_listens(HOST, self.submissions_port)
                and process.tcp_listens(HOST, self.mx_port)
            )
        except LabError as why:
            raise LabError("%s\n%s" % (why, self.log.read_text())) from None


def logical_lines(text):
    """The lines of a Postfix configuration file, as postconf(5) joins them.

    A line that begins with blanks continues the one before; comments and
    empty lines count for nothing, in between as well.
    """
    lines = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace() and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.strip())
    return lines


def parameters(text):
    """The settings in lines of main.cf."""
    settings = {}
    for line in logical_lines(text):
        name, _, value = line.partition("=")
        settings[name.strip()] = value.strip()
    return settings
