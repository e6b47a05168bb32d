"""The next hop: an SMTP server that keeps each message to the octet.

As a program: sink.py DESCRIPTOR FOLDER, with a listening socket inherited as
DESCRIPTOR. A message becomes NNNN.eml, its octets without dot-stuffing and
otherwise as they came, and NNNN.json, its envelope:

    {"helo": "mx.example.org",
     "mail_from": "alice@example.org", "mail_params": ["SIZE=1000"],
     "rcpt_to": [{"address": "bob@example.com", "params": ["NOTIFY=NEVER"]}]}

The .json appears last and whole: who sees it can read both.
"""

import itertools
import json
import os
import pathlib
import re
import socket
import socketserver
import sys

GREETING = b"220 sink.example.com ESMTP"
CAPABILITIES = (
    b"PIPELINING",
    b"8BITMIME",
    b"SMTPUTF8",
    b"DSN",
    b"ENHANCEDSTATUSCODES",
    b"SIZE 0",
)
LINE_LIMIT = 1 << 20

# A next hop that takes 7 bits only does not offer these.
EIGHT_BIT = (b"8BITMIME", b"SMTPUTF8")


def capabilities():
    """What this server offers."""
    if os.environ.get("LAB_NEXT_HOP") != "7bit":
        return CAPABILITIES
    return tuple(c for c in CAPABILITIES if c not in EIGHT_BIT)


class Session(socketserver.StreamRequestHandler):
    """One SMTP session with the mail server."""

    rbufsize = 1 << 16
    disable_nagle_algorithm = True  # replies to pipelined commands go at once

    def handle(self):
        """Answers commands until QUIT or the end of the connection."""
        self.helo = ""
        self.envelope = None
        self.reply(GREETING)
        while True:
            line = self.rfile.readline(LINE_LIMIT).rstrip(b"\r\n")
            verb = line.partition(b" ")[0].upper()
            if not line or verb == b"QUIT":
                self.reply(b"221 2.0.0 Bye")
                return
            self.obey(verb, line)

    def obey(self, verb, line):
        """Answers one command."""
        if verb in (b"EHLO", b"HELO"):
            self.helo = text(line[5:])
            self.envelope = None
            self.reply(b"250-sink.example.com", *(b"250-" + c for c in capabilities()))
            self.reply(b"250 HELP")
        elif line.upper().startswith(b"MAIL FROM:"):
            address, params = path(line[10:])
            self.envelope = {
                "helo": self.helo,
                "mail_from": address,
                "mail_params": params,
                "rcpt_to": [],
            }
            self.reply(b"250 2.1.0 Ok")
        elif line.upper().startswith(b"RCPT TO:") and self.envelope:
            address, params = path(line[8:])
            if address.startswith("no-such-user"):
                self.reply(b"550 5.1.1 No such user here")
                return
            self.envelope["rcpt_to"].append({"address": address, "params": params})
            self.reply(b"250 2.1.5 Ok")
        elif verb == b"DATA" and self.envelope and self.envelope["rcpt_to"]:
            self.reply(b"354 Go on")
            name = self.server.keep(self.content(), self.envelope)
            self.envelope = None
            self.reply(b"250 2.0.0 Kept as " + name.encode())
        elif verb == b"RSET":
            self.envelope = None
            self.reply(b"250 2.0.0 Ok")
        elif verb == b"NOOP":
            self.reply(b"250 2.0.0 Ok")
        else:
            self.reply(b"503 5.5.1 Not now")

    def reply(self, *lines):
        """Sends lines."""
        self.wfile.write(b"".join(line + b"\r\n" for line in lines))

    def content(self):
        """The message that follows DATA, without dot-stuffing."""
        octets = bytearray()
        while True:
            line = self.rfile.readline()
            if not line:
                raise ConnectionError("the message was broken off")
            if line == b".\r\n":
                return octets
            octets += line[1:] if line.startswith(b".") else line


class Sink(socketserver.ThreadingTCPServer):
    """Sessions in threads; messages numbered as they are complete."""

    daemon_threads = True

    def __init__(self, listening, folder):
        super().__init__(None, Session, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.folder = folder
        self.numbers = itertools.count(1)

    def keep(self, content, envelope):
        """Stores a message; returns its name."""
        name = "%04d" % next(self.numbers)
        (self.folder / (name + ".eml")).write_bytes(content)
        hidden = self.folder / ("." + name)
        hidden.write_text(json.dumps(envelope))
        hidden.rename(self.folder / (name + ".json"))
        return name

    def handle_error(self, request, client_address):
        """A connection that breaks is the client's affair: one line."""
        print("session of %s:%d: %s" % (*client_address, sys.exc_info()[1]))


def path(argument):
    """Splits `<address> PARAM PARAM` of MAIL FROM or RCPT TO."""
    # A quoted local part may hold ">" and blanks.
    found = re.match(rb'\s*<((?:"(?:\\.|[^"\\])*"|[^">])*)>(.*)', argument)
    if not found:
        return text(argument.strip()), []
    return text(found[1]), text(found[2]).split()


def text(octets):
    """Octets as text that turns back into the same octets."""
    return octets.decode("utf-8", "surrogateescape")


def listening_socket(host, port):
    """The socket on which a sink is to serve."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, port))
    made.listen(128)
    return made


def main():
    """Serves until killed."""
    descriptor, folder = sys.argv[1:]
    os.umask(0o022)
    with Sink(socket.socket(fileno=int(descriptor)), pathlib.Path(folder)) as sink:
        sink.serve_forever()


if __name__ == "__main__":
    main()
