"""In what the mail servers differ for a client, each with the reason.

A test asks `lab.mta` for what it may expect, and never for the name.
"""

import re


class Mta:
    """What holds behind Postfix."""

    name = "postfix"
    # RFC 6531; Debian builds Sendmail without it.
    has_smtputf8 = True
    # Octets of a line that it leaves whole: RFC 5321, section 4.5.3.1.6.
    longest_line = 998
    # A reply to VRFY: refused, or 252, which confirms nothing either.
    vrfy = 502
    # Bare CR, bare LF. Sendmail hangs up.
    stray = {"cr": "554 5.6.0", "lf": "554 5.5.2"}
    # Who refuses a message with a bare CR.
    judge_of_cr = "milter"
    # What it adds after all filters when the milter has not.
    completes = ()
    # Replies to RCPT of a client that may not relay, if it comes to that: ours
    # alone, because Postfix asks us first.
    no_relay = ("530 5.7.0",)
    # Where it takes mail for <Postmaster>.
    postmaster = "Postmaster@mx.example.org"
    # A recipient that it refuses by itself: Postfix delivers to itself at this
    # literal, and has no mailboxes.
    refused_recipient = ("<x@[127.0.0.1]>", "550 5.1.1")
    # Whether it tells a milter of such.
    tells_of_refused = True

    @staticmethod
    def of(value):
        """The value for this mail server, of one that depends on it."""
        return value

    @staticmethod
    def text(line, _address):
        """A line of a reply to MAIL or RCPT as the milter gave it."""
        return line

    @staticmethod
    def queue_id(text):
        """The queue id in the reply to a message."""
        return text.rpartition("queued as ")[2]


class Sendmail(Mta):
    """It refuses more by itself, and writes address fields anew."""

    name = "sendmail"
    has_smtputf8 = False
    # L= of its mailers.
    longest_line = 990
    vrfy = 252
    stray = {"cr": "421 4.5.0", "lf": "421 4.5.0"}
    judge_of_cr = "mta"
    completes = ("Date", "Message-ID")
    # Sendmail judges by itself first.
    no_relay = ("530 5.7.0", "550 5.7.1")
    # The lab's MAIL_HUB, to which all local mail goes.
    postmaster = "postmaster@[127.0.0.1]"
    # By a rule of the lab. What Sendmail's rules refuse no milter is told.
    refused_recipient = ("<nobody@example.com>", "550 5.1.1")
    tells_of_refused = False

    @staticmethod
    def of(value):
        """ByMta has a value of Sendmail's own."""
        return value.sendmail if isinstance(value, ByMta) else value

    @staticmethod
    def text(line, address):
        """With 550 and 450 at MAIL and RCPT, the address is put in front."""
        return line.removeprefix("%s... " % address)

    @staticmethod
    def queue_id(text):
        """The first word."""
        return text.split()[0]


class ByMta(str):
    """What is different behind Sendmail. Behind Postfix, just the text."""

    def __new__(cls, postfix, sendmail):
        made = super().__new__(cls, postfix)
        made.sendmail = sendmail
        return made


KINDS = {kind.name: kind for kind in (Mta, Sendmail)}
