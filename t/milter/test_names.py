"""Sender, recipients and address fields: other names than those submitted."""

import pytest

from harness import configuration as conf
from harness.message import whole
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
def test_mta_that_cannot_change_recipients(names, lacks):
    """X40: nothing passes to the wrong address; the client may try again."""
    names.expect("the MTA did not take the edits")
    with Session(names, actions=Action.ALL & ~lacks) as session:
        got = session.submit(whole("From: alice@example.org"), recipients=["<carol>"])
        assert got.verdict == "451 4.3.0 at end"
        session.mta.quit()
    assert got.record["result"] == "deferred"
