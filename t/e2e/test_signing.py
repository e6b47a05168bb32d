"""Signatures: over what leaves, for those with the right, with safe keys."""

import os
import shutil
import subprocess

import pytest
from lab.dkimcheck import verify

from support import config
from support.submission import ALICE, FROM_ALICE, letter, submit, whole

BOTH = [
    ("example.org", "ed", "ed25519-sha256"),
    ("example.org", "rsa", "rsa-sha256"),
]


def signatures(lab, relayed):
    """(d, s, a) of the signatures, all of which verify."""
    found = verify(relayed.content, lab.dns)
    for signature in found:
        assert signature.is_valid, str(signature)
    return sorted((s.domain, s.selector, s.algorithm) for s in found)


MESSAGES = {
    "nothing but From": b"From: alice@example.org\r\n\r\n",
    "no Date, no Message-ID": letter("From: alice@example.org", "To: a@example.com"),
    "broken Date": whole("From: alice@example.org").replace(b"Mon, 2", b"Someday"),
    "Sender added": whole("From: sales@example.org"),
    "empty body": whole("From: alice@example.org", body=""),
    "only line ends": whole("From: alice@example.org", body="\r\n" * 5),
    "no line end": whole("From: alice@example.org", body="no line end"),
    "trailing blanks": whole("From: alice@example.org", body="a  \r\n\t\r\nb\t\r\n"),
    "dots": whole("From: alice@example.org", body=".\r\n..\r\n.x\r\n"),
    "8-bit body": whole("From: alice@example.org", body="Gr\u00fc\u00dfe\r\n"),
    "latin-1 body": whole("From: alice@example.org", body=b"\xe4\xff\x80\r\n"),
    "control octets": whole("From: alice@example.org", body="\x01\x1b[0m\x7f\r\n"),
    "long line": whole("From: alice@example.org", body="x" * 990 + "\r\n"),
    "large body": whole("From: alice@example.org", body=("y" * 70 + "\r\n") * 20000),
    "folded fields": whole(
        "From: Alice\r\n\t<alice@example.org>",
        "Reply-To:\r\n alice@example.org",
        "Cc: a@example.com,\r\n\tb@example.com",
    ),
    "odd blanks": whole("From:alice@example.org", "Reply-To:  \t alice@example.org  "),
    "many recipients": whole(
        "From: alice@example.org", "Cc: " + ",\r\n ".join(["a@b.example"] * 300)
    ),
    "repeated fields": whole("From: alice@example.org", "Comments: a", "Comments: b"),
    "encoded-words": whole("From: =?utf-8?q?Al=C3=AFce?= <alice@example.org>"),
    "foreign signature": whole(
        "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=x; h=from; bh=eA==; b=eA=",
        "From: alice@example.org",
    ),
}


@pytest.mark.proves("D8.5", "X10")
@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
def test_signature_verifies(lab, message):
    """RSA and Ed25519, with dkimpy and with opendkim."""
    got = submit(lab, message)
    assert got.verdict == "250 2.0.0 at DATA"
    relayed = got.relayed
    if b"d=example.com" in message:
        found = verify(relayed.content, lab.dns)
        ours = [s for s in found if s.domain == "example.org"]
        assert len(found) == 3 and len(ours) == 2
        assert all(s.is_valid for s in ours), [str(s) for s in ours]
    else:
        assert signatures(lab, relayed) == BOTH


@pytest.mark.proves("D8.5", "A6")
def test_audit_names_the_signatures(lab):
    """Domain, selector and algorithm of each."""
    got = submit(lab, FROM_ALICE)
    told = sorted(
        (s["domain"], s["selector"], s["algorithm"]) for s in got.record["signatures"]
    )
    assert told == BOTH == signatures(lab, got.relayed)


@pytest.mark.proves("D8.5")
@pytest.mark.parametrize("listener", ["submission", "submissions", "mx"])
@pytest.mark.parametrize("sender", ["<alice@example.org> BODY=8BITMIME", "<> RET=HDRS"])
def test_signed_whichever_way_it_came(lab, listener, sender):
    """Every listener, with parameters of MAIL."""
    message = whole("From: alice@example.org", body="\u00e4\r\n")
    got = submit(lab, message, sender=sender, listener=listener)
    assert signatures(lab, got.relayed) == BOTH


@pytest.mark.proves("D8.5")
def test_what_is_signed_cannot_be_added_to(lab):
    """A second From, or another Subject, breaks the signature."""
    content = submit(lab, FROM_ALICE).relayed.content
    for field in (b"From: bob@example.org\r\n", b"Subject: other\r\n"):
        for changed in (
            field + content,
            content.replace(b"From: alice", field + b"From: alice", 1),
        ):
            found = verify(changed, lab.dns)
            assert len(found) == 2
            assert not any(s.dkimpy or s.opendkim for s in found), field
    assert b"l=" not in b"".join(
        value for name, value in submit(lab).relayed.fields if name == "DKIM-Signature"
    ).replace(b"rel=", b"")


@pytest.mark.proves("X10")
@pytest.mark.parametrize(
    "login, author, want",
    [
        (ALICE, "alice@example.org", "example.org"),
        (ALICE, "Alice@Example.ORG", "example.org"),
        (ALICE, "sales@example.org", "example.org"),
        (ALICE, "sales@example.org, alice@example.org", "example.org"),
        ("dave@example.net", "dave@example.net", "example.net"),
    ],
)
def test_domain_is_that_of_the_first_author(lab, login, author, want):
    """The key of the domain of the first From mailbox."""
    message = whole("From: " + author)
    got = submit(lab, message, sender="<%s>" % login, login=login)
    assert {domain for domain, _, _ in signatures(lab, got.relayed)} == {want}


RIGHTS = """{ tables = (
	{ table = "logins"; key = "address"; },
	{ table = "domains"; key = "identity"; right = "own"; }
); }"""
TABLES = """{
	logins: { type = "inline"; rows = ( [ "x@example.com", "alice@example.org" ] ); };
	domains: { type = "inline"; rows = ( [ "dave@example.net", "@example.org" ] ); };
}"""
ANY_FROM = '{ rules: { sender-rights = "off"; from-rights = "off"; }; }'
ANY_FROM_ON_TRIAL = '{ rules: { sender-rights = "off"; from-rights = "warn"; }; }'
ANYBODY = """{ rules: { auth-required = "off"; sender-rights = "off";
                        from-rights = "off"; }; }"""
ANY_LOGIN = """{ rules: { sender-rights = "off"; from-rights = "off"; };
                 sign = "authenticated"; }"""
FALLBACK = '{ sign_fallback_domain = "example.org"; }'
DAVE = "dave@example.net"

# Profile, login, From; then why it is unsigned, or the domain that signs.
SIGNING = [
    (ANY_FROM_ON_TRIAL, ALICE, "bob@example.org", "no-right-to-from", None),
    (ANY_FROM, ALICE, "bob@example.org", "no-right-to-from", None),
    (ANY_FROM, ALICE, ALICE + ", bob@example.org", "no-right-to-from", None),
    (ANYBODY, None, ALICE, "not-authenticated", None),
    ('{ sign = "off"; }', ALICE, ALICE, "sign-off", None),
    ("{ }", ALICE, "x@example.com", "no-key", None),
    (FALLBACK, ALICE, "x@example.com", "no-key", "example.org"),
    (ANY_LOGIN, ALICE, "bob@example.org", None, "example.org"),
    ("{ }", DAVE, "dave@example.org", None, "example.org"),
]


@pytest.mark.proves("X10", "X43", "A6")
def test_signed_only_with_the_right(start_lab):
    """Evaluated strictly, also where the rule is off; the audit says why not."""
    with start_lab(config.text()) as other:
        for profile, login, author, want_unsigned, want_domain in SIGNING:
            case = (profile, login, author)
            text = config.text(tables=TABLES, rights=RIGHTS, default_profile=profile)
            other.reload(config.filled_in(text, other), "configuration reloaded")
            got = submit(
                other,
                whole("From: " + author),
                sender="<%s>" % author.partition(",")[0],
                login=login,
                recipients=("<bob@example.org>",),
                # Where Postfix takes mail for bob from anybody.
                listener="mx",
            )
            assert got.verdict == "250 2.0.0 at DATA", (case, got)
            domains = {domain for domain, _, _ in signatures(other, got.relayed)}
            assert domains == ({want_domain} if want_domain else set()), case
            assert got.record.get("unsigned") == want_unsigned, case


# --- keys ---------------------------------------------------------------


def check_configuration(lab, path):
    """submit-milter -t: (status, everything it says)."""
    done = subprocess.run(
        [lab.program, "-t", "-c", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def with_key(lab, folder, change):
    """A configuration whose only key is a copy of a good one, changed."""
    key = folder / "some.key"
    shutil.copy(lab.folder / "keys" / "example.org" / "rsa.key", key)
    key.chmod(0o600)
    change(key)
    path = folder / "key.conf"
    path.write_text(
        config.text(
            dkim='{ domains = ( { domain = "example.org"; keys = ('
            ' { selector = "rsa"; file = "%s"; } ); } ); }' % key
        )
    )
    return path, key


def openssl(*argv):
    """Makes a key file."""
    return lambda key: subprocess.run(
        ["openssl", "genpkey", "-quiet", *argv, "-out", key], check=True
    )


UNSAFE_KEYS = {
    "readable by all": lambda key: key.chmod(0o644),
    "readable by others": lambda key: key.chmod(0o604),
    "writable by others": lambda key: key.chmod(0o602),
    "missing": os.unlink,
    "empty": lambda key: key.write_text(""),
    "no key": lambda key: key.write_text("not a key\n"),
    "only the public part": lambda key: key.write_bytes(
        subprocess.run(
            ["openssl", "pkey", "-in", key, "-pubout"], check=True, stdout=-1
        ).stdout
    ),
    "too short": openssl("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"),
    "not for DKIM": openssl("-algorithm", "X25519"),
}


@pytest.mark.proves("X14", "X41")
@pytest.mark.parametrize("change", UNSAFE_KEYS.values(), ids=UNSAFE_KEYS.keys())
def test_unsafe_key_is_refused(lab, tmp_path, change):
    """A clear error with the place in the configuration and the key's name."""
    path, key = with_key(lab, tmp_path, change)
    status, words = check_configuration(lab, path)
    assert status == 1, words
    assert str(key) in words
    assert "%s:" % path in words


@pytest.mark.proves("X14")
@pytest.mark.parametrize("mode", [0o600, 0o400], ids=oct)
def test_safe_key_is_taken(lab, tmp_path, mode):
    """The counterpart: the same file, kept as it should be."""
    path, _key = with_key(lab, tmp_path, lambda key: key.chmod(mode))
    status, words = check_configuration(lab, path)
    assert status == 0, words


@pytest.mark.proves("X15")
def test_keys_are_read_once(start_lab):
    """Not once a message: the files may change, until a reload reads them."""
    with start_lab(config.text()) as other:
        assert signatures(other, submit(other).relayed) == BOTH
        for selector in ("rsa", "ed"):
            key = other.folder / "keys" / "example.org" / (selector + ".key")
            key.write_text("no key any more\n")
        assert signatures(other, submit(other).relayed) == BOTH
        said = other.reload(other.config.read_text(), "not reloaded")
        assert str(other.folder / "keys") in said


@pytest.mark.proves("X14", "X43")
def test_keys_are_reloaded_without_restart(start_lab, tmp_path):
    """A new key signs after SIGHUP; a bad new one keeps the old one."""
    with start_lab(config.text()) as other:
        assert signatures(other, submit(other).relayed) == BOTH
        only_ed = (
            '{ domains = ( { domain = "example.org"; keys = ('
            ' { selector = "ed"; file = "%s/keys/example.org/ed.key"; } ); } ); }'
        )
        text = config.text(dkim=only_ed % other.folder)
        other.reload(text, "configuration reloaded")
        assert signatures(other, submit(other).relayed) == BOTH[:1]
        bad, key = with_key(other, tmp_path, UNSAFE_KEYS["readable by all"])
        said = other.reload(bad.read_text(), "not reloaded")
        assert str(key) in said
        assert signatures(other, submit(other).relayed) == BOTH[:1]
