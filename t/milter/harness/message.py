"""A message inside an MTA: a list of fields and a body.

A field is its name and what follows the colon, to the octet, without the last
line end; inside, lines end in LF, as in the milter protocol.
"""

import re


# Edits that leave the message as it is.
ENVELOPE = ("sender", "add-recipient", "delete-recipient")


class Message:
    """Fields in order, and a body."""

    def __init__(self, fields, body=b"Hello.\r\n"):
        self.fields = list(fields)
        self.body = body

    def values(self, name):
        """What follows the colon in each field of that name."""
        wanted = name.lower()
        return [value for field, value in self.fields if field.lower() == wanted]

    def value(self, name):
        """The trimmed text of the only field of that name."""
        found = self.values(name)
        assert len(found) == 1, "got %d %s fields, want 1" % (len(found), name)
        return found[0].decode("utf-8").strip()

    def edited(self, edits, keeps_places=False):
        """The message after an MTA has made these edits, in their order.

        A field that is deleted moves the later ones of its name up, or, with
        keeps_places, leaves its place empty. Both kinds of MTA exist, so both
        must come to the same.
        """
        fields = [(name, value) for name, value in self.fields]
        for edit in edits:
            if edit.kind in ENVELOPE:
                continue
            if edit.kind == "add":
                fields.append((edit.name, edit.value))
            elif edit.kind == "insert":
                fields.insert(edit.index, (edit.name, edit.value))
            else:
                place = place_of(fields, edit)
                if edit.value or keeps_places:
                    fields[place] = (fields[place][0], edit.value or None)
                else:
                    del fields[place]
        return Message([f for f in fields if f[1] is not None], self.body)

    def octets(self):
        """The message as it goes over the wire."""
        lines = [
            name.encode() + b":" + re.sub(rb"(?<!\r)\n", b"\r\n", value) + b"\r\n"
            for name, value in self.fields
        ]
        return b"".join(lines) + b"\r\n" + self.body

    @property
    def size(self):
        """Octets of header and body, without the empty line between."""
        return len(self.octets()) - 2


def place_of(fields, edit):
    """Where the field stands that an edit changes."""
    same = [i for i, f in enumerate(fields) if f[0].lower() == edit.name.lower()]
    assert 1 <= edit.index <= len(same), "no %r in %r" % (edit, fields)
    return same[edit.index - 1]


def letter(*lines, body=b"Hello.\r\n"):
    """A Message with these header fields, each as `Name: value`."""
    return Message([split(line) for line in lines], body)


def split(line):
    """The field in a line (text or octets)."""
    octets = line.encode("utf-8") if isinstance(line, str) else line
    name, _, value = octets.partition(b":")
    return name.decode("latin-1"), value


# Nothing in it is to be completed or mended.
WHOLE = (
    "Date: Mon, 2 Nov 2026 10:00:00 +0100",
    "To: someone@example.com",
    "Message-ID: <whole@client.example>",
    "Subject: a whole message",
)


def whole(*lines, **options):
    """A complete message with these fields, From among them, in front."""
    return letter(*lines, *WHOLE, **options)


FROM_ALICE = whole("From: alice@example.org")
