"""Fixtures of the milter tests. See README."""

import concurrent.futures
import os
import pathlib
import re
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))

from harness import configuration as conf  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.keys import Keys  # noqa: E402
from harness.kinds import KINDS  # noqa: E402

PROVES = re.compile(r"((?:[ADWX]\d+(?:\.\d+)?[a-z]?)(?: [ADWX]\d+(?:\.\d+)?[a-z]?)*): ")

# What the tests need made once: domain, selector, algorithm.
KEYS = (
    ("example.org", "rsa", "rsa"),
    ("example.org", "ed", "ed"),
    ("example.org", "next", "ed"),
    ("example.net", "rsa", "rsa"),
    ("example.org", "short", "rsa1024"),
)


def pytest_collection_modifyitems(items):
    """Every test says, first thing, which requirements it proves."""
    for item in items:
        if not PROVES.match(item.function.__doc__ or ""):
            raise pytest.UsageError("%s does not say what it proves" % item.nodeid)


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory):
    """Keys of example.org and example.net."""
    keys = Keys(tmp_path_factory.mktemp("keys"))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(lambda key: keys.make(*key), KEYS))
    return keys


@pytest.fixture
def keys(made_keys):
    """The same, and what is published of them, for a test to change."""
    keys = Keys(made_keys.folder)
    keys.records = dict(made_keys.records)
    return keys


@pytest.fixture(scope="session")
def strict(made_keys):
    """The configuration that tests begin with."""
    return conf.strict(made_keys)


class Starter:
    """Starts daemons, and ends them all in the end."""

    def __init__(self, folder):
        self.folder = folder
        self.daemons = []

    def make(self, configuration, **options):
        """A daemon that is not started yet."""
        daemon = Daemon(self.folder, configuration, **options)
        self.daemons.append(daemon)
        return daemon

    def __call__(self, configuration, **options):
        return self.make(configuration, **options).start()

    def end(self):
        """Ends each, and looks whether all was well with it."""
        try:
            for daemon in self.daemons:
                if daemon.child is not None and daemon.child.returncode is None:
                    daemon.stop()
        finally:
            for daemon in self.daemons:
                daemon.kill()


@pytest.fixture(scope="module")
def module_start(tmp_path_factory):
    """Starts daemons for the tests of a file."""
    starter = Starter(tmp_path_factory.mktemp("module"))
    yield starter
    starter.end()


@pytest.fixture
def start(tmp_path):
    """Starts daemons for a test: `daemon = start(configuration)`."""
    starter = Starter(tmp_path)
    yield starter
    starter.end()


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request):
    """Each kind of mail server."""
    return request.param


@pytest.fixture(params=["unix", "tcp"])
def transport(request):
    """Each way to reach the milter."""
    return request.param
