"""OpenLDAP."""

import base64
import os
import urllib.parse

from . import rows
from .process import AS_NOBODY, NOBODY, PATIENCE_MS, Server, find

CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.4203.666.1 NAME 'sender' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
{tls}
sizelimit unlimited
database mdb
maxsize 16777216
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw {password}
directory {folder}/data
dbnosync
index sender eq
access to attrs=userPassword by anonymous auth
access to * by users read by * auth
"""

TOP = """dn: dc=example,dc=org
objectClass: domain
dc: example

dn: cn=milter,dc=example,dc=org
objectClass: person
cn: milter
sn: milter
userPassword:: {password}

dn: dc=people,dc=example,dc=org
objectClass: domain
dc: people

"""

ENTRY = """dn:: {name}
objectClass: inetOrgPerson
objectClass: extensibleObject
cn: x
sn: x
uid: {number}
sender:: {key}
{values}

"""


def base64_of(text):
    """As LDIF has what is not plain."""
    return base64.b64encode(text.encode()).decode()


class Ldap(Server):
    """A directory with an entry for each row."""

    tls = ""

    def __init__(self):
        super().__init__()
        self.port_tls = self.claim_port()

    def use_tls(self, cert, key):
        """From the next start on."""
        self.tls = (
            "TLSCertificateFile %s\nTLSCertificateKeyFile %s" % (cert, key) if cert else ""
        )

    def prepare(self):
        (self.folder / "data").mkdir()
        if AS_NOBODY:
            os.chown(self.folder / "data", NOBODY, NOBODY)
        text = TOP.format(password=base64_of(rows.PASSWORD))
        everything = list(rows.ROWS.items())
        everything.append((rows.LONG, ["%d%s" % (i, rows.LONG_VALUE) for i in range(rows.LONG_COUNT)]))
        for number, (key, values) in enumerate(everything):
            name = "uid=%d,dc=people,dc=example,dc=org" % number
            text += ENTRY.format(
                name=base64_of(name), number=number, key=base64_of(key),
                values="\n".join("description: " + v for v in values),
            )  # fmt: skip
        self.write("rows.ldif", text)
        self.configure()
        self.run(find("slapadd"), "-q", "-f", self.folder / "slapd.conf", "-l", self.folder / "rows.ldif")

    def configure(self):
        """Writes its configuration."""
        self.write("slapd.conf", CONFIG.format(folder=self.folder, tls=self.tls, password="admin"))

    def command(self):
        self.configure()
        return [
            find("slapd"), "-d", "0", "-f", self.folder / "slapd.conf",
            "-h", " ".join(self.addresses()),
        ]  # fmt: skip

    def addresses(self):
        """Where it listens."""
        yield "ldap://127.0.0.1:%d/" % self.port
        yield "ldapi://%s/" % self.quoted
        if self.tls:
            yield "ldaps://127.0.0.1:%d/" % self.port_tls

    @property
    def quoted(self):
        """The path of its UNIX socket, as an URL has it."""
        return urllib.parse.quote("%s/ldapi" % self.folder, safe="")

    @property
    def socket(self):
        """Its UNIX socket."""
        return "ldapi://%s" % self.quoted

    def table(self, **changes):
        return {
            "type": "ldap",
            "server": "ldap://127.0.0.1:%d" % self.port,
            "user": "cn=milter,dc=example,dc=org",
            "password": rows.PASSWORD,
            "base": "dc=people,dc=example,dc=org",
            "query": "(sender=%s)",
            "attribute": "description",
            "timeout": PATIENCE_MS,
            **changes,
        }

    parts = "(sender=%u@%d)"
    wrong = "(sender=%s"
