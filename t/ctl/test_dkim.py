"""submitctl dkim: runs that change keys keep out of each other's way."""

import contextlib
import fcntl
import os
import re
import subprocess

import pytest
import tool


@pytest.fixture
def folder(tmp_path):
    """A key directory without keys."""
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def dkim(configured, folder):
    """Starts an action of submitctl dkim on that folder."""
    path = configured(dkim={"key_directory": str(folder)})

    def start(action, *arguments):
        return subprocess.Popen(
            [tool.program(), "dkim", action, "-c", path, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start


def end(process):
    """(exit status, what it wrote)."""
    said, _ = process.communicate(timeout=tool.PATIENCE)
    return process.returncode, said


@contextlib.contextmanager
def locked(folder):
    """Meanwhile the folder is as it is while keys are changed in it."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


ACTIONS = (
    ("keygen", "-a", "ed25519", "-s", "second", "example.org"),
    ("rotate", "--force", "--now", "--all"),
)


def test_another_run_is_waited_for(dkim, folder):
    """X12: keygen and rotate change nothing while another run does."""
    assert end(dkim("keygen", "--now", "-a", "ed25519", "-s", "first", "example.org"))[0] == 0
    with locked(folder):
        waiting = [dkim(*action) for action in ACTIONS]
        with pytest.raises(subprocess.TimeoutExpired):
            waiting[0].wait(0.5)
        assert [process.poll() for process in waiting] == [None, None]
        assert os.listdir(folder / "example.org") == ["first.key"]
    for process in waiting:
        status, said = end(process)
        assert status == 0, said
    assert (folder / "example.org" / "second.key").exists()


def test_waiting_has_an_end(dkim, folder):
    """X12: and then says who is in the way, with a status to come again."""
    with locked(folder):
        for process in [dkim(*action) for action in ACTIONS]:
            status, said = end(process)
            assert status == 75
            assert said == "submitctl: %s: another submitctl is changing keys there\n" % folder
    assert os.listdir(folder) == []


def test_many_at_once(dkim, folder):
    """X12: no name is given twice, no file is left half made."""
    makes = [dkim("keygen", "--now", "-a", "ed25519", "example.org") for _ in range(4)]
    turns = [dkim("rotate", "--force", "--now", "--all") for _ in range(3)]
    made = []
    for process in makes + turns:
        status, said = end(process)
        # On a slow machine one or the other may be told to come again.
        assert status == 0 or status == 75, said
        made += re.findall(r"(?m)^\S+/(\S+).key: made", said)
        made += re.findall(r"(?m)^example.org (\S+): made", said)
    names = os.listdir(folder / "example.org")
    assert sorted(n[:-4] for n in names if n.endswith(".key")) == sorted(made)
    assert {n.rpartition(".")[2] for n in names} <= {"key", "dates"}
    status, said = end(dkim("list"))
    assert status == 0 and said.count("example.org ed25519") == len(made) > 0, said
