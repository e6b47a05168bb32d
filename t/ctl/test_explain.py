"""What explain says to people and to programs."""

import json
import os
import re
import subprocess

import pytest
import tool

from harness import configuration as conf

LETTER = b"""From: %s
To: someone@example.com
Date: Mon, 2 Nov 2026 10:00:00 +0100
Message-ID: <whole@client.example>
Subject: a whole
 message

Hello.
"""
FROM_ALICE = LETTER % b"alice@example.org"
ALICE = ("--login", "alice@example.org")


def explain(configuration, *arguments, stdin=FROM_ALICE):
    """Status and text for people; it must not complain."""
    status, out, err = tool.run("explain", "-c", configuration, *arguments, stdin=stdin)
    assert err == "", err
    return status, out


def explain_json(configuration, *arguments, stdin=FROM_ALICE):
    """Status and object."""
    return tool.run_json("explain", "-c", configuration, *arguments, stdin=stdin)


def stage(said, name, number=0):
    """A stage of an explanation, its rules by name."""
    found = [s for s in said["explain"]["stages"] if s["stage"] == name][number]
    return {**found, "rules": {r["rule"]: r for r in found["rules"]}}


# --- for people


def block(text, title):
    """The lines of a part, indentation included."""
    return re.search(r"(?m)^%s\n((?:[ \t].*\n)*)" % re.escape(title), text).group(1)


PASSES = """\
MAIL FROM:<sales@example.org>
  auth-required     enforce pass
  account           enforce pass
  tls-required      enforce pass
  envelope-syntax   enforce pass
  envelope-fqdn     enforce pass
  return-path       enforce pass
  sender-rights     enforce pass
      look-up  logins "sales@example.org" found "alice@example.org, bob@example.org"
      look-up  aliases "sasl:alice@example.org" not found
      look-up  aliases "alice@example.org" found "alias@example.org"
      right    sales@example.org: acts-for, by row "sales@example.org" of table logins
"""


def test_message_that_passes(configured):
    """X42: who, each rule, the rows that decided, edits, signatures, message."""
    letter = LETTER % b"sales@example.org"
    status, out = explain(configured(), *ALICE, stdin=letter)
    assert status == 0
    assert out.splitlines()[1:7] == [
        'listener        none named: profile "default"',
        "client          192.0.2.1 (assumed), TLSv1.3 of 256 bits (assumed)",
        "who             sasl:alice@example.org",
        "  by            SMTP AUTH",
        "  groups        none",
        "  account       active",
    ]
    assert PASSES in out
    assert block(out, "result") == "  passed\n"
    assert block(out, "edits") == (
        "  add      Sender, for sender: alice@example.org\n"
        "  prepend  DKIM-Signature, for dkim\n"
        "  prepend  DKIM-Signature, for dkim\n"
    )
    assert block(out, "signatures") == (
        "  example.org, selector rsa, rsa-sha256\n"
        "  example.org, selector ed, ed25519-sha256\n"
    )
    leaving = out.partition("\nthe message as it leaves\n\n")[2]
    assert leaving.startswith("DKIM-Signature: v=1; a=rsa-sha256;")
    wanted = letter.decode().replace("\n\nHello.\n", "\nSender: alice@example.org\n")
    assert leaving.endswith(wanted + "\n(the body: 8 octets, unchanged)\n")


def test_message_that_is_refused(configured):
    """X42: the reply as the client sees it; other rules are told too; no edits."""
    status, out = explain(
        configured(replies={"contact": "Call 123.\nOr mail us."}),
        *ALICE, "--sender", "bob@example.org", "--no-tls", "--rcpt", "<a@example.com>",
    )
    assert status == 1
    rules = block(out, "MAIL FROM:<bob@example.org>")
    assert (
        "  tls-required      enforce refuse  tls-missing\n"
        "      reply    530-5.7.0 Must issue a STARTTLS command first\n"
        "               530-5.7.0 Call 123.\n"
        "               530 5.7.0 Or mail us.\n"
    ) in rules
    assert (
        "  sender-rights     enforce refuse  sender-not-allowed\n"
        "      reply    550-5.7.1 You may not send with this sender address\n"
    ) in rules
    assert "      right    bob@example.org: none\n" in rules
    assert block(out, "result").startswith(
        "  refused: tls-required, tls-missing\n  530-5.7.0 Must issue"
    )
    for absent in ("RCPT", "edits", "signatures", "leaves"):
        assert absent not in out


def test_rules_on_trial_and_off(configured):
    """X42 X3: what a rule on trial would say; a rule that is off is not asked."""
    rules = {"sender-rights": "warn", "from-rights": "off", "tls-required": "warn"}
    status, out = explain(
        configured(default_profile={"rules": rules}),
        *ALICE, "--no-tls", "--sender", "bob@example.org",
    )
    assert status == 0
    assert (
        "  sender-rights     warn    refuse  sender-not-allowed\n"
        "      would be 550 5.7.1 You may not send with this sender address\n"
    ) in out
    assert "\n  from-rights       off\n  header-syntax" in out
    assert block(out, "result") == (
        "  passed\n  on trial, would not have passed: "
        "tls-required (tls-missing), sender-rights (sender-not-allowed)\n"
    )
    assert block(out, "signatures") == "  none: not-over-tls\n"


def test_nothing_a_terminal_obeys(configured):
    """X42: controls of the message are shown, not sent to the terminal."""
    letter = FROM_ALICE + b"\x1b[2J \xc2\x9b1m \xff \xc3\xa5\t.\n"
    status, out = explain(configured(), *ALICE, "--body", stdin=letter)
    assert status == 0
    assert "\n\\x1B[2J \\xC2\\x9B1m \\xFF \xe5\t.\n" in out
    assert "\x1b" not in explain(configured(), "--login", "\x1b[2J")[1]


def test_body_on_request(configured):
    """X42: the body is printed with --body alone."""
    assert "Hello." not in explain(configured(), *ALICE)[1]
    assert explain(configured(), *ALICE, "--body")[1].endswith("\n\nHello.\n")


# --- for programs


def test_json_is_the_record_and_more(configured):
    """X42 A6: the audit record, with look-ups, rights, rows and the header."""
    status, said = explain_json(
        configured(), *ALICE, "--rcpt", "a@example.com", "--rcpt", "b@@example.com"
    )
    assert status == 0
    assert said["v"] == 1 and said["result"] == "passed"
    assert said["identity"] == "sasl:alice@example.org"
    results = [r["result"] for r in said["envelope"]["recipients"]]
    assert results == ["accepted", "refused"]
    x = said["explain"]
    assert x["assumed"] == ["client", "tls", "sender"]
    assert (x["account"], x["groups"], x["identity_error"]) == ("active", [], None)
    commands = [s["command"] for s in x["stages"]]
    assert commands == [
        "MAIL FROM:<alice@example.org>",
        "RCPT TO:<a@example.com>",
        "RCPT TO:<b@@example.com>",
        "header",
        "whole message",
    ]
    rule = stage(said, "rcpt", 1)["rules"]["envelope-syntax"]
    assert (rule["action"], rule["reason"]) == ("refuse", "recipient-syntax")
    assert (rule["reply"]["code"], rule["reply"]["enhanced"]) == (501, "5.1.3")
    right = {"address": "alice@example.org", "right": "own", "table": None, "key": None}
    assert stage(said, "mail")["rules"]["sender-rights"]["rights"] == [right]
    assert x["keys"] == [
        {"domain": "example.org", "selector": "rsa"},
        {"domain": "example.org", "selector": "ed"},
    ]
    assert x["keys_read"] is True
    names = [f["name"] for f in x["header"]]
    assert names == ["DKIM-Signature"] * 2 + "From To Date Message-ID Subject".split()
    assert x["header"][-1]["value"] == " a whole\n message"


def found(table, key, value, remembered=False):
    """A look-up that found."""
    return {"table": table, "key": key, "answer": "found", "value": value,
            "remembered": remembered}


ROWS = [
    # Address; the right, the row that decided.
    ("alias@example.org", "own", found("aliases", "alice@example.org", "alias@example.org")),
    ("sales@example.org", "acts-for",
     found("logins", "sales@example.org", "alice@example.org, bob@example.org")),
    ("sales+x@example.org", "acts-for",
     found("logins", "sales@example.org", "alice@example.org, bob@example.org")),
    ("alice@example.org", "own", None),
    ("alice+x@example.org", "own", None),
    ("joe@example.org", "none", None),
]


@pytest.mark.parametrize("address,right,row", ROWS, ids=[row[0] for row in ROWS])
def test_row_that_decided(configured, address, right, row):
    """X42 X1: the kind of right, and the row it comes from."""
    _, said = explain_json(configured(), *ALICE, "--sender", address)
    rule = stage(said, "mail")["rules"]["sender-rights"]
    assert [r["right"] for r in rule["rights"]] == [right]
    assert rule["row"] == row
    assert rule["action"] == ("refuse" if right == "none" else "pass")
    if row is not None:
        given = (rule["rights"][0]["table"], rule["rights"][0]["key"])
        assert given == (row["table"], row["key"])


def test_table_that_fails(configured):
    """X42 X44: a failed look-up is told as such, and defers."""
    down = {
        "tables": {"down": {"type": "fail"}},
        "rights": {"self": False,
                   "tables": [{"table": "down", "key": "address", "right": "own"}]},
    }
    status, said = explain_json(configured(**down), *ALICE)
    rule = stage(said, "mail")["rules"]["sender-rights"]
    assert (status, said["result"], rule["action"]) == (2, "deferred", "tempfail")
    assert rule["row"]["answer"] == "failed" and rule["row"]["error"]
    assert rule["rights"][0]["right"] is None
    status, out = explain(configured(**down), *ALICE)
    assert re.search(r'look-up  down "alice@example.org" failed: \S', out)
    assert "right    alice@example.org: cannot be told\n" in out


def test_who_by_tables(configured):
    """X42 D3.3 A3: groups, account and route, with the look-ups that told."""
    changes = {
        "tables": {
            "nets": conf.inline(("192.0.2.7", "printer")),
            "states": conf.inline(("net:printer", "suspended Call 123")),
        },
        "identity": {"networks": "nets"},
        "accounts": {"table": "states"},
        "groups": [{"name": "machines", "members": ("net:printer",)}],
    }
    status, said = explain_json(configured(**changes), "--client", "192.0.2.7")
    assert (status, said["route"], said["identity"]) == (1, "net", "net:printer")
    assert said["explain"]["account"] == "suspended"
    assert said["explain"]["groups"] == ["machines"]
    assert said["explain"]["lookups"] == [
        found("nets", "192.0.2.7", "printer"),
        found("states", "net:printer", "suspended Call 123"),
    ]
    assert said["reply"]["text"] == "Call 123"
    _, out = explain(configured(**changes), "--client", "192.0.2.7")
    assert "  by            the client's network\n  groups        machines\n" in out
    assert "  account       suspended: Call 123\n" in out


# --- what it is told


@pytest.mark.parametrize("given,name,route", [
    (("--identity", "sasl:bob@example.org"), "sasl:bob@example.org", "sasl"),
    (("--identity", "net:printers"), "net:printers", "net"),
    (("--identity", "client:pop"), "client:pop", "client"),
    (("--identity", "cert:robot"), "cert:robot", "cert"),
    (("--login", "Bob@Example.ORG"), "sasl:bob@example.org", "sasl"),
    ((), None, None),
])
def test_identity_given(configured, given, name, route):
    """X42 D3.3: an identity is taken as established by its route."""
    _, said = explain_json(configured(), *given)
    assert (said["identity"], said["route"]) == (name, route)


def test_parameters_follow_their_path(configured):
    """X42 D7: a parameter belongs to the sender or recipient before it."""
    _, said = explain_json(
        configured(), *ALICE, "--param", "SIZE=1", "--rcpt", "a@example.com",
        "--param", "NOTIFY=NEVER", "--param", "ORCPT=rfc822;a", "--rcpt", "b@example.com",
        "--sender", "<alice@example.org>", "--param", "RET=HDRS",
    )
    assert said["envelope"]["sender_params"] == ["SIZE=1", "RET=HDRS"]
    params = [r["params"] for r in said["envelope"]["recipients"]]
    assert params == [["NOTIFY=NEVER", "ORCPT=rfc822;a"], []]


def test_envelope_from_the_header(configured):
    """X42: without --sender and --rcpt the header says it."""
    letter = (b"From: Sales <sales@example.org>, alice@example.org\nTo: a@example.com\n"
              b"Cc: b@example.com, Friends: c@example.com;\nBcc: d@example.com\n\n")
    _, said = explain_json(configured(), *ALICE, stdin=letter)
    assert said["envelope"]["sender"] == "sales@example.org"
    to = [r["address"] for r in said["envelope"]["recipients"]]
    assert to == ["%s@example.com" % n for n in "abcd"]
    assert said["explain"]["assumed"] == ["client", "tls", "sender", "recipients"]


def test_listener_given(configured):
    """X42 D3.1: name, port and address choose the profile."""
    changes = {"profiles": [
        {"name": "all", "listeners": [
            {"daemon_name": "A", "daemon_port": 465, "daemon_addr": "192.0.2.25"}]},
        {"name": "port", "listeners": [{"daemon_port": 465}]},
    ]}
    for given, want in (
        (("--listener", "A", "--port", "465", "--addr", "192.0.2.25"), "all"),
        (("--port", "465"), "port"),
        (("--listener", "A"), "default"),
    ):
        assert explain_json(configured(**changes), *ALICE, *given)[1]["profile"] == want


# --- the message file

CRLF = FROM_ALICE.replace(b"\n", b"\r\n")

FORMS = {
    "lf": FROM_ALICE,
    "crlf": CRLF,
    "lf, some crlf": FROM_ALICE.replace(b"Hello.\n", b"Hello.\r\n"),
    "no end of line": FROM_ALICE[:-1],
    "crlf, no end of line": CRLF[:-2],
    "mailbox": b"From alice Mon Nov  2 10:00:00 2026\n" + FROM_ALICE,
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_file(configured, message, form):
    """X42: LF and CR LF, mailbox line, missing last line end: the same message."""
    given = (*ALICE, "--body", message(FORMS[form]))
    status, said = explain_json(configured(), *given)
    assert (status, said["size"]) == (0, len(CRLF) - 2)
    assert said["explain"]["body"] == "Hello.\r\n"
    assert said["explain"]["header"][-1] == {
        "name": "Subject", "value": " a whole\n message"}


def test_file_in_crlf_is_taken_as_it_is(configured):
    """X42 D6.3: stray octets of a file in CR LF reach the rules."""
    for stray, reason in ((b"a\nb", "body-bare-lf"), (b"a\rb", "body-bare-cr")):
        status, said = explain_json(configured(), *ALICE, stdin=CRLF + stray)
        assert (status, said["reply"]["reason"]) == (1, reason)


def test_header_ends_as_in_an_mta(configured):
    """X42: at what is no field, or at the end of the file."""
    letter = FROM_ALICE.replace(b"Subject:", b"X-Odd :")
    status, said = explain_json(configured(), *ALICE, stdin=letter)
    assert (status, said["reply"]["reason"]) == (1, "field-name")
    letter = b"From: alice@example.org\nno field here\n\nmore\n"
    _, said = explain_json(
        configured(), *ALICE, "--rcpt", "a@example.com", "--body", stdin=letter)
    assert said["explain"]["body"] == "no field here\r\n\r\nmore\r\n"


# --- keys


def test_without_keys(configured):
    """X42 X14: which keys would sign, without reading them."""
    configuration = configured(dkim={"domains": [{
        "domain": "example.org",
        "keys": [{"selector": "s1", "file": "/nonexistent/s1.key"}],
    }]})
    status, said = explain_json(configuration, *ALICE, "--no-sign")
    assert (status, said["signatures"]) == (0, [])
    assert said["explain"]["keys"] == [{"domain": "example.org", "selector": "s1"}]
    assert said["explain"]["keys_read"] is False
    _, out = explain(configuration, *ALICE, "--no-sign")
    assert block(out, "signatures") == (
        "  example.org, selector s1: would sign (private keys were not read)\n"
    )
    long = FROM_ALICE + b"x" * 1200 + b"\n"
    _, said = explain_json(configuration, *ALICE, "--no-sign", stdin=long)
    assert (said["unsigned"], said["explain"]["keys"]) == ("body-line-too-long", [])


def test_keys_out_of_schedule(configured, keys):
    """X42 X12 X10: there are keys, but it is the time of none."""
    row = {"selector": "ed", "file": str(keys.path("example.org", "ed"))}
    for dates in ({"not_before": "2999-01-01"}, {"not_after": "2020-12-31"}):
        configuration = configured(dkim={"domains": [
            {"domain": "example.org", "keys": [{**row, **dates}]},
        ]})
        status, said = explain_json(configuration, *ALICE)
        assert (status, said["signatures"]) == (0, [])
        assert said["unsigned"] == "key-out-of-schedule"
        _, out = explain(configuration, *ALICE)
        assert block(out, "signatures") == "  none: key-out-of-schedule\n"


def test_keys_that_cannot_be_read(configured):
    """X42 X14: a configuration error, and how to go on without keys."""
    configuration = configured(dkim={"domains": [{
        "domain": "example.org",
        "keys": [{"selector": "s1", "file": "/nonexistent/s1.key"}],
    }]})
    status, out, err = tool.run("explain", "-c", configuration, *ALICE, stdin=FROM_ALICE)
    assert (status, out) == (78, "")
    assert "/nonexistent/s1.key" in err
    assert err.endswith("all but private keys can be read: "
                        "--no-sign explains without them\n")


# --- status and complaints

WRONG = [
    (("--tls", "TLSv1.3"), "--tls TLSv1.3: VERSION/BITS is needed, such as TLSv1.3/256"),
    (("--tls", "TLSv1.3/x"), "--tls TLSv1.3/x: VERSION/BITS is needed, such as TLSv1.3/256"),
    (("--client", "host"), "--client host: an IP address is needed"),
    (("--identity", "bob"), "--identity bob: sasl:NAME, cert:NAME, client:NAME, "
                            "local:NAME or net:NAME is needed"),
    (("--identity", "mac:1"), "--identity mac:1: sasl:NAME, cert:NAME, client:NAME, "
                              "local:NAME or net:NAME is needed"),
    (("--identity", "sasl:"), "--identity sasl:: sasl:NAME, cert:NAME, client:NAME, "
                              "local:NAME or net:NAME is needed"),
    (("--identity", "net:a", "--login", "b"), "--login and --identity: one of them will do"),
    (("-o", "novalue"), "-o novalue: NAME=VALUE is needed (at most 64 of them)"),
    (("-", "more"), 'explain: what is "more"?'),
]


@pytest.mark.parametrize("arguments,want", WRONG, ids=[row[1] for row in WRONG])
def test_wrong_usage(configured, arguments, want):
    """X42: status 64 and one line that says what is wrong."""
    got = tool.run("explain", "-c", configured(), *arguments, stdin=FROM_ALICE)
    assert got == (64, "", "submitctl: %s\n" % want)


def test_missing_envelope(configured):
    """X42: what the header cannot tell must be told."""
    for letter, want in (
        (b"To: a@example.com\n\n", "no --sender, and From has no address that could "
                                   "stand for it"),
        (b"From: <alice@\nTo: a@example.com\n\n", "no --sender, and From has no address "
                                                  "that could stand for it"),
        (b"From: alice@example.org\n\n", "no --rcpt, and To, Cc and Bcc have no address "
                                         "that could stand for it"),
    ):
        got = tool.run("explain", "-c", configured(), *ALICE, stdin=letter)
        assert got == (64, "", "submitctl: %s\n" % want)


def test_other_complaints(configured, tmp_path):
    """X42 X41: a missing message, a missing configuration, a broken one."""
    gone = tmp_path / "gone"
    status, _, err = tool.run("explain", "-c", configured(), gone)
    assert (status, err) == (66, "submitctl: %s: No such file or directory\n" % gone)
    status, _, err = tool.run("explain", "-c", gone, stdin=FROM_ALICE)
    assert status == 78 and str(gone) in err
    status, _, err = tool.run("explain", "-c", configured(), "-o", "nonsense=1",
                              stdin=FROM_ALICE)
    assert status == 78 and "nonsense" in err
    status, _, err = tool.run("explain", "--nonsense", stdin=FROM_ALICE)
    assert status == 64 and "explain --help tells the options" in err
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [tool.program(), "explain", "-c", configured(), *ALICE],
            input=FROM_ALICE, stdout=full, stderr=subprocess.PIPE, check=False,
        )
    assert done.returncode == 74 and b"standard output" in done.stderr


def test_no_trace_is_left(configured, tmp_path):
    """X42: explain writes no record, whatever audit says."""
    audit = tmp_path / "audit.jsonl"
    status, _ = explain(configured(audit={"file": str(audit)}), *ALICE)
    assert status == 0 and not audit.exists()


def test_options_stand_in_the_manual():
    """X42 X46: each option of each command is in submitctl(8) and the other way."""
    top = os.path.join(os.path.dirname(__file__), "..", "..")
    with open(os.path.join(top, "submit-milter", "submitctl.8"), encoding="ascii") as f:
        manual = f.read()
    listed = set(re.findall(r"(?m)^\.It Fl (?:\w , )?-([a-z-]+)", manual))
    helped = set()
    commands = re.findall(r"(?m)^\.Ss submitctl ([a-z-]+)$", manual)
    status, usage, _ = tool.run("--help")
    assert status == 0
    assert sorted(commands) == sorted(re.findall(r"(?m)^  ([a-z-]+) +\S", usage))
    for command in commands:
        status, out, err = tool.run(command, "--help")
        assert (status, err) == (0, "")
        helped |= set(re.findall(r"(?<![\w-])--([a-z-]+)", out))
    assert helped - {"help"} == listed - {"help"}


def test_json_names_stand_in_the_manual(configured):
    """X42 X46: each name in the JSON of explain is in submitctl(8)."""
    top = os.path.join(os.path.dirname(__file__), "..", "..")
    with open(os.path.join(top, "submit-milter", "submitctl.8"), encoding="ascii") as f:
        words = set(re.findall(r"[a-z_]+", f.read()))
    _, said = explain_json(configured(), *ALICE, "--sender", "bob@example.org")

    def names(value):
        if isinstance(value, dict):
            for name, inner in value.items():
                yield name
                yield from names(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from names(inner)

    assert set(names(said["explain"])) <= words
    assert json.dumps(said)
