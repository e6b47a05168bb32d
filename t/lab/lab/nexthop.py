"""Starts the next hop (sink.py) and hands it the socket it serves on."""

import sys

from . import process, sink
from .place import HOST


class NextHop:
    """The server that the mail server relays everything to."""

    def __init__(self, place):
        self.port = place.port()
        self.relayed = place.dir / "relayed"
        self.server = process.Server("the next hop", place.log("nexthop"))

    def start(self):
        """Starts it. It listens from here on: there is nothing to wait for."""
        with sink.listening_socket(HOST, self.port) as listening:
            self.server.start(
                [sys.executable, sink.__file__, listening.fileno(), self.relayed],
                pass_fds=[listening.fileno()],
            )

    def stop(self):
        """Stops it."""
        self.server.stop()
