"""Who submitted a message: what trace finds, and in what."""

import gzip
import json
import pathlib
import re
import sqlite3
import stat

import pytest
import tool

from harness import configuration as conf
from harness.daemon import wait_for
from harness.message import letter, whole
from harness.session import submit

KEYS = "%064x\n" % 0x1234, "%064x\n" % 0x5678
ALICE = "From: alice@example.org"


def key_file(path, *keys):
    """A file of keys that nobody else can read."""
    path.write_text("".join(keys))
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """For store and keys."""
    return tmp_path_factory.mktemp("trace")


@pytest.fixture(scope="module")
def daemon(module_start, strict, folder):
    """A daemon with a store and a token."""
    return module_start(
        conf.changed(
            strict,
            audit={"store": {"directory": str(folder / "store")}},
            trace_token={"key_file": str(key_file(folder / "keys", KEYS[0]))},
            default_profile={"trace_token": True},
        )
    )


@pytest.fixture(scope="module")
def sent(daemon):
    """Three messages: two of alice, one of bob."""
    return [
        submit(daemon, whole(ALICE), address="192.0.2.10"),
        submit(
            daemon,
            letter(ALICE, "Message-ID: <two@client.example>", "To: b@example.com"),
            recipients=("<B@Example.COM>", "<c@example.net>"),
            address="192.0.2.200",
        ),
        submit(
            daemon,
            whole("From: bob@example.org"),
            sender="<bob@example.org>",
            login="bob@example.org",
            address="2001:db8::7",
        ),
    ]


def trace(daemon, *arguments, **options):
    """Status, and the ids of the records that are found."""
    status, said = tool.run_json("trace", "-c", daemon.config, *arguments, **options)
    return status, [a["record"]["id"] for a in said["answers"]]


def wait_until_stored(daemon):
    """Until the store has all that the audit file has."""
    position = pathlib.Path(daemon.configuration["audit"]["store"]["directory"]) / "position"

    def look():
        size = daemon.audit_file.stat().st_size
        return position.exists() and int(position.read_text().split()[1]) == size

    wait_for(look, "the store does not follow")


def ids(sent, *numbers):
    """Their records, the latest first."""
    return [sent[n].record["id"] for n in sorted(numbers, reverse=True)]


LOOKUPS = {
    "message-id": (["--message-id", "<two@client.example>"], [1]),
    "identity": (["--identity", "alice@example.org"], [0, 1]),
    "typed identity": (["--identity", "sasl:BOB@example.org"], [2]),
    "client": (["--client", "192.0.2.10"], [0]),
    "network": (["--client", "192.0.2.0/24"], [0, 1]),
    "IPv6 network": (["--client", "2001:db8::/32"], [2]),
    "sender": (["--sender", "bob@example.org"], [2]),
    "recipient": (["--recipient", "b@example.com"], [1]),
    "two criteria": (["--identity", "alice@example.org", "--client", "192.0.2.200"], [1]),
    "that exclude each other": (["--identity", "bob@example.org", "--client", "192.0.2.0/24"], []),
    "since": (["--since", "1h"], [0, 1, 2]),
    "until": (["--until", "2020-01-01"], []),
    "nothing of the kind": (["--sender", "nobody@example.org"], []),
}


@pytest.mark.parametrize("where", ["store", "file", "compressed"])
@pytest.mark.parametrize("options, want", LOOKUPS.values(), ids=LOOKUPS.keys())
def test_lookups(daemon, sent, tmp_path, where, options, want):
    """A8: whatever is known of a message leads to its record."""
    files = []
    if where == "store":
        wait_until_stored(daemon)
    elif where == "file":
        files = [daemon.audit_file]
    else:
        files = [tmp_path / "audit.gz"]
        files[0].write_bytes(gzip.compress(daemon.audit_file.read_bytes()))
    status, found = trace(daemon, *options, *files)
    assert (status, found) == (0 if want else 1, ids(sent, *want))


def test_queue_id_and_id(daemon, sent):
    """A8: the names that the logs have."""
    record = sent[1].record
    for option, name in (("--queue-id", "queue_id"), ("--id", "id"), ("--session", "session")):
        assert trace(daemon, option, record[name]) == (0, ids(sent, 1))


def test_text_for_people(daemon, sent):
    """A8: who, from where, to whom, in words."""
    status, out, err = tool.run("trace", "-c", daemon.config, "--message-id", "two@client.example")
    assert (status, err) == (0, "")
    for line in (
        r"submitter +sasl:alice@example.org",
        r"client +192\.0\.2\.200 .*TLSv1\.",
        r"recipient +B@Example\.COM",
        r"Message-ID <two@client\.example>",
        r"record +" + sent[1].record["id"],
    ):
        assert re.search(line, out), out
    status, out, err = tool.run("trace", "-c", daemon.config, "--message-id", "three@client.example")
    assert (status, out, err) == (1, "No message was found.\n", "")


def test_limit(daemon, sent):
    """A8: the latest first, and it says that there are more."""
    status, said = tool.run_json("trace", "-c", daemon.config, "--limit", 1, "--since", "1h")
    assert [a["record"]["id"] for a in said["answers"]] == ids(sent, 2)
    assert said["more"] is True


def test_no_criteria(daemon):
    """A8: all of it is not what anybody looks for."""
    assert tool.run("trace", "-c", daemon.config)[0] == 64
    assert tool.run("trace", "-c", daemon.config, "--client", "192.0.2.1/24")[0] == 64
    assert tool.run("trace", "-c", daemon.config, "--since", "yesterday")[0] == 64


# --- headers and bounces


def field(outcome, name):
    """The value of a field as it left."""
    return outcome.leaving.value(name)


def test_pasted_header(daemon, sent):
    """A8: a header, as somebody quotes it in a complaint."""
    text = "Look at this!\n> From: a@b\n> Message-ID:\n>  <two@client.example>\n> To: x\n"
    assert trace(daemon, "--message", "-", stdin=text.encode()) == (0, ids(sent, 1))


def test_bounce(daemon, sent):
    """A8: the message inside a delivery status notification."""
    bounce = (
        "From: MAILER-DAEMON@mx.example.com\r\nMessage-ID: <bounce@mx.example.com>\r\n"
        'Content-Type: multipart/report; boundary="b"\r\n\r\n--b\r\n\r\nSorry.\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; b@example.com\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        "Subject: x\r\nMessage-ID: <two@client.example>\r\n\r\n--b--\r\n"
    )
    assert trace(daemon, "--message", "-", stdin=bounce.encode()) == (0, ids(sent, 1))


def test_received_field(daemon, sent):
    """A8: a queue id counts where the host that gave it is ours."""
    queue_id = sent[0].record["queue_id"]
    line = "Received: from c (c [192.0.2.10])\n\tby %s (Postfix) with ESMTPSA id %s\n\tfor <x@y>\n"
    text = line % ("mx.example.org", queue_id)
    assert trace(daemon, "--message", "-", stdin=text.encode()) == (0, ids(sent, 0))
    text = line % ("mx.example.com", queue_id)
    assert trace(daemon, "--message", "-", stdin=text.encode()) == (1, [])
    status, _out, err = tool.run("trace", "-c", daemon.config, "--message", "-", stdin=b"Hello\n")
    assert status == 65 and "no Message-ID" in err


# --- the token


def test_token(daemon, sent):
    """A9: one field, of one size, that leads to the record and back to a name."""
    tokens = [field(s, "Submission-ID") for s in sent]
    assert len({len(t) for t in tokens}) == 1 and len(set(tokens)) == len(tokens)
    for number, token in enumerate(tokens):
        assert trace(daemon, "--token", token) == (0, ids(sent, number))
        status, said = tool.run_json("trace", "-c", daemon.config, "--token", "".join(token.split()))
        assert said["token"]["identity"] == sent[number].record["identity"]
        assert said["token"]["id"] == sent[number].record["id"]
        assert said["token"]["time"] == sent[number].record["time"][:19] + "Z"
        assert b"alice" not in token.encode() and b"bob" not in token.encode()


def test_token_alone(daemon, sent, tmp_path):
    """A9: it tells who and when though no record is left."""
    nothing = tmp_path / "nothing"
    nothing.write_text("")
    token = field(sent[0], "Submission-ID")
    status, out, err = tool.run("trace", "-c", daemon.config, "--token", token, nothing)
    assert (status, err) == (0, "")
    assert "sasl:alice@example.org" in out and "No message was found" in out


def test_token_in_a_header(daemon, sent):
    """A9 A8: it is the first that is tried."""
    text = "Message-ID: <two@client.example>\nSubmission-ID: %s\n" % field(sent[0], "Submission-ID")
    assert trace(daemon, "--message", "-", stdin=text.encode()) == (0, ids(sent, 0))


def test_token_is_signed(daemon, sent):
    """A9: our signature covers it."""
    signatures = sent[0].leaving.values("DKIM-Signature")
    assert signatures
    for value in signatures:
        signed = re.search(rb";h=([^;]+)", re.sub(rb"\s", b"", value)).group(1)
        assert b"submission-id" in signed.lower().split(b":")


def test_token_of_a_client(daemon):
    """A9 X7: what a client sends is not what leaves."""
    got = submit(daemon, whole(ALICE, "Submission-ID: forged", "SUBMISSION-id: again"))
    token = field(got, "Submission-ID")
    assert "forged" not in token and "again" not in token
    assert trace(daemon, "--token", token) == (0, [got.record["id"]])
    assert {"edit": "delete", "field": "SUBMISSION-id", "cause": "token"} in got.record["edits"]


@pytest.mark.parametrize("token", ["", "x", "A" * 155, "!" * 155])
def test_no_token(daemon, token):
    """A9: what is none of ours is said to be none."""
    status, out, err = tool.run("trace", "-c", daemon.config, "--token", token)
    assert (status, out) == (1, "") and "token" in err


def test_token_keys_rotate(start, strict, tmp_path):
    """A9: tokens of the old key are read; without it they are not."""
    keys = key_file(tmp_path / "keys", KEYS[0])
    changes = dict(
        trace_token={"field": "X-Trace", "key_file": str(keys)},
        default_profile={"trace_token": True},
    )
    own = start(conf.changed(strict, **changes))
    old = field(submit(own, whole(ALICE)), "X-Trace")
    key_file(keys, KEYS[1], KEYS[0])
    own.reload()
    new = field(submit(own, whole(ALICE)), "X-Trace")
    assert trace(own, "--token", old)[0] == 0
    assert trace(own, "--token", new)[0] == 0
    key_file(keys, KEYS[1])
    assert trace(own, "--token", new)[0] == 0
    status, _out, err = tool.run("trace", "-c", own.config, "--token", old)
    assert status == 1 and "not in" in err


def test_keys_that_others_can_read(configured, tmp_path):
    """X14 A9: are refused, with file and reason."""
    keys = key_file(tmp_path / "keys", KEYS[0])
    keys.chmod(0o644)
    status, _out, err = tool.run("check", "-c", configured(trace_token={"key_file": str(keys)}))
    assert status == 78 and str(keys) in err and "readable by others" in err


# --- the store


def test_rotation_and_restart(start, strict, tmp_path):
    """A8: the store follows a file that is rotated, also while nobody follows."""
    own = start(
        conf.changed(
            strict, audit={"sync": False, "store": {"directory": str(tmp_path / "store")}}
        )
    )
    first = submit(own, whole(ALICE)).record["id"]
    wait_until_stored(own)
    second = submit(own, whole(ALICE)).record["id"]
    own.audit_file.rename(own.audit_file.with_suffix(".jsonl.1"))
    own.reload()
    own.offset = 0
    third = submit(own, whole(ALICE)).record["id"]
    wait_until_stored(own)
    status, found = trace(own, "--since", "1h", "--identity", "alice@example.org")
    assert (status, found) == (0, [third, second, first])


def test_damaged_partition(start, strict, tmp_path):
    """A8: set aside and said; mail goes on, and what the file has comes back."""
    folder = tmp_path / "store"
    changed = conf.changed(strict, audit={"store": {"directory": str(folder)}})
    own = start(changed)
    first = submit(own, whole(ALICE)).record["id"]
    wait_until_stored(own)
    (day,) = folder.glob("audit-*.db")
    own.reload()  # closes it
    for path in folder.glob("audit-*.db-*"):
        path.unlink()
    day.write_bytes(b"This is not SQLite. " * 1000)
    own.expect(r"damaged .*set aside as")
    second = submit(own, whole(ALICE)).record["id"]
    own.wait_for_log("set aside as")
    wait_until_stored(own)
    assert list(folder.glob("*.damaged-*"))
    status, found = trace(own, "--identity", "alice@example.org")
    assert (status, sorted(found)) == (0, sorted([first, second]))


def test_store_that_cannot_be_had(start, strict, tmp_path):
    """A8 X41: is said at start."""
    (tmp_path / "file").write_text("")
    own = start.make(
        conf.changed(strict, audit={"store": {"directory": str(tmp_path / "file" / "store")}})
    )
    own.launch()
    assert own.wait() != 0
    assert "audit store" in own.log()
    own.child = None


def test_store_wants_a_file(configured):
    """A8 X41: without audit.file there is nothing to feed it."""
    path = configured(audit={"store": {"directory": "/var/lib/x"}})
    status, _out, err = tool.run("check", "-c", path)
    assert status == 78 and "audit.file must name a file" in err


def test_import(daemon, sent, tmp_path):
    """A8: a store made anew from the files, as often as anybody likes."""
    folder = tmp_path / "other"
    folder.mkdir()
    rotated = tmp_path / "audit.jsonl.1.gz"
    rotated.write_bytes(gzip.compress(daemon.audit_file.read_bytes() + b"no record\n"))
    options = ["-c", daemon.config, "-o", "audit.store.directory=%s" % folder]
    for want in ("added, 0 were known", "0 records added"):
        status, out, err = tool.run("store", "import", *options, rotated)
        assert (status, err) == (0, "") and want in out and "1 lines are no record" in out
    assert trace(daemon, *options[2:], "--message-id", "two@client.example") == (0, ids(sent, 1))
    status, out, err = tool.run("store", "verify", *options)
    assert (status, err) == (0, "")
    assert tool.run("store", "import", *options)[0] == 64
    assert tool.run("store", "import", *options, tmp_path / "none")[0] == 66
    assert tool.run("store", "nothing", *options)[0] == 64


def test_sealed(daemon, sent, folder, tmp_path):
    """X22 A8: look-ups work on a sealed store, and nothing is read without the key."""
    store = tmp_path / "sealed"
    store.mkdir()
    keys = key_file(tmp_path / "keys", KEYS[1])
    options = ["-o", "audit.store.directory=%s" % store]
    sealed = [*options, "-o", "audit.store.key_file=%s" % keys]
    status, _out, err = tool.run("store", "import", "-c", daemon.config, *sealed, daemon.audit_file)
    assert (status, err) == (0, "")
    assert trace(daemon, *sealed, "--client", "192.0.2.200") == (0, ids(sent, 1))
    # Beyond the position nothing is left in the audit file: only the store.
    wait_until_stored(daemon)
    (store / "position").write_bytes((folder / "store" / "position").read_bytes())
    status, out, err = tool.run("trace", "-c", daemon.config, *options, "--client", "192.0.2.200")
    assert status == 2 and "not in the key file" in err
    for path in store.glob("*.db"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0
        with sqlite3.connect(path) as db:
            bodies = [row[0] for row in db.execute("SELECT body FROM record")]
        assert bodies and not any(b"alice" in body for body in bodies)


def test_hashed_recipients(start, strict, tmp_path):
    """X20 A8 X22: recipients that are hashed are found, and erased, by address."""
    keys = key_file(tmp_path / "keys", KEYS[0])
    own = start(
        conf.changed(
            strict,
            audit={
                "recipient_key_file": str(keys),
                "store": {"directory": str(tmp_path / "store")},
            },
        )
    )
    first = submit(own, whole(ALICE), recipients=("<Bob@Example.com>",)).record
    assert "example.com" not in str(first["envelope"])
    key_file(keys, KEYS[1], KEYS[0])
    own.reload()
    second = submit(own, whole(ALICE), recipients=("<bob@example.com>",)).record
    wait_until_stored(own)
    both = [second["id"], first["id"]]
    assert trace(own, "--recipient", "bob@example.com") == (0, both)
    assert trace(own, "--recipient", "bob@example.com", own.audit_file) == (0, both)
    assert tool.run("erase", "-c", own.config, "--person", "bob@example.com")[0] == 0
    status, out, _err = tool.run("export", "-c", own.config, "--person", "bob@example.com")
    assert (status, out) == (1, "")


# --- one person's records


@pytest.fixture
def copied(daemon, sent, tmp_path):
    """A store and a rotated file of a test's own: options, and the file."""
    store = tmp_path / "own"
    store.mkdir()
    options = ["-o", "audit.store.directory=%s" % store]
    rotated = tmp_path / "audit.jsonl.1.gz"
    rotated.write_bytes(gzip.compress(daemon.audit_file.read_bytes()))
    rotated.chmod(0o640)
    status, _out, err = tool.run("store", "import", "-c", daemon.config, *options, rotated)
    assert (status, err) == (0, "")
    size = daemon.audit_file.stat().st_size
    return ["-c", daemon.config, *options], rotated, size


def test_export(daemon, sent, copied):
    """X22: all that is kept of a person, as submitter, sender or recipient."""
    options, _rotated, _size = copied
    status, out, err = tool.run("export", *options, "--person", "bob@example.org")
    assert (status, err) == (0, "")
    assert [json.loads(line)["id"] for line in out.splitlines()] == ids(sent, 2)
    status, out, err = tool.run("export", *options, "--person", "B@example.com")
    assert [json.loads(line)["id"] for line in out.splitlines()] == ids(sent, 1)
    assert tool.run("export", *options, "--person", "nobody@example.com") == (1, "", "")
    assert tool.run("export", *options)[0] == 64


def test_erase(daemon, sent, copied):
    """X22: own records go, those of others lose the name; in store and file."""
    options, rotated, _size = copied
    before = rotated.stat()
    dry = tool.run("erase", *options, "--person", "bob@example.org", "--dry-run", rotated)
    assert dry[0] == 0 and "2 records would be erased" in dry[1]
    assert rotated.stat().st_ino == before.st_ino
    for person in ("bob@example.org", "b@example.com"):
        status, out, err = tool.run("erase", *options, "--person", person, rotated)
        assert (status, err) == (0, ""), err
    for where in ([], [rotated]):
        status, out, _err = tool.run("export", *options, "--person", "bob@example.org",
                                     "--person", "b@example.com", *where)
        assert (status, out) == (1, "")
    after = rotated.stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    kept = [json.loads(line) for line in gzip.decompress(rotated.read_bytes()).splitlines()]
    assert sent[2].record["id"] not in {r["id"] for r in kept}
    (changed,) = [r for r in kept if r["id"] == sent[1].record["id"]]
    assert [r["address"] for r in changed["envelope"]["recipients"]] == ["(erased)", "c@example.net"]
    assert changed["identity"] == "sasl:alice@example.org"
    # The file of before does not bring the person back.
    status, out, _err = tool.run("store", "import", *options, daemon.audit_file)
    assert status == 0
    status, out, _err = tool.run("export", *options, "--person", "bob@example.org")
    assert (status, out) == (1, "")


def test_erase_leaves_the_active_file_alone(daemon, sent, copied):
    """X22: what the daemon writes to cannot be written anew, and that is said."""
    options, _rotated, size = copied
    status, _out, err = tool.run(
        "erase", *options, "--person", "bob@example.org", daemon.audit_file
    )
    assert status == 77 and "rotate it" in err
    assert daemon.audit_file.stat().st_size == size


def test_hashed_recipient(module_start, strict, folder):
    """X20 A8: found by its address, though no record shows it, under old keys too."""
    first = key_file(folder / "recipients", KEYS[0])
    hashed = conf.changed(strict, audit={"recipient_key_file": str(first)})
    daemon = module_start(hashed)
    got = submit(daemon, whole(ALICE), recipients=("<Hidden@Example.com>",)).record
    assert "idden@" not in json.dumps(got)
    for keys in (KEYS[:1], KEYS[1::-1]):
        key_file(first, *keys)
        assert trace(daemon, "--recipient", "hidden@example.com") == (0, [got["id"]])
    assert trace(daemon, "--recipient", "other@example.com")[1] == []
