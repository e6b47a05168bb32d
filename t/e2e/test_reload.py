"""Configuration errors, and reload without losing a connection."""

import os
import signal
import subprocess

import pytest

from support import config
from support.lab import wait_for
from support.smtp import Client
from support.submission import ALICE, FROM_ALICE, submit

BOBS_TOO = """{
	logins: { type = "inline"; rows = ( [ "bob@example.org", "alice@example.org" ] ); };
	aliases: { type = "inline"; rows = ( [ "x", "x@example.org" ] ); };
}"""


@pytest.fixture(scope="module")
def own_lab(start_lab):
    """A lab that the tests of this file may reload as they like."""
    with start_lab(config.text()) as other:
        yield other


@pytest.fixture
def reload(own_lab):
    """Reloads with changes; afterwards the lab is as it was."""

    def change(want="configuration reloaded", **changes):
        text = config.filled_in(config.text(**changes), own_lab)
        return own_lab.reload(text, want)

    yield change
    change()


def authenticated(lab):
    """A connection of alice's."""
    client = Client(lab)
    assert client.authenticate(ALICE).code == 235
    return client


@pytest.mark.proves("X43")
def test_transaction_keeps_its_configuration(own_lab, reload):
    """What began under the old one ends under it; the next MAIL has the new."""
    with authenticated(own_lab) as client:
        assert client.mail("<alice@example.org>").code == 250
        reload(
            rights="{ self = false; }",
            default_profile='{ complete: { date = false; }; }',
        )
        assert client.rcpt("<x@example.com>").code == 250
        assert client.data(b"From: alice@example.org\r\n\r\n").code == 250
        assert client.mail("<alice@example.org>").codes == "550 5.7.1"
        client.command("RSET")
    assert own_lab.relayed(client.helo).values("Date")


@pytest.mark.proves("X43")
def test_new_rights_hold_on_an_old_connection(own_lab, reload):
    """Rights that are given hold at once, those that are taken end at once."""
    with authenticated(own_lab) as client:
        assert client.mail("<bob@example.org>").codes == "550 5.7.1"
        reload(tables=BOBS_TOO)
        assert client.mail("<bob@example.org>").code == 250
        client.command("RSET")
        reload()
        assert client.mail("<bob@example.org>").codes == "550 5.7.1"
        assert client.mail("<alice@example.org>").code == 250


@pytest.mark.proves("X43")
def test_connections_survive_many_reloads(own_lab, reload):
    """None is dropped, none is slow."""
    clients = [authenticated(own_lab) for _ in range(5)]
    for n in range(10):
        reload(host_name='"h%d.example.org"' % n)
        for client in clients:
            assert client.mail("<alice@example.org>").code == 250
            client.rcpt("<x@example.com>")
            assert client.data(FROM_ALICE).code == 250
    for client in clients:
        client.close()
        hosts = [r["host"] for r in own_lab.audit(client.helo, 10)]
        assert hosts == ["h%d.example.org" % n for n in range(10)]


BROKEN = {
    "syntax": "profiles = (",
    "unknown option": "nonsense = 1;",
    "misspelt option": 'host_nmae = "x";',
    "wrong type": 'stop_timeout = "soon";',
    "out of range": "stop_timeout = -1;",
    "unknown choice": 'log: { level = "loud"; };',
    "unknown rule": 'default_profile: { rules: { no-such = "off"; }; };',
    "bad mode of a rule": 'default_profile: { rules: { from-rights = "maybe"; }; };',
    "unknown table type": 'tables: { t: { type = "magic"; }; };',
    "table that does not open": 'tables: { t: { type = "texthash"; file = "/t"; }; };',
    "table that nobody made": 'rights: { tables = ( { table = "t"; } ); };',
    "profile without listeners": 'profiles = ( { name = "p"; listeners = (); } );',
    "domain without keys": 'dkim: { domains = ( { domain = "a.org"; keys = (); } ); };',
    "bad network": 'default_profile: { trusted_networks = [ "10.0.0.0/99" ]; };',
}


@pytest.mark.proves("X41")
@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN.keys())
def test_error_in_the_configuration(lab, tmp_path, line):
    """File and line, status 1, and nothing else happens."""
    path = tmp_path / "broken.conf"
    path.write_text('host_name = "mx.example.org";\n%s\n' % line)
    done = subprocess.run(
        [lab.program, "-t", "-c", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done
    # A list that is never closed is noticed at the end of the file.
    places = ["%s:%d: " % (path, number) for number in (2, 3)]
    assert any(place in done.stderr for place in places), done.stderr


@pytest.mark.proves("X41")
def test_check_says_what_is_effective(lab):
    """-t prints the options in use and lists each MUST that is turned off."""
    done = subprocess.run(
        [lab.program, "-t", "-c", lab.config, "-o", "stop_timeout=7"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "stop_timeout" in done.stdout and "7" in done.stdout
    assert "RFC 6409 section 4.3" not in done.stdout


@pytest.mark.proves("X41")
def test_check_lists_what_is_turned_off(lab, tmp_path):
    """A MUST of the sources that is not enforced is named with its source."""
    path = tmp_path / "lax.conf"
    path.write_text(
        'default_profile: { rules: { auth-required = "off"; }; };\n'
    )
    done = subprocess.run(
        [lab.program, "-t", "-c", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert "auth-required" in done.stdout
    assert "RFC 6409 section 4.3" in done.stdout


@pytest.mark.proves("X43", "X41")
@pytest.mark.parametrize(
    "text",
    ["profiles = (\n", "nonsense = 1;\n", 'socket = "unix:/elsewhere";\nx = 1;\n'],
    ids=["syntax", "unknown", "two"],
)
def test_broken_configuration_keeps_the_old_one(own_lab, reload, text):
    """And says so, with file and line."""
    with authenticated(own_lab) as client:
        said = own_lab.reload(text, "not reloaded")
        assert "%s:" % own_lab.config in said
        assert client.mail("<alice@example.org>").code == 250
        assert client.mail("<bob@example.org>").code == 503
        client.command("RSET")
        assert client.mail("<bob@example.org>").codes == "550 5.7.1"


@pytest.mark.proves("X43", "A6")
def test_reload_reopens_the_audit_file(own_lab, reload):
    """As log rotation wants it."""
    rotated = own_lab.audit_file.with_suffix(".1")
    assert submit(own_lab).record["result"] == "passed"
    own_lab.audit_file.rename(rotated)
    own_lab.audit_offset = 0
    reload()
    assert submit(own_lab).record["result"] == "passed"
    assert rotated.read_bytes().endswith(b"\n")


@pytest.mark.proves("X43")
def test_milter_that_is_gone_lets_nothing_pass(lab, start_lab):
    """The shipped lines: a milter that does not answer means later."""
    with start_lab(config.text()) as other:
        with authenticated(other) as client:
            os.kill(other.milter_pid, signal.SIGKILL)
            wait_for(
                lambda: client.mail("<alice@example.org>").code == 451,
                "MAIL is still answered",
            )
