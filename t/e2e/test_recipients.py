"""To whom one may write, and with which parameters."""

import pytest

from support import config
from support.smtp import Client
from support.submission import ALICE, FROM_ALICE, submit, whole

BOB, CAROL = "bob@example.org", "carol@example.org"
MALLORY, DAVE, ROBOT = "mallory@example.org", "dave@example.net", "robot@internal"

CONFIG = config.text(
    local_domains=config.names("example.org", ".example.org"),
    tables=config.inline(
        scopes=[
            (BOB, "local max=3"),
            ("group:pupils", "listed"),
            (MALLORY, "none"),
            (ROBOT, "anything"),
        ],
        allowed=[
            ("school@example.com", "group:pupils"),
            ("@friends.example", "*"),
            ("@.clubs.example", "carol"),
            ("other@example.com", ALICE),
        ],
        denied=[
            ("ceo@example.org", "*"),
            ("@rival.example", "alice, dave@example.net"),
            ("list@friends.example", "group:pupils"),
        ],
    ),
    rights=None,
    groups='( { name = "Pupils"; members = [ "%s" ]; } )' % CAROL,
    recipients='{ scopes = "scopes"; allowed = "allowed"; denied = "denied"; }',
    overrides="""( { identities = [ "%s" ];
        forbidden_parameters = [ "NOTIFY=NEVER" ]; } )""" % BOB,
    default_profile="""{ limits: { recipients = 5; };
        forbidden_parameters = [ "RET", "NOTIFY=NEVER" ]; }""",
)


@pytest.fixture(scope="module")
def site(start_lab):
    """A lab where not everybody may write to everybody."""
    with start_lab(CONFIG) as other:
        yield other


def reply_to(lab, login, recipient, **options):
    """Both codes of the reply to RCPT."""
    with Client(lab, **options) as client:
        assert client.authenticate(login).code == 235
        assert client.mail("<>").code == 250
        return client.rcpt(recipient).codes


RIGHTS = [
    # any, but for what is denied
    (ALICE, "<someone@example.com>", "250 2.1.5"),
    (ALICE, "<ceo@example.org>", "550 5.7.1"),
    (ALICE, "<CEO+x@Example.org>", "550 5.7.1"),
    (ALICE, '<"ceo"@example.org>', "550 5.7.1"),
    (ALICE, "<x@rival.example>", "550 5.7.1"),
    (ALICE, "<x@sub.rival.example>", "250 2.1.5"),
    (DAVE, "<x@rival.example>", "550 5.7.1"),
    (DAVE, "<x@example.org>", "250 2.1.5"),
    # local
    (BOB, "<x@example.com>", "550 5.7.1"),
    (BOB, "<x@notexample.org>", "550 5.7.1"),
    (BOB, "<x@example.org.evil.example>", "550 5.7.1"),
    (BOB, "<@example.org:x@example.com>", "550 5.7.1"),
    (BOB, "<ceo@example.org>", "550 5.7.1"),
    (BOB, "<x@Example.ORG>", "250 2.1.5"),
    (BOB, "<x@sub.example.org>", "250 2.1.5"),
    (BOB, "<Postmaster>", "250 2.1.5"),
    # listed, by group
    (CAROL, "<x@example.org>", "550 5.7.1"),
    (CAROL, "<other@example.com>", "550 5.7.1"),
    (CAROL, "<list@friends.example>", "550 5.7.1"),
    (CAROL, "<x@clubs.example>", "550 5.7.1"),
    (CAROL, "<school@example.com>", "250 2.1.5"),
    (CAROL, "<School+math@example.com>", "250 2.1.5"),
    (CAROL, "<anybody@friends.example>", "250 2.1.5"),
    (CAROL, "<x@chess.clubs.example>", "250 2.1.5"),
    # none; a row that cannot be read
    (MALLORY, "<x@example.org>", "550 5.7.1"),
    (MALLORY, "<anybody@friends.example>", "550 5.7.1"),
    (ROBOT, "<x@example.org>", "451 4.3.0"),
]


@pytest.mark.proves("D6.2", "X1")
@pytest.mark.parametrize("login, recipient, want", RIGHTS)
def test_recipient_rights(site, login, recipient, want):
    """Any, local, listed or none; denied in any case; by group as well."""
    assert reply_to(site, login, recipient) == want


@pytest.mark.proves("D6.2", "A6", "D7b")
def test_only_that_recipient_is_refused(site):
    """The others of the transaction get the mail, the record tells of all."""
    recipients = ("<a@example.org>", "<x@example.com>", "<b@example.org>")
    got = submit(
        site,
        whole("From: " + BOB),
        sender="<%s>" % BOB,
        recipients=recipients,
        login=BOB,
    )
    codes = [reply.codes for reply in got.recipient_replies]
    assert codes == ["250 2.1.5", "550 5.7.1", "250 2.1.5"]
    assert sorted(got.relayed.recipients) == ["a@example.org", "b@example.org"]
    told = got.record["envelope"]["recipients"]
    assert [r.get("reason") for r in told] == [None, "recipient-not-allowed", None]
    assert "example" not in got.recipient_replies[1].text


@pytest.mark.proves("D6.2")
@pytest.mark.parametrize("login, most", [(BOB, 3), (ALICE, 5)])
def test_so_many_recipients(site, login, most):
    """452 4.5.3 beyond; refused ones do not count; more in another message."""
    with Client(site) as client:
        client.authenticate(login)
        assert client.mail("<>").code == 250
        for n in range(most):
            assert client.rcpt("<ceo@example.org>").codes == "550 5.7.1"
            assert client.rcpt("<a%d@example.org>" % n).code == 250
        got = client.rcpt("<more@example.org>")
        assert got.codes == "452 4.5.3" and str(most) in got.text
        assert client.rcpt("<x@rival.example>").codes == "550 5.7.1"
        assert client.data(whole("From: " + login)).code == 250
        assert client.mail("<>").code == 250
        assert client.rcpt("<more@example.org>").code == 250
        client.command("RSET")
    assert len(site.relayed(client.helo).recipients) == most


PARAMETERS = [
    (ALICE, "RET=HDRS", "", "550 5.7.1 at MAIL"),
    (ALICE, "SIZE=100 ret=full ENVID=x", "", "550 5.7.1 at MAIL"),
    (ALICE, "", "NOTIFY=NEVER", "550 5.7.1 at RCPT"),
    (ALICE, "", "ORCPT=rfc822;x@example.com notify=never", "550 5.7.1 at RCPT"),
    (ALICE, "SIZE=100 ENVID=x", "NOTIFY=SUCCESS,FAILURE", "250 2.0.0 at DATA"),
    # The override has a list of its own.
    (BOB, "RET=HDRS", "NOTIFY=NEVER", "550 5.7.1 at RCPT"),
    (BOB, "RET=HDRS", "NOTIFY=DELAY", "250 2.0.0 at DATA"),
]


@pytest.mark.proves("D7", "X3")
@pytest.mark.parametrize("login, of_mail, of_rcpt, want", PARAMETERS)
def test_parameters_can_be_forbidden(site, login, of_mail, of_rcpt, want):
    """A keyword, or a keyword with one value; for some other ones."""
    got = submit(
        site,
        whole("From: " + login),
        sender=("<%s> %s" % (login, of_mail)).strip(),
        recipients=(("<x@example.org> " + of_rcpt).strip(),),
        login=login,
    )
    assert got.verdict == want
    if got.stage != "DATA":
        name = (of_mail if got.stage == "MAIL" else of_rcpt).upper()
        refused = [n for n in ("RET", "NOTIFY") if n + "=" in name]
        assert refused[0] in got.reply.text.upper()


@pytest.mark.proves("D7", "A6")
def test_parameters_are_recorded(site):
    """As the client wrote them."""
    got = submit(
        site,
        FROM_ALICE,
        sender="<%s> BODY=8BITMIME ENVID=QQ314159" % ALICE,
        recipients=("<x@example.org> NOTIFY=FAILURE ORCPT=rfc822;y@example.org",),
    )
    envelope = got.record["envelope"]
    assert envelope["sender_params"] == ["BODY=8BITMIME", "ENVID=QQ314159"]
    want = ["NOTIFY=FAILURE", "ORCPT=rfc822;y@example.org"]
    assert envelope["recipients"][0]["params"] == want
    assert "ENVID=QQ314159" in got.relayed.sender_params


@pytest.mark.proves("D6.2", "X3", "X44")
@pytest.mark.parametrize(
    "mode, want", [("enforce", "451 4.3.0"), ("warn", "250 2.1.5")]
)
def test_table_that_fails(site, mode, want):
    """Under enforce the recipient waits; on trial it passes."""
    text = CONFIG.replace('denied = "denied"', 'denied = "down"')
    text = text.replace("tables = {", 'tables = { down: { type = "fail"; };', 1)
    trial = "default_profile = { rules: { recipient-rights = \"%s\"; };" % mode
    text = text.replace("default_profile = {", trial)
    site.reload(config.filled_in(text, site), "reloaded")
    try:
        assert reply_to(site, ALICE, "<x@example.org>") == want
    finally:
        site.reload(config.filled_in(CONFIG, site), "reloaded")
