"""Fixtures and marks of the tests of msa-probe."""

import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
for folder in (HERE, HERE.parent / "lab", HERE.parent / "e2e", HERE.parent.parent / "contrib"):
    sys.path.insert(0, str(folder))

from support.lab import Lab  # noqa: E402  (the path must be set first)


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
            "these tests run in the lab: t/lab/run -- /usr/bin/python3 -m pytest t/probe",
            returncode=2,
        )
    return Lab(dict(os.environ))
