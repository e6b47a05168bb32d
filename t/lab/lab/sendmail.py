"""A private Sendmail that runs the lines shipped in conf/sendmail/.

The shipped files are used as they stand, but for the places that they name:
the milter's socket and the ports. The program comes from Debian's packages,
unpacked by contrib/unpack-sendmail, because they conflict with Postfix's.
"""

import os
import pathlib
import shutil

from . import process
from .certs import SERVER_NAME
from .errors import LabError
from .mta import Mta
from .place import HOST, SOURCE, TOP
from .sasl import REALM

SHIPPED = TOP / "conf" / "sendmail"
SHIM = SOURCE / "sendmail-shim.c"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
UNPACKED = (
    pathlib.Path("/var/cache/submit-milter/sendmail"),
    CACHE / "submit-milter" / "sendmail",
)
PROGRAM = pathlib.Path("usr/libexec/sendmail/sendmail")
MACROS = pathlib.Path("usr/share/sendmail/cf")

# What the lab needs of a Sendmail and a host's administrator decides himself.
LAB_MC = """\
divert(-1)
include(`%(macros)s/m4/cf.m4')
divert(0)dnl
define(`MAIL_SETTINGS_DIR', `%(etc)s/')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `%(name)s')dnl
define(`confPID_FILE', `%(folder)s/sendmail.pid')dnl
define(`QUEUE_DIR', `%(folder)s/queue')dnl
define(`STATUS_FILE', `')dnl
define(`HELP_FILE', `')dnl
undefine(`ALIAS_FILE')dnl
define(`confCW_FILE', `-o %(etc)s/local-host-names')dnl
define(`confCT_FILE', `-o %(etc)s/trusted-users')dnl
define(`confSERVICE_SWITCH_FILE', `%(etc)s/service.switch')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
dnl The lab is in a folder that everybody may write to, with the sticky bit.
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit,GroupWritableDirPathSafe')dnl
define(`confCACERT', `%(ca)s')dnl
define(`confCACERT_PATH', `%(certs)s')dnl
define(`confSERVER_CERT', `%(folder)s/server.crt')dnl
define(`confSERVER_KEY', `%(folder)s/server.key')dnl
define(`confAUTH_REALM', `%(realm)s')dnl
define(`confMAX_MESSAGE_SIZE', `104857600')dnl
dnl No mailbox is here: what is accepted goes to the next hop.
define(`SMART_HOST', `esmtp:[127.0.0.1]')dnl
define(`MAIL_HUB', `esmtp:[127.0.0.1]')dnl
define(`LOCAL_RELAY', `esmtp:[127.0.0.1]')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h %(next_hop)d')dnl
define(`LOCAL_MAILER_PATH', `/bin/false')dnl
RELAY_DOMAIN(`example.org')dnl
dnl Tests make many errors and many connections, and have no patience.
define(`confTO_IDENT', `0')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confDELAY_LA', `0')dnl
define(`confLOG_LEVEL', `14')dnl
define(`confMILTER_LOG_LEVEL', `9')dnl
%(user)s
"""

# An ordinary user is all the users that Sendmail knows.
OWN_USER = """\
define(`confTRUSTED_USER', `%(uid)d')dnl
define(`confRUN_AS_USER', `%(uid)d:%(gid)d')dnl
"""

END_MC = """\
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
ESASL_CONF_PATH=%(folder)s/sasl
LOCAL_RULESETS
SLocal_check_rcpt
R$*nobody@example.com$*	$#error $@ 5.1.1 $: "550 no such mailbox"
"""

# Clients of these addresses are known; nobody was seen yet at any other.
NETWORKS = {"printers": 16, "office": 32}

SASL_CONF = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: %s
mech_list: PLAIN LOGIN
"""


def filled_in(names, places):
    """Shipped files with places replaced, each of which they name once."""
    text = "".join((SHIPPED / name).read_text() for name in names)
    for shipped, ours in places.items():
        if text.count(shipped) != 1:
            raise LabError("%s: want one %r" % (SHIPPED, shipped))
        text = text.replace(shipped, str(ours))
    return text


def find_unpacked():
    """The folder of the unpacked packages."""
    for folder in UNPACKED:
        if os.access(folder / PROGRAM, os.X_OK):
            return folder
    raise LabError("Sendmail is not there: run contrib/unpack-sendmail")


class Sendmail(Mta):
    """One instance, in the run folder; as root, or as any other user."""

    name = "sendmail"
    files = ("sendmail.mc", "sendmail.cf")

    def __init__(self, *args):
        super().__init__(*args)
        self.unpacked = find_unpacked()
        self.folder = self.place.run / "sendmail"
        self.etc = self.folder / "etc"
        self.shim = self.folder / "shim.so"
        self.server = process.Server("Sendmail", self.place.log("sendmail-start"))

    def prepare(self):
        """Writes its folders and configuration, and makes the shim."""
        for path in (self.folder, self.etc):
            path.mkdir()
        for name in ("queue", "sasl"):
            (self.folder / name).mkdir(mode=0o700)
        sasl = self.folder / "sasl" / "Sendmail.conf"
        sasl.write_text(SASL_CONF % self.accounts.sasldb)
        (self.etc / "service.switch").write_text("hosts\tfiles\naliases\tfiles\n")
        shutil.copy(self.certificates.server, self.folder / "server.crt")
        (self.folder / "server.key").touch(0o600)
        key = self.certificates.server_key.read_text()
        (self.folder / "server.key").write_text(key)
        self.write_tables()
        self.write_cf()
        self.write_clients()
        process.run(
            [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", self.shim, SHIM],
            "compiling %s" % SHIM.name,
        )

    def write_tables(self):
        """Writes the tables of clients without login."""
        networks = self.place.dir / "networks"
        lines = ["127.0.0.%d/28\t%s\n" % (n, who) for who, n in NETWORKS.items()]
        networks.write_text("".join(lines))
        known = ["127.0.0.%d\n" % (n + k) for n in NETWORKS.values() for k in range(16)]
        (self.etc / "relay-domains").write_text("".join(known))
        clients = self.place.dir / "clients"
        clients.touch()
        # For postmap(1), with which tests write the table anew.
        (self.etc / "main.cf").write_text("compatibility_level = 3.6\n")
        process.run(
            ["postmap", "-c", self.etc, "hash:%s" % clients],
            "making an empty table of clients",
        )

    def write_cf(self):
        """Writes sendmail.mc and has m4 make sendmail.cf of it."""
        values = {
            "macros": self.unpacked / MACROS,
            "folder": self.folder,
            "etc": self.etc,
            "name": SERVER_NAME,
            "ca": self.certificates.ca,
            "certs": self.certificates.ca.parent,
            "realm": REALM,
            "next_hop": self.next_hop_port,
            "user": "dnl",
        }
        if os.getuid() != 0:
            values["user"] = OWN_USER % {"uid": os.getuid(), "gid": os.getgid()}
        mc = self.etc / "sendmail.mc"
        shipped, identities = self.shipped_lines(), self.identity_lines()
        mc.write_text(LAB_MC % values + shipped + END_MC % values + identities)
        macros = "-D_CF_DIR_=%s/" % values["macros"]
        cf = process.run(["m4", macros, mc], "making sendmail.cf")
        (self.etc / "sendmail.cf").write_bytes(cf)

    def shipped_lines(self):
        """The shipped files, with the lab's places."""
        places = {
            "S=local:/run/submit-milter/milter.sock,": "S=local:%s,"
            % self.milter_socket,
            "Port=587,": "Addr=%s, Port=%d," % (HOST, self.submission_port),
            "Port=465,": "Addr=%s, Port=%d," % (HOST, self.submissions_port),
            "Port=25,": "Addr=%s, Port=%d," % (HOST, self.mx_port),
        }
        names = ("submit-milter.mc", "mixed-port.mc")
        return filled_in(names + ("privacy.mc",) * self.hides_clients, places)

    def identity_lines(self):
        """Those that stand below the MAILER lines."""
        places = {
            "/var/lib/pop-before-smtp/clients": self.place.dir / "clients",
            "`-o /etc/mail/relay-domains'": "`-o %s/relay-domains'" % self.etc,
        }
        return filled_in(("identities.mc",), places)

    def start(self):
        """Starts it in the foreground."""
        self.log.touch()
        self.server.start(
            [
                self.unpacked / PROGRAM,
                "-C%s" % (self.etc / "sendmail.cf"),
                "-bD",
                "-q1s",
            ],
            cwd="/",
            env={
                **os.environ,
                "LD_PRELOAD": str(self.shim),
                "LAB_HOST_NAME": SERVER_NAME,
                "LAB_MAIL_LOG": str(self.log),
            },
        )

    def wait(self):
        """Returns when its ports answer."""
        ports = (self.submission_port, self.submissions_port, self.mx_port)
        try:
            self.server.wait_until(
                lambda: all(process.tcp_listens(HOST, port) for port in ports)
            )
        except LabError as why:
            raise LabError("%s\n%s" % (why, self.log.read_text())) from None
