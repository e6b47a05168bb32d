"""What Mailman sends: posts with foreign From, mitigated From, VERP.

Mailman 3 itself is not here: smtplib, which it uses, stands in for it, with
host and port of the example's mailman.cfg and messages as Mailman writes them.
"""

import configparser
import smtplib

import pytest

from lab.dkimcheck import verify
from letters import records, relayed, send, subject
from site_of_ways import EXAMPLE, SERVICES

LIST = "talk@example.net"

POST = """\
From: {sender}
To: talk@example.net
Subject: {mark}
Message-ID: <{mark}@client.example>
Date: Mon, 2 Nov 2026 10:00:00 +0100
Message-ID-Hash: OVRDXUAOQWJPVPA7XOM3CPSUDN4J7SGL
X-Mailman-Version: 3.3.8
Precedence: list
List-Id: Talk about it <talk.example.net>
List-Archive: <https://lists.example.net/archives/list/talk@example.net/>
List-Help: <mailto:talk-request@example.net?subject=help>
List-Post: <mailto:talk@example.net>
List-Subscribe: <mailto:talk-join@example.net>
List-Unsubscribe: <mailto:talk-leave@example.net>

Hello, list.
"""

MITIGATED = "Someone via Talk <talk@example.net>\nReply-To: <someone@strict.example>"


def post(sender, mark):
    """The post as octets on the wire."""
    return POST.format(sender=sender, mark=mark).replace("\n", "\r\n").encode()


def deliver(lab, sender, mark, bounces="talk-bounces@example.net", recipients=None):
    """As mailman.mta.connection does: smtplib, one transaction; its port."""
    given = configparser.ConfigParser()
    given.read_string((EXAMPLE / "mailman.cfg").read_text())
    assert int(given["mta"]["smtp_port"]) == SERVICES["lists"]
    text = post(sender, mark)
    with smtplib.SMTP(given["mta"]["smtp_host"], lab.ports["lists"]) as smtp:
        smtp.sendmail(
            bounces, recipients or ["a@example.com", "b@example.com"], text
        )
    return relayed(lab, mark)


def record_of(lab, bounces):
    """The record of what came from this envelope sender."""
    return records(lab, lambda r: r["envelope"]["sender"] == bounces)[0]


def assert_signed_by_list(lab, message):
    """With the keys of the list's domain and no other."""
    found = verify(message.content, lab.dns)
    assert found and all(s.is_valid for s in found), found
    values = b"".join(message.values("DKIM-Signature"))
    assert b"d=example.net;" in values and b"d=example.org" not in values


@pytest.mark.proves("X8", "D8.5", "D3.3")
def test_post_of_somebody_else(postfix):
    """A foreign From stays, to the octet, and the list signs."""
    mark, bounces = subject(), "talk-bounces+one@example.net"
    sender = '"Someone, Else" <someone@elsewhere.example>'
    got = deliver(postfix, sender, mark, bounces)
    assert got.value("From") == sender
    assert not got.values("Sender") and not got.values("X-Original-From")
    assert got.content.endswith(post(sender, mark)), "nothing of it is changed"
    assert_signed_by_list(postfix, got)
    record = record_of(postfix, bounces)
    assert (record["identity"], record["profile"]) == ("net:lists", "lists")
    assert [e["field"] for e in record["edits"]] == ["DKIM-Signature"] * 2


@pytest.mark.proves("X8", "D8.5")
def test_mitigated_from_is_the_lists_own(postfix):
    """From is the list's address, and its domain signs."""
    mark = subject()
    got = deliver(postfix, MITIGATED, mark)
    assert_signed_by_list(postfix, got)


@pytest.mark.proves("X8", "D8.5")
def test_users_domain_is_never_signed_for(postfix):
    """Not even when one of our users posts: whoever may post could be her."""
    got = deliver(postfix, "alice@example.org", subject())
    assert_signed_by_list(postfix, got)


@pytest.mark.proves("X8")
def test_verp(postfix):
    """A transaction for each recipient, who stands in the envelope sender."""
    for who in ("a", "b+c"):
        bounces = "talk-bounces+%s=example.com@example.net" % who
        got = deliver(postfix, MITIGATED, subject(), bounces, [who + "@example.com"])
        assert got.sender == bounces and got.recipients == [who + "@example.com"]


@pytest.mark.proves("X8", "X1", "D6.1")
def test_lists_have_no_other_envelope_senders(postfix):
    """A bounce goes to a list or nowhere."""
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        deliver(postfix, MITIGATED, subject(), "alice@example.org")
    assert refused.value.smtp_code == 550
    # The other way round: on other ports the same client is nobody.
    reply = send(postfix, b"", "talk@example.net", source="127.0.0.1")
    assert reply.codes == "530 5.7.0"
