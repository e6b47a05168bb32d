"""The configuration of opendkim as ours: what is taken over, what is told."""

import gzip
import pathlib
import re
import subprocess

import pytest
import tool
from harness.daemon import find_program, wait_for
from harness.keys import Keys
from harness.message import whole
from harness.session import Session

OPENDKIM = "/usr/sbin/opendkim"
TOP = pathlib.Path(__file__).resolve().parents[2]
OPTIONS = TOP / "submit-milter" / "ctl" / "opendkim_options.def"
MANUAL = pathlib.Path("/usr/share/man/man5/opendkim.conf.5.gz")


@pytest.fixture
def imported(tmp_path):
    """Imports an opendkim.conf; (status, our configuration, words)."""

    def run(text, **files):
        for name, content in files.items():
            (tmp_path / name).write_text(content)
        conf = tmp_path / "opendkim.conf"
        conf.write_text(text.replace("@DIR@", str(tmp_path)))
        folder = tmp_path / "ours"
        folder.mkdir()
        status, out, err = tool.run("import", "opendkim", "-d", folder, conf)
        made = folder / "submit-milter.conf"
        return status, made.read_text() if made.exists() else "", out + err

    return run


SINGLE = "Domain example.org\nKeyFile /keys/a.key\nSelector s1\n"


def domains(text):
    """{domain: (subdomains, [(selector, file)])} of a configuration."""
    found = {}
    for part in text.partition("domains = (")[2].split("domain = ")[1:]:
        keys = re.findall(r'selector = "([^"]*)"; file = "([^"]*)"', part)
        name = part.split('"')[1]
        found[name] = ("subdomains = true" in part, keys)
    return found


def test_single_key(imported):
    """X46: Domain, KeyFile and Selector; each option in its place."""
    status, text, words = imported(
        SINGLE.replace("example.org", "example.org, example.net")
        + "SubDomains yes\nCanonicalization relaxed\nSignatureTTL 3600\nUMask 007\n"
        "UserID opendkim:mail\nSocket inet:8891@localhost\nMinimumKeyBits 2048\n"
        "OversignHeaders From,Subject\nSignHeaders From,X-Mine,Subject\n"
        "OmitHeaders *,+List-Id\nPidFile /run/x.pid\nSyslog yes # as ever\n"
        "internalhosts 127.0.0.1, [::1], 192.0.2.0/24\n"
    )
    assert (status, words) == (0, "")
    assert domains(text) == {
        "example.org": (True, [("s1", "/keys/a.key")]),
        "example.net": (True, [("s1", "/keys/a.key")]),
    }
    for line in (
        'canonicalization = "relaxed/simple";',
        "expires = 3600;",
        "minimum_rsa_bits = 2048;",
        'socket_mode = "0770";',
        'user = "opendkim";',
        'group = "mail";',
        'socket = "inet:8891@localhost";',
        'pid_file = "/run/x.pid";',
        'oversigned_fields = [ "From", "Subject" ];',
        'signed_fields = [ "X-Mine" ];',
        'unsigned_fields = [ "List-Id" ];',
        'sign = "authenticated";',
        "syslog = true;",
    ):
        assert line in text, line
    hosts = re.search(r'file = "([^"]*/internal-hosts)"', text)[1]
    assert open(hosts).read() == "127.0.0.1\tinternal\n::1\tinternal\n192.0.2.0/24\tinternal\n"
    assert "NOT IMPORTED" not in text


KEYS = """\
# name domain:selector:file
org example.org:s1:/keys/org.key
own %:s2:/keys/own.key
each %:s3:/keys/%.key
net example.net:s4:/keys/net.key
text example.org:s5:MIICdQIBADANBgkqhkiG9w0BAQEFAASCAl8wggJbAgEAAoGBAK
"""
TABLES = "KeyTable @DIR@/keys\nSigningTable refile:@DIR@/rows\nInternalHosts 127.0.0.1\n"
PATTERNS = [
    # rows of SigningTable, domains, words of what is not imported
    ("*@example.org org", {"example.org": (False, [("s1", "/keys/org.key")])}, []),
    ("*@shop.example own", {"shop.example": (False, [("s2", "/keys/own.key")])}, []),
    ("*@shop.example each", {"shop.example": (False, [("s3", "/keys/shop.example.key")])}, []),
    ("*@*.example.org org", {"example.org": (True, [("s1", "/keys/org.key")])}, []),
    ("*@*.shop.example own", {".shop.example": (False, [("s2", "/keys/own.key")])}, []),
    ("* own", {"*": (False, [("s2", "/keys/own.key")])}, []),
    ("*@* net", {"example.net": (False, [("s4", "/keys/net.key")])}, []),
    ("*@*.shop.example each", {}, ["a file for each domain"]),
    ("*@shop.example net", {}, ["signed by another domain"]),
    ("alice@example.org org", {}, ["not for whole domains"]),
    ("*@a*.example org", {}, ["not for whole domains"]),
    ("*@example.org gone", {}, ["KeyTable has no such key"]),
    ("*@example.org text", {}, ["the key itself stands in the table"]),
    # The first pattern that matches decides.
    ("*@example.org org\n*@example.org own", {"example.org": (False, [("s1", "/keys/org.key")])}, []),
    ("* own\n*@example.org org", {"*": (False, [("s2", "/keys/own.key")])}, []),
]


@pytest.mark.parametrize("rows, want, words", PATTERNS, ids=[r[0][:40] for r in PATTERNS])
def test_patterns(imported, rows, want, words):
    """X46: what means the same is taken over, what does not is told."""
    status, text, said = imported(TABLES, keys=KEYS, rows=rows + "\n")
    assert domains(text) == want
    refused = [line for line in text.splitlines() if line.startswith("# NOT IMPORTED")]
    assert len(refused) == len(words) and all(w in r for w, r in zip(words, refused))
    assert status == (1 if words else 0) and ("NOT IMPORTED" in said) == bool(words)
    assert ('sign_fallback_domain = "example.net"' in text) == (rows == "*@* net")


def test_rows_that_are_no_patterns(imported):
    """X46: a domain, those below it, all; and two signatures."""
    rows = "example.org org\n.example.org own\n* net\nbob@example.org org\n"
    table = TABLES.replace("refile:", "file:") + "MultipleSignatures no\n"
    status, text, _ = imported(table, keys=KEYS, rows=rows)
    assert status == 1 and "bob@example.org: not for whole domains" in text
    assert domains(text) == {
        "example.org": (False, [("s1", "/keys/org.key")]),
        ".example.org": (False, [("s2", "/keys/own.key")]),
        "example.net": (False, [("s4", "/keys/net.key")]),
    }


def test_every_option_is_taken_or_named(imported):
    """X46: each of opendkim.conf(5), and one that there is not."""
    rows = re.findall(r'(?m)^([A-Z]+)\("([^"]+)"', OPTIONS.read_text())
    taken = {name for kind, name in rows if kind == "TAKEN"}
    others = sorted({name for kind, name in rows if kind != "TAKEN"})
    assert len(taken) == 21 and len(others) > 100
    if MANUAL.exists():
        with gzip.open(MANUAL, "rt") as manual:
            known = re.findall(r"(?m)^\.I ([A-Z][A-Za-z-]+) \(", manual.read())
        assert not set(known) - taken - set(others)
    status, text, _ = imported(SINGLE + "".join("%s 1\n" % n for n in [*others, "Nonsense"]))
    assert status == 1
    for name in others:
        assert re.search(r"(?m)^# .*opendkim\.conf:\d+: %s: \w" % name, text), name
    assert "Nonsense: not an option that is known here" in text
    assert "# NOT IMPORTED" in text


FAULTS = [
    ("", 78, "neither KeyTable and SigningTable nor Domain"),
    ("KeyTable /x\n", 78, "KeyTable is set, but no SigningTable"),
    ("KeyTable /nonexistent\nSigningTable file:/x\n", 66, "/nonexistent: No such file"),
    ("KeyTable dsn:mysql://x\nSigningTable dsn:y\n", 78, "is in a database"),
    ("Include @DIR@/opendkim.conf\n", 78, "Include is nested too deep"),
]


@pytest.mark.parametrize("text, want, words", FAULTS)
def test_what_cannot_be_imported(imported, text, want, words):
    """X46: an error, and a status that says so."""
    status, _, said = imported(text)
    assert status == want and words in said


def test_nothing_is_overwritten(imported, tmp_path):
    """X46: a configuration that is there stays."""
    assert imported(SINGLE)[0] == 0
    there = tmp_path / "ours" / "submit-milter.conf"
    there.write_text("mine")
    got = tool.run("import", "opendkim", "-d", there.parent, tmp_path / "opendkim.conf")
    assert got[0] == 73 and "File exists" in got[2] and there.read_text() == "mine"
    assert tool.run("import", "exim")[0] == 64


# --- against opendkim itself -----------------------------------------------------

# Not two algorithms: opendkim has one for all its keys.
SETUPS = {
    "Domain": "Domain example.org,example.net\nKeyFile @ORG@\nSelector rsa\n",
    "SubDomains": "Domain example.org\nSubDomains yes\nKeyFile @ORG@\nSelector rsa\n",
    "patterns": "KeyTable @DIR@/KeyTable\nSigningTable refile:@DIR@/patterns\n",
    "file": "KeyTable @DIR@/KeyTable\nSigningTable file:@DIR@/rows\n",
    "two keys": "KeyTable @DIR@/KeyTable\nSigningTable refile:@DIR@/both\n"
    "MultipleSignatures yes\n",
}
FILES = {
    "KeyTable": "org example.org:rsa:@ORG@\nnet example.net:rsa:@NET@\n"
    "two example.org:two:@TWO@\nown %:rsa:@ORG@\n",
    "patterns": "*@example.org org\n*@*.example.org org\n*@shop.example own\n*@* net\n",
    "rows": "example.org org\nexample.net net\n.shop.example own\n",
    "both": "*@example.org org\n*@example.org two\n*@example.net net\n",
}
AUTHORS = ["a@example.org", "B@Example.ORG", "c@example.net", "d@sub.example.org"]
AUTHORS += ["e@deep.sub.example.org", "f@shop.example", "g@x.shop.example", "h@elsewhere.example"]
AUTHORS += ["i@notexample.org", '"J, K" <j@example.org>', "undisclosed:;"]
CLIENTS = {
    "login": dict(login="alice@example.org", address="198.51.100.7"),
    "internal": dict(login=None, address="192.0.2.77"),
    "outside": dict(login=None, address="198.51.100.8"),
}
COMMON = """
Socket local:%s
InternalHosts 127.0.0.1,192.0.2.0/24
Canonicalization relaxed/simple
OversignHeaders From
RequireSafeKeys no
"""


@pytest.fixture(scope="module")
def keys_of_both(tmp_path_factory):
    """Keys in files; {placeholder: path}."""
    keys = Keys(tmp_path_factory.mktemp("keys"))
    made = {"@ORG@": ("example.org", "rsa", "rsa"), "@NET@": ("example.net", "rsa", "rsa")}
    made["@TWO@"] = ("example.org", "two", "rsa")
    return {name: str(keys.make(*key)) for name, key in made.items()}


class Milter:
    """A program that serves a socket; what Session wants of a daemon."""

    transactions = 0

    def __init__(self, socket, argv, log):
        self.address = "unix:%s" % socket
        with open(log, "ab") as out:
            self.child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *map(str, argv)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )
        wait_for(self.is_there, "no milter: %s" % log.read_text())

    def is_there(self):
        """Whether it answers."""
        assert self.child.poll() is None, "the milter has ended"
        try:
            Session(self).mta.vanish()
        except OSError:
            return False
        return True

    def stop(self):
        """Ends it."""
        self.child.kill()
        self.child.wait()

    def signatures(self, author, client):
        """{(d=, s=, a=)} that it puts to a message, and whether it passes."""
        message = whole("From: " + author)
        with Session(self, **client) as session:
            got = session.submit(message, sender="<s@example.org>")
        assert got.verdict in ("passed", "accept at end"), got
        return sorted(tags_of(e) for e in got.edits if e.name == "DKIM-Signature")


def tags_of(edit):
    """d=, s= and a= of an edit that adds a signature."""
    text = edit.value.decode()
    return tuple(re.search(r"\b%s=([^;\s]+)" % tag, text)[1] for tag in "dsa")


def filled(text, places):
    """Text with placeholders filled in."""
    for name, value in places.items():
        text = text.replace(name, value)
    return text


@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS.keys())
def test_signs_what_opendkim_signed(tmp_path, keys_of_both, setup):
    """X46 D8.5: both run, and put the same signatures to the same messages."""
    places = {**keys_of_both, "@DIR@": str(tmp_path)}
    for name, text in FILES.items():
        (tmp_path / name).write_text(filled(text, places))
    theirs, ours = tmp_path / "theirs.sock", tmp_path / "ours.sock"
    conf = tmp_path / "opendkim.conf"
    conf.write_text(filled(setup, places) + COMMON % theirs)
    assert tool.run("import", "opendkim", "-d", tmp_path, conf) == (0, "", "")
    options = {"socket": "unix:%s" % ours, "audit.file": tmp_path / "audit"}
    options.update({"control.socket": tmp_path / "ctl.sock", "state_directory": tmp_path})
    argv = [find_program(), "-c", tmp_path / "submit-milter.conf"]
    argv += [part for name, value in options.items() for part in ("-o", "%s=%s" % (name, value))]
    milters = []
    try:
        milters.append(Milter(theirs, [OPENDKIM, "-f", "-x", conf], tmp_path / "log1"))
        milters.append(Milter(ours, argv, tmp_path / "log2"))
        compare(*milters)
    finally:
        for milter in milters:
            milter.stop()


def compare(theirs, ours):
    """Message by message."""
    signed = 0
    for author in AUTHORS:
        for name, client in CLIENTS.items():
            want = theirs.signatures(author, client)
            assert ours.signatures(author, client) == want, (author, name)
            signed += bool(want)
            assert not want or name != "outside"
    assert signed >= 4, "opendkim signed next to nothing"
