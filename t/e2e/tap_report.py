"""A pytest plugin that reports in TAP, one line a test, for make check.

`pytest -p tap_report`. A failure is explained in comments.
"""

import sys

import pytest


class TapReport:
    """Prints results as they come and the plan at the end."""

    def __init__(self, out):
        self.out = out
        self.count = 0

    def line(self, good, name, why=""):
        """One test line, and the reasons of a failure."""
        self.count += 1
        result = "ok" if good else "not ok"
        print("%s %d - %s" % (result, self.count, name), file=self.out)
        for line in why.splitlines():
            print("#   " + line, file=self.out)
        self.out.flush()

    def pytest_collectreport(self, report):
        """A file that cannot be collected is a failure."""
        if report.failed:
            self.line(False, "collecting " + report.nodeid, report.longreprtext)

    def pytest_runtest_logreport(self, report):
        """One line for what a test did, one more if setup or teardown broke."""
        # In TAP, "#" and a backslash have meanings of their own.
        name = report.nodeid.replace("\\", "\\\\").replace("#", "\\#")
        if report.skipped:
            self.line(True, name + " # SKIP", str(report.longrepr))
        elif report.failed:
            when = "" if report.when == "call" else " (%s)" % report.when
            words = [report.longreprtext, report.caplog, report.capstdout, report.capstderr]
            self.line(False, name + when, "\n".join(words))
        elif report.when == "call":
            self.line(True, name)

    def pytest_sessionfinish(self):
        """The plan, which TAP allows at the end."""
        print("1..%d" % self.count, file=self.out, flush=True)

    def pytest_internalerror(self, excrepr):
        """An error of pytest itself."""
        why = str(excrepr).replace("\n", "\n# ")
        print("Bail out! pytest: " + why, file=self.out, flush=True)


@pytest.hookimpl(trylast=True)  # the other one is made in this hook, too
def pytest_configure(config):
    """Puts this reporter in the place of the one for terminals."""
    # The name and options of that one are left: other plugins ask for them.
    config.pluginmanager.unregister(name="terminalreporter")
    config.pluginmanager.register(TapReport(sys.stdout), "tap")
