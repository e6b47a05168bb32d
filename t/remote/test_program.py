"""What the program itself says of tables that ask servers."""

import os
import pathlib
import subprocess

import pytest

from servers import rows
from servers.process import as_config

pytestmark = pytest.mark.proves("X44", "X41")


@pytest.fixture
def run(tmp_path):
    """`run(tables, *arguments)`: submit-milter with a configuration."""

    def start(tables, *arguments):
        path = tmp_path / "submit-milter.conf"
        text = "".join(as_config(name, options) for name, options in tables.items())
        path.write_text('socket = "unix:/nowhere/milter.sock";\ntables: {\n%s};\n' % text)
        default = pathlib.Path(__file__).parents[2] / "_build/submit-milter/submit-milter"
        done = subprocess.run(
            [os.environ.get("SUBMIT_MILTER", default), "-c", path, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    return start


def test_server_is_asked(server, run):
    """-t says which tables do not answer, and that is no error."""
    tables = {"there": server.table(), "gone": server.table(server="inet:127.0.0.1:1")}
    if "ldap" in server.table()["server"]:
        tables["gone"]["server"] = "ldap://127.0.0.1:1"
    status, output = run(tables, "-t")
    assert status == 0, output
    assert 'table "gone" does not answer: %s at ' % server.table()["type"] in output
    assert '"there" does not answer' not in output


@pytest.mark.with_server("pgsql", "mysql", "ldap", "redis")
def test_password_is_not_shown(server, run, tmp_path):
    """Not by -t, not in an error, not when it comes from the command line."""
    password = "Pa55w0rd"
    table = server.table(password=password)
    for arguments in (["-t"], ["-t", "-o", "tables.t.password=" + password]):
        status, output = run({"t": table}, *arguments)
        assert status == 0, output
        assert password not in output
        assert "# password: not shown" in output
    both = {**table, "password_file": "/nowhere"}
    status, output = run({"t": both}, "-t")
    assert status == 1
    assert "two answers" in output and password not in output


@pytest.mark.with_server("pgsql", "redis")
@pytest.mark.parametrize(
    "text, mode, want",
    [
        ("x\n", 0o604, "everybody may use it"),
        ("x\n", 0o602, "everybody may use it"),
        ("", 0o600, "no password in its first line"),
        ("\nx\n", 0o600, "no password in its first line"),
        ("x" * 2000, 0o600, "longer than 1024"),
        (None, 0o600, "No such file"),
    ],
)
def test_password_file_is_refused(server, run, tmp_path, text, mode, want):
    """A file that is not right is an error with its name."""
    path = tmp_path / "secret"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    status, output = run({"t": server.table(password=None, password_file=path)}, "-t")
    assert status == 1
    assert "tables.t: %s: " % path in output and want in output


OPTIONS = [
    ("server", "127.0.0.1", "must be unix:PATH or inet:HOST:PORT"),
    ("server", "unix:relative", "wants an absolute path"),
    ("server", "unix:/" + "x" * 120, "too long for a socket"),
    ("server", "inet::1", "wants a host"),
    ("server", "inet:127.0.0.1:0", "wants a port"),
    ("server", "inet:127.0.0.1:65536", "wants a port"),
    ("server", "inet:127.0.0.1:x", "wants a port"),
    ("server", "inet:127.0.0.1:", "wants a port"),
    ("server", "inet:::1:80", "IPv6 address in [ ]"),
    ("server", "inet:[::1:80", "wants a ]"),
    ("server", "inet:[::1]80", "wants :PORT"),
    ("server", "inet:no.such.host.invalid:80", "server \"inet:no.such.host.invalid:80\": "),
    ("timeout", 49, "timeout"),
    ("connections", 0, "connections"),
    ("cache_size", -1, "cache_size"),
    ("file", "/etc/passwd", "has no such option"),
]


@pytest.mark.with_server("redis")
@pytest.mark.parametrize("option, value, want", OPTIONS)
def test_wrong_options(server, run, option, value, want):
    """Each is an error that says what is wrong."""
    status, output = run({"t": server.table(**{option: value})}, "-t")
    assert status == 1
    assert want in output, output


MORE_OPTIONS = [
    ("pgsql", "query", "SELECT 1", "no place for the key"),
    ("pgsql", "query", "SELECT '%s", "within quotes"),
    ("pgsql", "query", "SELECT %x", "after % must come"),
    ("mysql", "query", "SELECT '%u@x'", "within quotes"),
    ("ldap", "query", "(mail=x)", "no place for the key"),
    ("ldap", "query", "(mail=%s%)", "after % must come"),
    ("ldap", "base", "dc=%x", "after % must come"),
    ("ldap", "attribute", " , ", "names none"),
    ("ldap", "attribute", "a " * 17, "more than 16"),
    ("ldap", "server", "ldap:///", "must be ldap://HOST:PORT"),
    ("ldap", "server", "ldapx://h", "must be ldap://HOST:PORT"),
    ("ldap", "password", None, "want each other"),
    ("redis", "database", "x", "must be a number"),
    ("redis", "database", "12345", "must be a number"),
    ("redis", "password", None, "wants a \"password\""),
    ("socketmap", "map", None, "name of a map"),
    ("socketmap", "map", "a b", "name of a map"),
    ("socketmap", "server", "inet:127.0.0.1", "wants a port"),
    ("socketmap", "password", "x", "has no such option"),
    ("socketmap", "tls", True, "has no such option"),
]


def test_wrong_options_of_a_type(server, run):
    """Those of each type."""
    mine = [row for row in MORE_OPTIONS if row[0] == server.table()["type"]]
    assert mine
    for _, option, value, want in mine:
        status, output = run({"t": server.table(**{option: value})}, "-t")
        assert status == 1, output
        assert want in output, output
        assert rows.PASSWORD not in output


@pytest.mark.with_server("socketmap")
def test_default_ports(server, run):
    """inet:HOST goes to the usual port."""
    for kind, port in (("pgsql", 5432), ("mysql", 3306), ("redis", 6379)):
        table = {"type": kind, "server": "inet:127.0.0.1"}
        if kind != "redis":
            table["query"] = "SELECT %s"
        assert run({"t": table}, "-t")[0] == 0, port
