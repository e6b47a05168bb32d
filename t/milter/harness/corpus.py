"""Messages of all sorts, the same at every run: a generator for property tests.

A Sample is a message and what is known of it because it was made so.
"""

import base64
import quopri
import random

from .message import WHOLE, letter

FROM = "From: alice@example.org"
WORDS = "lorem ipsum dolor sit amet =41 consectetur =? adipiscing . From elit".split()
NATIVE = "Grüße aus Köln — naïve café, Ελλάδα, 日本語".split()


class Sample:
    """A message, and whether something in it cannot be encoded."""

    def __init__(self, name, message, is_obstructed):
        self.name = name
        self.message = message
        self.is_obstructed = is_obstructed


class Maker:
    """One message, made from a seed."""

    def __init__(self, seed, with_strays):
        self.random = random.Random(seed)
        self.with_strays = with_strays
        self.boundaries = 0
        self.is_obstructed = False

    # --- content

    def lines(self, words, count=None):
        """Lines of words, some with blanks at their end, dots in front."""
        pick = self.random
        lines = []
        for _ in range(pick.randrange(1, 12) if count is None else count):
            line = " ".join(pick.choices(words, k=pick.randrange(0, 9)))
            line = pick.choice(["", "", "", ".", "From ", "-- ", "\t"]) + line
            lines.append(line + pick.choice(["", "", "", " ", "\t ", "="]))
        return "\r\n".join(lines) + pick.choice(["", "\r\n", "\r\n\r\n"])

    def plain(self):
        return self.lines(WORDS).encode()

    def utf8(self):
        return self.lines(WORDS + NATIVE).encode()

    def latin1(self):
        return self.lines(WORDS + ["Grüße", "Köln", "naïve"]).encode("latin-1")

    def long_line(self):
        length = self.random.choice([997, 998, 999, 1000, 5000, 70000])
        line = " ".join(self.random.choices(WORDS, k=length))[:length]
        return b"short\r\n" + line.encode() + b"\r\nshort\r\n"

    def long_native(self):
        return (" ".join(self.random.choices(NATIVE, k=900))).encode()

    def octets(self):
        """Any octets; those that are strays only where they are wanted."""
        data = bytes(self.random.randrange(256) for _ in range(400))
        if self.with_strays:
            return data
        return bytes(o for o in data if o not in b"\0\r\n")

    def strays(self):
        """Line ends of all sorts, NUL."""
        if not self.with_strays:
            return self.plain()
        parts = [b"a", b"\r", b"\n", b"\r\n", b"\0", b" ", b"=", b"\xe4", b"b\r\n"]
        return b"x" + b"".join(self.random.choices(parts, k=80)) + b"y"

    def empty(self):
        return b""

    def equals(self):
        return b"=" * self.random.randrange(1, 300) + b"\xff" * self.random.randrange(3)

    CONTENT = (plain, plain, utf8, latin1, long_line, long_native, octets, strays, empty, equals)

    def encoded(self):
        """An encoding and content in it, well or badly done."""
        content = self.random.choice(self.CONTENT)(self)
        kind = self.random.randrange(6)
        if kind == 0:
            return "base64", base64.encodebytes(content).replace(b"\n", b"\r\n")
        if kind == 1:  # never wrapped
            return "base64", base64.b64encode(content * 40)
        if kind == 2:  # something that is none of it
            text = bytearray(base64.encodebytes(content * 3).replace(b"\n", b"\r\n"))
            text[len(text) // 3 : len(text) // 3] = b"\xe4!"
            return "BASE64", bytes(text)
        clean = quopri.encodestring(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
        if kind == 3:
            return "quoted-printable", clean
        if kind == 4:  # some octets are not encoded
            return "Quoted-Printable", clean.replace(b"=C3", b"\xc3")
        return "quoted-printable", clean.replace(b"=\r\n", b"") * 30 + b"=E4"

    # --- parts

    def leaf(self):
        """Header lines and content of a part without parts."""
        pick = self.random
        header = []
        if pick.random() < 0.3:
            label, content = self.encoded()
        else:
            content = pick.choice(self.CONTENT)(self)
            label = pick.choice([None, None, "7bit", "8bit", "binary", "8BIT (x)"])
        if pick.random() < 0.8:
            header.append(
                pick.choice(
                    [
                        "Content-Type: text/plain; charset=utf-8",
                        "Content-Type: text/html;\r\n\tcharset=iso-8859-1",
                        "Content-Type: application/octet-stream",
                        "content-type: image/png; name=a.png",
                        "Content-Type: text",
                    ]
                )
            )
        if label is not None:
            header.append("Content-Transfer-Encoding: " + label)
        if pick.random() < 0.2:
            header.append('Content-Disposition: attachment; filename="naïve café.txt"')
        if pick.random() < 0.1:
            header.append("Content-Description: %s" % " ".join(NATIVE))
        if pick.random() < 0.05:
            header.append("X-Long: " + " ".join(WORDS * 40))
        pick.shuffle(header)
        return header, content

    def protected(self):
        """A signed part; sometimes with octets that should be encoded."""
        content = self.random.choice([self.plain, self.utf8])()
        if any(octet > 127 for octet in content):
            self.is_obstructed = True
        inner = b"Content-Type: text/plain\r\n\r\n" + content
        kind = self.random.choice(["signed", "encrypted"])
        return self.join("multipart/" + kind, [inner, b"\r\nsignature"], frame=False)

    def multipart(self, depth):
        parts = [self.part(depth + 1) for _ in range(self.random.randrange(1, 5))]
        kind = self.random.choice(["mixed", "alternative", "related", "x-own"])
        return self.join("multipart/" + kind, parts)

    def digest(self, depth):
        """Messages, without saying so."""
        parts = [b"\r\n" + self.rendered(*self.message(depth + 1)) for _ in range(2)]
        return self.join("multipart/digest", parts)

    def join(self, kind, parts, frame=True):
        """The parts with a boundary of their own."""
        pick = self.random
        self.boundaries += 1
        boundary = pick.choice(["b%d", "=_b%d", "b %d'()+_,-./:=?", "----b%d"])
        boundary %= self.boundaries
        delimiter = b"--" + boundary.encode()
        blank = pick.choice([b"", b"", b" ", b"\t "])
        body = b"".join(
            b"\r\n%s%s\r\n%s" % (delimiter, blank, part) for part in parts
        )[2:]
        is_closed = not frame or pick.random() < 0.85
        if is_closed:
            body += b"\r\n" + delimiter + b"--" + blank + b"\r\n"
        if frame and pick.random() < 0.3:
            body = pick.choice([b"A preamble.\r\n", "Präambel\r\n".encode()]) + body
        if frame and is_closed and pick.random() < 0.3:
            body += pick.choice([b"An epilogue.\r\n", "é".encode() * 600 + b"\r\n"])
        header = ['Content-Type: %s; boundary="%s"' % (kind, boundary)]
        if pick.random() < 0.4:
            label = pick.choice(["7bit", "8bit", "binary"]) if frame else "7bit"
            header.append("Content-Transfer-Encoding: " + label)
        return header, body

    def attached(self, depth):
        """A message in a message."""
        header = ["Content-Type: message/rfc822"]
        if self.random.random() < 0.4:
            header.append("Content-Transfer-Encoding: 8bit")
        return header, self.rendered(*self.message(depth + 1))

    def message(self, depth):
        header, body = self.entity(depth)
        inner = ["From: Jörg Müller <j@example.com>", "Subject: Grüße", "MIME-Version: 1.0"]
        return self.random.sample(inner, self.random.randrange(1, 4)) + header, body

    def entity(self, depth):
        chance = self.random.random()
        if depth > 4 or chance < 0.55:
            return self.leaf()
        if chance < 0.80:
            return self.multipart(depth)
        if chance < 0.90:
            return self.attached(depth)
        return self.protected() if chance < 0.97 else self.digest(depth)

    @staticmethod
    def rendered(header, body):
        lines = "".join(line + "\r\n" for line in header)
        return lines.encode() + b"\r\n" + body

    def part(self, depth):
        return self.rendered(*self.entity(depth))

    def sample(self, name):
        """The whole."""
        header, body = self.entity(0)
        header = [line for line in header if not line.startswith("X-Long")]
        if self.random.random() < 0.7:
            header.insert(0, "MIME-Version: 1.0")
        if self.random.random() < 0.3:
            header.append("Subject: Grüße an " + " ".join(NATIVE))
        if self.random.random() < 0.1:
            header += ["X-Trace-%d: %s" % (n, "y" * 200) for n in range(100)]
        fields = [line.replace("\r\n", "\n") for line in header]
        mine = [w for w in WHOLE if not any(h.startswith("Subject") for h in header)
                or not w.startswith("Subject")]
        return Sample(name, letter(FROM, *mine, *fields, body=body), self.is_obstructed)


def samples(count, with_strays=False):
    """So many of them."""
    for seed in range(count):
        name = "%s%d" % ("stray" if with_strays else "m", seed)
        yield Maker(name, with_strays).sample(name)
