"""The whole mail system: starts its parts in order and stops all of them."""

import concurrent.futures
import sys

from . import guard, process
from .certs import Certificates
from .dns import Dns
from .keys import Keys
from .milter import Milter
from .nexthop import NextHop
from .place import HOST, SOURCE
from .sasl import Accounts


class MailSystem:
    """Everything around COMMAND; a context manager.

    What only writes files runs in threads, at the same time; servers start
    from the main thread, as process.tied_to_us() wants it, and are waited for
    when all of them are on their way.
    """

    def __init__(self, place, program, mta_class, config, wrap):
        self.place = place
        self.certificates = Certificates(self.place.dir / "certs")
        self.keys = Keys(self.place.dir / "keys")
        self.accounts = Accounts(self.place.dir, self.place.run)
        self.next_hop = NextHop(self.place)
        self.dns = Dns(self.place)
        self.milter = Milter(self.place, program, config, wrap)
        self.mta = mta_class(
            self.place,
            self.certificates,
            self.accounts,
            self.milter.socket,
            self.next_hop.port,
        )

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exception):
        self.stop()

    def start(self):
        """Starts everything; returns when all of it answers."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            keys = pool.submit(self.keys.make)
            others = [
                pool.submit(self.certificates.make),
                pool.submit(self.accounts.make),
            ]
            self.next_hop.start()
            self.milter.configure(self.placeholders())
            for other in others:
                other.result()
            self.mta.prepare()
            self.mta.start()
            keys.result()
        self.dns.start(self.keys.records)
        self.milter.start()
        self.mta.wait()
        self.dns.wait()
        self.milter.wait()

    def placeholders(self):
        """What a configuration may name as @NAME@."""
        return {
            "LAB_DIR": self.place.dir,
            "LAB_KEYS": self.keys.folder,
            "LAB_SOURCE": SOURCE,
            "LAB_SUBMISSION_PORT": self.mta.submission_port,
            "LAB_SUBMISSIONS_PORT": self.mta.submissions_port,
            "LAB_MX_PORT": self.mta.mx_port,
        }

    def stop(self):
        """Stops everything, the mail server first and the milter after it.

        So the milter has no client left that could keep it.
        """
        guard.ignore_signals()
        try:
            for part in (self.mta, self.milter, self.dns, self.next_hop):
                part.stop()
        finally:
            process.kill_descendants()
            self.place.remove()

    def verdict(self):
        """1 if the milter broke, which no success of COMMAND outweighs."""
        if self.milter.failure:
            print("t/lab/run: submit-milter " + self.milter.failure, file=sys.stderr)
            return 1
        return 0

    def environment(self):
        """The variables in which COMMAND finds the lab."""
        values = {
            "LAB_MTA": self.mta.name,
            "LAB_MTA_CONFIG": self.mta.etc,
            "LAB_HOST": HOST,
            "LAB_SUBMISSION_PORT": self.mta.submission_port,
            "LAB_SUBMISSIONS_PORT": self.mta.submissions_port,
            "LAB_MX_PORT": self.mta.mx_port,
            "LAB_CA": self.certificates.ca,
            "LAB_CLIENT_CERT": self.certificates.client,
            "LAB_CLIENT_KEY": self.certificates.client_key,
            "LAB_USERS": self.accounts.json,
            "LAB_RELAYED": self.next_hop.relayed,
            "LAB_AUDIT": self.milter.audit,
            "LAB_SOCKET": self.milter.socket,
            "LAB_CONTROL": self.milter.control,
            "LAB_DNS": self.dns.address,
            "LAB_CONFIG": self.milter.config,
            "LAB_DIR": self.place.dir,
            "LAB_MILTER": self.milter.program,
            "LAB_MILTER_PID": self.milter.server.pid,
            "LAB_MAIL_LOG": self.mta.log,
            "LAB_MILTER_LOG": self.milter.server.log,
        }
        return {name: str(value) for name, value in values.items()}
