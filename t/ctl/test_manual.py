"""The screens in submitctl(8) are those that the programs print."""

import pathlib
import re

import pytest
import tool

from harness.session import submit

MANUAL = pathlib.Path(__file__).parents[2] / "submit-milter" / "submitctl.8"


@pytest.fixture(scope="module")
def daemon(daemon_after_mail):
    """What the screens in the manual are of."""
    return daemon_after_mail


def shape(text):
    """The words; numbers, ids, and how wide the blanks are may differ."""
    text = re.sub(r"\bid \w+", "id #", text)
    return [re.sub(r"[\d.]*\d", "#", line).split() for line in text.strip().splitlines()]


def screen(intro):
    """The literal text after that line of the manual."""
    found = re.search(re.escape(intro) + r"\n\.Bd -literal\n(.*?)\.Ed\n", MANUAL.read_text(), re.S)
    assert found, intro
    return shape(found.group(1))


def test_report(daemon):
    """X46 X3: submitctl report."""
    code, out, err = tool.run("report", "-c", daemon.config)
    assert (code, err) == (0, "")
    assert shape(out) == screen("A report looks like this:")


def test_top(daemon):
    """X46 X21: submitctl top."""
    submit(daemon)  # who submits most is forgotten after a minute or two
    code, out, err = tool.run(
        "top", "--once", "--interval", "0s", "--sort", "name", "-c", daemon.config)
    assert (code, err) == (0, "")
    assert shape(out) == screen("A screen looks like this:")


def members(value):
    """All names in a value of JSON."""
    if isinstance(value, dict):
        return set(value).union(*map(members, value.values()))
    return set().union(*map(members, value)) if isinstance(value, list) else set()


def section(begin, end):
    """The words in bold of a part of the manual."""
    text = MANUAL.read_text()
    text = text[text.index(begin):]
    return set(re.findall(r"\w+", " ".join(re.findall(r"(?m)^\.(?:It |Pq |Op )?(?:null, or )?Cm (.*)", text[:text.index(end)]))))


def test_members(daemon):
    """X46 X49: each name in the answers of status, top and the control socket."""
    told = section(".Ss submitctl status", ".Ss submitctl store")
    answer = daemon.ask("status")
    assert members(answer) - {"ok"} <= told
    assert daemon.ask("mode pass 60 because")["ok"]
    assert members(daemon.ask("status")) - {"ok"} <= told
    assert daemon.ask("mode enforce 0")["ok"]
    verbs = section(".Sh CONTROL SOCKET", ".Sh EXIT STATUS")
    for verb in ("metrics", "identities"):
        answer = daemon.ask(verb)
        assert members(answer) | {verb} <= verbs
    code, answer = tool.run_json("top", "--interval", "0s", "-c", daemon.config)
    assert code == 0
    for own in ("status", "identities"):
        del answer[own]
    assert members(answer) <= section(".Ss submitctl top", ".Ss submitctl trace")
