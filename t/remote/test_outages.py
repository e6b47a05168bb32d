"""Servers that are gone, hang, drip, or are somebody else."""

import time

import pytest

from asking import IN_TIME, PATIENCE
from servers.socketmap import PRETENCES, Impostor, hang, hang_up

pytestmark = pytest.mark.proves("X44")

ALICE = "alice@example.org"
TIMEOUT = 600  # of tables whose server is not well, in ms


def recovers(asker, table="t"):
    """Waits for the first good answer."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = asker.ask(ALICE, table)
        if answer.word == "found":
            return
        assert answer.word == "failed", answer
        assert time.monotonic() < end, "does not recover: %r" % (answer,)
        time.sleep(0.05)


def test_killed(server, asker):
    """Failures at once, never "not found"; well again by itself."""
    one = asker(t=server.table(cache_time=0))
    for _ in range(2):
        assert one.ask(ALICE).word == "found"
        server.kill()
        for _ in range(5):
            answer = one.ask(ALICE)
            assert answer.word == "failed"
            assert answer.ms < IN_TIME
        server.start()
        recovers(one)


def test_killed_under_way(server, asker):
    """Many look-ups while the server dies and comes back: right or failed."""
    one = asker(t=server.table(cache_time=0, connections=4))
    recovers(one)
    places = []
    for step in range(200):
        places.append((ALICE, one.begin(ALICE)))
        places.append(("nobody@example.org", one.begin("nobody@example.org")))
        if step == 60:
            server.kill()
        time.sleep(0.002)
    server.start()
    recovers(one)
    words = {ALICE: set(), "nobody@example.org": set()}
    for key, place in places:
        answer = place.get(timeout=PATIENCE)
        words[key].add(answer.word)
        assert answer.ms < IN_TIME
    assert words[ALICE] == {"found", "failed"}
    assert words["nobody@example.org"] == {"not-found", "failed"}


def test_restarted(server, asker):
    """Connections that broke in the meantime are made anew, unseen."""
    one = asker(t=server.table(cache_time=0, connections=4))
    for place in [one.begin(ALICE) for _ in range(20)]:
        assert place.get(timeout=PATIENCE).word == "found"
    server.kill()
    server.start()
    for place in [one.begin(ALICE) for _ in range(20)]:
        answer = place.get(timeout=PATIENCE)
        assert answer.word == "found", answer


def test_frozen(server, asker):
    """It takes connections and says nothing: in time all the same."""
    one = asker(
        t=server.table(cache_time=0, timeout=TIMEOUT), patient=server.table(cache_time=0)
    )
    recovers(one)
    recovers(one, "patient")
    server.freeze()
    answer = one.ask(ALICE)
    assert answer.word == "failed"
    assert TIMEOUT - 50 <= answer.ms < IN_TIME
    answer = one.ask(ALICE, "patient", ms=300)
    assert answer.word == "failed"
    assert answer.ms < IN_TIME
    server.thaw()
    recovers(one)


def test_not_there_at_start(server, asker):
    """A table opens without its server, and finds it later."""
    server.kill()
    one = asker(t=server.table(cache_time=0, timeout=TIMEOUT))
    assert one.fault is None
    assert one.ask(ALICE).word == "failed"
    assert one.probe().word == "failed"
    server.start()
    recovers(one)


@pytest.mark.parametrize("pretence", PRETENCES, ids=lambda p: p.__name__)
def test_somebody_else(server, asker, pretence):
    """Whatever it says, it is no answer, and in time."""
    impostor = Impostor(pretence)
    where = server.table()["server"].rpartition(":")[0]
    table = server.table(server="%s:%d" % (where, impostor.port), cache_time=0, timeout=TIMEOUT)
    one = asker(t=table)
    for _ in range(2):
        answer = one.ask(ALICE)
        assert answer.word == "failed", answer
        assert answer.ms < IN_TIME, answer
    assert impostor.count > 0
    one.close()
    impostor.close()


HELD_UP = 5000  # ms


def test_the_pool_is_the_limit(server, asker):
    """A server that hangs takes as many threads as it has connections."""
    impostor = Impostor(hang)
    where = server.table()["server"].rpartition(":")[0]
    one = asker(
        t=server.table(server="%s:%d" % (where, impostor.port), cache_time=0, timeout=HELD_UP, connections=3),
        well=server.table(cache_time=0),
    )
    places = [one.begin(ALICE) for _ in range(60)]
    for _ in range(50):
        answer = one.ask(ALICE, "well")
        assert answer.word == "found"
        assert answer.ms < HELD_UP - 1000
    answers = [place.get(timeout=PATIENCE) for place in places]
    assert {a.word for a in answers} == {"failed"}
    assert sum(a.ms > HELD_UP - 1000 for a in answers) <= 3, sorted(a.ms for a in answers)
    assert max(a.ms for a in answers) < IN_TIME
    assert impostor.count <= 4
    # Now it is known: whoever asks is told at once, but for one now and then.
    answers = [place.get(timeout=PATIENCE) for place in [one.begin(ALICE) for _ in range(60)]]
    assert sum(a.ms > HELD_UP - 1000 for a in answers) <= 1, sorted(a.ms for a in answers)
    one.close()
    impostor.close()


def test_an_outage_costs_little(server, asker):
    """A thousand look-ups while it is down connect a few times."""
    impostor = Impostor(hang_up)
    where = server.table()["server"].rpartition(":")[0]
    one = asker(t=server.table(server="%s:%d" % (where, impostor.port), cache_time=0))
    began = time.monotonic()
    for _ in range(20):
        for place in [one.begin(ALICE) for _ in range(50)]:
            assert place.get(timeout=PATIENCE).word == "failed"
    # A trial a second, and those that began together.
    assert impostor.count < 20 + 2 * (time.monotonic() - began)
    one.close()
    impostor.close()


def test_cache(server, asker):
    """Found and not found are kept, failures are not."""
    one = asker(
        t=server.table(cache_time=600),
        small=server.table(cache_time=600, cache_size=1),
        short=server.table(cache_time=1),
    )
    for table in ("t", "small", "short"):
        assert one.ask("nobody@example.org", table).word == "not-found"
        assert one.ask(ALICE, table).word == "found"
    server.freeze()
    assert one.ask(ALICE).text == ALICE
    assert one.ask("nobody@example.org").word == "not-found"
    assert one.ask(ALICE, "small").text == ALICE
    assert one.ask("nobody@example.org", "small", ms=TIMEOUT).word == "failed"
    assert one.ask("bob@example.org", ms=TIMEOUT).word == "failed"
    server.thaw()
    time.sleep(1.1)
    server.kill()
    assert one.ask(ALICE, "short").word == "failed"
    server.start()
    recovers(one)


@pytest.mark.proves("X43")
def test_reload(server, asker):
    """The same table keeps its connections and its cache; another does not."""
    table = server.table(cache_time=600)
    one = asker(t=table)
    assert one.ask(ALICE).word == "found"
    server.kill()
    assert one.reload(t=table, other={"type": "fail"}).word == "done"
    assert one.ask(ALICE).word == "found"
    assert one.reload(t={**table, "connections": 2}).word == "done"
    assert one.ask(ALICE).word == "failed"
    assert one.reload(t={**table, "server": "inet:no.such.name.invalid:1"}).word == "failed"
    server.start()
    recovers(one)
    assert one.reload(t=server.table(cache_time=0)).word == "done"
    assert one.ask(ALICE).word == "found"
