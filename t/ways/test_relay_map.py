"""submitctl relay-map sendmail: Sendmail's own rules read what it prints."""

import os
import pathlib
import subprocess

import pytest

from lab import process
from lab import sendmail as sendmail_of_lab
from lab.milter import find_program
from site_of_ways import TOP, make_cf

CONF = """
tables: {
	nets: { type = "cidr"; file = "@DIR@/nets"; };
	seen: { type = "inline"; rows = (
		[ "203.0.113.9", "reader 1" ], [ "2001:db8::9", "reader 2" ] ); };
	certs: { type = "inline"; rows = ( [ "/C=DE/CN=robot", "robot" ],
		[ "/O=Lab (D)/CN=a+b@example.org", "ab" ] ); };
};
identity: { networks = "nets"; clients = "seen"; certificates = "certs";
	certificate_issuers = [ "/C=DE/CN=Our CA" ]; };
"""
NETS = "192.0.2.0/30 a\n198.51.100.0/24 b\n10.0.0.0/15 c\n2001:db8:1::/48 d\n2001:db8:2::/47 e\n"

MC = """\
divert(-1)
include(`%(macros)s/m4/cf.m4')
divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.example.org')dnl
undefine(`ALIAS_FILE')dnl
define(`confSERVICE_SWITCH_FILE', `%(dir)s/service.switch')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit,GroupWritableDirPathSafe,MapInUnsafeDirPath')dnl
FEATURE(`access_db', `hash -T<TMPF> %(dir)s/access')dnl
MAILER(`smtp')dnl
"""

# Client addresses as Sendmail writes them, and whether it relays for them.
CLIENTS = {
    "192.0.2.0": True,
    "192.0.2.3": True,
    "192.0.2.4": False,
    "192.0.20.1": False,
    "198.51.100.77": True,
    "198.51.101.1": False,
    "10.0.0.1": True,
    "10.1.255.255": True,
    "10.2.0.1": False,
    "203.0.113.9": True,
    "203.0.113.90": False,
    "IPv6:2001:db8:1:0:0:0:0:5": True,
    "IPv6:2001:db8:1:ffff:0:0:0:5": True,
    "IPv6:2001:db8:3:1:2:3:4:5": True,
    "IPv6:2001:db8:4:0:0:0:0:5": False,
    "IPv6:2001:db8:0:0:0:0:0:9": True,
    "IPv6:2001:db8:0:0:0:0:0:90": False,
}
# {verify}, issuer and subject as Sendmail's macros have them.
CERTIFICATES = {
    ("OK", "/C=DE/CN=Our+20CA", "/C=DE/CN=robot"): True,
    ("OK", "/C=DE/CN=Our+20CA", "/O=Lab+20+28D+29/CN=a+2Bb@example.org"): True,
    ("OK", "/C=DE/CN=Our+20CA", "/C=DE/CN=other"): False,
    ("OK", "/C=DE/CN=Another+20CA", "/C=DE/CN=robot"): False,
    ("FAIL", "/C=DE/CN=Our+20CA", "/C=DE/CN=robot"): False,
}


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """Asks Sendmail's rule sets: rules(ruleset, macros) for each of a list."""
    folder = tmp_path_factory.mktemp("relay-map")
    (folder / "nets").write_text(NETS)
    conf = folder / "submit-milter.conf"
    conf.write_text(CONF.replace("@DIR@", str(folder)))
    submitctl = pathlib.Path(find_program()).parent / "submitctl"
    argv = [submitctl, "relay-map", "-c", conf, "sendmail"]
    (folder / "access").write_bytes(process.run(argv, "relay-map"))
    (folder / "service.switch").write_text("hosts\tfiles\naliases\tfiles\n")
    unpacked = sendmail_of_lab.find_unpacked()
    macros = unpacked / sendmail_of_lab.MACROS
    (folder / "sendmail.mc").write_text(MC % {"macros": macros, "dir": folder})
    make_cf(folder / "sendmail.mc", folder / "sendmail.cf")
    makemap = unpacked / "usr/libexec/sendmail/makemap"
    with open(folder / "access", "rb") as lines:
        argv = [makemap, "-C", folder / "sendmail.cf", "hash", folder / "access"]
        process.run(argv, "makemap", stdin=lines)
    shim = folder / "shim.so"
    source = TOP / "t" / "lab" / "sendmail-shim.c"
    process.run(["cc", "-shared", "-fPIC", "-o", shim, source], "the shim")
    return lambda questions: ask(folder, unpacked / sendmail_of_lab.PROGRAM, questions)


def ask(folder, program, questions):
    """What a rule set returns for each (rule set, {macro: value})."""
    lines = []
    for ruleset, macros in questions:
        lines += [".D{%s}%s" % macro for macro in macros.items()]
        lines.append("%s x" % ruleset)
    environment = {
        **os.environ,
        "LD_PRELOAD": str(folder / "shim.so"),
        "LAB_HOST_NAME": "mx.example.org",
        "LAB_MAIL_LOG": str(folder / "log"),
    }
    said = process.run(
        [program, "-C%s" % (folder / "sendmail.cf"), "-bt"],
        "asking Sendmail's rules",
        input="\n".join(lines).encode() + b"\n",
        env=environment,
    ).decode()
    names = {ruleset for ruleset, _ in questions}
    answers = [
        line.partition("returns:")[2].strip()
        for line in said.splitlines()
        if "returns:" in line and line.split()[0] in names
    ]
    assert len(answers) == len(questions), said
    return answers


@pytest.mark.proves("D3.3", "X40", "X42")
def test_sendmail_relays_for_clients(rules):
    """For these addresses and no others."""
    questions = [("Relay_ok", {"client_addr": address}) for address in CLIENTS]
    for address, got in zip(CLIENTS, rules(questions)):
        assert ("RELAY" in got) == CLIENTS[address], (address, got)


@pytest.mark.proves("D3.3", "X40")
def test_sendmail_relays_for_certificates(rules):
    """For these subjects, of this issuer, when verified."""
    questions = [
        ("RelayTLS", {"verify": verify, "cert_issuer": issuer, "cert_subject": subject})
        for verify, issuer, subject in CERTIFICATES
    ]
    for certificate, got in zip(CERTIFICATES, rules(questions)):
        assert ("RELAY" in got) == CERTIFICATES[certificate], (certificate, got)
