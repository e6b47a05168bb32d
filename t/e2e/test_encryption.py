"""S/MIME to recipients with certificates, through the mail server."""

import email
import email.policy
import shutil

import pytest
from lab.dkimcheck import verify

from support import config
from support.smime import decrypt, make_certificate, row
from support.submission import ALICE, letter, submit, whole

CAROL, GATE = "carol@example.com", "gate.example"

# The entity that is encrypted, and the fields that stay outside.
ENTITIES = {
    "text": (
        ("Content-Type: text/plain;\r\n\tcharset=utf-8", "content-Language: de"),
        b"Hello.\r\n.\r\n..\r\n trailing \t \r\nFrom here\r\n\r\n\r\n",
    ),
    "8 bits": (
        ("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"),
        "Grüße\r\n".encode() + b"\xff\xfe\r\n" + "ü".encode() * 400 + b"\r\n",
    ),
    "parts": (
        ('Content-Type: multipart/mixed; boundary="x"',),
        b"preamble\r\n--x\r\n\r\none\r\n--x\r\nContent-Type: text/html\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nPGI+\r\n--x--\r\nepilogue \r\n",
    ),
    "large": (("Content-Type: text/plain",), b"0123456789 abcdefghijklmnopqrstuvwxyz\r\n" * 20000),
}


@pytest.fixture(scope="module", name="certificates")
def make_certificates(tmp_path_factory):
    """One in the folder, one in a table."""
    made = tmp_path_factory.mktemp("certificates")
    for name in (CAROL, GATE):
        make_certificate(made, name)
    (made / "files").mkdir()
    shutil.copy(made / (CAROL + ".pem"), made / "files")
    (made / "rows").write_text("@%s %s\n" % (GATE, row(made, GATE)))
    return made


@pytest.fixture(scope="module", name="encrypting")
def start_encrypting(start_lab, certificates):
    """AES-GCM on 587, AES-CBC on 465, another Subject on the third port."""
    to = 'encrypt: { recipients = [ "example.com", "%s" ]; %%s };' % GATE
    text = config.text(
        tables='{ certs: { type = "texthash"; file = "%s/rows"; }; }' % certificates,
        rights="{ self = true; }",
        encryption='{ certificates = "%s/files"; table = "certs"; }' % certificates,
        default_profile="{ %s }" % (to % ""),
        profiles="""( { name = "cbc"; listeners = ( { daemon_name = "MSAS"; } ); %s },
            { name = "hidden"; listeners = ( { daemon_name = "MX"; } ); %s } )"""
        % (to % 'cipher = "aes-256-cbc";', to % 'subject = "...";'),
    )
    with start_lab(text) as lab:
        yield lab


@pytest.mark.proves("D8.6", "D8.5")
@pytest.mark.parametrize("listener", ["submission", "submissions"])
@pytest.mark.parametrize("name", ENTITIES)
def test_recipients_read_the_original(encrypting, certificates, listener, name):
    """To the octet, from file and table; the message is one that programs read, and signed."""
    fields, body = ENTITIES[name]
    got = submit(
        encrypting,
        whole("From: Alice <%s>" % ALICE, "MIME-Version: 1.0", *fields, body=body),
        sender="<%s>%s" % (ALICE, "" if body.isascii() else " BODY=8BITMIME"),
        recipients=["<%s>" % CAROL, "<anybody@%s>" % GATE],
        listener=listener,
    )
    assert got.verdict == "250 2.0.0 at DATA"
    want = "\r\n".join([*fields, "", ""]).encode() + body
    for message in got.relayed_to([CAROL, "anybody@" + GATE]):
        for who in (CAROL, GATE):
            assert decrypt(certificates, who, message.content) == want
        found = verify(message.content, encrypting.dns)
        assert len(found) == 2 and all(signature.is_valid for signature in found)
        outer = email.message_from_bytes(message.content, policy=email.policy.SMTP)
        assert outer.get_content_type() == "application/pkcs7-mime"
        assert outer["Subject"] == "a whole message" and not outer.defects
        assert outer["Content-Language"] is None
        assert outer.get_filename() == "smime.p7m"
        # As a mail client does: what OpenSSL gives it is read as an entity.
        inner = email.message_from_bytes(decrypt(certificates, CAROL, message.content))
        assert not inner.defects
        assert inner.is_multipart() or inner.get_payload(decode=True) == body


@pytest.mark.proves("D8.6")
def test_not_in_one_message(encrypting):
    """Who cannot have the same message is put off at RCPT; the other one gets it."""
    got = submit(encrypting, recipients=["<%s>" % CAROL, "<x@other.example>", "<no@example.com>"])
    assert [r.codes for r in got.recipient_replies][1:] == ["452 4.5.3", "550 5.7.5"]
    assert got.relayed.recipients == [CAROL]


@pytest.mark.proves("D8.6")
def test_opaque_from_the_outside(encrypting):
    """Nothing of the content is in what leaves."""
    message = letter("From: " + ALICE, "To: " + CAROL, "Subject: x", body="a secret word\r\n")
    got = submit(encrypting, message, recipients=["<%s>" % CAROL])
    assert b"secret" not in got.relayed.content


@pytest.mark.proves("D8.6", "D8.5")
def test_subject_is_hidden(encrypting, certificates):
    """All of the message is within, Subject among it, and mail programs find it there."""
    message = whole("From: " + ALICE, body="x\r\n").replace(b"Subject: a whole", b"Subject: a secret")
    got = submit(encrypting, message, recipients=["<%s>" % CAROL], listener="mx")
    assert got.relayed.value("Subject") == "..." and b"secret" not in got.relayed.content
    inner = email.message_from_bytes(decrypt(certificates, CAROL, got.relayed.content))
    assert inner.get_content_type() == "message/rfc822"
    assert inner.get_payload(0)["Subject"] == "a secret message"
    found = verify(got.relayed.content, encrypting.dns)
    assert len(found) == 2 and all(signature.is_valid for signature in found)
