"""The accounts of the lab, in the form that Cyrus SASL reads."""

import json

from . import process

REALM = "example.org"  # of a login that names none

# Who they are is told in ../submit-milter.conf, where their rights are.
LOGINS = (
    "alice@example.org",
    "bob@example.org",
    "carol@example.org",
    "mallory@example.org",
    "dave@example.net",
    "robot@internal",
)


class Accounts:
    """Logins with their passwords: users.json for people, sasldb2 for SASL."""

    def __init__(self, folder, run_folder):
        self.json = folder / "users.json"
        self.sasldb = run_folder / "sasldb2"
        self.passwords = {l: "secret-of-" + l.partition("@")[0] for l in LOGINS}

    def make(self):
        """Writes both files."""
        self.json.write_text(json.dumps(self.passwords, indent=1) + "\n")
        self.json.chmod(0o600)
        for login, password in self.passwords.items():
            user, _, realm = login.partition("@")
            process.run(
                ["saslpasswd2", "-p", "-c", "-f", self.sasldb, "-u", realm, user],
                "making the account %s" % login,
                input=password.encode(),
            )
        self.sasldb.chmod(0o600)
