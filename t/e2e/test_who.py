"""Who may submit: listeners, authentication, TLS, return path."""

import ssl

import pytest

from support import config
from support.smtp import Client
from support.submission import ALICE, FROM_ALICE, submit, whole

LISTENERS = ("submission", "submissions", "mx")


# --- listeners and profiles ---------------------------------------------

PROFILES = """(
	{ name = "lenient";
	  listeners = ( { daemon_name = "MSAS"; } );
	  rules: { sender-rights = "off"; from-rights = "warn"; }; },
	{ name = "by-port";
	  listeners = ( { daemon_name = "other"; },
	                { daemon_addr = "127.0.0.1"; daemon_port = @LAB_MX_PORT@; } );
	  complete: { date = false; }; },
	{ name = "never-reached";
	  listeners = ( { daemon_name = "MSAS"; } ); },
	{ name = "no-such-address";
	  listeners = ( { daemon_name = "MSA"; daemon_addr = "192.0.2.1"; } );
	  rules: { sender-rights = "off"; }; }
)"""


@pytest.fixture(scope="module")
def profiled(start_lab):
    """A lab whose listeners have different profiles."""
    with start_lab(config.text(profiles=PROFILES)) as other:
        yield other


@pytest.mark.proves("D3.1", "A1")
@pytest.mark.parametrize(
    "listener, want, want_profile",
    [
        # The key daemon_addr does not match: the default, which is strict.
        ("submission", "550 5.7.1 at MAIL", "default"),
        ("mx", "550 5.7.1 at MAIL", "by-port"),
        ("submissions", "250 2.0.0 at DATA", "lenient"),
    ],
)
def test_listener_has_its_profile(profiled, listener, want, want_profile):
    """alice uses bob's address everywhere, and is answered differently."""
    got = submit(
        profiled,
        whole("From: bob@example.org"),
        sender="<bob@example.org>",
        listener=listener,
    )
    assert got.verdict == want
    assert got.record["profile"] == want_profile


@pytest.mark.proves("D3.1")
@pytest.mark.parametrize(
    "listener, want_dates", [("submission", 1), ("submissions", 1), ("mx", 0)]
)
def test_listener_completes_by_its_profile(profiled, listener, want_dates):
    """The profile of a listener inherits the default and changes one option."""
    got = submit(profiled, b"From: alice@example.org\r\n\r\n", listener=listener)
    assert got.verdict == "250 2.0.0 at DATA"
    if "Date" in profiled.mta.completes:
        want_dates = 1  # by the mail server, after us
    assert len(got.relayed.values("Date")) == want_dates
    ours = [e for e in got.record["edits"] if e["field"] == "Date"]
    assert len(ours) == (0 if listener == "mx" else 1)


@pytest.mark.proves("D3.1", "A1", "A6")
@pytest.mark.parametrize(
    "listener, want_name, want_profile",
    [
        ("submission", "MSA", "submission"),
        ("submissions", "MSAS", "submissions"),
        ("mx", "MX", "mixed"),
    ],
)
def test_every_listener_takes_mail(lab, listener, want_name, want_profile):
    """587 with STARTTLS, 465 with implicit TLS, and a mixed port."""
    got = submit(lab, listener=listener)
    assert got.verdict == "250 2.0.0 at DATA"
    assert b"with ESMTPSA" in got.relayed.content
    record = got.record
    assert record["profile"] == want_profile
    assert record["listener"]["daemon_name"] == want_name
    assert str(record["listener"]["daemon_port"]) == str(lab.ports[listener])


# --- authentication -----------------------------------------------------


@pytest.mark.proves("D4.3", "A2", "D4.1")
@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize(
    "sender, recipient",
    [
        ("<alice@example.org>", "<someone@example.com>"),
        ("<alice@example.org>", "<bob@example.org>"),
        ("<someone@example.com>", "<bob@example.org>"),
        ("<>", "<postmaster@example.org>"),
    ],
    ids=["to-outside", "to-inside", "from-outside", "null-sender"],
)
def test_unauthenticated_is_refused_at_mail(lab, listener, sender, recipient):
    """530 at MAIL, whatever the recipient, local ones too."""
    got = submit(
        lab, login=None, listener=listener, sender=sender, recipients=(recipient,)
    )
    assert got.verdict == "530 5.7.0 at MAIL"


@pytest.mark.proves("D4.3", "A2")
def test_unauthenticated_pipelining_relays_nothing(lab):
    """A client that does not wait for the 530 gets nothing through either."""
    with Client(lab) as client:
        lab.refused.add(client.helo)
        client.send(
            b"MAIL FROM:<alice@example.org>\r\nRCPT TO:<x@example.com>\r\nDATA\r\n"
        )
        codes = [client.reply().codes for _ in range(3)]
        assert codes[0] == "530 5.7.0"
        assert all(code.startswith("503") for code in codes[1:]), codes


@pytest.mark.proves("D4.3", "A2")
def test_wrong_password_is_no_authentication(lab):
    """A failed AUTH leaves the client where it was."""
    with Client(lab) as client:
        assert client.authenticate(ALICE, password="wrong").code == 535
        assert client.mail("<alice@example.org>").codes == "530 5.7.0"


@pytest.mark.proves("D4.3", "A6")
def test_identity_is_the_login(lab):
    """The name in MAIL AUTH= is what a client writes, never an identity."""
    with Client(lab) as client:
        client.authenticate("mallory@example.org")
        answer = client.mail("<alice@example.org> AUTH=alice@example.org")
    assert answer.codes == "550 5.7.1"
    record = lab.audit(client.helo)[0]
    assert record["identity"] == "sasl:mallory@example.org"


# --- TLS ----------------------------------------------------------------


@pytest.mark.proves("A4", "D4.3")
@pytest.mark.parametrize("listener", ["submission", "mx"])
def test_no_submission_in_the_clear(lab, listener):
    """No AUTH without TLS, and no MAIL without AUTH."""
    with Client(lab, listener, tls=False) as client:
        assert "AUTH" not in client.capabilities.text
        assert client.authenticate(ALICE).code >= 500
        answer = client.mail("<alice@example.org>")
    assert answer.codes == "530 5.7.0"
    record = lab.audit(client.helo)[0]
    assert record["result"] == "refused"
    assert not record["tls"]


@pytest.mark.proves("A4", "D4.1")
def test_clear_is_refused_even_where_nobody_authenticates(start_lab):
    """tls-required alone: STARTTLS first, then the same mail passes."""
    open_house = config.text(
        default_profile="""{ rules: { auth-required = "off";
            sender-rights = "off"; from-rights = "off"; }; }"""
    )
    with start_lab(open_house) as other:
        mail = dict(login=None, listener="mx", recipients=("<bob@example.org>",))
        clear = submit(other, tls=False, **mail)
        assert clear.verdict == "530 5.7.0 at MAIL"
        assert "STARTTLS" in clear.reply.text
        assert submit(other, **mail).verdict == "250 2.0.0 at DATA"


TLS_CASES = [
    ("{ minimum_version = \"1.3\"; }", ssl.TLSVersion.TLSv1_2, "530 5.7.10 at MAIL"),
    ("{ minimum_version = \"1.3\"; }", ssl.TLSVersion.TLSv1_3, "250 2.0.0 at DATA"),
    ("{ minimum_version = \"1.2\"; }", ssl.TLSVersion.TLSv1_2, "250 2.0.0 at DATA"),
    ("{ minimum_bits = 257; }", None, "530 5.7.10 at MAIL"),
    ("{ minimum_bits = 256; }", None, "250 2.0.0 at DATA"),
]


@pytest.mark.proves("A4", "X43")
def test_weak_tls_is_refused(start_lab):
    """A TLS version below the minimum, or too few bits: 530 5.7.10."""
    with start_lab(config.text()) as other:
        for tls, version, want in TLS_CASES:
            text = config.text(default_profile="{ tls: %s; }" % tls)
            other.reload(config.filled_in(text, other), "configuration reloaded")
            got = submit(other, version=version)
            assert got.verdict == want, "%s, client at most %s" % (tls, version)


@pytest.mark.proves("A1", "A4")
@pytest.mark.parametrize("listener", LISTENERS)
def test_extensions_offered(lab, listener):
    """What RFC 6409, section 7, wants on the port, and ETRN never."""
    with Client(lab, listener) as client:
        offered = {line[4:].split()[0] for line in client.capabilities.lines[1:]}
        assert offered >= {"PIPELINING", "ENHANCEDSTATUSCODES", "DSN", "SIZE"}
        assert offered >= {"8BITMIME", "AUTH"}
        assert ("SMTPUTF8" in offered) == lab.mta.has_smtputf8
        assert "ETRN" not in offered and "STARTTLS" not in offered
        client.authenticate(ALICE)
        assert client.command("ETRN example.org").code >= 500
        assert client.command("VRFY alice").code == lab.mta.vrfy


# --- return path --------------------------------------------------------


@pytest.mark.proves("D3.2", "X2", "A6")
def test_null_sender_does_not_hide_a_forged_from(lab):
    """MAIL FROM:<> is allowed, header From is checked all the same."""
    got = submit(lab, whole("From: bob@example.org"), sender="<>")
    assert got.verdict == "550 5.7.1 at DATA"


@pytest.mark.proves("D3.2", "D8.5")
def test_null_sender_passes(lab):
    """Delivery and disposition notifications come with MAIL FROM:<>."""
    got = submit(lab, FROM_ALICE, sender="<>")
    assert got.verdict == "250 2.0.0 at DATA"
    assert got.relayed.sender == ""
    assert got.record["envelope"]["sender"] == ""


@pytest.mark.proves("D3.2", "D4.1")
def test_no_return_path_at_all(start_lab):
    """550 at MAIL when neither MAIL FROM nor the identity gives an address."""
    lenient = '{ rules: { envelope-syntax = "warn"; sender-rights = "off"; }; }'
    with start_lab(config.text(default_profile=lenient)) as other:
        broken = "<nobody..knows@example.org>"
        got = submit(other, sender=broken, login="robot@internal")
        assert got.verdict == "550 5.1.7 at MAIL"
        assert got.record["reply"]["reason"] == "return-path-unknown"
        # alice's login is an address: a bounce can go there.
        got = submit(other, sender=broken, login=ALICE)
        assert got.stage == "DATA", got
