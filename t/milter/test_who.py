"""Who submits, by which listener, over which connection."""

import pytest

from harness import configuration as conf
from harness.kinds import Sendmail, Tls
from harness.message import FROM_ALICE, whole
from harness.mta import Action
from harness.session import Session, submit


def listener(name, **match):
    """A profile for a listener, told apart from others by its odd TLS rule."""
    return {"name": name, "listeners": [match]}


LISTENERS = [
    listener("by-all", daemon_name="A", daemon_port=465, daemon_addr="192.0.2.25"),
    listener("by-name-and-port", daemon_name="A", daemon_port=465),
    listener("by-name", daemon_name="A"),
    listener("by-port", daemon_port=465),
    listener("by-address", daemon_addr="192.0.2.25"),
    listener("by-address-6", daemon_addr="2001:db8::25"),
    {
        "name": "by-either",
        "listeners": [{"daemon_name": "B"}, {"daemon_name": "C", "daemon_port": 2525}],
    },
    listener("second-by-name", daemon_name="A"),
]


@pytest.fixture(scope="module")
def daemon(module_start, strict):
    """A daemon with many listeners, and a default that takes nothing."""
    lax = conf.profile("lax", rules={"tls-required": "off", "sender-rights": "off"})
    changes = {"profiles": LISTENERS + [lax], "identity": {"realm": "example.org"}}
    return module_start(conf.changed(strict, **changes))


# Macros of the listener: name, port, address; the profile.
PROFILES = {
    ("A", "465", "192.0.2.25"): "by-all",
    ("A", "465", "192.0.2.26"): "by-name-and-port",
    ("A", "587", "192.0.2.25"): "by-name",
    ("X", "465", "192.0.2.25"): "by-port",
    ("X", "587", "192.0.2.25"): "by-address",
    ("X", "587", "2001:DB8:0:0::25"): "by-address-6",
    ("B", "25", "127.0.0.1"): "by-either",
    ("C", "2525", "127.0.0.1"): "by-either",
    ("C", "25", "127.0.0.1"): "default",
    ("a", "25", "127.0.0.1"): "default",
    ("", "", ""): "default",
    ("X", "4650", "192.0.2.250"): "default",
    ("X", "0465x", "x192.0.2.25"): "default",
    ("by-name", "25", "127.0.0.1"): "default",
}


@pytest.mark.parametrize("macros", PROFILES, ids="|".join)
def test_profile_of_a_listener(daemon, kind, macros):
    """D3.1 A1: the first that matches in all that it gives; else the default."""
    name, port, address = macros
    client = {"daemon_name": name, "daemon_port": port, "daemon_addr": address}
    got = submit(daemon, kind=kind, **client)
    assert got.verdict == "passed"
    assert got.record["profile"] == PROFILES[macros]
    assert got.record["listener"] == {key: value or None for key, value in client.items()}


def test_listeners_reply_differently(start, strict, kind):
    """D3.1: what one refuses, the other takes."""
    profiles = [
        conf.profile("clear", rules={"tls-required": "off"}),
        conf.profile("new", tls={"minimum_version": "1.3"}),
    ]
    daemon = start(conf.changed(strict, profiles=profiles))
    old = Tls(version="TLSv1.2", cipher="ECDHE-RSA-AES256-GCM-SHA384")
    want = {
        ("clear", None): "passed",
        ("new", None): "530 5.7.0 at mail",
        ("new", old): "530 5.7.10 at mail",
        ("new", Tls()): "passed",
        ("other", None): "530 5.7.0 at mail",
        ("other", old): "passed",
    }
    for (name, tls), verdict in want.items():
        got = submit(daemon, kind=kind, daemon_name=name, tls=tls)
        assert got.verdict == verdict, (name, tls)


# --- identity

NOBODY = {
    "no AUTH": {"login": None},
    "empty login": {"login": ""},
    "only a claim in MAIL AUTH=": {"login": None, "author": "alice@example.org"},
    "empty login and a claim": {"login": "", "author": "alice@example.org"},
    "a login that does not fit": {"login": "a" * 300},
}


# An MTA that cannot be asked for macros tells {auth_author} by itself.
TELLS = {"what is asked for": Action.ALL, "by itself": Action.ALL & ~Action.SET_MACRO_LIST}


@pytest.mark.parametrize("actions", TELLS.values(), ids=TELLS.keys())
@pytest.mark.parametrize("client", NOBODY.values(), ids=NOBODY.keys())
def test_nobody(daemon, kind, client, actions):
    """A2 D4.3 D3.3: 530 at MAIL; what the client claims is no identity."""
    got = submit(daemon, kind=kind, actions=actions, **client)
    assert got.verdict == "530 5.7.0 at mail"
    assert got.record["identity"] is None
    assert got.record["route"] is None


def test_recipient_does_not_matter(daemon, kind):
    """A2: no way in for local recipients; MAIL is refused, and RCPT after it."""
    with Session(daemon, kind, login=None) as session:
        for recipient in ("<alice@example.org>", "<postmaster@example.org>", "<Postmaster>"):
            assert session.mail().verdict == "530 5.7.0"
            # libmilter is back before MAIL and takes no RCPT: an MTA would
            # send none.
            session.mta.send("R", recipient.encode() + b"\0")
        session.hello(login="alice@example.org")
        assert session.submit().verdict == "passed"


@pytest.mark.parametrize("actions", TELLS.values(), ids=TELLS.keys())
def test_claim_changes_nothing(daemon, kind, actions):
    """D3.3: MAIL AUTH= of somebody else's, beside a login of one's own."""
    client = {"kind": kind, "actions": actions, "author": "bob@example.org"}
    got = submit(daemon, **client)
    assert got.verdict == "passed"
    assert got.record["identity"] == "sasl:alice@example.org"
    bob = submit(daemon, sender="<bob@example.org>", **client)
    assert bob.verdict == "550 5.7.1 at mail"


LOGINS = {
    "alice@example.org": "sasl:alice@example.org",
    "ALICE@Example.Org": "sasl:alice@example.org",
    "alice": "sasl:alice@example.org",
    "Alice": "sasl:alice@example.org",
    "alice+lists@example.org": "sasl:alice+lists@example.org",
    "a=b@example.org": "sasl:a=b@example.org",
}


@pytest.mark.parametrize("login", LOGINS)
def test_login(daemon, kind, login):
    """D3.3: with the realm where it has none, and in one case."""
    own = LOGINS[login].partition(":")[2]
    message = whole("From: " + own)
    got = submit(daemon, message, sender="<%s>" % own, kind=kind, login=login)
    assert got.verdict == "passed"
    assert got.record["identity"] == LOGINS[login]
    assert got.record["route"] == "sasl"


def test_case_of_logins_may_count(start, strict, kind):
    """D3.3: identity.fold_case."""
    changes = {"identity": {"fold_case": False}, "rights": {"fold_local_part": False}}
    daemon = start(conf.changed(strict, **changes))
    assert submit(daemon, kind=kind).verdict == "passed"
    got = submit(daemon, kind=kind, login="Alice@example.org")
    assert got.verdict == "550 5.7.1 at mail"
    assert got.record["identity"] == "sasl:Alice@example.org"


def test_login_of_a_message_is_not_that_of_the_next(daemon, kind):
    """A2: each MAIL is judged by the macros that came with it."""
    with Session(daemon, kind) as session:
        assert session.submit().verdict == "passed"
        session.hello(login=None)
        assert session.submit().verdict == "530 5.7.0 at mail"
        session.hello(login="bob@example.org")
        assert session.submit().verdict == "550 5.7.1 at mail"
        bobs = session.submit(whole("From: bob@example.org"), sender="<bob@example.org>")
        assert bobs.verdict == "passed"
    identities = [r["identity"] for r in session.records(4)]
    assert identities == ["sasl:alice@example.org", None] + ["sasl:bob@example.org"] * 2


# --- TLS


def test_tls_of_a_connection(daemon, kind):
    """A4 A6: its facts are there at the end of the message, as the MTA told them."""
    tls = Tls("TLSv1.2", "ECDHE-RSA-CHACHA20-POLY1305", "256")
    got = submit(daemon, kind=kind, tls=tls)
    assert got.verdict == "passed"
    want = {"version": tls.version, "cipher": tls.cipher, "bits": 256}
    assert got.record["tls"] == want


class OnlyAtHelo(Sendmail):
    """An MTA that tells of TLS after EHLO and not again."""

    name = "only-at-helo"

    @staticmethod
    def known(stage, client, queue_id, recipients):
        known = Sendmail.known(stage, client, queue_id, recipients)
        if stage == "helo":
            return known
        return {n: v for n, v in known.items() if "tls" not in n and "cipher" not in n}


def test_tls_is_kept_from_helo(daemon):
    """A4: for each message of the connection."""
    with Session(daemon, OnlyAtHelo) as session:
        for _ in range(3):
            assert session.submit().verdict == "passed"
    assert {r["tls"]["version"] for r in session.records(3)} == {"TLSv1.3"}


@pytest.mark.parametrize("of", [OnlyAtHelo, Sendmail])
def test_tls_begins_with_starttls(daemon, of):
    """A4: EHLO, MAIL refused; STARTTLS, EHLO; then the same MAIL passes."""
    with Session(daemon, of, tls=None) as session:
        assert session.submit().verdict == "530 5.7.0 at mail"
        session.hello(tls=Tls())
        assert session.submit().verdict == "passed"
    refused, passed = session.records(2)
    assert refused["tls"] is None
    assert passed["tls"]["version"] == "TLSv1.3"


OLD_TLS = {
    "TLSv1.1": "530 5.7.10 at mail",
    "TLSv1": "530 5.7.10 at mail",
    "SSLv3": "530 5.7.10 at mail",
    "SSLv2": "530 5.7.10 at mail",
    "TLS": "530 5.7.10 at mail",
    "TLSv1.": "530 5.7.10 at mail",
    "TLSv1.20": "530 5.7.10 at mail",
    "nonsense": "530 5.7.10 at mail",
    "": "530 5.7.0 at mail",
    "TLSv1.2": "passed",
    "TLSv1.3": "passed",
}


@pytest.mark.parametrize("version", OLD_TLS)
def test_tls_versions(daemon, kind, version):
    """A4: what is old or unknown is refused."""
    got = submit(daemon, kind=kind, tls=Tls(version=version))
    assert got.verdict == OLD_TLS[version]


BITS = {"127": "530 5.7.10 at mail", "": "530 5.7.10 at mail", "x": "530 5.7.10 at mail"}
BITS.update({"-256": "530 5.7.10 at mail", "128": "passed", "256": "passed"})


@pytest.mark.parametrize("bits", BITS)
def test_cipher_bits(daemon, kind, bits):
    """A4: 128 are enough, one less is not."""
    assert submit(daemon, kind=kind, tls=Tls(bits=bits)).verdict == BITS[bits]


# --- the client

CLIENTS = {
    "IPv4": ("192.0.2.10", 40000, "192.0.2.10"),
    "IPv6": ("2001:DB8:0:0::10", 1, "2001:db8::10"),
    "local": (None, 0, None),
}


@pytest.mark.parametrize("address, port, want", CLIENTS.values(), ids=CLIENTS.keys())
def test_client_in_the_record(daemon, kind, address, port, want):
    """A6: address, port, name and HELO; a local one has none."""
    got = submit(daemon, kind=kind, address=address, port=port, name="[unknown]")
    assert got.verdict == "passed"
    client = got.record["client"]
    assert client["address"] == want
    assert client["port"] == (port or None)
    assert client["name"] == "[unknown]"


def test_queue_id(daemon, kind):
    """A6: found wherever the MTA first tells it."""
    with Session(daemon, kind) as session:
        assert session.submit().verdict == "passed"
        first = session.queue_id
        assert session.submit(FROM_ALICE, recipients=["<a@b.example>"] * 3).verdict == "passed"
        second = session.queue_id
    assert first != second
    assert [r["queue_id"] for r in session.records(2)] == [first, second]


def test_names_that_are_too_long_are_cut(daemon, kind):
    """X47 A6: in the record, and they fit nobody's listener."""
    long = "x" * 5000
    got = submit(daemon, kind=kind, daemon_name="A" + long, name=long)
    assert got.verdict == "passed"
    record = got.record
    assert record["profile"] == "default"
    assert record["client"]["name"] == "x" * 255
