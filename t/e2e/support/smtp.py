"""An SMTP client that sends what it is told and shows each reply as it is."""

import base64
import re
import socket
import ssl

TIMEOUT = 30


class Reply:
    """A reply: its code, its enhanced code ("" if none) and its text."""

    def __init__(self, lines, plain=lambda line: line):
        self.lines = lines
        self.code = int(lines[0][:3])
        # Enhanced codes are for the classes 2, 4 and 5 (RFC 2034).
        found = re.match(r"[245]\d\d[ -]([245]\.\d{1,3}\.\d{1,3})\b", lines[0])
        self.enhanced = found[1] if found else ""
        self.text = "\n".join(plain(self.strip_codes(line)) for line in lines)

    def strip_codes(self, line):
        """The text of a line without both codes."""
        text = line[4:]
        return text.removeprefix(self.enhanced).strip() if self.enhanced else text

    @property
    def codes(self):
        """Both codes, as `550 5.7.1`."""
        return ("%d %s" % (self.code, self.enhanced)).strip()

    def __repr__(self):
        return "<%s>" % "|".join(self.lines)


class Client:
    """One connection to the lab's mail server."""

    def __init__(
        self,
        lab,
        listener="submission",
        helo=None,
        tls=True,
        version=None,
        source="127.0.0.1",
        certificate=False,
    ):
        self.lab = lab
        self.helo = helo or lab.token()
        self.context = ssl.create_default_context(cafile=lab.ca)
        if version:
            self.context.maximum_version = version
        if certificate:
            self.context.load_cert_chain(*lab.client_certificate)
        address = (lab.host, lab.ports[listener])
        self.socket = socket.create_connection(address, TIMEOUT, (source, 0))
        self.file = None
        if listener == "submissions":
            self.wrap()
        else:
            self.file = self.socket.makefile("rb")
        self.greeting = self.reply()
        self.capabilities = self.command("EHLO " + self.helo)
        if tls and listener != "submissions":
            answer = self.command("STARTTLS")
            assert answer.code == 220, answer
            self.wrap()
            self.capabilities = self.command("EHLO " + self.helo)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def wrap(self):
        """Puts the connection into TLS."""
        if self.file:
            self.file.close()
        self.socket = self.context.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def reply(self, **options):
        """Reads a reply, however many lines it has."""
        lines = []
        while True:
            line = self.file.readline().decode("utf-8", "surrogateescape")
            assert line, "the connection was closed after %r" % lines
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return Reply(lines, **options)

    def send(self, octets):
        """Sends octets as they are."""
        self.socket.sendall(octets)

    def command(self, line, **options):
        """Sends a command (text or octets, without line end)."""
        if isinstance(line, str):
            line = line.encode("utf-8", "surrogateescape")
        self.send(line + b"\r\n")
        return self.reply(**options)

    def about(self, address):
        """Reads a reply about an address: in it stands what the milter said."""
        return {"plain": lambda line: self.lab.mta.text(line, address)}

    def authenticate(self, login, password=None):
        """AUTH PLAIN with a login of the lab."""
        password = password or self.lab.passwords[login]
        token = base64.b64encode(b"\0%s\0%s" % (login.encode(), password.encode()))
        return self.command(b"AUTH PLAIN " + token)

    def mail(self, argument):
        """MAIL FROM, with the address in its brackets and any parameters."""
        return self.command("MAIL FROM:" + argument, **self.about(argument))

    def rcpt(self, argument):
        """RCPT TO, likewise."""
        return self.command("RCPT TO:" + argument, **self.about(argument))

    def data(self, message):
        """DATA with a message whose lines end in CRLF; the reply to its end."""
        answer = self.command("DATA")
        if answer.code != 354:
            return answer
        return self.content(message)

    def content(self, message):
        """What follows 354: the message with dot-stuffing, and its end."""
        if not message.endswith(b"\r\n"):
            message += b"\r\n"
        self.send(re.sub(rb"(?m)^\.", b"..", message) + b".\r\n")
        return self.reply()

    def vanish(self):
        """Ends the connection without a word."""
        self.socket.shutdown(socket.SHUT_RDWR)

    def close(self):
        """QUIT, or just the end if the server has gone."""
        try:
            self.command("QUIT")
        except (OSError, AssertionError):
            pass
        self.file.close()
        self.socket.close()
