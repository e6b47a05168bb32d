"""Fixtures of the tests of remote tables. See README."""

import concurrent.futures
import os
import sys

import pytest

sys.dont_write_bytecode = True
sys.path[:0] = [
    os.path.dirname(__file__),
    os.path.join(os.path.dirname(__file__), "..", "lab"),
    os.path.join(os.path.dirname(__file__), "..", "e2e"),
]

from asking import Asker  # noqa: E402
from servers.ldap import Ldap  # noqa: E402
from servers.mysql import Mysql  # noqa: E402
from servers.pgsql import Pgsql  # noqa: E402
from servers.redis import Redis  # noqa: E402
from servers.socketmap import Socketmap  # noqa: E402
from servers import rows  # noqa: E402
from support import marks, smime  # noqa: E402

KINDS = {"pgsql": Pgsql, "mysql": Mysql, "ldap": Ldap, "redis": Redis, "socketmap": Socketmap}


def pytest_configure(config):
    marks.pytest_configure(config)
    config.addinivalue_line("markers", "with_server(kind, ...): not with the others")


def pytest_collection_modifyitems(items):
    # A test for none of the servers wanted was made with nothing in place of one.
    items[:] = [
        item
        for item in items
        if "server" not in item.fixturenames or item.callspec.params["server"] in KINDS
    ]
    marks.pytest_collection_modifyitems(items)


def make(kind):
    """A server that runs."""
    server = KINDS[kind]()
    try:
        server.prepare()
        server.start()
    except BaseException:
        server.close()
        raise
    return server


class Servers:
    """All of them, each made in a thread of its own from the beginning on."""

    def __init__(self, kinds):
        self.workers = concurrent.futures.ThreadPoolExecutor(len(KINDS))
        self.coming = {kind: self.workers.submit(make, kind) for kind in kinds}

    def __getitem__(self, kind):
        return self.coming[kind].result()

    def close(self):
        """Ends all that came into being."""
        for future in self.coming.values():
            if future.exception() is None:
                future.result().close()
        self.workers.shutdown()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """The folder of the certificate that is a row in each server."""
    folder = tmp_path_factory.mktemp("certificates")
    smime.make_certificate(folder, rows.CAROL)
    return folder


@pytest.fixture(scope="session")
def servers(request, certificates):
    """The five servers, by the type of their tables; or the one wanted."""
    rows.ROWS[rows.CAROL] = [smime.row(certificates, rows.CAROL)]
    only = request.config.getoption("server")
    all_of_them = Servers([only] if only else list(KINDS))
    yield all_of_them
    all_of_them.close()


def pytest_addoption(parser):
    parser.addoption("--server", choices=KINDS, help="only tests with this server")


def pytest_generate_tests(metafunc):
    """A test that wants "server" is made for each, or for those it names."""
    if "server" not in metafunc.fixturenames:
        return
    only = metafunc.config.getoption("server")
    marks = [set(mark.args) for mark in metafunc.definition.iter_markers("with_server")]
    kinds = [k for k in KINDS if all(k in mark for mark in marks) and only in (None, k)]
    metafunc.parametrize("server", kinds, indirect=True)


@pytest.fixture
def server(request, servers):
    """Each of the servers; afterwards it runs, whatever the test did."""
    one = servers[request.param]
    yield one
    one.thaw()
    if one.child.poll() is not None:
        one.start()


@pytest.fixture(scope="session")
def lab():
    """The lab that these tests run in."""
    from support.lab import Lab

    assert "LAB_MTA" in os.environ, "t/lab/run -- /usr/bin/python3 -m pytest t/remote"
    return Lab(dict(os.environ))


@pytest.fixture
def asker(tmp_path):
    """`asker(t={...})`: a process that asks these tables."""
    started = []

    def start(**tables):
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(Asker(folder, **tables))
        return started[-1]

    yield start
    for one in started:
        one.close()
