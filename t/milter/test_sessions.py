"""Several messages a connection, and all the ways in which one breaks off."""

import pytest

from harness.message import FROM_ALICE, letter, whole
from harness.mta import strings
from harness.session import Session, submit


@pytest.fixture(scope="module", params=["unix", "tcp"])
def daemon(module_start, strict, request):
    """One for each way to reach it."""
    return module_start(strict, transport=request.param)


def after_mail(session):
    session.mail()


def after_rcpt(session):
    after_mail(session)
    session.rcpt()


def after_a_field(session):
    after_rcpt(session)
    session.mta.field("From", " alice@example.org")


def after_header(session):
    after_rcpt(session)
    session.header()


def after_body(session):
    after_header(session)
    session.mta.body(b"Hello.\r\n")


STAGES = {
    "mail": (after_mail, "mail"),
    "rcpt": (after_rcpt, "rcpt"),
    "field": (after_a_field, "rcpt"),
    "header": (after_header, "header"),
    "body": (after_body, "header"),
}
STAGE_IDS = list(STAGES)
ALL_STAGES = pytest.mark.parametrize("go, stage", STAGES.values(), ids=STAGE_IDS)


def check_aborted(record, stage):
    """It was broken off where it was, and says so."""
    assert record["result"] == "aborted"
    assert record["reply"] is None
    assert record["stage"] == stage
    assert record["signatures"] == []


def reset(session):
    session.mta.abort()


def hello(session):
    assert session.hello().verdict == "continue"


def nothing(session):
    """The next MAIL comes without a word: libmilter breaks off by itself."""


BREAKS = {"RSET": reset, "EHLO": hello, "MAIL": nothing}


@ALL_STAGES
@pytest.mark.parametrize("break_off", BREAKS.values(), ids=BREAKS.keys())
def test_broken_off(daemon, keys, kind, go, stage, break_off):
    """A6 X47: one record, and the next message is as good as any."""
    with Session(daemon, kind) as session:
        go(session)
        break_off(session)
        got = session.submit(letter("From: alice@example.org"))
        assert got.verdict == "passed"
        assert keys.accept(got.leaving.octets())
    aborted, passed = session.records(2)
    check_aborted(aborted, stage)
    assert passed["result"] == "passed"
    assert len(passed["envelope"]["recipients"]) == 1
    assert passed["session"] == aborted["session"]
    assert passed["id"] != aborted["id"]


def vanish(session):
    session.mta.vanish()


def leave(session):
    session.mta.quit()


# Where the connection is just closed, libmilter may not look at what it has
# not read so far: of commands without answer, that is.
UNREAD = {"header": ("rcpt", "header")}

ENDS = {"vanishes": vanish, "quits": leave}


@ALL_STAGES
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_mta_goes(daemon, kind, go, stage, end):
    """A6 X47: at every stage; one record, and others are served."""
    session = Session(daemon, kind)
    go(session)
    end(session)
    (record,) = session.records(1)
    if end is vanish and record["stage"] in UNREAD.get(stage, ()):
        stage = record["stage"]
    check_aborted(record, stage)
    assert submit(daemon, kind=kind).verdict == "passed"


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_connection_without_mail(daemon, kind, end):
    """A6: leaves no record."""
    session = Session(daemon, kind)
    end(session)
    assert submit(daemon, kind=kind).verdict == "passed"
    assert session.records(0) == []


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_mta_goes_after_the_end(daemon, end):
    """A6: what passed has passed; it is recorded once."""
    session = Session(daemon)
    assert session.submit().verdict == "passed"
    end(session)
    assert submit(daemon).verdict == "passed"
    assert [r["result"] for r in session.records(1)] == ["passed"]


def test_mta_goes_at_the_end_of_message(daemon):
    """A6 X47: an MTA that does not wait for the answer; one record, whatever it says."""
    for _ in range(20):
        session = Session(daemon)
        after_body(session)
        session.mta.send("E")
        session.mta.vanish()
        (record,) = session.records(1)
        assert record["result"] in ("passed", "deferred", "aborted"), record


def test_many_messages_a_connection(daemon, keys, kind):
    """A6 D8.5: nothing of one is left for the next."""
    with Session(daemon, kind) as session:
        for n in range(30):
            fields = ["From: alice@example.org", "Subject: %d" % n] + ["X: y"] * (n % 5)
            got = session.submit(letter(*fields, body=b"%d\r\n" % n * n))
            assert got.verdict == "passed"
            assert keys.accept(got.leaving.octets())
    records = session.records(30)
    assert len({r["id"] for r in records}) == 30
    assert len({r["message_id"] for r in records}) == 30
    assert len({r["session"] for r in records}) == 1


def test_refusals_do_not_stick(daemon, kind):
    """A6 D4.1: what one message got says nothing of the next."""
    bobs = whole("From: bob@example.org")
    with Session(daemon, kind) as session:
        for _ in range(3):
            assert session.submit(bobs).verdict == "550 5.7.1 at end"
            refused = session.submit(sender="<bob@example.org>")
            assert refused.verdict == "550 5.7.1 at mail"
            nowhere = session.submit(recipients=["<a@localhost>"])
            assert nowhere.verdict == "554 5.1.2 at rcpt"
            stray = session.submit(whole("From: alice@example.org", body=b"\0"))
            assert stray.verdict == "554 5.6.0 at end"
            assert session.submit().verdict == "passed"
    results = [r["result"] for r in session.records(15)]
    assert results == ["refused", "refused", "refused", "refused", "passed"] * 3


def after_reset(session):
    after_rcpt(session)
    session.mta.abort()


AFTER = {"message": lambda session: session.submit(), "RSET": after_reset}


@pytest.mark.parametrize("before", AFTER.values(), ids=AFTER.keys())
def test_next_client_over_the_same_connection(daemon, kind, before):
    """A2 A4 A6: QUIT_NC leaves nothing of who was there before."""
    with Session(daemon, kind) as session:
        before(session)
        first = session.client.helo
        messages = session.messages
        session.mta.quit_new_connection()
        session.client.helo = first + ".next"
        session.client.login = None
        session.client.tls = None
        session.begin()
        refused = session.submit()
        assert refused.verdict == "530 5.7.0 at mail"
        (record,) = session.records(1)
        assert record["identity"] is None and record["tls"] is None
        earlier = daemon.records_of(first, messages)
        assert record["session"] not in {r["session"] for r in earlier}


def test_mail_without_connection(daemon):
    """A6 D4.3: an MTA that leaves out the connection is told to come back."""
    with Session(daemon) as session:
        session.submit()
        session.mta.quit_new_connection()
        answer = session.mta.command("M", strings("<alice@example.org>"))
        assert answer.verdict == "tempfail"


def test_data_and_unknown_commands(daemon, kind):
    """X47: commands that were not asked for are answered, and change nothing."""
    with Session(daemon, kind, steps=~0x300 & 0x1FFFFF) as session:
        assert session.mta.unknown("FOO").verdict == "continue"
        session.mail()
        assert session.mta.unknown("FOO bar").verdict == "continue"
        session.rcpt()
        assert session.mta.unknown("VRFY x").verdict == "continue"
        session.header(FROM_ALICE)
        session.mta.body(b"x\r\n")
        assert session.end().verdict == "continue"
    assert session.records(1)[0]["result"] == "passed"


UNSEEN = "if smtpd_proxy_filter is set there, mail passes unchecked"


def after_data(session):
    after_rcpt(session)
    session.mta.data()


def test_messages_that_are_never_shown(daemon):
    """X40: DATA and then nothing, time after time, is told to the operator."""
    daemon.expect(UNSEEN)
    since = len(daemon.log())
    with Session(daemon) as session:
        # A few such are large messages, or clients that have gone; one that is
        # shown in between tells that all is well.
        for count in (9, 9, 20):
            for _ in range(count):
                after_data(session)
                session.mta.abort()
            assert (UNSEEN in daemon.log()[since:]) == (count == 20)
            assert session.submit().verdict == "passed"
        # What goes before DATA, or shows a field, is nothing of the kind.
        since = len(daemon.log())
        for go in (after_rcpt, after_a_field) * 10:
            go(session)
            session.mta.abort()
        assert session.submit().verdict == "passed"
    assert UNSEEN not in daemon.log()[since:]
