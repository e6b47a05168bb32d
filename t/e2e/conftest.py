"""Fixtures and marks of the end-to-end tests. See README."""

import os
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))

from support.lab import another_lab  # noqa: E402
from support.marks import (  # noqa: E402,F401
    lab_here,
    pytest_collection_modifyitems,
    pytest_configure,
)
from support.submission import submit  # noqa: E402


@pytest.fixture(scope="session")
def lab():
    """The lab that the tests run in."""
    lab = lab_here("e2e")
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
