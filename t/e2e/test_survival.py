"""Messages that go on to a server which takes 7 bits only, and what they tell."""

import email
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from lab.dkimcheck import verify

from support import config
from support.submission import ALICE, submit

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "t" / "milter"))
from harness.corpus import samples  # noqa: E402

ENCODE = """{ encode: { eight_bit = "encode"; long_lines = true; header = true; };
	privacy: { remove_fields = [ "X-Mailer" ]; client = true; }; }"""


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
        found = verify(got.relayed.content, narrow.dns) if sent % 4 == 0 else []
        assert all(s.is_valid for s in found), (sample.name, [str(s) for s in found])
        assert leaves(got.relayed.content) == leaves(sample.message.octets()), sample.name
        sent += 1
        if sent == 16:
            break
    assert sent == 16


@pytest.mark.proves("X5")
def test_what_is_told_of_the_client(narrow, tmp_path):
    """Fields of the client's program go; Received says how it came."""
    lines = ["From: " + ALICE, "Subject: x", "X-Mailer: y", "X-Client: [127.0.0.1]", "X-Z: z"]
    got = submit(narrow, "\r\n".join(lines + ["", "x", ""]).encode())
    relayed = got.relayed
    assert not relayed.values("X-Mailer") and not relayed.values("X-Client")
    assert relayed.values("X-Z")
    received = relayed.values("Received")[0]
    assert b"with ESMTPSA" in received
    assert b"alice" not in received.lower()
    if narrow.mta.name != "postfix":
        return
    # The table that is shipped, as Postfix itself reads it.
    table = TOP / "conf" / "postfix" / "header_checks.privacy"
    # The types that come in packages of their own are known there alone.
    (tmp_path / "main.cf").write_text(
        "compatibility_level = 3.6\nmeta_directory = /etc/postfix\n"
    )
    done = subprocess.run(
        [
            shutil.which("postmap", path="/usr/sbin:/usr/bin"),
            *("-c", tmp_path, "-hq", "-", "pcre:%s" % table),
        ],
        input=b"Received:" + received.replace(b"\r\n", b"\n") + b"\n\n",
        stdout=subprocess.PIPE,
        check=True,
    )
    assert b"REPLACE Received: from client.invalid" in done.stdout
    assert b"127.0.0.1" not in done.stdout.partition(b"REPLACE")[2]
    assert b"with ESMTPSA" in done.stdout.partition(b"REPLACE")[2]
