"""A small submission server that is right in everything, but for its flaws.

A flaw is a word; what it spoils stands where it is asked for. It keeps what it
was told, so that a test can see that no message was begun. One client at a
time, as the probe connects.
"""

import base64
import re
import socket
import ssl
import threading
import time

DOMAIN = "example.org"
USER, PASSWORD = "alice@example.org", "secret"
OFFERS = "PIPELINING,ENHANCEDSTATUSCODES,DSN,SIZE 1000,8BITMIME,CHUNKING,BINARYMIME,"
OFFERS += "CHECKPOINT,NO-SOLICITING,MTRK,SMTPUTF8,DELIVERBY,FUTURERELEASE 9 9,"
OFFERS += "MT-PRIORITY,BURL,LIMITS RCPTMAX=9"

GREETINGS = {
    "greets-521": "521 mx.example.org takes no mail",
    "greets-554": "554 5.3.2 not now",
}


class Gone(Exception):
    """The client left, or the server wants to."""


class BadServer:
    """A context manager; `port` is where it listens."""

    def __init__(self, flaws, certificate, key, implicit=False):
        self.flaws = frozenset(flaws.split())
        self.implicit = implicit
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.set_versions()
        self.heard = []  # all commands, of all connections
        self.messages = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def set_versions(self):
        """TLS 1.2 and 1.3 unless a flaw says otherwise."""
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.flaws & {"tls-1.0", "tls-1.1", "old-tls"}:
            self.context.set_ciphers("ALL:@SECLEVEL=0")
            old = ssl.TLSVersion.TLSv1_1
            if "tls-1.0" in self.flaws:
                old = ssl.TLSVersion.TLSv1
            self.context.minimum_version = old
            if "old-tls" in self.flaws:
                self.context.maximum_version = old
        if "no-tls-1.3" in self.flaws:
            self.context.maximum_version = ssl.TLSVersion.TLSv1_2

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exception):
        # Closing alone would not wake accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)
        assert not self.thread.is_alive()

    def serve(self):
        """One connection after the other."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(self, connection)
            try:
                session.run()
            except (OSError, Gone):
                pass
            finally:
                session.socket.close()


class Session:
    """One connection."""

    def __init__(self, server, connection):
        self.server = server
        self.flaws = server.flaws
        self.socket = connection
        self.buffer = b""
        self.tls = False
        self.user = False
        self.sender = None

    def run(self):
        """Until the client leaves."""
        if self.server.implicit:
            self.wrap()
        for flaw, text in GREETINGS.items():
            if flaw in self.flaws:
                self.say(text)
                return
        nameless = "greets-nameless" in self.flaws
        self.say("220" if nameless else "220 mx.example.org ESMTP")
        while True:
            line = self.line().rstrip("\r\n")
            self.server.heard.append(line)
            verb, _, rest = line.partition(" ")
            verb = verb.partition(":")[0].upper()
            known = getattr(self, "do_" + verb.lower(), None)
            if not known:
                self.say("500 5.5.2 what?")
            else:
                known(rest, line)

    def wrap(self):
        """TLS from here on."""
        if "injected" not in self.flaws:
            self.buffer = b""
        self.socket = self.server.context.wrap_socket(self.socket, server_side=True)
        self.tls = True

    def line(self):
        """A line with its end."""
        while b"\n" not in self.buffer:
            self.more()
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode("latin-1") + "\n"

    def more(self):
        """More octets of the client's."""
        octets = self.socket.recv(4096)
        if not octets:
            raise Gone
        self.buffer += octets

    def say(self, text):
        """A reply."""
        if "bare-codes" in self.flaws:
            text = re.sub(r"(?m)^(\d\d\d[ -])[245]\.\d\.\d+ ", r"\1", text)
        self.socket.sendall(text.encode() + b"\r\n")

    def do_ehlo(self, _rest, _line):
        """The extensions."""
        if "no-ehlo" in self.flaws:
            self.say("502 5.5.1 HELO, please")
            return
        offers = [
            offer
            for offer in OFFERS.split(",")
            if "without-" + offer.split()[0] not in self.flaws
        ]
        offers += [flaw[6:] for flaw in self.flaws if flaw.startswith("offer-")]
        auth = "AUTH=LOGIN" if "old-auth" in self.flaws else "AUTH PLAIN SCRAM-SHA-256"
        if "login-only" in self.flaws:
            auth = "AUTH LOGIN"
        if self.tls and "without-AUTH" not in self.flaws:
            offers.append(auth)
        if not self.tls and self.flaws & {"auth-in-clear", "old-auth"}:
            offers.append(auth)
        if not self.tls and "without-STARTTLS" not in self.flaws:
            offers.append("STARTTLS")
        if self.tls and "without-REQUIRETLS" not in self.flaws:
            offers.append("REQUIRETLS")
        if self.tls and "starttls-again" in self.flaws:
            offers.append("STARTTLS")
        if self.tls and "etrn-under-tls" in self.flaws:
            offers.append("ETRN")
        lines = ["mx.example.org", *offers]
        last = len(lines) - 1
        self.say(
            "\r\n".join(
                "250%s%s" % (" " if i == last else "-", text)
                for i, text in enumerate(lines)
            )
        )

    def do_starttls(self, _rest, _line):
        """Into TLS."""
        if "tls-broken" in self.flaws:
            self.say("454 4.7.0 no TLS now")
            return
        self.say("220 2.0.0 go on")
        if "answers-before-tls" in self.flaws and self.buffer:
            self.say("500 5.5.2 what?")
        self.wrap()

    def do_auth(self, rest, _line):
        """PLAIN or LOGIN."""
        mechanism, _, initial = rest.partition(" ")
        if not self.tls and not self.flaws & {"auth-in-clear", "asks-in-clear"}:
            self.say("538 5.7.11 not in the clear")
            return
        if not initial:
            self.say("334 VXNlcm5hbWU6")
            initial = self.line().strip()
            if initial == "*":
                self.say("501 5.7.0 as you like")
                return
        given = base64.b64decode(initial).decode().split("\0")[1:]
        if mechanism.upper() == "LOGIN":
            self.say("334 UGFzc3dvcmQ6")
            user = base64.b64decode(initial).decode()
            given = [user, base64.b64decode(self.line()).decode()]
        self.user = given == [USER, PASSWORD] and "no-login" not in self.flaws
        self.say("235 2.7.0 welcome" if self.user else "535 5.7.8 who?")

    def do_mail(self, _rest, line):
        """MAIL FROM."""
        self.sender = line.partition(":")[2]
        self.say(self.judge_sender(self.sender))

    def judge_sender(self, sender):
        """The reply to MAIL."""
        if not self.user:
            if not self.tls and "clear-mail" in self.flaws:
                return "250 2.1.0 ok"
            if self.tls and self.flaws & {"mail-unauth", "open", "mixed", "postmaster"}:
                return "250 2.1.0 ok"
            if "odd-code" in self.flaws:
                return "550 5.7.1 no"
            if "greylists" in self.flaws:
                return "451 4.7.1 later"
            return "530 5.7.0 log in first"
        if "@@" in sender:
            bad = "takes-bad-syntax" not in self.flaws
            return "501 5.1.7 bad address" if bad else "250 2.1.0 ok"
        if sender.endswith("@unqualified>"):
            bad = "takes-unqualified" not in self.flaws
            return "554 5.1.8 domain?" if bad else "250 2.1.0 ok"
        if sender == "<>":
            bad = "refuses-null" in self.flaws
            return "550 5.7.1 who?" if bad else "250 2.1.0 ok"
        if sender != "<%s>" % USER:
            bad = "takes-spoofed" not in self.flaws
            return "550 5.7.1 not yours" if bad else "250 2.1.0 ok"
        return "550 5.7.1 no" if "refuses-own" in self.flaws else "250 2.1.0 ok"

    def do_rcpt(self, _rest, line):
        """RCPT TO."""
        self.say(self.judge_recipient(line.partition(":")[2]))

    def judge_recipient(self, recipient):
        """The reply to RCPT."""
        if not self.user:
            if "open" in self.flaws:
                return "250 2.1.5 ok"
            if "postmaster" in self.flaws and recipient.startswith("<postmaster@"):
                return "250 2.1.5 ok"
            if "mixed" in self.flaws:
                local = recipient.endswith("@%s>" % DOMAIN)
                if "known-users" in self.flaws and "nobody" in recipient:
                    return "550 5.1.1 no such user"
                return "250 2.1.5 ok" if local else "554 5.7.1 relay access denied"
            return "530 5.7.0 log in first"
        if "@@" in recipient:
            bad = "takes-bad-syntax" not in self.flaws
            return "501 5.1.3 bad address" if bad else "250 2.1.5 ok"
        if recipient.endswith("@unqualified>"):
            bad = "takes-unqualified" not in self.flaws
            return "554 5.1.2 domain?" if bad else "250 2.1.5 ok"
        return "250 2.1.5 ok"

    def do_data(self, _rest, _line):
        """A message, up to what this server takes for its end."""
        self.say("354 go on")
        ends = [b"\r\n.\r\n"]
        if "lf-crlf-ends" in self.flaws:
            ends.append(b"\n.\r\n")
        if "lf-lf-ends" in self.flaws:
            ends.append(b"\n.\n")
        while not any(end in self.buffer for end in ends):
            if "strict-lines" in self.flaws and re.search(rb"(?<!\r)\n", self.buffer):
                self.say("521 5.5.2 bare <LF> received")
                raise Gone
            self.more()
        message, self.buffer = self.buffer, b""
        self.server.messages.append(message)
        if "slow" in self.flaws:
            time.sleep(0.2)
        self.say(self.judge_message(message))

    def judge_message(self, message):
        """The reply to the end of data."""
        if b"From: <%s>" % USER.encode() not in message:
            if "takes-spoofed-from" not in self.flaws:
                return "550 5.7.1 From is not yours"
        if b"@@" in message and "takes-bad-header" not in self.flaws:
            return "554 5.6.0 To is broken"
        return "250 2.0.0 ok"

    def do_rset(self, _rest, _line):
        """No transaction any more."""
        self.say("250 2.0.0 ok")

    def do_noop(self, _rest, _line):
        """Nothing."""
        self.say("250 2.0.0 ok")

    def do_quit(self, _rest, _line):
        """The end."""
        self.say("221 2.0.0 bye")
        raise Gone

    def do_vrfy(self, rest, _line):
        """Who exists."""
        if "tells-users" in self.flaws:
            known = rest.startswith("postmaster@")
            self.say("250 2.1.5 yes" if known else "550 5.1.1 no")
        else:
            self.say("252 2.5.0 try it")

    def do_expn(self, _rest, _line):
        """Who is on a list."""
        tells = "tells-users" in self.flaws
        self.say("250 2.1.5 <alice@example.org>" if tells else "502 5.5.1 no")

    def do_etrn(self, _rest, _line):
        """Starts a queue, which a submission server must not."""
        works = "etrn-works" in self.flaws
        self.say("250 2.0.0 queue started" if works else "502 5.5.1 no")
