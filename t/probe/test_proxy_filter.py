"""Postfix with a before-queue filter, past which mail gets by the milter."""

import os
import pathlib
import re
import signal

import pytest
from support import config
from support.lab import another_lab, wait_for
from test_live import probe

SHIPPED = "-o smtpd_proxy_filter= "
UNSEEN = "if smtpd_proxy_filter is set there, mail passes unchecked"


def put_filter_in(lab):
    """The next hop as the filter: an SMTP server that takes what it is given."""
    etc = pathlib.Path(lab.environment["LAB_MTA_CONFIG"])
    onward = re.search(r"(?m)^relayhost = \[(.*)\](.*)", (etc / "main.cf").read_text())
    path = etc / "master.cf"
    text = path.read_text()
    assert SHIPPED in text
    option = SHIPPED.replace("= ", "=%s%s " % onward.groups())
    path.write_text(text.replace(SHIPPED, option))
    earlier = path.stat().st_mtime - 60  # a file that is too young is waited for
    os.utime(path, (earlier, earlier))
    pid = (etc.parent / "spool" / "pid" / "master.pid").read_text()
    log = pathlib.Path(lab.environment["LAB_MAIL_LOG"])
    os.kill(int(pid), signal.SIGHUP)
    wait_for(lambda: "reload -- version" in log.read_text(), "Postfix does not reload")


@pytest.mark.proves("X40", "D7")
def test_proxy_filter_is_found(lab, tmp_path):
    """By the probe at its first letter, by the milter after a few."""
    with another_lab(lab.mta, config.text(), tmp_path) as other:
        status, rows = probe(other, "submission", "--data")
        assert (status, rows["proxy-filter"]["verdict"]) == (0, "pass"), rows["proxy-filter"]
        put_filter_in(other)
        since = other.milter_log.stat().st_size
        status, rows = probe(other, "submission", "--data")
        assert status == 1
        verdicts = {n: rows[n]["verdict"] for n in ("spoofed-from", "proxy-filter")}
        assert verdicts == {"spoofed-from": "fail", "proxy-filter": "warn"}

        def is_told():
            """Each run is a few messages more that the milter is not shown."""
            probe(other, "submission", "--data")
            return UNSEEN in other.log_lines(since)

        wait_for(is_told, "the milter does not tell of the filter")
