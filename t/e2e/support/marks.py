"""Hooks of pytest, and a fixture, for whatever conftest.py imports them."""

import os

import pytest

from .lab import Lab


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "proves(id, ...): the requirements that the test proves"
    )


def pytest_collection_modifyitems(items):
    """Every test says which requirements it proves."""
    for item in items:
        if not any(mark.args for mark in item.iter_markers("proves")):
            raise pytest.UsageError("%s proves nothing" % item.nodeid)


def lab_here(folder):
    """The lab that the tests of a folder of t run in."""
    if "LAB_MTA" not in os.environ:
        pytest.exit(
            "these tests run in the lab: t/lab/run -- /usr/bin/python3 -m pytest t/" + folder,
            returncode=2,
        )
    return Lab(dict(os.environ))
