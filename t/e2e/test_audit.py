"""One audit record for every message that was passed, refused or broken off."""

import datetime
import json
import time

import pytest

from support import config
from support.smtp import Client
from support.submission import ALICE, FROM_ALICE, submit, whole


@pytest.mark.proves("A6")
def test_record_of_a_message_that_passed(lab):
    """Every field, against what client and next hop saw."""
    before = time.time()
    got = submit(
        lab,
        whole("From: Sales <sales@example.org>"),
        sender="<alice@example.org> SIZE=1000 BODY=8BITMIME",
        recipients=("<one@example.com> NOTIFY=NEVER", "<two@example.com>"),
    )
    record = got.record
    relayed = got.relayed

    assert record["v"] == 1
    assert record["id"]
    when = datetime.datetime.fromisoformat(record["time"].replace("Z", "+00:00"))
    assert before - 1 <= when.timestamp() <= time.time() + 1
    assert 0 < record["duration_us"] < 60e6
    assert record["host"] == "mx.example.org"
    assert record["queue_id"] == got.queue_id
    assert record["session"]
    assert record["profile"] == "submission"
    assert record["client"]["address"] == "127.0.0.1"
    assert record["client"]["port"] > 0
    assert record["client"]["helo"] == got.token
    assert record["tls"]["version"] == "TLSv1.3"
    assert record["tls"]["cipher"]
    assert int(record["tls"]["bits"]) >= 128
    assert record["identity"] == "sasl:alice@example.org"
    assert record["route"] == "sasl"
    envelope = record["envelope"]
    assert envelope["sender"] == relayed.sender == "alice@example.org"
    assert set(envelope["sender_params"]) >= {"SIZE=1000", "BODY=8BITMIME"}
    assert [r["address"] for r in envelope["recipients"]] == sorted(relayed.recipients)
    assert envelope["recipients"][0]["params"] == ["NOTIFY=NEVER"]
    assert record["from"] == ["sales@example.org"]
    assert record["message_id"] == relayed.value("Message-ID")
    assert record["size"] >= len(FROM_ALICE)
    assert "sender" in json.dumps(record["edits"]).lower()
    assert record["result"] == "passed"
    judged = {v["rule"] for v in record["verdicts"]}
    assert judged >= {"auth-required", "tls-required", "sender-rights", "from-rights"}
    assert all(v["action"] == "pass" for v in record["verdicts"])


@pytest.mark.proves("A6", "X2")
def test_record_of_a_refusal(lab):
    """All rules of the stage are told, the first enforced one decided."""
    got = submit(lab, whole("From: bob@example.org", "To: broken@@example.com"))
    record = got.record
    assert record["result"] == "refused"
    assert record["stage"] == "message"
    assert record["reply"]["reason"] == "from-not-allowed"
    assert record["reply"]["text"] == got.reply.text
    refusing = {v["rule"]: v for v in record["verdicts"] if v["action"] == "refuse"}
    assert {"from-rights", "header-syntax"} <= set(refusing)
    assert refusing["from-rights"]["reason"] == "from-not-allowed"
    assert refusing["from-rights"]["mode"] == "enforce"
    assert "bob@example.org" in refusing["from-rights"]["detail"]
    assert not record["signatures"]


@pytest.mark.proves("A6")
def test_a_rule_on_trial_is_recorded(start_lab):
    """warn: what it would have said is recorded, and the mail passes."""
    trial = '{ rules: { from-rights = "warn"; header-syntax = "off"; }; }'
    with start_lab(config.text(default_profile=trial)) as other:
        got = submit(other, whole("From: bob@example.org"))
        assert got.verdict == "250 2.0.0 at DATA"
        verdicts = {v["rule"]: v for v in got.record["verdicts"]}
        assert verdicts["from-rights"]["mode"] == "warn"
        assert verdicts["from-rights"]["action"] == "refuse"
        assert "header-syntax" not in verdicts


BROKEN_OFF = {
    "RSET after MAIL": lambda c: c.command("RSET"),
    "QUIT after MAIL": lambda c: c.command("QUIT"),
    "RSET after RCPT": lambda c: (c.rcpt("<x@example.com>"), c.command("RSET")),
    "gone after DATA": lambda c: (
        c.rcpt("<x@example.com>"),
        c.command("DATA"),
        c.send(b"From: alice@example.org\r\n"),
        c.vanish(),
    ),
    "second EHLO": lambda c: c.command("EHLO " + c.helo),
}


@pytest.mark.proves("A6")
@pytest.mark.parametrize("break_off", BROKEN_OFF.values(), ids=BROKEN_OFF.keys())
def test_record_of_what_was_broken_off(lab, break_off):
    """One record, and nothing is relayed."""
    with Client(lab) as client:
        client.authenticate(ALICE)
        assert client.mail("<alice@example.org>").code == 250
        break_off(client)
    lab.refused.add(client.helo)
    record = lab.audit(client.helo)[0]
    assert record["result"] == "aborted"
    assert record["envelope"]["sender"] == "alice@example.org"


@pytest.mark.proves("A6")
def test_every_message_of_a_connection_has_its_record(lab):
    """Same session, ids of their own, in order."""
    with Client(lab) as client:
        client.authenticate(ALICE)
        for _ in range(3):
            assert client.mail("<alice@example.org>").code == 250
            client.rcpt("<x@example.com>")
            assert client.data(FROM_ALICE).code == 250
        assert client.mail("<bob@example.org>").code == 550
    records = lab.audit(client.helo, 4)
    assert [r["result"] for r in records] == ["passed"] * 3 + ["refused"]
    assert len({r["session"] for r in records}) == 1
    assert len({r["id"] for r in records}) == 4


@pytest.mark.proves("A6")
def test_recipient_refused_by_the_mail_server_is_recorded(lab):
    """Those that never reach a rule of ours."""
    with Client(lab, "mx") as client:
        client.authenticate(ALICE)
        client.mail("<alice@example.org>")
        refused, want = lab.mta.refused_recipient
        assert client.rcpt(refused).codes == want
        assert client.rcpt("<x@example.com>").code == 250
        assert client.data(FROM_ALICE).code == 250
    recipients = lab.audit(client.helo)[0]["envelope"]["recipients"]
    results = [r["result"] for r in recipients]
    if lab.mta.tells_of_refused:
        assert results.pop(0) == "refused-by-mta"
    assert results == ["accepted"]


@pytest.mark.proves("A6", "D4.1")
def test_fault_of_ours_is_deferred(start_lab):
    """A table that is down: 451 4.3.0, never a pass."""
    down = config.text(
        tables='{ down: { type = "fail"; }; }',
        rights='{ self = false; tables = ( { table = "down"; } ); }',
    )
    with start_lab(down) as other:
        got = submit(other)
        assert got.verdict == "451 4.3.0 at MAIL"
        assert got.record["result"] == "deferred"


@pytest.mark.proves("A6")
def test_records_are_lines_of_json(lab):
    """Whatever a client writes, each record is one line that parses."""
    nasty = 'From: "a\\"b\\\\\u2028" <alice@example.org>'
    if lab.mta.has_smtputf8:
        submit(lab, whole(nasty), sender="<alice@example.org> SMTPUTF8")
    else:
        assert submit(lab, whole(nasty)).verdict == "554 5.6.0 at DATA"
    submit(lab, sender='<"a\\"b"@example.org>')
    submit(lab, whole(b"Message-ID: <\xff\xfe@x>", "From: alice@example.org"))
    for line in lab.audit_file.read_bytes().splitlines():
        assert isinstance(json.loads(line), dict)
