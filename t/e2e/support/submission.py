"""One submission from EHLO to the end of DATA, and what became of it.

`submit()` makes a session of its own, and checks what must hold for every
submission there is: one audit record, and it tells the reply that the client
saw.
"""

import re

from .lab import wait_for
from .smtp import Client

ALICE = "alice@example.org"
RECIPIENT = "someone@example.com"

RESULTS = {"2": "passed", "4": "deferred", "5": "refused"}


def letter(*fields, body="Hello.\r\n"):
    """A message with these header lines, as octets."""
    lines = [line if isinstance(line, bytes) else line.encode() for line in fields]
    body = body if isinstance(body, bytes) else body.encode()
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


# Nothing in it is to be completed or mended.
WHOLE = (
    "Date: Mon, 2 Nov 2026 10:00:00 +0100",
    "To: " + RECIPIENT,
    "Message-ID: <whole@client.example>",
    "Subject: a whole message",
)


def whole(*fields, **options):
    """A complete message with these fields, From among them, before."""
    return letter(*fields, *WHOLE, **options)


FROM_ALICE = whole("From: " + ALICE)


class Outcome:
    """The replies of one submission, and where to find its traces."""

    def __init__(self, lab, token):
        self.lab = lab
        self.token = token
        self.stage = None
        self.reply = None
        self.recipient_replies = []

    def ended(self, stage, reply):
        """Notes the reply with which it ended."""
        self.stage = stage
        self.reply = reply
        return self

    @property
    def verdict(self):
        """Reply and stage in one line, as tests want it: 550 5.7.1 at MAIL."""
        return "%s at %s" % (self.reply.codes, self.stage)

    @property
    def record(self):
        """Its audit record."""
        return self.lab.audit(self.token)[0]

    @property
    def relayed(self):
        """What was relayed of it."""
        return self.lab.relayed(self.token)

    def relayed_to(self, recipients):
        """The messages relayed to all these, and to no others.

        A mail server may send one message to each domain.
        """
        want = sorted(recipients)

        def find():
            found = self.lab.find_relayed(self.token)
            reached = sorted(r for message in found for r in message.recipients)
            assert len(reached) <= len(want), reached
            return found if len(reached) == len(want) else []

        found = wait_for(find, "not relayed to all of %s" % want)
        assert sorted(r for message in found for r in message.recipients) == want
        return found

    @property
    def queue_id(self):
        """As the mail server told it to the client."""
        return self.lab.mta.queue_id(self.reply.text)

    def __repr__(self):
        return "%s %r" % (self.verdict, self.reply)


def submit(
    lab,
    message=FROM_ALICE,
    sender="<%s>" % ALICE,
    recipients=("<%s>" % RECIPIENT,),
    login=ALICE,
    judge="milter",
    **connection
):
    """Submits and returns the Outcome.

    judge="mta" for what the mail server refuses by itself, without asking.
    """
    with Client(lab, **connection) as client:
        if login:
            answer = client.authenticate(login)
            assert answer.code == 235, answer
        outcome = talk(client, Outcome(lab, client.helo), sender, recipients, message)
    if outcome.reply.code >= 400:
        lab.refused.add(outcome.token)
    if judge == "milter":
        check_record(outcome)
    return outcome


def talk(client, outcome, sender, recipients, message):
    """MAIL, RCPT, DATA, as far as it goes."""
    reply = client.mail(sender)
    if reply.code != 250:
        return outcome.ended("MAIL", reply)
    outcome.recipient_replies = [client.rcpt(recipient) for recipient in recipients]
    if all(reply.code != 250 for reply in outcome.recipient_replies):
        return outcome.ended("RCPT", outcome.recipient_replies[-1])
    return outcome.ended("DATA", client.data(message))


def submit_all(lab, messages):
    """Sends (argument of MAIL FROM, octets) each, all in one session.

    The relayed ones come back, in the same order.
    """
    with Client(lab) as client:
        assert client.authenticate(ALICE).code == 235
        for number, (mail, octets) in enumerate(messages):
            client.send(
                b"MAIL FROM:%s\r\nRCPT TO:<n%d@example.com>\r\nDATA\r\n"
                % (mail.encode(), number)
            )
            replies = [client.reply().code for _ in range(3)]
            assert replies == [250, 250, 354], (number, octets)
            answer = client.content(octets)
            assert answer.code == 250, (number, answer, octets)
        lab.audit(client.helo, len(messages))
        relayed = lab.all_relayed(client.helo, len(messages))
    relayed.sort(key=lambda m: int(re.match(r"n(\d+)@", m.recipients[0])[1]))
    return relayed


def check_record(outcome):
    """There is one audit record, and it tells what the client saw."""
    record = outcome.record
    reply = outcome.reply
    # Of one that another takes the place of, the MTA and we speak as of that.
    told = [
        (r["result"].replace("replaced", "accepted"), "reason" in r)
        for r in record["envelope"]["recipients"]
        if "for" not in r
    ]
    seen = [
        ("accepted", False) if r.code == 250 else (RESULTS[str(r.code)[0]], True)
        for r in outcome.recipient_replies
    ]
    assert told == seen, "audit tells recipients %r, client saw %r" % (told, seen)
    want = RESULTS[str(reply.code)[0]]
    assert record["result"] == want, record
    if want == "passed":
        assert record["reply"] is None, record
    else:
        assert codes(record["reply"]) == reply.codes, record


def codes(reply):
    """Both codes of a reply in an audit record."""
    return "%s %s" % (reply["code"], reply["enhanced"])
