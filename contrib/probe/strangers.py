"""What somebody without a login may do: nothing, and be told 530.

RFC 6409, 4.3; RFC 5068, 3.1. No message is begun: after the last RCPT comes
RSET.
"""

from .report import FAIL, INFO, NOT_TESTED, PASS

FOREIGN = "example.com"  # takes no mail (RFC 2606, RFC 7505)
NOBODY = "msa-probe-nobody"

CLEAR = ("auth-clear-offer", "auth-clear-refused", "clear-mail")
COMMANDS = ("vrfy", "expn", "etrn-command")
RELAY = (
    "unauth-mail unauth-local unauth-foreign relay-own-sender relay-null-sender "
    "relay-percent relay-quoted relay-quoted-bare relay-source-route relay-bang"
).split()

# Name of the row, recipient, whether it may be meant as a local address.
FORMS = (
    ("relay-percent", "<{user}%{foreign}@{domain}>", True),
    ("relay-quoted", '<"{user}@{foreign}"@{domain}>', True),
    ("relay-quoted-bare", '<"{user}@{foreign}">', True),
    ("relay-source-route", "<@{domain}:{user}@{foreign}>", False),
    ("relay-bang", "<{foreign}!{user}@{domain}>", True),
)


def check_clear(report, target, connection):
    """AUTH and MAIL before TLS."""
    offered = connection.mechanisms()
    report.judge(
        "auth-clear-offer", not offered, " ".join(offered) or "no mechanism offered"
    )
    # Without an initial response: had it asked, it would be told "*".
    for mechanism in ("PLAIN", "LOGIN"):
        answer = connection.command("AUTH " + mechanism)
        if answer.code == 334:
            connection.command("*", "AUTH")
            report.judge(
                "auth-clear-refused", False, "AUTH %s asks for a password" % mechanism
            )
            break
        if not answer.refused:
            report.judge("auth-clear-refused", False, str(answer))
            break
    else:
        report.judge("auth-clear-refused", True, str(answer))
    if target.mixed:
        why = "other servers deliver in the clear on a mixed port"
        report.add("clear-mail", NOT_TESTED, why)
        return
    answer, _ = connection.transaction("<%s@%s>" % (NOBODY, target.domain))
    report.judge_refusal("clear-mail", answer, (530, "5.7.0", "5.7.10"))


def check_mechanisms(report, connection):
    """What AUTH offers where a password may be sent."""
    offered = connection.mechanisms()
    if not offered:
        report.leave_out(["auth-mechanisms", "auth-scram"], "no AUTH offered")
        return
    seen = " ".join(offered)
    if "AUTH=" in connection.extensions:
        seen += " (in the old form AUTH= as well)"
    report.judge("auth-mechanisms", "PLAIN" in offered, seen)
    scram = [name for name in offered if name.startswith("SCRAM-")]
    report.add("auth-scram", PASS if scram else INFO, " ".join(scram) or "none offered")


def check_commands(report, target, connection):
    """VRFY, EXPN and ETRN."""
    likely = connection.command("VRFY postmaster@" + target.domain)
    unlikely = connection.command("VRFY %s@%s" % (NOBODY, target.domain))
    silent = likely.code not in (250, 251) and likely.code == unlikely.code
    report.judge("vrfy", silent, "postmaster: %s, nobody: %s" % (likely, unlikely.code))
    answer = connection.command("EXPN postmaster@" + target.domain)
    report.judge("expn", answer.code != 250, str(answer))
    answer = connection.command("ETRN " + FOREIGN)
    report.judge("etrn-command", answer.refused, str(answer))


def check_relay(report, target, connection):
    """MAIL, and RCPT in the forms that made servers relay once."""
    words = {"user": "msa-probe", "foreign": FOREIGN, "domain": target.domain}
    foreign = "<msa-probe@%s>" % FOREIGN
    local = "<%s@%s>" % (NOBODY, target.domain)
    postmaster = "<postmaster@%s>" % target.domain
    forms = [form.format(**words) for _, form, _ in FORMS]
    # A sender may be refused for itself; another may then serve on a mixed port.
    for sender in (foreign, local, "<>") if target.mixed else (foreign,):
        mail, answers = connection.transaction(
            sender, local, foreign, postmaster, *forms
        )
        if mail.good:
            break
    if mail.good:
        to_local, to_foreign, to_postmaster = answers[:3]
        judge_accepted_mail(report, target, to_local, to_foreign, to_postmaster)
        for (name, _, maybe_local), answer in zip(FORMS, answers[3:]):
            if answer.good and maybe_local and target.mixed and to_local.good:
                why = "accepted, as any local part of %s is" % target.domain
                report.add(name, NOT_TESTED, why)
            else:
                judge_relay(report, name, answer)
    else:
        report.judge_refusal("unauth-mail", mail, (530, "5.7.0"))
        for name in ("unauth-local", "unauth-foreign", *(form[0] for form in FORMS)):
            judge_relay(report, name, mail, "at MAIL: ")
    for name, sender in (("relay-own-sender", local), ("relay-null-sender", "<>")):
        mail, answers = connection.transaction(sender, foreign)
        judge_relay(report, name, *((answers[0],) if answers else (mail, "at MAIL: ")))


def judge_relay(report, name, answer, where=""):
    """Any lasting refusal will do."""
    if answer.good or answer.refused:
        report.judge(name, answer.refused, "%s%s" % (where, answer))
    else:
        report.add(name, NOT_TESTED, "%s (try again later)" % answer)


def judge_accepted_mail(report, target, local, foreign, postmaster):
    """MAIL got a 250 without login: what became of its recipients."""
    judge_relay(report, "unauth-foreign", foreign)
    if target.mixed:
        why = "mail for local domains needs no login on a mixed port"
        report.leave_out(["unauth-mail", "unauth-local"], why)
        return
    judge_relay(report, "unauth-local", local)
    others = local.code == foreign.code == 530
    if others and postmaster.good:
        report.add("unauth-mail", PASS, "accepted for postmaster (RFC 6409 6.4) alone")
    elif others:
        report.add("unauth-mail", FAIL, "accepted; 530 comes at RCPT only")
    else:
        report.add("unauth-mail", FAIL, "accepted; RCPT: %s" % foreign)
