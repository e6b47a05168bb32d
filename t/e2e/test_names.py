"""Sender, recipients and address fields leave under other names."""

import os
import pathlib
import subprocess

import dns.resolver
import pytest

from lab.dkimcheck import verify
from support import config
from support.smtp import Client
from support.submission import ALICE, Outcome, submit, talk, whole

CONFIGURATION = config.text(
    tables=config.inline(
        senders=[("@example.org", ALICE), ("@.example.org", ALICE), ("@.example", ALICE)],
        labels=[("sales", "sales.example.net")],
        users=[("carol", "example.com")],
        known=[("carol@example.com", "x")],
        canonical=[
            ("jru@example.org", "J.Random.User"),
            ("@old.example", "@new.example"),
            ("@.office.example.org", "@example.org"),
            ("closed@old.example", "closed@rival.example"),
        ],
        denied=[("@rival.example", "*")],
    ),
    rights='{ tables = ( { table = "senders"; right = "own"; } ); }',
    recipients='{ denied = "denied"; }',
    qualify='{ labels = "labels"; users = "users"; mailboxes = "known"; }',
    rewrites="""( { table = "canonical"; envelope_sender = true;
        envelope_recipients = true; header_senders = true; header_recipients = true; } )""",
    aliases='{ zones = [ ".example.org" ]; }',
    dns='{ servers = [ "%s" ]; }' % os.environ.get("LAB_DNS"),
    stage_timeout="2000",
    default_profile="{ complete: { alias_header = true; }; dns_check: { envelope = true; }; }",
)

# Without the DNS, which does not know the names that are made up.
RENAMING = CONFIGURATION.replace("envelope = true; };", "envelope = false; };")


@pytest.fixture(scope="module", name="renaming")
def start_renaming(start_lab):
    """A lab where names change."""
    with start_lab(RENAMING) as other:
        yield other


@pytest.fixture(scope="module", name="checking")
def start_checking(start_lab):
    """The same, and the DNS is asked about the envelope."""
    with start_lab(CONFIGURATION) as other:
        yield other


# As written, and as relayed.
PATHS = {
    "joe@sales": "joe@sales.example.net",
    "carol": "carol@example.com",
    "ann@old.example": "ann@new.example",
    "bob@alias.example.org": "bob@sales.example.org",
    "someone@example.com": "someone@example.com",
}


@pytest.mark.proves("D4.2", "D4.2b", "D4.2c", "W2", "D8.7", "D8.8")
def test_names_as_relayed(renaming):
    """Envelope and header leave alike, and the signature holds."""
    fields = ["Cc: Joe <joe@sales> (x), team: carol, ann@old.example;", "Reply-To: bob@alias.example.org"]
    got = submit(
        renaming,
        whole("From: Jay <jru@example.org>", *fields),
        sender="<jru@example.org>",
        recipients=["<%s>" % path for path in PATHS],
    )
    assert got.verdict == "250 2.0.0 at DATA"
    relayed = got.relayed_to(PATHS.values())[0]
    assert relayed.sender == "J.Random.User@example.org"
    assert relayed.value("From") == "Jay <J.Random.User@example.org>"
    assert relayed.value("Cc") == "Joe <joe@sales.example.net> (x), team: carol@example.com, ann@new.example;"
    assert relayed.value("Reply-To") == "bob@sales.example.org"
    found = verify(relayed.content, renaming.dns)
    assert len(found) == 2 and all(signature.is_valid for signature in found)


@pytest.mark.proves("D8.8")
def test_what_the_sender_wants_to_be_told(renaming):
    """NOTIFY and ORCPT go to the recipient that takes the place."""
    with Client(renaming) as client:
        assert client.authenticate(ALICE).code == 235
        got = talk(
            client,
            Outcome(renaming, client.helo),
            "<%s> RET=HDRS ENVID=abc" % ALICE,
            ["<ann@old.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;ann@first.example"],
            whole("From: " + ALICE),
        )
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.relayed.recipients == ["ann@new.example"]
    params = got.relayed.recipient_params[0]
    assert {"NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;ann@first.example"} <= set(params)
    assert {"RET=HDRS", "ENVID=abc"} <= set(got.relayed.sender_params)


@pytest.mark.proves("D8.8", "D6.2")
def test_no_way_around_the_rules(renaming):
    """A recipient that takes another's place meets the rules again."""
    got = submit(renaming, recipients=["<closed@old.example>", "<x@example.com>"])
    assert [r.codes for r in got.recipient_replies] == ["550 5.7.1", "250 " + got.recipient_replies[1].codes[4:]]
    assert got.relayed.recipients == ["x@example.com"]


@pytest.mark.proves("D4.2")
@pytest.mark.parametrize(
    "path, want",
    [
        ("<x@squeaky.sales>", "554 5.1.2"),
        ("<x@unknown>", "554 5.1.2"),
        ("<x@nowhere.example.org>", "554 5.1.2"),
        ("<x@nullmx.example.org>", "556 5.1.10"),
        ("<x@servfail.example>", "451 4.4.3"),
        ("<x@refused.example>", "451 4.4.3"),
        ("<x@timeout.example>", "451 4.4.3"),
        ("<x@loop1.example.org>", "451 4.4.3"),
    ],
)
def test_recipients_that_cannot_be(checking, path, want):
    """Incomplete, unknown, without mail, or not to be told."""
    got = submit(checking, recipients=[path])
    assert got.verdict == want + " at RCPT"


@pytest.mark.proves("D4.2", "D3.2")
@pytest.mark.parametrize(
    "path, want",
    [
        ("<x@nowhere.example.org>", "554 5.1.8"),
        ("<x@nullmx.example.org>", "550 5.7.27"),
        ("<x@servfail.example>", "451 4.4.3"),
        ("<x@timeout.example>", "451 4.4.3"),
        ("<x@loop1.example.org>", "451 4.4.3"),
    ],
)
def test_senders_that_cannot_be(checking, path, want):
    """The same of the sender."""
    got = submit(checking, whole("From: " + ALICE), sender=path)
    assert got.verdict == want + " at MAIL"


@pytest.mark.proves("D4.2")
def test_what_the_dns_of_the_lab_says(checking):
    """The names above are what they are for: each failure is one of its own kind."""
    ask = lab_resolver(checking)
    with pytest.raises(dns.resolver.NXDOMAIN):
        ask.resolve("nowhere.example.org", "MX")
    with pytest.raises(dns.resolver.NoNameservers, match="SERVFAIL"):
        ask.resolve("servfail.example", "MX")
    with pytest.raises(dns.resolver.NoNameservers, match="REFUSED"):
        ask.resolve("refused.example", "MX")
    with pytest.raises(dns.resolver.LifetimeTimeout):
        ask.resolve("timeout.example", "MX", lifetime=1.0)
    assert str(ask.resolve("alias.example.org", "MX").canonical_name) == "sales.example.org."


def lab_resolver(lab):
    """It asks the lab's DNS server and nobody else."""
    made = dns.resolver.Resolver(configure=False)
    host, port = lab.dns.split(":")
    made.nameservers, made.port = [host], int(port)
    return made


@pytest.mark.proves("D4.2", "D8.7")
def test_names_that_the_dns_knows(checking):
    """They pass, an alias under its canonical name, and each but once."""
    got = submit(checking, recipients=["<x@example.net>", "<x@alias.example.org>", "<x@sales.example.org>"])
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.relayed_to(["x@example.net", "x@sales.example.org"])


@pytest.mark.proves("X45", "D4.2")
def test_questions_from_the_sandbox(checking):
    """The system calls that are left are enough to ask by UDP and TCP, and to wait in vain."""
    told = subprocess.run([checking.program, "--version"], stdout=subprocess.PIPE, check=True).stdout
    if b"system calls: filtered by" in told:
        status = pathlib.Path("/proc/%d/status" % checking.milter_pid).read_text()
        assert "\nSeccomp:\t2\n" in status and "\nNoNewPrivs:\t1\n" in status
    paths = ["<x@many.example.org>", "<x@timeout.example>", "<y@example.com>"]
    got = submit(checking, recipients=paths)
    assert [r.code for r in got.recipient_replies] == [250, 451, 250]
    got.relayed_to(["x@many.example.org", "y@example.com"])
    assert len(lab_resolver(checking).resolve("many.example.org", "MX", tcp=True)) == 200
