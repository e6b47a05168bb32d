"""Keys in a folder and in a table, and what domains want of a signature."""

import os
import pathlib
import pwd
import re
import shutil
import tempfile
import time

import pytest

from harness import configuration as conf
from harness.daemon import find_program, run, wait_for
from harness.keys import signature_fields
from harness.message import whole
from harness.session import submit

BOTH = [("example.org", "rsa", "rsa-sha256"), ("example.org", "ed", "ed25519-sha256")]
LAX = {"rules": {"from-rights": "off", "sender-rights": "off"}, "sign": "authenticated"}
SOON = 1.2  # seconds until a file is looked at again


@pytest.fixture(autouse=True)
def own_records(keys, monkeypatch):
    """What a test publishes is gone after it."""
    monkeypatch.setattr(keys, "records", dict(keys.records))


@pytest.fixture
def folder(tmp_path, keys):
    """A key directory with both keys of example.org."""
    root = tmp_path / "keys"
    root.mkdir(mode=0o700)
    put(root, keys, "example.org", "rsa")
    put(root, keys, "example.org", "ed")
    return root


def put(root, keys, domain, selector, owner="example.org"):
    """Copies a key of the domain OWNER there, in one step; returns its path."""
    (root / domain).mkdir(mode=0o700, exist_ok=True)
    path = root / domain / (selector + ".key")
    shutil.copy2(keys.path(owner, selector), path.with_suffix(".new"))
    path.with_suffix(".new").rename(path)
    # What the owner of that domain publishes.
    keys.records["%s._domainkey.%s." % (selector, domain)] = keys.records[
        "%s._domainkey.%s." % (selector, owner)
    ]
    return path


def with_folder(strict, root, **dkim):
    """The configuration with this key directory and no keys of its own."""
    return conf.changed(
        strict,
        dkim=None,
        default_profile=LAX,
    ) | {"dkim": {"key_directory": str(root), **dkim}}


def tags(daemon, keys, author="alice@example.org", *more, params=()):
    """The tags of each signature, all of them good by dkimpy; and the record."""
    got = submit(daemon, whole("From: " + author, *more), params=params)
    assert got.verdict == "passed", got
    octets = got.leaving.octets()
    assert all(s.is_valid for s in keys.verify(octets)), keys.verify(octets)
    return signature_fields(octets), got.record


def signed_by(daemon, keys, author="alice@example.org"):
    """(d, s, a) of each signature, in order."""
    return [(t["d"], t["s"], t["a"]) for t in tags(daemon, keys, author)[0]]


def test_key_directory(start, strict, keys, folder):
    """X11 X14: keys are found by domain, RSA first; new ones without a reload."""
    daemon = start(with_folder(strict, folder))
    assert signed_by(daemon, keys) == BOTH
    assert signed_by(daemon, keys, "a@example.net") == []
    put(folder, keys, "example.net", "ed")
    assert signed_by(daemon, keys, "a@example.net") == [
        ("example.net", "ed", "ed25519-sha256")
    ]
    assert signed_by(daemon, keys, "a@sub.example.net") == []


def test_key_table(start, strict, keys, folder):
    """X11: a table from domain to selectors and files, patterns in it too."""
    rows = (
        ("example.org", "ed {0}/ed.key rsa {0}/rsa.key".format(folder / "example.org")),
        (".example.com", "rsa %s/rsa.key" % (folder / "example.org")),
        ("example.net", "nothing"),
    )
    tables = {**strict["tables"], "keys": conf.inline(*rows)}
    configuration = {**with_folder(strict, ""), "tables": tables}
    configuration["dkim"] = {"key_table": "keys"}
    keys.records["rsa._domainkey.a.example.com."] = keys.records["rsa._domainkey.example.org."]
    daemon = start(configuration)
    assert signed_by(daemon, keys) == BOTH
    assert signed_by(daemon, keys, "x@a.example.com") == [("a.example.com", "rsa", "rsa-sha256")]
    assert signed_by(daemon, keys, "x@example.com") == []
    daemon.expect("wants a selector and the absolute path")
    assert submit(daemon, whole("From: a@example.net")).verdict == "451 4.3.0 at end"


def test_table_that_fails_defers(start, strict, folder):
    """X11: no answer is no permission to leave unsigned."""
    tables = {**strict["tables"], "keys": {"type": "fail"}}
    configuration = {**with_folder(strict, folder), "tables": tables}
    configuration["dkim"] = {"key_table": "keys"}
    daemon = start(configuration)
    assert submit(daemon, whole("From: alice@example.org")).verdict == "451 4.3.0 at end"


def test_parents_and_patterns(start, strict, keys, folder):
    """X11: a parent signs in its own name, a pattern in that of the author's domain."""
    both = [{"selector": "rsa", "file": str(folder / "example.org" / "rsa.key")}]
    for domain in ("any.example", "a.example.net"):
        keys.records["rsa._domainkey.%s." % domain] = keys.records[
            "rsa._domainkey.example.org."
        ]
    domains = [
        {"domain": "example.org", "subdomains": True, "identity": "domain"},
        {"domain": ".example.net", "keys": both},
    ]
    configuration = with_folder(strict, folder, domains=domains)
    daemon = start(configuration)
    found, _ = tags(daemon, keys, "x@deep.sub.example.org")
    assert [(t["d"], t["i"]) for t in found] == [
        ("example.org", "@deep.sub.example.org")
    ] * 2
    assert signed_by(daemon, keys, "x@a.example.net") == [("a.example.net", "rsa", "rsa-sha256")]
    assert signed_by(daemon, keys, "x@example.net") == []
    domains.append({"domain": "*", "keys": both})
    daemon.reload(conf.changed(daemon.configuration, dkim={"domains": domains}))
    assert signed_by(daemon, keys, "x@any.example") == [("any.example", "rsa", "rsa-sha256")]


def test_settings_of_a_domain(start, strict, keys, folder):
    """X13: canonicalization, fields, oversigning, expiry and i= are each domain's own."""
    put(folder, keys, "example.net", "rsa")
    own = {
        "domain": "example.net",
        "canonicalization": "simple/relaxed",
        "signed_fields": ("X-Ours",),
        "unsigned_fields": ("Subject",),
        "oversigned_fields": ("Reply-To",),
        "expires": 3600,
        "identity": "address",
    }
    daemon = start(with_folder(strict, folder, domains=[own], expires=600))
    more = ("X-Ours: x", "Comments: c")
    (rsa, ed), _ = tags(daemon, keys, "alice@example.org", *more)
    for found in (rsa, ed):
        names = found["h"].lower().split(":")
        assert int(found["x"]) - int(found["t"]) == 600
        assert "i" not in found and "l" not in found
        assert names.count("subject") == 2 and "x-ours" not in names
        assert "comments" not in names
    assert rsa["c"] == "relaxed/simple"
    (found,), _ = tags(daemon, keys, "Bob.B+x@Example.NET", *more)
    names = found["h"].lower().split(":")
    assert found["c"] == "simple/relaxed"
    assert found["i"] == "Bob.B+x@example.net"
    assert int(found["x"]) - int(found["t"]) == 3600
    assert names.count("x-ours") == 1 and "subject" not in names
    assert names.count("reply-to") == 1 and names.count("from") == 2
    assert names.count("to") == 1 and "l" not in found
    # A local part that would need quoting stays out of it.
    (found,), _ = tags(daemon, keys, '"a b"@example.net')
    assert found["i"] == "@example.net"
    (found,), _ = tags(daemon, keys, "a=b@example.net")
    assert found["i"] == "@example.net"


def test_domain_in_unicode(start, strict, keys, folder):
    """X13: d= and i= are in A-labels (RFC 8616)."""
    put(folder, keys, "xn--bcher-kva.example", "ed")
    domains = [{"domain": "b\u00fccher.example", "identity": "address"}]
    daemon = start(with_folder(strict, folder, domains=domains))
    for author in ("alice@b\u00fccher.example", "alice@XN--BCHER-KVA.example"):
        (found,), _ = tags(daemon, keys, author, params=("SMTPUTF8",))
        assert found["d"] == "xn--bcher-kva.example"
        assert found["i"] == "alice@xn--bcher-kva.example"


def test_schedule(start, strict, keys, folder):
    """X12: in the folder and in the configuration; why it is unsigned is told."""
    (folder / "example.org" / "ed.dates").write_text("not-after: 2020-12-31\n")
    daemon = start(with_folder(strict, folder))
    assert signed_by(daemon, keys) == BOTH[:1]
    (folder / "example.org" / "rsa.dates").write_text("not-before: never\n")
    time.sleep(SOON)
    found, record = tags(daemon, keys)
    assert found == [] and record["unsigned"] == "key-out-of-schedule"
    (folder / "example.org" / "rsa.dates").write_text("not-before: 2020-01-01T00:00:00Z\n")
    time.sleep(SOON)
    assert signed_by(daemon, keys) == BOTH[:1]
    fixed = [
        {"selector": "rsa", "file": str(folder / "example.org" / "rsa.key"), "not_after": "2020-12-31"},
        {"selector": "ed", "file": str(folder / "example.org" / "ed.key"), "not_before": "2020-12-31"},
    ]
    domains = [{"domain": "example.org", "keys": fixed}]
    daemon.reload(conf.changed(daemon.configuration, dkim={"domains": domains}))
    assert signed_by(daemon, keys) == BOTH[1:]


def test_broken_key_keeps_the_old_one(start, strict, keys, folder):
    """X14: over time and over a reload; the log says so, once."""
    shutil.rmtree(folder / "example.org")
    path = put(folder, keys, "example.org", "rsa")
    good = path.read_bytes()
    daemon = start(with_folder(strict, folder))
    assert signed_by(daemon, keys) == BOTH[:1]
    path.write_text("no key any more\n")
    daemon.expect("%s: there is no private key in PEM form in it; the key read" % path)
    for _ in range(2):
        time.sleep(SOON)
        assert signed_by(daemon, keys) == BOTH[:1]
    daemon.reload(daemon.configuration)
    time.sleep(SOON)
    assert signed_by(daemon, keys) == BOTH[:1]
    assert daemon.log().count("there is no private key") == 1
    path.write_bytes(good)
    path.chmod(0o600)
    time.sleep(SOON)
    assert signed_by(daemon, keys) == BOTH[:1]


def test_unsafe_key_in_the_folder(start, strict, keys, folder):
    """X14: refused with file and reason; mail waits while there is no other key."""
    put(folder, keys, "example.net", "ed").chmod(0o644)
    (folder / "example.org" / "ed.key").chmod(0o604)
    daemon = start(with_folder(strict, folder))
    daemon.expect("example.org/ed.key: readable by others .mode 0604.: chmod go-rwx it")
    assert signed_by(daemon, keys) == BOTH[:1]
    daemon.expect("example.net/ed.key: readable by others .mode 0644.: chmod go-rwx it")
    assert submit(daemon, whole("From: a@example.net")).verdict == "451 4.3.0 at end"


def test_check_reads_all_keys(tmp_path, strict, keys, folder):
    """X11 X14: -t --keys lists good ones and says what is wrong with the others."""
    path = tmp_path / "submit-milter.conf"
    path.write_text(conf.text(with_folder(strict, folder)))
    done = run("-t", "--keys", "-c", path)
    assert done.returncode == 0, done
    assert "# key ed of example.org: ed25519-sha256, 256 bits\n" in done.stdout
    assert "# key rsa of example.org: rsa-sha256, 2048 bits\n" in done.stdout
    put(folder, keys, "example.net", "ed").chmod(0o644)
    assert run("-t", "-c", path).returncode == 0
    done = run("-t", "--keys", "-c", path)
    assert done.returncode == 1
    assert re.search("# error: key file .*/example.net/ed.key: readable by others", done.stdout)
    assert run("--keys", "-c", path).returncode == 2


@pytest.mark.parametrize("form", ["inline", "texthash"])
def test_check_reads_the_keys_of_a_table(tmp_path, strict, keys, folder, form):
    """X11 X14: where the table can tell its rows, each key of theirs."""
    place = folder / "example.org"
    rows = [
        ("example.org", "ed %s/ed.key rsa %s/rsa.key" % (place, place)),
        (".example.com", "rsa %s/rsa.key" % place),
    ]
    path = tmp_path / "submit-milter.conf"
    (tmp_path / "table").write_text("".join("%s %s\n" % row for row in rows))
    table = {
        "inline": conf.inline(*rows),
        "texthash": {"type": "texthash", "file": str(tmp_path / "table")},
    }[form]
    configuration = {**with_folder(strict, ""), "tables": {**strict["tables"], "keys": table}}
    configuration["dkim"] = {"key_table": "keys"}
    path.write_text(conf.text(configuration))
    done = run("-t", "--keys", "-c", path)
    assert done.returncode == 0, done
    assert [line for line in done.stdout.splitlines() if line.startswith("# key")] == [
        "# key ed of example.org: ed25519-sha256, 256 bits",
        "# key rsa of example.org: rsa-sha256, 2048 bits",
        "# key rsa of .example.com: rsa-sha256, 2048 bits",
    ]
    (place / "ed.key").chmod(0o644)
    done = run("-t", "--keys", "-c", path)
    assert done.returncode == 1
    assert re.search("# error: key file .*/example.org/ed.key: readable by others", done.stdout)
    assert run("-t", "-c", path).returncode == 0


def test_check_says_which_keys_it_cannot_read(tmp_path, strict, folder):
    """X11 X14: other tables cannot tell their rows."""
    path = tmp_path / "submit-milter.conf"
    configuration = with_folder(strict, folder, key_table="keys")
    configuration["tables"] = {**strict["tables"], "keys": {"type": "fail"}}
    path.write_text(conf.text(configuration))
    done = run("-t", "--keys", "-c", path)
    assert done.returncode == 0, done
    assert '# keys of table "keys" are checked when they are first used: ' in done.stdout
    assert "# key rsa of example.org: rsa-sha256, 2048 bits\n" in done.stdout


def test_many_domains(start, strict, keys, folder):
    """X11 X15: 10,000 domains cost nothing at start, and memory has a ceiling."""
    for n in range(10000):
        (folder / ("d%d.example" % n)).mkdir(mode=0o700)
        os.link(folder / "example.org" / "ed.key", folder / ("d%d.example" % n) / "ed.key")
    daemon = start.make(with_folder(strict, folder, key_cache=100))
    # Else it depends on how threads follow each other how much is kept free.
    daemon.launch(env={**os.environ, "MALLOC_ARENA_MAX": "1"})
    wait_for(daemon.is_ready, "not ready")
    with open("/proc/%d/io" % daemon.child.pid) as f:
        reads = int(re.search(r"syscr: (\d+)", f.read()).group(1))
    assert reads < 1000, "files are read at the start"

    def resident():
        with open("/proc/%d/statm" % daemon.child.pid) as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    for n in range(800):
        got = submit(daemon, whole("From: a@d%d.example" % n))
        assert got.record["signatures"][0]["domain"] == "d%d.example" % n
        if n == 200:
            warm = resident()
    # A sanitizer keeps freed memory for a while; the plain build has none.
    if b"__asan_init" not in find_program().read_bytes():
        assert resident() < warm + 300000, "600 keys take 800 kB"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_first_use_after_privileges_are_dropped(start, strict, keys):
    """X14: the service's user reads them, by its group, and so does a reload."""
    nobody = pwd.getpwnam("nobody")
    place = pathlib.Path(tempfile.mkdtemp())
    try:
        place.chmod(0o755)
        start.folder = place / "run"
        start.folder.mkdir()
        os.chown(start.folder, nobody.pw_uid, nobody.pw_gid)
        root = place / "keys"
        root.mkdir()
        path = put(root, keys, "example.org", "rsa")
        for each, mode in ((root, 0o750), (path.parent, 0o750), (path, 0o640)):
            os.chown(each, 0, nobody.pw_gid)
            each.chmod(mode)
        daemon = start({**with_folder(strict, root), "user": "nobody"})
        with open("/proc/%d/status" % daemon.child.pid) as f:
            assert "Uid:\t%d" % nobody.pw_uid in f.read()
        assert signed_by(daemon, keys) == BOTH[:1]
        daemon.reload(daemon.configuration)
        assert signed_by(daemon, keys) == BOTH[:1]
        path.chmod(0o600)
        daemon.expect("rsa.key: Permission denied; the key read before stays")
        time.sleep(SOON)
        assert signed_by(daemon, keys) == BOTH[:1]
    finally:
        start.end()
        start.daemons.clear()
        shutil.rmtree(place)
