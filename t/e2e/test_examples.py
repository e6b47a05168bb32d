"""The examples in conf/examples/ do what their README says, as they stand."""

import pathlib
import sqlite3

import pytest

from support.submission import ALICE, submit, whole

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "conf" / "examples"
VIRTUAL = EXAMPLES / "virtual-sql"

BOB, CAROL = "bob@example.org", "carol@example.org"
MALLORY, DAVE, ROBOT = "mallory@example.org", "dave@example.net", "robot@internal"


class Site:
    """A lab with the example, and its database."""

    def __init__(self, lab, database):
        self.lab = lab
        self.database = database

    def send(self, login, address, **options):
        """Submits with an address in envelope and From."""
        return submit(
            self.lab,
            whole("From: " + address),
            sender="<%s>" % address,
            login=login,
            **options
        )

    def execute(self, statement):
        """Changes the database, as an administrator's page would."""
        with sqlite3.connect(self.database) as connection:
            connection.execute(statement)
        connection.close()


@pytest.fixture(scope="module")
def virtual(start_lab, tmp_path_factory):
    """The shipped files; only places are others."""
    database = tmp_path_factory.mktemp("virtual") / "mail.db"
    with sqlite3.connect(database) as connection:
        for name in ("schema.sql", "rows.sql"):
            connection.executescript((VIRTUAL / name).read_text())
    connection.close()
    text = (VIRTUAL / "submit-milter.conf").read_text()
    text = text.replace("/var/lib/vmail/mail.db", str(database))
    text = text.replace("/etc/submit-milter/keys", "@LAB_KEYS@")
    # The lab sets them by itself, but that user need not exist here.
    text = text.replace('socket_group = "postfix";', "")
    text = text.replace('user = "submit-milter";', "", 1)
    with start_lab(text) as other:
        yield Site(other, database)


ALLOWED = [
    # login, address, whether a Sender field tells who it was
    (ALICE, ALICE, False),
    (ALICE, "alice+news@example.org", False),
    (ALICE, "a.smith@example.org", False),
    (ALICE, "A.Smith+x@Example.org", False),
    (ALICE, "alice@example.com", False),
    (ALICE, "sales@example.org", True),
    (BOB, "sales+eu@example.org", True),
    (BOB, "support@example.org", True),
    (CAROL, "info@example.net", False),
    (CAROL, "anything@example.net", True),
    (DAVE, "anything@example.net", False),
    (DAVE, "dave@example.net", False),
]


@pytest.mark.proves("X1", "X44", "D8.1", "X46")
@pytest.mark.parametrize("login, address, is_told", ALLOWED)
def test_virtual_users_may(virtual, login, address, is_told):
    """Mailbox, alias, catch-all, alias domain, shared address and mailbox."""
    got = virtual.send(login, address)
    assert got.verdict == "250 2.0.0 at DATA"
    want = [login.encode()] if is_told else []
    assert [s.strip() for s in got.relayed.values("Sender")] == want


REFUSED = [
    (ALICE, BOB),
    (ALICE, "old@example.org"),
    (ALICE, "support@example.org"),
    (ALICE, "anything@example.net"),
    (ALICE, "nobody@example.org"),
    (BOB, "alice@example.com"),
    (BOB, "a.smith@example.org"),
    (CAROL, "sales@example.org"),
    (DAVE, "info@example.net"),
    (DAVE, "info+x@example.net"),
    (DAVE, "x@sub.example.net"),
    (DAVE, "dave@example.org"),
    # Keys are never part of a query.
    (ALICE, "\"x' OR '1'='1\"@example.org"),
    (ALICE, "bob'--@example.org"),
    (ALICE, "%@example.net"),
    (ALICE, "_nfo@example.net"),
]


@pytest.mark.proves("X1", "X44")
@pytest.mark.parametrize("login, address", REFUSED)
def test_virtual_users_may_not(virtual, login, address):
    """Somebody else's, what is switched off, and what is no address of ours."""
    assert virtual.send(login, address).verdict == "550 5.7.1 at MAIL"


@pytest.mark.proves("A3", "D6.4")
def test_virtual_accounts(virtual):
    """Off: told so, but postmaster can be reached. Not there: refused."""
    got = virtual.send(MALLORY, MALLORY)
    assert got.verdict == "550 5.7.13 at RCPT" and "ask us" in got.reply.text
    mail = dict(sender="<m@outside.example>", login=MALLORY)
    message = whole("From: m@outside.example")
    assert submit(virtual.lab, message, **mail).verdict == "550 5.7.13 at RCPT"
    mail["recipients"] = ("<postmaster@example.org>",)
    assert submit(virtual.lab, message, **mail).verdict == "250 2.0.0 at DATA"
    assert virtual.send(ROBOT, "robot@internal").verdict == "550 5.7.1 at MAIL"


@pytest.mark.proves("X44", "X1")
def test_virtual_changes_hold_at_once(virtual):
    """The database is asked for each message; no reload is needed."""
    address = "new@example.org"
    assert virtual.send(BOB, address).verdict == "550 5.7.1 at MAIL"
    virtual.execute("INSERT INTO alias VALUES ('%s', '%s', 1)" % (address, BOB))
    assert virtual.send(BOB, address).verdict == "250 2.0.0 at DATA"
    virtual.execute("UPDATE alias SET active = 0 WHERE address = '%s'" % address)
    assert virtual.send(BOB, address).verdict == "550 5.7.1 at MAIL"


@pytest.mark.proves("A5", "D8.5")
def test_virtual_port_25(virtual):
    """Mail for the domains of the database comes in, and nothing else."""
    mail = dict(
        sender="<a@outside.example>", login=None, listener="mx", tls=False, judge="mta"
    )
    message = whole("From: a@outside.example")
    inside = submit(virtual.lab, message, recipients=("<bob@example.org>",), **mail)
    assert inside.verdict == "250 2.0.0 at DATA"
    outside = submit(virtual.lab, message, recipients=("<x@example.com.>",), **mail)
    assert outside.stage == "RCPT"
    own = virtual.send(ALICE, "a.smith@example.org", listener="mx")
    assert [s["domain"] for s in own.record["signatures"]] == ["example.org"]
