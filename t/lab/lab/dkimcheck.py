"""Verifies DKIM signatures with two programs that know nothing of each other.

dkimpy and opendkim, each asking the DNS server of the lab for the keys.
"""

import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import dkim
import dns.resolver

USAGE = """\
usage: t/lab/run ... -- t/lab/verify FILE...

Verifies each DKIM signature of each message with dkimpy and with opendkim,
with the keys that the lab's DNS server publishes. Status 0 if every message
has a signature and both verify all of them.
"""

OPENDKIM_CONF = """\
Mode v
Syslog no
ResolverConfiguration %s
"""

UNBOUND_CONF = """\
server:
  module-config: "iterator"
  do-not-query-localhost: no
forward-zone:
  name: "."
  forward-addr: %s
"""


class Signature:
    """One DKIM-Signature field and what the two verifiers say of it."""

    def __init__(self, tags, dkimpy, opendkim):
        self.domain = tags["d"]
        self.selector = tags["s"]
        self.algorithm = tags["a"]
        self.dkimpy = dkimpy
        self.opendkim = opendkim

    @property
    def is_valid(self):
        """Both say so."""
        return self.dkimpy and self.opendkim

    def __str__(self):
        words = {True: "passes", False: "FAILS"}
        return "d=%s s=%s a=%s: dkimpy %s, opendkim %s" % (
            self.domain,
            self.selector,
            self.algorithm,
            words[self.dkimpy],
            words[self.opendkim],
        )


def verify(message, dns_address):
    """The Signatures of a message (octets), in their order."""
    fields = signature_fields(message)
    passed = opendkim_passes(message, dns_address)
    return [
        Signature(
            tags,
            dkimpy_passes(message, index, dns_address),
            (tags["d"], tags["s"], tags["a"]) in passed,
        )
        for index, tags in enumerate(fields)
    ]


def signature_fields(message):
    """The tags of each DKIM-Signature field."""
    header = message.partition(b"\r\n\r\n")[0].decode("latin-1")
    unfolded = re.sub(r"\r\n(?=[ \t])", "", header)
    found = re.findall(r"(?im)^dkim-signature:(.*)$", unfolded)
    return [dict(re.findall(r"(\w+)\s*=\s*([^;\s]+)", field)) for field in found]


def dkimpy_passes(message, index, dns_address):
    """Whether dkimpy verifies the signature with that index."""

    def txt(name, timeout=5):
        return lookup_txt(name, dns_address)

    try:
        return dkim.DKIM(message).verify(idx=index, dnsfunc=txt)
    except (dkim.DKIMException, dns.exception.DNSException):
        return False


def lookup_txt(name, dns_address):
    """The TXT record of name, as octets, or None."""
    host, port = dns_address.split(":")
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [host]
    resolver.port = int(port)
    resolver.lifetime = 5
    try:
        return b"".join(resolver.resolve(name.decode(), "TXT")[0].strings)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return None


def opendkim_passes(message, dns_address):
    """The (d, s, a) of the signatures that opendkim verifies."""
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "message"
        path.write_bytes(message)
        [(_, words)] = opendkim_says([path], dns_address)
    return passed_in(words)


def opendkim_says(files, dns_address):
    """(file, what opendkim says of it) of each, by one process."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        unbound = folder / "unbound.conf"
        unbound.write_text(UNBOUND_CONF % dns_address.replace(":", "@"))
        config = folder / "opendkim.conf"
        config.write_text(OPENDKIM_CONF % unbound)
        done = subprocess.run(
            ["opendkim", "-x", config, "-vv", "-t", ",".join(map(str, files))],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    # What it says of a message ends with a line that names the file.
    words = collections.defaultdict(str)
    for part, name in re.findall(
        r"(?ms)(.*?)^opendkim: (\S+): [^\n]*\n", done.stdout.decode(errors="replace")
    ):
        words[name] += part
    return [(path, words[str(path)]) for path in files]


def passed_in(words):
    """The (d, s, a) of the signatures that pass."""
    # What it would write into Authentication-Results, one clause a signature.
    # A comment in it may hold a semicolon.
    clauses = re.findall(r"dkim=pass\b(?:\([^)]*\)|[^;(])*", words)
    passed = set()
    for clause in clauses:
        tags = dict(re.findall(r"header\.(\w+)=([^\s;]+)", clause))
        passed.add((tags["d"], tags["s"], tags["a"]))
    return passed


def main():
    """The program t/lab/verify."""
    files = sys.argv[1:]
    if not files or files[0].startswith("-") or "LAB_DNS" not in os.environ:
        print(USAGE, end="", file=sys.stderr)
        return 2
    good = True
    for name in files:
        signatures = verify(pathlib.Path(name).read_bytes(), os.environ["LAB_DNS"])
        good = good and bool(signatures) and all(s.is_valid for s in signatures)
        for line in signatures or ["no DKIM signature"]:
            print("%s: %s" % (name, line))
    return 0 if good else 1
