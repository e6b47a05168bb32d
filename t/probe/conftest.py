"""Fixtures and marks of the tests of msa-probe."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
for folder in (HERE, HERE.parent / "lab", HERE.parent / "e2e", HERE.parent.parent / "contrib"):
    sys.path.insert(0, str(folder))

from support.marks import (  # noqa: E402,F401
    lab_here,
    pytest_collection_modifyitems,
    pytest_configure,
)


@pytest.fixture(scope="session")
def lab():
    """The lab that the tests run in."""
    return lab_here("probe")
