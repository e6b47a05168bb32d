"""Mail by programs that people use, over STARTTLS and implicit TLS."""

import smtplib
import ssl
import subprocess

import pytest
from lab.dkimcheck import verify

from support.submission import ALICE, RECIPIENT, letter

MESSAGE = letter(
    "From: Alice <alice@example.org>",
    "To: someone@example.com",
    "Subject: by a real client",
    body="Gr\u00fc\u00dfe\r\n.dot\r\n",
)


def run(argv, **options):
    """Runs a client; returns (status, what it said)."""
    done = subprocess.run(
        [str(arg) for arg in argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **options
    )
    return done.returncode, done.stdout.decode(errors="replace")


def swaks(lab, listener, helo, folder, sender=ALICE):
    """swaks, perl."""
    path = folder / "message"
    path.write_bytes(MESSAGE)
    tls = "--tlsc" if listener == "submissions" else "--tls"
    return run(
        ["swaks", "--server", lab.host, "--port", lab.ports[listener], tls]
        + ["--tls-verify", "--tls-ca-path", lab.ca, "--ehlo", helo]
        + ["--auth", "PLAIN", "--auth-user", ALICE]
        + ["--auth-password", lab.passwords[ALICE]]
        + ["--from", sender, "--to", RECIPIENT]
        + ["--no-data-fixup", "--data", "@%s" % path]
    )


def curl(lab, listener, helo, folder, sender=ALICE):
    """curl, OpenSSL."""
    path = folder / "message"
    path.write_bytes(MESSAGE)
    scheme = "smtps" if listener == "submissions" else "smtp"
    url = "%s://localhost:%d/%s" % (scheme, lab.ports[listener], helo)
    return run(
        ["curl", "-sS", "--ipv4", "--ssl-reqd", "--url", url, "--cacert", lab.ca]
        + ["--user", "%s:%s" % (ALICE, lab.passwords[ALICE])]
        + ["--mail-from", sender, "--mail-rcpt", RECIPIENT, "-T", path]
    )


MSMTPRC = """\
account lab
host localhost
port %d
domain %s
tls on
tls_starttls %s
tls_trust_file %s
auth plain
user %s
password %s
from %s
"""


def msmtp(lab, listener, helo, folder, sender=ALICE):
    """msmtp, GnuTLS; it wants UNIX line ends."""
    starttls = "off" if listener == "submissions" else "on"
    rc = folder / "msmtprc"
    rc.write_text(
        MSMTPRC
        % (
            lab.ports[listener],
            helo,
            starttls,
            lab.ca,
            ALICE,
            lab.passwords[ALICE],
            sender,
        )
    )
    rc.chmod(0o600)
    return run(
        ["msmtp", "-C", rc, "-a", "lab", RECIPIENT],
        input=MESSAGE.replace(b"\r\n", b"\n"),
    )


def python_smtplib(lab, listener, helo, folder, sender=ALICE):
    """smtplib, which adds nothing by itself."""
    context = ssl.create_default_context(cafile=lab.ca)
    options = dict(local_hostname=helo, timeout=30)
    try:
        if listener == "submissions":
            smtp = smtplib.SMTP_SSL(
                "127.0.0.1", lab.ports[listener], context=context, **options
            )
        else:
            smtp = smtplib.SMTP("127.0.0.1", lab.ports[listener], **options)
            smtp.starttls(context=context)
        with smtp:
            smtp.login(ALICE, lab.passwords[ALICE])
            smtp.sendmail(sender, [RECIPIENT], MESSAGE, mail_options=["BODY=8BITMIME"])
    except smtplib.SMTPResponseException as why:
        return 1, "%d %s" % (why.smtp_code, why.smtp_error.decode())
    return 0, ""


CLIENTS = [swaks, curl, msmtp, python_smtplib]


@pytest.mark.proves("D3.1", "A1", "A4", "D8.2", "D8.3", "D8.5", "A6")
@pytest.mark.parametrize("listener", ["submission", "submissions"])
@pytest.mark.parametrize("client", CLIENTS, ids=lambda c: c.__name__)
def test_client_submits(lab, tmp_path, client, listener):
    """Completed, signed, relayed to the octet, and recorded."""
    helo = lab.token()
    status, words = client(lab, listener, helo, tmp_path)
    assert status == 0, words
    relayed = lab.relayed(helo)
    assert relayed.values("Date") and relayed.values("Message-ID")
    assert relayed.body == MESSAGE.partition(b"\r\n\r\n")[2]
    found = verify(relayed.content, lab.dns)
    assert sorted(s.selector for s in found) == ["ed", "rsa"]
    assert all(s.is_valid for s in found), [str(s) for s in found]
    assert lab.audit(helo)[0]["result"] == "passed"


@pytest.mark.proves("D6.1", "D7b")
@pytest.mark.parametrize("client", CLIENTS, ids=lambda c: c.__name__)
def test_client_shows_the_refusal(lab, tmp_path, client):
    """alice with bob's address: each client fails and shows why."""
    helo = lab.token()
    lab.refused.add(helo)
    status, words = client(lab, "submission", helo, tmp_path, "bob@example.org")
    assert status != 0
    assert "550" in words
    # curl shows the code alone.
    assert client is curl or "You may not send with this sender address" in words
    assert lab.audit(helo)[0]["result"] == "refused"


@pytest.mark.proves("A4", "D4.3")
def test_swaks_without_tls(lab):
    """In the clear there is no AUTH, and without it no MAIL."""
    helo = lab.token()
    status, words = run(
        ["swaks", "--server", lab.host, "--port", lab.ports["submission"]]
        + ["--ehlo", helo, "--from", ALICE, "--to", RECIPIENT]
    )
    assert status != 0
    assert "530 5.7.0" in words
    status, words = run(
        ["swaks", "--server", lab.host, "--port", lab.ports["submission"]]
        + ["--ehlo", helo, "--from", ALICE, "--to", RECIPIENT, "--auth", "PLAIN"]
        + ["--auth-user", ALICE, "--auth-password", lab.passwords[ALICE]]
    )
    assert status != 0
    assert "AUTH" in words


@pytest.mark.proves("D3.1", "A4", "D4.3")
def test_openssl_s_client(lab):
    """A person with s_client, who has not authenticated."""
    helo = lab.token()
    status, words = run(
        ["openssl", "s_client", "-connect"]
        + ["%s:%d" % (lab.host, lab.ports["submissions"])]
        + ["-quiet", "-crlf", "-CAfile", lab.ca, "-verify_return_error"],
        input=b"EHLO %s\nMAIL FROM:<alice@example.org>\nQUIT\n" % helo.encode(),
    )
    assert "530 5.7.0" in words, words
    assert lab.audit(helo)[0]["result"] == "refused"
