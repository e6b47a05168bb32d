"""Sender, recipients and address fields: other names than those submitted."""

import pytest

from harness import configuration as conf
from harness.message import letter, whole
from harness.mta import Action, Edit
from harness.session import Session, submit

QUALIFY = {
    "tables": {
        "labels": conf.inline(("sales", "sales.example.net")),
        "users": conf.inline(("carol", "example.org")),
        "mailboxes": conf.inline(("carol@example.org", "x"), ("alice@example.net", "x")),
    },
    "qualify": {
        "labels": "labels",
        "users": "users",
        "domain": "example.net",
        "mailboxes": "mailboxes",
    },
    "default_profile": {"sign": "off"},
}


def changed_sender(path):
    """MAIL FROM leaves as this."""
    return Edit("sender", path, b"")


def added(path, params=b""):
    """A recipient of ours."""
    return Edit("add-recipient", path, params)


def deleted(path):
    """A recipient of the client's that goes."""
    return Edit("delete-recipient", path, b"")


def of_envelope(edits):
    """Those edits that are about sender and recipients."""
    return [e for e in edits if e.kind not in ("add", "insert", "change")]


@pytest.fixture(scope="module", name="names")
def start_names(module_start, strict):
    """A daemon with local conventions."""
    return module_start(conf.changed(strict, **QUALIFY))


def test_short_names_are_written_in_full(names):
    """D4.2 D4.2b D4.2c W2: the same in envelope and header, the rest to the octet."""
    message = whole("From: alice@example.org", "Cc: (x) Sales <joe@sales> , carol,\n\tTeam: alice;")
    got = submit(
        names,
        message,
        login="alice@example.org",
        recipients=["<joe@sales>", "<carol>", "<alice>", "<someone@example.com>"],
    )
    assert got.verdict == "passed"
    assert of_envelope(got.edits) == [
        deleted("<joe@sales>"),
        deleted("<carol>"),
        deleted("<alice>"),
        added("<joe@sales.example.net>"),
        added("<carol@example.org>"),
        added("<alice@example.net>"),
    ]
    assert got.leaving.values("Cc") == [
        b" (x) Sales <joe@sales.example.net> , carol@example.org,\n\tTeam: alice@example.net;"
    ]
    again = submit(
        names, got.leaving, recipients=["<joe@sales.example.net>", "<carol@example.org>"]
    )
    assert (again.verdict, again.edits) == ("passed", []), "X6"


def test_record_has_both_names(names):
    """D4.2 A6: what came and what left."""
    got = submit(names, whole("From: alice@example.org"), recipients=["<carol>"])
    recipients = got.record["envelope"]["recipients"]
    assert [(r["address"], r["result"], r.get("for"), r.get("cause")) for r in recipients] == [
        ("<carol>", "replaced", None, None),
        ("carol@example.org", "accepted", "<carol>", "qualify"),
    ]
    assert got.record["edits"] == [
        {"edit": "delete-recipient", "path": "<carol>", "cause": "qualify"},
        {"edit": "add-recipient", "path": "<carol@example.org>", "cause": "qualify"},
    ]


REFUSED = {
    "<joe@squeaky.sales>": "554 5.1.2",
    "<joe@host.squeaky>": "554 5.1.2",
    "<joe@unknown>": "554 5.1.2",
    "<dave>": "501 5.1.3",
}


@pytest.mark.parametrize("path", REFUSED)
def test_what_is_incomplete_is_refused(names, path):
    """D4.2: never completed on suspicion; the MTA is told of no edit."""
    got = submit(names, recipients=["<carol>", path])
    assert [a.verdict for a in got.recipient_answers] == ["continue", REFUSED[path]]
    assert of_envelope(got.edits) == [deleted("<carol>"), added("<carol@example.org>")]


@pytest.mark.parametrize("field", ["To: joe@squeaky.sales", "Cc: dave", "Reply-To: x@unknown"])
def test_what_is_incomplete_in_the_header_is_refused(names, field):
    """D4.2b D4.2c: refused after the end of the message."""
    assert submit(names, whole("From: alice@example.org", field)).verdict == "554 5.6.0 at end"


def test_sender_in_full(module_start, strict):
    """D4.2: rights are to the name in full, and the MTA is told of that one."""
    options = conf.changed(
        QUALIFY, rights={"tables": [{"table": "senders", "key": "address", "right": "own"}]}
    )
    options["tables"]["senders"] = conf.inline(("joe@sales.example.net", "alice@example.org"))
    daemon = module_start(conf.changed(strict, **options))
    got = submit(daemon, whole("From: joe@sales"), sender="<joe@sales>", params=["SIZE=10"])
    assert got.verdict == "passed"
    assert of_envelope(got.edits) == [changed_sender("<joe@sales.example.net>")]
    assert got.leaving.values("From") == [b" joe@sales.example.net"]
    assert got.record["envelope"]["leaving_sender"] == "joe@sales.example.net"
    other = submit(daemon, sender="<ann@sales>")
    assert other.verdict == "550 5.7.1 at mail"


def test_parameters_of_a_recipient_stay(names):
    """D4.2 D8.8: NOTIFY and ORCPT go with the recipient, and nothing else."""
    with Session(names) as session:
        session.mail()
        notify = ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;carol", "X-OTHER=1"]
        assert session.rcpt("<carol>", *notify).verdict == "continue"
        session.header(whole("From: alice@example.org"))
        assert session.end().verdict == "continue"
        assert of_envelope(session.mta.edits) == [
            deleted("<carol>"),
            added("<carol@example.org>", b"NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;carol"),
        ]
        session.mta.quit()


@pytest.mark.parametrize("lacks", [Action.ADD_RECIPIENTS, Action.DELETE_RECIPIENTS])
def test_mta_that_cannot_change_recipients(start, strict, lacks):
    """X40: nothing passes to the wrong address, if that is needed after a reload only."""
    daemon = start(strict)
    daemon.expect("the MTA did not take the edits")
    with Session(daemon, actions=Action.ALL & ~lacks) as session:
        daemon.reload(daemon.changed(**QUALIFY))
        got = session.submit(whole("From: alice@example.org"), recipients=["<carol>"])
        assert got.verdict == "451 4.3.0 at end"
        session.mta.quit()
    assert got.record["result"] == "deferred"


# --- other addresses

CANONICAL = conf.inline(
    ("jru@example.org", "J.Random.User"),
    ("@old.example", "@new.example"),
    ("@squeaky.sales.example.net", "@zyx.example.net"),
    ("@.foo.example.net", "@foo.example.net"),
    ("a@circle.example", "b@circle.example"),
    ("b@circle.example", "a@circle.example"),
    ("closed@old.example", "closed@rival.example"),
)

REWRITE = {
    "tables": {
        "canonical": CANONICAL,
        "senders": conf.inline(
            ("@example.org", "alice@example.org"), ("@old.example", "alice@example.org")
        ),
        "denied": conf.inline(("@rival.example", "*")),
        "down": {"type": "fail"},
    },
    "rights": {"tables": [{"table": "senders", "key": "address", "right": "own"}]},
    "recipients": {"denied": "denied"},
    "rewrites": [
        {
            "table": "canonical",
            "envelope_sender": True,
            "envelope_recipients": True,
            "header_senders": True,
            "header_recipients": True,
        }
    ],
}


@pytest.fixture(scope="module", name="rewriting")
def start_rewriting(module_start, strict):
    """A daemon that knows other addresses."""
    return module_start(conf.changed(strict, **REWRITE))


def test_addresses_are_written_anew(rewriting):
    """D8.8 X6: by address, domain and what is below it; then never again."""
    message = whole(
        "From: Jay (jru) <jru@example.org>",
        "Cc: a@host.foo.example.net (x), team: b@old.example,\n\tc@squeaky.sales.example.net;",
    )
    got = submit(
        rewriting, message, sender="<jru@example.org>", recipients=["<b@old.example>", "<x@example.com>"]
    )
    assert got.verdict == "passed"
    assert of_envelope(got.edits) == [
        changed_sender("<J.Random.User@example.org>"),
        deleted("<b@old.example>"),
        added("<b@new.example>"),
    ]
    assert got.leaving.values("From") == [b" Jay (jru) <J.Random.User@example.org>"]
    assert got.leaving.values("Cc") == [
        b" a@foo.example.net (x), team: b@new.example,\n\tc@zyx.example.net;"
    ]
    assert [s["domain"] for s in got.record["signatures"]] == ["example.org"] * 2
    again = submit(rewriting, got.leaving, sender="<J.Random.User@example.org>", recipients=["<b@new.example>"])
    assert again.verdict == "passed"
    assert {e.name for e in again.edits} == {"DKIM-Signature"}


def test_signature_wants_the_right_to_what_leaves(rewriting):
    """D8.8 D8.5: who may use the submitted From may not use that which leaves."""
    got = submit(rewriting, whole("From: alice@old.example"), sender="<alice@example.org>")
    assert got.verdict == "passed"
    assert got.leaving.values("From") == [b" alice@new.example"]
    assert got.record["signatures"] == []
    assert got.record["unsigned"] == "no-right-to-from"


def test_rewritten_recipient_meets_the_rules(rewriting):
    """D8.8 D6.2: a row opens no way around recipients.denied."""
    got = submit(rewriting, recipients=["<x@example.com>", "<closed@old.example>"])
    assert [a.verdict for a in got.recipient_answers] == ["continue", "550 5.7.1"]
    assert got.verdict == "passed"
    assert of_envelope(got.edits) == []
    results = [r["result"] for r in got.record["envelope"]["recipients"]]
    assert results == ["accepted", "refused", "refused"]


CIRCLES = {
    "recipient": ({"recipients": ["<a@circle.example>"]}, "451 4.3.0 at rcpt"),
    "field": (
        {"message": whole("From: alice@example.org", "Cc: a@circle.example")},
        "451 4.3.0 at end",
    ),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_circles_are_a_fault(rewriting, name):
    """D8.8: bounded and deferred."""
    options, want = CIRCLES[name]
    got = submit(rewriting, **options)
    assert got.verdict == want


def test_table_that_is_down(start, strict):
    """D8.8: doubt is 451, for every place where addresses are written anew."""
    options = conf.changed(REWRITE, rewrites=[dict(REWRITE["rewrites"][0], table="down")])
    daemon = start(conf.changed(strict, **options))
    got = submit(daemon, whole("From: alice@example.org"))
    assert got.verdict == "451 4.3.0 at mail"


def test_field_that_grows(start, strict, keys, kind):
    """D4.2c D8.8 D8.5: in lines that no mail server breaks, and so it can be signed."""
    daemon = start(conf.changed(strict, **conf.changed(QUALIFY, default_profile={"sign": "with-rights"})))
    to = "To: " + ",".join("u%02d@sales" % n for n in range(98))
    assert 900 < len(to) < 990
    lines = ["From: alice@example.org", "Date: Mon, 2 Nov 2026 10:00:00 +0100", to, "Subject: x"]
    got = submit(daemon, letter(*lines, "Message-ID: <a@b.example>"), kind=kind)
    value = got.leaving.value("To")
    assert value.replace("\n", "").replace(" ", "") == ",".join(
        "u%02d@sales.example.net" % n for n in range(98)
    )
    assert max(map(len, value.split("\n"))) <= 990
    assert keys.accept(got.leaving.octets())
    again = submit(daemon, got.leaving, kind=kind)
    assert not [e for e in again.record["edits"] if e["cause"] != "dkim"]
