"""What would not survive the way is encoded, and nothing else is touched."""

import binascii
import email
import email.header
import pathlib
import re
import subprocess

import pytest

from harness import configuration as conf
from harness.corpus import samples
from harness.message import letter, whole
from harness.mta import Edit
from harness.session import Session, submit

HERE = pathlib.Path(__file__).resolve().parent
FROM = "From: alice@example.org"
LINE_MOST = 998

ALL = {"eight_bit": "encode", "long_lines": True, "header": True}


@pytest.fixture(scope="module")
def daemon(module_start, strict, tmp_path_factory):
    """Listeners that encode all, with strays, and in parts."""
    spool = tmp_path_factory.mktemp("spool")
    lenient = {"message-syntax": "off"}
    profiles = [
        conf.profile("all", encode=ALL),
        conf.profile("strays", encode=ALL, rules=lenient),
        conf.profile("tolerant", encode=ALL, rules={"transfer-encoding": "off"}),
        conf.profile("lines", encode={"long_lines": True}),
        conf.profile("undeclared", encode={"eight_bit": "undeclared"}),
        conf.profile("latin", encode={"eight_bit": "encode", "charset": "iso-8859-1"}),
    ]
    return module_start(
        conf.changed(
            strict,
            profiles=profiles,
            memory={"message": 1 << 20},
            body={"directory": str(spool), "memory": 20000},
        )
    )


def plain_name(name):
    """Python cannot read 8-bit names: letters that are none of ASCII as one sign."""
    return name and re.sub(r"[^\x00-\x7f]+", "?", name)


def leaves(message):
    """Type, decoded content and name of each leaf, as Python reads it."""
    parsed = email.message_from_bytes(message.octets())
    return [
        (
            part.get_content_maintype(),
            part.get_payload(decode=True),
            plain_name(part.get_filename()),
        )
        for part in parsed.walk()
        if not part.is_multipart()
    ]


def other_leaves(messages, folder):
    """The same as MIME::Parser reads it; by name."""
    names = {}
    for name, message in messages.items():
        path = folder / name
        path.write_bytes(message.octets())
        names[str(path)] = name
    done = subprocess.run(
        ["perl", str(HERE / "leaves.pl")],
        input="".join(path + "\n" for path in names),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        encoding="latin-1",
    )
    found = {name: [] for name in messages}
    for line in done.stdout.splitlines():
        path, *rest = line.split("\t")
        found[names[path]].append(rest)
    return found


def lines(octets):
    """Lengths of the lines."""
    return [len(line) for line in octets.split(b"\r\n")]


def is_fit(message):
    """Nothing above 127, no long line, no stray octet."""
    octets = message.octets()
    return (
        octets.isascii()
        and max(lines(octets)) <= LINE_MOST
        and b"\0" not in octets
        and not re.search(rb"\r(?!\n)|(?<!\r)\n", octets)
    )


def ours(edits):
    """Edits but for the signature."""
    return [e for e in edits if e.kind != "insert"]


def test_corpus(daemon, keys, tmp_path):
    """D8.4 X6: 400 messages. Whatever they are, they are made fit for the way or
    refused; parts mean the same to two parsers; what was fit stays to the octet;
    a second pass changes nothing."""
    before, after = {}, {}
    untouched = refused = 0
    for listener, corpus in (("all", samples(300)), ("strays", samples(100, True))):
        with Session(daemon, daemon_name=listener) as session:
            for sample in corpus:
                got = session.submit(sample.message, chunk=4001)
                if sample.is_obstructed:
                    assert got.verdict == "554 5.6.3 at end", sample.name
                    refused += 1
                    continue
                assert got.verdict == "passed", (sample.name, got)
                assert is_fit(got.leaving), sample.name
                if is_fit(sample.message) and not re.search(
                    rb"(?i)encoding: *(8bit|binary)", sample.message.octets()
                ):
                    assert got.new_body is None, sample.name
                    assert not ours(got.edits), sample.name
                    untouched += 1
                again = session.submit(got.leaving)
                assert again.verdict == "passed", (sample.name, again)
                assert again.new_body is None, sample.name
                assert not ours(again.edits), (sample.name, again.edits)
                assert leaves(got.leaving) == leaves(sample.message), sample.name
                if len(before) % 8 == 0:
                    assert keys.accept(got.leaving.octets()), sample.name
                before[sample.name], after[sample.name] = sample.message, got.leaving
    assert untouched > 20 and refused > 3 and len(before) > 300
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    theirs = other_leaves(before, tmp_path / "before")
    for name, found in other_leaves(after, tmp_path / "after").items():
        assert found == theirs[name], name


def change(name, value, index=1):
    """The value of a field of the client's is replaced."""
    return Edit("change", name, value, index)


def add(name, value):
    """A field of ours at the end."""
    return Edit("add", name, value)


TEXT = "Content-Type: text/plain; charset=utf-8"
CODING = "Content-Transfer-Encoding: %s"
QP = b" quoted-printable"
MIME = "MIME-Version: 1.0"
VERSION = add("MIME-Version", b" 1.0")
CODED = add("Content-Transfer-Encoding", QP)
PLAIN_UTF8 = add("Content-Type", b" text/plain; charset=utf-8")
LONG = b"x" * 999 + b"\r\n"

# Profile, fields, parameters of MAIL, body; edits, new body (None: as it was).
CASES = {
    "nothing to do": ("all", [], (), b"a\r\n", [], None),
    "no MIME at all": (
        "all",
        [],
        (),
        "\u00e4 text of some length \r\n".encode(),
        [PLAIN_UTF8, CODED, VERSION],
        b"=C3=A4 text of some length=20\r\n",
    ),
    "of an unknown charset": (
        "all",
        [],
        (),
        b"\xe4= text of some length\r\n",
        [add("Content-Type", b" text/plain; charset=unknown-8bit"), CODED, VERSION],
        b"=E4=3D text of some length\r\n",
    ),
    "of a charset that the site knows": (
        "latin",
        [],
        (),
        b"\xe4 text of some length\r\n",
        [add("Content-Type", b" text/plain; charset=iso-8859-1"), CODED, VERSION],
        b"=E4 text of some length\r\n",
    ),
    "a false label": (
        "all",
        [MIME, TEXT, CODING % "7bit"],
        (),
        "text of some length \u00e4".encode(),
        [change("Content-Transfer-Encoding", QP)],
        b"text of some length =C3=A4",
    ),
    "two labels": (
        "all",
        [MIME, TEXT, CODING % "8bit", "X: y", CODING % "8bit"],
        (),
        "text of some length \u00e4".encode(),
        [
            change("Content-Transfer-Encoding", QP),
            change("Content-Transfer-Encoding", b"", 2),
        ],
        b"text of some length =C3=A4",
    ),
    "a label that says too much": (
        "all",
        [MIME, TEXT, CODING % "8bit"],
        (),
        b"a\r\n",
        [change("Content-Transfer-Encoding", b" 7bit")],
        b"a\r\n",
    ),
    "base64 is shorter": (
        "all",
        [MIME, TEXT, CODING % "8bit"],
        (),
        "\u00e4".encode() * 60,
        [change("Content-Transfer-Encoding", b" base64")],
        b"w6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TD\r\n"
        b"pMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOk\r\n"
        b"w6TDpMOk\r\n",
    ),
    "a long line": (
        "lines",
        [MIME, TEXT],
        (),
        LONG,
        [CODED],
        (b"x" * 75 + b"=\r\n") * 13 + b"x" * 24 + b"\r\n",
    ),
    "a line that is just not too long": ("lines", [MIME, TEXT], (), LONG[1:], [], None),
    "lines only": ("lines", [MIME, TEXT], (), b"\xe4\r\n", [], None),
    "8-bit only": ("latin", [MIME, TEXT], (), LONG, [], None),
    "declared": ("undeclared", [MIME, TEXT], ("BODY=8BITMIME",), b"\xe4", [], None),
    "undeclared": ("undeclared", [MIME, TEXT], ("BODY=7BIT",), b"\xe4", [CODED], b"=E4"),
    "a signed part, left alone": (
        "tolerant",
        [MIME, "Content-Type: multipart/signed; boundary=b"],
        (),
        b"\xe4\r\n--b\r\n\r\n\xe4\r\n--b--\r\n",
        [],
        None,
    ),
    "a part that needs it, others that do not": (
        "all",
        [MIME, "Content-Type: multipart/mixed; boundary=b", CODING % "8bit"],
        (),
        b"pre\r\n--b \r\ncontent-TYPE:text/plain\r\nX : y\r\n\r\na \t\r\n--b\r\n"
        b"Content-Type: text/html\r\nCONTENT-transfer-encoding:\r\n\t8bit\r\nX:  z\r\n"
        b"\r\n\xe4\r\n--b--\r\npost",
        [change("Content-Transfer-Encoding", b" 7bit")],
        b"pre\r\n--b \r\ncontent-TYPE:text/plain\r\nX : y\r\n\r\na \t\r\n--b\r\n"
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        b"X:  z\r\n\r\n=E4\r\n--b--\r\npost",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_exactly(daemon, keys, name):
    """D8.4: these edits and this body, to the octet, and a good signature."""
    profile, fields, params, body, edits, new_body = CASES[name]
    message = whole(FROM, *fields, body=body)
    got = submit(daemon, message, daemon_name=profile, params=params)
    assert got.verdict == "passed", got
    assert ours(got.edits) == edits
    assert got.new_body == new_body
    # A line that the MTA would break is not signed.
    assert keys.accept(got.leaving.octets()) == (body is not LONG or new_body is not None)
    causes = [e["cause"] for e in got.record["edits"] if e["edit"] == "body"]
    assert causes == (["transfer-encoding"] if new_body else [])


OBSTACLES = {
    "signed": ("multipart/signed; boundary=b", b"--b\r\n\r\n\xe4\r\n--b--\r\n", "signed"),
    "encrypted": ("multipart/encrypted; boundary=b", b"--b\r\n\r\n" + LONG, "signed"),
    "PKCS 7": ("application/pkcs7-mime; smime-type=signed-data", b"\xe4\r\n", "signed"),
    "no boundary": ("multipart/mixed", b"\xe4\r\n", "kind"),
    "a piece": ("message/partial; id=x; number=1", b"\xe4\r\n", "kind"),
    "its own encoding": ("text/plain\nContent-Transfer-Encoding: x-uu", b"\xe4", "unknown"),
    "a boundary": ("multipart/mixed; boundary=\"\u00e4\"", "--\u00e4\r\n".encode(), "between"),
    "an address": ("message/rfc822", b"To: \xe4@example.com\r\n\r\na\r\n", "header"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_obstacles(daemon, name):
    """D8.4: what cannot be encoded is refused, or passes as it is."""
    kind, body, words = OBSTACLES[name]
    fields = ("Content-Type: " + kind).split("\n")
    message = whole(FROM, MIME, *fields, body=body)
    got = submit(daemon, message, daemon_name="all")
    assert got.verdict == "554 5.6.3 at end"
    assert words in got.text
    got = submit(daemon, message, daemon_name="tolerant")
    assert got.verdict == "passed", got
    assert got.new_body is None


HEADER = {
    "Subject: Gr\u00fc\u00dfe aus K\u00f6ln und anderswo": "Gr\u00fc\u00dfe aus K\u00f6ln und anderswo",
    "Subject: " + "\u65e5\u672c\u8a9e" * 40: "\u65e5\u672c\u8a9e" * 40,
    "Subject: plain \u00e4": "plain \u00e4",
    'From: "J\u00f6rg \\"M\u00fcller\\"" <alice@example.org>': 'J\u00f6rg "M\u00fcller" <alice@example.org>',
    "From: J\u00f6rg M\u00fcller <alice@example.org>": "J\u00f6rg M\u00fcller <alice@example.org>",
    "From: alice@example.org (\u00e4 b)": "alice@example.org (\u00e4 b)",
    "Cc: \u00c4: \u00e4 <a@b.example>, c@d.example;": "\u00c4 : \u00e4 <a@b.example>, c@d.example;",
}


@pytest.mark.parametrize("line", HEADER)
def test_header(daemon, keys, line):
    """D8.4 D6.3: a field says the same in encoded words."""
    name = line.partition(":")[0]
    lines = [line] if name == "From" else [FROM, line]
    lines += ["Date: Mon, 2 Nov 2026 10:00:00 +0100", "Message-ID: <a@b.example>"]
    got = submit(daemon, letter(*lines, "To: a@b.example"), daemon_name="all")
    assert got.verdict == "passed", got
    assert got.leaving.octets().isascii()
    text = got.leaving.value(name).replace("\n", "")
    assert str(email.header.make_header(email.header.decode_header(text))) == HEADER[line]
    assert max(map(len, got.leaving.value(name).split("\n"))) <= 76
    assert keys.accept(got.leaving.octets())


@pytest.mark.parametrize(
    "line", ["Cc: \u00e4@example.com", "Message-ID: <\u00e4@b>", "Cc: a <b@\u00e4.example>"]
)
def test_header_that_cannot(daemon, line):
    """D8.4 D6.3: where nothing can be encoded, it is refused as ever."""
    lines = [FROM, "Date: Mon, 2 Nov 2026 10:00:00 +0100", "Subject: x", line]
    got = submit(daemon, letter(*lines), daemon_name="all")
    assert got.verdict == "554 5.6.0 at end", got


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
def test_large(daemon, encoding):
    """D8.4: 50 MB are encoded in a few of memory, and nothing of them is lost."""
    line = b"\xe4 line of sixty octets, so that quoted-printable is shorter\r\n"
    if encoding == "base64":
        line = b"\xe4" * 60 + b"\r\n"
    message = whole(FROM, MIME, "Content-Type: text/plain", body=line * (50000000 // len(line)))
    submit(daemon, whole(FROM, body=line), daemon_name="all")
    before = daemon.peak()
    got = submit(daemon, message, daemon_name="all")
    assert got.verdict == "passed", got
    assert got.leaving.value("Content-Transfer-Encoding") == encoding
    decode = binascii.a2b_qp if encoding == "quoted-printable" else binascii.a2b_base64
    assert decode(got.new_body) == message.body
    daemon.check_growth(before, 4 << 20)


def test_no_place(start, strict, tmp_path):
    """D8.4: when the file cannot be written, the client comes again."""
    place = tmp_path / "place"
    place.mkdir()
    profiles = [conf.profile("all", encode=ALL)]
    body = {"directory": str(place), "memory": 1000}
    daemon = start(conf.changed(strict, profiles=profiles, body=body))
    message = whole(FROM, body="\u00e4\r\n".encode() * 1000)
    assert submit(daemon, message, daemon_name="all").verdict == "passed"
    place.rmdir()
    got = submit(daemon, message, daemon_name="all")
    assert got.verdict == "451 4.3.0 at end"
    assert got.record["verdicts"], "recorded all the same"
    short = whole(FROM, body="\u00e4\r\n".encode())
    assert submit(daemon, short, daemon_name="all").verdict == "passed"
