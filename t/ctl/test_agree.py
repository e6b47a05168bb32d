"""explain says the same as the daemon."""

import re

import cases
import pytest
import tool

from harness.session import submit

# What depends on the moment, or on what only an MTA knows.
OF_THE_MOMENT = {"id", "time", "duration_us", "queue_id", "session", "explain"}
MADE_UP = re.compile(r"(?i)^(date|message-id|dkim-signature)$")


@pytest.fixture(scope="module")
def daemons(module_start, strict):
    """A daemon with a listener for each case; another whose tables fail."""
    return [module_start(cases.configuration(strict, down)) for down in (False, True)]


def facts(client, case):
    """What explain is to be told of a client."""
    told = ["--listener", client.daemon_name, "--port", client.daemon_port]
    told += ["--addr", client.daemon_addr, "--client", client.address]
    told += ["--helo", client.helo, *case.who]
    if client.login is not None:
        told += ["--login", client.login]
    if client.tls is None:
        return told + ["--no-tls"]
    return told + ["--tls", "%s/%s" % (client.tls.version, client.tls.bits)]


def envelope(case):
    """MAIL and RCPT."""
    told = ["--sender", case.sender]
    for param in case.params:
        told += ["--param", param]
    for recipient in case.recipients:
        told += ["--rcpt", recipient]
    return told


def comparable(record):
    """A record without what differs from run to run."""
    kept = {name: v for name, v in record.items() if name not in OF_THE_MOMENT}
    kept["client"] = {n: record["client"][n] for n in ("address", "helo")}
    if record["tls"] is not None:
        kept["tls"] = {n: record["tls"][n] for n in ("version", "bits")}
    added = any(e.get("field") == "Message-ID" and e["edit"] != "delete" for e in kept["edits"])
    kept["message_id"] = "made up" if added else record["message_id"]
    return kept


def known(fields, was):
    """Fields as they leave; values that were made up just now are left out."""
    old = {(name, value) for name, value in was}
    return [
        (name, None if MADE_UP.match(name) and (name, value) not in old else value)
        for name, value in fields
    ]


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.name)
def test_same_as_the_daemon(daemons, keys, message, case):
    """X42 X6: verdicts, reply, edits, header and signatures are the daemon's."""
    daemon = daemons[case.is_table_down]
    outcome = submit(
        daemon,
        message=case.message,
        sender=case.sender,
        recipients=case.recipients,
        params=case.params,
        kind=case.kind,
        daemon_name=case.name,
        **case.client,
    )
    assert outcome.verdict == case.want
    file = message(case.message.octets())
    status, said = tool.run_json(
        "explain", "-c", daemon.config, *facts(outcome.session.client, case),
        *envelope(case), "--body", file,
    )
    assert status == {"p": 0, "5": 1, "4": 2}[case.want[0]]
    assert comparable(said) == comparable(outcome.record)
    assert said["profile"] == case.name
    assert (said["explain"]["header"] is not None) == (case.want == "passed")
    if case.want == "passed":
        check_message(said["explain"], outcome, keys, case)


def edit(said):
    """What record and explain both say of an edit."""
    return said["edit"], said.get("field"), said.get("path"), said["cause"]


def check_message(explained, outcome, keys, case):
    """The header that leaves, and that its signatures are good."""
    was = [(n, v.decode("utf-8")) for n, v in case.message.fields]
    leaving = [(n, v.decode("utf-8")) for n, v in outcome.leaving.fields]
    header = [(f["name"], f["value"]) for f in explained["header"]]
    assert known(header, was) == known(leaving, was)
    edits = list(map(edit, explained["edits"]))
    assert edits == list(map(edit, outcome.record["edits"]))
    assert {e["cause"] for e in outcome.record["edits"]} >= set(case.causes)
    wire = "".join("%s:%s\r\n" % (n, v.replace("\n", "\r\n")) for n, v in header)
    body = case.message.body
    if outcome.new_body is not None:
        body = explained["body"].encode()
        # Encrypted, it is another one each time.
        assert body == outcome.new_body or "encrypt" in case.causes
    made = keys.verify(wire.encode("utf-8") + b"\r\n" + body)
    want = [(s["domain"], s["selector"]) for s in outcome.record["signatures"]]
    assert [(s.domain, s.selector) for s in made] == want
    assert all(s.is_valid for s in made), made
    assert [(k["domain"], k["selector"]) for k in explained["keys"]] == want


def test_cases_are_of_all_kinds():
    """X42 X6: the comparison above has enough to compare."""
    ends = [case.want.rpartition(" ")[2] for case in cases.CASES]
    assert len(ends) >= 30
    assert all(ends.count(e) >= 3 for e in ("mail", "rcpt", "end", "passed"))
    assert sum(case.want.startswith("4") for case in cases.CASES) >= 3
    assert len({case.name for case in cases.CASES}) == len(ends)
