"""Two processes of the lab that look after each other.

The inner one is the lab. The outer one, which the user sees, only waits for
it, and if the inner one is killed or crashes, kills what it started and
cleans up after it. If the outer one is killed, the inner one stops.
"""

import os
import signal
import sys
import traceback

from . import process

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def hold_signals():
    """Keeps signals waiting until listen(): none is lost, none ends us."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def listen(handler):
    """Gives signals to handler from here on, those that waited first."""
    for num in SIGNALS:
        signal.signal(num, handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def ignore_signals():
    """For the way out, which nothing may interrupt."""
    for num in SIGNALS:
        signal.signal(num, signal.SIG_IGN)


def run(work, clean_up):
    """Returns the status of work(), run in a child process.

    Then, however it ended, nothing of it is left and clean_up() has run.
    Signals are held when this begins; work() calls listen().
    """
    process.adopt_orphans()
    child = os.fork()
    if child == 0:
        be_inner(work)
    listen(lambda num, _frame: pass_on(num, child))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    ignore_signals()
    process.kill_descendants()
    clean_up()
    return status if status >= 0 else 128 - status


def be_inner(work):
    """The life of the inner process."""
    status = 1
    try:
        process.die_with_parent()
        process.adopt_orphans()
        status = work()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def pass_on(num, child):
    """Hands a signal to the inner process."""
    try:
        os.kill(child, num)
    except ProcessLookupError:
        pass
