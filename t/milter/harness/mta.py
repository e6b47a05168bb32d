"""The MTA's end of the milter protocol, version 6 (libmilter/mfdef.h).

One object is one connection to the milter. It sends exactly what it is told,
in any order, and shows every answer and every edit.
"""

import enum
import re
import socket
import struct
import typing

PATIENCE = 60.0  # seconds for an answer
VERSION = 6
LINE_MOST = 510  # octets of a reply line, without CRLF
BODY_PIECE_MOST = 65535  # octets of a piece of the new body
PACKET_MOST = 65535  # octets after the length, as libmilter reads them


class Action(enum.IntFlag):
    """What a milter may do to a message (SMFIF_)."""

    ADD_HEADERS = 0x01
    CHANGE_BODY = 0x02
    ADD_RECIPIENTS = 0x04
    DELETE_RECIPIENTS = 0x08
    CHANGE_HEADERS = 0x10
    QUARANTINE = 0x20
    CHANGE_SENDER = 0x40
    ADD_RECIPIENTS_WITH_PARAMETERS = 0x80
    SET_MACRO_LIST = 0x100
    ALL = 0x1FF


class Step(enum.IntFlag):
    """What is left out of the protocol, or added to it (SMFIP_)."""

    NO_CONNECT = 0x01
    NO_HELO = 0x02
    NO_MAIL = 0x04
    NO_RCPT = 0x08
    NO_BODY = 0x10
    NO_HEADERS = 0x20
    NO_END_OF_HEADER = 0x40
    SILENT_HEADER = 0x80
    NO_UNKNOWN = 0x100
    NO_DATA = 0x200
    SKIP = 0x400
    REFUSED_RECIPIENTS = 0x800
    SILENT_CONNECT = 0x1000
    SILENT_HELO = 0x2000
    SILENT_MAIL = 0x4000
    SILENT_RCPT = 0x8000
    SILENT_DATA = 0x10000
    SILENT_UNKNOWN = 0x20000
    SILENT_END_OF_HEADER = 0x40000
    SILENT_BODY = 0x80000
    LEADING_SPACE = 0x100000
    ALL = 0x1FFFFF


# Commands that the milter may have asked not to have to answer.
SILENT = {
    "C": Step.SILENT_CONNECT,
    "H": Step.SILENT_HELO,
    "M": Step.SILENT_MAIL,
    "R": Step.SILENT_RCPT,
    "T": Step.SILENT_DATA,
    "U": Step.SILENT_UNKNOWN,
    "L": Step.SILENT_HEADER,
    "N": Step.SILENT_END_OF_HEADER,
    "B": Step.SILENT_BODY,
}
NEVER_ANSWERED = "ADKQ"

# Places of the macro lists in an answer to the negotiation (SMFIM_).
LISTED_STAGES = ("connect", "helo", "mail", "rcpt", "data", "end", "end-of-header")

# The command in front of which a stage's macros are sent.
MACRO_COMMANDS = {
    "connect": "C",
    "helo": "H",
    "mail": "M",
    "rcpt": "R",
    "data": "T",
    "end-of-header": "N",
    "end": "E",
}


class Negotiated(typing.NamedTuple):
    """What the milter asked for."""

    version: int
    actions: Action
    steps: Step
    macros: dict  # stage -> list of names, for each stage that it named


class Edit(typing.NamedTuple):
    """A change that the milter wants made in the header or the envelope.

    Of the envelope: "sender", "add-recipient" or "delete-recipient"; the name
    is the path, the value the ESMTP parameters.
    """

    kind: str  # "add", "insert" or "change"; a change to b"" is a deletion
    name: str
    value: bytes
    index: int = 0  # insert: from 0, of all fields; change: from 1, of that name


# Letters of edits (SMFIR_).
ENVELOPE_EDITS = {"e": "sender", "+": "add-recipient", "2": "add-recipient", "-": "delete-recipient"}
EDITS = "him" + "".join(ENVELOPE_EDITS)


class Answer:
    """The answer to a command."""

    WORDS = {"c": "continue", "a": "accept", "d": "discard", "s": "skip"}
    WORDS.update({"r": "reject", "t": "tempfail"})

    def __init__(self, letter, data=b""):
        self.letter = letter
        self.codes = ""  # "550 5.7.1"
        self.lines = []
        if letter == "y":
            self.read_reply(data)
        else:
            assert letter in self.WORDS and data == b"", (letter, data)

    def read_reply(self, data):
        """Takes an SMTP reply apart, and insists that it is a proper one."""
        assert data.endswith(b"\0") and data.isascii(), data
        text = data[:-1].decode("ascii")
        found = re.findall(r"(\d{3})([- ])([45]\.\d+\.\d+) ([ -~]*)(?:\r\n|$)", text)
        rebuilt = "\r\n".join("%s%s%s %s" % line for line in found)
        assert rebuilt == text, "not a reply: %r" % text
        unformatted = rebuilt.replace("%%", "%").split("\r\n")
        assert all(len(line) <= LINE_MOST for line in unformatted), text
        assert [line[1] for line in found] == ["-"] * (len(found) - 1) + [" "], text
        codes = {(line[0], line[2]) for line in found}
        assert len(codes) == 1, "several codes in %r" % text
        self.codes = "%s %s" % codes.pop()
        self.lines = [self.unformatted(line[3]) for line in found]

    @staticmethod
    def unformatted(line):
        """The MTA takes a line for a format: a percent sign comes as two."""
        assert "%" not in line.replace("%%", ""), "a single percent sign: %r" % line
        return line.replace("%%", "%")

    @property
    def text(self):
        """The lines of a reply."""
        return "\n".join(self.lines)

    @property
    def verdict(self):
        """Both codes of a reply, or the answer in a word."""
        return self.codes or self.WORDS[self.letter]

    def __repr__(self):
        return "<%s %r>" % (self.codes or self.letter, self.text)


CONTINUE = Answer("c")


class Closed(Exception):
    """The milter has closed the connection."""


class Mta:
    """One connection to a milter."""

    def __init__(self, address):
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            place = address.partition(":")[2]
        else:
            self.socket = socket.socket(socket.AF_INET)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            port, _, host = address.partition(":")[2].partition("@")
            place = (host, int(port))
        self.socket.settimeout(PATIENCE)
        self.socket.connect(place)
        self.steps = Step(0)
        self.edits = []  # of the last end of message
        self.new_body = None  # likewise; None: it stays

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.vanish()

    def vanish(self):
        """Closes the connection without a word."""
        self.socket.close()

    # --- packets

    def send_octets(self, octets):
        """Sends octets that may be no packet at all."""
        try:
            self.socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            raise Closed from None

    def send(self, command, data=b""):
        """Sends a packet."""
        self.send_octets(struct.pack(">I", len(data) + 1) + command.encode() + data)

    def receive_octets(self, count):
        """Exactly so many octets."""
        octets = bytearray()
        while len(octets) < count:
            if self.socket.family == socket.AF_INET:
                # libmilter sends an edit a packet and waits for each to be
                # acknowledged, which takes Linux 40 ms unless it is told.
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            try:
                more = self.socket.recv(count - len(octets))
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed
            octets += more
        return bytes(octets)

    def receive(self):
        """The next packet: its letter and its data."""
        (length,) = struct.unpack(">I", self.receive_octets(4))
        packet = self.receive_octets(length)
        return chr(packet[0]), packet[1:]

    def is_answered(self, command):
        """Whether the milter answers such a command."""
        if command in NEVER_ANSWERED:
            return False
        return not self.steps & SILENT.get(command, Step(0))

    def answer(self, command):
        """The Answer to a command that was sent."""
        if not self.is_answered(command):
            return CONTINUE
        if command == "E":
            return self.receive_end()
        return Answer(*self.receive())

    def receive_end(self):
        """Edits, which are kept, and then the Answer to the end of message."""
        self.edits = []
        pieces = []
        while True:
            letter, data = self.receive()
            if letter in EDITS:
                self.edits.append(read_edit(letter, data))
            elif letter == "b":
                assert 0 < len(data) <= BODY_PIECE_MOST, len(data)
                pieces.append(data)
            else:
                self.new_body = b"".join(pieces) if pieces else None
                return Answer(letter, data)

    def is_closed(self):
        """Waits until the milter closes; False if it sends something."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    # --- commands

    def command(self, command, data=b""):
        """Sends a command and waits for its Answer."""
        self.send(command, data)
        return self.answer(command)

    def negotiate(self, actions=Action.ALL, steps=Step.ALL, version=VERSION):
        """Says what this MTA can do; returns what the milter wants of it."""
        self.send("O", struct.pack(">III", version, actions, steps))
        letter, data = self.receive()
        assert letter == "O", letter
        wanted = Negotiated(*read_negotiation(data))
        self.steps = wanted.steps
        return wanted

    def macros(self, stage, values):
        """Tells the values of macros, which belong to the stage that follows."""
        if not values:
            return
        pairs = [text for pair in values.items() for text in pair]
        self.send("D", MACRO_COMMANDS[stage].encode() + strings(*pairs))

    def connect(self, name="client.example", address="192.0.2.10", port=40000):
        """A client has connected; address None: a local one."""
        if address is None:
            return self.command("C", strings(name) + b"U")
        family = b"6" if ":" in address else b"4"
        place = family + struct.pack(">H", port) + strings(address)
        return self.command("C", strings(name) + place)

    def helo(self, name="client.example"):
        """HELO or EHLO."""
        return self.command("H", strings(name))

    def mail(self, sender, *params):
        """MAIL FROM, the address in its brackets."""
        return self.command("M", strings(sender, *params))

    def rcpt(self, recipient, *params):
        """RCPT TO, likewise."""
        return self.command("R", strings(recipient, *params))

    def data(self):
        """DATA."""
        return self.command("T")

    def unknown(self, line):
        """A command that SMTP does not know."""
        return self.command("U", strings(line))

    def field(self, name, value):
        """A header field; the value begins right after the colon."""
        return self.command("L", strings(name, value))

    def end_of_header(self):
        """The header is complete."""
        return self.command("N")

    def body(self, octets):
        """A chunk of the body."""
        return self.command("B", octets)

    def end(self, octets=b""):
        """The end of the message, perhaps with a last chunk. See edits."""
        return self.command("E", octets)

    def abort(self):
        """RSET, or anything else that breaks the message off."""
        return self.command("A")

    def quit(self):
        """The client has gone; ends the connection in good order."""
        self.send("Q")
        assert self.is_closed()
        self.socket.close()

    def quit_new_connection(self):
        """The client has gone, the next one comes over the same connection."""
        return self.command("K")


def strings(*texts):
    """Texts as the protocol has them: each followed by a NUL."""
    octets = [t if isinstance(t, bytes) else t.encode("utf-8") for t in texts]
    return b"".join(text + b"\0" for text in octets)


def read_negotiation(data):
    """Version, actions, steps and macro lists."""
    version, actions, steps = struct.unpack(">III", data[:12])
    rest = data[12:]
    macros = {}
    while rest:
        (stage,) = struct.unpack(">I", rest[:4])
        names, _, rest = rest[4:].partition(b"\0")
        macros[LISTED_STAGES[stage]] = names.decode("ascii").split()
    return version, Action(actions), Step(steps), macros


def read_edit(letter, data):
    """The Edit in a packet."""
    if letter in ENVELOPE_EDITS:
        path, params, rest = data.split(b"\0", 2) if data.count(b"\0") > 1 else (data[:-1], b"", b"")
        assert rest == b"" and data.endswith(b"\0"), data
        return Edit(ENVELOPE_EDITS[letter], path.decode("utf-8"), params)
    index = 0
    if letter in "im":
        (index,) = struct.unpack(">I", data[:4])
        data = data[4:]
    name, value, rest = data.split(b"\0")
    assert rest == b"", data
    kind = {"h": "add", "i": "insert", "m": "change"}[letter]
    return Edit(kind, name.decode("ascii"), value, index)
