"""Keys made, published, checked and rotated, while mail flows."""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import threading
import time

import pytest
from lab.dkimcheck import verify
from lab.owndns import Dns

from support import config
from support.lab import wait_for
from support.submission import submit

DKIM = '{ key_directory = "@LAB_KEYS@"; }'
SOON = 1.2  # seconds until the signer looks at a file again


class Admin:
    """submitctl dkim, and the DNS that its user writes to."""

    def __init__(self, lab, dns):
        self.lab = lab
        self.dns = dns
        self.tool = pathlib.Path(lab.program).parent / "submitctl"
        self.keys = lab.folder / "keys"
        self.patience = "20000"  # ms

    def run(self, action, *arguments):
        """(exit status, what it wrote)."""
        done = subprocess.run(
            [self.tool, "dkim", action, "-c", self.lab.config, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout

    def record(self, domain, selector):
        """(name, text) of a record."""
        words = []
        for form in ("name", "plain"):
            status, said = self.run("record", "--form", form, domain, selector)
            assert status == 0, said
            words.append(said.strip())
        return words

    def publish(self, domain, selector):
        """Puts the record of a key into the DNS."""
        self.dns.publish(*self.record(domain, selector))

    def check(self, *names):
        """(exit status, what it wrote) of a check."""
        return self.run("check", "--server", self.dns.address, "--timeout", self.patience, *names)

    def rotate(self, *options):
        """(exit status, what it wrote) of a rotation of example.org."""
        return self.run("rotate", "--server", self.dns.address, *options, "example.org")


@pytest.fixture
def admin(start_lab):
    """A lab that signs with the keys of its folder, all published."""
    with start_lab(config.text(dkim=DKIM)) as lab, Dns({}, seconds=0) as dns:
        admin = Admin(lab, dns)
        for domain in ("example.org", "example.net"):
            for selector in ("rsa", "ed"):
                admin.publish(domain, selector)
        yield admin


def selectors(admin):
    """Those of a submission's signatures, all of them valid."""
    found = verify(submit(admin.lab).relayed.content, admin.dns.address)
    assert found and all(s.is_valid for s in found), [str(s) for s in found]
    return sorted(s.selector for s in found)


@pytest.mark.proves("X12")
def test_check_compares_record_and_key(admin):
    """Every way in which a record may be wrong has its own words."""
    name, text = admin.record("example.org", "rsa")
    _, other = admin.record("example.net", "rsa")
    _, ed = admin.record("example.org", "ed")
    status, said = admin.check()
    assert status == 0 and said.count(": matches\n") == 4, said
    for texts, want in {
        (other,): "differs: it has another key",
        (text[:-4],): "differs: it has another key",
        ("v=DKIM1; p=",): "is revoked",
        (text, other): "several records",
        (ed,): "wrong k=",
        (text + "; h=sha1",): "h= without sha256",
        (text + "; s=tlsrpt",): "s= without email",
        ("v=spf1 -all",): "is malformed",
        (text.replace("v=DKIM1", "v=DKIM2"),): "is malformed",
        (): "is missing",
    }.items():
        admin.dns.publish(name, *texts)
        status, said = admin.check("example.org", "rsa")
        assert (status, name, want in said) == (1, said.split(":")[0], True), said
    for extra, want in (("; t=y", "matches, but t=y"), ("; t=s", "matches; t=s"), (" ;", "matches")):
        admin.dns.publish(name, text + extra)
        status, said = admin.check("example.org", "rsa")
        assert status == 0 and want in said, said
    del admin.dns.records[name]
    status, said = admin.check("example.org", "rsa")
    assert status == 1 and "is missing" in said
    admin.dns.is_silent = True
    admin.patience = "1000"
    status, said = admin.check("example.org", "rsa")
    assert status == 75 and "no answer" in said, said


@pytest.mark.proves("X12")
def test_record_in_each_form(admin):
    """Zone files split it at 255 octets; all forms say the same."""
    name, plain = admin.record("example.org", "rsa")
    assert name == "rsa._domainkey.example.org" and plain.startswith("v=DKIM1; k=rsa; p=MII")
    _, zone = admin.run("record", "example.org", "rsa")
    strings = re.findall(r'"([^"]*)"', zone)
    assert zone.startswith(name + ". IN TXT (")
    assert "".join(strings) == plain and max(map(len, strings)) == 255
    assert admin.run("record", "--form", "bind", "example.org", "rsa")[1] == zone
    _, tiny = admin.run("record", "--form", "tinydns", "example.org", "rsa")
    assert tiny == "'%s:%s:3600\n" % (name, plain)
    assert admin.run("record", "example.org", "none")[0] == 1
    assert admin.run("record", "--form", "odd")[0] == 64


@pytest.mark.proves("X12", "X14")
def test_keygen(admin):
    """Safe modes, no key is overwritten, and none signs before its record is there."""
    before = selectors(admin)
    status, said = admin.run("keygen", "-s", "new", "-a", "ed25519", "example.org")
    assert status == 0 and "new._domainkey.example.org. IN TXT" in said, said
    path = admin.keys / "example.org" / "new.key"
    assert stat.S_IMODE(path.stat().st_mode) & 0o037 == 0
    octets = path.read_bytes()
    status, said = admin.run("keygen", "-s", "new", "example.org")
    assert status == 73 and "File exists" in said
    assert path.read_bytes() == octets
    time.sleep(SOON)
    assert selectors(admin) == before
    status, said = admin.run("keygen", "-s", "first", "--now", "xn--bcher-kva.example")
    assert status == 0, said
    assert os.listdir(admin.keys / "xn--bcher-kva.example") == ["first.key"]
    for wrong in ("../x", "a/b", ""):
        assert admin.run("keygen", wrong)[0] == 64
    assert "new: ed25519-sha256, 256 bits, waits" in admin.run("list")[1]


@pytest.mark.proves("X12", "X15")
def test_rotation_while_mail_flows(admin):
    """Made, waited for, activated, ended, retired; every message is signed and valid."""
    done = threading.Event()
    seen, faults = [], []

    def mail():
        while not done.is_set():
            try:
                seen.append(tuple(selectors(admin)))
            except Exception as error:  # told below, by the test
                faults.append(error)
                return

    flow = threading.Thread(target=mail)
    flow.start()
    try:
        assert admin.rotate() == (0, ""), "nothing is old"
        status, said = admin.rotate("--now")
        assert status == 1, said
        (rsa,) = re.findall(r"example.org (rsa\d+): made", said)
        (ed,) = re.findall(r"example.org (ed25519\d+): made", said)
        assert said.count("waits: its record is missing") == 2
        assert admin.rotate("--now")[0] == 1, "nothing more is made"
        status, said = admin.rotate()
        assert status == 1 and "made" not in said and "waits" in said
        time.sleep(SOON)
        # What is published wrongly stays inactive.
        admin.dns.publish("%s._domainkey.example.org" % rsa, "v=DKIM1; p=")
        assert "is revoked" in admin.rotate()[1]
        admin.publish("example.org", rsa)
        status, said = admin.rotate()
        assert "%s: activated" % rsa in said and "example.org rsa: ended" in said
        assert "%s: waits" % ed in said and status == 1
        wait_for(lambda: faults or ("ed", rsa) in seen, "the new key does not sign")
        admin.publish("example.org", ed)
        status, said = admin.rotate()
        assert status == 0 and "%s: activated" % ed in said, said
        assert admin.rotate() == (0, ""), "all is done"
        rotated = tuple(sorted((ed, rsa)))
        wait_for(lambda: faults or seen[-1] == rotated, "the old key does not end")
    finally:
        done.set()
        flow.join()
    assert not faults, faults
    assert seen[0] == ("ed", "rsa")
    said = []

    def retire():
        status, words = admin.rotate("--keep", "0")
        assert status == 0, words
        said.append(words)
        return "".join(said).count("retired: its record may be removed") == 2

    wait_for(retire, "the old keys do not end")
    assert sorted(p.name for p in (admin.keys / "example.org").glob("*.retired")) == [
        "ed.retired",
        "rsa.retired",
    ]
    time.sleep(SOON)
    assert selectors(admin) == list(rotated)


@pytest.mark.proves("X12")
def test_rotation_picks_up_where_it_was_stopped(admin):
    """An old key that still signs beside a newer one ends at the next run."""
    folder = admin.keys / "example.org"
    shutil.copy2(admin.keys / "example.net" / "rsa.key", folder / "next.key")
    (folder / "next.dates").write_text("not-before: 2020-01-01\n")
    admin.publish("example.org", "next")
    status, said = admin.rotate("--lifetime", "36500")
    assert status == 0 and "example.org rsa: ended" in said, said
    assert admin.rotate("--lifetime", "36500") == (0, "")
    # What it cannot read it does not decide about.
    (folder / "next.dates").write_text("not-before: soon\n")
    status, said = admin.rotate("--now")
    assert status == 1 and "made" not in said, said


@pytest.mark.proves("X12")
def test_unpublished_key_is_activated_only_by_force(admin):
    """--force asks nobody."""
    assert admin.run("keygen", "-s", "n", "-a", "ed25519", "example.org")[0] == 0
    assert "waits: its record is missing" in admin.rotate()[1]
    status, said = admin.rotate("--force")
    assert status == 0 and "example.org n: activated" in said, said
