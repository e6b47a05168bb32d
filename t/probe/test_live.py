"""The program itself, against the mail server of the lab and without milter."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading

import pytest
from support import config
from lab import process
from support.lab import another_lab, wait_for

# Sendmail refuses a broken address by itself, with 553 and not 501.
OWN_CODES = {"sendmail": {"syntax-sender", "syntax-recipient"}}

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "contrib" / "msa-probe"
MIXED = """(
	{ name = "mixed"; mixed = true; listeners = ( { daemon_name = "MX"; } ); }
)"""


def run(*arguments):
    """(status, standard output, standard error) of the program."""
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def probe(lab, listener, *options):
    """Probes a listener of the lab: (status, {row: row as in JSON})."""
    password = lab.folder / "alice.password"
    password.write_text(lab.passwords["alice@example.org"] + "\n")
    status, out, words = run(
        *("%s:%d" % (lab.host, lab.ports[listener]), "--json", "--timeout", 10),
        *("--ca", lab.ca, "--domain", "example.org", "--dns", lab.dns),
        *("--user", "alice@example.org", "--password-file", password),
        *options,
    )
    assert words == ""
    return status, {row["name"]: row for row in json.loads(out)["rows"]}


def verdicts(rows, *wanted):
    """Names of the rows with such a verdict."""
    return {name for name, row in rows.items() if row["verdict"] in wanted}


@pytest.mark.proves("D7", "A4", "X40", "W3", "D4.3", "A2")
@pytest.mark.parametrize(
    "listener, options, left_out",
    [
        ("submission", (), set()),
        (
            "submissions",
            ("--implicit",),
            {"auth-clear-offer", "auth-clear-refused", "clear-mail"}
            | {"starttls-injection"},
        ),
    ],
)
def test_shipped_snippets_have_no_failing_row(lab, listener, options, left_out):
    status, rows = probe(lab, listener, "--data", *options)
    bad = verdicts(rows, "fail", "warn") - OWN_CODES.get(lab.mta.name, set())
    assert (status, [rows[name] for name in bad]) == (0, [])
    assert verdicts(rows, "not-tested") == left_out
    for name in ("unauth-mail", "spoofed-sender", "spoofed-from", "srv-submission"):
        assert rows[name]["verdict"] == "pass", rows[name]


@pytest.mark.proves("A5", "A4", "X40")
def test_mixed_port_relays_for_nobody(lab, tmp_path):
    text = config.text(profiles=MIXED, local_domains=config.names("example.org"))
    with another_lab(lab.mta, text, tmp_path) as other:
        status, rows = probe(other, "mx", "--mixed")
    assert (status, verdicts(rows, "fail")) == (0, set())
    assert rows["unauth-foreign"]["verdict"] == "pass"
    assert rows["unauth-local"]["verdict"] == "not-tested"
    for name in ("relay-source-route", "relay-own-sender", "relay-null-sender"):
        assert rows[name]["verdict"] == "pass", rows[name]


@pytest.mark.proves("D7", "X40")
def test_difference_without_the_milter_shows(lab, tmp_path):
    """The mail server alone, with all the other shipped lines."""
    with another_lab(lab.mta, config.text(), tmp_path) as bare:
        take_milter_away(bare)
        status, rows = probe(bare, "submission")
        assert list(bare.relayed_folder.glob("*.eml")) == []
    assert status == 1
    well, badly = ALONE[lab.mta.name]
    assert sorted(verdicts(rows, "fail")) == sorted(badly)
    for name in well:
        assert rows[name]["verdict"] == "pass", rows[name]


# What a mail server does well by itself, by the shipped lines, and what badly.
SPOOFING = {"spoofed-sender", "spoofed-colleague"}
SPOOFING |= {"unqualified-sender", "unqualified-recipient"}
OPEN_AT_HOME = {"unauth-mail", "unauth-local", "unauth-foreign", "relay-percent"}
OPEN_AT_HOME |= {"relay-quoted", "relay-quoted-bare", "relay-source-route", "relay-bang"}
OPEN_AT_HOME |= {"relay-own-sender", "relay-null-sender"}
ALONE = {
    "postfix": (("unauth-foreign", "relay-percent", "auth-clear-offer", "login"), SPOOFING),
    # It relays for its own host, and from there this probe comes.
    "sendmail": (("auth-clear-offer", "login", "etrn-command"), SPOOFING | OPEN_AT_HOME),
}


def take_milter_away(lab):
    """As an administrator would who has not installed it."""
    if lab.mta.name == "sendmail":
        take_milter_from_sendmail(lab)
    else:
        take_milter_from_postfix(lab)


def take_milter_from_sendmail(lab):
    """It begins anew, with another configuration, at SIGHUP."""
    etc = pathlib.Path(lab.environment["LAB_MTA_CONFIG"])
    cf = etc / "sendmail.cf"
    text, count = re.subn(r"(?m)^O InputMailFilters=.*\n", "", cf.read_text())
    assert count == 1
    cf.write_text(text)
    log = pathlib.Path(lab.environment["LAB_MAIL_LOG"])
    began = "starting daemon"
    times = log.read_text().count(began)
    os.kill(int((etc.parent / "sendmail.pid").read_text().split()[0]), signal.SIGHUP)
    wait_for(
        lambda: log.read_text().count(began) > times
        and process.tcp_listens(lab.host, lab.ports["submission"]),
        "Sendmail does not begin anew",
    )


def take_milter_from_postfix(lab):
    """Before its first client, Postfix reads main.cf anew."""
    main_cf = pathlib.Path(lab.environment["LAB_MTA_CONFIG"]) / "main.cf"
    text = main_cf.read_text()
    main_cf.write_text(re.sub(r"(?m)^submit_milter = .*", "submit_milter =", text))
    earlier = main_cf.stat().st_mtime - 60  # a file that is too young is waited for
    os.utime(main_cf, (earlier, earlier))


@pytest.mark.proves("D7")
def test_table_for_people(lab):
    address = "%s:%d" % (lab.host, lab.ports["submission"])
    status, out, _ = run(address, "--domain", "example.org")
    assert status == 0, out
    assert re.search(r"(?m)^pass +ETRN +MUST NOT +RFC 6409 7 +not offered", out), out
    assert re.search(r"(?m)^not-tested +login +MUST .*needs --user", out), out
    assert re.search(r"(?m)^%s: \d+ pass, 0 fail, " % address, out), out
    status, rules, _ = run("--rules")
    assert status == 0 and "starttls-injection" in rules
    status, manual, _ = run("--help")
    assert status == 0 and "EXIT STATUS" in manual


@pytest.mark.proves("D7")
@pytest.mark.parametrize(
    "arguments, want",
    [
        ((), "HOST[:PORT] is missing"),
        (("127.0.0.1:1",), "no connection: Connection refused"),
        (("127.0.0.1:99999",), "99999: no such port"),
        (("127.0.0.1:x",), "127.0.0.1:x: not HOST[:PORT]"),
        (("127.0.0.1", "--user", "a"), "--user needs --password-file"),
        (("127.0.0.1", "--data"), "--data, --password-file and --from need --user"),
        (("127.0.0.1", "--domain", "a b"), "a b: not a good domain"),
        (("127.0.0.1", "--ca", "/nowhere"), "No such file or directory: '/nowhere'"),
        (("127.0.0.1", "--timeout", "0"), "--timeout: more than 0 seconds"),
    ],
)
def test_what_cannot_be_tested_is_status_2(arguments, want):
    status, out, words = run(*arguments)
    assert (status, out) == (2, "")
    assert words.startswith("msa-probe: ") and want in words, words


@pytest.mark.proves("D7")
@pytest.mark.parametrize(
    "says, want",
    [
        (b"", "no answer in time"),
        (b"SSH-2.0-\x1b[2J\r\n", "not SMTP: 'SSH-2.0-?[2J'"),
        (b"x" * 10000, "no whole line from the server"),
        (b"220-on and on\r\n" * 500, "a reply without an end"),
    ],
    ids=["nothing", "SSH", "a long line", "many lines"],
)
def test_server_that_speaks_no_smtp_ends_in_time(says, want):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(says)
                try:
                    connection.recv(1)
                except ConnectionResetError:
                    pass  # it had heard enough

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        status, out, words = run("127.0.0.1:%d" % port, "--timeout", 0.5)
        thread.join(10)
    assert (status, out) == (2, "")
    assert want in words, words
