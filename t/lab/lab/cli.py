"""The command line of the lab: options in, a status and words for people out."""

import argparse
import pathlib
import sys

from . import command, guard, mtas
from .errors import Interrupted, LabError
from .milter import find_program
from .place import Place
from .system import MailSystem

DESCRIPTION = """\
Starts a private mail system on the loopback interface, runs COMMAND in it,
stops everything, and ends with COMMAND's status. Nothing of the host's own
mail system is touched, no root is needed, and nothing is left behind.

In it: a mail server with STARTTLS, implicit TLS and a mixed port; accounts;
DKIM keys and a DNS server that publishes them; submit-milter; and a next hop
that keeps every message that is relayed.
"""

EPILOG = """\
COMMAND finds the lab in its environment:

  LAB_HOST  LAB_SUBMISSION_PORT  LAB_SUBMISSIONS_PORT  LAB_MX_PORT
                     where the mail server listens: STARTTLS, implicit TLS, mixed
  LAB_CA  LAB_CLIENT_CERT  LAB_CLIENT_KEY
                     certificate authority; a certificate of alice's and its key
  LAB_USERS          file, one JSON object: login to password
  LAB_RELAYED        folder: NNNN.eml, a relayed message to the octet, and
                     NNNN.json, its envelope, which appears last
  LAB_AUDIT          audit records, one JSON object a line
  LAB_DNS            address:port of the DNS server
  LAB_CONFIG         configuration in use; edit it, then kill -HUP $LAB_MILTER_PID
  LAB_MILTER         the submit-milter program
  LAB_MILTER_PID     its process
  LAB_SOCKET         its milter socket
  LAB_CONTROL        its control socket
  LAB_MAIL_LOG  LAB_MILTER_LOG
                     what the mail server and submit-milter logged
  LAB_MTA  LAB_MTA_CONFIG
                     name of the mail server; folder of its configuration
  LAB_DIR            folder that holds all of this; in it `networks` and
                     `clients`, tables of clients without login

A configuration given with --config is used as it is, but for the socket, the
user, the log and the audit file, which the lab sets. In it, @LAB_DIR@,
@LAB_KEYS@ (keys as DOMAIN/SELECTOR.key), @LAB_SOURCE@ (this folder) and the
ports, @LAB_SUBMISSION_PORT@ and so on, are filled in.

The program is the one that $SUBMIT_MILTER names, or else the one built in
_build/ or in the source tree itself.

examples:
  t/lab/run -- bash                      look around
  t/lab/run --config my.conf -- sh -c 'swaks -s $LAB_HOST:$LAB_SUBMISSION_PORT ...'
  t/lab/run --keep /tmp/seen -- /usr/bin/python3 -m pytest t/e2e
"""


def parse(argv):
    """Splits the lab's own options from COMMAND, which follows `--`."""
    parser = argparse.ArgumentParser(
        prog="t/lab/run",
        usage="t/lab/run [--mta NAME] [--config FILE] [--keep DIR] "
        "[--wrap 'TOOL ARG...'] -- COMMAND [ARG...]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--mta",
        metavar="NAME",
        default="postfix",
        help="mail server to use: %s (default: postfix)" % ", ".join(mtas.MTAS),
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=pathlib.Path,
        help="configuration of submit-milter (default: t/lab/submit-milter.conf)",
    )
    parser.add_argument(
        "--keep",
        metavar="DIR",
        type=pathlib.Path,
        help="keep everything in DIR, which must be new or empty",
    )
    parser.add_argument(
        "--wrap",
        metavar="'TOOL ARG...'",
        default="",
        help="run submit-milter under a tool, such as 'valgrind -q'",
    )
    own, command_line = split(argv)
    options = parser.parse_args(own)
    if not command_line:
        parser.error("no COMMAND; write it after --, for example: t/lab/run -- bash")
    options.command = command_line
    return options


def split(argv):
    """Returns (options of the lab, COMMAND with its arguments)."""
    if "--" not in argv:
        return argv, []
    at = argv.index("--")
    return argv[:at], argv[at + 1 :]


def raise_interrupted(signum, _frame):
    """Turns the first signal into an exception; later ones change nothing."""
    guard.ignore_signals()
    raise Interrupted(signum)


def work(options, program, mta_class, place):
    """Runs COMMAND in a lab; returns the status."""
    try:
        guard.listen(raise_interrupted)
        system = MailSystem(place, program, mta_class, options.config, options.wrap)
        with system:
            status = command.run(options.command, system.environment())
        broken = system.verdict()
        return status or broken
    except Interrupted as why:
        return 128 + why.signum
    except LabError as why:
        return told(why)


def told(why):
    """Tells an error; returns its status."""
    print("t/lab/run: %s" % why, file=sys.stderr)
    return why.status


def main():
    """Runs the lab; returns the exit status."""
    options = parse(sys.argv[1:])
    guard.hold_signals()
    try:
        mta_class = mtas.choose(options.mta)
        command.check(options.command)
        program = find_program()
        place = Place(options.keep)
    except LabError as why:
        return told(why)
    return guard.run(
        lambda: work(options, program, mta_class, place), place.remove
    )
