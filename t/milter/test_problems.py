"""What clients' programs do wrong: in the record, and in the log now and then."""

import re

import pytest

from harness import configuration as conf
from harness.kinds import Tls
from harness.message import letter
from harness.session import Session, submit

BARE = letter("From: alice@example.org")


@pytest.fixture
def daemon(start, strict):
    return start(strict)


def told(daemon):
    """Problem, client and number held back of each line."""
    pattern = r"client problem (\S+) client=(\S+) identity=\S+ held-back=(\d+)$"
    return re.findall(pattern, daemon.log(), re.M)


def test_once_in_a_while(daemon):
    """D5.2: one line for each problem of each client, whatever comes after."""
    for _ in range(5):
        record = submit(daemon, BARE).record
        assert record["problems"] == ["missing-date", "missing-message-id"]
    submit(daemon, BARE, address="192.0.2.77")
    assert told(daemon) == [
        ("missing-date", "192.0.2.10", "0"),
        ("missing-message-id", "192.0.2.10", "0"),
        ("missing-date", "192.0.2.77", "0"),
        ("missing-message-id", "192.0.2.77", "0"),
    ]
    daemon.reload(daemon.configuration)
    daemon.wait_for_log("problems of clients held back and not told of yet: 8")


def test_count_of_what_was_held_back(start, strict):
    """D5.2: the next line has it."""
    daemon = start(conf.changed(strict, log={"problem_interval": 1}))

    def has_count():
        submit(daemon, BARE)
        return any(int(held) > 0 for _, _, held in told(daemon))

    for _ in range(3000):
        if has_count():
            break
    assert has_count()


def test_not_at_all(start, strict):
    """D5.2: 0 means none."""
    daemon = start(conf.changed(strict, log={"problem_interval": 0}))
    assert submit(daemon, BARE).record["problems"]
    assert not told(daemon)


def test_rules_about_form(daemon):
    """D5.2: refusals for bad syntax and names that are not whole."""
    with Session(daemon) as session:
        session.mail()
        session.rcpt("<someone@example>")
        session.rcpt("<some one@example.com>")
        session.mta.abort()
        (record,) = session.records(1)
    assert set(record["problems"]) == {"recipient-domain", "recipient-syntax"}
    assert {name for name, _, _ in told(daemon)} == set(record["problems"])


def test_old_tls(start, strict):
    """D5.2: TLS 1.1, where it is let through."""
    daemon = start(conf.changed(strict, default_profile={"tls": {"minimum_version": "1.0"}}))
    record = submit(daemon, BARE, tls=Tls(version="TLSv1.1")).record
    assert "old-tls" in record["problems"]


def test_none(daemon):
    """D5.2: nothing is said of a client that does all right."""
    assert "problems" not in submit(daemon).record
    assert not told(daemon)
