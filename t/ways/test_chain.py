"""Other milters: ours is the last, and signs what those before it made.

rspamd and ClamAV do to a message what the small milter here does: they add
fields. What changes a message after ours breaks its signature, and so comes
before it; so says the manual, and so it is.
"""

import pathlib
import re

import pytest

import othermilter
from lab.dkimcheck import verify
from letters import letter, relayed, send, subject
from site_of_ways import HOST, add, free_port, placed, reread
from support.lab import wait_for
from support.submission import ALICE

# The submission service of the example, once more, with other options.
SERVICE = "127.0.0.1:10588"


@pytest.fixture
def chain(postfix):
    """Makes a submission port with these options; its number."""
    etc = pathlib.Path(postfix.environment["LAB_MTA_CONFIG"])

    def make(milters, *options):
        port = free_port()
        text = placed("master.cf", {SERVICE: "%s:%d" % (HOST, port)})
        start = text.index("%s:%d" % (HOST, port))
        service = text[start : text.index("\n\n", start)] + "\n"
        service = service.replace("  -o smtpd_upstream_proxy_protocol=haproxy\n", "")
        assert service.count("=$submit_milter\n") == 1
        service = service.replace("=$submit_milter\n", "=%s\n" % milters)
        add(etc, "master.cf", service + "".join("  -o %s\n" % o for o in options))
        reread(etc, [port])
        postfix.ports["chain"] = port
        return postfix

    return make


BOB = "bob@example.org"


def by_socket(milter):
    """A milter as Postfix names it."""
    return "inet:%s:%d" % (HOST, milter.port)


def submitted(lab):
    """What the next hop got of a message of alice's."""
    mark = subject()
    reply = send(lab, letter(ALICE, mark), ALICE, login=ALICE, listener="chain")
    assert reply.code == 250, reply
    return relayed(lab, mark)


def validity(lab, message):
    """Of each signature, whether it verifies at the next hop."""
    return [s.is_valid for s in verify(message.content, lab.dns)]


@pytest.mark.proves("X8", "D8.5")
def test_what_others_do_before_us(chain):
    """It is done when we sign, and the signature holds."""
    edits = (
        othermilter.add_field(b"X-Virus-Scanned", b" clean"),
        othermilter.put_field_first(b"X-Spam-Status", b" No, score=-1.0"),
        othermilter.change_field(b"Subject", b" [checked]"),
        othermilter.replace_body(b"Hello, and a line that a milter added.\r\n"),
    )
    with othermilter.OtherMilter(*edits) as first:
        lab = chain("%s,$submit_milter" % by_socket(first))
        mark = subject()
        lines = letter(ALICE, mark, "Comments: " + mark)
        assert send(lab, lines, ALICE, login=ALICE, listener="chain").code == 250
        got = relayed(lab, mark, field="Comments")
    assert got.value("X-Virus-Scanned") == "clean"
    assert got.value("Subject") == "[checked]"
    assert b"a line that a milter added" in got.body
    assert validity(lab, got) == [True, True]


AFTER = {
    "a field at the end": (othermilter.add_field(b"X-Virus-Scanned", b" clean"), True),
    "a field on top": (othermilter.put_field_first(b"X-Spam", b" no"), True),
    "a second Subject": (othermilter.add_field(b"Subject", b" x"), False),
    "another body": (othermilter.replace_body(b"Another.\r\n"), False),
}


@pytest.mark.proves("X8", "D8.5")
@pytest.mark.parametrize("edit, holds", AFTER.values(), ids=AFTER.keys())
def test_what_others_do_after_us(chain, edit, holds):
    """More fields do no harm; another Subject or body breaks what we signed."""
    with othermilter.OtherMilter(edit) as last:
        lab = chain("$submit_milter,%s" % by_socket(last))
        got = submitted(lab)
    assert validity(lab, got) == [holds, holds]


def parameter(lab, name):
    """The value of a parameter of Postfix's."""
    main_cf = pathlib.Path(lab.environment["LAB_MTA_CONFIG"]) / "main.cf"
    return re.search(r"(?m)^%s = (.*)" % name, main_cf.read_text())[1]


UNSEEN = 'on listener "MSA": if smtpd_proxy_filter is set there, mail passes unchecked'


@pytest.mark.proves("X40", "X8")
def test_proxy_filter_is_told_to_the_operator(chain, postfix):
    """A foreign From passes unseen: after ten messages the log says so."""
    onward = parameter(postfix, "relayhost").translate({91: None, 93: None})
    lab = chain("$submit_milter", "smtpd_proxy_filter=" + onward)
    since = lab.milter_log.stat().st_size
    mark = subject()
    for _ in range(10):
        reply = send(lab, letter(BOB, mark), ALICE, login=ALICE, listener="chain")
        assert reply.code == 250, reply
    wait_for(lambda: UNSEEN in lab.log_lines(since), "nothing in the log")
