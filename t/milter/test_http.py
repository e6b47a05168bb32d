"""Metrics and health by HTTP, and what Prometheus itself says of them."""

import contextlib
import http.client
import resource
import socket
import subprocess

import pytest

from harness import configuration as conf
from harness.daemon import HOST, free_port, run, wait_for
from harness.metrics import Metrics
from harness.session import Session, submit


class Site:
    """A daemon that listens for HTTP."""

    def __init__(self, start, configuration, **options):
        self.port = free_port()
        self.daemon = start(
            conf.changed(configuration, metrics={"listen": "%s:%d" % (HOST, self.port)}), **options
        )

    def ask(self, path, method="GET"):
        """Status, content type and text."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read().decode()


@pytest.fixture(scope="module")
def site(module_start, strict):
    """One that nothing is changed in; all system calls are those of the filter."""
    return Site(module_start, strict)


def test_metrics(site):
    """X21: the same as by the control socket."""
    submit(site.daemon)
    status, kind, text = site.ask("/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    got = Metrics(text)
    assert got.get("messages_total", profile="default", result="passed") >= 1
    names = {name for name, _, _ in got.samples}
    assert names == {name for name, _, _ in Metrics.of(site.daemon).samples}


def test_promtool(site):
    """X21: Prometheus' own tool finds nothing to complain of."""
    submit(site.daemon)
    text = site.ask("/metrics")[2]
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


ODD = {
    "other path": ("/", "GET", 404),
    "below": ("/metrics/", "GET", 404),
    "post": ("/metrics", "POST", 405),
    "head": ("/metrics", "HEAD", 200),
}


@pytest.mark.parametrize("name", ODD)
def test_requests(site, name):
    """X21: there is nothing else to be had."""
    path, method, want = ODD[name]
    assert site.ask(path, method)[0] == want


def test_silent_clients(site):
    """X21: who says nothing gets a few seconds; mail goes on meanwhile."""
    with contextlib.ExitStack() as stack:
        for _ in range(16):
            stack.enter_context(contextlib.closing(socket.create_connection((HOST, site.port), 60)))
        assert submit(site.daemon).verdict == "passed"
        assert site.ask("/healthz")[0] == 200


def test_unix_socket(start, strict, tmp_path):
    """X21: it goes when the daemon does."""
    path = tmp_path / "http.sock"
    daemon = start(conf.changed(strict, metrics={"listen": "unix:%s" % path, "mode": "0600"}))
    assert path.stat().st_mode & 0o777 == 0o600
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as s:
        s.settimeout(60)
        s.connect(str(path))
        s.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        with s.makefile("rb") as f:
            assert f.read().endswith(b"\r\n\r\nok\n")
    daemon.stop()
    assert not path.exists()


# --- health


def test_health(start, strict):
    """X21 X49: ok; the panic switch and a failed reload are warnings."""
    site = Site(start, strict)
    assert site.ask("/healthz")[::2] == (200, "ok\n")
    assert site.daemon.ask("mode sign-only 60 a test")["ok"]
    assert site.ask("/healthz")[::2] == (200, "ok\nwarning: mode sign-only\n")
    site.daemon.ask("mode enforce 0")
    site.daemon.expect("not reloaded")
    site.daemon.reload("nonsense = 1;", want="not reloaded")
    assert site.ask("/healthz")[::2] == (
        200, "ok\nwarning: the last reload failed, the old configuration is in force\n")


def limit_files(daemon, octets):
    """As if the disk were full."""
    soft = (octets, resource.RLIM_INFINITY)
    resource.prlimit(daemon.child.pid, resource.RLIMIT_FSIZE, soft)


def test_audit_fails(start, strict):
    """X21 A7: 503 while no record can be kept, until it can."""
    # The log shares the limit, so it says little here.
    site = Site(start, conf.changed(strict, log={"level": "info"}))
    daemon = site.daemon
    daemon.expect("audit file: ")
    limit_files(daemon, len(daemon.log()))
    with Session(daemon) as session:
        wait_for(lambda: session.submit().verdict == "451 4.3.0 at end", "there is still room")
        status, _, text = site.ask("/healthz")
        assert status == 503 and "fault: audit file cannot be written\n" in text
        got = Metrics.of(daemon)
        assert got.get("audit_up", sink="file") == 0
        assert got.get("audit_failures_total", sink="file") >= 1
        limit_files(daemon, resource.RLIM_INFINITY)
        wait_for(lambda: session.submit().verdict == "passed", "there is room again")
        assert site.ask("/healthz")[0] == 200
        session.records(daemon.transactions)


# --- configuration

WRONG = {
    "no port": "127.0.0.1",
    "port 0": "127.0.0.1:0",
    "port too high": "127.0.0.1:65536",
    "a name": "localhost:9625",
    "no brackets": "::1:9625",
    "relative path": "unix:http.sock",
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_address(start, strict, name):
    """X21 X41: an error with file and line."""
    daemon = start.make(conf.changed(strict, metrics={"listen": WRONG[name]}))
    daemon.write(daemon.configuration)
    done = run("-t", "-c", daemon.config)
    assert done.returncode != 0
    assert "%s:" % daemon.config in done.stderr and "metrics.listen" in done.stderr


def test_port_in_use(start, strict, site):
    """X21: it does not start, and says why."""
    taken = conf.changed(strict, metrics={"listen": "%s:%d" % (HOST, site.port)})
    daemon = start.make(taken)
    daemon.expect("metrics.listen")
    daemon.launch()
    assert daemon.wait() != 0
    assert "metrics.listen: %s:%d: Address already in use" % (HOST, site.port) in daemon.log()
    start.daemons.remove(daemon)


def test_restart_only(start, strict):
    """X21 X43: a reload cannot move it."""
    site = Site(start, strict)
    site.daemon.expect("not reloaded")
    moved = site.daemon.changed(metrics={"listen": "%s:%d" % (HOST, free_port())})
    assert '"metrics.listen" needs a restart' in site.daemon.reload(moved, want="not reloaded")
    assert site.ask("/healthz")[0] == 200
