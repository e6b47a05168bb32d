"""Programs that people send mail with, run against a lab.

Each function submits one message as alice and returns (status, what the
program said). They differ in what they can say, so not every one is made for
every case.
"""

import re
import smtplib
import ssl
import subprocess

ALICE = "alice@example.org"

MSMTPRC = """\
account lab
host localhost
port %(port)d
domain %(helo)s
tls on
tls_starttls %(starttls)s
tls_trust_file %(ca)s
auth plain
user %(login)s
password %(password)s
from %(sender)s
"""


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


def converse(argv, commands):
    """Types commands into a program, each when the last has its answer."""
    with subprocess.Popen(
        [str(arg) for arg in argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        said = []
        for command in [None, *commands]:
            if command:
                child.stdin.write(command.encode() + b"\n")
                child.stdin.flush()
            while True:
                line = child.stdout.readline()
                said.append(line.decode())
                # The last line of a reply has a blank after the code.
                if not line or re.match(rb"\d{3} ", line):
                    break
        child.stdin.close()
    return "".join(said)


def write(folder, message):
    """The message as a file."""
    path = folder / "message"
    path.write_bytes(message)
    return path


def swaks_command(lab, listener, helo, sender, recipient, login=ALICE, tls=True):
    """The command line of swaks, without the message."""
    argv = ["swaks", "--server", lab.host, "--port", str(lab.ports[listener])]
    if tls:
        argv += ["--tlsc" if listener == "submissions" else "--tls"]
        argv += ["--tls-verify", "--tls-ca-path", lab.ca]
    if login:
        argv += ["--auth", "PLAIN", "--auth-user", login]
        argv += ["--auth-password", lab.passwords[login]]
    return argv + ["--ehlo", helo, "--from", sender, "--to", recipient]


def swaks(lab, listener, helo, folder, sender, recipient, message):
    """swaks: Perl with OpenSSL."""
    argv = swaks_command(lab, listener, helo, sender, recipient)
    return run(argv + swaks_data(folder, message))


def swaks_data(folder, message):
    """The options with which swaks sends a message to the octet.

    It gets what goes over the wire, but for the last line end, which it adds.
    """
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    return ["--no-data-fixup", "--data", "@%s" % write(folder, stuffed + b".")]


def curl(lab, listener, helo, folder, sender, recipient, message):
    """curl: OpenSSL."""
    scheme = "smtps" if listener == "submissions" else "smtp"
    url = "%s://localhost:%d/%s" % (scheme, lab.ports[listener], helo)
    return run(
        ["curl", "-sS", "--ipv4", "--ssl-reqd", "--url", url, "--cacert", lab.ca]
        + ["--user", "%s:%s" % (ALICE, lab.passwords[ALICE])]
        + ["--mail-from", sender, "--mail-rcpt", recipient]
        + ["-T", write(folder, message)]
    )


def msmtp(lab, listener, helo, folder, sender, recipient, message):
    """msmtp: GnuTLS; it wants UNIX line ends."""
    rc = folder / "msmtprc"
    rc.touch(0o600)
    rc.write_text(
        MSMTPRC
        % {
            "port": lab.ports[listener],
            "helo": helo,
            "starttls": "off" if listener == "submissions" else "on",
            "ca": lab.ca,
            "login": ALICE,
            "password": lab.passwords[ALICE],
            "sender": sender,
        }
    )
    return run(
        ["msmtp", "-C", rc, "-a", "lab", recipient],
        input=message.replace(b"\r\n", b"\n"),
    )


def python_smtplib(lab, listener, helo, _folder, sender, recipient, message):
    """smtplib: Python with OpenSSL; it adds nothing by itself."""
    context = ssl.create_default_context(cafile=lab.ca)
    options = dict(local_hostname=helo, timeout=60)
    try:
        if listener == "submissions":
            smtp = smtplib.SMTP_SSL(
                lab.host, lab.ports[listener], context=context, **options
            )
        else:
            smtp = smtplib.SMTP(lab.host, lab.ports[listener], **options)
            smtp.starttls(context=context)
        with smtp:
            smtp.login(ALICE, lab.passwords[ALICE])
            smtp.sendmail(sender, [recipient], message, mail_options=["BODY=8BITMIME"])
    except smtplib.SMTPResponseException as why:
        return 1, "%d %s" % (why.smtp_code, why.smtp_error.decode())
    return 0, ""


ALL = (swaks, curl, msmtp, python_smtplib)
