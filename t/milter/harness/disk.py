"""A disk that loses what was not synced, is full, or fails: see disk.c."""

import ctypes
import errno
import mmap
import os
import pathlib
import random
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[1] / "disk.c"


class State(ctypes.Structure):
    """What disk.c shares."""

    _fields_ = [
        (name, ctypes.c_int64)
        for name in (
            "synced",
            "lost_from",
            "lost_to",
            "is_named",
            "write_error",
            "room",
            "sync_error",
            "sync_us",
            "syncs",
            "is_wal_named",
        )
    ]


def build(folder):
    """Compiles disk.c; the shared object."""
    made = folder / "disk.so"
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", made, SOURCE, "-ldl"]
    subprocess.run(list(map(str, command)), check=True)
    return made


class Disk:
    """The disk under one file."""

    def __init__(self, shim, file):
        self.file = file
        self.shim = shim
        name = file.with_suffix(".state")
        name.write_bytes(bytes(ctypes.sizeof(State)))
        self.wal = file.with_name(".%s.wal" % file.name)
        self.shadow = pathlib.Path(str(name) + ".wal")
        with open(name, "r+b") as f:
            self.memory = mmap.mmap(f.fileno(), 0)
        self.state = State.from_buffer(self.memory)
        self.environment = {
            **os.environ,
            "LD_PRELOAD": str(shim),
            "DISK_FILE": str(file),
            "DISK_STATE": str(name),
            # The sanitizer would come first, and may as well come second.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
            + ":verify_asan_link_order=0",
        }

    def fill(self, room=0):
        """Takes so many octets more, then no more."""
        self.state.room = room
        self.state.write_error = errno.ENOSPC

    def make_read_only(self):
        """As a kernel does that met an error."""
        self.state.room = 0
        self.state.write_error = errno.EROFS

    def fail_syncs(self):
        """What is synced from now on is lost."""
        self.state.sync_error = errno.EIO

    def mend(self):
        """All is well again."""
        self.state.write_error = self.state.sync_error = 0

    def forget(self):
        """The file is gone."""
        self.state.synced = self.state.is_named = self.state.is_wal_named = 0
        self.state.lost_from = self.state.lost_to = 0

    def lose_power(self, is_lucky=True):
        """What the process has left behind becomes what a disk would hold.

        Of what was not synced any part may be there, and the last of it may
        be zeros, as some file systems leave it; without luck none is.
        """
        octets = self.file.read_bytes() if self.file.exists() else b""
        if not self.state.is_named:
            octets = b""
            self.file.unlink(missing_ok=True)
        safe = min(self.state.synced, len(octets))
        kept = octets[: random.randint(safe, len(octets))] if is_lucky else octets[:safe]
        if len(kept) > safe and random.random() < 0.3:
            zeros = random.randint(1, len(kept) - safe)
            kept = kept[:-zeros] + bytes(zeros)
        if self.state.lost_to:
            begin, end = self.state.lost_from, min(self.state.lost_to, len(kept))
            kept = kept[:begin] + bytes(max(0, end - begin)) + kept[max(begin, end) :]
        if self.file.exists():
            self.file.write_bytes(kept)
        if self.state.is_wal_named:
            self.wal.write_bytes(self.shadow.read_bytes())
        else:
            self.wal.unlink(missing_ok=True)
        self.state.synced = len(kept)
        self.state.lost_from = self.state.lost_to = 0
