"""The panic switch: what a mode lets through, how long it holds, who notices."""

import json
import os
import time

import pytest

from harness import configuration as conf
from harness.daemon import wait_for
from harness.message import letter, whole
from harness.session import Session, submit

FROM_BOB = whole("From: bob@example.org")
BARE = letter("From: alice@example.org", "To: someone@example.com")
MODES = ("sign-only", "pass")


def switch(daemon, mode, seconds=0, reason=""):
    """Switches and returns what the daemon says."""
    answer = daemon.ask("mode %s %d %s" % (mode, seconds, reason))
    assert answer["ok"], answer
    assert answer["mode"] == mode
    return answer["panic"]


@pytest.fixture(scope="module")
def shared(module_start, strict):
    """A daemon for the tests that leave it as it was."""
    tables = {
        "states": conf.inline(("sus@example.org", "suspended"), ("pm@example.org", "postmaster-only")),
    }
    return module_start(
        conf.changed(
            strict,
            local_domains=("example.org",),
            tables=tables,
            accounts={"table": "states"},
            profiles=[
                conf.profile("mixed", mixed=True),
                conf.profile("open", postmaster={"domains": ("example.org",)}),
            ],
        )
    )


@pytest.fixture(params=MODES)
def mode(request, shared):
    """Each mode, in force at the shared daemon for a test."""
    switch(shared, request.param, 0, "a test")
    yield request.param
    switch(shared, "enforce")


@pytest.fixture
def sign_only(shared):
    """The shared daemon under sign-only."""
    switch(shared, "sign-only")
    yield shared
    switch(shared, "enforce")


@pytest.fixture
def passing(shared):
    """The shared daemon under pass."""
    switch(shared, "pass")
    yield shared
    switch(shared, "enforce")


def verdicts(record):
    """Rule to (mode, action) of those that were judged."""
    return {v["rule"]: (v["mode"], v["action"]) for v in record["verdicts"]}


# --- what passes

REFUSED = {
    "sender-rights": ({"sender": "<bob@example.org>"}, "550 5.7.1 at mail"),
    "from-rights": ({"message": FROM_BOB}, "550 5.7.1 at end"),
    "tls-required": ({"tls": None}, "530 5.7.0 at mail"),
    "envelope-fqdn": ({"recipients": ("<someone@host>",)}, "554 5.5.2 at rcpt"),
    "header-syntax": (
        {"message": whole("From: alice@example.org", "Cc: <broken")},
        "550 5.6.0 at end",
    ),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_what_is_refused_passes(shared, kind, rule):
    """X49: in both modes, and again not afterwards; sign-only records the verdict."""
    options, _ = REFUSED[rule]
    refused = submit(shared, kind=kind, **options)
    assert refused.answer.verdict[0] in "45"
    switch(shared, "sign-only")
    got = submit(shared, kind=kind, **options)
    assert got.verdict == "passed"
    assert got.record["mode"] == "sign-only"
    assert verdicts(got.record)[rule] == ("warn", "refuse")
    switch(shared, "pass")
    got = submit(shared, kind=kind, **options)
    assert got.verdict == "passed"
    assert got.record["mode"] == "pass"
    assert set(verdicts(got.record)) <= {"auth-required", "account", "relay", "postmaster"}
    switch(shared, "enforce")
    again = submit(shared, kind=kind, **options)
    assert again.verdict == refused.verdict
    assert "mode" not in again.record


def test_sign_only_completes_and_signs(sign_only, keys, kind):
    """X49 X10: edits and signatures go on; signing is as strict as ever."""
    got = submit(sign_only, BARE, kind=kind)
    assert got.verdict == "passed"
    assert keys.accept(got.leaving.octets())
    assert len(got.record["signatures"]) == 2
    assert {e["field"] for e in got.record["edits"]} >= {"Date", "Message-ID"}
    foreign = submit(sign_only, FROM_BOB, kind=kind)
    assert foreign.verdict == "passed"
    assert foreign.record["signatures"] == []
    assert foreign.record["unsigned"] == "no-right-to-from"
    clear = submit(sign_only, kind=kind, tls=None)
    assert clear.record["unsigned"] == "not-over-tls"


def test_pass_touches_nothing(passing, kind):
    """X49: no edit, no signature."""
    got = submit(passing, BARE, kind=kind)
    assert got.verdict == "passed"
    assert got.edits == [] and got.new_body is None
    assert got.record["edits"] == [] and got.record["signatures"] == []


def test_explicit_in_the_log(shared, mode):
    """X49: each message's line says so."""
    submit(shared)
    last = [line for line in shared.log().splitlines() if ": passed " in line][-1]
    assert " mode=%s" % mode in last


# --- who never passes


def test_nobody_gets_in(shared, mode, kind):
    """X49 A2 A3: who is unknown or suspended may not submit, come what may."""
    assert submit(shared, kind=kind, login=None, tls=None).verdict == "530 5.7.0 at mail"
    got = submit(shared, kind=kind, login="sus@example.org")
    assert got.verdict == "550 5.7.13 at mail"


def test_no_open_relay(shared, mode, kind):
    """X49 A5: mail from outside is for local domains only."""
    outside = {"login": None, "tls": None, "daemon_name": "mixed"}
    got = submit(shared, kind=kind, sender="<x@example.com>", **outside)
    assert got.verdict == "530 5.7.0 at rcpt"
    got = submit(
        shared, kind=kind, sender="<x@example.com>", recipients=("<bob@example.org>",), **outside
    )
    assert got.verdict == "passed"


def test_postmaster_alone(shared, mode, kind):
    """X49 D6.4: an open postmaster is no way to anybody else."""
    with Session(shared, kind, login="pm@example.org", daemon_name="open") as session:
        assert session.mail("<pm@example.org>").verdict == "continue"
        assert session.rcpt("<someone@example.com>").verdict == "550 5.7.13"
        assert session.rcpt("<postmaster@example.org>").verdict == "continue"
        session.mta.abort()


# --- our own faults


def broken(strict):
    """Tables that all fail."""
    down = {"type": "fail"}
    return conf.changed(
        strict,
        tables={"down": down},
        accounts={"table": "down"},
        rights={"self": False, "tables": [{"table": "down"}]},
    )


def test_tables_that_fail(start, strict):
    """X49: pass is for that; sign-only still needs them to sign."""
    daemon = start(broken(strict))
    assert submit(daemon).verdict == "451 4.3.0 at mail"
    switch(daemon, "sign-only")
    assert submit(daemon).verdict == "451 4.3.0 at end"
    daemon.reload(daemon.changed(default_profile={"sign": "off", "complete": {"sender": False}}))
    got = submit(daemon)
    assert got.verdict == "passed"
    assert verdicts(got.record)["account"] == ("warn", "tempfail")
    daemon.reload(daemon.configuration)
    switch(daemon, "pass")
    got = submit(daemon)
    assert got.verdict == "passed"
    assert verdicts(got.record)["account"] == ("warn", "tempfail")


def test_no_record(start, strict):
    """X49 A7: sign-only passes nothing without; under pass the log has it, and it comes later."""
    daemon = start(strict)
    daemon.expect("audit record not written")
    daemon.expect("audit file: /dev/full: No space left on device")
    daemon.reload(daemon.changed(audit={"file": "/dev/full"}))
    with Session(daemon) as session:
        switch(daemon, "sign-only")
        assert session.submit().verdict == "451 4.3.0 at end"
        switch(daemon, "pass")
        assert session.submit().verdict == "passed"
    (line,) = [l for l in daemon.log().splitlines() if 'not written: {"v":1' in l]
    logged = json.loads(line.partition("not written: ")[2])
    assert logged["mode"] == "pass" and logged["identity"] == "sasl:alice@example.org"
    daemon.reload(daemon.configuration)
    records = session.records(2)
    assert [r["result"] for r in records] == ["deferred", "passed"]
    assert records[1]["id"] == logged["id"]


def test_more_than_fits(start, strict):
    """X49: a header that memory does not suffice for passes under pass alone."""
    daemon = start(conf.changed(strict, memory={"message": 262144}, stop_timeout=1))
    fields = ["X-%d: %s" % (n, "x" * 900) for n in range(400)]
    message = whole("From: alice@example.org", *fields)
    switch(daemon, "sign-only")
    assert submit(daemon, message).verdict == "451 4.3.1 at end"
    switch(daemon, "pass")
    assert submit(daemon, message).verdict == "passed"


# --- when


def test_message_under_way_keeps_its_mode(shared, kind):
    """X49: as its configuration; the next MAIL on the connection has the new mode."""
    with Session(shared, kind) as session:
        session.mail()
        switch(shared, "pass")
        session.rcpt()
        session.header(FROM_BOB)
        assert session.end().verdict == "550 5.7.1"
        session.mail("<bob@example.org>")
        switch(shared, "enforce")
        session.rcpt()
        session.header(FROM_BOB)
        assert session.end().verdict == "continue"
        assert session.submit(FROM_BOB).verdict == "550 5.7.1 at end"
    assert [r.get("mode") for r in session.records(3)] == [None, "pass", None]


@pytest.mark.parametrize("mode", MODES)
def test_ends_by_itself(start, strict, mode):
    """X49: with a word in the log, and nothing is left of it."""
    daemon = start(strict)
    # Whole seconds of the clock: one may be over before it is told of.
    panic = switch(daemon, mode, 3)
    assert panic["until"] == panic["since"] + 3
    daemon.wait_for_log("mode %s has ended: enforce" % mode)
    assert submit(daemon, FROM_BOB).verdict == "550 5.7.1 at end"
    answer = daemon.ask("mode")
    assert (answer["mode"], answer["panic"]) == ("enforce", None)
    assert os.listdir(daemon.state) == []


def test_longer_and_shorter(start, strict):
    """X49: a second switch takes the place of the first, with its time."""
    daemon = start(conf.changed(strict, panic={"time": 600, "maximum": 7200}))
    panic = switch(daemon, "pass")
    assert panic["until"] - panic["since"] == 600
    panic = switch(daemon, "sign-only", 7200, "still broken")
    assert panic["until"] - panic["since"] == 7200
    assert (panic["reason"], panic["user"], panic["kept"]) == ("still broken", os.geteuid(), True)
    assert "mode sign-only from now on, until " in daemon.log()
    assert "by user id %d: still broken" % os.geteuid() in daemon.log()
    switch(daemon, "enforce")
    assert "mode enforce from now on" in daemon.log()


WRONG = {
    "pass": "number of seconds",
    "pass soon": "number of seconds",
    "pass -5": "number of seconds",
    "pass 7201": "longer than panic.maximum",
    "pass 99999999999": "number of seconds",
    "enforce 5": "has no end",
    "dance 5": "no such mode",
    "PASS 5": "no such mode",
    "pass 5 " + "x" * 600: "too long",
}


def test_wrong_requests(start, strict):
    """X49: change nothing."""
    daemon = start(conf.changed(strict, panic={"maximum": 7200}))
    for request, want in WRONG.items():
        answer = daemon.ask("mode " + request)
        assert not answer["ok"] and want in answer["error"], request
    assert daemon.ask("mode")["mode"] == "enforce"


# --- what outlives what


def restarted(daemon, start, strict, **changes):
    """Another daemon with the state of the first."""
    second = start.make(conf.changed(strict, **changes))
    second.configuration["state_directory"] = str(daemon.state)
    return second.start()


def test_reload(start, strict):
    """X49 X43: a reload does not touch it."""
    daemon = start(strict)
    before = switch(daemon, "pass", 600)
    daemon.reload(daemon.changed(host_name="other.example.org"))
    assert daemon.ask("mode")["panic"] == before
    assert submit(daemon, FROM_BOB).record["mode"] == "pass"


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_restart(start, strict, how):
    """X49: nor does a restart or a crash; the end stays what it was."""
    daemon = start(strict)
    before = switch(daemon, "sign-only", 600, "database is down")
    if how == "stop":
        daemon.stop()
    else:
        daemon.child.kill()
        daemon.child.wait()
    second = restarted(daemon, start, strict)
    assert second.ask("mode")["panic"] == before
    assert "mode sign-only holds on after the restart" in second.log()
    assert submit(second, FROM_BOB).record["mode"] == "sign-only"
    switch(second, "enforce")
    second.stop()
    assert restarted(daemon, start, strict).ask("mode")["mode"] == "enforce"


def write_state(daemon, text):
    """As if a daemon had left it."""
    (daemon.state / "mode").write_text(text)


def test_restart_after_its_end(start, strict):
    """X49: what ended meanwhile does not hold."""
    daemon = start.make(strict)
    now = int(time.time())
    write_state(daemon, "pass %d %d 0 why\n" % (now - 20, now - 10))
    daemon.start()
    assert "mode pass has ended meanwhile: enforce" in daemon.log()
    assert daemon.ask("mode")["mode"] == "enforce"
    assert os.listdir(daemon.state) == []


def test_restart_with_a_shorter_maximum(start, strict):
    """X49: it ends after the maximum, however long the file says."""
    daemon = start.make(conf.changed(strict, panic={"time": 60, "maximum": 60}))
    now = int(time.time())
    write_state(daemon, "pass %d %d 0 why\n" % (now, now + 10**6))
    daemon.start()
    assert daemon.ask("mode")["panic"]["until"] <= time.time() + 60


BROKEN = {
    "empty": "",
    "no line end": "pass 1 9999999999 0 x",
    "unknown mode": "dance 1 9999999999 0 x\n",
    "no number": "pass 1 soon 0 x\n",
    "negative": "pass 1 -5 0 x\n",
    "too large": "pass 1 99999999999999999999 0 x\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_broken_state(start, strict, text):
    """X49 X47: is said, and does not hold."""
    daemon = start.make(strict)
    write_state(daemon, text)
    daemon.expect("/mode: is none of ours; mode enforce holds")
    daemon.start()
    assert daemon.ask("mode")["mode"] == "enforce"
    assert switch(daemon, "pass", 60)["kept"] is True


def test_state_that_cannot_be_kept(start, strict):
    """X49 X47: then the switch works all the same, and it is said."""
    daemon = start(strict)
    daemon.expect("state_directory: mode pass cannot be kept: ")
    daemon.state.rmdir()
    assert switch(daemon, "pass", 60)["kept"] is False
    assert submit(daemon, FROM_BOB).verdict == "passed"


def test_no_state_directory(start, strict):
    """X49: a mode then ends with the process."""
    daemon = start.make(strict)
    daemon.configuration["state_directory"] = ""
    daemon.start()
    assert switch(daemon, "pass", 60)["kept"] is False


def test_counted(shared, mode):
    """X49: messages under a mode are counted."""
    before = shared.ask("status")
    assert before["mode"] == mode
    submit(shared)
    wait_for(
        lambda: shared.ask("status")["counts"]["panic"] == before["counts"]["panic"] + 1,
        "not counted",
    )
