"""Rights in each server, from MAIL to the next hop, while it comes and goes."""

import threading
import time

import pytest

from servers.process import as_config
from support import config
from support.lab import wait_for
from support.smtp import Client
from support.submission import ALICE, submit, whole

pytestmark = pytest.mark.proves("X44", "X1")

SALES = "sales@example.org"
TIMEOUT = 800  # ms, of a table whose server is not well
LATE = 20.0  # seconds; a table without deadline would take 30
PATIENCE = 60.0  # seconds for what happens by itself
LISTENERS = 'listeners = ( { daemon_name = "%s"; } )'


@pytest.fixture
def asks(lab, server):
    """The lab asks the server: enforced on 587, on trial on 465, and on
    port 25 nothing that asks it."""

    def change(**options):
        options = {"cache_time": 0, "connections": 2, **options}
        mode = '{ sender-rights = "%s"; from-rights = "%s"; }'
        profiles = "".join(
            '%s{ name = "%s"; %s; rules = %s; complete = { sender = false; }; sign = "off"; }'
            % (", " if name != "hard" else "", name, LISTENERS % daemon, mode % (rule, rule))
            for name, daemon, rule in (
                ("hard", "MSA", "enforce"),
                ("trial", "MSAS", "warn"),
                ("other", "MX", "off"),
            )
        )
        text = config.text(
            tables="{\n%s}" % as_config("senders", server.table(**options)),
            rights='{ tables = ( { table = "senders"; key = "address"; } ); }',
            profiles="( %s )" % profiles,
            dkim=None,
        )
        lab.reload(text, "configuration reloaded")
        return lab

    return change


def send(lab, listener="submission", address=SALES, **options):
    """A message from the address, in MAIL and in From."""
    return submit(
        lab, whole("From: " + address), sender="<%s>" % address, listener=listener, **options
    )


def seconds(act):
    """How long it took, and what came out."""
    began = time.monotonic()
    outcome = act()
    return time.monotonic() - began, outcome


def recovers(lab):
    """The first message that passes again."""
    end = time.monotonic() + PATIENCE
    while True:
        outcome = send(lab)
        if outcome.reply.code == 250:
            assert outcome.relayed
            return
        assert outcome.reply.code == 451, outcome
        assert time.monotonic() < end, "does not recover"
        time.sleep(0.1)


def test_rights(server, asks):
    """Who is in the row may, who is not may not."""
    lab = asks()
    assert send(lab).relayed.sender == SALES
    assert send(lab, address="o'hara@example.org").verdict == "550 5.7.1 at MAIL"
    assert send(lab, address="@example.net").reply.code in (501, 553, 550)
    assert send(lab, address="x@example.net").verdict == "550 5.7.1 at MAIL"
    assert send(lab, address="x@example.net", login="dave@example.net").reply.code == 250
    assert send(lab, address="x@a.sub.example.net", login="dave@example.net").reply.code == 250


@pytest.mark.parametrize(
    "local", ["'or'1'='1", "*", "%", "\"' OR 1=1 --\"", "\"*)(mail=*\"", "\"a\\\\\"", "s*", "%s"]
)
def test_injection(server, asks, local):
    """No address is more than an address."""
    assert send(asks(), address=local + "@example.org").verdict == "550 5.7.1 at MAIL"


def test_down(server, asks):
    """451 at once where it is enforced; on trial all passes; back by itself."""
    lab = asks()
    assert send(lab).reply.code == 250
    server.kill()
    took, outcome = seconds(lambda: send(lab))
    assert outcome.verdict == "451 4.3.0 at MAIL"
    assert took < LATE
    trial = send(lab, "submissions")
    assert trial.reply.code == 250
    assert trial.relayed
    assert any(v["mode"] == "warn" and v["action"] == "tempfail" for v in trial.record["verdicts"])
    server.start()
    recovers(lab)


def test_frozen(server, asks):
    """It hangs: 451 within the deadline, and no other mail waits for it."""
    lab = asks(timeout=TIMEOUT)
    recovers(lab)
    server.freeze()
    took, outcome = seconds(lambda: send(lab))
    assert outcome.verdict == "451 4.3.0 at MAIL"
    assert took < LATE
    results = []

    def ask():
        with Client(lab) as client:
            client.authenticate(ALICE)
            results.append(seconds(lambda: client.mail("<%s>" % SALES).codes))

    crowd = [threading.Thread(target=ask) for _ in range(12)]
    for one in crowd:
        one.start()
    took, outcome = seconds(lambda: send(lab, "mx"))
    assert outcome.reply.code == 250
    assert took < LATE
    for one in crowd:
        one.join()
    assert [codes for _, codes in results] == ["451 4.3.0"] * 12
    assert max(took for took, _ in results) < LATE
    assert send(lab, "submissions").relayed
    server.thaw()
    recovers(lab)


def test_dies_under_way(server, asks):
    """Messages all the time while it dies and comes back: each is relayed or
    refused as the client was told, none that may not pass does."""
    lab = asks()
    assert send(lab).reply.code == 250
    stop = threading.Event()
    told = []

    def keep_sending(address):
        while not stop.is_set():
            with Client(lab) as client:
                client.authenticate(ALICE)
                code = client.mail("<%s>" % address).code
                if code == 250:
                    client.rcpt("<someone@example.com>")
                    code = client.data(whole("From: " + address)).code
                told.append((address, code, client.helo))

    def told_both(sales, others):
        codes = {(address == SALES, code) for address, code, _ in told}
        return {(True, sales), (False, others)} <= codes

    senders = [
        threading.Thread(target=keep_sending, args=(address,))
        for address in (SALES, SALES, "o'hara@example.org")
    ]
    for one in senders:
        one.start()
    wait_for(lambda: told_both(250, 550), "not all is well")
    server.kill()
    wait_for(lambda: told_both(451, 451), "not all is deferred")
    server.start()
    recovers(lab)
    stop.set()
    for one in senders:
        one.join()
    assert {code for address, code, _ in told if address == SALES} == {250, 451}
    assert {code for address, code, _ in told if address != SALES} == {550, 451}
    for _, code, token in told:
        if code == 250:
            assert lab.relayed(token)
        else:
            assert not lab.find_relayed(token)
