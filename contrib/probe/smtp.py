"""One SMTP connection: it sends what it is told and shows replies as they are.

No text of the server's is trusted: lines and replies have a largest size, and
every wait ends.
"""

import base64
import re
import socket
import ssl
import time

LARGEST_LINE = 4096
MOST_LINES = 200


class ProbeError(Exception):
    """The server did not answer, or not in SMTP."""


class TlsFailed(ProbeError):
    """The handshake failed; `why` is the exception."""

    def __init__(self, why):
        super().__init__("TLS: %s" % (getattr(why, "reason", None) or why))
        self.why = why


class Reply:
    """A reply: its code, its enhanced code ("" if none) and its lines."""

    def __init__(self, lines):
        self.lines = lines
        self.code = int(lines[0][:3])
        found = re.match(r"[245]\d\d[ -]([245]\.\d{1,3}\.\d{1,3})(?=\s|$)", lines[0])
        self.enhanced = found[1] if found else ""

    @property
    def good(self):
        """Whether it says yes."""
        return 200 <= self.code < 300

    @property
    def refused(self):
        """Whether it says no, for good."""
        return 500 <= self.code < 600

    def is_code(self, code, *enhanced):
        """Whether it has this code, and one of these enhanced codes if any."""
        return self.code == code and self.enhanced in (*enhanced, "")

    def __str__(self):
        return printable(self.lines[0])[:90]


def printable(text):
    """Text of a server's that cannot do anything to a terminal."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)


class Connection:
    """A connection; a context manager. Every reply is kept in `journal`."""

    def __init__(self, target, context=None, verify=None):
        self.target = target
        self.context = context or permissive()
        self.verify = verify  # the name that the certificate must have
        self.encrypted = False
        self.extensions = {}
        self.replies = []  # (verb, announced, reply)
        try:
            self.socket = socket.create_connection(
                (target.host, target.port), target.timeout
            )
        except OSError as why:
            raise ProbeError("no connection: %s" % (why.strerror or why)) from None
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.greeting = None

    def __enter__(self):
        try:
            if self.target.implicit:
                self.wrap()
            self.greeting = self.reply("")
        except BaseException:
            self.socket.close()
            raise
        return self

    def __exit__(self, *_exception):
        self.target.journal.extend(self.replies)
        try:
            self.socket.settimeout(min(2, self.target.timeout))
            self.socket.sendall(b"QUIT\r\n")
        except (OSError, ValueError):
            pass
        self.socket.close()

    def wrap(self):
        """Puts the connection into TLS."""
        self.buffer = b""
        try:
            self.socket = self.context.wrap_socket(
                self.socket, server_hostname=self.verify or self.target.name
            )
        except (OSError, ssl.SSLError, ValueError) as why:
            raise TlsFailed(why) from None
        self.encrypted = True

    def line(self, deadline):
        """Reads a line without its end."""
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or len(self.buffer) > LARGEST_LINE:
                raise ProbeError("no whole line from the server")
            self.socket.settimeout(left)
            try:
                octets = self.socket.recv(4096)
            except socket.timeout:
                raise ProbeError("no answer in time") from None
            except OSError as why:
                raise ProbeError("connection lost: %s" % why) from None
            if not octets:
                raise ProbeError("the server closed the connection")
            self.buffer += octets
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("latin-1")

    def reply(self, verb, patience=None):
        """Reads a reply to the command verb ("" for none: the greeting)."""
        deadline = time.monotonic() + (patience or self.target.timeout)
        lines = []
        while len(lines) < MOST_LINES:
            line = self.line(deadline)
            if not re.match(r"[2-5]\d\d([ -]|$)", line):
                raise ProbeError("not SMTP: %r" % printable(line)[:60])
            lines.append(line)
            if line[3:4] != "-":
                break
        else:
            raise ProbeError("a reply without an end")
        answer = Reply(lines)
        announced = "ENHANCEDSTATUSCODES" in self.extensions
        self.replies.append((verb, announced, answer))
        return answer

    def send(self, octets):
        """Sends octets as they are."""
        self.socket.settimeout(self.target.timeout)
        try:
            self.socket.sendall(octets)
        except OSError as why:
            raise ProbeError("connection lost: %s" % why) from None

    def command(self, line, verb=None):
        """Sends a command and returns the reply."""
        self.send(line.encode("ascii") + b"\r\n")
        return self.reply(verb or line.split(" ")[0].partition(":")[0].upper())

    def hello(self):
        """EHLO; fills in `extensions`, keyword to parameters."""
        self.extensions = {}
        answer = self.command("EHLO " + (self.target.helo or self.literal()))
        if answer.code == 250:
            for line in answer.lines[1:]:
                keyword, _, parameters = printable(line[4:]).strip().partition(" ")
                # The old form of the time before RFC 2554: AUTH=PLAIN LOGIN.
                if keyword.upper().startswith("AUTH="):
                    parameters = (keyword[5:] + " " + parameters).strip()
                    keyword = "AUTH="
                self.extensions[keyword.upper()] = parameters
        return answer

    def literal(self):
        """Our own address as EHLO wants it of who has no name."""
        address = self.socket.getsockname()[0]
        return "[IPv6:%s]" % address if ":" in address else "[%s]" % address

    def start_tls(self):
        """STARTTLS and EHLO; nothing if there is TLS already."""
        if not self.encrypted:
            answer = self.command("STARTTLS")
            if answer.code != 220:
                raise ProbeError("STARTTLS: %s" % answer)
            self.wrap()
        return self.hello()

    def mechanisms(self):
        """SASL mechanisms offered, in either form."""
        both = self.extensions.get("AUTH", "") + " " + self.extensions.get("AUTH=", "")
        return sorted(set(both.upper().split()))

    def authenticate(self, user, password):
        """AUTH PLAIN, or LOGIN where there is nothing else. Never in the clear."""
        if not self.encrypted:
            raise ProbeError("no TLS: the password is not sent")
        if not {"PLAIN", "LOGIN"} & set(self.mechanisms()):
            raise ProbeError("neither PLAIN nor LOGIN is offered")
        if "PLAIN" in self.mechanisms():
            return self.command("AUTH PLAIN " + encoded("\0%s\0%s" % (user, password)))
        answer = self.command("AUTH LOGIN")
        for part in (user, password):
            if answer.code == 334:
                answer = self.command(encoded(part), "AUTH")
        return answer

    def transaction(self, sender, *recipients):
        """MAIL and RCPT, then RSET: (reply to MAIL, [replies to RCPT]).

        No RCPT is tried once MAIL is refused: servers count errors.
        """
        mail = self.command("MAIL FROM:" + sender)
        answers = []
        if mail.good:
            answers = [self.command("RCPT TO:" + r) for r in recipients]
            self.command("RSET")
        return mail, answers


def encoded(text):
    """Base64 of a text."""
    return base64.b64encode(text.encode()).decode()


def permissive():
    """A context that takes what a bad server has, too: it is to be judged."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    return context
