"""What the daemon counts, as its control socket and HTTP show it."""

import pathlib
import re

import pytest

from harness import configuration as conf
from harness.message import whole
from harness.metrics import Metrics
from harness.session import Session, submit

MANUAL = pathlib.Path(__file__).parents[2] / "submit-milter" / "submit-milter-metrics.5"

# An address of another, which a table has.
SALES = whole("From: sales@example.org", "Sender: alice@example.org")


@pytest.fixture(scope="module")
def shared(module_start, strict):
    """A daemon with a rule on trial and a profile of its own."""
    return module_start(
        conf.changed(
            strict,
            profiles=[
                conf.profile("trial", rules={"header-fqdn": "warn"}),
                conf.profile("unsigned", sign="off"),
            ],
        )
    )


def rises(daemon, name, **labels):
    """By how much a sample has risen, each time it is asked."""
    last = [Metrics.of(daemon).get(name, **labels)]

    def look():
        now = Metrics.of(daemon).get(name, **labels)
        risen, last[0] = now - last[0], now
        return risen

    return look


RESULTS = {
    "passed": {},
    "refused": {"message": whole("From: bob@example.org")},
}


@pytest.mark.parametrize("result", RESULTS)
def test_messages(shared, kind, result):
    """X21: each counts once, by profile and result."""
    risen = rises(shared, "messages_total", profile="default", result=result)
    assert submit(shared, kind=kind, **RESULTS[result]).record["result"] == result
    assert risen() == 1


def test_aborted(shared):
    """X21: a message that is broken off; while it lasts it is under way."""
    risen = rises(shared, "messages_total", profile="default", result="aborted")
    with Session(shared) as session:
        session.mail()
        under_way = Metrics.of(shared)
        assert under_way.get("transactions") == 1
        assert under_way.get("connections") == 1
        assert under_way.get("memory_used_bytes") > 0
        session.mta.abort()
    shared.wait_for_metric("transactions", 0)
    shared.wait_for_metric("connections", 0)
    assert risen() == 1


def test_rules(shared):
    """X21: verdicts by rule, mode and action; those on trial, too."""
    passed = rises(shared, "rule_verdicts_total", rule="recipient-rights", mode="enforce", action="pass")
    refused = rises(shared, "rule_verdicts_total", rule="from-rights", mode="enforce", action="refuse")
    tried = rises(shared, "rule_verdicts_total", rule="header-fqdn", mode="warn", action="refuse")
    submit(shared, recipients=("<a@example.com>", "<b@example.com>"))
    assert (passed(), refused(), tried()) == (2, 0, 0)
    submit(shared, whole("From: bob@example.org"))
    assert (passed(), refused(), tried()) == (1, 1, 0)
    short = whole("From: alice@example.org", "Cc: someone@host")
    assert submit(shared, short, daemon_name="trial").verdict == "passed"
    assert (passed(), refused(), tried()) == (1, 0, 1)


REPLIES = {
    "mail": ({"login": None}, "530", "auth-missing"),
    "rcpt": ({"recipients": ("<a@example.com>", "<broken")}, "501", "recipient-syntax"),
    "message": ({"message": whole("From: bob@example.org")}, "550", "from-not-allowed"),
}


@pytest.mark.parametrize("stage", REPLIES)
def test_replies(shared, stage):
    """X21: by stage, code and reason."""
    options, code, reason = REPLIES[stage]
    risen = rises(shared, "replies_total", stage=stage, code=code, reason=reason)
    submit(shared, **options)
    assert risen() == 1


def test_signatures(shared):
    """X21: by algorithm; and why there is none."""
    rsa = rises(shared, "signatures_total", algorithm="rsa-sha256")
    ed = rises(shared, "signatures_total", algorithm="ed25519-sha256")
    off = rises(shared, "unsigned_total", reason="sign-off")
    signing = rises(shared, "signing_seconds_count")
    submit(shared)
    assert (rsa(), ed(), off(), signing()) == (1, 1, 0, 1)
    submit(shared, daemon_name="unsigned")
    assert (rsa(), ed(), off(), signing()) == (0, 0, 1, 0)


def test_times(shared):
    """X21: a histogram for each stage and for the wait for the record."""
    stages = {
        stage: rises(shared, "stage_seconds_count", stage=stage)
        for stage in ("mail", "rcpt", "header", "message")
    }
    waits = rises(shared, "audit_wait_seconds_count")
    submit(shared, recipients=("<a@example.com>", "<b@example.com>"))
    assert {stage: risen() for stage, risen in stages.items()} == {
        "mail": 1, "rcpt": 2, "header": 1, "message": 1}
    assert waits() == 1
    got = Metrics.of(shared)
    buckets = got.all("stage_seconds_bucket", stage="message")
    assert buckets == sorted(buckets) and buckets[-1] == got.get("stage_seconds_count", stage="message")
    assert got.get("stage_seconds_sum", stage="message") > 0


def test_tables(shared):
    """X21: look-ups by table and answer."""
    found = rises(shared, "table_lookups_total", table="logins", answer="found")
    timed = rises(shared, "table_lookup_seconds_count", table="logins")
    submit(shared, SALES, sender="<sales@example.org>")
    assert found() >= 1 and timed() >= 1


def test_audit(shared):
    """X21: records of each sink; none waits, none is lost."""
    written = rises(shared, "audit_records_total", sink="file")
    submit(shared)
    assert written() == 1
    got = Metrics.of(shared)
    assert got.get("audit_up", sink="file") == 1
    assert got.get("audit_queue_records", sink="file") == 0
    assert got.get("audit_lost_total", sink="file") == 0
    assert got.get("audit_commit_seconds_count", sink="file") > 0


def test_reload(start, strict):
    """X21: counts go on; a reload that failed shows."""
    daemon = start(strict)
    submit(daemon, SALES, sender="<sales@example.org>")
    before = Metrics.of(daemon)
    daemon.reload(daemon.changed(profiles=[conf.profile("new")]))
    submit(daemon, daemon_name="new")
    after = Metrics.of(daemon)
    assert after.get("config_generation") == before.get("config_generation") + 1
    assert after.get("messages_total", profile="default", result="passed") == 1
    assert after.get("messages_total", profile="new", result="passed") == 1
    lookups = "table_lookups_total"
    assert sum(after.all(lookups)) >= sum(before.all(lookups)) > 0
    daemon.expect("not reloaded")
    daemon.reload("nonsense = 1;", want="not reloaded")
    failed = Metrics.of(daemon)
    assert failed.get("config_last_reload_successful") == 0
    assert failed.get("config_reloads_total", result="failed") == 1
    assert failed.get("config_generation") == after.get("config_generation")
    daemon.reload(daemon.configuration)
    assert Metrics.of(daemon).get("config_last_reload_successful") == 1


def test_nobody_is_named(shared):
    """X21 X20: no address, identity or client in any of it."""
    submit(shared)
    text = Metrics.of(shared).text
    for secret in ("alice", "@", "example", "127."):
        assert secret not in text


def test_manual(shared):
    """X21 X46: the manual has each metric, with its labels, type and help, and no other."""
    text = Metrics.of(shared).text
    types = dict(re.findall(r"# TYPE submit_milter_(\w+) (\w+)", text))
    helps = dict(re.findall(r"# HELP submit_milter_(\w+) (.*)", text))
    manual = re.findall(r"^\.It Cm (\w+)(?: Brq (\S+))?\n(\w+)\.\n(.*)$", MANUAL.read_text(), re.M)
    assert {name: kind.lower() for name, _, kind, _ in manual} == types
    assert {name: said for name, _, _, said in manual} == helps
    listed = {name: set(labels.split(",")) - {""} for name, labels, _, _ in manual}
    for name, labels, _ in Metrics.of(shared).samples:
        family = name if name in listed else re.sub("_(bucket|sum|count)$", "", name)
        assert set(labels) - {"le"} == listed[family], name
