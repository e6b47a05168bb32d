"""Commands in any order, and packets that are none."""

import random
import struct

import pytest

from harness.daemon import wait_for
from harness.mta import Closed, Mta, strings
from harness.session import Session, submit

# libmilter's own idea of order: what it takes after what. Anything else breaks
# off the message under way; then it takes what may follow HELO and drops the
# rest without an answer.
TAKES = {
    "": "O",
    "O": "CU",
    "C": "HMU",
    "H": "HMU",
    "M": "RAU",
    "R": "RTLNBEAU",
    "T": "LNA",
    "L": "LNA",
    "N": "BEA",
    "B": "BEA",
    "E": "MUQK",
    "A": "HMRTBUAQK",
    "U": "HMRTBUAQK",
    "K": "CU",
}

FIELDS = [
    ("From", " alice@example.org"),
    ("To", " someone@example.com"),
    ("Bcc", " secret@example.com"),
    ("Date", " soon"),
    ("X-Walk", " on and on"),  # any number of these
]


class Walk:
    """A walk over the commands of the protocol, and what must come of it."""

    # How often each is chosen; a message in order must come about at times.
    WEIGHTS = {"M": 10, "R": 14, "L": 16, "N": 10, "B": 8, "E": 12, "A": 3, "H": 2}
    WEIGHTS.update({"T": 3, "U": 2, "D": 3, "C": 2, "O": 1, "K": 3})

    def __init__(self, daemon, seed):
        self.random = random.Random(seed)
        self.daemon = daemon
        self.transactions = 0
        self.passed = 0
        self.connect()

    def connect(self):
        """A new connection."""
        self.mta = Mta(self.daemon.address)
        self.state = ""
        self.has_session = False
        self.drop_message()

    def drop_message(self):
        """No message is under way."""
        self.is_open = False
        self.recipients = 0
        self.fields = 0
        self.has_header = False

    def takes(self, command):
        """Whether libmilter takes the command now; it moves to HELO if not."""
        if command in TAKES[self.state]:
            return True
        self.drop_message()
        self.state = "H"
        return command in TAKES["H"]

    def payload(self, command):
        """Data that makes sense with the command."""
        if command == "M":
            return strings(self.random.choice(["<alice@example.org>"] * 6 + ["<x", "<bob@b.c>"]))
        if command == "R":
            return strings(self.random.choice(["<a@example.com>"] * 3 + ["<a@b>", "<"]))
        if command == "L":
            return strings(*FIELDS[min(self.fields, len(FIELDS) - 1)])
        if command == "B":
            return b"line\r\n" * self.random.randrange(1, 4)
        if command == "C":
            return strings("client.example") + b"4" + struct.pack(">H", 25) + strings("192.0.2.1")
        if command == "O":
            return struct.pack(">III", 6, 0x1FF, 0x1FFFFF)
        if command == "U":
            return strings("FOO")
        return strings("walk.example") if command == "H" else b""

    def tell(self):
        """Macros that make a message good."""
        self.mta.macros("helo", {"{tls_version}": "TLSv1.3", "{cipher_bits}": "256"})
        self.mta.macros("mail", {"{auth_authen}": "alice@example.org"})

    def step(self):
        """One command, and a look at the answer."""
        if self.state not in ("", "O", "K") and not self.has_session:
            if self.random.random() < 0.1:  # nothing comes of it any more
                self.mta.vanish()
                self.connect()
        choices = list(self.WEIGHTS)
        # Whoever does not negotiate first is no MTA, and promised nothing.
        if self.state == "" or self.random.random() < SENSE:
            choices = [c for c in choices if c in TAKES[self.state]]
        weights = [self.WEIGHTS[c] for c in choices]
        command = self.random.choices(choices, weights)[0]
        if command == "D":
            stage = self.random.choice(["connect", "rcpt", "end"])
            self.mta.macros(stage, {"i": "Q1", "j": "mx.example.org"})
            return
        if command == "M":
            self.tell()
        data = self.payload(command)
        if not self.takes(command):
            self.mta.send(command, data)
            return
        self.state = command
        if command == "O":
            self.mta.negotiate()
            return
        self.mta.send(command, data)
        self.follow(command, self.mta.answer(command))

    def follow(self, command, answer):
        """What the answer must be, and what it means."""
        if command == "M":
            self.drop_message()
            if not self.has_session:
                assert answer.verdict == "tempfail"
            else:
                self.transactions += 1
                self.is_open = answer.verdict == "continue"
            if answer.verdict != "continue":
                self.state = "H"
        elif command == "R":
            if not self.is_open:
                assert answer.verdict != "continue"
            self.recipients += answer.verdict == "continue"
        elif command == "E":
            self.check_end(answer)
        else:
            assert answer.verdict == "continue", command
            self.fields += command == "L"
            self.has_header = self.has_header or command == "N"
            if command in "AHCK":
                self.drop_message()
            if command in "CK":
                self.has_session = command == "C"

    def check_end(self, answer):
        """Passes if, and only if, all of a message was there, in order."""
        whole = self.is_open and self.recipients and self.fields and self.has_header
        if whole:
            assert answer.verdict == "continue"
            assert self.mta.edits
            self.passed += 1
        else:
            assert answer.codes[:1] in ("4", "5") or answer.verdict == "tempfail"
            assert not self.mta.edits
            self.state = "H"
        self.drop_message()


WALKS = 6
STEPS = 1500
SENSE = 0.9  # the part of steps that libmilter takes


@pytest.fixture(scope="module", params=["unix", "tcp"])
def daemon(module_start, strict, request):
    """One for each way to reach it."""
    return module_start(strict, transport=request.param)


@pytest.mark.parametrize("number", range(WALKS))
def test_random_order(daemon, number):
    """X47 A6: any order; nothing passes out of order, each MAIL has one record."""
    walk = Walk(daemon, "%s-%d" % (daemon.address.partition(":")[0], number))
    for _ in range(STEPS):
        walk.step()
    walk.mta.vanish()
    daemon.transactions += walk.transactions
    wait_for(lambda: len(daemon.records()) >= daemon.transactions, "records are missing")
    daemon.check_records()
    assert submit(daemon).verdict == "passed", "it is alive"
    assert walk.transactions >= 100 and walk.passed >= 5, "it shows hardly anything"


SHORT = {
    "no header, no body": "RE",
    "no header": "RBE",
    "no header, unknown command": "RUBE",
    "no recipient": "UTLNBE",
    "no recipient, no header": "UBE",
    "recipient refused": "rLNBE",
    "after RSET": "RLNAUBE",
    "recipient after RSET": "ARTLNBE",
}


@pytest.mark.parametrize("commands", SHORT.values(), ids=SHORT.keys())
def test_message_in_part_is_deferred(daemon, kind, commands):
    """X47 D4.1: libmilter takes it; nothing of it passes, also where no rule objects."""
    with Session(daemon, kind) as session:
        assert session.mail().verdict == "continue"
        for command in commands:
            if command == "r":
                assert session.rcpt("<a@localhost>").verdict == "554 5.1.2"
            elif command == "R":
                session.rcpt()
            elif command == "L":
                session.mta.field("From", " alice@example.org")
            else:
                data = {"U": b"X\0", "B": b"x\r\n"}.get(command, b"")
                answer = session.mta.command(command, data)
        assert answer.verdict == "451 4.3.0"
        assert answer.text == "Temporary failure, please try again later"
        assert not session.mta.edits
        assert session.submit().verdict == "passed"


def packet(command, data=b""):
    """A packet."""
    return struct.pack(">I", len(data) + 1) + command.encode() + data


NO_PACKETS = {
    "unknown letter": packet("Z"),
    "small letter": packet("m", b"<a@b>\0"),
    "control letter": packet("\x01"),
    "no length": struct.pack(">I", 0) + b"\0\0\0\0",
    "endless": struct.pack(">I", 0xFFFFFFFF) + b"M",
    "negative": struct.pack(">I", 0x80000000) + b"M",
    "too long": struct.pack(">I", 1 << 20) + b"B" + b"x" * 70000,
    "MAIL without end": packet("M", b"<alice@example.org>"),
    "MAIL without all": packet("M"),
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("octets", NO_PACKETS.values(), ids=NO_PACKETS.keys())
def test_no_packet(daemon, octets):
    """X47 A6: the connection is closed, the message recorded; others go on."""
    with Session(daemon) as session:
        session.mail()
        session.rcpt()
        try:
            session.mta.send_octets(octets)
        except Closed:
            pass
        assert session.mta.is_closed()
    assert [r["result"] for r in session.records(1)] == ["aborted"]
    assert submit(daemon).verdict == "passed"


BAD_CONNECTS = {
    "nothing": b"",
    "no family": strings("x"),
    "unknown family": strings("x") + b"9" + b"\0\x19" + strings("192.0.2.1"),
    "no address": strings("x") + b"4",
    "bad IPv4": strings("x") + b"4" + b"\0\x19" + strings("192.0.2.256"),
    "bad IPv6": strings("x") + b"6" + b"\0\x19" + strings("2001:db8::g"),
    "no end": strings("x") + b"4" + b"\0\x19" + b"192.0.2.1",
}


@pytest.mark.parametrize("data", BAD_CONNECTS.values(), ids=BAD_CONNECTS.keys())
def test_bad_connect(daemon, data):
    """X47: closed; others go on."""
    with Mta(daemon.address) as mta:
        mta.negotiate()
        mta.send("C", data)
        assert mta.is_closed()
    assert submit(daemon).verdict == "passed"


def test_noise(daemon):
    """X47: random octets at random places."""
    noise = random.Random(4711)
    for _ in range(100):
        octets = noise.randbytes(noise.randrange(1, 400))
        with Mta(daemon.address) as mta:
            if noise.random() < 0.7:
                mta.negotiate()
                if noise.random() < 0.5:
                    mta.connect()
            try:
                mta.send_octets(octets)
            except Closed:
                pass
    assert submit(daemon).verdict == "passed"


def test_packets_in_pieces(daemon):
    """X47: a packet that arrives octet by octet is a packet."""
    with Session(daemon) as session:
        session.mail()
        session.rcpt()
        session.header()
        for octet in packet("B", b"Hello.\r\n"):
            session.mta.send_octets(bytes([octet]))
        assert session.mta.answer("B").verdict == "continue"
        assert session.end().verdict == "continue"
    assert session.records(1)[0]["result"] == "passed"
