"""What EHLO offers, before TLS and under it. RFC 6409, section 7."""

from .report import FAIL, INFO, MAY, MUST_NOT, PASS, BY_NAME

OFFERED = (
    "PIPELINING ENHANCEDSTATUSCODES ETRN DSN SIZE CHECKPOINT BINARYMIME CHUNKING "
    "8BITMIME AUTH STARTTLS NO-SOLICITING MTRK SMTPUTF8 REQUIRETLS DELIVERBY "
    "FUTURERELEASE MT-PRIORITY BURL LIMITS"
).split()


def check(report, before, under):
    """Judges both lists; None where there was no such phase."""
    counts = under if under is not None else before
    for name in OFFERED:
        seen = told(name, before, under)
        offered = name in (before or {} if name == "STARTTLS" else counts)
        if BY_NAME[name].level == MUST_NOT:
            report.judge(name, not (name in (before or {}) or name in counts), seen)
        elif name == "STARTTLS" and before is None:
            report.add(name, INFO, "no use: TLS from the first octet")
        elif name == "REQUIRETLS" and name in (before or {}):
            report.add(name, FAIL, seen + " (only under TLS: RFC 8689)")
        elif BY_NAME[name].level == MAY:
            report.add(name, PASS if offered else INFO, seen)
        else:
            report.judge(name, offered, seen)
    report.judge(
        "chunking-for-binary",
        "BINARYMIME" not in counts or "CHUNKING" in counts,
        "BINARYMIME %s, CHUNKING %s"
        % tuple(word(name in counts) for name in ("BINARYMIME", "CHUNKING")),
    )


def told(name, before, under):
    """What was seen of an extension in each phase."""
    parts = []
    for phase, offers in (("in the clear", before), ("under TLS", under)):
        if offers is not None:
            parts.append((word(name in offers), offers.get(name, ""), phase))
    if len(parts) == 2 and parts[0][:2] == parts[1][:2]:
        parts = [(*parts[0][:2], "in the clear and under TLS")]
    texts = [
        "%s%s %s" % (offered, " (%s)" % values if values else "", phase)
        for offered, values, phase in parts
    ]
    return ", ".join(texts)


def word(offered):
    """Whether it is offered."""
    return "offered" if offered else "not offered"


def check_codes(report, journal):
    """Every reply has an enhanced code once they are announced.

    The greeting, EHLO, and replies that only ask for more have none
    (RFC 2034).
    """
    due = [
        (verb, reply)
        for verb, announced, reply in journal
        if announced and verb not in ("", "EHLO", "HELO") and reply.code // 100 != 3
    ]
    bare = ["%s: %s" % (verb, reply) for verb, reply in due if not reply.enhanced]
    if not due:
        report.leave_out(["enhanced-codes"], "ENHANCEDSTATUSCODES is not offered")
        return
    seen = "in all of %d replies" % len(due)
    if bare:
        seen = "not in %d of %d replies, such as %s" % (len(bare), len(due), bare[0])
    report.judge("enhanced-codes", not bare, seen)
