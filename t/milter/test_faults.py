"""Faults of ours: what cannot be recorded, kept or looked up does not pass."""

import json
import resource
import signal
import socket

import pytest

from harness import configuration as conf
from harness.daemon import wait_for
from harness.message import FROM_ALICE, letter, whole
from harness.session import Session, submit

FROM = "From: alice@example.org"
NOT_RECORDED = "Message cannot be recorded, please try again later"
TOO_MUCH = "Message is too much for us just now, try again later"
LATER = "Temporary failure, please try again later"


# --- the audit


def test_no_record_no_mail(start, strict, kind):
    """A7 A6: 451 4.3.0 when the file takes nothing; refusals stay refusals."""
    daemon = start(conf.changed(strict))
    daemon.expect("audit record not written")
    daemon.expect("audit file: /dev/full: No space left on device")
    daemon.reload(daemon.changed(audit={"file": "/dev/full"}))
    with Session(daemon, kind) as session:
        for _ in range(3):
            got = session.submit()
            assert got.verdict == "451 4.3.0 at end"
            assert got.text == NOT_RECORDED
        assert session.submit(sender="<bob@example.org>").verdict == "550 5.7.1 at mail"
        assert session.submit(whole("From: bob@example.org")).verdict == "550 5.7.1 at end"
        daemon.reload(daemon.configuration)
        wait_for(lambda: session.submit().verdict == "passed", "it stays as it was")
    results = [r["result"] for r in session.records(daemon.transactions)]
    # What had to wait was written in the end, in order.
    assert results[:5] == ["deferred"] * 3 + ["refused"] * 2
    assert results[-1] == "passed"


def test_disk_that_fills_up(start, strict):
    """A7 X47: no half record; what cannot be written whole does not pass."""
    # The log shares the limit, so it says little here.
    daemon = start.make(conf.changed(strict, log={"level": "error"}))
    daemon.expect("audit file: .* File too large; messages are deferred")
    # Python ignores SIGXFSZ, and so does whom it starts in this way.
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN
    daemon.launch(restore_signals=False)
    daemon.wait_until_listening()
    limit = 20000
    soft = (limit, resource.RLIM_INFINITY)
    resource.prlimit(daemon.child.pid, resource.RLIMIT_FSIZE, soft)
    passed = deferred = 0
    with Session(daemon) as session:
        while deferred < 3:
            got = session.submit()
            assert got.verdict in ("passed", "451 4.3.0 at end")
            passed += got.verdict == "passed"
            deferred += got.verdict != "passed"
            assert passed < limit
        lines = daemon.audit_file.read_bytes().splitlines(keepends=True)
        # A refusal may still find a place where a longer record did not.
        results = [json.loads(line)["result"] for line in lines]
        assert results[:passed] == ["passed"] * passed
        assert set(results[passed:]) <= {"deferred"}
        assert all(line.endswith(b"\n") for line in lines)
        endless = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(daemon.child.pid, resource.RLIMIT_FSIZE, endless)
        wait_for(lambda: session.submit().verdict == "passed", "there is room again")
    results = [r["result"] for r in session.records(daemon.transactions)]
    # Each of them was told 451 first, and recorded when there was room.
    assert results[: passed + 3] == ["passed"] * passed + ["deferred"] * 3
    assert results.count("passed") == passed + 1
    assert results[-1] == "passed"


def test_edits_that_the_mta_does_not_take(start, strict):
    """A6: deferred, as what would leave is not what was meant to."""
    daemon = start(strict)
    with Session(daemon) as session:
        session.mail()
        session.rcpt()
        session.header()
        session.mta.socket.shutdown(socket.SHUT_RD)
        session.mta.send("E")
        (record,) = session.records(1)
    assert record["result"] == "deferred"
    assert record["reply"] == {
        "code": 451,
        "enhanced": "4.3.0",
        "reason": "edit-failed",
        "text": "Message cannot be completed, please try again later",
    }
    assert record["signatures"] == []


# --- memory

SMALL = 262144  # octets; the least that may be set
MANY = 50  # sessions; more than have room in that


def test_ceiling_of_a_message(start, strict, kind):
    """X47: 451 4.3.1 for what is too much; the next message passes."""
    limits = {"header_size": 1000000, "field_size": 1000000, "fields": 100000}
    memory = {"message": SMALL}
    changes = {"memory": memory, "default_profile": {"limits": limits}}
    daemon = start(conf.changed(strict, **changes))
    many_fields = whole(FROM, *["X%d: %s" % (n, "y" * 80) for n in range(2400)])
    for message in (many_fields, whole(FROM, *["X: " + "y" * 65000] * 4)):
        got = submit(daemon, message, kind=kind)
        assert got.verdict == "451 4.3.1 at end"
        assert got.text == TOO_MUCH
        assert got.record["reply"]["reason"] == "memory"
        assert submit(daemon, kind=kind).verdict == "passed"


def test_ceiling_of_a_message_at_rcpt(start, strict, kind):
    """X47 A6: recipients for which there is no room come again; the rest pass not."""
    changes = {"memory": {"message": SMALL}, "default_profile": {"limits": {"recipients": 10000}}}
    daemon = start(conf.changed(strict, **changes))
    with Session(daemon, kind) as session:
        session.mail()
        verdicts = [session.rcpt("<%s@example.com>" % ("r" * 60)).verdict for _ in range(2000)]
        kept = verdicts.index("451 4.3.1")
        assert kept > 20
        session.header()
        assert session.end().verdict == "451 4.3.1"
        assert session.submit().verdict == "passed"
    first, second = session.records(2)
    assert first["reply"]["reason"] == "memory"
    assert len(first["envelope"]["recipients"]) >= kept
    assert second["result"] == "passed"


def test_ceiling_of_all_messages(start, strict):
    """X47 A6: too many at a time: 451 4.3.1 at MAIL for one more, until one ends."""
    daemon = start(conf.changed(strict, memory={"message": SMALL, "total": SMALL}))
    sessions = [Session(daemon) for _ in range(MANY)]
    verdicts = [session.mail().verdict for session in sessions]
    fits = verdicts.index("451 4.3.1")
    assert fits >= 2
    assert verdicts == ["continue"] * fits + ["451 4.3.1"] * (MANY - fits)
    (record,) = sessions[-1].records(1)
    assert record["result"] == "deferred" and record["reply"]["reason"] == "memory"
    assert record["identity"] == "sasl:alice@example.org"
    sessions[0].mta.abort()
    last = sessions[-1]
    wait_for(lambda: last.mail().verdict == "continue", "the room is not given back")
    for session in sessions:
        session.mta.vanish()


def test_large_body_takes_no_memory(start, strict, keys):
    """X47 D8.5: a body of many times the ceiling passes, signed."""
    daemon = start(conf.changed(strict, memory={"message": SMALL}))
    got = submit(daemon, whole(FROM, body=b"0123456789abcdef\r\n" * 200000))
    assert got.verdict == "passed"
    assert keys.accept(got.leaving.octets())


# --- tables

DOWN = {
    "tables": {"down": {"type": "fail"}},
    "rights": {"tables": [{"table": "down", "key": "address", "right": "acts-for"}]},
}
UNDECIDED = {"sign": "off", "complete": {"sender": False}}


@pytest.fixture(scope="module")
def without_tables(module_start, strict):
    """A daemon whose table of rights is down."""
    trial = {"sender-rights": "warn", "from-rights": "warn"}
    profiles = [
        conf.profile("trial", rules=trial, **UNDECIDED),
        conf.profile("header", rules={"sender-rights": "off"}, **UNDECIDED),
        conf.profile("sender", rules=trial, sign="off"),
        conf.profile("signer", rules=trial, complete={"sender": False}),
        conf.profile("off", rules={rule: "off" for rule in trial}, **UNDECIDED),
    ]
    return module_start(conf.changed(strict, profiles=profiles, **DOWN))


OUTAGES = {
    "enforced, MAIL": ("MSA", "<sales@example.org>", "451 4.3.0 at mail"),
    "enforced, From": ("header", "<sales@example.org>", "451 4.3.0 at end"),
    "enforced, <>": ("MSA", "<>", "451 4.3.0 at end"),
    "completion needs it": ("sender", "<sales@example.org>", "451 4.3.0 at end"),
    "the signer needs it": ("signer", "<sales@example.org>", "451 4.3.0 at end"),
    "on trial": ("trial", "<sales@example.org>", "passed"),
    "off": ("off", "<sales@example.org>", "passed"),
}


@pytest.mark.parametrize("listener, sender, want", OUTAGES.values(), ids=OUTAGES.keys())
def test_table_that_is_down(without_tables, kind, listener, sender, want):
    """D4.1 X44: doubt is 451 where it matters, and recorded where it does not."""
    got = submit(
        without_tables,
        whole("From: sales@example.org"),
        kind=kind,
        sender=sender,
        daemon_name=listener,
    )
    assert got.verdict == want
    if want != "passed":
        assert got.text == LATER
        assert got.record["reply"]["reason"] == "temporary"
    failed = {v["rule"] for v in got.record["verdicts"] if v["action"] == "tempfail"}
    if listener == "trial":
        assert failed == {"sender-rights", "from-rights"}


def test_own_address_needs_no_table(without_tables, kind):
    """X44: what is known without the table is not held up by it."""
    assert submit(without_tables, kind=kind).verdict == "passed"


def test_certain_refusal_stands(without_tables, kind):
    """D4.1: what would be refused in any case is not asked to come again."""
    message = letter("From: sales@example.org", "Cc: a@@b")
    got = submit(without_tables, message, kind=kind, sender="<>", daemon_name="sender")
    assert got.verdict == "554 5.6.0 at end"


def test_rest_is_served(without_tables):
    """X47: a fault ends with the message that met it."""
    with Session(without_tables) as session:
        for _ in range(3):
            assert session.submit(sender="<sales@example.org>").verdict == "451 4.3.0 at mail"
            assert session.submit(FROM_ALICE).verdict == "passed"
