"""What is changed in a message: names, places and values, exactly."""

import datetime
import email.utils
import re

import pytest

from harness import configuration as conf
from harness.message import letter, whole
from harness.mta import Edit
from harness.session import Session, submit

FROM = "From: alice@example.org"
DATE = "Date: Mon, 2 Nov 2026 10:00:00 +0100"
ID = "Message-ID: <x@client.example>"
TO = "To: someone@example.com"

# Stand for values that nobody knows beforehand.
NOW = "a date of now"
NEW_ID = "a new message id"


def add(name, value):
    """A field of ours at the end."""
    return Edit("add", name, value)


def change(name, value, index=1):
    """The value of a field of the client's is replaced."""
    return Edit("change", name, value, index)


def delete(name, index=1):
    """A field of the client's is removed."""
    return Edit("change", name, b"", index)


SENDER = add("Sender", b" alice@example.org")
UNDISCLOSED = add("To", b" undisclosed-recipients:;")

# Login, fields, edits in their order.
CASES = {
    # --- nothing to do
    "whole": ("alice@example.org", [FROM, DATE, ID, TO], []),
    "odd but valid": (
        "alice@example.org",
        [
            "FROM:alice@example.org",
            "date:2 Nov 26 10:00 GMT (a comment)",
            "MESSAGE-ID:\t<x@[192.0.2.1]>  ",
            "to: a@example.com ,\n\tb@example.com",
            "Subject:  two  blanks ",
        ],
        [],
    ),
    "only Cc": ("alice@example.org", [FROM, DATE, ID, "Cc: a@example.com"], []),
    "older than time": ("alice@example.org", [FROM, "Date: Thu, 1 Jan 1970 00:00:00 +0000", ID, TO], []),
    "wrong weekday": ("alice@example.org", [FROM, "Date: Tue, 2 Nov 2026 10:00:00 +0100", ID, TO], []),
    # --- D8.2
    "no Date": ("alice@example.org", [FROM, ID, TO], [add("Date", NOW)]),
    "Date is not one": (
        "alice@example.org",
        [FROM, "Date: yesterday", ID, TO],
        [change("Date", NOW), add("X-Original-Date", b" yesterday")],
    ),
    "Date is empty": ("alice@example.org", [FROM, "Date:", ID, TO], [change("Date", NOW)]),
    "Date with an impossible day": (
        "alice@example.org",
        [FROM, "Date: Mon, 30 Feb 2026 10:00:00 +0100", ID, TO],
        [
            change("Date", NOW),
            add("X-Original-Date", b" Mon, 30 Feb 2026 10:00:00 +0100"),
        ],
    ),
    "Date folded": (
        "alice@example.org",
        [FROM, "Date: not\n\ta date", ID, TO],
        [change("Date", NOW), add("X-Original-Date", b" not\n\ta date")],
    ),
    "Date in the client's spelling": (
        "alice@example.org",
        [FROM, "dATE: soon", ID, TO],
        [change("dATE", NOW), add("X-Original-Date", b" soon")],
    ),
    # --- D8.3
    "no Message-ID": ("alice@example.org", [FROM, DATE, TO], [add("Message-ID", NEW_ID)]),
    "Message-ID is not one": (
        "alice@example.org",
        [FROM, DATE, "Message-ID: x@client.example", TO],
        [
            change("Message-ID", NEW_ID),
            add("X-Original-Message-ID", b" x@client.example"),
        ],
    ),
    "two in one Message-ID": (
        "alice@example.org",
        [FROM, DATE, "Message-ID: <a@b.example> <c@d.example>", TO],
        [
            change("Message-ID", NEW_ID),
            add("X-Original-Message-ID", b" <a@b.example> <c@d.example>"),
        ],
    ),
    # --- D8.1
    "acts for somebody": (
        "alice@example.org",
        ["From: sales@example.org", DATE, ID, TO],
        [SENDER],
    ),
    "acts for somebody, Sender is own": (
        "alice@example.org",
        ["From: sales@example.org", "Sender: Alice <alice@example.org>", DATE, ID, TO],
        [],
    ),
    "acts for somebody, Sender is an alias": (
        "alice@example.org",
        ["From: sales@example.org", "Sender: alias@example.org", DATE, ID, TO],
        [],
    ),
    "acts for somebody, Sender is that one": (
        "alice@example.org",
        ["From: sales@example.org", "Sender: sales@example.org", DATE, ID, TO],
        [
            change("Sender", b" alice@example.org"),
            add("X-Original-Sender", b" sales@example.org"),
        ],
    ),
    "alias: no login leaks": ("alice@example.org", ["From: alias@example.org", DATE, ID, TO], []),
    "several in From": (
        "alice@example.org",
        ["From: alice@example.org, alias@example.org", DATE, ID, TO],
        [SENDER],
    ),
    "no address to put there": (
        "joe",
        ["From: joe@example.org, joe+x@example.org", DATE, ID, TO],
        [],
    ),
    # --- W1
    "no destination": ("alice@example.org", [FROM, DATE, ID], [UNDISCLOSED]),
    "Bcc only": (
        "alice@example.org",
        [FROM, DATE, ID, "Bcc: a@example.com"],
        [delete("Bcc"), UNDISCLOSED],
    ),
    "Bcc too": ("alice@example.org", [FROM, DATE, ID, TO, "Bcc: a@example.com"], [delete("Bcc")]),
    "empty Bcc": ("alice@example.org", [FROM, DATE, ID, TO, "bcc:"], [delete("bcc")]),
    "Resent-Bcc": (
        "alice@example.org",
        ["Resent-Bcc: a@example.com", FROM, DATE, ID, "Resent-Bcc: b@example.com", TO],
        [delete("Resent-Bcc", 2), delete("Resent-Bcc", 1)],
    ),
    # --- fields of ours that a client sends
    "X-Original fields": (
        "alice@example.org",
        [
            "X-Original-Date: a",
            FROM,
            "X-Original-From: b",
            DATE,
            "x-original-date: c",
            ID,
            "X-Original-Message-ID: d",
            "X-Original-Date: e",
            TO,
            "X-Original-Sender: f",
        ],
        [
            delete("X-Original-Date", 3),
            delete("x-original-date", 2),
            delete("X-Original-Date", 1),
            delete("X-Original-From"),
            delete("X-Original-Message-ID"),
            delete("X-Original-Sender"),
        ],
    ),
    "X-Original-Date goes, ours comes": (
        "alice@example.org",
        ["X-Original-Date: a", FROM, "Date: bad", "X-Original-Date: b", ID, TO],
        [
            change("Date", NOW),
            delete("X-Original-Date", 2),
            delete("X-Original-Date", 1),
            add("X-Original-Date", b" bad"),
        ],
    ),
    # --- all at once
    "nothing but From": (
        "alice@example.org",
        [FROM],
        [add("Date", NOW), add("Message-ID", NEW_ID), UNDISCLOSED],
    ),
    "everything": (
        "alice@example.org",
        [
            "Bcc: a@example.com",
            "X-Original-Sender: x",
            "From: sales@example.org",
            "Sender: sales@example.org",
            "Date: bad",
            "Message-ID: bad",
            "X-Original-Sender: y",
        ],
        [
            change("Date", NOW),
            change("Message-ID", NEW_ID),
            change("Sender", b" alice@example.org"),
            delete("X-Original-Sender", 2),
            delete("X-Original-Sender", 1),
            delete("Bcc"),
            add("X-Original-Date", b" bad"),
            add("X-Original-Message-ID", b" bad"),
            add("X-Original-Sender", b" sales@example.org"),
            UNDISCLOSED,
        ],
    ),
}


@pytest.fixture(scope="module")
def daemon(module_start, strict):
    """Nothing is signed here, so that the edits are those of completion."""
    off = ("date", "message_id", "sender", "destination")
    profiles = [conf.profile("no-" + name, complete={name: False}) for name in off]
    from_envelope = {"sender_from_envelope": True}
    profiles.append(conf.profile("envelope", complete=from_envelope))
    profile = {"sign": "off"}
    return module_start(conf.changed(strict, default_profile=profile, profiles=profiles))


def check_values(edits, record):
    """The edits, with words for the values that nobody can know beforehand."""
    seen = []
    for edit in edits:
        value = edit.value
        if edit.name.lower() == "date" and value:
            assert is_now(value.decode())
            value = NOW
        elif edit.name.lower() == "message-id" and value:
            assert value == b" <%s@mx.example.org>" % record["id"].encode()
            value = NEW_ID
        seen.append(edit._replace(value=value))
    return seen


def is_now(text):
    """Whether it is a date in our form, and of this minute, in UTC."""
    form = r" (Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000"
    assert re.fullmatch(form, text), text
    age = datetime.datetime.now(datetime.timezone.utc) - email.utils.parsedate_to_datetime(text)
    return abs(age) < datetime.timedelta(minutes=1)


@pytest.mark.parametrize("login, lines, want", CASES.values(), ids=CASES.keys())
def test_edits(daemon, kind, login, lines, want):
    """D8.1 D8.2 D8.3 W1 X6: just these, in this order."""
    sender = "<%s>" % (login if "@" in login else "joe@example.org")
    got = submit(daemon, letter(*lines), kind=kind, login=login, sender=sender)
    assert got.verdict == "passed"
    assert check_values(got.edits, got.record) == want
    assert len(got.record["edits"]) == len(want)
    # What is left of the client's is there to the octet.
    touched = {e.name.lower() for e in got.edits}
    kept = [f for f in got.message.fields if f[0].lower() not in touched]
    assert [f for f in got.leaving.fields if f[0].lower() not in touched] == kept


@pytest.mark.parametrize("login, lines, want", CASES.values(), ids=CASES.keys())
def test_result_is_the_same_behind_both(daemon, login, lines, want):
    """X40: however an MTA counts fields after it has deleted one."""
    sender = "<%s>" % (login if "@" in login else "joe@example.org")
    got = submit(daemon, letter(*lines), login=login, sender=sender)
    moved = got.message.edited(got.edits, keeps_places=False)
    kept = got.message.edited(got.edits, keeps_places=True)
    assert moved.fields == kept.fields


@pytest.mark.parametrize("login, lines, want", CASES.values(), ids=CASES.keys())
def test_second_pass_changes_nothing(daemon, kind, login, lines, want):
    """X6: a message that was mended is whole; only what is ours is made anew."""
    sender = "<%s>" % (login if "@" in login else "joe@example.org")
    first = submit(daemon, letter(*lines), kind=kind, login=login, sender=sender)
    second = submit(daemon, first.leaving, kind=kind, login=login, sender=sender)
    assert second.verdict == "passed"
    names = {edit.name.lower() for edit in second.edits}
    assert not {name for name in names if not name.startswith("x-original-")}
    assert all(edit.value == b"" for edit in second.edits)


OFF = {
    "no-date": "Date",
    "no-message_id": "Message-ID",
    "no-sender": "Sender",
    "no-destination": "To",
}


@pytest.mark.parametrize("listener", OFF)
def test_each_repair_has_its_switch(daemon, listener):
    """X6 D8.1 D8.2 D8.3 W1: what is off is not done, the others are."""
    message = letter("From: sales@example.org", "Bcc: a@example.com")
    got = submit(daemon, message, daemon_name=listener)
    assert got.verdict == "passed"
    added = {edit.name for edit in got.edits if edit.kind == "add"}
    assert added == {"Date", "Message-ID", "Sender", "To"} - {OFF[listener]}
    assert (delete("Bcc") in got.edits) == (listener != "no-destination")


def test_sender_from_envelope_by_option(daemon):
    """D8.1: where the envelope's sender is not in From, if the profile says so."""
    message = whole("From: alias@example.org")
    assert submit(daemon, message).edits == []
    got = submit(daemon, message, daemon_name="envelope")
    assert got.edits == [SENDER]
    same = submit(daemon, message, sender="<ALIAS@example.org>", daemon_name="envelope")
    assert same.edits == []


def test_host_name(start, strict, kind):
    """D8.3: in Message-ID and record stands our name, or else the MTA's."""
    for name, want in {"ours.example.net": "ours.example.net", "": "mx.example.org"}.items():
        daemon = start(conf.changed(strict, host_name=name))
        got = submit(daemon, letter(FROM), kind=kind)
        assert got.leaving.value("Message-ID").endswith("@%s>" % want)
        assert got.record["host"] == want
        daemon.stop()


def test_refused_mail_is_not_edited(daemon):
    """D8.2: nothing is mended in what is turned away."""
    with Session(daemon) as session:
        got = session.submit(letter("From: bob@example.org"))
        assert got.verdict == "550 5.7.1 at end"
        assert got.edits == []
    assert session.records(1)[0]["edits"] == []


STRANGE = [
    "Date: \x01\x02",
    "Date: " + "x" * 5000,
    "Message-ID: <" + "a" * 900 + "@client.example",
    "Message-ID: <a b@client.example>\t \t",
]


@pytest.mark.parametrize("line", STRANGE, ids=lambda line: line[:16])
def test_original_is_kept_harmless(daemon, line):
    """D8.2 D8.3: what is kept of a strange value is one proper field."""
    name = line.partition(":")[0]
    rest = {"Date": [ID], "Message-ID": [DATE]}[name]
    got = submit(daemon, letter(FROM, TO, *rest, line))
    assert got.verdict == "passed"
    (value,) = got.leaving.values("X-Original-" + name)
    wanted = line.partition(":")[2].encode().strip(b" \t")
    assert value == b" " + re.sub(rb"[\x00-\x08\x0b-\x1f\x7f]", b"?", wanted)
