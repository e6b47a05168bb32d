"""Behind a proxy, the milter knows the client's address and login."""

import contextlib

import pytest

import proxies
from lab.dkimcheck import verify
from letters import address, letter, record_of_client, relayed, send, subject
from support.smtp import Client
from support.submission import ALICE

LISTENERS = ("submission", "submissions")
BOB = "bob@example.org"

# Profile, names of the listeners, and whether the milter sees TLS.
EXPECTED = {
    "nginx": ("proxied", ("PROXIED", "PROXIED"), False),
    "haproxy": ("submission", ("MSA", "MSAS"), True),
    "dovecot": ("proxied", ("PROXIED", "PROXIED"), False),
}


@pytest.fixture(scope="module", params=proxies.ALL)
def behind(request, postfix):
    """The lab, reached through a proxy: (name of the proxy, lab)."""
    direct = {name: postfix.ports[name] for name in LISTENERS}
    with proxies.ALL[request.param](postfix) as ports:
        postfix.ports.update(zip(LISTENERS, ports))
        try:
            yield request.param, postfix
        finally:
            postfix.ports.update(direct)


@pytest.mark.proves("X8", "D3.3", "A6", "D8.5")
@pytest.mark.parametrize("listener", LISTENERS)
def test_own_mail_is_signed_and_recorded(behind, listener):
    """Login and address are the client's, not the proxy's."""
    name, lab = behind
    mark, source = subject(), address()
    options = dict(login=ALICE, listener=listener, source=source)
    reply = send(lab, letter(ALICE, mark), ALICE, **options)
    assert reply.code == 250, reply
    profile, names, tls = EXPECTED[name]
    record = record_of_client(lab, source)
    assert record["identity"] == "sasl:" + ALICE
    assert record["profile"] == profile
    assert record["listener"]["daemon_name"] == names[LISTENERS.index(listener)]
    assert bool(record["tls"]) == tls
    found = verify(relayed(lab, mark).content, lab.dns)
    assert len(found) == 2 and all(s.is_valid for s in found)


@pytest.mark.proves("X8", "X1", "D6.1")
def test_what_is_not_hers_is_refused(behind):
    """The words of the milter come through the proxy."""
    lab = behind[1]
    reply = send(lab, letter(BOB, subject()), BOB, login=ALICE)
    assert reply.codes == "550 5.7.1" and "sender address" in reply.text
    source = address()
    reply = send(lab, letter(BOB, subject()), ALICE, login=ALICE, source=source)
    assert reply.codes == "550 5.7.1" and "From field" in reply.text
    assert record_of_client(lab, source)["result"] == "refused"


@pytest.mark.proves("X8", "A2", "A4")
def test_who_has_not_logged_in(behind):
    """Refused, by proxy or milter; and no AUTH without TLS."""
    lab = behind[1]
    reply = send(lab, letter(ALICE, subject()), ALICE)
    assert reply.code == 530, reply
    with Client(lab, tls=False, source=address()) as client:
        assert "AUTH" not in repr(client.capabilities)
        assert client.authenticate(ALICE).code >= 500
    with Client(lab) as client:
        assert client.authenticate(ALICE, "wrong").code == 535


@pytest.mark.proves("X8")
def test_several_messages_on_a_connection(behind):
    """Each has a record of its own."""
    lab, source = behind[1], address()
    with Client(lab, source=source) as client:
        assert client.authenticate(ALICE).code == 235
        for _ in range(3):
            assert client.mail("<%s>" % ALICE).code == 250
            assert client.rcpt("<someone@example.com>").code == 250
            assert client.data(letter(ALICE, subject())).code == 250
    assert record_of_client(lab, source, 3)["result"] == "passed"
