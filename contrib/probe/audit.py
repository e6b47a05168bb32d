"""The order of things. One connection at a time, about a dozen in all."""

import dataclasses
import ssl

from . import content, extensions, srv, strangers, tls, user
from .report import PASS, RULES, Report
from .smtp import Connection, ProbeError


@dataclasses.dataclass
class Target:
    """The listener, and what is known of it."""

    host: str
    port: int = 587
    implicit: bool = False
    mixed: bool = False
    name: str = ""  # in its certificate
    domain: str = ""  # a domain that it serves
    domain_given: bool = False
    user: str = None
    password: str = None
    own: str = ""  # the user's address
    ca: str = None
    insecure: bool = False
    data: bool = False
    dns: tuple = None
    helo: str = ""  # our name; "": our address
    timeout: float = 20.0
    linger: float = 0.5  # how long to wait for a reply that should not come
    journal: list = dataclasses.field(default_factory=list)


def audit(target):
    """Runs everything; returns the report.

    Fails with ProbeError only if there is no session at all.
    """
    report = Report()
    has_tls, known = open_session(report, target)
    if has_tls is None:
        report.leave_out([rule.name for rule in RULES], "there is no session")
        return report
    attempt(report, strangers.RELAY, check_relay, target, has_tls)
    check_tls(report, target, has_tls, known)
    check_user(report, target, has_tls)
    srv.check(report, target)
    extensions.check_codes(report, target.journal)
    return report


def attempt(report, names, check, *args):
    """A check that may come to nothing."""
    try:
        check(report, *args)
    except ProbeError as why:
        report.leave_out(names, str(why))


def open_session(report, target):
    """The first connection: (whether there is TLS, its version).

    Whether is None if the server takes no commands.
    """
    with Connection(target) as connection:
        greeting = connection.greeting
        named = len(greeting.lines[0].split()) > 1
        report.judge("greeting", greeting.code == 220 and named, str(greeting))
        report.judge("greeting-521", greeting.code != 521, str(greeting.code))
        if greeting.code != 220:
            return None, None
        if not target.domain:
            target.domain = domain_of(greeting)
        try:
            answer = connection.hello()
        except ProbeError as why:
            report.leave_out(["ehlo"], str(why))
            return None, None
        report.judge("ehlo", answer.code == 250, str(answer))
        if answer.code != 250:
            return None, None
        has_tls = see_extensions(report, target, connection)
        return has_tls, connection.socket.version() if has_tls else None


def see_extensions(report, target, connection):
    """Everything on the first connection after EHLO; whether there is TLS."""
    before = None
    if target.implicit:
        why = "TLS from the first octet"
        report.leave_out([*strangers.CLEAR, "starttls-injection"], why)
    else:
        before = connection.extensions
        attempt(report, strangers.CLEAR, strangers.check_clear, target, connection)
        start_tls(report, connection, before)
    under = connection.extensions if connection.encrypted else None
    extensions.check(report, before, under)
    if under is None:
        names = ["starttls-again", "auth-mechanisms", "auth-scram"]
        report.leave_out(names, "no TLS, under which it would count")
    else:
        report.add("tls", PASS, connection.socket.version())
        again = "STARTTLS" in under
        report.judge("starttls-again", not again, extensions.word(again))
        strangers.check_mechanisms(report, connection)
    names = strangers.COMMANDS
    attempt(report, names, strangers.check_commands, target, connection)
    return connection.encrypted


def domain_of(greeting):
    """The domain of the host that greets: its name without the first label."""
    words = greeting.lines[0][4:].split()
    name = words[0].lower() if words else ""
    return name.partition(".")[2] if name.count(".") > 1 else name or "invalid"


def start_tls(report, connection, before):
    """Goes into TLS; a row tells if that cannot be."""
    if "STARTTLS" not in before:
        report.judge("tls", False, "STARTTLS is not offered")
        return
    try:
        connection.start_tls()
    except ProbeError as why:
        report.judge("tls", False, str(why))


def check_relay(report, target, has_tls):
    """A connection for the tests of open relays."""
    with Connection(target) as connection:
        connection.hello()
        if has_tls:
            connection.start_tls()
        strangers.check_relay(report, target, connection)


def check_tls(report, target, has_tls, known):
    """All about TLS itself."""
    names = [*tls.VERSIONS, "certificate-chain", "certificate-name"]
    names.append("starttls-injection")
    if not has_tls:
        report.leave_out(names, "no TLS")
        return
    if not target.implicit:
        attempt(report, names[-1:], tls.check_injection, target)
    numbers = {"TLSv1": "TLSv1", "TLSv1.1": "TLSv1_1"}
    numbers.update({"TLSv1.2": "TLSv1_2", "TLSv1.3": "TLSv1_3"})
    version = getattr(ssl.TLSVersion, numbers.get(known, "TLSv1_2"))
    tls.check_versions(report, target, version)
    attempt(report, names[4:6], tls.check_certificate, target)
    if "certificate-name" not in report.found:
        report.leave_out(["certificate-name"], "no name counts in such a certificate")


def check_user(report, target, has_tls):
    """All that needs a login."""
    why = None
    if not target.user:
        why = "needs --user and --password-file"
    elif not has_tls:
        why = "no TLS: the password is not sent"
    if why:
        report.leave_out([*user.NAMES, *content.NAMES], why)
        return
    attempt(report, user.NAMES, user.check, target)
    if target.data:
        attempt(report, content.NAMES, content.check, target)
    else:
        report.leave_out(content.NAMES, "shows at end of data only: --data")
