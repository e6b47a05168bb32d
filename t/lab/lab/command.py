"""Runs COMMAND inside the lab and ends it if the lab is told to stop."""

import os
import shutil
import signal
import subprocess

from . import process
from .errors import Interrupted, LabError

GRACE = 3.0  # seconds COMMAND has to end before it is told more firmly


class CommandNotFound(LabError):
    """As a shell would say it."""

    status = 127


def check(argv):
    """Refuses a COMMAND that cannot be run, before anything is started."""
    if shutil.which(argv[0]) is None:
        raise CommandNotFound("%s: no such command" % argv[0])


def run(argv, environment):
    """Runs argv to its end and returns its status as a shell would."""
    child = subprocess.Popen(
        process.tied_to_us(argv), env={**os.environ, **environment}
    )
    try:
        status = child.wait()
    except Interrupted as why:
        # Ctrl-C reached COMMAND too: it may end in its own way first.
        end(child, why.signum)
        raise
    return status if status >= 0 else 128 - status


def end(child, signum):
    """Ends COMMAND: by itself after Ctrl-C, by SIGTERM, by SIGKILL."""
    if signum != signal.SIGINT:
        child.terminate()
    for step in (child.terminate, child.kill):
        try:
            child.wait(GRACE)
            return
        except subprocess.TimeoutExpired:
            step()
    child.wait()
