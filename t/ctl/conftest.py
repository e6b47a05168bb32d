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
from harness.message import whole  # noqa: E402
from harness.session import submit  # noqa: E402


@pytest.fixture
def configured(tmp_path, strict):
    """Writes a configuration that is strict but for changes; its file."""

    def write(**changes):
        path = tmp_path / ("submit-milter-%d.conf" % len(os.listdir(tmp_path)))
        path.write_text(conf.text(conf.changed(strict, **changes)))
        return path

    return write


@pytest.fixture(scope="module")
def daemon_after_mail(module_start, strict, tmp_path_factory):
    """With a store and a rule on trial; four messages passed, two were turned away."""
    store = tmp_path_factory.mktemp("mail") / "store"
    daemon = module_start(
        conf.changed(
            strict,
            audit={"store": {"directory": str(store)}},
            default_profile={"rules": {"header-fqdn": "warn"}},
        )
    )
    for _ in range(3):
        assert submit(daemon).verdict == "passed"
    assert submit(daemon, whole("From: alice@example.org", "Cc: x@host")).verdict == "passed"
    assert submit(daemon, whole("From: bob@example.org")).record["result"] == "refused"
    assert submit(daemon, login=None).record["reply"]["reason"] == "auth-missing"
    return daemon


@pytest.fixture
def message(tmp_path):
    """Writes octets into a file."""

    def write(octets):
        path = tmp_path / ("message-%d" % len(os.listdir(tmp_path)))
        path.write_bytes(octets)
        return path

    return write
