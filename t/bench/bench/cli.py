"""The command line: options in, tables out."""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile

from lab import guard
from lab.errors import Interrupted, LabError
from lab.milter import find_program
from lab.place import TOP, Place

from . import alone, contenders, report
from .server import Mail

MEMORY = "/dev/shm"
DISK = "/var/tmp"
LOAD = pathlib.Path("t", "bench", "load")  # in a build tree

DESCRIPTION = """\
Measures submit-milter, doing everything, against opendkim, which only signs:
alone under a load generator, then behind Postfix. Both take turns, so that
what else the machine does meets both. The last line has the ratios, ours
divided by opendkim's, at 8 connections and 4 KB: processor time of a message
(cpu_), messages a second (throughput_), the slowest hundredth (p99_), behind
Postfix (e2e_), resident memory (rss); and the throughput of ours divided by
that without waiting for the disk (durable_).

The program is the one that $SUBMIT_MILTER names, or else the one built in
_build/ or in the source tree; the load generator is built by "make bench".
"""


def parse(argv):
    """Reads the options."""
    parser = argparse.ArgumentParser(
        prog="t/bench/compare",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    number = {"type": int, "metavar": "N"}
    parser.add_argument("--rounds", default=5, help="rounds (5)", **number)
    parser.add_argument(
        "--seconds", type=float, default=1, metavar="N", help="of each load (1)"
    )
    parser.add_argument(
        "--messages", default=700, help="each time through Postfix (700)", **number
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one short round of the least: to see that all of it works",
    )
    parser.add_argument(
        "--connections",
        type=numbers,
        default=(1, 8, 64),
        metavar="N,...",
        help="of the load generator (1,8,64)",
    )
    parser.add_argument(
        "--sizes",
        type=numbers,
        default=(4, 100),
        metavar="KB,...",
        help="of its messages (4,100)",
    )
    parser.add_argument("--no-postfix", action="store_true", help="milters alone")
    parser.add_argument("--load", type=pathlib.Path, help="the load generator")
    options = parser.parse_args(argv)
    if options.quick:
        options.rounds, options.seconds, options.messages = 1, 0.5, 100
        options.connections, options.sizes = (8,), (4,)
    options.say = lambda text: print(text, file=sys.stderr, flush=True)
    return options


def numbers(text):
    """Numbers from 1 on, with commas in between."""
    values = tuple(int(word) for word in text.split(","))
    if min(values) < 1:
        raise ValueError
    return values


def find_load(options):
    """The load generator."""
    named = options.load or os.environ.get("BENCH_LOAD")
    places = [named] if named else [TOP / "_build" / LOAD, TOP / LOAD]
    for place in places:
        if os.access(place, os.X_OK):
            return pathlib.Path(place).resolve()
    raise LabError("the load generator is not built: make %s" % LOAD)


def compare(options, load, program, place, folder):
    """Measures, and prints what it measured."""
    groups = contenders.make_all(folder, place.run, program)
    everyone = [c for group in groups.values() for c in group]
    mail = None if options.no_postfix else Mail(place, everyone)
    try:
        for contender in everyone:
            contender.start()
        cases = alone.run(load, groups, options)
        resident = {c.name: c.resident() for c in groups["rsa"]}
        if mail:
            mail.start()
            mail.run(options)
    finally:
        guard.ignore_signals()
        if mail:
            mail.stop()
        for contender in everyone:
            contender.stop()
    print(report.machine())
    report.show_alone(cases)
    if mail:
        report.show_mail(mail.measured)
    print()
    print("Resident: " + ", ".join("%s %d KB" % pair for pair in resident.items()))
    print(report.ratios(cases, mail.measured if mail else None, resident))


def raise_interrupted(signum, _frame):
    """Turns the first signal into an exception; later ones change nothing."""
    guard.ignore_signals()
    raise Interrupted(signum)


def work(*args):
    """compare(), and its status."""
    try:
        guard.listen(raise_interrupted)
        compare(*args)
    except Interrupted as why:
        return 128 + why.signum
    except LabError as why:
        return told(why)
    return 0


def told(why):
    """Tells an error; returns its status."""
    print("t/bench/compare: %s" % why, file=sys.stderr)
    return why.status


def main():
    """Runs the comparison; returns the exit status."""
    options = parse(sys.argv[1:])
    guard.hold_signals()
    if os.access(MEMORY, os.W_OK):
        tempfile.tempdir = MEMORY  # for the queue of Postfix
    try:
        load, program = find_load(options), find_program()
        place = Place()
    except LabError as why:
        return told(why)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="submit-milter-bench.", dir=DISK))

    def clean_up():
        place.remove()
        shutil.rmtree(folder, ignore_errors=True)

    return guard.run(lambda: work(options, load, program, place, folder), clean_up)
