"""Whole messages, which a submission server must refuse (--data).

From and recipient of the envelope are the user's own address: if the server
takes such a message after all, it goes to nobody else.
"""

import re

from .report import FAIL, NOT_TESTED, PASS, WARN
from .smtp import ProbeError
from .strangers import FOREIGN
from .user import LoggedIn

NAMES = (
    "spoofed-from header-syntax smuggling-lf-crlf smuggling-lf-lf proxy-filter"
).split()
SMUGGLING = (("smuggling-lf-crlf", b"\n.\r\n"), ("smuggling-lf-lf", b"\n.\n"))
ABOUT_LINE_ENDS = re.compile(r"bare|\bLF\b|newline|line end|line feed", re.I)
TEXT = (
    "From: <%s>\r\nTo: <%s>\r\nSubject: msa-probe: this should have been refused\r\n"
    "\r\nmsa-probe, a test of your mail server, sent this with --data.\r\n"
)


def check(report, target):
    """Messages that are wrong in one thing each."""
    with LoggedIn(target) as session:
        if not session.answer.good:
            report.leave_out(NAMES, "the login was refused")
            return
        answer = send(session.connection, target, message(target, FOREIGN))
        report.judge_refusal("spoofed-from", answer, (550, "5.7.1"))
        judge_filter(report, answer)
        # A good From here, and a To that is no address.
        text = message(target).replace(b"To: <", b"To: <msa..probe@@", 1)
        answer = send(session.connection, target, text)
        report.judge_refusal("header-syntax", answer, (554, "5.6.0"))
    for name, end in SMUGGLING:
        try:
            smuggle(report, target, name, end)
        except ProbeError as why:
            report.leave_out([name], str(why))


def message(target, domain=None):
    """The octets of a message; From is in another domain if it is given."""
    sender = "msa-probe@" + domain if domain else target.own
    return (TEXT % (sender, target.own)).encode()


def begin(connection, target):
    """MAIL, RCPT and DATA."""
    own = "<%s>" % target.own
    for command in ("MAIL FROM:" + own, "RCPT TO:" + own, "DATA"):
        answer = connection.command(command)
        if answer.code // 100 not in (2, 3):
            raise ProbeError("%s %s" % (command.partition(":")[0], answer))


def send(connection, target, octets):
    """A whole message; the reply to its end."""
    begin(connection, target)
    connection.send(octets + b".\r\n")
    return connection.reply("end of data")


def judge_filter(report, answer):
    """Whether the spoofed From was seen by whoever judges mail.

    Behind smtpd_proxy_filter a milter sees DATA and then an abort: what it
    would have refused is taken.
    """
    if answer.refused:
        report.add("proxy-filter", PASS, "what must be refused is, at end of data")
    elif answer.good:
        seen = "a spoofed From was taken: no milter judged it, or one without a rule"
        report.add("proxy-filter", WARN, seen)
    else:
        report.add("proxy-filter", NOT_TESTED, "%s (try again later)" % answer)


def smuggle(report, target, name, end):
    """An end of data with a bare LF must not be one."""
    with LoggedIn(target) as session:
        connection = session.connection
        begin(connection, target)
        text = message(target, FOREIGN).removesuffix(b"\r\n")
        connection.send(text + end)
        try:
            answer = connection.reply("end of data", target.linger)
        except ProbeError as why:
            if "in time" not in str(why):
                report.add(name, PASS, "not taken: %s" % why)
                return
            connection.send(b"\r\n.\r\n")
            judge_late(report, name, connection)
            return
        about = ABOUT_LINE_ENDS.search(" ".join(answer.lines))
        refused = answer.code >= 400 and (about or answer.code in (421, 521))
        report.add(name, PASS if refused else FAIL, str(answer))


def judge_late(report, name, connection):
    """No reply came before the real end, which was sent by now.

    Perhaps the server was only slow: then the real end was no end to it, but
    two commands it does not know, and NOOP gets one of their replies.
    """
    answer = connection.reply("end of data")
    try:
        kept = connection.command("NOOP").good
    except ProbeError:
        kept = True  # it hangs up after what it refused
    seen = "not taken; at the real end: %s" if kept else "taken, and slowly: %s"
    report.add(name, PASS if kept else FAIL, seen % answer)
