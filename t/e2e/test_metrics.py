"""What the filter counts, behind a real mail server."""

import os
import pathlib
import re
import subprocess

import pytest

from support.submission import submit, whole

FROM_BOB = whole("From: bob@example.org")


def metrics():
    """Samples by their text, "submit_milter_" taken off."""
    tool = pathlib.Path(os.environ["LAB_MILTER"]).parent / "submitctl"
    done = subprocess.run(
        [tool, "status", "--metrics", "--socket", os.environ["LAB_CONTROL"]],
        stdout=subprocess.PIPE, check=True, timeout=60, text=True)
    return {
        name: float(value)
        for name, value in re.findall(r"^submit_milter_(\S+) ([0-9.]+)$", done.stdout, re.M)
    }


def total(samples, start):
    """The sum of all samples whose text begins so."""
    return sum(value for name, value in samples.items() if name.startswith(start))


@pytest.mark.proves("X21")
def test_counted(lab):
    """A message that passes and one that is refused, with all that belongs to them."""
    before = metrics()
    assert submit(lab).reply.code == 250
    assert submit(lab, FROM_BOB).verdict == "550 5.7.1 at DATA"
    after = metrics()

    def risen(start):
        return total(after, start) - total(before, start)

    results = {
        result: sum(
            after[name] - before.get(name, 0)
            for name in after
            if name.startswith("messages_total{") and 'result="%s"' % result in name
        )
        for result in ("passed", "refused", "deferred")
    }
    assert results == {"passed": 1, "refused": 1, "deferred": 0}
    assert risen('rule_verdicts_total{rule="from-rights",mode="enforce",action="refuse"}') == 1
    assert risen('replies_total{stage="message",code="550",reason="from-not-allowed"}') == 1
    assert risen("signatures_total{") >= 1
    assert risen('stage_seconds_count{stage="mail"}') == 2
    assert risen('stage_seconds_count{stage="message"}') == 2
    assert risen("audit_wait_seconds_count") == 1
    assert risen('audit_records_total{sink="file"}') >= 1
    assert risen("connections_total") >= 2
