"""What the milter asks of an MTA, and which MTAs it does not serve."""

import pytest

from harness import configuration as conf
from harness.mta import Action, Closed, Mta, Step
from harness.session import submit

LEAST = Action.ADD_HEADERS | Action.CHANGE_HEADERS | Action.CHANGE_BODY
ACTIONS = (
    LEAST
    | Action.SET_MACRO_LIST
    | Action.CHANGE_SENDER
    | Action.ADD_RECIPIENTS
    | Action.ADD_RECIPIENTS_WITH_PARAMETERS
    | Action.DELETE_RECIPIENTS
)
STEPS = Step.LEADING_SPACE | Step.NO_UNKNOWN | Step.REFUSED_RECIPIENTS
SILENT = (
    Step.SILENT_HELO
    | Step.SILENT_HEADER
    | Step.SILENT_END_OF_HEADER
    | Step.SILENT_DATA
    | Step.SILENT_BODY
)

# What must be known at a stage, whatever else is asked for.
MACROS = {
    "connect": {"j", "{daemon_name}", "{daemon_addr}", "{daemon_port}"},
    "helo": {"{tls_version}", "{cipher}", "{cipher_bits}"},
    "mail": {"i", "{auth_type}", "{auth_authen}", "{tls_version}", "{cipher_bits}"},
    "rcpt": {"i", "{rcpt_mailer}", "{rcpt_host}", "{rcpt_addr}"},
    "end": {"i"},
}
MACROS_MOST = 50  # a stage; Sendmail ends the session at more

CANNOT = {
    "leading space": "show header fields with their blanks",
    "edits": "change header fields and body",
}

TOO_OLD = {
    "no leading space": (Action.ALL, Step.ALL & ~Step.LEADING_SPACE, "leading space"),
    "no adding": (Action.ALL & ~Action.ADD_HEADERS, Step.ALL, "edits"),
    "no changing": (Action.ALL & ~Action.CHANGE_HEADERS, Step.ALL, "edits"),
    "no new body": (Action.ALL & ~Action.CHANGE_BODY, Step.ALL, "edits"),
    "protocol 2": (Action(0x3F), Step(0x7F), "leading space"),
    "says nothing": (Action(0), Step(0), "leading space"),
}

OLD = {
    "no macro lists": (Action.ALL & ~Action.SET_MACRO_LIST, Step.ALL),
    "answers to all": (Action.ALL, Step.ALL & ~SILENT),
    "sends all": (Action.ALL, Step.ALL & ~(Step.NO_DATA | Step.NO_UNKNOWN)),
    "hides refused recipients": (Action.ALL, Step.ALL & ~Step.REFUSED_RECIPIENTS),
    "the least": (LEAST, Step.LEADING_SPACE),
}


@pytest.mark.parametrize("missing", TOO_OLD.values(), ids=TOO_OLD.keys())
def test_mta_that_cannot_is_refused(start, strict, transport, missing):
    """X40: it is told nothing and served nothing; the log says what it lacks."""
    daemon = start(strict, transport=transport)
    actions, steps, lacks = missing
    line = "this MTA cannot %s: it is too old to be served" % CANNOT[lacks]
    daemon.expect(line)
    with Mta(daemon.address) as mta:
        with pytest.raises(Closed):
            mta.negotiate(actions, steps, version=2 if steps == 0x7F else 6)
    daemon.wait_for_log(line)
    assert submit(daemon).verdict == "passed", "the next MTA is served"


ENVELOPE = (
    Action.CHANGE_SENDER,
    Action.ADD_RECIPIENTS,
    Action.ADD_RECIPIENTS_WITH_PARAMETERS,
    Action.DELETE_RECIPIENTS,
)
ROWS = {"tables": {"rows": conf.inline(("x", "x.example.org"))}}
NEEDED_FOR = {
    "short labels": {**ROWS, "qualify": {"labels": "rows"}},
    "bare users": {**ROWS, "qualify": {"domain": "example.org", "mailboxes": "rows"}},
    "senders written anew": {**ROWS, "rewrites": [{"table": "rows", "envelope_sender": True}]},
    "recipients written anew": {
        **ROWS, "rewrites": [{"table": "rows", "envelope_recipients": True}]
    },
    "aliases in the DNS": {"aliases": {"zones": (".example.org",)}},
}


@pytest.mark.parametrize("name", NEEDED_FOR)
def test_envelope_cannot_be_changed(start, strict, name):
    """X40 D8.8: it is refused at once, if that is needed, and not at the end of each message."""
    daemon = start(conf.changed(strict, **NEEDED_FOR[name]))
    line = "this MTA cannot change sender and recipients, as qualify, rewrites or aliases need"
    daemon.expect(line)
    for action in ENVELOPE:
        with Mta(daemon.address) as mta:
            with pytest.raises(Closed):
                mta.negotiate(Action.ALL & ~action, Step.ALL)
    daemon.wait_for_log(line)
    assert submit(daemon).verdict == "passed", "the next MTA is served"


def test_envelope_need_not_be_changed(start, strict):
    """X40: with tables for the header alone such an MTA will do."""
    rewrites = [{"table": "rows", "header_senders": True}]
    daemon = start(conf.changed(strict, **ROWS, rewrites=rewrites))
    assert submit(daemon, actions=LEAST).verdict == "passed"


@pytest.fixture(scope="module")
def daemon(module_start, strict):
    """A daemon on a UNIX socket."""
    return module_start(strict)


@pytest.fixture(scope="module")
def tcp_daemon(module_start, strict):
    """A daemon on a TCP port."""
    return module_start(strict, transport="tcp")


def test_wanted_on_unix(daemon):
    """D8.5 X48 A6: what is needed, and no answers that say nothing.

    But one to the connection, of which Postfix else tells at MAIL only.
    """
    with Mta(daemon.address) as mta:
        wanted = mta.negotiate()
    assert wanted.version == 6
    assert wanted.actions == ACTIONS
    assert wanted.steps == STEPS | SILENT


def test_wanted_over_tcp(tcp_daemon):
    """D8.5 X48: every answer, as without one TCP waits for an acknowledgement."""
    with Mta(tcp_daemon.address) as mta:
        wanted = mta.negotiate()
    assert wanted.actions == ACTIONS
    assert wanted.steps == STEPS


@pytest.mark.parametrize("name", ["daemon", "tcp_daemon"])
def test_wanted_macros(request, name):
    """D3.1 D3.3 A4 A6: each fact at the stage where both MTAs have it right."""
    with Mta(request.getfixturevalue(name).address) as mta:
        wanted = mta.negotiate().macros
    for stage, names in MACROS.items():
        assert names <= set(wanted[stage]), stage
        assert len(wanted[stage]) <= MACROS_MOST
        assert "{auth_author}" not in wanted[stage], "is never an identity"


@pytest.mark.parametrize("offer", OLD.values(), ids=OLD.keys())
@pytest.mark.parametrize("name", ["daemon", "tcp_daemon"])
def test_old_mta_is_served(request, name, offer, kind):
    """X40: as long as it can do what counts."""
    daemon = request.getfixturevalue(name)
    actions, steps = offer
    got = submit(daemon, kind=kind, actions=actions, steps=steps)
    assert got.verdict == "passed"
    assert got.record["identity"] == "sasl:alice@example.org"
    assert got.record["listener"]["daemon_name"] == "MSA"
    assert len(got.record["signatures"]) == 2
    want = ACTIONS if actions & Action.SET_MACRO_LIST else ACTIONS & actions
    assert got.session.wanted.actions == want
    assert not got.session.wanted.steps & ~steps, "asks for what was not offered"
