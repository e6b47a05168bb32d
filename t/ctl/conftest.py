"""Fixtures of the tests of submitctl: those of t/milter, and its helpers."""

import importlib.util
import os
import pathlib
import sys

import pytest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "milter")]

spec = importlib.util.spec_from_file_location(
    "milter_fixtures", HERE.parent / "milter" / "conftest.py"
)
milter = importlib.util.module_from_spec(spec)
spec.loader.exec_module(milter)

made_keys = milter.made_keys
keys = milter.keys
strict = milter.strict
module_start = milter.module_start
start = milter.start
pytest_collection_modifyitems = milter.pytest_collection_modifyitems

from harness import configuration as conf  # noqa: E402


@pytest.fixture
def configured(tmp_path, strict):
    """Writes a configuration that is strict but for changes; its file."""

    def write(**changes):
        path = tmp_path / ("submit-milter-%d.conf" % len(os.listdir(tmp_path)))
        path.write_text(conf.text(conf.changed(strict, **changes)))
        return path

    return write


@pytest.fixture
def message(tmp_path):
    """Writes octets into a file."""

    def write(octets):
        path = tmp_path / ("message-%d" % len(os.listdir(tmp_path)))
        path.write_bytes(octets)
        return path

    return write
