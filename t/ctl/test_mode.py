"""submitctl mode: the panic switch from the administrator's side."""

import pytest
import tool

from harness import configuration as conf
from harness.message import whole
from harness.session import submit

FROM_BOB = whole("From: bob@example.org")


@pytest.fixture
def daemon(start, strict):
    """A daemon of the test's own."""
    return start(conf.changed(strict, panic={"time": 1800, "maximum": 7200}))


def mode(daemon, *arguments):
    """Status, output and complaints of submitctl mode."""
    return tool.run("mode", "--socket", daemon.control_socket, *arguments)


def test_switch(daemon):
    """X49: at once, for the time told, and back."""
    code, out, err = mode(daemon, "pass", "--for", "2h", "--reason", "J\u00fcrgen's table is broken")
    assert (code, err) == (0, "")
    lines = [line.split(None, 1) for line in out.splitlines()]
    assert lines[0] == ["mode", "pass"]
    assert ["reason", "J\u00fcrgen's table is broken"] in lines
    assert submit(daemon, FROM_BOB).verdict == "passed"
    _, answer = tool.run_json("status", "--socket", daemon.control_socket)
    assert answer["mode"] == "pass"
    assert answer["panic"]["until"] - answer["panic"]["since"] == 7200
    assert "reason" in tool.run("status", "--socket", daemon.control_socket)[1]
    assert mode(daemon, "enforce") == (0, "mode           enforce\n", "")
    assert submit(daemon, FROM_BOB).verdict == "550 5.7.1 at end"
    assert mode(daemon) == (0, "mode           enforce\n", "")


def test_default_time(daemon):
    """X49: that of the configuration."""
    _, answer = tool.run_json("mode", "--socket", daemon.control_socket, "sign-only")
    assert answer["panic"]["until"] - answer["panic"]["since"] == 1800


WRONG = [
    (("dance",), 64, 'sign-only or pass is needed, not "dance"'),
    (("pass", "enforce"), 64, "one mode is enough"),
    (("pass", "--for", "soon"), 64, "--for soon: a time such as"),
    (("pass", "--for", "0m"), 64, "--for 0m: a time such as"),
    (("pass", "--for", "3h"), 69, "longer than panic.maximum"),
    (("enforce", "--for", "1h"), 64, "go with"),
    (("--reason", "x"), 64, "go with"),
    (("pass", "--reason", "x" * 600), 69, "too long"),
    (("pass", "--reason", "x" * 2000), 64, "too long"),
    (("pass", "--reason", "a\nb"), 64, "line"),
    (("pass", "--reason", "a\tb"), 69, "is no text"),
    (("pass", "--nonsense"), 64, "mode --help tells"),
]


def test_wrong_usage(daemon):
    """X49: changes nothing, and says what is wrong."""
    for arguments, want, words in WRONG:
        code, out, err = mode(daemon, *arguments)
        assert (code, out) == (want, ""), arguments
        assert words in err, arguments
    assert mode(daemon)[1] == "mode           enforce\n"


def test_not_kept(start, strict):
    """X49: it is said when a restart would end the mode."""
    daemon = start.make(strict)
    daemon.configuration["state_directory"] = ""
    daemon.start()
    code, out, err = mode(daemon, "pass")
    assert code == 0 and out.startswith("mode           pass\n")
    assert "warning: a restart would end this mode" in err


def test_report(daemon):
    """X49: what sign-only let through was no trial."""
    mode(daemon, "sign-only")
    assert submit(daemon, FROM_BOB).verdict == "passed"
    _, got = tool.run_json("report", daemon.audit_file)
    assert (got["records"], got["trial"], got["rules"]) == (1, [], [])
