"""Where the lab lives: its folders and its ports on the loopback interface."""

import os
import pathlib
import random
import shutil
import socket
import stat
import tempfile

from .errors import LabError, UsageError

HOST = "127.0.0.1"
SOURCE = pathlib.Path(__file__).resolve().parent.parent  # t/lab
TOP = SOURCE.parent.parent  # of the source tree


class Place:
    """The two folders of a lab and the ports it has taken.

    dir   what people look at (LAB_DIR), kept if they asked for it
    run   sockets and the mail server's own tree: a short path, because a UNIX
          socket's is limited to 107 octets, and one that every user can reach,
          because a Postfix started by root gives up its rights
    """

    def __init__(self, keep=None):
        self.run = temporary_folder()
        self.claims = []
        try:
            self.dir = kept_folder(keep) if keep else self.run / "lab"
            for name in ("", "relayed", "log"):
                (self.dir / name).mkdir(exist_ok=True)
        except BaseException:
            self.remove()
            raise

    def log(self, name):
        """The file in which a part of the lab logs."""
        return self.dir / "log" / (name + ".log")

    def port(self):
        """A free port, claimed for this lab."""
        port, claim = claim_port()
        self.claims.append(claim)
        return port

    def remove(self):
        """Removes all that is not to be kept."""
        for claim in self.claims:
            claim.close()
        shutil.rmtree(self.run, ignore_errors=True)


def claim_port():
    """A free port of HOST, and the claim to it, which its owner keeps.

    It lies below the range that the kernel uses for outgoing connections, so
    that none of these can take it before the server does. The claim, against
    other labs, is a name in the kernel that goes away with this process.
    """
    while True:
        port = random.randrange(12000, 32000)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind("\0submit-milter-lab-port-%d" % port)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind((HOST, port))
        except OSError:
            claim.close()
            continue
        return port, claim


def temporary_folder():
    """Makes the run folder in the first temporary folder that will do."""
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if len(parent) < 60 and os.access(parent, os.W_OK) and reachable(parent):
            made = tempfile.mkdtemp(prefix="submit-milter-lab.", dir=parent)
            os.chmod(made, 0o755)
            return pathlib.Path(made)
    raise LabError(
        "no usable temporary folder: set TMPDIR to one with a short path"
        " that all users can reach"
    )


def reachable(folder):
    """Whether the users that Postfix runs as can enter the folder."""
    if os.getuid() != 0:
        return True
    path = pathlib.Path(folder).resolve()
    return all(p.stat().st_mode & stat.S_IXOTH for p in (path, *path.parents))


def kept_folder(path):
    """Makes the folder of --keep, or accepts an empty one."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise UsageError("--keep %s: the folder is not empty" % path)
    except OSError as why:
        raise UsageError("--keep %s: %s" % (path, why.strerror)) from None
    return path.resolve()
