#!/usr/bin/python3
"""Postfix's own files, in the daemon's tables.

Proves: X44 (hash, btree, lmdb, cdb, pcre, regexp, cidr and sqlite; Postfix's
own map files are read as they are; found, not found and failed are three
answers; a million rows without loading them).

Maps are made by the real postmap, and the same keys are asked of both,
"postmap -q" and t/tables/ask, which is built with the unit tests."""

import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ASK = os.environ.get("TABLES_ASK", "t/tables/ask")
POSTMAP = shutil.which("postmap") or "/usr/sbin/postmap"
POSTCONF = shutil.which("postconf") or "/usr/sbin/postconf"
SUFFIX = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb"}
COMPILED = list(SUFFIX)
NOTICED = 1.2                   # seconds after which a change is seen
MILLION = 1_000_000

faults = []
checked = 0


def check(name, got, want):
    global checked
    checked += 1
    if got != want:
        faults.append(f"{name}: got {got!r}, want {want!r}")


def check_true(name, is_right, what):
    global checked
    checked += 1
    if not is_right:
        faults.append(f"{name}: {what}")


class Table:
    """A table that is open in a process of its own."""

    def __init__(self, *words, before=()):
        self.process = subprocess.Popen(
            [*before, ASK, *map(str, words)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1)
        self.opened = self.read()

    def read(self):
        return self.process.stdout.readline().rstrip("\n")

    def tell(self, line):
        try:
            self.process.stdin.write(line + "\n")
        except BrokenPipeError:
            pass

    def ask(self, line):
        self.tell(line)
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        status = self.close()
        want = 1 if self.opened.startswith("ERROR") else 0
        check("exit status of ask", status, want)


class Maps:
    """A folder with maps and a configuration of Postfix to make them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.etc = self.folder / "etc"
        self.etc.mkdir()
        (self.etc / "main.cf").write_text(
            "compatibility_level = 3.6\n"
            "smtputf8_enable = yes\n")
        # From here it knows the types that come in packages of their own.
        dynamic = pathlib.Path("/etc/postfix/dynamicmaps.cf")
        if dynamic.exists():
            (self.etc / "dynamicmaps.cf").write_text(dynamic.read_text())
        if dynamic.with_suffix(".cf.d").is_dir():
            shutil.copytree(dynamic.with_suffix(".cf.d"),
                            self.etc / "dynamicmaps.cf.d")

    def postmap(self, *words, text=None):
        return subprocess.run([POSTMAP, "-c", self.etc, *map(str, words)],
                              capture_output=True, text=True, input=text)

    def types(self):
        return subprocess.run([POSTCONF, "-c", self.etc, "-m"], check=True,
                              capture_output=True, text=True).stdout.split()

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def compile(self, kind, path):
        done = self.postmap(f"{kind}:{path}")
        assert done.returncode == 0, done.stderr
        return path.with_name(path.name + SUFFIX[kind])

    def query(self, kind, path, keys):
        """What postmap says of each key."""
        done = self.postmap("-q", "-", f"{kind}:{path}",
                            text="".join(f"{key}\n" for key in keys))
        found = dict(line.split("\t", 1)
                     for line in done.stdout.splitlines())
        return {key: found.get(key) for key in keys}


def compare(maps, kind, path, keys):
    """The same answers as postmap's, and some of each kind."""
    wants = maps.query(kind, path, keys)
    answers = set()
    with Table(kind, path) as table:
        check_true(kind, table.opened.startswith("OPEN"), table.opened)
        for key, value in wants.items():
            want = "NOT-FOUND" if value is None else f"FOUND {value}"
            check(f"{kind}: {key}", table.ask(key), want)
            answers.add(value is None)
    check(f"{kind}: answers of both kinds", answers, {True, False})


# --- the same files, the same answers ---------------------------------------

ROWS = """# sender_logins
alice@example.org	alice
Bob@Example.ORG   bob,  robert
sales@example.org	alice, bob,
	carol

@shop.example.org	carol   \n\
@.shop.example.org	dora
"a b"@example.org	quoted
bare	somebody
jürgen@example.org	jürgen
k@example.org	""" + "x" * 3000 + """
ümlaut@xn--bcher-kva.example	ü
sales@example.org	twice
"""
KEYS = ["alice@example.org", "bob@example.org", "sales@example.org",
        "@shop.example.org", "@.shop.example.org", '"a b"@example.org',
        '"a', "bare", "jürgen@example.org", "k@example.org",
        "ümlaut@xn--bcher-kva.example", "nobody@example.org",
        "alice@example.or", "lice@example.org", "@example.org", "#",
        "k" * 511, "k" * 512, "k" * 4000 + "@example.org"]


def test_compiled(maps, kind):
    path = maps.write(f"same-{kind}", ROWS)
    maps.compile(kind, path)
    compare(maps, kind, path, KEYS)
    # The name of the compiled file serves as well.
    with Table(kind, str(path) + SUFFIX[kind]) as table:
        check(f"{kind}: by full name", table.ask("alice@example.org"),
              "FOUND alice")


MDB_DUMP = """VERSION=3
format=print
type=btree
mapsize=1048576
maxreaders=1
db_pagesize=4096
HEADER=END
 alice@example.org
 bob
DATA=END
"""
MAKERS = {
    "cdb": (["cdb", "-c", "-m"], "alice@example.org bob\n"),
    "hash": (["db_load", "-T", "-t", "hash"], "alice@example.org\nbob\n"),
    "btree": (["db_load", "-T", "-t", "btree"], "alice@example.org\nbob\n"),
    "lmdb": (["mdb_load", "-n"], MDB_DUMP),
}


def test_without_nul(maps, kind):
    """Files of other makers: no NUL at the end of keys and values."""
    command, text = MAKERS[kind]
    if shutil.which(command[0]) is None:
        print(f"{kind} without NUL: not looked at: there is no {command[0]}")
        return
    path = maps.folder / f"plain-{kind}{SUFFIX[kind]}"
    made = subprocess.run(command + [path], input=text, text=True,
                          capture_output=True)
    check(f"{kind}: {command[0]}: {made.stderr}", made.returncode, 0)
    with Table(kind, path) as table:
        check(f"{kind} without NUL", table.ask("alice@example.org"),
              "FOUND bob")
        check(f"{kind} without NUL", table.ask("bob@example.org"),
              "NOT-FOUND")


PATTERNS = r"""# comments, and
/^(.*)@old\.example\.org$/	$1@example.org
/^sales-([^@]+)@(.*)$/  team-${1}, boss@$(2)
!/@/		bare
if /@example\.org$/
/^a(b)?c/	first $1.
if !/^x/
/^y(.)/
	second $1
endif
/^price/i	costs 5$$
/^X/		x
endif
/^c[^@]*@/	$$
/^(z)(z)(z)(z)(z)(z)(z)(z)(z)(z)(y)@/	$11 ${10}$9
#/never/	never
/jürgen@/	ü
/./m		rest
"""
PATTERN_KEYS = [
    "anna@old.example.org", "sales-eu@example.net", "bare", "abc@example.org",
    "ac@example.org", "ya@example.org", "xy@example.org",
    "price@example.org", "Price@example.org", "x@example.org",
    "c@example.net", "zzzzzzzzzzy@example.net", "jürgen@example.net",
    "other@example.net", "only", "y@example.org"]


def test_patterns(maps, kind):
    rules = PATTERNS if kind == "pcre" else \
        PATTERNS.replace("$11 ${10}$9", "$9")
    path = maps.write(f"rules-{kind}", rules.replace("/./m\t\trest\n", ""))
    compare(maps, kind, path, PATTERN_KEYS)
    path = maps.write(f"all-{kind}", rules)
    for key, value in maps.query(kind, path, PATTERN_KEYS).items():
        with Table(kind, path) as table:
            check(f"{kind}: {key}", table.ask(key), f"FOUND {value}")


PCRE = r"""/^(?<who>\w+)@a\.example$/x	$1
/^ b @/x	spaces
/^C@/i	only upper
/d.e/s	no newline
/e\z/E	end
/^(f+)(.*)@/U	$1:$2
/g@/A	anchored
|^h\|i@|	bar
=^eq\=@=	equal
/^j(?=@)(*COMMIT)/	j
"""
PCRE_KEYS = ["who@a.example", "b@example.org", "b", "c@x", "C@x", "d-e",
             "le", "fff@x", "g@x", "xg@x", "h|i@x", "eq=@x", "j@x", "none"]

REGEXP = r"""/^\(a\)b@/x	basic $1
/^(a)b@/	extended $1
/^C@/i	only upper
/[^]x]d/	bracket
/[[:digit:]]+\./	digits
"""
REGEXP_KEYS = ["ab@x", "c@x", "C@x", "/d", "xd", "]d", "12.", "none"]

NETWORKS = """# cidr
192.0.2.1	one
192.0.2.0/24	net
if 10.0.0.0/16
10.0.1.0/24	inner
!10.0.2.0/24	other
endif
2001:db8::/32	v6
10.9.9.9/32	ninth
if !10.5.0.0/16
10.4.0.0/16	four
endif
::/0	all of v6
[fe80::]/10	link
0.0.0.0/0	all of v4
"""
NETWORK_KEYS = ["192.0.2.1", "192.0.2.77", "8.8.8.8", "10.0.1.5", "10.0.2.5",
                "10.0.3.5", "10.9.9.9", "10.4.1.1", "10.5.1.1",
                "2001:db8::1", "2001:db9::1", "fe80::1", "no address"]


def test_networks(maps):
    path = maps.write("networks", NETWORKS)
    compare(maps, "cidr", path, NETWORK_KEYS)
    path = maps.write("networks-not", "!10.0.0.0/8	not ten\n" + NETWORKS)
    compare(maps, "cidr", path, NETWORK_KEYS)


# --- SQLite -----------------------------------------------------------------

def make_database(path, alias="alice"):
    base = sqlite3.connect(path)
    base.executescript(f"""
        CREATE TABLE alias (address TEXT, login TEXT, other TEXT, n INT);
        INSERT INTO alias VALUES ('a@example.org', '{alias}', NULL, 1);
        INSERT INTO alias VALUES ('b@example.org', 'bob', 'carol', 2);
        INSERT INTO alias VALUES ('b@example.org', 'dora', '', 3);
        INSERT INTO alias VALUES ('n@example.org', NULL, '', NULL);
        INSERT INTO alias VALUES ('o''x@example.org', 'quote', NULL, 5);
        INSERT INTO alias VALUES ('u@example.org', '', 'ü', NULL);
    """)
    base.close()
    return path


BY_ADDRESS = "SELECT login, other FROM alias WHERE address = '%s'"


def test_sqlite(maps):
    path = make_database(maps.folder / "users.sqlite")
    cases = [
        ("a@example.org", "FOUND alice"),
        ("b@example.org", "FOUND bob,carol,dora"),
        ("n@example.org", "NOT-FOUND"),
        ("o'x@example.org", "FOUND quote"),
        ("u@example.org", "FOUND ü"),
        ("none@example.org", "NOT-FOUND"),
        ("' OR '1'='1", "NOT-FOUND"),
        ("a@example.org'; DROP TABLE alias; --", "NOT-FOUND"),
    ]
    with Table("sqlite", path, BY_ADDRESS) as table:
        for key, want in cases:
            check(f"sqlite: {key}", table.ask(key), want)
    with Table("sqlite", path, "SELECT n FROM alias WHERE address = "
               "%u || '@' || %d ORDER BY n") as table:
        check("sqlite: parts", table.ask("b@example.org"), "FOUND 2,3")
        check("sqlite: no domain", table.ask("b"), "NOT-FOUND")
        check("sqlite: no local part", table.ask("@example.org"),
              "NOT-FOUND")
    for query, want in [
            ("SELECT x FROM alias WHERE address = %s",
             f"{path}: no such column: x"),
            ("SELECT login FROM alias WHERE address = %s; SELECT 1",
             f"{path}: the query has more than one statement"),
            ("DELETE FROM alias WHERE address = %s",
             f"{path}: the query would write"),
            ("SELECT login FROM alias WHERE address = %s AND n = ?",
             f"{path}: the query has parameters of its own"),
            ("SELECT login FROM alias",
             "the query has no place for the key (%s, %u or %d)")]:
        with Table("sqlite", path, query) as table:
            check(f"sqlite: {query}", table.opened, f"ERROR {want}")


def test_sqlite_trouble(maps):
    path = make_database(maps.folder / "trouble.sqlite")
    with Table("sqlite", path, BY_ADDRESS) as table:
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("BEGIN EXCLUSIVE")
        begin = time.monotonic()
        check("sqlite: locked", table.ask("a@example.org"),
              f"FAILED {path}: database is locked")
        took = time.monotonic() - begin
        check_true("sqlite: locked", 2.5 < took < 30, f"took {took} s")
        writer.execute("ROLLBACK")
        writer.close()
        check("sqlite: free again", table.ask("a@example.org"),
              "FOUND alice")
        make_database(maps.folder / "new.sqlite", "newer")
        os.replace(maps.folder / "new.sqlite", path)
        time.sleep(NOTICED)
        check("sqlite: replaced", table.ask("a@example.org"), "FOUND newer")
        check("sqlite: storm", table.ask("\tstorm 8 500 a@example.org")
              .split()[2:], ["0", "0"])
    endless = ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 "
               "FROM c) SELECT x FROM c WHERE x = %s || 'never'")
    with Table("sqlite", path, endless) as table:
        begin = time.monotonic()
        check("sqlite: endless", table.ask("a@example.org"),
              f"FAILED {path}: the query took too long")
        took = time.monotonic() - begin
        check_true("sqlite: endless", took < 30, f"took {took} s")
    garbage = maps.write("garbage.sqlite", "no database" * 100)
    with Table("sqlite", garbage, BY_ADDRESS) as table:
        check("sqlite: garbage", table.opened,
              f"ERROR {garbage}: file is not a database")


# --- what goes wrong with files ---------------------------------------------

def test_missing(maps, kind):
    path = maps.folder / f"missing-{kind}"
    name = str(path) + SUFFIX.get(kind, "")
    query = [BY_ADDRESS] if kind == "sqlite" else []
    with Table(kind, path, *query) as table:
        check(f"{kind}: missing", table.opened,
              f"ERROR {name}: No such file or directory")
    os.mkdir(name)
    with Table(kind, path, *query) as table:
        check(f"{kind}: folder", table.opened,
              f"ERROR {name}: is not a regular file")


def test_permission(maps, kind):
    path = maps.write(f"permission-{kind}", ROWS)
    compiled = maps.compile(kind, path)
    compiled.chmod(0)
    # root without the right to read everything
    before = [] if os.geteuid() != 0 else \
        ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    with Table(kind, path, before=before) as table:
        check(f"{kind}: permission", table.opened,
              f"ERROR {compiled}: Permission denied")


def test_replaced(maps, kind):
    path = maps.write(f"replaced-{kind}", "a@example.org\told\n")
    compiled = maps.compile(kind, path)
    with Table(kind, path) as table:
        check(f"{kind}: before", table.ask("a@example.org"), "FOUND old")
        path.write_text("a@example.org\tnew\n")
        maps.compile(kind, path)
        time.sleep(NOTICED)
        check(f"{kind}: replaced", table.ask("a@example.org"), "FOUND new")
        os.rename(compiled, f"{compiled}.away")
        time.sleep(NOTICED)
        check(f"{kind}: gone", table.ask("a@example.org"),
              f"FAILED {compiled}: No such file or directory")
        check(f"{kind}: gone", table.ask("none@example.org"),
              f"FAILED {compiled}: No such file or directory")
        os.rename(f"{compiled}.away", compiled)
        time.sleep(NOTICED)
        check(f"{kind}: there again", table.ask("a@example.org"),
              "FOUND new")
        # Many more rows: the file grows.
        path.write_text("a@example.org\tgrown\n" + "".join(
            f"row{i}@example.org\t{i}\n" for i in range(20000)))
        maps.compile(kind, path)
        time.sleep(NOTICED)
        check(f"{kind}: grown", table.ask("a@example.org"), "FOUND grown")
        check(f"{kind}: grown", table.ask("row19999@example.org"),
              "FOUND 19999")
        # Cut under our eyes.
        os.truncate(compiled, compiled.stat().st_size // 3)
        answer = table.ask("row77@example.org")
        check_true(f"{kind}: cut", answer.startswith("FAILED") or
                   answer == "FOUND 77", answer)
        os.truncate(compiled, 0)
        answer = table.ask("row77@example.org")
        check_true(f"{kind}: emptied", answer.startswith("FAILED"), answer)


def test_truncated(maps, kind):
    """Never "not found" for a row that the whole file has."""
    path = maps.write(f"cut-{kind}", "".join(
        f"row{i}@example.org\t{i}\n" for i in range(3000)))
    compiled = maps.compile(kind, path)
    whole = compiled.read_bytes()
    failed = 0
    for eighths in range(8):
        compiled.write_bytes(whole[:len(whole) * eighths // 8])
        with Table(kind, path) as table:
            if table.opened.startswith("ERROR"):
                failed += 1
                continue
            for i in range(0, 3000, 100):
                answer = table.ask(f"row{i}@example.org")
                failed += answer.startswith("FAILED")
                check_true(f"{kind}: {eighths}/8", answer == f"FOUND {i}" or
                           answer.startswith("FAILED"), answer)
    check_true(f"{kind}: cut", failed >= 8, f"only {failed} failures")
    compiled.write_bytes(b"no such file at all\n" * 1000)
    with Table(kind, path) as table:
        answer = table.ask("row1@example.org") \
            if table.opened.startswith("OPEN") else "FAILED"
        check_true(f"{kind}: garbage", answer.startswith("FAILED"), answer)


def test_storm(maps, kind):
    """Eight threads ask while postmap writes again and again."""
    path = maps.write(f"storm-{kind}", "")
    def write(turn):
        path.write_text(f"a@example.org\t{turn}\n" + "".join(
            f"row{i}@example.org\t{i}\n" for i in range(200 * turn)))
        maps.compile(kind, path)
    write(1)
    with Table(kind, path) as table:
        table.tell("\tstorm 8 3000 a@example.org")
        end = time.monotonic() + 2.5
        turn = 1
        while time.monotonic() < end:
            turn += 1
            write(turn)
        found, missed, failed = map(int, table.read().split()[1:])
        check_true(f"{kind}: storm", turn >= 2 and found > 50,
                   f"{turn} turns, {found} look-ups")
        check(f"{kind}: storm: not found, failed", (missed, failed), (0, 0))
        time.sleep(NOTICED)
        check(f"{kind}: after the storm", table.ask("a@example.org"),
              f"FOUND {turn}")


def test_million(maps, kinds):
    path = maps.folder / "million"
    with path.open("w") as file:
        for i in range(MILLION):
            file.write(f"user{i}@example.org\tlogin{i}@example.org\n")
    for kind in kinds:
        compiled = maps.compile(kind, path)
        size = compiled.stat().st_size // 1024
        begin = time.monotonic()
        with Table(kind, path) as table:
            opened = time.monotonic() - begin
            begin = time.monotonic()
            for i in range(0, MILLION, MILLION // 100):
                check(f"{kind}: million", table.ask(f"user{i}@example.org"),
                      f"FOUND login{i}@example.org")
            asked = time.monotonic() - begin
            grown, own = map(int, table.ask("\tmemory").split()[1:])
            storm = table.ask("\tstorm 1 1000 user77@example.org").split()
        print(f"{kind}: 1,000,000 rows, {size} kB of file: opened in "
              f"{opened:.3f} s, 100 look-ups in {asked:.3f} s, memory grew "
              f"by {grown} kB, {own} of them not the file's; {storm[1]} "
              f"look-ups/s in one thread")
        check_true(f"{kind}: million", grown < size // 3 and own < 4000,
                   f"memory grew by {grown} kB, {own} of them our own")
        compiled.unlink()


# ----------------------------------------------------------------------------

def run(maps, built):
    made = maps.types()
    for kind in built:
        if kind in ("texthash", "inline", "fail"):
            continue
        if kind in COMPILED + ["pcre", "regexp", "cidr"] and \
                kind not in made:
            print(f"{kind}: not looked at: this postmap has none")
            continue
        if kind in COMPILED:
            for test in (test_compiled, test_without_nul, test_missing,
                         test_permission, test_replaced, test_truncated,
                         test_storm):
                test(maps, kind)
        elif kind in ("pcre", "regexp"):
            test_patterns(maps, kind)
            test_missing(maps, kind)
    if "pcre" in made and "pcre" in built:
        compare(maps, "pcre", maps.write("pcre", PCRE), PCRE_KEYS)
    compare(maps, "regexp", maps.write("regexp", REGEXP), REGEXP_KEYS)
    test_networks(maps)
    test_missing(maps, "cidr")
    if "sqlite" in built:
        test_sqlite(maps)
        test_sqlite_trouble(maps)
        test_missing(maps, "sqlite")
    test_million(maps, [kind for kind in ("lmdb", "cdb")
                        if kind in made and kind in built])


def main():
    if not os.access(POSTMAP, os.X_OK):
        print("there is no postmap: the files of Postfix cannot be made")
        return 77
    built = subprocess.run([ASK, "--types"], check=True, capture_output=True,
                           text=True).stdout.split()
    with tempfile.TemporaryDirectory() as folder:
        run(Maps(folder), built)
    for fault in faults:
        print(fault)
    print(f"{checked} checks, {len(faults)} faults")
    return 1 if faults or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
