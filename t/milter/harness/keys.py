"""DKIM keys, what their owners publish of them, and signatures checked."""

import base64
import os
import re
import subprocess
import typing

import dkim

ALGORITHMS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "ed": ["-algorithm", "ED25519"],
}
ED25519_OCTETS = 32  # of a raw public key, the end of its DER form


class Signature(typing.NamedTuple):
    """A DKIM-Signature field and whether dkimpy verifies it."""

    domain: str
    selector: str
    algorithm: str
    is_valid: bool


class Keys:
    """Private keys in files SELECTOR.DOMAIN.key; their public records."""

    def __init__(self, folder):
        self.folder = folder
        self.records = {}  # name in DNS -> text of the TXT record

    def path(self, domain, selector):
        """The file of a key."""
        return self.folder / ("%s.%s.key" % (selector, domain))

    def make(self, domain, selector, algorithm):
        """Makes a key and publishes it; returns its file."""
        path = self.path(domain, selector)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        run("openssl", "genpkey", *ALGORITHMS[algorithm], "-out", path)
        der = run("openssl", "pkey", "-in", path, "-pubout", "-outform", "DER")
        kind = "rsa"
        if algorithm == "ed":
            kind, der = "ed25519", der[-ED25519_OCTETS:]
        record = "v=DKIM1; k=%s; p=%s" % (kind, base64.b64encode(der).decode())
        self.records["%s._domainkey.%s." % (selector, domain)] = record.encode()
        return path

    def verify(self, message):
        """The Signatures of a message (octets), in their order."""
        return [
            Signature(tags["d"], tags["s"], tags["a"], self.passes(message, index))
            for index, tags in enumerate(signature_fields(message))
        ]

    def accept(self, message):
        """Whether it is signed, and every signature verifies."""
        found = self.verify(message)
        return bool(found) and all(signature.is_valid for signature in found)

    def passes(self, message, index):
        """Whether the signature with that index verifies."""

        def txt(name, timeout=5):
            return self.records.get(name.decode())

        try:
            return dkim.DKIM(message).verify(idx=index, dnsfunc=txt)
        except dkim.DKIMException:
            return False


def signature_fields(message):
    """The tags of each DKIM-Signature field of a message (octets)."""
    header = message.partition(b"\r\n\r\n")[0].decode("latin-1")
    unfolded = re.sub(r"\r\n(?=[ \t])", "", header)
    return [
        dict(re.findall(r"(\w+)\s*=\s*([^;]*)", re.sub(r"\s", "", field)))
        for field in re.findall(r"(?im)^dkim-signature:(.*)$", unfolded)
    ]


def run(*argv):
    """What a program writes; it must succeed."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, (argv, done.stderr)
    return done.stdout
