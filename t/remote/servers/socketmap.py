"""A socketmap server of our own, and servers that only pretend to be one."""

import json
import os
import pathlib
import random
import socket
import sys
import threading
import time

from . import rows
from .process import PATIENCE_MS, Server


class Socketmap(Server):
    """The same rows as the others have."""

    def prepare(self):
        self.write("rows.json", json.dumps(rows.ROWS))

    def command(self):
        here = pathlib.Path(__file__).resolve().parent.parent
        folders = [str(here), str(here.parent / "lab")]
        return [
            sys.executable, "-B", "-c",
            "import sys; sys.path[:0] = %r; from servers import socketmap; socketmap.serve(%d, %r)"
            % (folders, self.port, str(self.folder)),
        ]  # fmt: skip

    @property
    def socket(self):
        """Its UNIX socket."""
        return "unix:%s/sock" % self.folder

    def table(self, **changes):
        return {
            "type": "socketmap",
            "server": "inet:127.0.0.1:%d" % self.port,
            "map": "senders",
            "timeout": PATIENCE_MS,
            **changes,
        }


def netstring(octets):
    """N:OCTETS,"""
    return b"%d:%s," % (len(octets), octets)


def reply_to(request):
    """What the server says to "name key"."""
    name, _, key = request.partition(b" ")
    if name == b"says":
        return key
    if name != b"senders":
        return b"PERM no such map"
    if key == rows.LONG.encode():
        return b"OK " + (rows.LONG_VALUE * 99).encode()
    values = rows.ROWS.get(key.decode(errors="replace"))
    return b"OK " + ",".join(values).encode() if values else b"NOTFOUND "


def converse(connection):
    """Serves one client until it goes."""
    with connection, connection.makefile("rwb") as stream:
        while True:
            digits = b""
            while not digits.endswith(b":"):
                octet = stream.read(1)
                if not octet:
                    return
                digits += octet
            request = stream.read(int(digits[:-1]))
            assert stream.read(1) == b","
            stream.write(netstring(reply_to(request)))
            stream.flush()


def accept(listener, handle):
    """A thread for each client."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=handle, args=(connection,), daemon=True).start()


def serve(port, folder):
    """Until it is killed."""
    path = folder + "/sock"
    with open(folder + "/rows.json", encoding="utf-8") as f:
        rows.ROWS = json.load(f)
    if os.path.exists(path):
        os.unlink(path)
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(path)
    os.chmod(path, 0o777)
    unix.listen(128)
    inet = socket.create_server(("127.0.0.1", port), backlog=128)
    threading.Thread(target=accept, args=(unix, converse), daemon=True).start()
    accept(inet, converse)


class Impostor:
    """Listens on a port and does to each client what `handle` does."""

    def __init__(self, handle):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.open = []
        self.count = 0
        self.handle = handle
        threading.Thread(target=accept, args=(self.listener, self.meet), daemon=True).start()

    def meet(self, connection):
        """One more client."""
        self.count += 1
        self.open.append(connection)
        try:
            self.handle(connection)
        except OSError:
            pass

    def close(self):
        """Lets all go."""
        self.listener.close()
        for connection in self.open:
            connection.close()


def hang(connection):
    """Reads what comes, and says nothing, ever."""
    while connection.recv(4096):
        pass


def drip(connection):
    """A plausible octet now and then, without end."""
    while True:
        connection.sendall(b"1")
        time.sleep(0.04)


def drip_nothing(connection):
    """Octets of no value, one by one."""
    while True:
        connection.sendall(b"\0")
        time.sleep(0.04)


def babble(connection):
    """A stream of anything, as fast as it is read."""
    anything = random.Random(1)
    while True:
        connection.sendall(anything.randbytes(4096))


def hang_up(connection):
    """Closes at once."""
    connection.close()


def hang_up_late(connection):
    """Closes when it was asked something."""
    connection.recv(1)
    connection.close()


def greet(connection):
    """Words of another protocol."""
    connection.sendall(b"220 mail.example.org ESMTP\r\n" * 3)
    hang(connection)


PRETENCES = [hang, drip, drip_nothing, babble, hang_up, hang_up_late, greet]
