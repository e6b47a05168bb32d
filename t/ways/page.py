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
