"""A port 25 where users submit and other servers deliver."""

import re

import pytest

from support import config
from support.lab import wait_for
from support.smtp import Client
from support.submission import ALICE, FROM_ALICE, letter, submit, whole

CONFIG = config.text(
    local_domains=config.names("example.org", ".example.org"),
    tables=config.inline(
        networks='{ type = "cidr"; file = "@LAB_DIR@/networks"; }',
        shared=[("printer@example.org", "net:printers")],
    ),
    identity='{ realm = "example.org"; networks = "networks"; }',
    rights='{ tables = ( { table = "shared"; } ); }',
    profiles="""( { name = "mixed"; mixed = true;
        listeners = ( { daemon_name = "MX"; } ); } )""",
    audit="{ transfer = true; connections = true; }",
)


@pytest.fixture(scope="module")
def site(start_lab):
    """A lab whose port 25 is mixed."""
    with start_lab(CONFIG) as other:
        yield other


def deliver(lab, message, **options):
    """Mail from another server: no TLS, no login."""
    options = {
        "sender": "<someone@outside.example>",
        "recipients": ("<bob@example.org>",),
        "tls": False,
        **options,
    }
    return submit(lab, message, login=None, listener="mx", **options)


MESSAGES = {
    "plain": whole("From: someone@outside.example"),
    "no Date, no Message-ID, no To": b"From: someone@outside.example\r\n\r\nHello.\r\n",
    "no From": letter("Subject: nobody"),
    "From of ours": whole("From: alice@example.org"),
    "broken From": whole("From: <<>> alice@example.org <bob@example.org>"),
    "two Dates, two Subjects": letter("Date: x", "Date: y", "Subject: a", "Subject: b"),
    "broken addresses": letter("From: a@b", "To: <x", "Cc: y@localhost", "Reply-To: @"),
    "odd blanks": letter("From:a@outside.example", "To:  \t b@example.org  ", "X:"),
    "a signature": whole(
        "DKIM-Signature: v=1; a=rsa-sha256; d=outside.example; s=x; h=from; bh=eA==;"
        "\r\n\tb=eA==",
        "From: someone@outside.example",
    ),
    "trace of ours, forged": whole(
        "X-Original-From: alice@example.org", "From: someone@outside.example"
    ),
    "8 bit": letter("From: a@outside.example", b"Subject: gr\xfc\xdfe", body=b"\xff\r\n"),
    "long lines": letter("From: a@outside.example", body="x" * 990 + "\r\n"),
    "dots": letter("From: a@outside.example", body=".\r\n..\r\n"),
    "many fields": letter("From: a@outside.example", *["X: %d" % n for n in range(600)]),
}


@pytest.mark.proves("A5", "D8.2")
@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
def test_mail_from_outside_is_left_alone(site, message):
    """To the octet, but for the MTA's own Received field; unsigned."""
    got = deliver(site, message)
    assert got.verdict == "250 2.0.0 at DATA"
    received = rb"Received: from [^\r\n]*(\r\n[ \t][^\r\n]*)*\r\n"
    rest = re.sub(received, b"", got.relayed.content, count=1)
    if site.mta.completes:
        # Sendmail itself completes and mends a header, whoever it is from.
        assert got.relayed.body == message.partition(b"\r\n\r\n")[2]
        assert not got.relayed.values("To") or b"\nTo:" in message
    else:
        assert rest == message
    record = got.record
    assert record["profile"] == "mixed" and record["identity"] is None
    assert not record["edits"] and not record["signatures"]


@pytest.mark.proves("A5", "D3.2")
@pytest.mark.parametrize(
    "recipient",
    ["<bob@example.org>", "<bob@Sub.Example.ORG>", "<Postmaster>", '<"bob"@example.org>'],
)
@pytest.mark.parametrize("sender", ["<>", "<someone@outside.example>"])
@pytest.mark.parametrize("tls", [True, False])
def test_mail_from_outside_comes_in(site, sender, recipient, tls):
    """Bounces too, with TLS and without, to every local domain."""
    got = deliver(
        site, MESSAGES["plain"], sender=sender, recipients=(recipient,), tls=tls
    )
    assert got.verdict == "250 2.0.0 at DATA"


RELAYS = (
    "<victim@bank.example>",
    "<victim@example.com>",
    "<victim%bank.example@example.org>",
    "<bank.example!victim@example.org>",
    '<"victim@bank.example"@example.org>',
    '<"victim%bank.example"@example.org>',
    "<@example.org:victim@bank.example>",
    "<@example.org,@mx.example.org:victim@bank.example>",
    "<@example.org:victim%bank.example@example.org>",
    "<victim@example.org.bank.example>",
    "<victim@notexample.org>",
    "<victim@[192.0.2.1]>",
    "<victim@bank.example@example.org>",
    "<victim@bank.example.>",
    '<"victim@bank.example">',
    "<postmaster@bank.example>",
    "victim@bank.example",
)


@pytest.mark.proves("A5", "A2")
@pytest.mark.parametrize("sender", ["<someone@outside.example>", "<>", "<bob@example.org>"])
def test_never_an_open_relay(site, sender):
    """Refused to whoever is unknown, and nothing of it is relayed."""
    with Client(site, "mx", tls=False) as client:
        assert client.mail(sender).code == 250
        for recipient in RELAYS:
            answer = client.rcpt(recipient)
            assert answer.code in (501, 530, 550, 553, 554), (recipient, answer)
        assert client.rcpt("<bob@example.org>").code == 250
        assert client.data(MESSAGES["plain"]).code == 250
    assert site.relayed(client.helo).recipients == ["bob@example.org"]


@pytest.mark.proves("A5", "A2")
def test_no_relay_after_a_failed_login(site):
    """Who tried to log in, and could not, is unknown."""
    with Client(site, "mx") as client:
        site.refused.add(client.helo)
        assert client.authenticate(ALICE, password="wrong").code == 535
        assert client.mail("<%s>" % ALICE).code == 250
        assert client.rcpt("<victim@bank.example>").code in (530, 554)


@pytest.mark.proves("A5", "D6.1", "X2", "D8.2", "D8.5")
def test_who_logs_in_there_submits(site):
    """All rules hold, the message is completed and signed."""
    mail = dict(listener="mx", recipients=("<bob@example.org>",))
    got = submit(site, FROM_ALICE, sender="<bob@example.org>", **mail)
    assert got.verdict == "550 5.7.1 at MAIL"
    got = submit(site, whole("From: bob@example.org"), **mail)
    assert got.verdict == "550 5.7.1 at DATA"
    got = submit(site, b"From: alice@example.org\r\n\r\n", **mail)
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.relayed.values("Date") and got.relayed.values("DKIM-Signature")
    got = submit(site, FROM_ALICE, listener="mx")
    assert got.relayed.recipients == ["someone@example.com"]


@pytest.mark.proves("A5", "D3.3", "A4")
def test_known_network_submits_there(site):
    """Under all rules: in the clear it does not."""
    mail = dict(login=None, source="127.0.0.17", listener="mx")
    message = whole("From: printer@example.org")
    got = submit(site, message, sender="<printer@example.org>", **mail)
    assert got.verdict == "250 2.0.0 at DATA"
    got = submit(site, message, sender="<bob@example.org>", **mail)
    assert got.verdict == "550 5.7.1 at MAIL"
    got = submit(site, message, sender="<printer@example.org>", tls=False, **mail)
    assert got.verdict == "530 5.7.0 at MAIL"


@pytest.mark.proves("A5", "A2")
@pytest.mark.parametrize("listener", ["submission", "submissions"])
def test_other_ports_are_for_submission_alone(site, listener):
    """What the mixed port takes from outside, they do not."""
    got = submit(
        site,
        MESSAGES["plain"],
        sender="<someone@outside.example>",
        recipients=("<bob@example.org>",),
        login=None,
        listener=listener,
    )
    assert got.verdict == "530 5.7.0 at MAIL"


# --- what is counted ------------------------------------------------------


def counts(lab, text):
    """What the log says after a reload: connections, messages."""
    log = lab.reload(config.filled_in(text, lab), "since the start: ")
    found = re.findall(r"(\d+) connections without MAIL, (\d+) messages", log)
    assert len(found) == 1, log
    return tuple(int(number) for number in found[0])


@pytest.mark.proves("A6", "A5")
def test_mail_from_outside_is_counted(site):
    """Recorded only where that is wanted; counted, and logged, in any case."""
    quiet = CONFIG.replace("transfer = true; connections = true; ", "")
    try:
        before = counts(site, quiet)
        passed = deliver(site, MESSAGES["plain"], judge="mta")
        assert passed.verdict == "250 2.0.0 at DATA" and passed.relayed
        refused = deliver(
            site, b"", recipients=("<x%bank.example@example.org>",), judge="mta"
        )
        assert refused.stage == "RCPT" and refused.reply.code in (530, 554)
        with Client(site, "mx", tls=False) as scanner:
            scanner.command("NOOP")
        with Client(site, "mx"):
            pass
        own = submit(site, listener="mx")
        assert own.record["result"] == "passed"
        # Postfix tells of the end of a connection when it is over.
        wait_for(
            lambda: counts(site, quiet) == (before[0] + 2, before[1] + 2),
            "other counts than 2 more connections and messages",
        )
        tokens = {r["client"]["helo"] for r in site.records}
        assert not {passed.token, refused.token, scanner.helo} & tokens
    finally:
        counts(site, CONFIG)


def connections_of(lab, address):
    """The records of connections from there, with MAIL and without."""
    lab.find_records("", 0)
    return [r for r in lab.records if r["client"]["address"] == address]


@pytest.mark.proves("A6")
def test_connection_without_mail_is_recorded(site):
    """Where it came from and when, and nothing of a message."""
    with Client(site, "mx", tls=False, source="127.0.3.1") as client:
        client.command("NOOP")
    record = wait_for(lambda: connections_of(site, "127.0.3.1"), "no record")[0]
    assert record["result"] == "no-mail" and record["profile"] == "mixed"
    assert record["listener"]["daemon_name"] == "MX"
    assert "envelope" not in record and record["id"] == record["session"]
    with Client(site, "mx", source="127.0.3.2") as client:
        client.authenticate(ALICE)
        client.mail("<%s>" % ALICE)
    record = wait_for(lambda: connections_of(site, "127.0.3.2"), "no record")[0]
    assert record["result"] == "aborted"
