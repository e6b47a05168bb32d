"""README's ten minutes, run as they stand, behind either MTA."""

import pathlib
import shutil
import subprocess

import pytest

import page
from lab.milter import find_program
from letters import letter, relayed, send, subject
from support.lab import another_lab
from support.mta import KINDS
from support.submission import ALICE

ETC = "/etc/submit-milter"
BOB = "bob@example.org"

LINES = page.section("Ten minutes")
COMMANDS = [line for line in LINES if line.startswith(("submitctl ", "sed "))]
CONFIGURATION = "\n".join(line for line in LINES if line not in COMMANDS) + "\n"


@pytest.mark.proves("X46")
def test_commands_are_those_that_are_run_here():
    """Another command in README wants another test."""
    assert [line.split()[0:2] for line in COMMANDS] == [
        ["submitctl", "dkim"],
        ["submitctl", "check"],
        ["submitctl", "report"],
        ["sed", "-i"],
        ["submitctl", "check"],
    ]


def run(command, lab):
    """A command of README, on the lab's configuration; what it says."""
    conf = lab.config
    command = command.partition(" &&")[0].replace(ETC + "/submit-milter.conf", str(conf))
    if command.startswith("submitctl"):
        program = pathlib.Path(find_program()).parent / "submitctl"
        words = command.split()[1:]
        words += ["-c", str(conf), "-o", "audit.file=%s" % lab.audit_file]
        command = "%s %s" % (program, " ".join(words))
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), (command, done.stderr)
    return done.stdout


@pytest.mark.proves("X46", "X42", "X3", "X40")
@pytest.mark.parametrize("mta", KINDS.values(), ids=KINDS.keys())
def test_ten_minutes(tmp_path, mta):
    """On trial all passes and is told; enforced, it is refused."""
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    text = CONFIGURATION.replace(ETC + "/keys", str(keys))
    text = text.replace('socket_group = "postfix"; ', "")
    text = text.replace('user = "submit-milter";\n', "")
    assert text.count('"warn"') == 5
    with another_lab(mta, text, tmp_path) as lab:
        conf = lab.config
        told = run(COMMANDS[0], lab)
        assert "_domainkey" in told and list(keys.glob("example.org/*.key"))
        assert "from-rights = " in run(COMMANDS[1], lab)
        lab.reload(conf.read_text(), "configuration reloaded")
        mark = subject()
        assert send(lab, letter(BOB, mark), ALICE, login=ALICE).code == 250
        relayed(lab, mark)
        report = run(COMMANDS[2], lab)
        assert ALICE in report and "from-rights" in report
        run(COMMANDS[3], lab)
        run(COMMANDS[4], lab)
        lab.reload(conf.read_text(), "configuration reloaded")
        reply = send(lab, letter(BOB, subject()), ALICE, login=ALICE)
        assert reply.codes == "550 5.7.1", reply
        mark = subject()
        assert send(lab, letter(ALICE, mark), ALICE, login=ALICE).code == 250
        relayed(lab, mark)
    shutil.rmtree(keys)
