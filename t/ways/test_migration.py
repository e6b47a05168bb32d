"""What submit-milter-migration(7) says, run as it stands.

From OpenDKIM: t/ctl/test_import.py.
"""

import pathlib
import re

import pytest

import page
from letters import letter, send, subject
from site_of_ways import HOST, add, free_port, reread
from support.lab import another_lab
from support.mta import KINDS
from support.smtp import Client
from support.submission import ALICE, submit, whole

MANUAL = "submit-milter-migration.7"
LOGINS = """\
alice@example.org alice@example.org
shared@example.org alice@example.org, bob@example.org
@example.net dave@example.net
carol@example.net carol@example.org
bob@example.org bob@example.org
"""

# Logins, and envelope senders that each of them tries.
LOGGED_IN = (ALICE, "bob@example.org", "carol@example.org", "dave@example.net")
SENDERS = (
    "alice@example.org",
    "Alice@Example.ORG",
    "alice+x@example.org",
    "alice-x@example.org",
    "bob@example.org",
    "bob+shop@example.org",
    "shared@example.org",
    "shared+a@example.org",
    "carol@example.net",
    "carol+a@example.net",
    "any@example.net",
    "any+a@example.net",
    "any@sub.example.net",
)


@pytest.fixture(scope="module")
def replaced(tmp_path_factory):
    """A lab with the lines of the page; `before` is a port with Postfix's own."""
    folder = tmp_path_factory.mktemp("migration")
    folder.chmod(0o755)
    shipped = "/etc/postfix/sender_logins"
    logins = folder / "logins"
    logins.write_text(LOGINS)
    ours = page.example(MANUAL, "postfix-after").replace(shipped, str(logins))
    with another_lab(KINDS["postfix"], ours, folder) as lab:
        etc = pathlib.Path(lab.environment["LAB_MTA_CONFIG"])
        before = page.example(MANUAL, "postfix-before")
        copy = etc / "sender_logins"
        copy.write_text(LOGINS)
        lab.ports["before"] = free_port()
        service = service_without_milter(etc, lab.ports["before"])
        service += options_of(before.replace(shipped, str(copy)))
        add(etc, "main.cf", "recipient_delimiter = +\n")
        add(etc, "master.cf", service)
        reread(etc, [lab.ports["before"]])
        yield lab


def service_without_milter(etc, port):
    """The submission service of the lab, once more."""
    line = re.search(r"(?m)^\S+ +inet .*daemon_name=MSA .*", (etc / "master.cf").read_text())
    assert line, "no submission service"
    text = re.sub(r"^\S+", "%s:%d" % (HOST, port), line[0])
    return re.sub(r"smtpd_milters=\S+", "smtpd_milters=", text) + "\n"


def options_of(text):
    """Lines of main.cf as options of a service."""
    lines = [line.split(" = ", 1) for line in text.splitlines()]
    return "".join("  -o %s=%s\n" % (n, v.replace(" ", ",")) for n, v in lines)


def verdicts(lab, listener, login):
    """For each sender, whether MAIL and RCPT are accepted."""
    found = {}
    with Client(lab, listener) as client:
        assert client.authenticate(login).code == 235
        for sender in SENDERS:
            reply = client.mail("<%s>" % sender)
            if reply.code == 250:
                reply = client.rcpt("<someone@example.com>")
            found[sender] = reply.code == 250
            assert reply.code in (250, 550, 553), reply
            client.command("RSET")
    return found


@pytest.mark.proves("X46", "X1", "X42")
@pytest.mark.parametrize("login", LOGGED_IN)
def test_sender_login_maps(replaced, login):
    """Postfix with its restriction, and Postfix with us, say the same."""
    want = verdicts(replaced, "before", login)
    # An address that no row has is nobody's; with Postfix it is anybody's.
    want["any@sub.example.net"] = False
    want["alice-x@example.org"] = False
    assert verdicts(replaced, "submission", login) == want
    assert True in want.values() and False in want.values()


@pytest.mark.proves("X46", "A2")
def test_without_login_nobody_has_an_address(replaced):
    """As reject_unauthenticated_sender_login_mismatch."""
    for listener in ("before", "submission"):
        reply = send(replaced, letter(ALICE, subject()), ALICE, listener=listener)
        assert reply.code in (530, 553), reply


@pytest.fixture(scope="module")
def milterfrom(tmp_path_factory):
    """A lab with the configuration of the page."""
    folder = tmp_path_factory.mktemp("milterfrom")
    text = page.example(MANUAL, "milterfrom")
    with another_lab(KINDS["postfix"], text, folder) as lab:
        yield lab


# Envelope sender, From; what milterfrom says by its own rule: the same, or not.
CASES = [
    (ALICE, ALICE, True),
    (ALICE, "Alice <%s>" % ALICE, True),
    (ALICE, "bob@example.org", False),
    (ALICE, '"%s" <bob@example.org>' % ALICE, False),
    (ALICE, "bob@example.org (%s)" % ALICE, False),
]


@pytest.mark.proves("X46", "X1", "D6.1")
@pytest.mark.parametrize("sender, author, may", CASES)
def test_milterfrom(milterfrom, sender, author, may):
    """From and envelope sender are the same, and the login's own."""
    message = whole("From: " + author)
    got = submit(milterfrom, message, sender="<%s>" % sender)
    assert got.verdict == ("250 2.0.0 at DATA" if may else "550 5.7.1 at DATA")
    if may:
        assert got.relayed.content.endswith(message)


@pytest.mark.proves("X46", "X1")
def test_milterfrom_differences(milterfrom):
    """What that one let pass: a foreign sender with the same From, and <>."""
    message = whole("From: bob@example.org")
    got = submit(milterfrom, message, sender="<bob@example.org>")
    assert got.verdict == "550 5.7.1 at MAIL"
    assert submit(milterfrom, message, sender="<>").verdict == "550 5.7.1 at DATA"
    own = whole("From: " + ALICE)
    assert submit(milterfrom, own, sender="<>").verdict == "250 2.0.0 at DATA"
