"""submitctl top: what the daemon does just now, on a screen."""

import os
import re
import signal
import socket
import threading

import pytest
import tool
from terminal import Terminal

from harness.session import Session, submit

MEMBERS = {
    "seconds", "since_start", "status", "identities", "connections", "memory",
    "messages", "replies", "rules", "times", "sinks", "store",
}


@pytest.fixture(scope="module")
def daemon(daemon_after_mail):
    """It has counted something of each kind."""
    return daemon_after_mail


@pytest.fixture
def alice(daemon):
    """She has submitted just now: who submits most is forgotten after a minute or two."""
    assert submit(daemon).verdict == "passed"
    return "sasl:alice@example.org"


def now(daemon, *options):
    """One object, of all the time since the start."""
    code, answer = tool.run_json(
        "top", "--interval", "0s", "--socket", daemon.control_socket, *options)
    assert code == 0
    return answer


def only(rows, **wanted):
    """The one of the rows that has these members."""
    (row,) = [r for r in rows if wanted.items() <= r.items()]
    return row


def test_json(daemon, alice):
    """X21: each number is the one that the daemon counts."""
    got = now(daemon)
    assert set(got) == MEMBERS
    counted = daemon.ask("status")
    assert got["since_start"] is True and got["seconds"] >= 1
    assert got["status"]["pid"] == daemon.child.pid
    assert {n: c["total"] for n, c in got["messages"].items()} == counted["messages"]
    reply = only(got["replies"], reason="from-not-allowed")
    assert (reply["stage"], reply["code"], reply["total"]) == ("message", "550", 1)
    rule = only(got["rules"], rule="from-rights")
    assert rule["refuse"]["total"] == 1 and rule["trial"]["total"] == 0
    assert only(got["rules"], rule="header-fqdn")["trial"]["total"] == 1
    assert only(got["identities"]["identities"], name=alice)["messages"] >= 1
    for one in got["times"]:
        assert one["rate"] > 0 and one["mean"] > 0, one
        assert 0 < one["p50"] <= one["p99"], one
    assert [one["stage"] for one in got["times"]] == [
        "mail", "rcpt", "header", "message", "signing", "record"]
    sink = only(got["sinks"], sink="file")
    assert sink["up"] and sink["waiting"] == sink["lost"] == sink["failures"] == 0
    messages = sum(counted["messages"].values())
    assert sink["records"]["total"] == messages >= 6
    assert got["store"]["up"] and got["store"]["failures"] == 0
    assert got["connections"]["begun"]["total"] == messages and got["connections"]["open"] == 0
    assert got["memory"]["limit"] > 0


def test_rates(start, strict):
    """X21: what happens between two questions, divided by the time between them."""
    daemon = start(strict)
    for _ in range(2):
        submit(daemon)
    answer = {}

    def ask():
        answer["got"] = tool.run_json(
            "top", "--interval", "3s", "--socket", daemon.control_socket)[1]

    asker = threading.Thread(target=ask)
    asker.start()
    sent = 0
    while asker.is_alive():
        submit(daemon)
        sent += 1
        asker.join(0.05)
    got = answer["got"]
    assert got["since_start"] is False and got["seconds"] >= 3
    total = got["messages"]["passed"]["total"]
    risen = got["messages"]["passed"]["rate"] * got["seconds"]
    # The two before the first question are in the total alone.
    assert abs(risen - round(risen)) < 0.01 and 0 < risen <= total - 2 <= sent
    assert abs(only(got["times"], stage="message")["rate"] - risen / got["seconds"]) < 1


def test_sorted(daemon):
    """X21: by rate, by what there was in all, or by name."""
    for order in ("total", "name"):
        reasons = [r["reason"] for r in now(daemon, "--sort", order)["replies"]]
        assert reasons == sorted(reasons), order  # each came once
    rules = now(daemon, "--sort", "total")["rules"]
    spoke = [sum(r[c]["total"] for c in ("refuse", "tempfail", "trial")) for r in rules]
    assert spoke == sorted(spoke, reverse=True) and spoke[0] == 1 and spoke[-1] == 0


def test_once(daemon, alice):
    """X21: the same for people, on standard output."""
    passed = daemon.ask("status")["messages"]["passed"]
    code, out, err = tool.run("top", "--once", "--interval", "0s", "-c", daemon.config)
    assert (code, err) == (0, "")
    assert "\033" not in out
    assert re.search(r"^submit-milter \S+  process %d  up 0d .*  mode enforce  rates since then$" % daemon.child.pid, out, re.M)
    assert re.search(r"^  in all +%d +2 +0 +0$" % passed, out, re.M)
    assert re.search(r"^  550 +message +from-not-allowed +\d+\.\d\d +1$", out, re.M)
    assert re.search(r"^  header-fqdn +[\d.]+ +0\.00 +0\.00 +\d\.\d\d +1$", out, re.M)
    assert re.search(r"^ +\d+ +\d+  %s$" % alice, out, re.M)
    assert re.search(r"^  record( +\d+\.\d+){4}$", out, re.M)
    assert re.search(r"^  file +up +0 .* %d +0 +0 +[\d.]+$" % (passed + 2), out, re.M)
    assert re.search(r"^  store +up +0  \d+ s behind$", out, re.M)


def live(daemon, *options, **terminal):
    """A terminal that shows this daemon."""
    return Terminal("top", "--interval", "1s", "--socket", daemon.control_socket, *options, **terminal)


def test_live(daemon, alice):
    """X21: the screen follows; q ends it and leaves the terminal as it was."""
    with live(daemon) as terminal:
        terminal.wait_for(lambda t: alice in t, "nobody is shown")
        with Session(daemon) as session:
            session.mail()
            terminal.wait_for(lambda t: "messages 1 open" in t, "it does not follow")
            assert "connections 1 open" in terminal.text
            session.mta.abort()
        terminal.wait_for(lambda t: "messages 0 open" in t, "it does not follow")
        terminal.wait_for(lambda t: "rates of 1." in t, "no rates of an interval")
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_as_it_was()


def test_keys(daemon):
    """X21: s sorts otherwise, a averages, blank asks at once; others do nothing."""
    with Terminal("top", "--interval", "1h", "--socket", daemon.control_socket) as terminal:
        terminal.wait_for(lambda t: "now by rate" in t and "rates since then" in t, "no screen")
        for order in ("total", "name", "rate"):
            terminal.press("s")
            terminal.wait_for(lambda t: "now by " + order in t, "not sorted by " + order)
        terminal.press("x\033[A")
        terminal.press(" ")
        terminal.wait_for(lambda t: "rates of " in t, "not asked")
        terminal.press("a")
        terminal.wait_for(lambda t: "rates since then" in t, "no average")
        terminal.press("a")
        terminal.wait_for(lambda t: "rates of " in t, "still an average")
        terminal.press("\003")
        assert terminal.wait() == 0 and terminal.is_as_it_was()


ENDS = {"TERM": signal.SIGTERM, "INT": signal.SIGINT, "HUP": signal.SIGHUP}


@pytest.mark.parametrize("name", ENDS)
def test_signals(daemon, name):
    """X47: whoever ends it finds the terminal as it was."""
    with live(daemon) as terminal:
        terminal.wait_for(lambda t: "submit-milter" in t, "no screen")
        terminal.child.send_signal(ENDS[name])
        assert terminal.wait() == 0 and terminal.is_as_it_was()


@pytest.mark.parametrize("lines, columns", [(60, 132), (24, 80), (10, 30), (2, 5), (1, 1)])
def test_resized(daemon, alice, lines, columns):
    """X47: what is most wanted stays, none of it beyond the edge, keys at the bottom."""
    with live(daemon, "--interval", "1h") as terminal:
        terminal.wait_for(lambda t: "blank: ask" in t, "no screen")
        terminal.resize(lines, columns)
        keys = "q: end   s: sort (now by rate)   a: since the last time   blank: ask"[:columns]
        title = "submit-milter"[:columns]
        wanted = {
            (24, 80): ("  file ", "  store ", "  record ", "auth-missing", "from-rights", alice),
            # There is room for empty lines, and for all.
            (60, 132): ("\n\nmessages", "from-not-allowed", alice),
        }.get((lines, columns), ())

        def is_drawn(text):
            rows = text.split("\n")
            is_framed = lines == 1 or rows[0].startswith(title)
            is_framed &= len(rows) == lines and rows[-1] == keys.rstrip()
            return is_framed and all(want in text for want in wanted)

        terminal.wait_for(is_drawn, "not drawn anew")
        terminal.press("q")
        assert terminal.wait() == 0


def test_lost_and_found(start, strict):
    """X47: a daemon that ends is told of, what it said stays; the next one is taken."""
    first = start(strict)
    submit(first)
    with live(first) as terminal:
        terminal.wait_for(lambda t: "sasl:alice@example.org" in t, "nobody is shown")
        first.stop()
        terminal.wait_for(
            lambda t: "there is no answer" in t and "No such file" in t
            and "sasl:alice@example.org" in t, "not told, or nothing stays")
        second = start.make(strict)
        second.configuration["control"] = {"socket": str(first.control_socket)}
        second.start()
        terminal.wait_for(
            lambda t: "process %d " % second.child.pid in t and "no answer" not in t, "not found")
        terminal.wait_for(lambda t: re.search(r"in all +0 +0 +0 +0", t), "counts of the first")
        terminal.press("q")
        assert terminal.wait() == 0


def test_nobody_there(tmp_path):
    """X47: is said on the screen, and on standard error with --once."""
    path = tmp_path / "none.sock"
    with Terminal("top", "--socket", path) as terminal:
        terminal.wait_for(lambda t: "No such file or directory" in t, "not told")
        terminal.press("q")
        assert terminal.wait() == 0
    code, out, err = tool.run("top", "--once", "--socket", path)
    assert (code, out) == (69, "") and "No such file or directory" in err


def test_frozen(start, strict):
    """X47: a daemon that hangs keeps neither keys nor the end waiting."""
    daemon = start(strict)
    with live(daemon) as terminal:
        terminal.wait_for(lambda t: "process %d" % daemon.child.pid in t, "no screen")
        daemon.signal(signal.SIGSTOP)
        try:
            terminal.wait_for(lambda t: "there is no answer" in t and "timed out" in t, "not told")
            terminal.press("s")
            terminal.wait_for(lambda t: "now by total" in t, "keys are not heard")
            terminal.press("q")
            assert terminal.wait() == 0 and terminal.is_as_it_was()
        finally:
            daemon.signal(signal.SIGCONT)


BROKEN = {
    "nothing": b"",
    "no JSON": b"what?\n",
    "another type": b"[1]\n",
    "half a line": b'{"ok":true',
    "no member": b'{"ok":true}\n',
    "odd types": b'{"ok":true,"text":7,"pid":"x","identities":{},"version":[],"mode":null}\n',
    "odd metrics": b'{"ok":true,"text":"submit_milter_messages_total{result=\\"passed\\n'
                   b'submit_milter_stage_seconds_bucket{le=\\"x 1\\nsubmit_milter_mode{} nan\\n \\n}'
                   b' 5","identities":[1,{"name":"\\u001b[2J\\u0007","messages":-1}]}\n',
    "not done": b'{"ok":false,"error":"\\u001b[31mno"}\n',
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_answers(tmp_path, name):
    """X47: harm nobody, and write nothing of their own on the terminal."""
    path = tmp_path / "odd.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(16)

        def serve():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    client.recv(1024)
                    client.sendall(BROKEN[name])

        threading.Thread(target=serve, daemon=True).start()
        with Terminal("top", "--socket", path) as terminal:
            terminal.wait_for(lambda t: "blank: ask" in t and len(t.strip()) > 90, "no screen")
            assert b"\033[2J" not in terminal.octets and b"\033[31m" not in terminal.octets
            terminal.press("q")
            assert terminal.wait() == 0 and terminal.is_as_it_was()
        server.shutdown(socket.SHUT_RDWR)


def test_without_terminal(daemon):
    """X47: it says what to do."""
    code, out, err = tool.run("top", "--socket", daemon.control_socket)
    assert (code, out) == (64, "") and "--once" in err
    with live(daemon, kind="dumb") as terminal:
        assert terminal.wait() == 64


WRONG = {
    "interval": (["--interval", "soon"], "a time such as"),
    "long interval": (["--interval", "2h"], "at most an hour"),
    "no interval": (["--interval", "0s"], "goes with --once"),
    "order": (["--sort", "size"], "rate, total or name"),
    "argument": (["now"], 'what is "now"'),
    "option": (["--nothing"], "top --help tells the options"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage(name):
    """X41: is said."""
    options, want = WRONG[name]
    code, out, err = tool.run("top", *options)
    assert (code, out) == (64, "") and want in err


def test_hangup(daemon):
    """X47: when the terminal goes, it ends."""
    terminal = live(daemon)
    terminal.wait_for(lambda t: "submit-milter" in t, "no screen")
    os.close(terminal.slave)
    os.close(terminal.master)
    assert terminal.child.wait(tool.PATIENCE) in (0, 74)
