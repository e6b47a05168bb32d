"""Signatures: made over what leaves, for those with the right to it."""

import datetime
import re

import pytest

from harness import configuration as conf
from harness.daemon import TOP
from harness.keys import signature_fields
from harness.kinds import Postfix, Sendmail
from harness.message import letter, whole
from harness.session import Session, submit

FROM = "From: alice@example.org"
BOTH = {("example.org", "rsa", "rsa-sha256"), ("example.org", "ed", "ed25519-sha256")}
CANONICALIZATIONS = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"]


def lax(name, rules=None, **options):
    """A listener that refuses nobody's From, and has other rules, too."""
    off = {"from-rights": "off", "tls-required": "off"}
    return conf.profile(name, rules={**off, **(rules or {})}, **options)


@pytest.fixture(scope="module")
def daemon(module_start, strict):
    """Listeners with different ideas of who is signed for."""
    networks = ("192.0.2.0/24", "2001:db8::/32")
    unread = {"message-syntax": "off", "header-fqdn": "off"}
    profiles = [
        lax("lax"),
        lax("trial", {"from-rights": "warn"}, trusted_networks=networks),
        lax("any", sign="authenticated"),
        lax("off", sign="off"),
        lax("fallback", sign_fallback_domain="example.net"),
        lax("open", {"auth-required": "off", "sender-rights": "off"}),
        lax("broken", unread),
    ]
    return module_start(conf.changed(strict, profiles=profiles))


def verified(keys, outcome):
    """Who has signed, as dkimpy found; every signature must be good."""
    found = keys.verify(outcome.leaving.octets())
    assert all(s.is_valid for s in found), found
    recorded = outcome.record["signatures"]
    assert [tuple(s[:3]) for s in found] == [
        (s["domain"], s["selector"], s["algorithm"]) for s in recorded
    ]
    return {tuple(s[:3]) for s in found}


UNSIGNED = {
    "no right to From": ("lax", "bob@example.org", {}, "no-right-to-from"),
    "not to all of From": ("lax", "alice@example.org, bob@example.org", {}, "no-right-to-from"),
    "rule on trial": ("trial", "bob@example.org", {}, "no-right-to-from"),
    "in the clear": ("lax", "alice@example.org", {"tls": None}, "not-over-tls"),
    "in the clear, outside": (
        "trial",
        "alice@example.org",
        {"tls": None, "address": "198.51.100.1"},
        "not-over-tls",
    ),
    "in the clear, local": (
        "trial",
        "alice@example.org",
        {"tls": None, "address": None},
        "not-over-tls",
    ),
    "nobody": ("open", "alice@example.org", {"login": None}, "not-authenticated"),
    "a domain without key": ("any", "alice@example.com", {}, "no-key"),
    "a domain below one with a key": ("any", "alice@sub.example.org", {}, "no-key"),
    "signing is off": ("off", "alice@example.org", {}, "sign-off"),
}


@pytest.mark.parametrize("listener, value, client, why", UNSIGNED.values(), ids=UNSIGNED.keys())
def test_unsigned(daemon, kind, listener, value, client, why):
    """X10: leaves unsigned, and the record says why."""
    got = submit(daemon, whole("From: " + value), kind=kind, daemon_name=listener, **client)
    assert got.verdict == "passed"
    assert not got.leaving.values("DKIM-Signature")
    assert got.record["signatures"] == []
    assert got.record["unsigned"] == why


SIGNED = {
    "own address": ("MSA", "alice@example.org", {}),
    "alias": ("MSA", "alias@example.org", {}),
    "on behalf of": ("MSA", "sales@example.org", {}),
    "all of From": ("MSA", "alice@example.org, sales@example.org", {}),
    "other case": ("MSA", "ALICE@EXAMPLE.ORG", {}),
    "trusted network": ("trial", "alice@example.org", {"tls": None}),
    "trusted network, IPv6": (
        "trial",
        "alice@example.org",
        {"tls": None, "address": "2001:db8::7"},
    ),
    "any authenticated": ("any", "bob@example.org", {}),
    "any authenticated, first mailbox": ("any", "x@example.org, y@example.com", {}),
}


@pytest.mark.parametrize("listener, value, client", SIGNED.values(), ids=SIGNED.keys())
def test_signed(daemon, keys, kind, listener, value, client):
    """D8.5 X10 X11: by both keys of the domain of From."""
    got = submit(daemon, whole("From: " + value), kind=kind, daemon_name=listener, **client)
    assert got.verdict == "passed"
    assert verified(keys, got) == BOTH
    assert "unsigned" not in got.record


def test_other_domain(daemon, keys):
    """X10 X11: the domain is that of From, not of the login or the envelope."""
    message = whole("From: anyone@example.net")
    got = submit(daemon, message, login="dave@example.net", sender="<>")
    assert verified(keys, got) == {("example.net", "rsa", "rsa-sha256")}


def test_fallback_domain(daemon, keys):
    """X10: who has no right is signed for by the fallback, and the record says why."""
    got = submit(daemon, whole("From: bob@example.org"), daemon_name="fallback")
    assert verified(keys, got) == {("example.net", "rsa", "rsa-sha256")}
    assert got.record["unsigned"] == "no-right-to-from"
    own = submit(daemon, whole(FROM), daemon_name="fallback")
    assert verified(keys, own) == BOTH


def test_completed_message_is_signed(daemon, keys, kind):
    """D8.5: over what leaves, after every edit."""
    message = letter(
        "Bcc: a@example.com",
        "From: sales@example.org",
        "Date: bad",
        "Message-ID: bad",
        "X-Original-Date: theirs",
        "Sender: sales@example.org",
    )
    got = submit(daemon, message, kind=kind)
    assert verified(keys, got) == BOTH
    assert got.leaving.value("Sender") == "alice@example.org"


def test_signatures_stand_on_top(daemon):
    """D8.5 X7: above all that the client sent, the first key's first."""
    theirs = "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=x; h=From; bh=eA==; b=eA=="
    got = submit(daemon, whole(theirs, FROM))
    inserted = [edit for edit in got.edits if edit.kind == "insert"]
    assert [edit.index for edit in inserted] == [0, 0]
    tags = signature_fields(got.leaving.octets())
    assert [(t["d"], t["s"]) for t in tags] == [
        ("example.org", "rsa"),
        ("example.org", "ed"),
        ("example.com", "x"),
    ]


def test_tags(daemon):
    """X13: never l=; what a reader sees is oversigned; nothing that MTAs remove."""
    got = submit(daemon, whole(FROM, "Bcc: a@example.com", "Return-Path: <x@example.org>"))
    for tags in signature_fields(got.leaving.octets()):
        assert tags["v"] == "1"
        assert "l" not in tags
        assert tags["c"] == "relaxed/simple"
        names = tags["h"].lower().split(":")
        for name in ("from", "to", "cc", "subject", "date", "message-id"):
            present = len(got.leaving.values(name))
            assert names.count(name) == present + 1, name
        assert not {"bcc", "return-path", "received"} & set(names)
    for value in got.leaving.values("DKIM-Signature"):
        assert b"\r" not in value
        assert all(len(line) <= 78 for line in value.split(b"\n"))


ADDED = ["From: eve@example.com", "Subject: eve", "To: eve@example.com", "Date: x"]


@pytest.mark.parametrize("line", ADDED)
def test_added_field_breaks_the_signature(daemon, keys, line):
    """X13: whoever puts another field in front has no signature any more."""
    got = submit(daemon, whole(FROM))
    forged = got.leaving
    forged.fields.insert(2, letter(line).fields[0])
    assert not any(s.is_valid for s in keys.verify(forged.octets()))


@pytest.mark.parametrize("canonicalization", CANONICALIZATIONS)
def test_canonicalizations(start, strict, keys, kind, canonicalization):
    """X13 D8.5: odd blanks and folds verify in each form."""
    daemon = start(conf.changed(strict, dkim={"canonicalization": canonicalization}))
    message = letter(
        "FROM:alice@example.org",
        "To:\n\tsomeone@example.com\n\t (folded)",
        "Subject:  two  blanks \t ",
        "subject2:x",
        "MIME-Version:1.0",
        body=b"  a  b\t \r\n\r\n\r\nlast  \r\n\r\n\r\n",
    )
    got = submit(daemon, message, kind=kind)
    assert verified(keys, got) == BOTH


def bodies():
    """Bodies of lengths around the chunks of an MTA."""
    line = b"0123456789" * 7 + b"\r\n"
    for size in (0, 1, 65534, 65535, 65536, 131070, 200000):
        body = (line * (size // len(line) + 1))[:size]
        yield body + b"\r\n" if body and not body.endswith(b"\r\n") else body


@pytest.mark.parametrize("body", bodies(), ids=len)
def test_bodies_of_all_sizes(daemon, keys, kind, body):
    """D8.5: whatever their length."""
    got = submit(daemon, whole(FROM, body=body), kind=kind)
    assert got.verdict == "passed"
    assert verified(keys, got) == BOTH


def test_every_chunk_boundary(daemon, keys):
    """D8.5: a body cut at each place gives the same hash."""
    body = b"a\r\n\r\n b \r\n.\r\n\r\n\r\n"
    hashes = set()
    for cut in range(len(body) + 1):
        with Session(daemon) as session:
            session.mail()
            session.rcpt()
            message = whole(FROM, body=body)
            session.header(message)
            for part in (body[:cut], body[cut:]):
                if part:
                    session.mta.body(part)
            assert session.end().verdict == "continue"
            leaving = message.edited(session.mta.edits)
        hashes |= {t["bh"] for t in signature_fields(leaving.octets())}
        assert keys.accept(leaving.octets()), cut
    assert len(hashes) == 1


def test_last_chunk_with_the_end(daemon, keys):
    """D8.5: the protocol lets the end of message carry the last chunk."""
    message = whole(FROM, body=b"a\r\nb\r\n")
    with Session(daemon) as session:
        session.mail()
        session.rcpt()
        session.header(message)
        session.mta.body(b"a\r\n")
        assert session.mta.end(b"b\r\n").verdict == "continue"
        leaving = message.edited(session.mta.edits)
    assert [s.is_valid for s in keys.verify(leaving.octets())] == [True, True]


def test_changed_body_breaks_the_signature(daemon, keys):
    """D8.5: what dkimpy says can be trusted to be worth something."""
    got = submit(daemon, whole(FROM))
    forged = got.leaving
    forged.body = b"Hallo.\r\n"
    assert [s.is_valid for s in keys.verify(forged.octets())] == [False, False]


# Would not survive the way, so it is not signed.
FRAGILE = {
    "bare LF": (b"a\nb\r\n", "body-stray-octets"),
    "bare CR": (b"a\rb\r\n", "body-stray-octets"),
    "NUL": (b"a\0b\r\n", "body-stray-octets"),
    "long line": (b"x" * 999 + b"\r\n", "body-line-too-long"),
}


@pytest.mark.parametrize("body, why", FRAGILE.values(), ids=FRAGILE.keys())
def test_fragile_body_is_not_signed(daemon, body, why):
    """X10 D8.5: and the record says why."""
    got = submit(daemon, whole(FROM, body=body), daemon_name="broken")
    assert got.verdict == "passed"
    assert not got.leaving.values("DKIM-Signature")
    assert got.record["unsigned"] == why


# RFC 5321's limit; Sendmail breaks lines earlier (L= of its mailers).
LONGEST = {Postfix: 998, Sendmail: 990}


def test_longest_line_is_signed(daemon, keys, kind):
    """D8.5 X10: of a body, as far as the MTA leaves it whole."""
    for more, why in ((0, None), (1, "body-line-too-long")):
        body = b"x" * (LONGEST[kind] + more) + b"\r\n"
        got = submit(daemon, whole(FROM, body=body), kind=kind)
        assert verified(keys, got) == (set() if why else BOTH)
        assert got.record.get("unsigned") == why


@pytest.mark.parametrize("value", ["%s", "x\n\t%s", "%s\n x"])
def test_long_line_of_a_field(daemon, keys, kind, value):
    """D8.5 X10: the longest is signed; a longer one would be broken on its way."""
    for more, want in ((0, BOTH), (1, set())):
        room = LONGEST[kind] - (1 if value.startswith("x") else len("References:"))
        message = whole(FROM, "References:" + value % ("r" * (room + more)))
        got = submit(daemon, message, kind=kind)
        assert got.verdict == "passed"
        assert verified(keys, got) == want
        assert got.record.get("unsigned") == (None if want else "header-line-too-long")
    unsigned = submit(daemon, whole(FROM, "X-Unsigned: " + "x" * 2000), kind=kind)
    assert verified(keys, unsigned) == BOTH


FRAGILE_HEADERS = {
    "bare CR": ([FROM, b"Subject: a\rb"], "header-control"),
    "bare LF": ([FROM, b"Subject: a\nb"], "header-control"),
    "blank before the colon": ([FROM, "Subject : x"], "header-name"),
    "long line": ([FROM, "Subject: " + "x" * 1000], "header-line-too-long"),
    "too many": ([FROM] + ["Resent-To: a@example.com"] * 450, "header-too-many-fields"),
    "only Sendmail knows its form": ([FROM, "To: bob"], "header-mta-form"),
}


@pytest.mark.parametrize("lines, why", FRAGILE_HEADERS.values(), ids=FRAGILE_HEADERS.keys())
def test_fragile_header_is_not_signed(daemon, lines, why):
    """X10 X40 D8.5: what MTAs would change or verifiers read in different ways."""
    got = submit(daemon, letter(*lines), kind=Sendmail, daemon_name="broken")
    assert got.verdict == "passed"
    assert not got.leaving.values("DKIM-Signature")
    assert got.record["unsigned"] == why


# Is brought about in test_key_store.py, by the clock.
ELSEWHERE = {"key-out-of-schedule"}


def test_every_cause_is_reached():
    """X10 A6: each that the manual knows, and no other."""
    manual = (TOP / "submit-milter" / "submit-milter-audit.5").read_text()
    part = manual.partition(".It Cm unsigned\n")[2].partition(".El")[0]
    known = set(re.findall(r"(?m)^\.It ([a-z-]+)$", part))
    tables = [*UNSIGNED.values(), *FRAGILE.values(), *FRAGILE_HEADERS.values()]
    assert {row[-1] for row in tables} | ELSEWHERE == known


def test_times_are_those_of_now(daemon):
    """D8.5: t= is when it was submitted."""
    got = submit(daemon, whole(FROM))
    (seconds,) = {t["t"] for t in signature_fields(got.leaving.octets())}
    assert re.fullmatch(r"\d{10}", seconds)
    began = datetime.datetime.fromisoformat(got.record["time"].replace("Z", "+00:00"))
    assert int(began.timestamp()) == int(seconds)
