"""What the DNS says of domains: whether they exist, take mail, are aliases."""

import concurrent.futures

import pytest

from harness import configuration as conf
from harness.daemon import wait_for
from harness.message import whole
from harness.session import Session, submit
from lab.owndns import Dns
from test_names import added, changed_sender, deleted, of_envelope

RECORDS = {
    "example.com": [("MX", "10 mx.example.com.")],
    "nomx.example.com": [("A", "192.0.2.1")],
    "nullmx.example.com": [("MX", "0 .")],
    "broken.example.com": "SERVFAIL",
    "refused.example.com": "REFUSED",
    "silent.example.com": None,
    "www.zone.example": [("CNAME", "host.zone.example.")],
    "host.zone.example": [("MX", "10 mx.zone.example.")],
    "chain1.zone.example": [("CNAME", "chain2.zone.example.")],
    "chain2.zone.example": [("CNAME", "HOST.zone.example.")],
    "loop1.zone.example": [("CNAME", "loop2.zone.example.")],
    "loop2.zone.example": [("CNAME", "loop1.zone.example.")],
    "dangling.zone.example": [("CNAME", "nowhere.zone.example.")],
    "broken.zone.example": "SERVFAIL",
    "other.example": [("CNAME", "host.zone.example.")],
}

ALICE = whole("From: alice@example.org")


@pytest.fixture(scope="module", name="server")
def start_server():
    """A DNS server with the names above."""
    with Dns(dict(RECORDS)) as server:
        yield server


def checking(strict, server, **check):
    """A configuration that asks the server about domains."""
    senders = [{"table": "senders", "key": "address", "right": "own"}]
    return conf.changed(
        strict,
        tables={"senders": conf.inline(*[("@" + d, "alice@example.org") for d in RECORDS])},
        rights={"tables": senders},
        local_domains=("example.org",),
        stage_timeout=1500,
        dns={"servers": (server.address,)},
        default_profile={"sign": "off", "dns_check": check},
    )


@pytest.fixture(scope="module", name="daemon")
def start_daemon(module_start, strict, server):
    """A daemon that checks envelope and header."""
    return module_start(checking(strict, server, envelope=True, header=True))


# Of the domain: as recipient, as sender, in a field.
ANSWERS = {
    "example.com": ("continue", "passed", "passed"),
    "EXAMPLE.com": ("continue", "passed", "passed"),
    "nomx.example.com": ("continue", "passed", "passed"),
    "nowhere.example.com": ("554 5.1.2", None, "554 5.6.0 at end"),
    "nullmx.example.com": ("556 5.1.10", "550 5.7.27 at mail", "passed"),
    "broken.example.com": ("451 4.4.3", "451 4.4.3 at mail", "451 4.4.3 at end"),
    "refused.example.com": ("451 4.4.3", "451 4.4.3 at mail", "451 4.4.3 at end"),
    "silent.example.com": ("451 4.4.3", "451 4.4.3 at mail", "451 4.4.3 at end"),
    "example.org": ("continue", "passed", "passed"),
}


@pytest.mark.parametrize("domain", ANSWERS)
def test_domains_are_looked_up(daemon, server, domain):
    """D4.2 D4.2b: NXDOMAIN, null MX and failure, each for itself."""
    recipient, sender, field = ANSWERS[domain]
    got = submit(daemon, recipients=["<x@%s>" % domain])
    assert got.recipient_answers[0].verdict == recipient
    if sender is not None:
        got = submit(daemon, sender="<alice@%s>" % domain, recipients=["<x@example.com>"])
        assert got.verdict == sender
    got = submit(daemon, whole("From: alice@example.org", "Cc: x@%s" % domain), recipients=["<x@example.com>"])
    assert got.verdict == field
    assert server.asked["example.org"] == 0, "ours are not asked about"


def test_unknown_sender_domain(module_start, strict, server):
    """D4.2: 554 5.1.8, whoever has the right to it."""
    options = checking(strict, server, envelope=True)
    options["tables"]["senders"]["rows"].append(("@gone.example.com", "alice@example.org"))
    daemon = module_start(options)
    assert submit(daemon, sender="<alice@gone.example.com>").verdict == "554 5.1.8 at mail"


def test_failure_may_pass(module_start, strict, server):
    """D4.2: per option, a DNS that fails keeps no mail back; NXDOMAIN does."""
    daemon = module_start(checking(strict, server, envelope=True, failure="pass"))
    got = submit(daemon, ALICE, recipients=["<x@broken.example.com>", "<x@gone.example.com>"])
    assert [a.verdict for a in got.recipient_answers] == ["continue", "554 5.1.2"]
    assert got.verdict == "passed"


def test_answers_are_kept(start, strict):
    """D4.2: as long as their TTL says, and across a reload."""
    with Dns(dict(RECORDS)) as server:
        daemon = start(checking(strict, server, envelope=True))
        for _ in range(3):
            assert submit(daemon, recipients=["<x@example.com>"]).verdict == "passed"
        daemon.reload()
        assert submit(daemon, recipients=["<x@example.com>"]).verdict == "passed"
        assert server.asked["example.com"] == 1


def one(daemon, recipient):
    """What became of one submission, without a look at the record."""
    with Session(daemon) as session:
        got = session.submit(ALICE, recipients=[recipient])
        session.mta.quit()
        return got


def test_slow_server_takes_no_workers(start, strict):
    """D4.2: only so many wait for the DNS, the others are answered at once."""
    with Dns(dict(RECORDS)) as server, concurrent.futures.ThreadPoolExecutor(1) as pool:
        server.is_silent = True
        options = checking(strict, server, envelope=True)
        options["stage_timeout"] = 60000
        options["dns"]["waiting"] = 1
        daemon = start(options)
        first = pool.submit(one, daemon, "<x@example.com>")
        wait_for(lambda: server.asked["example.com"], "no question")
        got = one(daemon, "<x@d1.example>")
        assert got.verdict == "451 4.4.3 at rcpt"
        assert one(daemon, "<x@example.org>").verdict == "passed", "which needs no DNS"
        assert not first.done()
        assert server.asked["d1.example"] == 0
        server.is_silent = False
        assert first.result().verdict == "passed", "it recovers"
        assert one(daemon, "<x@nomx.example.com>").verdict == "passed"


def test_time_is_ours(start, strict):
    """D4.2: a message waits for its own deadline, and no longer."""
    with Dns(dict(RECORDS)) as server:
        server.is_silent = True
        options = checking(strict, server, envelope=True)
        options["stage_timeout"] = 300
        daemon = start(options)
        got = one(daemon, "<x@example.com>")
        assert got.verdict == "451 4.4.3 at rcpt"
        server.is_silent = False
        # The question is still open: its answer serves the next ones.
        wait_for(lambda: one(daemon, "<x@example.com>").verdict == "passed", "it does not recover")


# --- aliases


def resolving(strict, server, **options):
    """A configuration that resolves aliases in zone.example."""
    complete = options.pop("complete", {})
    return conf.changed(
        checking(strict, server),
        aliases={"zones": (".zone.example",), **options},
        default_profile={"complete": complete},
    )


@pytest.fixture(scope="module", name="aliases")
def start_aliases(module_start, strict, server):
    """A daemon that resolves aliases in envelope and header."""
    return module_start(resolving(strict, server, complete={"alias_header": True}))


CANONICAL = {
    "www.zone.example": "host.zone.example",
    "WWW.zone.example": "host.zone.example",
    "chain1.zone.example": "host.zone.example",
    "host.zone.example": "host.zone.example",
    "other.example": "other.example",
    "dangling.zone.example": "dangling.zone.example",
    "nowhere.zone.example": "nowhere.zone.example",
}


@pytest.mark.parametrize("domain", CANONICAL)
def test_aliases_are_resolved(aliases, domain):
    """D8.7 X6: in envelope and header, to the end of a chain, in listed zones."""
    want = CANONICAL[domain]
    message = whole("From: alice@example.org", "Cc: Joe (%s) <joe@%s>, x@example.com" % (domain, domain))
    got = submit(aliases, message, recipients=["<joe@%s>" % domain])
    assert got.verdict == "passed"
    edits = [deleted("<joe@%s>" % domain), added("<joe@%s>" % want)]
    assert of_envelope(got.edits) == ([] if want == domain else edits)
    assert got.leaving.values("Cc") == [b" Joe (%s) <joe@%s>, x@example.com" % (domain.encode(), want.encode())]
    again = submit(aliases, got.leaving, recipients=["<joe@%s>" % want])
    assert (again.verdict, again.edits) == ("passed", [])


def test_alias_of_the_sender(aliases):
    """D8.7: rights are to what was submitted, and the alias is what leaves."""
    got = submit(aliases, ALICE, sender="<alice@www.zone.example>")
    assert of_envelope(got.edits) == [changed_sender("<alice@host.zone.example>")]
    assert got.record["edits"][0]["cause"] == "alias"


@pytest.mark.parametrize("domain", ["loop1.zone.example", "broken.zone.example"])
def test_alias_that_cannot_be_resolved(aliases, module_start, strict, server, domain):
    """D8.7: loops end; 451, or the name as it is, per option."""
    got = submit(aliases, recipients=["<x@%s>" % domain])
    assert got.verdict == "451 4.4.3 at rcpt"
    got = submit(aliases, whole("From: alice@example.org", "Cc: x@%s" % domain))
    assert got.verdict == "451 4.4.3 at end"
    daemon = module_start(resolving(strict, server, failure="leave"))
    got = submit(daemon, ALICE, recipients=["<x@%s>" % domain])
    assert (got.verdict, got.edits) == ("passed", [])


def test_aliases_in_the_header_are_an_option(module_start, strict, server):
    """D8.7: off unless it is wished for."""
    daemon = module_start(resolving(strict, server))
    got = submit(daemon, whole("From: alice@example.org", "Cc: x@www.zone.example"))
    assert (got.verdict, got.edits) == ("passed", [])
