"""What a site does not want in mail, and what it lets out no longer."""

import pytest

from harness import configuration as conf
from harness.message import letter, whole
from harness.mta import Edit
from harness.session import submit

FROM = "From: alice@example.org"


@pytest.fixture(scope="module")
def daemon(module_start, strict, tmp_path_factory):
    """A profile for each part, and one with all defaults."""
    folder = tmp_path_factory.mktemp("tables")
    values = folder / "values"
    values.write_text("/^subject: .*casino/ no gambling, please\n")
    files = folder / "files"
    files.write_text("/\\.(js|vbs)$/ no scripts\n")
    private = folder / "private"
    private.write_text(
        "/^user-agent: ([^ ]+)/ $1\n/^x-ip: / REMOVE\n/^x-host: / example.org\n"
    )
    tables = {
        "values": {"type": "pcre", "file": str(values)},
        "files": {"type": "pcre", "file": str(files)},
        "private": {"type": "pcre", "file": str(private)},
        "broken": {"type": "fail"},
    }
    content = {
        "required_fields": ("Subject",),
        "forbidden_fields": ("X-Evil-*", "Precedence"),
        "forbidden_values": "values",
        "forbidden_files": ("*.exe", "invoice.???"),
        "file_table": "files",
    }
    profiles = [
        conf.profile("content", content=content),
        conf.profile("tried", content=content, rules={"policy": "warn"}),
        conf.profile("down", content={"forbidden_values": "broken"}),
        conf.profile(
            "private",
            privacy={
                "remove_fields": ("X-Mailer", "X-Originating-*"),
                "values": "private",
                "client": True,
            },
        ),
        conf.profile("private-down", privacy={"values": "broken"}),
        conf.profile("foreign", trust={"dkim": "remove", "arc": "remove"}),
        conf.profile("naive", trust={"trace": False}),
    ]
    return module_start(
        conf.changed(
            strict,
            tables=tables,
            profiles=profiles,
            authserv_ids=("auth.example.org",),
        )
    )


def attached(*header):
    """A message with a part that has these fields, a level down."""
    part = "\r\n".join(header)
    body = (
        "--a\r\n\r\ntext\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "%s\r\n\r\nx\r\n--b--\r\n--a--\r\n" % part
    )
    return whole(
        FROM, "Content-Type: multipart/mixed; boundary=a", body=body.encode("utf-8")
    )


# Message, the code it is refused with (None: it passes), words in the reply.
CONTENT = {
    "nothing wrong": (whole(FROM), None, ""),
    "forbidden field": (whole(FROM, "x-evil-thing: 1"), "550 5.7.0", "x-evil-thing"),
    "forbidden name": (whole(FROM, "Precedence: bulk"), "550 5.7.0", "Precedence"),
    "almost forbidden": (whole(FROM, "X-Evil: 1", "X-Precedence: 1"), None, ""),
    "required field": (letter(FROM, "Date: 1"), "550 5.7.0", "Subject"),
    "forbidden value": (
        letter(FROM, "Subject: the\n best\n\tCASINO"),
        "550 5.7.0",
        "no gambling, please",
    ),
    "file": (
        attached('Content-Disposition: attachment; filename="a b.EXE"'),
        "550 5.7.0",
        "a b.EXE",
    ),
    "name of the type": (
        attached("Content-Type: application/octet-stream; name=a.exe"),
        "550 5.7.0",
        "a.exe",
    ),
    "pattern of one": (
        attached("Content-Disposition: inline; filename=Invoice.zip"),
        "550 5.7.0",
        "Invoice.zip",
    ),
    "too long for the pattern": (
        attached("Content-Disposition: inline; filename=invoice.html"),
        None,
        "",
    ),
    "in sections": (
        attached("Content-Disposition: x; filename*0=a.e; filename*1=xe"),
        "550 5.7.0",
        "a.exe",
    ),
    "in many sections": (
        attached(
            "Content-Disposition: x; "
            + "; ".join("filename*%d=a" % n for n in range(12))
            + "; filename*12*=%2Eexe"
        ),
        "550 5.7.0",
        "a.exe",
    ),
    "percent": (
        attached("Content-Disposition: x; filename*=utf-8''a%2eex%65"),
        "550 5.7.0",
        "a.exe",
    ),
    "two names": (
        attached("Content-Disposition: x; filename=a.txt; filename*=''b.exe"),
        "550 5.7.0",
        "b.exe",
    ),
    "encoded words": (
        attached(
            'Content-Disposition: x; filename="=?utf-8?B?YS5l?=\r\n =?utf-8?q?xe?="'
        ),
        "550 5.7.0",
        "a.exe",
    ),
    "wide characters": (
        attached("Content-Disposition: x; filename*=utf-16be''%00a%00.%00e%00x%00e"),
        "550 5.7.0",
        "a.exe",
    ),
    "a dot at the end": (
        attached('Content-Disposition: x; filename="a.exe. "'),
        "550 5.7.0",
        "a.exe",
    ),
    "by table": (
        attached('Content-Disposition: x; filename="a.vbs"'),
        "550 5.7.0",
        "no scripts",
    ),
    "of the message itself": (
        whole(FROM, "Content-Type: application/x; name=a.exe"),
        "550 5.7.0",
        "a.exe",
    ),
    "no empty line after it": (
        whole(
            FROM,
            "Content-Type: multipart/mixed; boundary=a",
            body=b"--a\r\nContent-Disposition: x; filename=a.exe\r\n--a--\r\n",
        ),
        "550 5.7.0",
        "a.exe",
    ),
    "unended": (
        whole(
            FROM,
            "Content-Type: multipart/mixed; boundary=a",
            body=b"--a\r\nContent-Disposition: x; filename=a.exe",
        ),
        "550 5.7.0",
        "a.exe",
    ),
    "harmless file": (
        attached('Content-Disposition: attachment; filename="a.exe.txt"'),
        None,
        "",
    ),
    "text that looks like it": (
        whole(FROM, body=b"Content-Disposition: x; filename=a.exe\r\n"),
        None,
        "",
    ),
    "a header that nobody can keep": (
        attached("X: " + "y" * 140000),
        "550 5.7.0",
        "cannot be read",
    ),
}


@pytest.mark.parametrize("name", CONTENT)
def test_content(daemon, name):
    """D6.3p: refused with the words for it; with the rule on trial it passes."""
    message, want, words = CONTENT[name]
    got = submit(daemon, message, daemon_name="content")
    if want is None:
        assert got.verdict == "passed", got
        return
    assert got.verdict == want + " at end", got
    assert words in got.text
    entries = [v for v in got.record["verdicts"] if v["rule"] == "policy"]
    assert "refuse" in {v["action"] for v in entries}
    tried = submit(daemon, message, daemon_name="tried")
    assert tried.verdict == "passed", tried
    assert tried.new_body is None
    entries = [v for v in tried.record["verdicts"] if v["rule"] == "policy"]
    assert {v["mode"] for v in entries} == {"warn"}


@pytest.mark.parametrize("name", ("down", "private-down"))
def test_table_that_is_down(daemon, name):
    """D6.3p X5: what cannot be looked up is not let through."""
    assert submit(daemon, whole(FROM), daemon_name=name).verdict == "451 4.3.0 at end"


def delete(name, index=1):
    """A field of the client's is removed."""
    return Edit("change", name, b"", index)


OURS = "Authentication-Results: %s; dkim=pass"
SIGNED = "DKIM-Signature: v=1; d=other.example; s=x"

# Profile, fields, edits.
EDITS = {
    "privacy": (
        "private",
        ["X-Mailer: a", "X-Originating-IP: b", "x-mailer: c", "Mailer: d"],
        [delete("x-mailer", 2), delete("X-Originating-IP"), delete("X-Mailer")],
    ),
    "values": (
        "private",
        ["User-Agent: a (b)", "X-IP: 1", "X-Host: h", "X-Ip: 2", "X-Other: o"],
        [
            Edit("change", "User-Agent", b" a", 1),
            Edit("change", "X-Host", b" example.org", 1),
            delete("X-Ip", 2),
            delete("X-IP"),
        ],
    ),
    "a second pass": ("private", ["User-Agent: a", "X-Host: example.org"], []),
    "client": (
        "private",
        [
            "X-From: [192.0.2.10]",
            "X-Login: ALICE@example.org",
            "X-Client: (client.example)",
            "X-Near: 192.0.2.101 my-alice@example.organ xclient.example",
            "Comments: 192.0.2.10",
        ],
        [delete("X-From"), delete("X-Login"), delete("X-Client")],
    ),
    "trace": (
        "",
        [
            "Return-Path: <a@b.example>",
            OURS % "mx.example.org",
            OURS % "other.example",
            OURS % "(c) AUTH.example.org 1",
            OURS % '"mx.example.org"',
            OURS % "mx.example.org.other.example",
            OURS % "(broken",
            SIGNED,
            "ARC-Seal: i=1; d=other.example",
        ],
        [delete("Authentication-Results", n) for n in (6, 4, 3, 1)]
        + [delete("Return-Path")],
    ),
    "naive": ("naive", ["Return-Path: <a@b.example>", OURS % "mx.example.org"], []),
    "foreign": (
        "foreign",
        [SIGNED, "ARC-Seal: i=1", "DomainKey-Signature: a", SIGNED, "Archived-At: a"],
        [
            delete("DKIM-Signature", 2),
            delete("DomainKey-Signature"),
            delete("ARC-Seal"),
            delete("DKIM-Signature", 1),
        ],
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_fields_that_go(daemon, name, kind):
    """X5 X7: exactly these fields; nothing that another has signed changes."""
    profile, fields, want = EDITS[name]
    message = whole(FROM, *fields)
    got = submit(daemon, message, kind=kind, daemon_name=profile or "MSA")
    assert got.verdict == "passed", got
    edits = [e for e in got.edits if e.kind != "insert"]
    assert sorted(edits) == sorted(want)
    gone = [e for e in got.record["edits"] if e["edit"] == "delete"]
    assert len(gone) == sum(1 for e in want if not e.value)
    # as a second hop of the same kind would see it
    again = submit(daemon, got.leaving, kind=kind, daemon_name=profile or "MSA")
    assert [e for e in again.edits if e.kind != "insert"] == [
        delete("DKIM-Signature", n + 1)
        for n in reversed(range(sum(e.kind == "insert" for e in got.edits)))
        if profile == "foreign"
    ]


def test_other_signers(daemon):
    """X7: the record names them, the log warns of one for our own domain."""
    theirs = submit(daemon, whole(FROM, SIGNED), daemon_name="MSA")
    assert theirs.record["signed_before"] == ["other.example"]
    assert theirs.leaving.fields[0][0] == "DKIM-Signature"
    daemon.expect("another signer was here before, for example.org")
    ours = submit(
        daemon,
        whole(FROM, "DKIM-Signature: v=1; s=y; d = example.org ; b=c"),
        daemon_name="MSA",
    )
    assert ours.verdict == "passed"
    assert ours.record["signed_before"] == ["example.org"]
    daemon.wait_for_log("another signer was here before, for example.org")
    assert "signed_before" not in submit(daemon, whole(FROM)).record
