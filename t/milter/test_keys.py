"""Files of private keys: safe ones only, and never fewer than before."""

import os
import re
import shutil

import pytest

from harness import configuration as conf
from harness.daemon import run, wait_for
from harness.session import submit


@pytest.fixture
def place(tmp_path, keys):
    """A folder of the test's own with a good key in it."""
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    shutil.copy2(keys.path("example.org", "rsa"), folder / "rsa.key")
    return folder


def signing_with(strict, path, selector="rsa"):
    """A configuration with this key alone."""
    key = {"selector": selector, "file": str(path)}
    return conf.changed(strict, dkim={"domains": [{"domain": "example.org", "keys": [key]}]})


def readable(folder):
    (folder / "rsa.key").chmod(0o644)


def group_writable(folder):
    (folder / "rsa.key").chmod(0o660)


def writable(folder):
    (folder / "rsa.key").chmod(0o602)


def open_folder(folder):
    folder.chmod(0o777)


def group_folder(folder):
    folder.chmod(0o770)


def open_folder_behind_a_link(folder):
    (folder / "real").mkdir()
    (folder / "real").chmod(0o777)
    (folder / "rsa.key").rename(folder / "real" / "rsa.key")
    (folder / "rsa.key").symlink_to("real/rsa.key")


def a_folder(folder):
    (folder / "rsa.key").unlink()
    (folder / "rsa.key").mkdir()


def a_pipe(folder):
    (folder / "rsa.key").unlink()
    os.mkfifo(folder / "rsa.key", 0o600)


def a_loop(folder):
    (folder / "rsa.key").unlink()
    (folder / "rsa.key").symlink_to("rsa.key")


def nothing(folder):
    (folder / "rsa.key").unlink()


def empty(folder):
    (folder / "rsa.key").write_bytes(b"")


def no_key(folder):
    (folder / "rsa.key").write_text("This is no key.\n")


def half_a_key(folder):
    octets = (folder / "rsa.key").read_bytes()
    (folder / "rsa.key").write_bytes(octets[: len(octets) // 2])


def endless(folder):
    (folder / "rsa.key").write_bytes(b"\n" * 100000)


UNSAFE = {
    "readable by all": (readable, "readable by others (mode 0644): chmod go-rwx it"),
    "writable by its group": (group_writable, "writable by others (mode 0660): chmod go-w it"),
    "writable by all": (writable, "writable by others (mode 0602): chmod go-w it"),
    "in an open folder": (open_folder, "is writable by others (mode 0777): chmod go-w it"),
    "in a group's folder": (group_folder, "is writable by others (mode 0770): chmod go-w it"),
    "in an open folder, by a link": (
        open_folder_behind_a_link,
        "is writable by others (mode 0777): chmod go-w it",
    ),
    "a folder": (a_folder, "not a regular file"),
    "a pipe": (a_pipe, "not a regular file"),
    "a loop": (a_loop, "Too many levels of symbolic links"),
    "not there": (nothing, "No such file or directory"),
    "empty": (empty, ""),
    "no key": (no_key, ""),
    "half a key": (half_a_key, ""),
    "endless": (endless, ""),
}


@pytest.mark.parametrize("spoil, words", UNSAFE.values(), ids=UNSAFE.keys())
def test_unsafe_key_is_refused(tmp_path, strict, place, spoil, words):
    """X14: at start, with file and line of the configuration and what to mend."""
    spoil(place)
    path = tmp_path / "submit-milter.conf"
    text = conf.text(signing_with(strict, place / "rsa.key"))
    path.write_text(text)
    (number,) = (n for n, line in enumerate(text.splitlines(), 1) if "rsa.key" in line)
    for options in (["-t"], []):
        done = run(*options, "-c", path)
        assert done.returncode == 1
        at = "submit-milter: %s:%d: dkim.domains.keys: " % (path, number)
        assert done.stderr.startswith("%skey file %s: " % (at, place / "rsa.key"))
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
        assert "PRIVATE" not in done.stderr


def test_safe_keys(start, strict, keys, place):
    """X14: for nobody else to read; by a link, too."""
    (place / "link.key").symlink_to(place / "rsa.key")
    for name, mode in {"rsa.key": 0o400, "link.key": 0o600}.items():
        (place / "rsa.key").chmod(mode)
        daemon = start(signing_with(strict, place / name))
        got = submit(daemon)
        assert [s.is_valid for s in keys.verify(got.leaving.octets())] == [True]


def test_short_key_is_refused_unless_asked_for(start, strict, keys, tmp_path):
    """X11: 1024 bits only with minimum_rsa_bits."""
    short = signing_with(strict, keys.path("example.org", "short"), "short")
    path = tmp_path / "submit-milter.conf"
    path.write_text(conf.text(short))
    done = run("-t", "-c", path)
    assert done.returncode == 1
    assert "1024" in done.stderr and "2048" in done.stderr
    daemon = start(conf.changed(short, dkim={"minimum_rsa_bits": 1024}))
    got = submit(daemon)
    assert [s.is_valid for s in keys.verify(got.leaving.octets())] == [True]


@pytest.mark.parametrize("spoil, words", UNSAFE.values(), ids=UNSAFE.keys())
def test_spoilt_key_at_reload(start, strict, keys, place, spoil, words):
    """X14 X43: a bad new set keeps the old one, which goes on signing."""
    daemon = start(signing_with(strict, place / "rsa.key"))
    spoil(place)
    daemon.expect("configuration not reloaded, the old one stays: ")
    line = daemon.reload(want="not reloaded")
    assert str(place / "rsa.key") in line and words in line
    got = submit(daemon)
    assert got.verdict == "passed"
    assert [s.is_valid for s in keys.verify(got.leaving.octets())] == [True]


def test_key_is_exchanged(start, strict, keys, place):
    """X14: a new key in the old file counts from the next reload on."""
    daemon = start(signing_with(strict, place / "rsa.key", "rsa"))
    assert keys.verify(submit(daemon).leaving.octets())[0].is_valid
    shutil.copy2(keys.path("example.org", "next"), place / "rsa.key")
    assert keys.verify(submit(daemon).leaving.octets())[0].is_valid, "not before"
    daemon.reload(signing_with(daemon.configuration, place / "rsa.key", "next"))
    (signature,) = keys.verify(submit(daemon).leaving.octets())
    assert signature == ("example.org", "next", "ed25519-sha256", True)


@pytest.fixture
def credentials(tmp_path, keys):
    """A folder as systemd makes it, with a key."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    shutil.copy2(keys.path("example.org", "rsa"), folder / "rsa.key")
    (folder / "rsa.key").chmod(0o400)
    folder.chmod(0o500)
    return folder


CREDENTIAL = "$CREDENTIALS_DIRECTORY/"


def test_credentials(start, strict, keys, credentials):
    """X14: a key of the service manager's signs, also after a reload; its place is shown."""
    daemon = start.make(signing_with(strict, CREDENTIAL + "rsa.key"))
    environment = {**os.environ, "CREDENTIALS_DIRECTORY": str(credentials)}
    daemon.launch(env=environment)
    wait_for(daemon.is_ready, "not ready")
    for _ in range(2):
        got = submit(daemon)
        assert [s.is_valid for s in keys.verify(got.leaving.octets())] == [True]
        daemon.reload(daemon.configuration)
    shown = run("-t", "--keys", "-c", daemon.config, env=environment)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert 'file = "%s/rsa.key"' % credentials in shown.stdout


SECRETS = {
    "dkim.domains.keys.file": lambda file: signing_with({}, file),
    "tables.t.password_file": lambda file: {
        "tables": {"t": {"type": "redis", "server": "inet:127.0.0.1:1", "password_file": file}}
    },
    "audit.store.key_file": lambda file: {"audit": {"store": {"key_file": file}}},
    "audit.recipient_key_file": lambda file: {"audit": {"recipient_key_file": file}},
    "trace_token.key_file": lambda file: {"trace_token": {"key_file": file}},
}


@pytest.mark.parametrize("name", SECRETS)
def test_credentials_that_are_not_there(tmp_path, name):
    """X14 X41: of our unit, or of another service manager's, with file and line."""
    path = tmp_path / "submit-milter.conf"
    path.write_text(conf.text(SECRETS[name](CREDENTIAL + "no.key")))
    environment = {n: v for n, v in os.environ.items() if n != "CREDENTIALS_DIRECTORY"}
    done = run("-t", "-c", path, env=environment)
    assert done.returncode == 1
    assert "/run/credentials/submit-milter.service/no.key: No such file" in done.stderr
    environment["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    done = run("-t", "-c", path, env=environment)
    assert done.returncode == 1
    assert "%s/no.key: No such file or directory" % tmp_path in done.stderr
    environment["CREDENTIALS_DIRECTORY"] = "elsewhere"
    done = run("-t", "-c", path, env=environment)
    assert re.match(
        r"submit-milter: %s:\d+: %s: must be an absolute path"
        % (re.escape(str(path)), re.escape(name)), done.stderr), done.stderr
