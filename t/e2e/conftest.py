"""Fixtures and marks of the end-to-end tests. See README."""

import os
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))

from support.lab import Lab, another_lab  # noqa: E402
from support.submission import submit  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "proves(id, ...): the requirements that the test proves"
    )


def pytest_collection_modifyitems(items):
    """Every test says which requirements it proves."""
    for item in items:
        if not any(mark.args for mark in item.iter_markers("proves")):
            raise pytest.UsageError("%s proves nothing" % item.nodeid)


@pytest.fixture(scope="session")
def lab():
    """The lab that the tests run in."""
    if "LAB_MTA" not in os.environ:
        pytest.exit(
            "these tests run in the lab: t/lab/run -- /usr/bin/python3 -m pytest t/e2e",
            returncode=2,
        )
    lab = Lab(dict(os.environ))
    yield lab
    check_nothing_refused_was_relayed(lab)


def check_nothing_refused_was_relayed(lab):
    """What was refused stayed here: a last message went through after it."""
    last = submit(lab)
    assert last.relayed
    leaked = [token for token in lab.refused if lab.find_relayed(token)]
    assert not leaked, "refused, but relayed: %s" % leaked


@pytest.fixture(scope="session")
def start_lab(lab, tmp_path_factory):
    """Starts another lab: `with start_lab(configuration) as other:`."""
    folder = tmp_path_factory.mktemp("configurations")
    return lambda configuration: another_lab(lab.mta, configuration, folder)
