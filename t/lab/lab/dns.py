"""The DNS of the lab: an unbound that answers for the example domains."""

from . import process
from .place import HOST

# Records of each zone besides SOA, NS and the DKIM keys. All of it is about
# submission: mail exchangers, one that takes no mail (null MX, RFC 7505),
# aliases, a loop of aliases, and so many exchangers that the answer needs TCP.
ZONES = {
    "example.org": """\
@        MX 10 mx
mx       A 127.0.0.1
@        TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc   TXT "v=DMARC1; p=reject"
sales    MX 10 mx
nullmx   MX 0 .
cname    CNAME mx
alias    CNAME sales
loop1    CNAME loop2
loop2    CNAME loop1
%s
revoked._domainkey TXT "v=DKIM1; p="
_submissions._tcp SRV 0 1 465 mx
_submission._tcp SRV 10 1 587 mx
"""
    % "\n".join("many MX %d a-long-name-of-a-host-%d" % (n, n) for n in range(200)),
    "example.net": """\
@        MX 10 mx.example.org.
www      A 127.0.0.1
""",
    "example.com": """\
@        MX 10 mx.example.org.
_submissions._tcp SRV 0 0 0 .
_submission._tcp SRV 0 1 587 nowhere
""",
}

CONFIG = """\
server:
  interface: %(host)s@%(port)d
  username: ""
  chroot: ""
  directory: "%(folder)s"
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-daemonize: no
  num-threads: 1
  do-ip6: no
  module-config: "iterator"
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  # Names that cannot be resolved: at once, and never.
  local-zone: "refused.example." always_refuse
  local-zone: "timeout.example." always_deny
remote-control:
  control-enable: no
%(zones)s
# Of a zone that cannot be fetched all that it says is SERVFAIL.
auth-zone:
  name: "servfail.example."
  primary: "127.0.0.1@1"
  for-downstream: yes
  for-upstream: no
  fallback-enabled: no
# Anything else goes to a port where nobody listens: the lab asks no one.
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@1
"""

AUTH_ZONE = """\
auth-zone:
  name: "%(name)s."
  zonefile: "%(file)s"
  for-downstream: yes
  for-upstream: no
  fallback-enabled: no
"""


class Dns:
    """An authoritative server for ZONES and the records of the keys."""

    def __init__(self, place):
        self.folder = place.dir / "dns"
        self.port = place.port()
        self.address = "%s:%d" % (HOST, self.port)
        self.server = process.Server("the DNS server", place.log("dns"))

    def start(self, key_records):
        """Writes the zones and starts the server, without waiting for it."""
        self.folder.mkdir()
        zones = ""
        for name, records in ZONES.items():
            path = self.folder / (name + ".zone")
            path.write_text(zone(name, records, key_records))
            zones += AUTH_ZONE % {"name": name, "file": path}
        config = self.folder / "unbound.conf"
        config.write_text(
            CONFIG
            % {
                "host": HOST,
                "port": self.port,
                "folder": self.folder,
                "zones": zones,
            }
        )
        self.server.start(["unbound", "-d", "-c", config])

    def wait(self):
        """Returns when it listens."""
        self.server.wait_until(lambda: process.tcp_listens(HOST, self.port))

    def stop(self):
        """Stops the server."""
        self.server.stop()


def zone(name, records, key_records):
    """The text of a zone file."""
    lines = [
        "$ORIGIN %s." % name,
        "$TTL 60",
        "@ SOA ns.example.org. hostmaster.example.org. 1 60 60 60 60",
        "@ NS ns.example.org.",
    ]
    if name == "example.org":
        lines.append("ns A 127.0.0.1")
    for (domain, selector), text in key_records.items():
        if domain == name:
            lines.append("%s._domainkey TXT %s" % (selector, quoted(text)))
    return "\n".join(lines) + "\n" + records


def quoted(text):
    """A TXT record's text as strings of at most 255 octets."""
    parts = [text[i : i + 250] for i in range(0, len(text), 250)]
    return " ".join('"%s"' % part for part in parts)
