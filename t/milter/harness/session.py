"""A client's connection, as an MTA of some kind tells a milter of it."""

import itertools

from .kinds import Client, Postfix
from .message import FROM_ALICE
from .mta import Action, Mta, Step

RECIPIENT = "<someone@example.com>"

RESULTS = {"4": "deferred", "5": "refused"}

tokens = itertools.count(1)


class Outcome:
    """What became of a submission."""

    def __init__(self, session, message):
        self.session = session
        self.message = message
        self.stage = None
        self.answer = None
        self.recipient_answers = []
        self.edits = []
        self.new_body = None  # None: as it was

    @property
    def verdict(self):
        """`550 5.7.1 at mail`, or `passed`."""
        if self.stage == "end" and self.answer.verdict == "continue":
            return "passed"
        return "%s at %s" % (self.answer.verdict, self.stage)

    @property
    def text(self):
        """The words of the reply."""
        return self.answer.text

    @property
    def leaving(self):
        """The message as the MTA sends it on."""
        leaving = self.message.edited(self.edits, self.session.kind.keeps_places)
        if self.new_body is not None:
            leaving.body = self.new_body
        return leaving

    @property
    def record(self):
        """Its audit record, if the session had no other message."""
        return self.session.records(1)[0]

    def __repr__(self):
        return "<%s %r>" % (self.verdict, self.text)


class Session:
    """One SMTP connection, with one to the milter for it."""

    def __init__(
        self,
        daemon,
        kind=Postfix,
        actions=Action.ALL,
        steps=Step.ALL,
        **client,
    ):
        self.daemon = daemon
        self.kind = kind
        number = next(tokens)
        client.setdefault("helo", "c%d.client.example" % number)
        self.client = Client(**client)
        self.messages = 0
        self.recipients = 0
        self.mta = Mta(daemon.address)
        self.wanted = self.mta.negotiate(actions, steps)
        self.begin()

    def begin(self):
        """Connection and EHLO of the client."""
        client = self.client
        self.tell("connect")
        self.mta.connect(client.name, client.address, client.port)
        self.tell("helo")
        self.mta.helo(client.helo)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.mta.vanish()

    @property
    def queue_id(self):
        """The MTA's name for the message under way."""
        return "Q%s-%d" % (self.client.helo.partition(".")[0], self.messages)

    def tell(self, stage):
        """Sends the macros that belong to a stage."""
        names = self.wanted.macros.get(stage)
        if names is None:
            names = self.kind.by_itself.get(stage, "").split()
        known = self.kind.known(stage, self.client, self.queue_id, self.recipients)
        self.mta.macros(stage, {n: known[n] for n in names if n in known})

    def hello(self, **changes):
        """EHLO again, after STARTTLS for instance: the client has changed."""
        for name, value in changes.items():
            setattr(self.client, name, value)
        self.tell("helo")
        return self.mta.helo(self.client.helo)

    def mail(self, sender="<alice@example.org>", *params):
        """MAIL FROM."""
        self.messages += 1
        self.recipients = 0
        self.daemon.transactions += 1
        self.tell("mail")
        return self.mta.mail(sender, *params)

    def rcpt(self, recipient=RECIPIENT, *params):
        """RCPT TO."""
        self.recipients += 1
        self.tell("rcpt")
        return self.mta.rcpt(recipient, *params)

    def refused_rcpt(self, recipient, reply):
        """A recipient that the MTA itself has refused: it tells of it only."""
        known = {"{rcpt_mailer}": "error", "{rcpt_host}": reply[:5]}
        known["{rcpt_addr}"] = reply
        self.recipients += 1
        self.mta.macros("rcpt", known)
        return self.mta.rcpt(recipient)

    def header(self, message=FROM_ALICE):
        """DATA and the whole header."""
        if not self.wanted.steps & Step.NO_DATA:
            self.tell("data")
            self.mta.data()
        for name, value in message.fields:
            self.mta.field(name, value)
        self.tell("end-of-header")
        return self.mta.end_of_header()

    def body(self, octets, chunk=65535):
        """The body in chunks of that size."""
        for i in range(0, len(octets), chunk):
            self.mta.body(octets[i : i + chunk])

    def end(self):
        """The end of the message."""
        self.tell("end")
        return self.mta.end()

    def submit(
        self,
        message=FROM_ALICE,
        sender="<alice@example.org>",
        recipients=(RECIPIENT,),
        params=(),
        chunk=65535,
    ):
        """MAIL to the end of the message, as far as it goes; the Outcome."""
        outcome = Outcome(self, message)
        outcome.stage, outcome.answer = "mail", self.mail(sender, *params)
        if outcome.verdict != "continue at mail":
            return outcome
        outcome.recipient_answers = [self.rcpt(r) for r in recipients]
        outcome.stage, outcome.answer = "rcpt", outcome.recipient_answers[-1]
        if all(a.verdict != "continue" for a in outcome.recipient_answers):
            self.mta.abort()
            return outcome
        self.header(message)
        self.body(message.body, chunk)
        outcome.stage, outcome.answer = "end", self.end()
        outcome.edits = self.mta.edits
        outcome.new_body = self.mta.new_body
        return outcome

    def records(self, count):
        """The audit records of this session, count of them."""
        return self.daemon.records_of(self.client.helo, count)


def submit(daemon, *arguments, kind=Postfix, **options):
    """One submission over a connection of its own; the Outcome.

    Checks what holds for every submission: there is one audit record, which
    says what the client was told, and nothing that was refused is edited.
    """
    names = ("sender", "recipients", "params", "chunk", "message")
    talk = {n: options.pop(n) for n in names if n in options}
    with Session(daemon, kind, **options) as session:
        outcome = session.submit(*arguments, **talk)
        session.mta.quit()
    check_record(outcome)
    return outcome


def check_record(outcome):
    """The audit record against what was seen."""
    record = outcome.record
    told = record["reply"] and "%(code)d %(enhanced)s" % record["reply"]
    assert record["stage"] == {"end": "message"}.get(outcome.stage, outcome.stage)
    if outcome.verdict == "passed":
        assert (record["result"], told) == ("passed", None), record
        return
    assert not outcome.edits, outcome.edits
    assert outcome.new_body is None
    assert told == outcome.answer.codes, record
    assert record["reply"]["text"] == outcome.text, record
    assert record["result"] == RESULTS[told[0]], record
