"""A content filter after the queue: takes each message from Postfix and
gives it back on another port, as amavis and the like do.

It changes nothing but for a field of its own. What it says to Postfix is
either its own word, or that of the Postfix it gave the message back to; and
it may pass on what XFORWARD says of the message (IDENT is its queue id)."""

import smtplib
import socketserver
import threading

HOST = "127.0.0.1"
FIELD = b"X-Filtered: yes\r\n"


class Session(socketserver.StreamRequestHandler):
    """One message from Postfix, or several."""

    def handle(self):
        self.say("220 filter.example.org ESMTP")
        while line := self.rfile.readline(65536).decode("ascii").strip():
            verb = line.partition(" ")[0].upper()
            if verb == "QUIT":
                self.say("221 2.0.0 Bye")
                return
            self.obey(verb, line)

    def say(self, *lines):
        """A reply, of several lines perhaps."""
        self.wfile.write("".join(line + "\r\n" for line in lines).encode())

    def obey(self, verb, line):
        """One command."""
        if verb == "EHLO":
            self.say("250-filter.example.org", "250-8BITMIME", "250 XFORWARD NAME ADDR PROTO HELO IDENT SOURCE")
        elif verb == "XFORWARD":
            self.forward = getattr(self, "forward", []) + line.split()[1:]
            self.say("250 2.0.0 Ok")
        elif verb == "MAIL":
            self.sender, self.recipients = line.split("<")[1].split(">")[0], []
            self.say("250 2.1.0 Ok")
        elif verb == "RCPT":
            self.recipients.append(line.split("<")[1].split(">")[0])
            self.say("250 2.1.5 Ok")
        elif verb == "DATA":
            self.say("354 Go on")
            self.say(self.give_back(self.content()))
        else:
            self.say("250 2.0.0 Ok")

    def content(self):
        """The message."""
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def give_back(self, message):
        """To the other port; what Postfix is to be told."""
        with smtplib.SMTP(HOST, self.server.back) as back:
            back.ehlo()
            ident = [word for word in self.forward if word.startswith("IDENT=")]
            if self.server.passes_ident:
                assert back.docmd("XFORWARD", ident[-1])[0] == 250
            back.mail(self.sender)
            for recipient in self.recipients:
                back.rcpt(recipient)
            code, said = back.data(FIELD + message)
        assert code == 250, said
        if self.server.passes_ident:
            return "250 2.0.0 Clean"
        return "250 2.0.0 from MTA(smtp:[%s]:%d): 250 %s" % (HOST, self.server.back, said.decode())


class ContentFilter(socketserver.ThreadingTCPServer):
    """Listens on a port, and gives back to port `back`."""

    allow_reuse_address = True
    daemon_threads = True
    passes_ident = False

    def __init__(self, port, back):
        super().__init__((HOST, port), Session)
        self.back = back
        threading.Thread(target=self.serve_forever, daemon=True).start()
