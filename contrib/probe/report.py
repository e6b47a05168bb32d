"""Rows of the report: every rule that the probe knows, and the verdict on it."""

import collections

MUST, SHOULD, MAY, MUST_NOT = "MUST", "SHOULD", "MAY", "MUST NOT"
PASS, FAIL, WARN, INFO, NOT_TESTED = "pass", "fail", "warn", "info", "not-tested"

# The verdict on a rule that is not kept.
BROKEN = {MUST: FAIL, MUST_NOT: FAIL, SHOULD: WARN, MAY: INFO}

Rule = collections.namedtuple("Rule", "name source level about")
Row = collections.namedtuple("Row", "name source level verdict seen")

RULES = (
    Rule("greeting", "RFC 5321 4.2", MUST, "greets with 220 and its name"),
    Rule("greeting-521", "RFC 6409 7", MUST_NOT, "greets with 521"),
    Rule("ehlo", "RFC 5321 3.2", MUST, "speaks ESMTP"),
    # The table of RFC 6409, section 7.
    Rule("PIPELINING", "RFC 6409 7", SHOULD, "offered"),
    Rule("ENHANCEDSTATUSCODES", "RFC 6409 7", SHOULD, "offered"),
    Rule("ETRN", "RFC 6409 7", MUST_NOT, "offered, before or under TLS"),
    Rule("DSN", "RFC 6409 7", SHOULD, "offered"),
    Rule("SIZE", "RFC 6409 7", MAY, "offered"),
    Rule("CHECKPOINT", "RFC 6409 7", MAY, "offered"),
    Rule("BINARYMIME", "RFC 6409 7", MAY, "offered"),
    Rule("CHUNKING", "RFC 6409 7", MAY, "offered"),
    Rule("8BITMIME", "RFC 6409 7", SHOULD, "offered"),
    Rule("AUTH", "RFC 6409 7", MUST, "offered, under TLS if there is TLS"),
    Rule("STARTTLS", "RFC 6409 7", MAY, "offered before TLS"),
    Rule("NO-SOLICITING", "RFC 6409 7", MAY, "offered"),
    Rule("MTRK", "RFC 6409 7", MAY, "offered"),
    # Later ones, and their own words about submission.
    Rule("SMTPUTF8", "RFC 6531 3", MAY, "offered"),
    Rule("REQUIRETLS", "RFC 8689 2", MAY, "offered, and only under TLS"),
    Rule("DELIVERBY", "RFC 2852 2", MAY, "offered"),
    Rule("FUTURERELEASE", "RFC 4865 3", MAY, "offered"),
    Rule("MT-PRIORITY", "RFC 6710 3", MAY, "offered"),
    Rule("BURL", "RFC 4468 3", MAY, "offered"),
    Rule("LIMITS", "RFC 9422 2", MAY, "offered"),
    Rule("chunking-for-binary", "RFC 3030 3", MUST, "BINARYMIME comes with CHUNKING"),
    Rule("etrn-command", "RFC 6409 7", MUST_NOT, "ETRN works though not offered"),
    Rule("enhanced-codes", "RFC 2034 4", MUST, "in every reply once announced"),
    # TLS.
    Rule("tls", "RFC 8314 4", MUST, "TLS can be had"),
    Rule("tls-1.0", "RFC 8996 4", MUST_NOT, "accepted"),
    Rule("tls-1.1", "RFC 8996 5", MUST_NOT, "accepted"),
    Rule("tls-1.2", "RFC 9325 3.1.1", MUST, "accepted"),
    Rule("tls-1.3", "RFC 9325 3.1.1", SHOULD, "accepted"),
    Rule("certificate-chain", "RFC 8314 4.4", MUST, "valid now, from a known issuer"),
    Rule("certificate-name", "RFC 8314 4.4", MUST, "made out to the server's name"),
    Rule("starttls-injection", "RFC 3207 4.2", MUST_NOT, "clear text counts under TLS"),
    Rule("starttls-again", "RFC 3207 4.2", MUST_NOT, "offered again under TLS"),
    # Strangers.
    Rule("auth-clear-offer", "RFC 4954 4", MUST_NOT, "AUTH offered in the clear"),
    Rule("auth-clear-refused", "RFC 4954 4", MUST, "AUTH in the clear is refused"),
    Rule("auth-mechanisms", "RFC 4954 4", SHOULD, "PLAIN under TLS, not LOGIN alone"),
    Rule("auth-scram", "RFC 5802", MAY, "SCRAM offered"),
    Rule("clear-mail", "RFC 8314 4.1", SHOULD, "MAIL in the clear is refused, 530"),
    Rule("unauth-mail", "RFC 6409 4.3", MUST, "MAIL without login is refused, 530"),
    Rule("unauth-local", "RFC 5068 3.1", MUST, "no local recipient without login"),
    Rule("unauth-foreign", "RFC 5068 3.1", MUST, "no foreign recipient without login"),
    Rule("relay-own-sender", "RFC 5068 3.1", MUST_NOT, "relays for a local sender"),
    Rule("relay-null-sender", "RFC 5068 3.1", MUST_NOT, "relays for MAIL FROM:<>"),
    Rule("relay-percent", "RFC 5068 3.1", MUST_NOT, "relays to user%other@here"),
    Rule("relay-quoted", "RFC 5068 3.1", MUST_NOT, 'relays to "user@other"@here'),
    Rule("relay-quoted-bare", "RFC 5068 3.1", MUST_NOT, 'relays to "user@other"'),
    Rule("relay-source-route", "RFC 5068 3.1", MUST_NOT, "relays to @here:user@other"),
    Rule("relay-bang", "RFC 5068 3.1", MUST_NOT, "relays to other!user@here"),
    Rule("vrfy", "RFC 5321 7.3", SHOULD, "VRFY does not say who exists"),
    Rule("expn", "RFC 5321 7.3", SHOULD, "EXPN does not say who is on a list"),
    # Users.
    Rule("login", "RFC 6409 3.3", MUST, "lets the user in"),
    Rule("own-sender", "RFC 6409 3.1", MUST, "takes the user's own address"),
    Rule("spoofed-sender", "RFC 5068 3.1", MUST, "refuses a foreign sender, 550"),
    Rule("spoofed-colleague", "RFC 5068 3.1", MUST, "refuses another of the domain, 550"),
    Rule("null-sender", "RFC 6409 3.2", MUST, "takes MAIL FROM:<>"),
    Rule("unqualified-sender", "RFC 6409 4.2", MUST, "is refused, 554"),
    Rule("unqualified-recipient", "RFC 6409 4.2", MUST, "is refused, 554"),
    Rule("syntax-sender", "RFC 6409 5.1", SHOULD, "a bad address is refused, 501"),
    Rule("syntax-recipient", "RFC 6409 5.1", SHOULD, "a bad address is refused, 501"),
    # Whole messages.
    Rule("spoofed-from", "RFC 5068 3.1", MUST, "refuses a foreign From, 550"),
    Rule("header-syntax", "RFC 6409 5.1", SHOULD, "refuses a bad address field, 554"),
    Rule("smuggling-lf-crlf", "RFC 5321 4.1.1.4", MUST_NOT, "LF . CRLF ends a message"),
    Rule("smuggling-lf-lf", "RFC 5321 4.1.1.4", MUST_NOT, "LF . LF ends a message"),
    Rule("proxy-filter", "-", SHOULD, "no filter takes messages past the milter"),
    # DNS.
    Rule("srv-submissions", "RFC 8314 4.5.2", SHOULD, "_submissions._tcp has a record"),
    Rule("srv-submission", "RFC 6186 3.1", SHOULD, "_submission._tcp has a record"),
)
BY_NAME = {rule.name: rule for rule in RULES}


class Report:
    """Verdicts as they come; rows in the order of RULES."""

    def __init__(self):
        self.found = {}

    def add(self, name, verdict, seen):
        """A verdict on a rule."""
        assert name in BY_NAME and name not in self.found, name
        self.found[name] = (verdict, seen)

    def judge(self, name, kept, seen):
        """A verdict by whether the rule is kept."""
        self.add(name, PASS if kept else BROKEN[BY_NAME[name].level], seen)

    def judge_refusal(self, name, reply, wanted, where=""):
        """A verdict on a reply that must be a refusal, best `wanted`.

        wanted is a code and the enhanced codes that fit. Another refusal is
        one, too, but does not say what it should.
        """
        seen = "%s%s" % (where, reply)
        if reply.is_code(*wanted):
            self.add(name, PASS, seen)
        elif reply.refused:
            expected = " ".join(map(str, wanted[:2]))
            self.add(name, WARN, "%s (refused, but not with %s)" % (seen, expected))
        elif reply.good:
            self.judge(name, False, seen)
        else:
            self.add(name, NOT_TESTED, "%s (try again later)" % seen)

    def leave_out(self, names, why):
        """No verdict on these, unless there is one already."""
        for name in names:
            if name not in self.found:
                self.add(name, NOT_TESTED, why)

    def rows(self):
        """All rows, a row for every rule."""
        missing = (NOT_TESTED, "the probe did not come so far")
        return [
            Row(rule.name, rule.source, rule.level, *self.found.get(rule.name, missing))
            for rule in RULES
        ]

    def count(self, verdict):
        """How many rows have this verdict."""
        return sum(row.verdict == verdict for row in self.rows())
