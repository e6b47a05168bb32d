"""Another milter in the chain: a small one, in the milter protocol itself.

It lets all pass and, at the end of a message, does what it was made for:
`before` and `after` are edits, pairs of a command letter and its data.
"""

import socket
import struct
import threading

VERSION = 6
ADD_HEADERS, CHANGE_BODY, CHANGE_HEADERS = 0x01, 0x02, 0x10
# It wants no replies to be left out, and all but unknown commands.
STEPS = 0x100


def strings(*texts):
    """Texts as the protocol has them."""
    return b"".join(text + b"\0" for text in texts)


def add_field(name, value):
    """A field at the end of the header."""
    return b"h", strings(name, value)


def put_field_first(name, value):
    """A field above all others."""
    return b"i", struct.pack(">I", 0) + strings(name, value)


def change_field(name, value):
    """Another value for the first field of this name."""
    return b"m", struct.pack(">I", 1) + strings(name, value)


def replace_body(text):
    """Another body."""
    return b"b", text


class OtherMilter:
    """A context manager; `port` is where it listens, `seen` its field names."""

    def __init__(self, *edits):
        self.edits = edits
        self.seen = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exception):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def serve(self):
        """A thread for each connection."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        """One connection, to its end."""
        with connection, connection.makefile("rwb") as stream:
            while True:
                size = stream.read(4)
                if len(size) < 4:
                    return
                packet = stream.read(struct.unpack(">I", size)[0])
                if packet[:1] == b"Q":
                    return
                for letter, data in self.replies(packet[:1], packet[1:]):
                    stream.write(struct.pack(">I", 1 + len(data)) + letter + data)
                stream.flush()

    def replies(self, command, data):
        """What it says to a command."""
        if command == b"O":
            actions = ADD_HEADERS | CHANGE_BODY | CHANGE_HEADERS
            return [(b"O", struct.pack(">III", VERSION, actions, STEPS))]
        if command in b"DA":
            return []
        if command == b"L":
            self.seen.append(data.split(b"\0")[0])
        if command == b"E":
            return [*self.edits, (b"c", b"")]
        return [(b"c", b"")]
