"""DKIM keys of the lab's domains, and what their owners publish of them."""

import base64
import concurrent.futures
import os

from . import process

DOMAINS = ("example.org", "example.net")
# Selector, then how openssl is asked for such a key.
SELECTORS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ed": ["-algorithm", "ED25519"],
}
ED25519_OCTETS = 32  # of a raw public key, the end of its DER form


class Keys:
    """Files DOMAIN/SELECTOR.key in a folder, and their public records."""

    def __init__(self, folder):
        self.folder = folder
        self.records = {}  # (domain, selector) -> text of the TXT record

    def make(self):
        """Makes all keys, at the same time: RSA takes its time."""
        wanted = [(d, s) for d in DOMAINS for s in SELECTORS]
        for domain in DOMAINS:
            (self.folder / domain).mkdir(mode=0o700, parents=True)
        self.folder.chmod(0o700)
        with concurrent.futures.ThreadPoolExecutor(len(wanted)) as pool:
            records = pool.map(lambda key: self.make_one(*key), wanted)
            self.records = dict(zip(wanted, records))

    def make_one(self, domain, selector):
        """Makes one key; returns the text of its record."""
        path = self.folder / domain / (selector + ".key")
        what = "making the key %s of %s" % (selector, domain)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        process.run(["openssl", "genpkey", *SELECTORS[selector], "-out", path], what)
        der = process.run(
            ["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], what
        )
        if selector == "ed":
            return "v=DKIM1; k=ed25519; p=" + base64_text(der[-ED25519_OCTETS:])
        return "v=DKIM1; k=rsa; p=" + base64_text(der)


def base64_text(octets):
    """Base64 as it stands in a record."""
    return base64.b64encode(octets).decode("ascii")
