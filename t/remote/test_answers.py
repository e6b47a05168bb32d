"""What each server answers, and what no key can make of a question."""

import pytest

from asking import IN_TIME
from servers import rows

pytestmark = pytest.mark.proves("X44")

# No row has one of these; each means something in some language.
STRANGE = [
    "' OR '1'='1", "' OR 1=1 --", "'; DROP TABLE senders; --", '" OR ""="', "x' UNION SELECT 'a",
    "\\' OR 1=1 -- ", "\\", "alice@example.org\\", "alice@example.org'", "%", "%@example.org",
    "_lice@example.org", "*", "*@example.org", "a*@example.org", "alice@*", "*)(sender=*", "*))(|(sender=*",
    "x)(|(sender=*)", "(sender=*)", ")(", "(", ")", "\\2a", "\\2a@example.org", "?", "$1", "%s", "%u@%d",
    "alice@example.org\n", "alice@example.org\r\nGET x", " alice@example.org", "alice@example.org ",
    "alice@example.org\t", "alice@example.org,", "alice@example.org;", "alice@example.org/*",
    "alice@example.org -- ", "alice@example.org#", "ALICE@EXAMPLE.ORG", "senders alice@example.org",
    "0:,", "17:alice@example.org,", "\u0000", "\u2019 OR 1=1", "alic\u00e9@example.org",
]  # fmt: skip
STRANGE_OCTETS = [
    b"alice@example.org\0", b"\0alice@example.org", b"alice\0@example.org", b"*\0", b"'\0",
    b"\xbf' OR 1=1 -- ", b"\xff", b"alice\xc0\xaf@example.org", b"\xe5\\' OR 1=1 -- ",
]  # fmt: skip


@pytest.fixture
def once(server, asker):
    """An asker that asks the server each time."""
    return asker(t=server.table(cache_time=0))


def test_rows(server, once):
    """Each row is found, with all of its values."""
    for key, values in rows.ROWS.items():
        answer = once.ask(key)
        assert answer.word == "found", "%s: %r" % (key, answer)
        assert sorted(answer.text.split(",")) == values


def test_no_row(server, once):
    """What is not there is not found."""
    for key in ("nobody@example.org", "alice", "@example.org", "", "m\u00fcller", "x" * 3000 + "@example.org"):
        assert once.ask(key).word == "not-found", key


def test_unix_socket(server, asker):
    """The same through a UNIX socket."""
    table = server.table(server=server.socket)
    assert asker(t=table).ask("alice@example.org").text == "alice@example.org"


def test_keys_find_nothing_but_rows(server, once):
    """Signs of SQL, LDAP and protocols are nothing but text."""
    for key in STRANGE + STRANGE_OCTETS:
        answer = once.ask(key)
        assert answer.word == "not-found", "%r: %r" % (key, answer)
    assert once.ask("alice@example.org").text == "alice@example.org"


def test_too_long(server, once):
    """An answer without measure is a failure, and does no harm."""
    for _ in range(3):
        answer = once.ask(rows.LONG)
        assert answer.word == "failed", answer.word
        assert "too long" in answer.text
    assert once.ask("alice@example.org").word == "found"


def test_probe(server, once):
    """What -t asks."""
    assert once.probe().word == "found"


@pytest.mark.with_server("pgsql", "mysql", "ldap")
def test_parts_of_the_key(server, asker):
    """%u and %d; a key without one is not asked for."""
    one = asker(t=server.table(query=server.parts, cache_time=0))
    assert one.ask("alice@example.org").text == "alice@example.org"
    assert one.ask("o'hara@example.org").text == "bob@example.org"
    server.freeze()
    for key in ("alice", "@example.net", "alice@"):
        assert one.ask(key).word == "not-found", key


@pytest.mark.with_server("pgsql", "mysql", "ldap")
def test_wrong_query(server, asker):
    """The server's own words, and no answer."""
    one = asker(t=server.table(query=server.wrong, cache_time=0))
    for _ in range(3):
        answer = one.ask("alice@example.org")
        assert answer.word == "failed"
        assert answer.ms < IN_TIME
    assert one.probe().word == "failed"


@pytest.mark.with_server("pgsql")
@pytest.mark.parametrize(
    "query, want",
    [
        ("SELECT identity FROM senders WHERE address = %s OR address = $2", "2"),
        ("SELECT identity FROM numbers WHERE id = CAST(%s AS integer)", "integer"),
        ("INSERT INTO senders VALUES (%s, 'x')", "permission denied"),
        ("SELECT 1 WHERE %s = ''; SELECT 2", "multiple commands"),
        ("COPY (SELECT 1) TO STDOUT -- \n, %s", "syntax"),
        ("SET application_name TO DEFAULT; -- \n %s", "syntax"),
    ],
)
def test_other_statements(server, asker, query, want):
    """What is no query is an error."""
    answer = asker(t=server.table(query=query)).ask("alice@example.org")
    assert answer.word == "failed"
    assert want in answer.text


@pytest.mark.with_server("mysql")
@pytest.mark.parametrize(
    "query, want",
    [
        ("SELECT identity FROM senders WHERE address = %s OR address = ?", "parameters of its own"),
        ("DO %s", "gives rows"),
        ("INSERT INTO senders VALUES (%s, 'x')", "denied"),
        ("SELECT 1 FROM senders WHERE %s = ''; SELECT 2", "syntax"),
    ],
)
def test_other_statements_of_mysql(server, asker, query, want):
    """What is no query is an error."""
    answer = asker(t=server.table(query=query)).ask("alice@example.org")
    assert answer.word == "failed"
    assert want in answer.text


SLOW = {"pgsql": "SELECT pg_sleep(100), %s", "mysql": "SELECT SLEEP(100), %s"}


@pytest.mark.with_server("pgsql", "mysql")
def test_a_slow_query_ends_in_time(server, asker):
    """The deadline of the caller holds, and that of the table."""
    slow = server.table(query=SLOW[server.table()["type"]], timeout=500)
    answer = asker(t=slow).ask("alice@example.org")
    assert answer.word == "failed"
    assert "no answer in time" in answer.text
    assert 450 <= answer.ms < IN_TIME
    answer = asker(t={**slow, "timeout": 50000}).ask("alice@example.org", ms=200)
    assert answer.word == "failed"
    assert 150 <= answer.ms < IN_TIME


@pytest.mark.with_server("ldap")
def test_ldap_bases_and_attributes(server, asker):
    """Several attributes; a base made of the key; one that is not there."""
    one = asker(
        both=server.table(attribute="uid, sender"),
        none=server.table(attribute="telephoneNumber"),
        based=server.table(base="dc=%u,dc=example,dc=org", query="(&(sender=alice@example.org)(!(sender=%s)))"),
        gone=server.table(base="dc=gone,dc=example,dc=org"),
        refused=server.table(user=None, password=None, base="cn=config"),
    )
    assert one.ask("alice@example.org", "both").text == "0,alice@example.org"
    assert one.ask("alice@example.org", "none").word == "not-found"
    assert one.ask("people@x", "based").text == "alice@example.org"
    for key in ("nowhere@x", "people,dc=example,dc=org@x", "\"@x", "+@x", "#people@x", "*@x"):
        assert one.ask(key, "based").word == "not-found", key
    assert one.ask("alice@example.org", "gone").word == "failed"
    assert one.ask("alice@example.org", "refused").word == "failed"


@pytest.mark.with_server("redis")
def test_redis_errors(server, asker):
    """What the server forbids is a failure."""
    one = asker(
        prefix=server.table(map="other:"),
        database=server.table(database="7"),
        plain=server.table(user=None, password=None),
    )
    assert "NOPERM" in one.ask("x", "prefix").text
    assert "SELECT" in one.ask("x", "database").text
    assert "NOAUTH" in one.ask("x", "plain").text


@pytest.mark.with_server("socketmap")
@pytest.mark.parametrize(
    "reply, word, text",
    [
        ("OK x,y", "found", "x,y"),
        ("OK ", "not-found", ""),
        ("OK", "not-found", ""),
        ("NOTFOUND ", "not-found", ""),
        ("NOTFOUND", "not-found", ""),
        ("TEMP later", "failed", "the server says TEMP later"),
        ("TIMEOUT late", "failed", "the server says TIMEOUT late"),
        ("PERM never", "failed", "the server says PERM never"),
        ("PERM a\tb\nc", "failed", "the server says PERM a b"),
        ("ok x", "failed", "none of OK"),
        ("FOUND x", "failed", "none of OK"),
        (" ", "failed", "none of OK"),
    ],
)
def test_socketmap_replies(server, asker, reply, word, text):
    """Each reply of the protocol, and others."""
    answer = asker(t=server.table(map="says", cache_time=0)).ask(reply)
    assert answer.word == word
    assert answer.text == text if word == "found" else text in answer.text


@pytest.mark.with_server("pgsql", "mysql", "ldap", "redis")
def test_wrong_password(server, asker, tmp_path):
    """Refused, soon, and without a word of the password."""
    answer = asker(t=server.table(password="n0t-th1s")).ask("alice@example.org")
    assert answer.word == "failed"
    assert answer.ms < IN_TIME
    assert "n0t-th1s" not in answer.text
    secret = tmp_path / "password"
    secret.write_text(rows.PASSWORD + "\nmore\n")
    secret.chmod(0o600)
    table = server.table(password=None, password_file=secret)
    assert asker(t=table).ask("alice@example.org").word == "found"
