"""Messages that go on to a server which takes 7 bits only."""

import os
import pathlib
import sys

import pytest

from support import config
from support.mimeparsers import by_email, by_gmime
from support.submission import ALICE, submit_all
from support.verifiers import by_dkimpy, by_opendkim

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "t" / "milter"))
from harness.corpus import samples  # noqa: E402

COUNT = 340  # so that some 300 can be encoded
LARGEST = 200000
ENCODE = "{ encode: { eight_bit = \"encode\"; long_lines = true; header = true; }; }"


@pytest.fixture(scope="module")
def narrow(start_lab):
    """A lab that encodes, with such a next hop."""
    os.environ["LAB_NEXT_HOP"] = "7bit"
    try:
        with start_lab(config.text(default_profile=ENCODE)) as lab:
            yield lab
    finally:
        del os.environ["LAB_NEXT_HOP"]


@pytest.mark.proves("D8.4", "X6", "D8.5")
def test_next_hop_of_seven_bits(narrow, tmp_path):
    """What arrives is as it left us: signatures hold, content is the same to two parsers."""
    sent = [
        sample.message.octets()
        for sample in samples(COUNT)
        if not sample.is_obstructed and len(sample.message.body) <= LARGEST
    ]
    assert len(sent) >= 300
    mail = "<%s> BODY=8BITMIME" % ALICE
    arrived = [m.content for m in submit_all(narrow, [(mail, octets) for octets in sent])]
    files = []
    for number, (was, now) in enumerate(zip(sent, arrived, strict=True)):
        assert now.isascii(), was
        assert by_email(now) == by_email(was), was
        assert by_gmime(now) == by_gmime(was) != [], was
        files.append(tmp_path / ("%03d.eml" % number))
        files[-1].write_bytes(now)
    keys = (("example.org", "rsa", "rsa-sha256"), ("example.org", "ed", "ed25519-sha256"))
    want = {(path.name, *key) for path in files for key in keys}
    assert by_dkimpy(narrow, files) == want
    assert by_opendkim(narrow, files) == want
