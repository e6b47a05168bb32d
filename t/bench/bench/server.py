"""End to end: clients, Postfix with a milter or none, a next hop.

Postfix is the lab's, its queue in memory where that can be had. Clients come
without TLS and AUTH, which would cost the same with any milter; Postfix is
told what to tell the milter of them. Each message is a connection of its own.
A run ends when the last message has left the queue.
"""

import os
import subprocess
import time

from lab import process
from lab.certs import Certificates
from lab.errors import LabError
from lab.place import HOST
from lab.postfix import Postfix
from lab.sasl import Accounts

from .contenders import FROM, LOGIN, RECIPIENT

SESSIONS = 8
PATIENCE = 100  # seconds for mail to be taken, and for the queue to empty
QUEUES = ("maildrop", "incoming", "active", "deferred")

MACROS = (
    "{auth_type}=PLAIN",
    "{auth_authen}=" + LOGIN,
    "{tls_version}=TLSv1.3",
    "{cipher}=TLS_AES_256_GCM_SHA384",
    "{cipher_bits}=256",
)

SERVICE = """
%s:%d inet n - n - - smtpd
  -o smtpd_milters=%s
  -o milter_macro_daemon_name=MSA
  -o mynetworks=127.0.0.0/8
  -o smtpd_relay_restrictions=permit_mynetworks,reject
  -o smtpd_recipient_restrictions=
  -o local_header_rewrite_clients=
"""


class BenchPostfix(Postfix):
    """The lab's Postfix with a port for each milter."""

    def __init__(self, place, next_hop_port, milters):
        self.milters = milters  # port -> path of a socket, None for no milter
        folder = place.dir
        self.parts = Certificates(folder / "certs"), Accounts(folder, place.run)
        super().__init__(place, *self.parts, "unused", next_hop_port)

    def prepare(self):
        for part in self.parts:
            part.make()
        super().prepare()

    def write_config(self, name, text):
        if name == "main.cf":
            pairs = ", ".join("{ %s }" % macro for macro in MACROS)
            text += "milter_macro_defaults = %s\n" % pairs
        else:
            for port, socket in self.milters.items():
                milter = "unix:%s" % socket if socket else ""
                text += SERVICE % (HOST, port, milter)
        super().write_config(name, text)

    def queued(self):
        """Whether a message is in the queue."""
        spool = self.folder / "spool"
        for name in QUEUES:
            for _, _, files in os.walk(spool / name):
                if files:
                    return True
        return False


class Mail:
    """The whole way, and what each round measured: {name: [values]}."""

    def __init__(self, place, contenders):
        self.place = place
        self.contenders = {c.name + " " + c.algorithm: c for c in contenders}
        self.ports = {name: place.port() for name in ("no milter", *self.contenders)}
        self.next_hop_port = place.port()
        sockets = {n: c.socket for n, c in self.contenders.items()}
        self.postfix = BenchPostfix(
            place,
            self.next_hop_port,
            {port: sockets.get(name) for name, port in self.ports.items()},
        )
        self.sink = process.Server("smtp-sink", place.log("smtp-sink"))
        self.letter = place.dir / "letter"
        self.measured = {name: [] for name in self.ports}

    def start(self):
        """Starts Postfix and the next hop."""
        self.letter.write_text(letter())
        argv = ["/usr/sbin/smtp-sink"]
        argv += ["-u", "nobody"] if os.getuid() == 0 else []
        self.sink.start(argv + ["%s:%d" % (HOST, self.next_hop_port), "1000"])
        self.postfix.prepare()
        self.postfix.start()
        self.postfix.wait()
        for port in self.ports.values():
            wait_for_port(self.postfix.server, port)
        wait_for_port(self.sink, self.next_hop_port)

    def stop(self):
        """Stops both."""
        self.postfix.stop()
        self.sink.stop()

    def send(self, name, count):
        """Sends so many messages by that port; waits until all are gone."""
        argv = ["/usr/sbin/smtp-source", "-4", "-s", SESSIONS, "-m", count]
        argv += ["-f", LOGIN, "-t", RECIPIENT, "-F", self.letter]
        argv += ["%s:%d" % (HOST, self.ports[name])]
        argv = [str(word) for word in argv]
        try:
            process.run(argv, "smtp-source to " + name, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise self.stuck() from None
        accepted = time.monotonic()
        while self.postfix.queued():
            if time.monotonic() > accepted + PATIENCE:
                raise self.stuck()
            time.sleep(0.01)
        return accepted

    def stuck(self):
        """The error for mail that does not flow, with what Postfix said."""
        lines = self.postfix.log.read_text(errors="replace").splitlines()
        return LabError("mail does not flow:\n" + "\n".join(lines[-20:]))

    def measure(self, name, count):
        """One run."""
        contender = self.contenders.get(name)
        self.send(name, SESSIONS)  # processes are started
        cpu = contender.cpu() if contender else 0
        began = time.monotonic()
        accepted = self.send(name, count)
        ended = time.monotonic()
        cpu = contender.cpu() - cpu if contender else 0
        self.measured[name].append(
            {
                "rate": count / (ended - began),
                "accepted": count / (accepted - began),
                "cpu_us": cpu * 1e6 / count,
            }
        )

    def run(self, options):
        """All, in rounds, in changing order."""
        names = list(self.ports)
        for number in range(options.rounds):
            options.say("Postfix, round %d of %d" % (number + 1, options.rounds))
            for name in names if number % 2 == 0 else reversed(names):
                self.measure(name, options.messages)


def wait_for_port(server, port):
    """Returns when the server listens."""
    server.wait_until(lambda: process.tcp_listens(HOST, port), 10)


def letter():
    """A message of 4 kilobytes, like that of the load generator."""
    lines = [
        "Date: " + time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime()),
        "MIME-Version: 1.0",
        "Subject: A message among many others",
        "From: " + FROM,
        "To: " + RECIPIENT,
        "Content-Type: text/plain; charset=utf-8",
        "X-Field-1: a field that makes the header somewhat longer",
        "X-Field-2: a field that makes the header somewhat longer",
        "X-Field-3: a field that makes the header somewhat longer",
        "",
    ]
    text = "\n".join(lines) + "\n"
    line = "the quick brown fox jumps over the lazy dog while others sleep all day\n"
    return text + line * ((4096 - len(text)) // len(line))
