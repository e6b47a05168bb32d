"""The panic switch, by submitctl, behind a real mail server."""

import json
import os
import pathlib
import subprocess

import pytest

from support.submission import FROM_ALICE, letter, submit, whole

FROM_BOB = whole("From: bob@example.org")


@pytest.fixture
def mode(lab):
    """Switches the lab's daemon; afterwards it enforces again."""
    control = os.environ["LAB_CONTROL"]
    tool = pathlib.Path(os.environ["LAB_MILTER"]).parent / "submitctl"

    def switch(*arguments):
        done = subprocess.run(
            [tool, "mode", "--socket", control, "--json", *arguments],
            stdout=subprocess.PIPE, check=True, timeout=60)
        return json.loads(done.stdout)

    yield switch
    assert switch("enforce")["panic"] is None


@pytest.mark.proves("X49", "X10")
def test_sign_only(lab, mode):
    """Refuses nothing, signs who has the right, nobody else."""
    assert submit(lab, FROM_BOB).verdict == "550 5.7.1 at DATA"
    mode("sign-only", "--for", "5m", "--reason", "a test")
    got = submit(lab, FROM_BOB)
    assert got.reply.code == 250
    assert got.record["mode"] == "sign-only"
    assert got.relayed.values("DKIM-Signature") == []
    assert submit(lab).relayed.values("DKIM-Signature")


@pytest.mark.proves("X49")
def test_pass(lab, mode):
    """Leaves the message as it is; the next one under enforce is refused again."""
    mode("pass")
    got = submit(lab, letter("From: bob@example.org", "X-Odd: \t x"), sender="<bob@example.org>")
    assert got.reply.code == 250
    assert got.record["edits"] == [] and got.record["mode"] == "pass"
    assert got.relayed.values("DKIM-Signature") == []
    mode("enforce")
    assert submit(lab, FROM_BOB).verdict == "550 5.7.1 at DATA"


@pytest.mark.proves("X49", "A2")
@pytest.mark.parametrize("name", ["sign-only", "pass"])
def test_no_way_in(lab, mode, name):
    """Who has not authenticated submits nothing, whatever the mode."""
    mode(name)
    got = submit(lab, FROM_ALICE, login=None)
    assert got.verdict == "530 5.7.0 at MAIL"
