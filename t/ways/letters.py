"""Letters that are found again by what no proxy changes.

A proxy may have a HELO of its own: a client is known by its address, which no
other client has, and a letter by its Subject.
"""

import itertools

from support.lab import wait_for
from support.smtp import Client

numbers = itertools.count(1)


def address():
    """An address of this host that no other client has had."""
    number = next(numbers)
    return "127.0.%d.%d" % (101 + number // 250, 1 + number % 250)


def subject():
    """A Subject that no other letter has."""
    return "letter-%d-of-the-ways" % next(numbers)


def records(lab, matches, count=1):
    """The audit records that match, once there are count of them."""

    def look():
        lab.find_records("", 0)  # reads what is new
        found = [r for r in lab.records if matches(r)]
        return found if len(found) >= count else None

    found = wait_for(look, "fewer than %d audit records" % count)
    assert len(found) == count, found
    return found


def relayed(lab, mark, field="Subject"):
    """The one message at the next hop with this mark."""

    def look():
        lab.find_relayed("")
        wanted = ("%s: %s\r\n" % (field, mark)).encode()
        return [m for m in lab.messages.values() if wanted in m.content]

    found = wait_for(look, "%s was not relayed" % mark)
    assert len(found) == 1, found
    return found[0]


def record_of_client(lab, source, count=1):
    """The record of the client at this address."""
    return records(lab, lambda r: r["client"]["address"] == source, count)[-1]


def letter(sender, mark, *fields):
    """A whole message from sender, with this Subject."""
    lines = ["From: " + sender, "Subject: " + mark, *fields]
    lines += ["To: someone@example.com", "Message-ID: <%s@client.example>" % mark]
    lines += ["Date: Mon, 2 Nov 2026 10:00:00 +0100", "", "Hello.", ""]
    return "\r\n".join(lines).encode()


def send(lab, message, sender, login=None, source=None, **connection):
    """Submits on one connection; the last reply."""
    with Client(lab, source=source or address(), **connection) as client:
        if login:
            assert client.authenticate(login).code == 235
        reply = client.mail("<%s>" % sender)
        if reply.code == 250:
            reply = client.rcpt("<someone@example.com>")
        return client.data(message) if reply.code == 250 else reply
