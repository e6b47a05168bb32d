"""TLS to servers: the right one, a wrong name, another authority, none."""

import subprocess

import pytest

from asking import IN_TIME
from servers.socketmap import PRETENCES, Impostor

pytestmark = [
    pytest.mark.proves("X44"),
    pytest.mark.with_server("pgsql", "mysql", "ldap"),
]

ALICE = "alice@example.org"

# Whom the certificate is for, that host, and another name of it. libldap takes
# "localhost" for the name of the machine.
NAMED = ("DNS:localhost", "localhost", "127.0.0.1")
NUMBERED = ("IP:127.0.0.1", "127.0.0.1", "localhost")
NAMES = {"pgsql": NAMED, "mysql": NAMED, "ldap": NUMBERED}


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_authority(folder, name):
    """NAME.pem and NAME.key."""
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=" + name, "-keyout", name + ".key",
            "-out", name + ".pem")  # fmt: skip


def make_certificate(folder, authority, name, subject):
    """NAME.crt and NAME.pem (the key), for a host or an address."""
    (folder / "ext").write_text("subjectAltName=%s\n" % subject)
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=" + name, "-keyout", name + ".pem", "-out", name + ".csr")  # fmt: skip
    openssl(folder, "x509", "-req", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey",
            authority + ".key", "-CAcreateserial", "-days", "2", "-extfile", "ext",
            "-out", name + ".crt")  # fmt: skip


@pytest.fixture
def secured(server, tmp_path):
    """The server with a certificate; afterwards without one."""
    make_authority(tmp_path, "ours")
    make_authority(tmp_path, "other")
    started = []

    def start(subject):
        make_certificate(tmp_path, "ours", "server", subject)
        cert = server.write("cert", (tmp_path / "server.crt").read_text())
        key = server.write("key", (tmp_path / "server.pem").read_text(), 0o600)
        server.use_tls(cert, key)
        started.append(server)
        server.kill()
        server.start()
        return tmp_path

    yield start
    server.use_tls(None, None)
    server.kill()
    server.start()


def on_host(server, host):
    """Its server by another name."""
    return server.table()["server"].replace("127.0.0.1", host)


def test_tls(server, secured, asker):
    """Only who proves to be the server is asked."""
    subject, host, other = NAMES[server.table()["type"]]
    folder = secured(subject)

    def table(name=host, **options):
        return server.table(server=on_host(server, name), tls=True, cache_time=0, **options)

    one = asker(
        right=table(tls_ca=folder / "ours.pem"),
        name=table(other, tls_ca=folder / "ours.pem"),
        authority=table(tls_ca=folder / "other.pem"),
        system=table(),
        nothing=table(tls_ca="/nowhere"),
        clear=server.table(),
    )
    answer = one.ask(ALICE, "right")
    assert answer.word == "found", answer
    for table in ("name", "authority", "system", "nothing"):
        answer = one.ask(ALICE, table)
        assert answer.word == "failed", (table, answer)
        assert answer.ms < IN_TIME
    assert one.ask(ALICE, "clear").word == "found"


def test_no_tls_there(server, asker):
    """Who wants TLS never talks in the clear."""
    answer = asker(t=server.table(tls=True)).ask(ALICE)
    assert answer.word == "failed"


@pytest.mark.with_server("ldap")
def test_ldaps(server, secured, asker):
    """TLS from the first octet on."""
    folder = secured("IP:127.0.0.1")
    address = "ldaps://127.0.0.1:%d" % server.port_tls
    one = asker(
        right=server.table(server=address, tls_ca=folder / "ours.pem", cache_time=0),
        name=server.table(
            server="ldaps://localhost:%d" % server.port_tls, tls_ca=folder / "ours.pem"
        ),
        authority=server.table(server=address, tls_ca=folder / "other.pem"),
    )
    assert one.ask(ALICE, "right").word == "found"
    assert one.ask(ALICE, "name").word == "failed"
    assert one.ask(ALICE, "authority").word == "failed"
    server.freeze()
    answer = one.ask(ALICE, "right", 400)
    assert answer.word == "failed"
    assert answer.ms < IN_TIME


@pytest.mark.parametrize("scheme", ["", "ldaps"])
@pytest.mark.parametrize("pretence", PRETENCES, ids=lambda p: p.__name__)
def test_somebody_else(server, asker, pretence, scheme):
    """No handshake without end."""
    impostor = Impostor(pretence)
    where = server.table()["server"].rpartition(":")[0]
    if scheme and where.startswith("ldap:"):
        where = where.replace("ldap:", "ldaps:")
    one = asker(
        t=server.table(server="%s:%d" % (where, impostor.port), tls=True, timeout=600, cache_time=0)
    )
    answer = one.ask(ALICE)
    assert answer.word == "failed"
    assert answer.ms < IN_TIME, answer
    one.close()
    impostor.close()
