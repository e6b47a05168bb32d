"""Certificates of recipients, and what these read: by openssl."""

import email
import re
import subprocess

RSA = ("-newkey", "rsa:2048")
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def run(*argv, **options):
    """What a program writes; it must succeed."""
    done = subprocess.run(
        list(map(str, argv)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **options
    )
    assert done.returncode == 0, (argv, done.stderr)
    return done.stdout


def make_certificate(folder, name, kind=RSA, *more):
    """One of its own for an address or domain, NAME.pem, and its key, NAME.key."""
    run(
        "openssl", "req", "-x509", "-nodes", *kind, "-days", "30", "-subj", "/CN=" + name,
        "-keyout", folder / (name + ".key"), "-out", folder / (name + ".pem"), *more,
    )  # fmt: skip


def one_line(text):
    """The base64 in PEM, in one line."""
    return re.sub(r"-----.*?-----|\s", "", text)


def row(folder, name):
    """It as the value of a table."""
    return one_line((folder / (name + ".pem")).read_text())


def decrypt(folder, name, octets):
    """What the owner of a certificate finds in a message."""
    parsed = email.message_from_bytes(octets)
    assert parsed.get_content_type() == "application/pkcs7-mime"
    return run(
        "openssl", "cms", "-decrypt", "-binary", "-inform", "SMIME",
        "-recip", folder / (name + ".pem"), "-inkey", folder / (name + ".key"),
        input=octets,
    )  # fmt: skip
