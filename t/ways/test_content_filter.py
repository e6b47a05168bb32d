"""A content filter gives the message back under another queue id."""

import pathlib

import pytest

from contentfilter import ContentFilter
from site_of_ways import HOST, add, free_port, reread
from support import config
from support.lab import another_lab, wait_for
from support.mta import KINDS
from support.submission import submit
from support.trace import trace

SERVICES = """
scan unix - - n - 4 smtp
  -o smtp_send_xforward_command=yes
%(host)s:%(back)d inet n - n - 4 smtpd
  -o syslog_name=postfix/back
  -o content_filter=
  -o smtpd_milters=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_relay_restrictions=permit_mynetworks,reject
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
  -o mynetworks=127.0.0.0/8
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Of the trace token."""
    path = tmp_path_factory.mktemp("keys") / "keys"
    path.write_text("%064x\n" % 0x52)
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def filtered(tmp_path_factory, keys):
    """A lab whose Postfix hands all mail to a filter."""
    port, back = free_port(), free_port()
    text = config.text(
        audit='{ store: { directory = "@LAB_DIR@/store"; }; }',
        trace_token='{ key_file = "%s"; }' % keys,
        default_profile="{ trace_token = true; }",
    )
    with ContentFilter(port, back) as server:
        with another_lab(KINDS["postfix"], text, tmp_path_factory.mktemp("filter")) as lab:
            etc = pathlib.Path(lab.environment["LAB_MTA_CONFIG"])
            add(etc, "main.cf", "content_filter = scan:[%s]:%d\n" % (HOST, port))
            add(etc, "master.cf", SERVICES % {"host": HOST, "back": back})
            reread(etc, [back])
            lab.filter = server
            yield lab
        server.shutdown()


@pytest.mark.parametrize("passes_ident", [False, True], ids=["queued as", "XFORWARD IDENT"])
@pytest.mark.proves("X23", "A8", "A9")
def test_followed(filtered, passes_ident):
    """From the id that the milter saw to the last delivery, and back from what arrived."""
    filtered.filter.passes_ident = passes_ident
    got = submit(filtered)
    relayed = got.relayed
    assert relayed.value("X-Filtered").strip() == "yes"
    log = filtered.environment["LAB_MAIL_LOG"]

    def look():
        _, answers = trace(filtered, "--queue-id", got.queue_id, "--mta-log", log)
        assert [a["record"]["id"] for a in answers] == [got.record["id"]]
        told = answers[0]["deliveries"]
        return told if len(told) == 2 else None

    # The last one may be in the log before the first.
    deliveries = wait_for(look, "not both deliveries are found")
    first, last = sorted(deliveries, key=lambda d: "Kept as" in d["said"])
    assert first["queue_id"] == got.queue_id
    assert last["queue_id"] != got.queue_id
    assert (first["status"], last["status"]) == ("sent", "sent")
    assert "Kept as" in last["said"]
    assert first["relay"].startswith(HOST)
    # The recipient has the second id, the Message-ID, and the token.
    for name, option in (("Submission-ID", "--token"), ("Message-ID", "--message-id")):
        status, answers = trace(filtered, option, relayed.value(name).strip())
        assert status == 0 and answers[0]["record"]["id"] == got.record["id"], name
    status, answers = trace(filtered, "--message", "-", stdin=relayed.content)
    assert [a["record"]["id"] for a in answers] == [got.record["id"]]
