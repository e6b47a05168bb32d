"""Rules that are enforced, on trial, or off."""

import re

import pytest

from harness import configuration as conf
from harness.daemon import TOP
from harness.message import letter, whole
from harness.session import Session, submit

FROM = "From: alice@example.org"

# For each rule a message that offends against it and against no other.
OFFENCES = {
    "auth-required": {"login": None, "sender": "<>"},
    "account": {
        "login": "suspended@example.org",
        "sender": "<suspended@example.org>",
        "message": whole("From: suspended@example.org"),
    },
    "tls-required": {"tls": None},
    "parameters": {"params": ("RET=HDRS",)},
    "recipient-rights": {"recipients": ["<enemy@example.com>"]},
    "envelope-syntax": {"recipients": ["<some one@example.com>"]},
    "envelope-fqdn": {"recipients": ["<someone@localhost>"]},
    "sender-rights": {"sender": "<bob@example.org>"},
    "from-rights": {"message": whole(FROM, "Sender: bob@example.org")},
    "header-syntax": {"message": whole(FROM, "Cc: a@@b")},
    "header-fqdn": {"message": whole(FROM, "Cc: someone@localhost")},
    "message-syntax": {"message": whole(FROM, "X: a\rb")},
    "policy": {"message": whole(FROM, "X-Forbidden: 1")},
    "transfer-encoding": {"message": whole(FROM, "Content-Type: multipart/x", body=b"\xe4\r\n")},
}
# These need another rule to be off first, or more of a configuration.
ELSEWHERE = {"return-path", "postmaster", "relay", "encrypt"}

TEXT = (TOP / "submit-milter" / "policy" / "rules.def").read_text()
RULES = set(re.findall(r'(?m)^RULE\(\w+, "([^"]+)"', TEXT))
FIXED = set(re.findall(r'(?m)^FIXED_RULE\(\w+, "([^"]+)"', TEXT))

REASONS = {
    "auth-required": "auth-missing",
    "account": "account-suspended",
    "tls-required": "tls-missing",
    "parameters": "parameter-forbidden",
    "recipient-rights": "recipient-not-allowed",
    "envelope-syntax": "recipient-syntax",
    "envelope-fqdn": "recipient-domain",
    "sender-rights": "sender-not-allowed",
    "from-rights": "from-not-allowed",
    "header-syntax": "address-syntax",
    "header-fqdn": "address-domain",
    "message-syntax": "field-control",
    "policy": "field-forbidden",
    "transfer-encoding": "not-encoded",
}


@pytest.fixture(scope="module")
def daemon(module_start, strict):
    """A listener for each rule on trial, for each one off, and for all."""
    profiles = []
    for rule in OFFENCES:
        for mode in ("warn", "off"):
            # From of nobody is nobody's right: of use for auth-required only.
            also = {"from-rights": "off"} if rule == "auth-required" else {}
            profiles.append(conf.profile("%s-%s" % (mode, rule), rules={**also, rule: mode}))
    for mode in ("warn", "off"):
        profiles.append(conf.profile(mode, rules={rule: mode for rule in RULES}))
    tables = {
        "accounts": conf.inline(("suspended@example.org", "suspended")),
        "denied": conf.inline(("enemy@example.com", "*")),
    }
    changes = {
        "tables": tables,
        "accounts": {"table": "accounts"},
        "recipients": {"denied": "denied"},
        "default_profile": {
            "forbidden_parameters": ("RET",),
            "content": {"forbidden_fields": ("X-Forbidden",)},
            "encode": {"eight_bit": "encode"},
        },
    }
    return module_start(conf.changed(strict, profiles=profiles, **changes))


def verdict_of(record, rule):
    """The verdicts of a rule that are no passes."""
    return [v for v in record["verdicts"] if v["rule"] == rule and v["action"] != "pass"]


@pytest.mark.parametrize("rule", OFFENCES)
def test_rule_on_trial(daemon, kind, rule):
    """X3 A6: passes, and record and log say what would have been."""
    enforced = submit(daemon, kind=kind, **OFFENCES[rule])
    if rule != "auth-required":
        assert enforced.record["reply"]["reason"] == REASONS[rule]
    assert not enforced.verdict == "passed"
    got = submit(daemon, kind=kind, daemon_name="warn-" + rule, **OFFENCES[rule])
    assert got.verdict == "passed"
    assert got.record["reply"] is None
    (verdict,) = verdict_of(got.record, rule)
    assert (verdict["mode"], verdict["action"]) == ("warn", "refuse")
    assert verdict["reason"] == REASONS[rule]
    line = daemon.wait_for_log("/%s: passed" % got.record["id"])
    assert line.endswith("would-refuse=%s/%s" % (rule, REASONS[rule]))


@pytest.mark.parametrize("rule", OFFENCES)
def test_rule_that_is_off(daemon, kind, rule):
    """X3: passes, and nothing is said of the rule."""
    got = submit(daemon, kind=kind, daemon_name="off-" + rule, **OFFENCES[rule])
    assert got.verdict == "passed"
    assert rule not in {v["rule"] for v in got.record["verdicts"]}
    line = daemon.wait_for_log("/%s: passed" % got.record["id"])
    assert "would-refuse" not in line


def test_every_rule_is_tried():
    """X3: a rule without a message that offends is not tested here."""
    assert RULES | FIXED == set(OFFENCES) | ELSEWHERE


def test_all_rules_of_a_stage_are_recorded(daemon, kind):
    """A6 D4.1: the first enforced one decides, none hides the others."""
    got = submit(daemon, kind=kind, login=None, tls=None, sender="<bob@localhost>")
    assert got.verdict == "530 5.7.0 at mail"
    seen = {v["rule"]: v.get("reason") for v in got.record["verdicts"]}
    assert {rule: seen[rule] for rule in list(seen) if seen[rule]} == {
        "auth-required": "auth-missing",
        "tls-required": "tls-missing",
        "envelope-fqdn": "sender-domain",
        "sender-rights": "sender-not-allowed",
    }
    assert got.record["reply"]["reason"] == "auth-missing"


def test_everything_on_trial(daemon, kind):
    """X3 X10: nothing is refused, all is recorded, nothing is signed."""
    message = letter("From: bob@localhost", "Cc: a@@b", "X: a\rb", "Date: a", "Date: b")
    with Session(daemon, kind, login=None, tls=None, daemon_name="warn") as session:
        got = session.submit(message, "<bob@localhost>", ["<a b@c.example>", "<d@localhost>"])
        assert got.verdict == "passed"
    (record,) = session.records(1)
    reasons = {v["reason"] for v in record["verdicts"] if v["action"] != "pass"}
    assert reasons == {
        "auth-missing",
        "tls-missing",
        "sender-domain",
        "sender-not-allowed",
        "recipient-syntax",
        "recipient-domain",
        "from-unqualified",
        "address-syntax",
        "address-domain",
        "field-control",
    }
    assert all(v["mode"] == "warn" for v in record["verdicts"])
    assert record["signatures"] == [] and record["unsigned"]
    assert [r["result"] for r in record["envelope"]["recipients"]] == ["accepted"] * 2


def test_everything_off(daemon, kind):
    """X3 X10: passes, unsigned; no rule is even asked."""
    message = letter("From: bob@localhost", "Cc: a@@b", "X: a\rb", body=b"a\nb\0\r\n")
    got = submit(daemon, message, kind=kind, login=None, tls=None, daemon_name="off")
    assert got.verdict == "passed"
    assert {v["rule"] for v in got.record["verdicts"]} <= FIXED
    assert got.record["signatures"] == [] and got.record["unsigned"]


MODES = {
    "enforce": "550 5.1.7 at mail",
    "warn": "passed",
    "off": "passed",
}


@pytest.mark.parametrize("mode", MODES)
def test_return_path(start, strict, mode):
    """D3.2 X3: matters where syntax of the sender is not enforced."""
    rules = {"envelope-syntax": "off", "sender-rights": "off", "return-path": mode}
    daemon = start(conf.changed(strict, default_profile={"rules": rules}))
    got = submit(daemon, whole("From: joe@example.org"), sender="<joe", login="joe")
    assert got.verdict == MODES[mode]
    own = submit(daemon, sender="<alice")
    assert own.verdict == "passed", "a login that is an address has a return path"
