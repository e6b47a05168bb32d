"""Manuals and READMEs, whose examples the tests run as they stand."""

import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]


def example(manual, name):
    """The literal text below a line `run: NAME` of a manual."""
    text = (TOP / "submit-milter" / manual).read_text()
    found = re.findall(
        r'(?ms)^\.\\" run: %s\n\.Bd [^\n]*\n(.*?)^\.Ed' % re.escape(name), text
    )
    assert len(found) == 1, "%s has %d examples %r" % (manual, len(found), name)
    return found[0].replace("\\e", "\\")


def section(heading):
    """The indented lines of a section of README, without their indentation."""
    text = (TOP / "README").read_text()
    start = text.index("\n%s\n%s\n" % (heading, "-" * len(heading)))
    rest = text[start + 1 :].split("\n", 2)[2]
    body = re.split(r"\n[^\n]+\n-{3,}\n", "\n" + rest)[0]
    return [line[2:] for line in body.splitlines() if line.startswith("  ")]
