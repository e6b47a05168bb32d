"""Who has no login: client certificates, addresses seen before, networks."""

import os
import signal
import subprocess
import time

import pytest

from support import config
from support.lab import wait_for
from support.submission import ALICE, submit, whole

# The lab's network tables have 127.0.0.16/28 as printers, 127.0.0.32/28 as
# office, for submit-milter and Postfix alike.
PRINTER = dict(login=None, source="127.0.0.17")
OFFICE = dict(login=None, source="127.0.0.33")
LAPTOP = dict(login=None, certificate=True)
NOBODY = dict(login=None)

CONFIG = config.text(
    identity="""{ realm = "example.org";
    certificates = "certificates";
    certificate_issuers = [ "Lab CA", "/O=Lab/CN=Lab CA" ];
    clients = "clients"; client_window = 600;
    networks = "networks"; }""",
    tables=config.inline(
        networks='{ type = "cidr"; file = "@LAB_DIR@/networks"; }',
        clients='{ type = "hash"; file = "@LAB_DIR@/clients"; }',
        # As Postfix names it, and as Sendmail does.
        certificates=[(ALICE, ALICE), ("/O=Lab/CN=" + ALICE, ALICE)],
        mine=[
            (ALICE, "alias@example.org"),
            ("cert:" + ALICE, "laptop@example.org"),
            ("client:carol@example.org", "pop@example.org"),
            ("net:printers", "printer@example.org"),
        ],
        shared=[
            ("scan@example.org", "net:printers, bob@example.org"),
            ("printers@example.org", "printers"),
        ],
        primary=[("net:printers", "printer@example.org")],
    ),
    rights="""{ primary = "primary"; tables = (
    { table = "mine"; key = "identity"; right = "own"; },
    { table = "shared"; right = "acts-for"; } ); }""",
)


@pytest.fixture(scope="module")
def site(start_lab):
    """A lab in which clients are known without login."""
    with start_lab(CONFIG) as other:
        yield other


def was_seen(lab, rows):
    """Writes the table of clients, as POP-before-SMTP would."""
    path = lab.folder / "clients"
    path.write_text("".join("%s\t%s\n" % row for row in rows.items()))
    subprocess.run(
        ["postmap", "-c", lab.environment["LAB_MTA_CONFIG"], "hash:%s" % path],
        check=True,
    )


def send(lab, address, **connection):
    """Submits with the address in envelope and From."""
    return submit(
        lab, whole("From: " + address), sender="<%s>" % address, **connection
    )


ROUTES = {
    "SASL": (dict(), ALICE, "sasl:alice@example.org", "sasl"),
    "certificate": (LAPTOP, ALICE, "cert:alice@example.org", "cert"),
    "its own address": (LAPTOP, "laptop@example.org", "cert:alice@example.org", "cert"),
    "network": (PRINTER, "printer@example.org", "net:printers", "net"),
    "network, shared address": (PRINTER, "scan@example.org", "net:printers", "net"),
    # In the order of precedence.
    "SASL before certificate": (
        dict(certificate=True), "alias@example.org", "sasl:alice@example.org", "sasl",
    ),
    "SASL before network": (
        dict(source="127.0.0.17"), ALICE, "sasl:alice@example.org", "sasl",
    ),
    "certificate before network": (
        dict(login=None, certificate=True, source="127.0.0.17"),
        ALICE, "cert:alice@example.org", "cert",
    ),
}


@pytest.mark.proves("D3.3", "A6")
@pytest.mark.parametrize("listener", ["submission", "submissions", "mx"])
@pytest.mark.parametrize(
    "connection, address, identity, route", ROUTES.values(), ids=ROUTES.keys()
)
def test_every_route_submits(site, listener, connection, address, identity, route):
    """Behind every listener, and the record names identity and route."""
    got = send(site, address, listener=listener, **connection)
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.relayed.sender == address
    assert (got.record["identity"], got.record["route"]) == (identity, route)


@pytest.mark.proves("D3.3", "X10", "D8.5")
@pytest.mark.parametrize("connection", [LAPTOP, PRINTER], ids=["cert", "net"])
def test_other_routes_sign_and_complete(site, connection):
    """A login is no condition for the rest."""
    address = "laptop@example.org" if connection is LAPTOP else "printer@example.org"
    message = b"From: %s\r\n\r\nHello.\r\n" % address.encode()
    got = submit(site, message, sender="<%s>" % address, **connection)
    assert [s["domain"] for s in got.record["signatures"]] == ["example.org"] * 2
    assert got.relayed.values("Date") and got.relayed.values("DKIM-Signature")


@pytest.mark.proves("D3.3", "D8.1")
def test_network_acts_for_by_its_primary_address(site):
    """Sender tells which machine it was."""
    got = send(site, "scan@example.org", **PRINTER)
    assert got.relayed.value("Sender") == "printer@example.org"


COLLISIONS = {
    "the login's alias, by certificate": (LAPTOP, "alias@example.org"),
    "the certificate's address, by login": (dict(), "laptop@example.org"),
    "the printer's address, by another network": (OFFICE, "printer@example.org"),
    "a row for the login that is named printers": (PRINTER, "printers@example.org"),
    "somebody's login, by network": (OFFICE, ALICE),
}


@pytest.mark.proves("D3.3", "X1")
@pytest.mark.parametrize("connection, address", COLLISIONS.values(), ids=COLLISIONS.keys())
def test_identities_do_not_collide(site, connection, address):
    """The same name by another route is somebody else."""
    assert send(site, address, **connection).verdict == "550 5.7.1 at MAIL"


@pytest.mark.proves("D3.3", "A2", "D4.3")
@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.15", "127.0.0.48"])
def test_unknown_address_is_nobody(site, source):
    """530, next to the networks too."""
    got = send(site, "printer@example.org", login=None, source=source)
    assert got.verdict == "530 5.7.0 at MAIL"
    assert (got.record["identity"], got.record["route"]) == (None, None)


@pytest.mark.proves("D3.3")
@pytest.mark.parametrize("issuers", ['"Another CA"', '"Lab CA 2", "lab ca"'])
def test_certificate_of_another_issuer_is_nobody(site, issuers):
    """The MTA trusts it; the configuration does not name its issuer."""
    other = CONFIG.replace('"Lab CA", "/O=Lab/CN=Lab CA"', issuers)
    assert other != CONFIG
    site.reload(config.filled_in(other, site), "configuration reloaded")
    try:
        assert send(site, ALICE, **LAPTOP).verdict == "530 5.7.0 at MAIL"
    finally:
        site.reload(config.filled_in(CONFIG, site), "configuration reloaded")
    assert send(site, ALICE, **LAPTOP).stage == "DATA"


@pytest.mark.proves("D3.3", "X44")
def test_client_that_was_seen_before(site):
    """A row in a table that something else fills, as long as it is young."""
    now = int(time.time())
    pop = dict(login=None, source="127.0.0.65")
    assert send(site, "pop@example.org", **pop).verdict == "530 5.7.0 at MAIL"
    rows = {
        "127.0.0.65": "carol@example.org %d" % now,
        "127.0.0.66": "carol@example.org %d" % (now - 660),
        "127.0.0.67": "carol@example.org",
        "127.0.0.17": "carol@example.org %d" % now,
        "127.0.0.18": "carol@example.org %d" % (now - 660),
    }
    was_seen(site, rows)
    # The file is looked at anew within a second.
    wait_for(
        lambda: send(site, "pop@example.org", **pop).stage == "DATA",
        "the client that was seen cannot submit",
    )
    got = send(site, "carol@example.org", **pop)
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.record["identity"] == "client:carol@example.org"
    assert got.record["route"] == "client"
    wants = {
        "127.0.0.66": (None, "530 5.7.0 at MAIL"),  # too long ago
        "127.0.0.67": (None, "451 4.3.0 at MAIL"),  # a row without time
        "127.0.0.17": ("client:carol@example.org", "250 2.0.0 at DATA"),
        "127.0.0.18": ("net:printers", "550 5.7.1 at MAIL"),
    }
    for source, (identity, verdict) in wants.items():
        got = send(site, "pop@example.org", login=None, source=source)
        assert (got.record["identity"], got.verdict) == (identity, verdict), source


@pytest.mark.proves("D3.3", "X40", "A5")
def test_mail_of_a_network_waits_for_the_milter(start_lab):
    """Postfix relays for the network, but nothing without submit-milter."""
    with start_lab(CONFIG) as other:
        os.kill(other.milter_pid, signal.SIGKILL)
        mail = dict(tls=False, judge="mta", **PRINTER)
        for listener in ("submission", "mx"):
            got = send(other, "printer@example.org", listener=listener, **mail)
            assert got.reply.code in (450, 451) and got.stage == "MAIL", got
