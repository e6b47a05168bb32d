"""Who may stand in From, Sender and Resent fields."""

import pytest

from support.mta import ByMta
from support.submission import ALICE, letter, submit, whole, WHOLE

REFUSED = {
    "somebody else": ["From: bob@example.org"],
    "somebody else, with a name": ['From: "Alice" <bob@example.org>'],
    "own address in a comment": ["From: bob@example.org (<alice@example.org>)"],
    "own address second": ["From: bob@example.org, x <alice@example.org>"],
    "own address first": ["From: alice@example.org, bob@example.org"],
    "own address in the name": ['From: "alice@example.org" <bob@example.org>'],
    "own address as local part": ['From: "alice@example.org"@example.com'],
    "own address begins it": ["From: alice@example.org.example.com"],
    "own address in a route": ["From: <@alice.example.org:bob@example.org>"],
    "percent hack": ["From: bob%example.org@example.net"],
    "other case": ["From: BOB@example.ORG"],
    "other domain": ["From: alice@example.com"],
    "parent domain": ["From: alice@org.example"],
    "sub-address of another": ["From: bob+alice@example.org"],
    "encoded-word hides nothing": ["From: =?utf-8?q?Alice?= <bob@example.org>"],
    "folded": ["From: alice@example.org\r\n\t, bob@example.org"],
    "two fields, own first": ["From: alice@example.org", "From: bob@example.org"],
    "two fields, own last": ["From: bob@example.org", "From: alice@example.org"],
    "two fields, both own": ["From: alice@example.org", "From: alias@example.org"],
    "two fields, odd case": ["FROM: alice@example.org", "from: bob@example.org"],
    "blank before the colon": ["From: alice@example.org", "From : bob@example.org"],
    "tab before the colon": ["From\t: bob@example.org", "From: alice@example.org"],
    "group": ["From: friends: alice@example.org;"],
    "empty group": ["From: nobody:;"],
    "group with another": ["From: friends: bob@example.org;, alice@example.org"],
    "backspace in the name": ["From: \"Bob\b\b\bAlice\" <alice@example.org>"],
    "bell in a comment": ["From: alice@example.org (\a)"],
    "Sender is another": ["From: alice@example.org", "Sender: bob@example.org"],
    "Sender of a shared address": [
        "From: sales@example.org",
        "Sender: bob@example.org",
    ],
    "Resent-From is another": [
        "Resent-From: bob@example.org",
        "From: alice@example.org",
    ],
    "Resent-Sender is another": [
        "Resent-From: alice@example.org",
        "Resent-Sender: bob@example.org",
        "From: alice@example.org",
    ],
    "newest Resent block is another's": [
        "Resent-From: bob@example.org",
        "Resent-Date: Mon, 2 Nov 2026 10:00:00 +0100",
        "Received: from a by b; Mon, 2 Nov 2026 09:00:00 +0100",
        "Resent-From: alice@example.org",
        "From: alice@example.org",
    ],
    "resent, but From is another": [
        "Resent-From: alice@example.org",
        "From: bob@example.org",
    ],
}


@pytest.mark.proves("X2", "A6")
@pytest.mark.parametrize("fields", REFUSED.values(), ids=REFUSED.keys())
def test_from_of_others_is_refused(lab, fields):
    """550 5.7.1 after DATA; never the last <...>, never a substring."""
    got = submit(lab, whole(*fields))
    assert got.verdict == "550 5.7.1 at DATA"


# Nobody can say whose address it is: a fault of syntax.
UNREADABLE = {
    "two angles": "From: <bob@example.org> <alice@example.org>",
    "angle in angle": "From: <bob@example.org <alice@example.org>>",
    "text after the angle": "From: <bob@example.org>alice@example.org",
    "quote never closed": 'From: "bob@example.org <alice@example.org>',
    "comment never closed": "From: bob@example.org (<alice@example.org>",
    "semicolon": "From: bob@example.org; alice@example.org",
    "two ats": "From: bob@example.org@example.org",
    "empty": "From:",
    "only a name": "From: Alice",
    "unqualified": "From: alice@example",
}


@pytest.mark.proves("X2", "D5.1b")
@pytest.mark.parametrize("field", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_unreadable_from_is_refused(lab, field):
    """554 5.6.0: no guess is made which address is meant."""
    got = submit(lab, whole(field))
    assert got.verdict == "554 5.6.0 at DATA"


ALLOWED = {
    "oneself": (ALICE, ["From: alice@example.org"]),
    "with a name": (ALICE, ['From: "Alice A." <alice@example.org>']),
    "name with an at": (ALICE, ['From: "bob@example.org" <alice@example.org>']),
    "comment": (ALICE, ["From: alice@example.org (bob@example.org)"]),
    "other case": (ALICE, ["From: ALICE@Example.Org"]),
    "quoted local part": (ALICE, ['From: "alice"@example.org']),
    "obsolete blanks": (
        ALICE,
        [
            ByMta(
                "From: Alice A. <alice @ example . org>",
                'From: "Alice A." <alice@example.org>',
            )
        ],
    ),
    "obsolete route": (
        ALICE,
        [
            ByMta(
                "From: <@relay.example.net:alice@example.org>",
                "From: <alice@example.org>",
            )
        ],
    ),
    "folded": (ALICE, ["From: Alice\r\n <alice@example.org>"]),
    "sub-address": (ALICE, ["From: alice+news@example.org"]),
    "alias": (ALICE, ["From: alias@example.org"]),
    "shared": (ALICE, ["From: sales@example.org"]),
    "several of one's own": (ALICE, ["From: alice@example.org, alias@example.org"]),
    "shared by list of blanks": ("bob@example.org", ["From: team@example.org"]),
    "whole domain": ("dave@example.net", ["From: anyone@example.net"]),
    "Sender is oneself": (
        ALICE,
        ["From: sales@example.org", "Sender: alice@example.org"],
    ),
    "older Resent block of another": (
        ALICE,
        [
            "Resent-From: alice@example.org",
            "Resent-Date: Mon, 2 Nov 2026 10:00:00 +0100",
            "Received: from a by b; Mon, 2 Nov 2026 09:00:00 +0100",
            "Resent-From: bob@example.org",
            "Resent-Date: Mon, 2 Nov 2026 08:00:00 +0100",
            "From: alice@example.org",
        ],
    ),
}


@pytest.mark.proves("X2")
@pytest.mark.parametrize("login, fields", ALLOWED.values(), ids=ALLOWED.keys())
def test_own_from_passes(lab, login, fields):
    """What the identity may use passes, and its From stays to the octet.

    But for the form in which Sendmail writes it, which is signed.
    """
    got = submit(lab, whole(*fields), sender="<%s>" % login, login=login)
    assert got.verdict == "250 2.0.0 at DATA"
    fields = [lab.mta.of(field) for field in fields]
    sent = [f.partition(":")[2].encode() for f in fields if f.startswith("From:")]
    assert got.relayed.values("From") == sent


@pytest.mark.proves("X2", "D6.3")
def test_missing_from_is_refused(lab):
    """A message of nobody."""
    assert submit(lab, letter(*WHOLE)).verdict == "554 5.6.0 at DATA"
