"""Fixtures and marks of the tests of the ways in. See README."""

import pathlib
import sys

import pytest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "e2e", HERE.parent / "lab"):
    sys.path.insert(0, str(folder))

import site_of_ways  # noqa: E402
from support.marks import pytest_collection_modifyitems, pytest_configure  # noqa: E402,F401


@pytest.fixture(scope="session")
def postfix(tmp_path_factory):
    """A lab with the example's services."""
    with site_of_ways.postfix(tmp_path_factory.mktemp("postfix")) as lab:
        yield lab


@pytest.fixture(scope="session")
def sendmail_lab(tmp_path_factory):
    """A lab with the example's lines for Sendmail."""
    with site_of_ways.sendmail(tmp_path_factory.mktemp("sendmail")) as lab:
        yield lab
