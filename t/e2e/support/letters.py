"""Letters unlike each other, to be signed: the same ones at every run.

letters() combines forms of From, Date, recipients, further fields and
bodies, all of which a client may send. Each form occurs; what stands with
what is drawn by lot, with a fixed seed.
"""

import random

from .submission import ALICE

SEED = 6376

AUTHORS = (
    "From: alice@example.org",
    "From:alice@example.org",
    "FROM: Alice@Example.ORG",
    "from:   \t alice@example.org \t ",
    "From: Alice <alice@example.org>",
    'From: "Alice \\"A.\\" Liddell, of \\\\ Wonderland" <alice@example.org>',
    "From: Alice\r\n\t<alice@example.org>",
    "From:\r\n alice@example.org",
    "From: =?utf-8?q?Al=C3=AFce?=\r\n =?utf-8?b?TGlkZGVsbA==?= <alice@example.org>",
    "From: alice@example.org (Alice (in Wonderland))",
    "From: sales@example.org, alice@example.org",
    "From: Alice <alice@example.org>,\r\n\tSales <sales@example.org>",
    "From: alice+2026@example.org",
    # Obsolete forms, RFC 5322 section 4.
    "From: Alice L. Liddell <alice@example.org>",
    "From: alice @ example . org",
    "From: <@relay.example.net:alice@example.org>",
    "From: alice@example.org, , ",
)

DATES = (
    "Date: Mon, 2 Nov 2026 10:00:00 +0100",
    "Date: 2 Nov 2026 10:00 -0000",
    "DATE:Mon, 02 Nov 2026 09:00:60 +0000",
    "Date: Mon, 2 Nov 2026\r\n 10:00:00\r\n\t+0100 (CET)",
    "Date:   Mon,  2  Nov  2026  10:00:00  +1345",
    "Date: Mon, 2 Nov 26 10:00:00 EST",
    "Date: 2 Nov 126 10:00:00 GMT",
    "Date: Mon (moon day), 2 Nov 2026 10 : 00 : 00 -0930",
    "Date: yesterday",  # is replaced
    None,  # is added
)

RECIPIENTS = (
    "To: someone@example.com",
    "to:someone@example.com",
    "To: Some One <someone@example.com>,\r\n\tOther <other@example.com>",
    "To: friends: a@example.com, b@example.com;, c@example.com",
    "To: undisclosed-recipients:;",
    "To:" + ",".join("\r\n r%d@example.com" % i for i in range(60)),
    "To: someone@example.com\r\nCc: \t a@example.com,\r\n  b@example.com  ",
    "To: someone@example.com\r\nBcc: hidden@example.com",
    "Cc: someone@example.com",
    'To: "someone"@example.com, "s o"@example.com',
    "To: a@example.com, , b@example.com",
    None,
)

FIELDS = (
    "",
    "Subject:\r\n",
    "Subject: \r\n",
    "Subject: \t two  words \t \r\n",
    "Subject: folded\r\n here\r\n\tand  there\r\n",
    # A line of blanks alone: obsolete, but a fold.
    "Subject: folded\r\n \r\n with a line of blanks\r\n",
    "Subject: =?iso-8859-1?q?caf=E9?= =?utf-8?b?4pyT?=\r\n",
    "Subject: v=1; a=rsa-sha256; b=x; h=From:To\r\n",
    "SUBJECT: capitals\r\nmime-version: 1.0\r\nCONTENT-TYPE:text/plain\r\n",
    "References: " + "\r\n ".join("<%d@client.example>" % i for i in range(80)) + "\r\n",
    "References:" + " <r@client.example>" * 50 + "\r\n",
    "In-Reply-To: <a@b.example> (a comment)\r\n\t<c@d.example>\r\n",
    "Message-ID: <some.id@client.example>\r\n",
    "Message-ID: no id\r\n",
    "Message-Id:<other.id@client.example>\r\n",
    "Reply-To: Alice <alice@example.org>, sales@example.org\r\n",
    "Sender: alice@example.org\r\n",
    "Comments: one\r\nComments: two\r\nKeywords: a, b\r\nKeywords: c\r\n",
    "X-Empty:\r\nX-Blank: \r\nX-Tab:\t\r\n",
    "X-Punctuation!#$%&'*+-./=?^_`{|}~: x\r\n",
    "".join("X-Field-%d: value %d\r\n" % (i, i) for i in range(120)),
    "X-Same: x\r\n" * 40,
    "List-Id: Some <list.example.org>\r\nList-Unsubscribe: <mailto:u@example.org>\r\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
    "Received: from a.example by b.example\r\n\twith ESMTP; Mon, 2 Nov 2026 10:00:00 +0100\r\n",
    "Return-Path: <alice@example.org>\r\n",
    "Authentication-Results: x.example; dkim=pass\r\n",
    "Disposition-Notification-To: alice@example.org\r\n",
    "Resent-From: alice@example.org\r\nResent-To: x@example.com\r\n"
    "Resent-Date: Mon, 2 Nov 2026 11:00:00 +0100\r\n"
    "Resent-Message-ID: <resent@client.example>\r\n",
    "Resent-From: sales@example.org\r\nResent-Sender: alice@example.org\r\n"
    "Resent-Date: Mon, 2 Nov 2026 12:00:00 +0100\r\nResent-To: y@example.com\r\n"
    "Resent-From: alice@example.org\r\nResent-To: x@example.com\r\n"
    "Resent-Date: Mon, 2 Nov 2026 11:00:00 +0100\r\n",
)


def multipart(depth):
    """A body of parts within parts, and the fields that say so."""
    fields = 'Content-Type: multipart/mixed;\r\n\tboundary="b %d"\r\n' % depth
    if depth == 0:
        return "Content-Type: text/plain; charset=utf-8\r\n", b"Hello.  \r\n"
    inner_fields, inner = multipart(depth - 1)
    mark = b"--b %d" % depth
    part = mark + b"\r\n" + inner_fields.encode() + b"\r\n" + inner + b"\r\n"
    return fields, b"preamble\r\n" + part * 2 + mark + b"--\r\n\r\nepilogue \r\n"


def attachment():
    """A part in base64, some 30 KB."""
    line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5eg==\r\n"
    return "Content-Transfer-Encoding: base64\r\n", line * 400


BODIES = (
    ("", b""),
    ("", b"\r\n"),
    ("", b"\r\n" * 7),
    ("", b"Hello.\r\n"),
    ("", b"\r\n\r\nHello.\r\n\r\n\r\n\r\n"),
    ("", b"no line end"),
    ("", b"blanks  at \t the end \t \r\n \r\n\t\r\n"),
    ("", b"  blanks\tin   front\r\nand\t \tbetween\r\n"),
    ("", b" \r\n" * 5),
    ("", b".\r\n..\r\n.x\r\n. \r\n"),
    ("", b"From someone Mon Nov  2 10:00:00 2026\r\n>From another\r\n"),
    ("", b"\x01\x1b[0m\x7f\x08\r\n"),
    ("", (b"0123456789" * 7 + b"\r\n") * 1500),
    ("", b"a\r\n" * 30000),
    ("Content-Transfer-Encoding: 8bit\r\n", "Gr\u00fc\u00dfe, \u4f60\u597d\r\n".encode()),
    ("Content-Transfer-Encoding: 8bit\r\n", b"\xe4\xf6\xfc \xff\x80\r\n"),
    ("Content-Transfer-Encoding: 8bit\r\n", bytes(range(0x80, 0x100)) + b"\r\n\r\n"),
    ("Content-Transfer-Encoding: quoted-printable\r\n", b"caf=E9 =20\r\n=\r\n\r\n"),
    ("Content-Transfer-Encoding:\r\n 7bit\r\n", b"7bit\r\n"),
    attachment(),
    multipart(1),
    multipart(3),
    multipart(6),
)

INTERNATIONAL = (
    "Subject: Gr\u00fc\u00dfe aus K\u00f6ln\r\n",
    "X-Note: \u4f60\u597d\r\n\t\u4e16\u754c \r\n",
    "Reply-To: \u0410\u043b\u0438\u0441\u0430 <\u0430\u043b\u0438\u0441\u0430@example.net>\r\n",
)


def long_field(longest, letter):
    """A field that is one line, as long as may be."""
    name = "Subject: "
    return name + letter * ((longest - len(name)) // len(letter.encode())) + "\r\n"


def long_body(longest):
    """A body of lines as long as may be, one of them blank."""
    return b"\r\n".join(octet * longest for octet in (b"x", b" ", b"y"))


class Letter:
    """A message and the parameters of MAIL that it needs."""

    def __init__(self, header, body, is_international):
        self.octets = header.encode() + b"\r\n" + body
        self.parameters = ""
        if any(octet > 0x7F for octet in body):
            self.parameters += " BODY=8BITMIME"
        if is_international:
            self.parameters += " SMTPUTF8"

    @property
    def mail(self):
        """What follows MAIL FROM: ."""
        return "<%s>%s" % (ALICE, self.parameters)


def letters(count, mta):
    """COUNT letters, every seventh of them under SMTPUTF8 if MTA has it."""
    lot = random.Random(SEED)
    fields = (*FIELDS, long_field(mta.longest_line, "s"))
    bodies = (*BODIES, ("", long_body(mta.longest_line)))
    draw = [deck(lot, forms) for forms in (AUTHORS, DATES, RECIPIENTS, fields, bodies)]
    utf8 = deck(lot, (*INTERNATIONAL, long_field(mta.longest_line, "\u00fc")))
    for number in range(count):
        author, date, recipients, fields, (mime, body) = [next(d) for d in draw]
        if mime and "mime" not in fields:
            mime = "MIME-Version: 1.0\r\n" + mime
        lines = [f + "\r\n" for f in (author, date, recipients) if f]
        lines += [fields, mime if "mime" not in fields else ""]
        is_international = mta.has_smtputf8 and number % 7 == 0
        if is_international:
            note = next(utf8)
            name = note.partition(":")[0]
            lines[-2:-1] = [note] if fields.lower().startswith(name.lower()) else [note, fields]
        lot.shuffle(lines)
        yield Letter("".join(lines), body, is_international)


def deck(lot, forms):
    """Forms without end, each as often as any other."""
    while True:
        yield from lot.sample(forms, len(forms))
