"""The command line of msa-probe, its manual, and its exit status."""

import argparse
import sys

from . import output
from .audit import Target, audit
from .report import FAIL
from .smtp import ProbeError, printable

DESCRIPTION = """\
Audits a live message submission listener from outside, against RFC 6409
(submission), RFC 5068 (operation) and RFC 8314 (TLS), and says for each rule
whether it is kept. Sends mail to nobody: each transaction ends with RSET after
its last RCPT, before any message (but see --data).

Only probe servers that are yours, or whose operator knows: the log there shows
refused logins and relay attempts. About a dozen connections are made, one
after the other; every wait has an end.
"""

EPILOG = """\
WHAT IS PROBED
  Always       greeting; extensions, before TLS and under it; TLS versions and
               certificate; commands that are slipped in with STARTTLS; AUTH and
               mail in the clear; mail without a login, to local and foreign
               recipients and in the forms that made servers relay once; VRFY,
               EXPN, ETRN; enhanced codes in all replies.
  With --user  the own address, foreign addresses and MAIL FROM:<> as sender;
               incomplete and broken addresses.
  With --data  messages that must be refused: a From of somebody else's, a broken
               address field, an end of data with a bare LF. Sender and recipient
               in the envelope are the user's own address, so a server that takes
               one of them delivers it to the user and to nobody else.
  With --domain  SRV records, if python3-dnspython is installed.

  A port 25 on which users submit as well is told with --mixed (25 itself is
  taken for one): mail for local domains needs no login there, relaying does.

VERDICTS
  pass        the rule is kept; for a MAY: offered
  fail        a MUST or MUST NOT is not kept
  warn        a SHOULD is not kept, or it is kept with another code than the RFC's
  info        to know; nothing is wrong
  not-tested  what was seen says why
  Whether mail passes a before-queue filter (smtpd_proxy_filter), which would
  take it past a milter, cannot be seen before end of data: see --data.

PASSWORD
  Sent only under TLS, and only if the certificate is good for the name (--ca,
  --name), unless --insecure. The password is the first line of the file.

EXIT STATUS
  0  no row fails
  1  at least one row fails
  2  nothing could be tested: wrong usage, no connection, no SMTP

EXAMPLES
  contrib/msa-probe mail.example.org --domain example.org
  contrib/msa-probe mail.example.org:465 --user alice@example.org \\
      --password-file /root/alice.password --data --json
  contrib/msa-probe mx.example.org:25 --domain example.org
  contrib/msa-probe --rules
"""


def parser():
    """The options."""
    made = argparse.ArgumentParser(
        prog="msa-probe",
        usage="msa-probe [OPTION...] HOST[:PORT]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add(
        "host",
        metavar="HOST[:PORT]",
        nargs="?",
        help="the listener; port 587, or 465 with --implicit ([ADDRESS]:PORT for IPv6)",
    )
    add("--implicit", action="store_true", help="TLS from the first octet, as on 465")
    add("--mixed", action="store_true", help="other servers deliver here too, as on 25")
    add(
        "--domain",
        metavar="NAME",
        help="a domain that the server has (default: the user's, or the greeting's)",
    )
    add("--name", help="name in the certificate (default: HOST)")
    add(
        "--ca",
        metavar="FILE",
        help="authorities to believe; a bad certificate fails, then (else: info)",
    )
    add("--user", metavar="LOGIN", help="a login, for the rows about users")
    add("--password-file", metavar="FILE", help="its password")
    add("--from", dest="own", metavar="ADDRESS", help="its address (default: LOGIN)")
    add("--insecure", action="store_true", help="log in whoever the server is")
    add("--data", action="store_true", help="send messages that must be refused")
    add("--dns", metavar="ADDRESS[:PORT]", help="DNS server (default: the system's)")
    add("--helo", metavar="NAME", default="", help="our name (default: our address)")
    add(
        "--timeout",
        metavar="SECONDS",
        type=float,
        default=20.0,
        help="the longest wait for a reply (default: 20)",
    )
    add("--json", action="store_true", help="a JSON object instead of a table")
    add("--rules", action="store_true", help="list what is asked of a server, and end")
    return made


def split_port(text, default):
    """HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT as (host, port)."""
    host, colon, port = text.rpartition(":")
    if text.endswith("]") or not colon or ":" in host and not host.endswith("]"):
        host, port = text, str(default)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not host or not port.isascii() or not port.isdigit():
        raise ValueError("%s: not HOST[:PORT]" % text)
    if not 0 < int(port) < 65536:
        raise ValueError("%s: no such port" % port)
    return host, int(port)


def checked(text, what):
    """A word that can stand in a command."""
    if printable(text) != text or set(" <>") & set(text):
        raise ValueError("%s: not a good %s" % (printable(text), what))
    return text


def target_of(options):
    """What to probe; ValueError or OSError if the options make no sense."""
    if not options.host:
        raise ValueError("HOST[:PORT] is missing")
    host, port = split_port(options.host, 465 if options.implicit else 587)
    target = Target(checked(host, "host"), port)
    if not options.timeout > 0:
        raise ValueError("--timeout: more than 0 seconds, please")
    target.timeout = options.timeout
    target.implicit = options.implicit or port == 465
    target.mixed = options.mixed or port == 25
    target.name = checked(options.name or host, "name")
    target.helo = checked(options.helo, "name")
    target.ca = options.ca
    target.insecure = options.insecure
    target.data = options.data
    if target.ca:
        with open(target.ca, "rb"):
            pass  # an error of a file that cannot be read comes now
    if options.dns:
        target.dns = split_port(options.dns, 53)
    if options.user:
        add_user(target, options)
    elif options.data or options.password_file or options.own:
        raise ValueError("--data, --password-file and --from need --user")
    target.domain_given = bool(options.domain)
    target.domain = checked(
        options.domain or target.own.rpartition("@")[2], "domain"
    )
    return target


def add_user(target, options):
    """The user, the password and the address."""
    if not options.password_file:
        raise ValueError("--user needs --password-file")
    with open(options.password_file, encoding="utf-8") as file:
        target.password = file.readline().rstrip("\r\n")
    target.user = options.user
    own = options.own or options.user
    if "@" not in own and options.domain:
        own += "@" + options.domain
    if "@" not in own:
        raise ValueError("--from tells the address of %s" % own)
    target.own = checked(own, "address")


def main(argv=None):
    """Runs the probe; returns the exit status."""
    options_parser = parser()
    options = options_parser.parse_args(argv)
    if options.rules:
        print(output.rules())
        return 0
    try:
        target = target_of(options)
        report = audit(target)
    except (ValueError, OSError, ProbeError) as why:
        print("msa-probe: %s" % why, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print((output.as_json if options.json else output.text)(report, target))
    return 1 if report.count(FAIL) else 0
