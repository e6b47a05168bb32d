"""The command line, and configurations that are wrong."""

import os
import pwd
import re
import socket

import pytest

from harness import configuration as conf
from harness.daemon import HOST, free_port, run
from harness.session import submit

# The text of a file; the line at fault; what is said of it.
WRONG = {
    "syntax": ("profiles = (\n", 2, "syntax error here or just before"),
    "unknown": ("\nnonsense = 1;\n", 2, 'there is no option "nonsense"'),
    "misspelt": (
        'host_nmae = "x.example";\n',
        1,
        'there is no option "host_nmae", did you mean "host_name"?',
    ),
    "unknown, deep within": (
        "default_profile: {\n\tlimits: {\n\t\tfeilds = 10;\n\t};\n};\n",
        3,
        'there is no option "default_profile.limits.feilds", did you mean "fields"?',
    ),
    "type": (
        'stop_timeout = "soon";\n',
        1,
        "stop_timeout: must be a whole number, not a string",
    ),
    "range": ("stop_timeout = -1;\n", 1, "stop_timeout: must be from 0 to 3600, not -1"),
    "choice": (
        'log: {\n\tlevel = "loud";\n};\n',
        2,
        'log.level: must be "error", "warning", "info" or "debug", not "loud"',
    ),
    "mode of a rule": (
        '\n\n\ndefault_profile: { rules: { from-rights = "maybe"; }; };\n',
        4,
        'default_profile.rules.from-rights: must be "enforce", "warn" or "off", not "maybe"',
    ),
    "no such rule": (
        'default_profile: { rules: { no-such-thing = "off"; }; };\n',
        1,
        'there is no option "default_profile.rules.no-such-thing"',
    ),
    "twice": ("stop_timeout = 1;\nstop_timeout = 2;\n", 2, "this name is set twice"),
    "empty list": (
        'profiles = (\n\t{ name = "p";\n\tlisteners = ( ); }\n);\n',
        3,
        "profiles.listeners: must not be empty",
    ),
    "listener without all": (
        'profiles = ( { name = "p"; listeners = ( { } ); } );\n',
        1,
        "profiles.listeners: a listener wants daemon_name, daemon_port or daemon_addr",
    ),
    "socket": (
        'socket = "/run/milter.sock";\n',
        1,
        "socket: must be unix:PATH, inet:PORT@HOST or inet6:PORT@HOST",
    ),
    "socket mode": (
        'socket_mode = "0999";\n',
        1,
        'socket_mode: must be permissions in octal, such as "0640", not "0999"',
    ),
    "group": (
        '\nsocket_group = "no-such-group";\n',
        2,
        'socket_group: there is no group "no-such-group"',
    ),
    "user": ('user = "no-such-user";\n', 1, 'user: there is no user "no-such-user"'),
    "network": (
        'default_profile: { trusted_networks = [\n"10.0.0.0/8",\n"10.0.0.1/8" ]; };\n',
        3,
        'default_profile.trusted_networks: "10.0.0.1/8": bits are set beyond the prefix',
    ),
    "table that nobody made": (
        'rights: { tables = (\n{ table = "t"; } ); };\n',
        2,
        'rights.tables.table: there is no table "t"',
    ),
    "table that does not open": (
        'tables: {\n\tt: { type = "texthash"; file = "/nonexistent/t"; };\n};\n',
        2,
        "tables.t: /nonexistent/t: No such file or directory",
    ),
    "key that is not there": (
        'dkim: { domains = ( { domain = "example.org"; keys = (\n'
        '{ selector = "s"; file = "/nonexistent/s.key"; } ); } ); };\n',
        2,
        "dkim.domains.keys: key file /nonexistent/s.key: No such file or directory",
    ),
    "domain without keys": (
        'dkim: { domains = ( { domain = "example.org"; keys = ( ); } ); };\n',
        1,
        "dkim.domains.domain: has no keys, and there is neither dkim.key_directory "
        "nor dkim.key_table",
    ),
    "fallback without keys": (
        'default_profile: { sign_fallback_domain = "example.org"; };\n',
        1,
        'default_profile.sign_fallback_domain: the domain "example.org" has no keys'
        " in dkim.domains",
    ),
    "ceilings": (
        "memory: { message = 1000000;\ntotal = 500000; };\n",
        2,
        "memory.total: memory.message must not be more than memory.total",
    ),
    "text with nothing to show": (
        'replies: { texts: { auth-missing = "{}"; }; };\n',
        1,
        "replies.texts.auth-missing: must have no {}: there is nothing to put there",
    ),
    "text of a reason that is none": (
        'replies: { texts: { no-such-thing = "x"; }; };\n',
        1,
        'there is no option "replies.texts.no-such-thing"',
    ),
    "contact not in ASCII": (
        'replies: { contact = "ü"; };\n',
        1,
        "replies.contact: must be printable ASCII",
    ),
}


@pytest.mark.parametrize("how", ["-t", "start"])
@pytest.mark.parametrize("text, number, words", WRONG.values(), ids=WRONG.keys())
def test_wrong_configuration(tmp_path, text, number, words, how):
    """X41: file, line and what is wrong with it; status 1; nothing else happens."""
    path = tmp_path / "wrong.conf"
    path.write_text(text)
    done = run(*(["-t"] if how == "-t" else []), "-c", path)
    assert done.stderr == "submit-milter: %s:%d: %s\n" % (path, number, words)
    assert done.stdout == ""
    assert done.returncode == 1


FILES = {
    "missing": ("nothing.conf", "No such file or directory"),
    "a folder": ("", "is not a regular file"),
}


@pytest.mark.parametrize("name, words", FILES.values(), ids=FILES.keys())
def test_no_configuration(tmp_path, name, words):
    """X41: a file that cannot be read is named."""
    path = tmp_path / name if name else tmp_path
    done = run("-c", path)
    assert done.stderr == "submit-milter: %s: %s\n" % (path, words)
    assert (done.returncode, done.stdout) == (1, "")


@pytest.fixture
def two_files(tmp_path, strict):
    """A configuration that includes a second file from a folder of its own."""
    (tmp_path / "conf.d").mkdir()
    path = tmp_path / "submit-milter.conf"
    path.write_text('@include "conf.d/more.conf"\n' + conf.text(strict))
    (tmp_path / "conf.d" / "more.conf").write_text("stage_timeout = 4321;\n")
    return path, tmp_path / "conf.d" / "more.conf"


EVERYBODY = "everybody can write to it: chmod o-w it"
EVERYBODYS_FOLDER = "everybody can write to its folder: chmod o-w that"


@pytest.mark.parametrize("number, where", [(0, ""), (1, "{}:1: ")], ids=["file", "included"])
@pytest.mark.parametrize("options", [["-t"], []], ids=["test", "start"])
def test_configuration_that_others_can_write(two_files, number, where, options):
    """X41 X45: is refused with file and reason, an included one with the line that names it."""
    path = two_files[number]

    def refused(words):
        done = run(*options, "-c", two_files[0])
        said = "submit-milter: %s%s: %s\n" % (where.format(two_files[0]), path, words)
        assert done.stderr == said
        assert (done.returncode, done.stdout) == (1, "")

    path.chmod(0o646)
    refused(EVERYBODY)
    path.chmod(0o644)
    path.parent.chmod(0o777)
    refused(EVERYBODYS_FOLDER)
    path.parent.chmod(0o1777)
    done = run("-t", "-c", two_files[0])
    assert (done.returncode, done.stderr) == (0, "")
    assert "stage_timeout = 4321;" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_configuration_that_a_group_can_write(two_files):
    """X41 X45: root's group and the owner's own will do, no other."""
    path = two_files[1]
    path.chmod(0o664)
    nobody = pwd.getpwnam("nobody")
    for user, group, is_good in (
        (0, 0, True),
        (nobody.pw_uid, nobody.pw_gid, True),
        (nobody.pw_uid, 0, True),
        (0, nobody.pw_gid, False),
        (54321, nobody.pw_gid, False),
    ):
        os.chown(path, user, group)
        done = run("-t", "-c", two_files[0])
        assert (done.returncode == 0) == is_good, (user, group, done.stderr)
        if not is_good:
            assert done.stderr == (
                "submit-milter: %s:1: %s: a group can write to it that is neither "
                "root's nor its owner's: chmod g-w it\n" % two_files
            )
    path.chmod(0o644)
    assert run("-t", "-c", two_files[0]).returncode == 0


def test_configuration_that_became_writable(start, strict):
    """X43 X45: a reload refuses it, too, and the old one stays."""
    daemon = start(strict)
    daemon.expect("the old one stays: %s: %s" % (daemon.config, EVERYBODY))
    daemon.write(daemon.changed(host_name="new.example.org"))
    daemon.config.chmod(0o666)
    daemon.reload(want="not reloaded")
    assert submit(daemon).record["host"] == "mx.example.org"


USAGE = {
    "unknown option": ["-x"],
    "unknown long option": ["--nonsense"],
    "-c without file": ["-c"],
    "-o without value": ["-o", "socket"],
    "-o without name": ["-o", "=x"],
    "an operand": ["start"],
    "too many -o": ["-o", "stop_timeout=1"] * 65,
}


@pytest.mark.parametrize("options", USAGE.values(), ids=USAGE.keys())
def test_wrong_usage(options):
    """X41: status 2, and nothing on standard output."""
    done = run(*options)
    assert done.returncode == 2
    assert done.stdout == ""
    assert options[-1].lstrip("-") in done.stderr


def test_help_and_version():
    """X46: on standard output, status 0."""
    for option in ("-h", "--help"):
        done = run(option)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("usage: submit-milter ")
    for option in ("-V", "--version"):
        done = run(option)
        assert (done.returncode, done.stderr) == (0, "")
        assert re.match(r"submit-milter \d+\.\d+\.\d+\n", done.stdout)
        for library in ("libmilter", "OpenSSL", "libmicrohttpd", "libunbound"):
            assert re.search(r"(?m)%s \d+\.\d+\.\d+" % library, done.stdout), library


def test_checked_configuration(tmp_path, strict):
    """X41: -t prints what is in force, and that is a configuration."""
    path = tmp_path / "submit-milter.conf"
    path.write_text(conf.text(strict))
    first = run("-t", "-c", path)
    assert (first.returncode, first.stderr) == (0, "")
    assert re.search(r'(?m)^host_name = "mx\.example\.org";$', first.stdout)
    assert re.search(r"(?m)^stop_timeout = 10;$", first.stdout)
    printed = tmp_path / "printed.conf"
    printed.write_text(first.stdout)
    second = run("-t", "-c", printed)
    assert (second.returncode, second.stderr) == (0, "")
    assert settings(second.stdout) == settings(first.stdout)


def settings(text):
    """The lines of a configuration without comments."""
    lines = [re.sub(r"\s*#.*", "", line).strip() for line in text.splitlines()]
    return [line for line in lines if line]


MUSTS = {
    "auth-required": "RFC 6409 section 4.3",
    "envelope-fqdn": "RFC 6409 section 4.2",
    "header-fqdn": "RFC 6409 section 4.2",
}


@pytest.mark.parametrize("mode", ["warn", "off"])
@pytest.mark.parametrize("rule", MUSTS)
def test_musts_that_are_off(tmp_path, strict, rule, mode):
    """X41: -t lists each MUST that the configuration turns off, with its source."""
    path = tmp_path / "lax.conf"
    path.write_text(conf.text(strict))
    assert MUSTS[rule] not in run("-t", "-c", path).stdout
    path.write_text(conf.text(conf.changed(strict, default_profile={"rules": {rule: mode}})))
    done = run("-t", "-c", path)
    assert done.returncode == 0
    said = [line for line in done.stdout.splitlines() if MUSTS[rule] in line]
    assert said and rule in done.stdout


def test_signing_for_anybody_is_warned_of(tmp_path, strict):
    """X10: -t warns of sign = authenticated."""
    path = tmp_path / "lax.conf"
    lax = conf.changed(strict, default_profile={"sign": "authenticated"})
    warnings = []
    for configuration in (strict, lax):
        path.write_text(conf.text(configuration))
        lines = run("-t", "-c", path).stdout.splitlines()
        warnings.append([line for line in lines if "authenticated" in line and "#" in line])
    assert not warnings[0] and warnings[1]


OVERRIDES = {
    "unknown": ("nonsense=1", 'there is no option "nonsense"'),
    "misspelt": ("log.levle=info", 'there is no option "levle", did you mean "level"?'),
    "no number": ("stop_timeout=soon", "the value must be a number"),
    "out of range": ("stop_timeout=-1", "stop_timeout: must be from 0 to 3600, not -1"),
    "no truth": ("audit.syslog=maybe", "the value must be true or false"),
    "a group": ("log=x", "only options with a single value can be set here"),
    "a wrong path": ("audit.file=x", "audit.file: must be an absolute path, one that begins with /"),
}


@pytest.mark.parametrize("option, words", OVERRIDES.values(), ids=OVERRIDES.keys())
def test_wrong_override(tmp_path, strict, option, words):
    """X41: what is wrong with an -o is said of it, not of the file."""
    path = tmp_path / "submit-milter.conf"
    path.write_text(conf.text(strict))
    done = run("-t", "-c", path, "-o", option)
    assert done.stderr == "submit-milter: command line: -o %s: %s\n" % (option, words)
    assert (done.returncode, done.stdout) == (1, "")


def test_override(start, strict):
    """X41 X43: -o is above the file, the last one counts, also after a reload."""
    options = ["-o", "host_name=x.example", "-o", "host_name=other.example"]
    options += ["-o", "default_profile.rules.tls-required=off"]
    daemon = start(strict, options=options)
    for _ in range(2):
        got = submit(daemon, tls=None)
        assert got.verdict == "passed"
        assert got.record["host"] == "other.example"
        daemon.reload(daemon.changed(stop_timeout=3))


CANNOT_START = {
    "audit file": ({"audit": {"file": "/nonexistent/audit"}}, "audit file: /nonexistent/audit: "),
    "pid file": ({"pid_file": "/nonexistent/pid"}, "/nonexistent/pid: "),
    "socket's folder": ({"socket": "unix:/nonexistent/sock"}, "unix:/nonexistent/sock: "),
    "socket is a folder": ({"socket": "unix:/proc"}, "unix:/proc: "),
    "control socket's folder": ({"control": {"socket": "/nonexistent/c"}}, "/nonexistent/c: "),
    "no state directory": (
        {"state_directory": "/nonexistent/state"},
        "state_directory: /nonexistent/state: No such file or directory",
    ),
    "state directory is a file": (
        {"state_directory": "/etc/passwd"},
        "state_directory: /etc/passwd: is no folder",
    ),
    "address of others": ({"socket": "inet:2525@192.0.2.1"}, "inet:2525@192.0.2.1: "),
}


@pytest.mark.parametrize("changes, words", CANNOT_START.values(), ids=CANNOT_START.keys())
def test_start_that_fails(tmp_path, strict, changes, words):
    """X41 X45 A7: status 3, one line that says why, and no socket left behind."""
    path = tmp_path / "submit-milter.conf"
    place = tmp_path / "milter.sock"
    (tmp_path / "state").mkdir()
    here = {
        "socket": "unix:%s" % place,
        "control": {"socket": str(tmp_path / "ctl.sock")},
        "state_directory": str(tmp_path / "state"),
    }
    path.write_text(conf.text(conf.changed(strict, **{**here, **changes})))
    done = run("-c", path)
    assert done.returncode == 3
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("submit-milter: error: " + words), lines
    assert not place.exists()


def test_port_that_is_taken(tmp_path, strict):
    """X41: status 3 where another listens."""
    path = tmp_path / "submit-milter.conf"
    address = "inet:%d@%s" % (free_port(), HOST)
    path.write_text(conf.text(conf.changed(strict, socket=address)))
    with socket.create_server((HOST, int(address[5:].partition("@")[0]))):
        done = run("-c", path)
    assert done.returncode == 3
    assert address in done.stderr
