"""Address fields that the mail server writes anew: the signature holds.

Sendmail does that after all filters, so that what it will write must be
signed. Behind Postfix nothing is changed, and the same table shows it.
"""

import pytest
from lab.dkimcheck import verify

from support import config
from support.submission import ALICE, letter, submit, WHOLE

LONG = "x" * 240

VALUES = {
    "no blanks": "a@b.example,c@d.example",
    "blanks": "a@b.example  ,\r\n\tc@d.example",
    "empty elements": ",, a@b.example, ,c@d.example,,",
    "many": ",".join("number-%d@some.example" % n for n in range(40)),
    "name with a dot": "J. Doe <a@b.example>",
    "name with an apostrophe": "Miles O'Brien <a@b.example>",
    "dot and quotes": 'J. "D, \\"e\\"" x <a@b.example>',
    "quoted comma": '"Doe, J." <a@b.example>,"a,b"@c.example',
    "quoted at": '"x@y.example" <a@b.example>',
    "backslashes": '"a\\\\b\\"c" <a@b.example>',
    "encoded-words": "=?utf-8?q?J=C3=B6rg_D=2E?= =?utf-8?q?=2C?= <a@b.example>",
    "no blank before the angle": "Bob<a@b.example>",
    "blanks in a name": "Bob   the\r\n\t Builder  <a@b.example>",
    "name of 240": LONG + " <a@b.example>",
    "name of 251": LONG + "x" * 11 + " <a@b.example>, c@d.example",
    "comment of 251": "a@b.example (" + LONG + "x" * 11 + ")",
    "comment behind": "a@b.example(c)(d), <e@f.example>(g)",
    "comment before": "(c)a@b.example",
    "comment within": "a(c)@(d)b.example",
    "comment in a name": "A (c (d) \\)) B <a@b.example>",
    "comment in a name with a dot": "A. (c) B <a@b.example> (d)",
    "comment in angles": "A <(c)a@b.example(d)>(e)",
    "comment with a quote": 'a@b.example (don\'t "quote)',
    "obsolete blanks": "a @ b . example",
    "obsolete blanks, no comma": "first . second @ b.example",
    "blanks in angles": "<\r\n a@b.example >",
    "route": "<@r.example,@s.example:a@b.example>",
    "group": "g : a@b.example,c@d.example ; , e@f.example",
    "group name with a dot": "A. B: C. <a@b.example>;",
    "groups": "a:;,b: x@y.example,;, c:;",
    "quoted local part": '"a b"@c.example, "a@b"@c.example',
    "percent and bang": "a%b@c.example, a!b@c.example",
    "other case": "A@B.Example",
}
REST = tuple(line for line in WHOLE if not line.startswith("To:"))


def assert_signed(lab, got):
    """Both signatures verify, after it was relayed."""
    assert got.verdict == "250 2.0.0 at DATA", got
    found = verify(got.relayed.content, lab.dns)
    assert len(found) == 2
    assert all(s.is_valid for s in found), (
        [str(s) for s in found],
        got.relayed.fields,
    )


def edits_of_form(got):
    """Names of the fields that were given another form."""
    return [e["field"] for e in got.record["edits"] if e["cause"] == "mta-form"]


@pytest.mark.proves("X40", "D8.5")
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_signature_of_an_address_field(lab, value):
    """dkimpy and opendkim verify what the next hop got."""
    got = submit(lab, letter("From: " + ALICE, *REST, "To: " + value))
    assert_signed(lab, got)
    if lab.mta.name == "postfix":
        assert not edits_of_form(got)
        assert got.relayed.values("To") == [b" " + value.encode()]


FIELDS = {
    "From": "alice@example.org,alias@example.org",
    "Sender": "A. <alice@example.org>",
    "Reply-To": "a@b.example,c@d.example",
    "To": "a@b.example,c@d.example",
    "Cc": "a@b.example,c@d.example",
    "Resent-From": "alice@example.org,alias@example.org",
    "Resent-Sender": "A. <alice@example.org>",
    "Resent-To": "a@b.example,c@d.example",
    "Resent-Cc": "a@b.example,c@d.example",
    "Disposition-Notification-To": "a@b.example,c@d.example",
}
# These are not written anew.
OTHERS = ("Subject", "Return-Receipt-To", "List-Post", "X-To")


@pytest.mark.proves("X40", "D8.5")
@pytest.mark.parametrize("name", [*FIELDS, *OTHERS])
def test_every_field_that_is_signed(lab, name):
    """Each has its form, and no other field is touched."""
    fields = {"From": ALICE, name: FIELDS.get(name, "a@b.example,c@d.example")}
    if name.startswith("Resent-"):
        fields.setdefault("Resent-From", ALICE)
    lines = ["%s: %s" % field for field in fields.items()]
    whole = [line for line in WHOLE if line.partition(":")[0] not in fields]
    got = submit(lab, letter(*lines, *whole))
    assert_signed(lab, got)
    is_written = lab.mta.name == "sendmail" and name in FIELDS
    assert edits_of_form(got) == ([name] if is_written else [])


@pytest.mark.proves("X40", "D8.5")
def test_to_the_octet(start_lab):
    """A signature that is not relaxed: folding is foreseen as well."""
    exact = config.PARTS["dkim"].rstrip().removesuffix("}")
    exact += ' canonicalization = "simple/simple"; }'
    with start_lab(config.text(dkim=exact)) as other:
        for value in VALUES.values():
            got = submit(other, letter("From: " + ALICE, *REST, "To: " + value))
            assert_signed(other, got)


@pytest.mark.proves("X40", "D8.5")
def test_fields_that_are_signed_by_wish(start_lab):
    """Written anew if signed; else whatever form they have does no harm."""
    wish = config.PARTS["dkim"].rstrip().removesuffix("}")
    wish += ' signed_fields = [ "Errors-To", "Resent-Reply-To" ]; }'
    names = ("Errors-To", "Resent-Reply-To")
    for dkim, is_signed in ((wish, True), (config.PARTS["dkim"], False)):
        with start_lab(config.text(dkim=dkim)) as other:
            for name in names:
                value = "a@b.example,c@d.example"
                lines = ["From: " + ALICE, "%s: %s" % (name, value)]
                if name.startswith("Resent-"):
                    lines.append("Resent-From: " + ALICE)
                got = submit(other, letter(*lines, *WHOLE))
                assert_signed(other, got)
                is_written = is_signed and other.mta.name == "sendmail"
                assert edits_of_form(got) == ([name] if is_written else [])


UNKNOWN = ("a@b.example, (only a comment)", "bob", "bob@[192.0.2.1]", "a@@b.example")


@pytest.mark.proves("X40", "D8.5", "A6")
def test_form_that_is_not_known(start_lab):
    """Unsigned rather than broken, and the record says why."""
    lax = '{ rules: { header-syntax = "off"; header-fqdn = "off"; }; }'
    with start_lab(config.text(default_profile=lax)) as other:
        for value in UNKNOWN:
            got = submit(other, letter("From: " + ALICE, *REST, "To: " + value))
            if other.mta.name == "postfix":
                assert_signed(other, got)
                continue
            assert got.verdict == "250 2.0.0 at DATA"
            assert not got.relayed.values("DKIM-Signature"), value
            assert got.record["unsigned"] == "header-mta-form"
