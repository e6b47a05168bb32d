"""Mail that nobody but its recipients can read."""

import base64
import email
import re
import shutil
import sqlite3
import subprocess

import pytest

from harness import configuration as conf
from harness.message import letter, whole
from harness.session import Session, submit
from support import smime
from support.smime import EC, RSA, make_certificate, one_line, run

FROM = "From: alice@example.org"
BODY = "Grüße\r\n--x\r\n".encode() + b"\xff\r\n" * 3
CONTENT = ("MIME-Version: 1.0", "Content-Type: text/plain;\n\tcharset=utf-8", "content-Language: de")
ENTITY = b"Content-Type: text/plain;\r\n\tcharset=utf-8\r\ncontent-Language: de\r\n\r\n" + BODY


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Good certificates and bad ones."""
    made = tmp_path_factory.mktemp("certificates")
    make_certificate(made, "carol@example.com", RSA)
    make_certificate(made, "dave@example.com", EC, "-addext", "keyUsage=keyAgreement")
    make_certificate(made, "gate.example", RSA, "-addext", "extendedKeyUsage=emailProtection")
    make_certificate(made, "signer@example.com", RSA, "-addext", "keyUsage=digitalSignature")
    make_certificate(made, "server@example.com", RSA, "-addext", "extendedKeyUsage=serverAuth")
    return made


@pytest.fixture(scope="module")
def daemon(module_start, strict, folder):
    """A listener for each way to go about it."""
    to = ("example.com", "gate.example", ".below.example", "one@other.example")
    plain = {"rules": {"tls-required": "off"}, "trusted_networks": ("192.0.2.99",)}
    profiles = [
        conf.profile("gcm", encrypt={"recipients": to}, **plain),
        conf.profile("cbc", encrypt={"recipients": to, "cipher": "aes-256-cbc"}, **plain),
        conf.profile("refuse", encrypt={"recipients": to, "mixed": "refuse"}),
        conf.profile("pass", encrypt={"recipients": to, "mixed": "pass", "missing": "pass"}),
        conf.profile("off", encrypt={"recipients": to}, rules={"encrypt": "off"}),
    ]
    profiles.append(
        conf.profile("hidden", encrypt={"recipients": to, "subject": "..."}, encode={"header": True})
    )
    return module_start(
        conf.changed(
            strict,
            encryption={"certificates": str(folder)},
            profiles=profiles,
            body={"memory": 1000},
        )
    )


def decrypt(folder, name, message):
    """What the owner of a certificate finds in a message."""
    return smime.decrypt(folder, name, message.octets())


@pytest.mark.parametrize(
    "listener, kind", [("gcm", "authEnveloped-data"), ("cbc", "enveloped-data")]
)
def test_round(daemon, keys, folder, listener, kind):
    """D8.6: each recipient reads the entity to the octet; it is signed as it leaves."""
    message = whole(FROM, *CONTENT, body=BODY)
    to = ["<carol@example.com>", "<Dave@EXAMPLE.com>", "<anybody@gate.example>"]
    got = submit(daemon, message, daemon_name=listener, recipients=to)
    assert got.verdict == "passed", got
    parsed = email.message_from_bytes(got.leaving.octets())
    assert parsed.get_param("smime-type") == kind
    assert parsed["Content-Language"] is None and parsed["Subject"] == "a whole message"
    for name in ("carol@example.com", "dave@example.com", "gate.example"):
        assert decrypt(folder, name, got.leaving) == ENTITY, name
    inner = email.message_from_bytes(decrypt(folder, "carol@example.com", got.leaving))
    assert inner.get_payload(decode=True) == BODY
    assert got.leaving.octets().isascii()
    assert max(map(len, got.leaving.body.split(b"\r\n"))) == 76
    signatures = keys.verify(got.leaving.octets())
    assert len(signatures) == 2 and all(s.is_valid for s in signatures), got.record
    assert "encrypt" in {e["cause"] for e in got.record["edits"]}


HIDING = {
    "a subject": (["Subject:  a\n\tsecret  "], "..."),
    "one that is encoded": (["Subject: gr\u00fcn"], "..."),
    "none": ([], None),
}


@pytest.mark.parametrize("name", HIDING)
def test_subject(daemon, keys, folder, name):
    """D8.6: another Subject outside, the whole message within; what leaves is signed."""
    subject, want = HIDING[name]
    lines = [FROM, "Date: Mon, 2 Nov 2026 10:00:00 +0100", "To: carol@example.com",
             "Message-ID: <a@b.example>", *subject, *CONTENT]
    message = letter(*lines, body=BODY)
    got = submit(daemon, message, daemon_name="hidden", recipients=["<carol@example.com>"])
    assert got.verdict == "passed", got
    outer = email.message_from_bytes(got.leaving.octets())
    assert outer["Subject"] == want and outer["From"] == "alice@example.org"
    wrapper, _, within = decrypt(folder, "carol@example.com", got.leaving).partition(b"\r\n\r\n")
    assert wrapper == b"Content-Type: message/rfc822"
    sent = message.octets().replace("Subject: gr\u00fcn".encode(), b"Subject: =?utf-8?Q?gr=C3=BCn?=")
    assert within == sent
    assert keys.accept(got.leaving.octets())
    assert got.record["edits"][-1]["cause"] == "dkim"
    again = submit(daemon, got.leaving, daemon_name="off")
    assert again.verdict == "passed" and again.new_body is None


def test_tampering(daemon, folder):
    """D8.6: authenticated encryption: one bit that another has changed is noticed."""
    got = submit(daemon, whole(FROM, body=BODY), daemon_name="gcm",
                 recipients=["<carol@example.com>"])
    der = bytearray(base64.b64decode(got.new_body))
    der[-40] ^= 1
    done = subprocess.run(
        ["openssl", "cms", "-decrypt", "-inform", "DER", "-binary",
         "-recip", str(folder / "carol@example.com.pem"),
         "-inkey", str(folder / "carol@example.com.key")],
        input=bytes(der), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    assert done.returncode != 0


def test_nothing_at_all(daemon, folder):
    """D8.6: a message without body is encrypted, too."""
    got = submit(daemon, whole(FROM, body=b""), daemon_name="gcm",
                 recipients=["<carol@example.com>"])
    assert got.verdict == "passed", got
    assert decrypt(folder, "carol@example.com", got.leaving) == b"\r\n"


def test_large(daemon, folder):
    """D8.6: 50 MB are encrypted in a few of memory."""
    line = b"sixty octets, sixty octets, sixty octets, sixty octets, six\r\n"
    to = ["<carol@example.com>"]
    submit(daemon, whole(FROM, body=line), daemon_name="gcm", recipients=to)
    before = daemon.peak()
    message = whole(FROM, body=line * (50000000 // len(line)))
    got = submit(daemon, message, daemon_name="gcm", recipients=to)
    assert got.verdict == "passed", got
    assert decrypt(folder, "carol@example.com", got.leaving) == b"\r\n" + message.body
    daemon.check_growth(before, 4 << 20)


# Listener, client, recipients; the answers to them.
RECIPIENTS = {
    "others": ("gcm", {}, ["x@one.example", "y@sub.gate.example"], ["continue"] * 2),
    "no certificate": ("gcm", {}, ["nobody@example.com"], ["550 5.7.5"]),
    "a domain below": ("gcm", {}, ["x@a.below.example"], ["550 5.7.5"]),
    "only to sign": ("gcm", {}, ["signer@example.com"], ["550 5.7.5"]),
    "not for mail": ("gcm", {}, ["server@example.com"], ["550 5.7.5"]),
    "an address": ("gcm", {}, ["one@other.example", "two@other.example"], ["550 5.7.5", "continue"]),
    "both, the secret first": (
        "gcm", {}, ["carol@example.com", "x@one.example", "dave@example.com"],
        ["continue", "452 4.5.3", "continue"],
    ),
    "both, the open first": (
        "gcm", {}, ["x@one.example", "carol@example.com"], ["continue", "452 4.5.3"],
    ),
    "both, refused": (
        "refuse", {}, ["x@one.example", "carol@example.com"], ["continue", "550 5.7.5"],
    ),
    "in the clear": ("gcm", {"tls": None}, ["carol@example.com"], ["530 5.7.0"]),
    "in the clear, trusted": (
        "gcm", {"tls": None, "address": "192.0.2.99"}, ["carol@example.com"], ["continue"],
    ),
}


@pytest.mark.parametrize("name", RECIPIENTS)
def test_recipients(daemon, name):
    """D8.6: who cannot be written to is told so at RCPT."""
    listener, client, recipients, want = RECIPIENTS[name]
    with Session(daemon, daemon_name=listener, **client) as session:
        session.mail()
        assert [session.rcpt("<%s>" % r).verdict for r in recipients] == want
        session.mta.abort()


@pytest.mark.parametrize("listener", ["pass", "off"])
def test_unencrypted(daemon, listener):
    """D8.6: where the site will have it so, mail passes as it is."""
    to = ["<carol@example.com>", "<x@one.example>"]
    got = submit(daemon, whole(FROM, body=BODY), daemon_name=listener, recipients=to)
    assert got.verdict == "passed" and got.new_body is None


def test_expired(start, strict, tmp_path):
    """D8.6: a certificate that is no longer valid is none; one that is broken stops the start."""
    run("openssl", "req", "-x509", "-nodes", *RSA, "-subj", "/CN=x", "-days", "1",
        "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "request"))
    run("openssl", "x509", "-in", str(tmp_path / "request"), "-signkey", str(tmp_path / "key"),
        "-days", "-1", "-out", str(tmp_path / "late@example.com.pem"))
    changes = {
        "encryption": {"certificates": str(tmp_path)},
        "default_profile": {"encrypt": {"recipients": ("late@example.com",)}},
    }
    daemon = start(conf.changed(strict, **changes))
    got = submit(daemon, recipients=["<late@example.com>"])
    assert got.verdict == "550 5.7.5 at rcpt"
    assert "the certificate has expired" in [v.get("detail") for v in got.record["verdicts"]]
    (tmp_path / "broken.pem").write_text("nothing\n")
    with pytest.raises(AssertionError, match="broken.pem: is no certificate"):
        start(conf.changed(strict, **changes))


POSTMAP = shutil.which("postmap") or "/usr/sbin/postmap"
CAROL = "carol@example.com"


def pem(folder, name):
    """A certificate as openssl writes it."""
    return (folder / (name + ".pem")).read_text()


def compiled(kind):
    """A table that postmap makes."""

    def make(folder, rows):
        path = folder / ("rows-" + kind)
        path.write_text("".join("%s\t%s\n" % (k, one_line(v)) for k, v in rows))
        (folder / "main.cf").write_text("compatibility_level = 3.6\n")
        run(POSTMAP, "-c", str(folder), "%s:%s" % (kind, path))
        return {"type": kind, "file": str(path)}

    return make


def text_file(kind, line):
    """A table of lines."""

    def make(folder, rows):
        path = folder / ("rows-" + kind)
        path.write_text("".join(line(k, v) + "\n" for k, v in rows))
        return {"type": kind, "file": str(path)}

    return make


def database(folder, rows):
    """DER, as a directory has it, too; the second of a list does not count."""
    path = folder / "rows.sqlite"
    ders = [(k, base64.b64decode(one_line(v)) + b",x") for k, v in rows]
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE certs (who TEXT, der BLOB)")
        connection.executemany("INSERT INTO certs VALUES (?, ?)", ders)
    connection.close()
    return {"type": "sqlite", "file": str(path), "query": "SELECT der FROM certs WHERE who = %s"}


TABLES = {
    "inline": lambda folder, rows: conf.inline(*rows),
    "inline in one line": lambda folder, rows: conf.inline(
        *((k, v.replace("\n", " ") + ", " + v) for k, v in rows)
    ),
    "texthash": text_file("texthash", lambda k, v: k + " " + v.replace("\n", " ")),
    "pcre": text_file("pcre", lambda k, v: "/^%s$/ %s" % (re.escape(k), one_line(v))),
    "regexp": text_file("regexp", lambda k, v: "/^%s$/ %s" % (re.escape(k), one_line(v))),
    "sqlite": database,
    **{kind: compiled(kind) for kind in ("hash", "btree", "lmdb", "cdb")},
}


@pytest.mark.parametrize("kind", TABLES)
def test_table(start, strict, folder, tmp_path, kind):
    """D8.6: certificates from a table of any type: for an address, and for a domain."""
    rows = [(CAROL, pem(folder, CAROL))]
    to = [CAROL]
    if kind not in ("pcre", "regexp"):  # they are asked for whole addresses
        rows.append(("@gate.example", pem(folder, "gate.example")))
        to.append("anybody@gate.example")
    daemon = start(
        conf.changed(
            strict,
            tables={"certs": TABLES[kind](tmp_path, rows)},
            encryption={"table": "certs"},
            default_profile={"encrypt": {"recipients": ("example.com", "gate.example")}},
        )
    )
    message = whole(FROM, *CONTENT, body=BODY)
    got = submit(daemon, message, recipients=["<%s>" % address for address in to])
    assert got.verdict == "passed", got
    for name, _ in rows:
        assert decrypt(folder, name.lstrip("@"), got.leaving) == ENTITY
    got = submit(daemon, recipients=["<nobody@example.com>"])
    assert got.verdict == "550 5.7.5 at rcpt"


def test_folder_before_table(start, strict, folder, tmp_path):
    """D8.6: a file goes before a row; who has no file has a row; of a row that is old we say so."""
    (tmp_path / (CAROL + ".pem")).write_text(pem(folder, CAROL))
    rows = [
        (CAROL, pem(folder, "gate.example")),
        ("dave@example.com", pem(folder, "dave@example.com")),
        ("signer@example.com", pem(folder, "signer@example.com")),
    ]
    daemon = start(
        conf.changed(
            strict,
            tables={"certs": conf.inline(*rows)},
            encryption={"table": "certs", "certificates": str(tmp_path)},
            default_profile={"encrypt": {"recipients": ("example.com",)}},
        )
    )
    got = submit(daemon, whole(FROM, *CONTENT, body=BODY),
                 recipients=["<%s>" % CAROL, "<dave@example.com>"])
    assert decrypt(folder, CAROL, got.leaving) == decrypt(folder, "dave@example.com", got.leaving) == ENTITY
    got = submit(daemon, recipients=["<signer@example.com>"])
    assert got.verdict == "550 5.7.5 at rcpt"
    assert "the certificate is not for encryption" in [v.get("detail") for v in got.record["verdicts"]]


@pytest.mark.parametrize("kind", ["fail", "sqlite"])
def test_table_that_fails(start, strict, tmp_path, kind):
    """D8.6: no answer, or one that is no certificate: try again, and nothing goes in the clear."""
    if kind == "fail":
        table = {"type": "fail"}
    else:
        table = database(tmp_path, [(CAROL, "bm90aGluZw==")])
    daemon = start(
        conf.changed(
            strict,
            tables={"certs": table},
            encryption={"table": "certs"},
            default_profile={"encrypt": {"recipients": ("example.com",), "missing": "pass"}},
        )
    )
    got = submit(daemon, recipients=["<%s>" % CAROL])
    assert got.verdict == "451 4.3.0 at rcpt"


# What is wrong, and what is said of it.
WRONG = {
    "a row that is no certificate": (
        {"tables": {"certs": conf.inline((CAROL, "MIIBnonsense"))}, "encryption": {"table": "certs"}},
        r":\d+: tables.certs: the row of carol@example.com is no certificate",
    ),
    "no such table": (
        {"encryption": {"table": "certs"}},
        r":\d+: encryption.table: there is no table .certs.",
    ),
    "a table of networks": (
        {"tables": {"certs": {"type": "cidr", "file": "/dev/null"}}, "encryption": {"table": "certs"}},
        r":\d+: encryption.table: table .certs. is of type cidr",
    ),
    "a subject of more than ASCII": (
        {"default_profile": {"encrypt": {"subject": "gr\u00fcn"}}},
        r":\d+: default_profile.encrypt.subject: must be of printable ASCII",
    ),
    "a subject of blanks": (
        {"default_profile": {"encrypt": {"subject": " "}}},
        r":\d+: default_profile.encrypt.subject: must be of at most 200 characters",
    ),
    "neither files nor table": (
        {}, r":\d+: default_profile.encrypt.recipients: needs encryption.certificates or encryption.table",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(start, strict, name):
    """D8.6 X41: what cannot work is an error when the configuration is read."""
    changes, want = WRONG[name]
    with pytest.raises(AssertionError, match=want):
        wanted = conf.changed(
            strict, default_profile={"encrypt": {"recipients": ("example.com",)}}
        )
        start(conf.changed(wanted, **changes))
