"""A certificate authority, the server's certificate and one of alice's."""

from . import process

SERVER_NAME = "mx.example.org"
CLIENT_NAME = "alice@example.org"
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Certificates:
    """PEM files in a folder: ca.crt, server.{crt,key}, client.{crt,key}."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = folder / "ca.crt"
        self.server = folder / "server.crt"
        self.server_key = folder / "server.key"
        self.client = folder / "client.crt"
        self.client_key = folder / "client.key"

    def make(self):
        """Makes all of them."""
        self.folder.mkdir(mode=0o700)
        self.request("ca", "/O=Lab/CN=Lab CA", ["basicConstraints=critical,CA:TRUE"])
        signed = ["-CA", "ca.crt", "-CAkey", "ca.key"]
        self.request(
            "server",
            "/O=Lab/CN=" + SERVER_NAME,
            [
                "subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1" % SERVER_NAME,
                "extendedKeyUsage=serverAuth",
                "basicConstraints=CA:FALSE",
            ],
            signed,
        )
        self.request(
            "client",
            "/O=Lab/CN=" + CLIENT_NAME,
            [
                "subjectAltName=email:" + CLIENT_NAME,
                "extendedKeyUsage=clientAuth",
                "basicConstraints=CA:FALSE",
            ],
            signed,
        )

    def request(self, name, subject, extensions, signed=()):
        """Makes NAME.key and NAME.crt, self-signed unless told otherwise."""
        argv = ["openssl", "req", "-x509", *NEW_KEY, "-days", "30"]
        argv += ["-subj", subject, *signed]
        argv += ["-keyout", name + ".key", "-out", name + ".crt"]
        for extension in extensions:
            argv += ["-addext", extension]
        process.run(argv, "making the certificate of %s" % name, cwd=self.folder)
