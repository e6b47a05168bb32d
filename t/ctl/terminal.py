"""A terminal with a program in it, as its user sees it."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import pyte
import tool

# Sequences that change to another screen, and back.
OTHER_SCREEN, OWN_SCREEN = b"\033[?1049h", b"\033[?1049l"


class Terminal:
    """submitctl in a terminal of so many lines and columns."""

    def __init__(self, *arguments, lines=40, columns=100, kind="xterm"):
        self.master, slave = pty.openpty()
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.octets = b""
        self.set_size(lines, columns)
        self.modes = termios.tcgetattr(slave)
        self.slave = slave
        self.child = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", tool.program(), *map(str, arguments)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": kind},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        os.close(self.master)
        os.close(self.slave)

    def set_size(self, lines, columns):
        """As if its window was drawn larger or smaller."""
        self.screen.resize(lines, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))

    def resize(self, lines, columns):
        """The same, told to the program as a kernel does it to its terminal's."""
        self.set_size(lines, columns)
        self.child.send_signal(signal.SIGWINCH)

    def press(self, keys):
        """Types them."""
        os.write(self.master, keys.encode())

    def listen(self):
        """Shows what came in a moment. False: nothing did."""
        if not select.select([self.master], [], [], 0.02)[0]:
            return False
        piece = os.read(self.master, 65536)
        self.octets += piece
        self.stream.feed(piece)
        return True

    @property
    def text(self):
        """What can be read there, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, look, complaint):
        """Until look(its text) is true, which is returned."""
        deadline = time.monotonic() + tool.PATIENCE
        while True:
            while self.listen():
                pass
            answer = look(self.text)
            if answer:
                return answer
            assert time.monotonic() < deadline, "%s:\n%s" % (complaint, self.text)

    def wait(self):
        """The status with which it ends."""
        deadline = time.monotonic() + tool.PATIENCE
        while self.child.poll() is None:
            self.listen()
            assert time.monotonic() < deadline, "does not end:\n%s" % self.text
        while self.listen():
            pass
        return self.child.returncode

    def is_as_it_was(self):
        """Whether the program left the terminal as it found it."""
        back = self.octets.rfind(OWN_SCREEN) > self.octets.rfind(OTHER_SCREEN)
        return back and termios.tcgetattr(self.slave) == self.modes
