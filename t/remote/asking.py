"""Tables as the daemon asks them: the program asker, driven line by line."""

import collections
import itertools
import os
import pathlib
import queue
import subprocess
import threading

from servers.process import as_config

Answer = collections.namedtuple("Answer", "word ms text")

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 120  # seconds
FOR_EVER = 60000  # ms: the deadline of who asks, where it is not the point
# ms: what a deadline of a second may become on a busy machine. Far from it is
# what takes the time of the table or of who asks instead.
IN_TIME = 20000


def find_asker():
    """The program that was built."""
    for folder in (pathlib.Path.cwd(), HERE.parent.parent / "_build"):
        program = folder / "t/remote/asker"
        if os.access(program, os.X_OK):
            return program
    raise AssertionError("t/remote/asker is not built: make check")


class Asker:
    """One process with a configuration of the given tables."""

    def __init__(self, folder, **tables):
        self.config = folder / "asker.conf"
        self.numbers = itertools.count(1)
        self.waiting = {}
        self.lock = threading.Lock()
        self.write(**tables)
        self.stderr = open(folder / "asker.err", "wb+")
        self.child = subprocess.Popen(
            [str(find_asker()), str(self.config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
        )
        self.ready = self.expect("ready")
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        answer = self.ready.get(timeout=PATIENCE)
        self.fault = answer.text if answer.word == "failed" else None

    def write(self, **tables):
        """The configuration; nothing listens to it."""
        text = "".join(as_config(name, options) for name, options in tables.items())
        self.config.write_text(
            'socket = "unix:/nowhere/milter.sock";\ntables: {\n%s};\n' % text
        )

    def expect(self, name):
        """A place for the answer of that name."""
        with self.lock:
            self.waiting[name] = queue.Queue()
            return self.waiting[name]

    def read(self):
        """Sorts answers as they come."""
        for line in self.child.stdout:
            name, word, ms, *rest = line.split()
            text = bytes.fromhex(rest[0]).decode() if rest else ""
            with self.lock:
                place = self.waiting[name]
            place.put(Answer(word, int(ms), text))

    def say(self, line):
        """One line to the program."""
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def begin(self, key, table="t", ms=FOR_EVER, verb="ask"):
        """Asks without waiting: .get() of the result is the answer."""
        name = "q%d" % next(self.numbers)
        place = self.expect(name)
        octets = key if isinstance(key, bytes) else key.encode()
        self.say("%s %s %s %d %s" % (verb, name, table, ms, octets.hex()))
        return place

    def ask(self, key, table="t", ms=FOR_EVER):
        """Asks and waits for the answer."""
        return self.begin(key, table, ms).get(timeout=PATIENCE)

    def probe(self, table="t", ms=FOR_EVER):
        """Whether the server answers at all."""
        return self.begin("", table, ms, "probe").get(timeout=PATIENCE)

    def reload(self, **tables):
        """Another configuration in the place of the one in use."""
        self.write(**tables)
        place = self.expect("reload")
        self.say("reload")
        return place.get(timeout=PATIENCE)

    def close(self):
        """Ends it; a sanitizer's complaint is a failure."""
        if self.stderr.closed:
            return
        self.child.stdin.close()
        status = self.child.wait(timeout=PATIENCE)
        self.reader.join()
        self.child.stdout.close()
        self.stderr.seek(0)
        words = self.stderr.read().decode(errors="replace")
        self.stderr.close()
        assert status == (1 if self.fault else 0), "asker ended with %d: %s" % (status, words)
        assert words == "", words
