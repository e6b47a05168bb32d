"""Completion: what is missing is added, what is valid is left alone."""

import email.utils
import re
import time

import pytest

from support import config
from support.submission import ALICE, letter, submit, whole

FROM = "From: alice@example.org"
TO = "To: someone@example.com"
DATE = "Date: Mon, 2 Nov 2026 10:00:00 +0100"
MESSAGE_ID = "Message-ID: <whole@client.example>"


def passed(lab, *fields, **options):
    """What is relayed of a message with these fields."""
    got = submit(lab, letter(*fields), **options)
    assert got.verdict == "250 2.0.0 at DATA", got
    return got.relayed


# --- Date ---------------------------------------------------------------


@pytest.mark.proves("D8.2")
def test_missing_date_is_added(lab):
    """The time of submission."""
    date = passed(lab, FROM, TO, MESSAGE_ID).value("Date")
    when = email.utils.parsedate_to_datetime(date).timestamp()
    assert abs(when - time.time()) < 60
    assert re.fullmatch(
        r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4}"
        r" \d\d:\d\d:\d\d [+-]\d{4}",
        date,
    )


@pytest.mark.proves("D8.2")
@pytest.mark.parametrize(
    "broken",
    [
        "yesterday",
        "2026-11-02T10:00:00+01:00",
        "Mon, 32 Nov 2026 10:00:00 +0100",
        "Mon, 2 Nov 2026 25:00:00 +0100",
        "Mon, 2 Nov 2026",
        "Mon, 2 Nov 2026 10:00:00",
        "Mon, 2 Nev 2026 10:00:00 +0100",
    ],
)
def test_broken_date_is_replaced(lab, broken):
    """The original is kept in X-Original-Date."""
    relayed = passed(lab, FROM, TO, MESSAGE_ID, "Date: " + broken)
    when = email.utils.parsedate_to_datetime(relayed.value("Date")).timestamp()
    assert abs(when - time.time()) < 60
    assert relayed.value("X-Original-Date") == broken


@pytest.mark.proves("D8.2")
@pytest.mark.parametrize(
    "valid",
    [
        "Mon, 2 Nov 2026 10:00:00 +0100",
        "2 Nov 2026 10:00 +0100",
        "Mon,  2 Nov 2026 10:00:00 +0100 (CET)",
        "Mon,\r\n 2 Nov 2026 10:00:00 +0100",
        "Fri, 21 Nov 97 09(comment):   55  :  06 GMT",
        # Wrong in sense, not in form: 2 Nov 2026 is a Monday.
        "Tue, 2 Nov 2026 10:00:00 +0100",
        "Mon, 2 Nov 2099 10:00:00 -0000",
    ],
)
def test_valid_date_is_kept(lab, valid):
    """To the octet, the obsolete form too."""
    relayed = passed(lab, FROM, TO, MESSAGE_ID, "Date: " + valid)
    assert relayed.values("Date") == [b" " + valid.encode()]
    assert not relayed.values("X-Original-Date")


# --- Message-ID ---------------------------------------------------------


@pytest.mark.proves("D8.3", "A6")
def test_missing_message_id_is_added(lab):
    """It is unique, and the audit record has it."""
    ids = set()
    for _ in range(2):
        got = submit(lab, letter(FROM, TO, DATE))
        message_id = got.relayed.value("Message-ID")
        assert re.fullmatch(r"<[\w.+-]+@mx\.example\.org>", message_id)
        assert got.record["message_id"] == message_id
        ids.add(message_id)
    assert len(ids) == 2


@pytest.mark.proves("D8.3")
@pytest.mark.parametrize(
    "broken",
    ["none", "<>", "<a>", "a@example.org", "<a@b> <c@d>", "<a b@example.org>", "<a@>"],
)
def test_broken_message_id_is_replaced(lab, broken):
    """The original is kept."""
    relayed = passed(lab, FROM, TO, DATE, "Message-ID: " + broken)
    assert relayed.value("Message-ID").endswith("@mx.example.org>")
    assert relayed.value("X-Original-Message-ID") == broken


@pytest.mark.proves("D8.3")
@pytest.mark.parametrize(
    "valid",
    [
        "<a@example.org>",
        "<a.b-c@[192.0.2.1]>",
        "<a$b!c@example>",
        "\r\n <folded@example.org>",
        "<a@example.org> (comment)",
    ],
)
def test_valid_message_id_is_kept(lab, valid):
    """To the octet."""
    relayed = passed(lab, FROM, TO, DATE, "Message-ID: " + valid)
    assert relayed.values("Message-ID") == [b" " + valid.encode()]
    assert not relayed.values("X-Original-Message-ID")


# --- Sender -------------------------------------------------------------


@pytest.mark.proves("D8.1", "A6")
@pytest.mark.parametrize(
    "fields, want",
    [
        # Acts for somebody else: says who it was.
        (["From: sales@example.org"], "alice@example.org"),
        (["From: team@example.org"], "alice@example.org"),
        # Several authors need a Sender (RFC 5322, section 3.6.2).
        (["From: alice@example.org, alias@example.org"], "alice@example.org"),
        (["From: alice@example.org, sales@example.org"], "alice@example.org"),
        # An address of one's own tells nobody of the login behind it.
        (["From: alice@example.org"], None),
        (["From: alias@example.org"], None),
        (["From: alice+x@example.org"], None),
        # A Sender that is right stays.
        (["From: sales@example.org", "Sender: alias@example.org"], "alias@example.org"),
        (["From: alice@example.org", "Sender: alias@example.org"], "alias@example.org"),
        # One that is nobody's own is replaced.
        (["From: sales@example.org", "Sender: sales@example.org"], "alice@example.org"),
    ],
)
def test_sender(lab, fields, want):
    """Sender is there when From does not say who submitted."""
    got = submit(lab, whole(*fields))
    assert got.verdict == "250 2.0.0 at DATA"
    senders = [s.strip().decode() for s in got.relayed.values("Sender")]
    assert senders == ([want] if want else [])
    is_written = bool(want) and "Sender: " + want not in fields
    assert ("sender" in str(got.record["edits"])) == is_written


@pytest.mark.proves("D8.1", "X43")
def test_sender_by_options(start_lab):
    """Off; and, when asked, where the envelope sender is not in From."""
    with start_lab(config.text()) as other:
        for options, want in (
            ("{ sender = false; }", []),
            ("{ sender_from_envelope = true; }", [b" alice@example.org"]),
        ):
            text = config.text(default_profile="{ complete: %s; }" % options)
            other.reload(config.filled_in(text, other), "configuration reloaded")
            got = submit(
                other,
                whole("From: alias@example.org")
                if want
                else whole("From: sales@example.org"),
            )
            assert got.verdict == "250 2.0.0 at DATA"
            assert got.relayed.values("Sender") == want, options


@pytest.mark.proves("D8.1")
def test_sender_is_a_mail_address_or_not_there(start_lab):
    """A login that is no address never stands in Sender (RFC 6409, 8.1)."""
    shared = """{
	logins: { type = "inline"; rows = (
		[ "sales@example.org", "robot@internal, alice@example.org" ]
	); };
	aliases: { type = "inline"; rows = ( [ "x", "x@example.org" ] ); };
}"""
    with start_lab(config.text(tables=shared)) as other:
        for login, want in (("robot@internal", []), (ALICE, [b" " + ALICE.encode()])):
            got = submit(
                other,
                whole("From: sales@example.org"),
                sender="<sales@example.org>",
                login=login,
            )
            assert got.verdict == "250 2.0.0 at DATA"
            assert got.relayed.values("Sender") == want
            assert b"robot" not in got.relayed.content


# --- destination, Bcc, X-Original ---------------------------------------


@pytest.mark.proves("W1")
def test_no_destination(lab):
    """No To, Cc or Bcc: an empty group."""
    relayed = passed(lab, FROM, DATE, MESSAGE_ID)
    assert relayed.value("To") == "undisclosed-recipients:;"


@pytest.mark.proves("W1")
@pytest.mark.parametrize("field", ["To: a@example.com", "Cc: a@example.com"])
def test_destination_is_kept(lab, field):
    """One of them is enough."""
    relayed = passed(lab, FROM, DATE, MESSAGE_ID, field)
    values = relayed.values("To") + relayed.values("Cc")
    assert values == [b" a@example.com"]


@pytest.mark.proves("W1")
def test_bcc_leaves_no_trace(lab):
    """Who only had Bcc gets an empty group besides."""
    relayed = passed(lab, FROM, DATE, MESSAGE_ID, "Bcc: secret@example.com")
    assert b"secret@example.com" not in relayed.content.partition(b"\r\n\r\n")[2]
    assert not relayed.values("Bcc")
    assert relayed.value("To") == "undisclosed-recipients:;"


@pytest.mark.proves("W1", "D8.2")
@pytest.mark.parametrize("date, want", [("never", ["never"]), (None, [])])
def test_original_fields_of_clients_are_removed(lab, date, want):
    """They tell what we replaced: a client's would lie."""
    fields = [FROM, TO, MESSAGE_ID, "X-Original-Date: a lie", "X-Original-From: x"]
    fields += ["Date: never"] if date else [DATE]
    relayed = passed(lab, *fields)
    values = [v.decode().strip() for v in relayed.values("X-Original-Date")]
    assert values == want
    assert not relayed.values("X-Original-From")


# --- as a whole ---------------------------------------------------------


@pytest.mark.proves("D8.1", "D8.2", "D8.3", "W1")
def test_complete_message_is_left_alone(lab):
    """Nothing but trace and signature is added; all else stays to the octet."""
    sent = whole(
        FROM,
        "X-Odd:   blanks \t here  ",
        "X-Folded: one\r\n\ttwo\r\n   three",
        "x-lower: case",
        "X-Empty:",
        body="Line.\r\n.dot\r\n..two dots\r\n\r\n\r\n",
    )
    relayed = submit(lab, sent).relayed
    header = sent.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert relayed.content.endswith(header + sent[len(header) :])
    before = relayed.content[: -len(sent)].decode()
    added = re.findall(r"(?m)^([\w-]+):", before)
    assert sorted(added) == ["DKIM-Signature", "DKIM-Signature", "Received"]


@pytest.mark.proves("D8.2", "D8.3")
def test_completion_can_be_switched_off(start_lab):
    """Each repair by itself."""
    off = "{ complete: { date = false; message_id = false; destination = false; }; }"
    with start_lab(config.text(default_profile=off)) as other:
        relayed = passed(other, FROM, "X-Original-Date: kept")
        for name in ("Date", "Message-ID", "To"):
            # What Sendmail adds comes after us, and there is no option.
            want = 1 if name in other.mta.completes else 0
            assert len(relayed.values(name)) == want, name


@pytest.mark.proves("D8.1")
def test_login_does_not_leak(lab):
    """Nothing that is relayed names the login behind an alias."""
    got = submit(
        lab, whole("From: alias@example.org"), sender="<alias@example.org>", login=ALICE
    )
    assert got.verdict == "250 2.0.0 at DATA"
    assert b"alice" not in got.relayed.content
