"""What report counts, and what it says of it."""

import datetime
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time

import pytest
import tool

TOP = pathlib.Path(__file__).resolve().parents[2]
RECORDS = 1_000_000
GROWTH = 8 << 10  # kilobytes that ten times as many records may take

numbers = iter(range(1, 1 << 30))


def verdict(rule, reason=None, mode="warn", **more):
    """What a rule said."""
    action = "pass" if reason is None else "refuse"
    said = {"rule": rule, "stage": "mail", "mode": mode, "action": action, **more}
    return said if reason is None else {**said, "reason": reason}


def record(*verdicts, who="sasl:alice@example.org", at="2026-11-21T10:00:00.000001Z",
           client="192.0.2.1", reply=None):
    """An audit record as far as report reads it, and a little more."""
    return {
        "v": 1,
        "id": "ID%d" % next(numbers),
        "time": at,
        "client": {"address": client, "helo": "x"},
        "identity": who,
        "verdicts": list(verdicts),
        "result": "passed" if reply is None else "refused",
        "reply": reply,
    }


def lines(records):
    """Records as the daemon writes them."""
    return "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in records).encode()


def report(records, *arguments):
    """The object that report prints."""
    status, said = tool.run_json("report", *arguments, "-", stdin=lines(records))
    assert status == 0
    return said


def rows(said, part="trial"):
    """Identity, rule, reason and count of each row."""
    return [(r["identity"], r["rule"], r["reason"], r["messages"]) for r in said[part]]


FOREIGN = verdict("sender-rights", "sender-not-allowed", detail="x@example.com")
PASSED = verdict("sender-rights")
BOB = "sasl:bob@example.org"
ALICE = "sasl:alice@example.org"

TRIAL = [
    record(FOREIGN, verdict("tls-required", "tls-missing")),
    record(FOREIGN, who=BOB, client="192.0.2.2", at="2026-11-20T10:00:00.5Z"),
    record(FOREIGN, who=BOB, at="2026-11-22T10:00:00.5Z"),
    record(PASSED, verdict("tls-required"), who=BOB),
    record(verdict("auth-required", "auth-missing"), who=None),
]


def test_rows_by_identity_rule_and_reason():
    """X3 D5.2: counts, first and last time, an example; most frequent first."""
    said = report(TRIAL)
    assert rows(said) == [
        (BOB, "sender-rights", "sender-not-allowed", 2),
        (None, "auth-required", "auth-missing", 1),
        (ALICE, "sender-rights", "sender-not-allowed", 1),
        (ALICE, "tls-required", "tls-missing", 1),
    ]
    first = said["trial"][0]
    assert (first["first"], first["last"]) == (
        "2026-11-20T10:00:00.5Z", "2026-11-22T10:00:00.5Z")
    assert first["example"] == {
        "detail": "x@example.com", "client": "192.0.2.2", "id": TRIAL[1]["id"]}
    assert (said["records"], said["bad_lines"], said["omitted"]) == (5, 0, 0)
    assert (said["first"], said["last"]) == (
        "2026-11-20T10:00:00.5Z", "2026-11-22T10:00:00.5Z")
    assert "refused" not in said


def test_rules_on_trial_summed_up():
    """X3: how often each rule on trial was asked, hit, and could not tell."""
    undecided = {**verdict("from-rights", "temporary"), "action": "tempfail"}
    said = report(TRIAL + [record(undecided), record(verdict("from-rights"))])
    assert [(r["rule"], r["judged"], r["hit"], r["undecided"]) for r in said["rules"]] == [
        ("auth-required", 1, 1, 0),
        ("tls-required", 2, 1, 0),
        ("sender-rights", 4, 3, 0),
        ("from-rights", 2, 1, 1),
    ]
    assert all(r["advice"] for r in said["rules"])


def test_message_counts_once():
    """X3: a rule that spoke of several recipients counts its message once."""
    twice = verdict("recipient-rights", "recipient-not-allowed")
    other = verdict("recipient-rights", "recipients-too-many")
    said = report([record(twice, twice, other, twice)])
    assert sorted(rows(said)) == [
        (ALICE, "recipient-rights", "recipient-not-allowed", 1),
        (ALICE, "recipient-rights", "recipients-too-many", 1),
    ]
    assert said["rules"][0]["judged"] == said["rules"][0]["hit"] == 1


def test_refused_too():
    """X3 D5.2: --all adds what was refused, and faults that no rule told."""
    enforced = verdict("header-syntax", "address-syntax", "enforce", shown="Cc")
    reply = {"code": 554, "enhanced": "5.6.0", "reason": "address-syntax", "text": "x"}
    fault = {"code": 451, "enhanced": "4.3.0", "reason": "audit-failed", "text": "x"}
    records = [record(enforced, FOREIGN, reply=reply), record(reply=fault)]
    said = report(records, "--all")
    assert rows(said) == [(ALICE, "sender-rights", "sender-not-allowed", 1)]
    assert rows(said, "refused") == [
        (ALICE, "-", "audit-failed", 1),
        (ALICE, "header-syntax", "address-syntax", 1),
    ]
    assert said["refused"][1]["example"]["detail"] == "Cc"


FILTERS = [
    (("--identity", BOB), {(BOB, "sender-rights")}, 3),
    (("--identity", "Bob@Example.org"), {(BOB, "sender-rights")}, 3),
    (("--identity", "ob@example.org"), set(), 0),
    (("--identity", "-"), {(None, "auth-required")}, 1),
    (("--rule", "tls-required"), {(ALICE, "tls-required")}, 5),
    (("--since", "2026-11-22"), {(BOB, "sender-rights")}, 1),
    (("--since", "2026-11-22T10:00:00Z"), {(BOB, "sender-rights")}, 1),
    (("--since", "2026-11-22T10:00:01Z"), set(), 0),
    (("--since", "2026-11-22T10:01"), set(), 0),
]


def troubled(*problems, software=None, **more):
    """A record with problems of the client's program."""
    asked = {} if software is None else {"software": software}
    return {**record(**more), "problems": list(problems), **asked}


BOB = "sasl:bob@example.org"


def test_problems_of_programs():
    """D5.2: by identity, problem and program."""
    records = [
        troubled("missing-date", "old-tls", software="Old 1.0"),
        troubled("missing-date", software="Old 1.0"),
        troubled("missing-date"),
        troubled("header-syntax", who=BOB),
        record(),
    ]
    assert "problems" not in report(records)
    said = report(records, "--problems")["problems"]
    got = [(r["identity"], r["problem"], r["software"], r["messages"]) for r in said]
    alice = "sasl:alice@example.org"
    assert got[0] == (alice, "missing-date", "Old 1.0", 2)
    assert sorted(got[1:], key=str) == sorted(
        [
            (alice, "old-tls", "Old 1.0", 1),
            (alice, "missing-date", None, 1),
            (BOB, "header-syntax", None, 1),
        ],
        key=str,
    )
    status, text, _ = tool.run("report", "--problems", "-", stdin=lines(records))
    assert status == 0
    assert "What clients' programs do wrong" in text
    assert re.search(r"^ +2  sasl:alice@example.org +missing-date +Old 1.0$", text, re.M)


def test_letter():
    """D5.2: what a help desk sends, about this identity alone."""
    records = [
        troubled("missing-date", software="Old 1.0"),
        troubled("header-syntax", who=BOB),
    ]
    arguments = ("report", "--letter", "--identity", "alice@example.org", "-")
    status, text, _ = tool.run(*arguments, stdin=lines(records))
    assert status == 0
    assert text.startswith("Subject: Your mail program needs your attention\n\nHello,\n")
    assert " * Your mail program sends messages without a Date field.\n" in text
    assert "1 message, the last on 2026-11-21, sent by\n   Old 1.0\n" in text
    assert "(missing-date, for instance %s)" % records[0]["id"] in text
    assert "header-syntax" not in text
    assert max(map(len, text.splitlines())) <= 78
    status, _, complaint = tool.run("report", "--letter", "-", stdin=b"")
    assert status != 0
    assert "--letter: name the one whom it is for by --identity" in complaint


@pytest.mark.parametrize("arguments,want,count", FILTERS, ids=lambda a: str(a)[:40])
def test_choice_of_records(arguments, want, count):
    """X3: by identity, rule and time."""
    said = report(TRIAL, *arguments)
    assert {row[:2] for row in rows(said)} == want
    assert said["records"] == count


def test_since_some_time_ago():
    """X3: minutes, hours and days ago."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def ago(**span):
        when = now - datetime.timedelta(**span)
        return record(FOREIGN, at=when.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))

    records = [ago(minutes=10), ago(hours=5), ago(days=3), ago(days=30)]
    for since, want in (("30m", 1), ("12h", 2), ("7d", 3), ("99d", 4)):
        assert report(records, "--since", since)["records"] == want


BAD = [
    b"not json\n",
    b'{"v":1,"time":"2026-11-21T10:00:00Z"\n',
    b"[1,2]\n",
    b'{"time":"2026-11-21T10:00:00Z","verdicts":{}}\n',
    b'{"time":7,"verdicts":[]}\n',
    b'{"verdicts":[]}\n',
    b"\xff\xfe\n",
    b'{"time":"\\u0000","verdicts":[]}\n',
    b"x" * (17 << 20) + b"\n",
]


def test_lines_that_are_no_records():
    """X3: counted and passed over; what is odd in a record does no harm."""
    odd = {"time": "2026-11-21T10:00:00Z", "identity": 7, "client": [], "reply": "x",
           "verdicts": [7, {}, {"rule": "no-such-rule", "mode": "warn", "action": "refuse"},
                        {"rule": "account", "mode": 1, "action": None}]}
    octets = b"".join(BAD) + lines([odd, record(FOREIGN)]) + b"\n" + lines([PASSED])[:-1]
    status, said = tool.run_json("report", "-", stdin=octets)
    assert status == 0
    assert (said["bad_lines"], said["records"]) == (len(BAD) + 1, 2)
    assert (None, "no-such-rule", "", 1) in rows(said)
    assert (ALICE, "sender-rights", "sender-not-allowed", 1) in rows(said)
    _, out, _ = tool.run("report", "-", stdin=octets)
    assert "; %d lines are no records\n" % (len(BAD) + 1) in out


# --- for people


def test_text():
    """X3 D5.2: a table that can be read, and what to do next."""
    _, out, err = tool.run("report", "-", stdin=lines(TRIAL))
    assert err == ""
    assert out == TEXT.format(*(TRIAL[i]["id"] for i in (1, 4, 0, 0)))


TEXT = """\
5 records, 2026-11-20 10:00 to 2026-11-22 10:00 UTC

What rules on trial ("warn") would not have let pass

messages  identity                rule           reason
       2  sasl:bob@example.org    sender-rights  sender-not-allowed
          2026-11-20 10:00 to 2026-11-22 10:00; first: x@example.com, from 192.0.2.2, id {}
       1  (nobody)                auth-required  auth-missing
          2026-11-21 10:00; first: from 192.0.2.1, id {}
       1  sasl:alice@example.org  sender-rights  sender-not-allowed
          2026-11-21 10:00; first: x@example.com, from 192.0.2.1, id {}
       1  sasl:alice@example.org  tls-required   tls-missing
          2026-11-21 10:00; first: from 192.0.2.1, id {}

What to do next

  auth-required: 1 message
    Have these clients log in, or know them by identity.networks,
    identity.clients or identity.certificates.
    When the list is as short as you want it, set the rule to "enforce";
    leave it to "warn" for some by an override.

  tls-required: 1 of 2 messages
    Have these clients use STARTTLS or port 465 with a newer mail program;
    lower tls.minimum_version or tls.minimum_bits only for a time.
    When the list is as short as you want it, set the rule to "enforce";
    leave it to "warn" for some by an override.

  sender-rights: 3 of 4 messages
    Give the right by a row in a table of rights.tables, or have them use
    an address of their own.
    When the list is as short as you want it, set the rule to "enforce";
    leave it to "warn" for some by an override.
"""


def test_text_of_little():
    """X3: nothing on trial, nothing found, a rule that is ready."""
    assert tool.run("report", "-")[1] == (
        "0 records\n\nWhat rules on trial (\"warn\") would not have let pass\n\n"
        "  nothing\n\nNo rule is on trial (\"warn\") in these records.\n")
    _, out, _ = tool.run("report", "--all", "-", stdin=lines([record(PASSED)]))
    assert '  sender-rights: 0 of 1 message\n    Ready: set it to "enforce".\n' in out
    assert 'What was refused or deferred ("enforce")\n\n  nothing\n' in out


def test_nothing_a_terminal_obeys():
    """D5.2: what clients wrote is shown without effect."""
    nasty = verdict("from-rights", "from-not-allowed", detail="\x1b[2J\u009b\u202e\n")
    _, out, _ = tool.run("report", "-", stdin=lines([record(nasty)]))
    assert "first: \\x1B[2J\\xC2\\x9B\\xE2\\x80\\xAE\\x0A, from" in out


def test_advice_for_every_rule():
    """X3: each rule of rules.def has a line of advice; rules of none have none."""
    code = TOP / "submit-milter"
    defined = re.findall(r"(?m)^(?:FIXED_)?RULE\((\w+),\s*\"([\w-]+)\"",
                         (code / "policy/rules.def").read_text())
    advised = re.findall(r"(?m)^ADVICE\((\w+),", (code / "ctl/advice.def").read_text())
    assert len(defined) > 10
    assert advised == [name for name, _ in defined]
    for _, name in defined:
        said = report([record(verdict(name, "x"))])
        assert said["rules"][0]["rule"] == name and said["rules"][0]["advice"]


# --- files


def test_several_files(tmp_path):
    """X3: files in their order; one that is missing is an error."""
    for i, name in enumerate("ab"):
        (tmp_path / name).write_bytes(lines(TRIAL[i:i + 1]))
    status, said = tool.run_json("report", tmp_path / "a", tmp_path / "b")
    assert (status, said["records"]) == (0, 2)
    got = tool.run("report", tmp_path / "a", tmp_path / "gone")
    want = "submitctl: %s: No such file or directory\n" % (tmp_path / "gone")
    assert got == (66, "", want)


def test_file_of_the_configuration(configured, tmp_path):
    """X3: without a file, audit.file, whose keys need not be readable."""
    audit = tmp_path / "audit.jsonl"
    audit.write_bytes(lines(TRIAL))
    configuration = configured(
        audit={"file": str(audit)},
        dkim={"domains": [{"domain": "example.org", "keys": [
            {"selector": "s", "file": "/nonexistent"}]}]})
    status, said = tool.run_json("report", "-c", configuration)
    assert (status, said["records"]) == (0, len(TRIAL))
    status, _, err = tool.run("report", "-c", configured())
    assert status == 78 and "audit.file names no file" in err


def test_wrong_usage():
    """X3: status 64 and what is wrong."""
    for arguments, want in (
        (("--rule", "x"), "--rule x: there is no such rule"),
        (("--since", "yesterday"), "--since yesterday: a time such as 2026-11-21, "
                                   "2026-11-21T10:00:00Z or 7d is needed"),
        (("--since", "2026-11"), "--since 2026-11: a time such as 2026-11-21, "
                                 "2026-11-21T10:00:00Z or 7d is needed"),
    ):
        assert tool.run("report", *arguments, "-") == (64, "", "submitctl: %s\n" % want)


# --- many


def write_many(path, count):
    """So many records of 2000 people, one in seven with a foreign sender."""
    passing = [verdict(r, mode="enforce") for r in (
        "auth-required", "account", "envelope-syntax", "envelope-fqdn", "from-rights",
        "header-syntax", "header-fqdn", "message-syntax")]
    with open(path, "wb") as f:
        for hit in (True, False):
            last = FOREIGN if hit else PASSED
            one = lines([record(*passing, last, who="sasl:user@@@@@example.org")])
            before, _, after = one.partition(b"@@@@")
            numbered = [before + b"%d" % n + after for n in range(2000)]
            many = count // 7 if hit else count - count // 7
            for n in range(0, many, 2000):
                f.writelines(numbered[:min(2000, many - n)])
    return os.path.getsize(path)


def measured(path):
    """Status, object, seconds and most kilobytes of a report of a file."""
    began = time.monotonic()
    most = 0
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen([tool.program(), "report", "--json", path], stdout=out)
        while child.poll() is None:
            with open("/proc/%d/status" % child.pid, encoding="ascii") as f:
                most = max([most, *map(int, re.findall(r"VmHWM:\s+(\d+) kB", f.read()))])
            time.sleep(0.02)
        out.seek(0)
        return child.returncode, json.load(out), time.monotonic() - began, most


def test_a_million_records(tmp_path):
    """X3 X47: memory does not grow with the records; the time is stated."""
    path = tmp_path / "audit.jsonl"
    write_many(path, RECORDS // 10)
    _, _, _, few = measured(path)
    size = write_many(path, RECORDS)
    status, said, seconds, many = measured(path)
    path.unlink()
    print("%d records, %d MB: %.1f s, %d kB of memory; a tenth of them: %d kB" % (
        RECORDS, size >> 20, seconds, many, few))
    assert status == 0
    assert (said["records"], said["bad_lines"], said["omitted"]) == (RECORDS, 0, 0)
    assert len(said["trial"]) == 2000
    assert sum(r["messages"] for r in said["trial"]) == RECORDS // 7
    assert said["rules"][0]["judged"] == RECORDS
    assert 0 < few and many < few + GROWTH


def test_more_identities_than_there_is_room_for():
    """X3 X47: beyond 100000 rows messages are counted and said to be so."""
    one = lines([record(FOREIGN, who="sasl:user@@@@@example.org")])
    before, _, after = one.partition(b"@@@@")
    octets = b"".join(before + b"%d" % n + after for n in range(100_007))
    status, out, _ = tool.run("report", "-", stdin=octets)
    assert status == 0
    assert "       7  more, of others for whom there was no room\n" in out
    assert tool.run_json("report", "-", stdin=octets)[1]["omitted"] == 7
