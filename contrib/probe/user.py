"""What somebody with a login may do: use the own address, and no other.

RFC 6409, sections 3 to 6. No message is begun: after RCPT comes RSET.
"""

from .smtp import Connection, ProbeError, TlsFailed
from .strangers import FOREIGN, NOBODY
from .tls import verifying

NAMES = (
    "login own-sender spoofed-sender spoofed-colleague null-sender "
    "unqualified-sender unqualified-recipient syntax-sender syntax-recipient"
).split()
SINGLE_LABEL = "unqualified"


class LoggedIn:
    """A connection of the user's; a context manager.

    The password goes only to a server that proved its name, or to any if the
    person who runs the probe said so.
    """

    def __init__(self, target):
        self.target = target
        context = None if target.insecure else verifying(target)
        self.connection = Connection(target, context, target.name)
        self.answer = None

    def __enter__(self):
        try:
            self.connection.__enter__()
            self.connection.hello()
            self.connection.start_tls()
            self.answer = self.connection.authenticate(
                self.target.user, self.target.password
            )
        except TlsFailed as why:
            self.connection.socket.close()
            words = "%s: the password is not sent (--ca, --name, --insecure)" % why
            raise ProbeError(words) from None
        except BaseException:
            self.connection.socket.close()
            raise
        return self

    def __exit__(self, *exception):
        self.connection.__exit__(*exception)


def check(report, target):
    """All that is seen up to RCPT."""
    with LoggedIn(target) as session:
        report.judge("login", session.answer.good, str(session.answer))
        if not session.answer.good:
            report.leave_out(NAMES, "the login was refused")
            return
        check_senders(report, target, session.connection)
        check_addresses(report, target, session.connection)


def check_senders(report, target, connection):
    """The own address, others, and none."""
    own = "<%s>" % target.own
    for name, sender in (("own-sender", own), ("null-sender", "<>")):
        answer = last(*connection.transaction(sender, own))[0]
        report.judge(name, answer.good, str(answer))
    domain = target.own.rpartition("@")[2]
    for name, sender in (
        ("spoofed-sender", "<msa-probe@%s>" % FOREIGN),
        ("spoofed-colleague", "<%s@%s>" % (NOBODY, domain)),
    ):
        answer, where = last(*connection.transaction(sender, own))
        report.judge_refusal(name, answer, (550, "5.7.1"), where)


def check_addresses(report, target, connection):
    """Addresses that are incomplete or none at all."""
    own = "<%s>" % target.own
    for name, sender, recipient, wanted in (
        (
            "unqualified-sender",
            "<%s@%s>" % (NOBODY, SINGLE_LABEL),
            own,
            (554, "5.1.8"),
        ),
        (
            "unqualified-recipient",
            own,
            "<%s@%s>" % (NOBODY, SINGLE_LABEL),
            (554, "5.1.2"),
        ),
        (
            "syntax-sender",
            "<msa..probe@@%s>" % FOREIGN,
            own,
            (501, "5.1.7", "5.5.2", "5.5.4"),
        ),
        (
            "syntax-recipient",
            own,
            "<msa..probe@@%s>" % FOREIGN,
            (501, "5.1.3", "5.5.2", "5.5.4"),
        ),
    ):
        mail, answers = connection.transaction(sender, recipient)
        if name.endswith("-recipient") and not answers:
            report.leave_out([name], "the own sender was refused: %s" % mail)
        else:
            answer, where = last(mail, answers)
            report.judge_refusal(name, answer, wanted, where)


def last(mail, answers):
    """The reply that decided, and where it came."""
    return (answers[-1], "at RCPT: ") if answers else (mail, "")
