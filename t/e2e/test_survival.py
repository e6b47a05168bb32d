"""Messages that go on to a server which takes 7 bits only."""

import email
import os
import pathlib
import sys

import pytest
from lab.dkimcheck import verify

from support import config
from support.submission import submit

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "t" / "milter"))
from harness.corpus import samples  # noqa: E402

ENCODE = """{ encode: { eight_bit = "encode"; long_lines = true; header = true; }; }"""


def leaves(octets):
    """Decoded content of each leaf. Postfix and Sendmail end the last line."""
    parts = email.message_from_bytes(octets).walk()
    return [
        p.get_payload(decode=True).rstrip(b"\r\n") for p in parts if not p.is_multipart()
    ]


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
def test_next_hop_of_seven_bits(narrow):
    """What arrives is as it left us: the signatures hold, the content is the same."""
    sent = 0
    for sample in samples(60):
        if sample.is_obstructed or len(sample.message.body) > 200000:
            continue
        got = submit(narrow, sample.message.octets())
        assert got.verdict == "250 2.0.0 at DATA", (sample.name, got)
        assert got.relayed.content.isascii(), sample.name
        found = verify(got.relayed.content, narrow.dns)
        assert len(found) == 2, (sample.name, got.record)
        assert all(s.is_valid for s in found), (sample.name, [str(s) for s in found])
        assert leaves(got.relayed.content) == leaves(sample.message.octets()), sample.name
        sent += 1
        if sent == 16:
            break
    assert sent == 16
