"""Letters of all kinds, relayed and then verified by programs of others.

Three that know nothing of each other: dkimpy, opendkim (libopendkim), and
Mail::DKIM. The last has no Ed25519: of it counts what it says of RSA, and
for the other signatures, that it tells them apart as not for it.
"""

import collections
import pathlib
import subprocess

import pytest
from lab import dkimcheck

from support.letters import letters
from support.submission import submit_all
from support.verifiers import by_dkimpy, by_opendkim

COUNT = 300
MAIL_DKIM = pathlib.Path(__file__).parent / "support" / "mail_dkim.pl"
BOTH = [
    ("example.org", "rsa", "rsa-sha256"),
    ("example.org", "ed", "ed25519-sha256"),
]
RSA, ED = BOTH


def by_mail_dkim(lab, files):
    """The same of Mail::DKIM, and what it says of those that do not pass."""
    host, port = lab.dns.split(":")
    done = subprocess.run(
        ["/usr/bin/perl", MAIL_DKIM, host, port, *files],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    passed = set()
    others = collections.Counter()
    for line in done.stdout.splitlines():
        path, domain, selector, algorithm, result, detail = line.split("\t")
        if result == "pass":
            passed.add((pathlib.Path(path).name, domain, selector, algorithm))
        else:
            others[(algorithm, detail)] += 1
    return passed, others


@pytest.fixture(scope="module")
def relayed(lab, tmp_path_factory):
    """Files of the letters as the next hop got them."""
    folder = tmp_path_factory.mktemp("letters")
    messages = list(letters(COUNT, lab.mta))
    files = []
    for number, message in enumerate(submit_all(lab, [(m.mail, m.octets) for m in messages])):
        files.append(folder / ("%03d.eml" % number))
        files[-1].write_bytes(message.content)
    return files


def wanted(files, keys):
    """What has to pass."""
    return {(path.name, *key) for path in files for key in keys}


@pytest.mark.proves("D8.5", "X11", "X13")
def test_each_letter_is_signed_twice(relayed):
    """RSA first, and nothing but these two."""
    assert len(relayed) == COUNT
    for path in relayed:
        fields = dkimcheck.signature_fields(path.read_bytes())
        assert [(f["d"], f["s"], f["a"]) for f in fields] == BOTH, path.read_bytes()


@pytest.mark.proves("D8.5", "X13")
def test_dkimpy(lab, relayed):
    """It verifies RSA and Ed25519."""
    assert by_dkimpy(lab, relayed) == wanted(relayed, BOTH)


@pytest.mark.proves("D8.5", "X13")
def test_opendkim(lab, relayed):
    """It verifies RSA and Ed25519."""
    assert by_opendkim(lab, relayed) == wanted(relayed, BOTH)


@pytest.mark.proves("D8.5", "X13")
def test_mail_dkim(lab, relayed):
    """It verifies RSA, and knows that it cannot verify Ed25519."""
    passed, others = by_mail_dkim(lab, relayed)
    assert passed == wanted(relayed, [RSA])
    assert others == {(ED[2], "invalid (unsupported algorithm %s)" % ED[2]): COUNT}


@pytest.mark.proves("D8.5")
def test_changed_letters_do_not_pass(lab, relayed, tmp_path):
    """The counterpart: each verifier sees a Subject added, and a body changed."""
    files = []
    for path in relayed[:10]:
        content = path.read_bytes()
        for name, changed in (
            ("subject", b"Subject: added\r\n" + content),
            ("body", content + b"x\r\n"),
        ):
            files.append(tmp_path / ("%s-%s" % (name, path.name)))
            files[-1].write_bytes(changed)
    assert not by_dkimpy(lab, files)
    assert not by_opendkim(lab, files)
    assert not by_mail_dkim(lab, files)[0]
