#!/usr/bin/python3
"""Every option stands in schema, sample file and manual alike.

Proves: X46 (each option in sample file, man page and schema alike), X41 (the
sample is a right configuration, as it stands and with every option set).

The schema comes from t/options/dump, which is built with the unit tests.
In the sample file an option that is commented out has no blank after "#".
In the manual an option is a line ".It Ic PATH", and the sentence after it
says type, range and default in the words of type_line()."""

import contextlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
DUMP = os.environ.get("OPTIONS_DUMP", "t/options/dump")
SAMPLE = TOP / "conf/submit-milter.conf"
MANUAL = TOP / "submit-milter/submit-milter.conf.5"

GROUPS = {"group", "groups by name", "list of groups"}
ARRAYS = {"array of networks", "array of strings"}

# What is in lists and named groups is an example, no default.
EXAMPLES = ("dkim.domains.", "groups.", "overrides.", "profiles.",
            "rewrites.", "rights.tables.", "tables.")

# A key for this test alone.
KEY = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIHaB15ey8kjeojCBsIUUrTY6gHTZdv7yvOumd9HkqVz/
-----END PRIVATE KEY-----
"""

faults = []


def check(is_right, text):
    if not is_right:
        faults.append(text)


def rows(what=None):
    command = [DUMP] + ([what] if what else [])
    output = subprocess.run(command, check=True, capture_output=True,
                            text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def type_line(option):
    """Type, range and default as the manual has them."""
    kind, default = option["type"], option["default"]
    if kind == "boolean":
        words = "Boolean"
    elif kind == "integer":
        words = f"Integer from {option['min']} to {option['max']}"
    elif kind == "choice":
        words = "One of " + ", ".join(option["choices"])
    elif kind == "mode":
        words = "Octal mode"
    else:
        words = kind[0].upper() + kind[1:]
    if option["required"]:
        words += "; required"
        if option["variants"]:
            words += " for type " + ", ".join(option["variants"].split())
        if option["nonempty"]:
            words += ", not empty"
    elif kind in GROUPS | ARRAYS:
        pass
    elif default is None:
        words += "; optional"
    else:
        words += f"; default {default or 'empty'}"
    return words + "."


# --- the sample file -------------------------------------------------------

def uncommented(text):
    """The sample with every option and example in force."""
    return re.sub(r"^(\t*)#(?=[^ #])", r"\1", text, flags=re.M)


TOKEN = re.compile(r"""
    (?P<skip>\s+|\#[^\n]*|@include[^\n]*)
  | (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<word>[A-Za-z*][-\w*]*|[-+]?\d+)
  | (?P<sign>[{}()\[\]:=;,])""", re.X)


class Reader:
    """As much of libconfig's syntax as the sample needs."""

    def __init__(self, text):
        self.tokens, at = [], 0
        while at < len(text):
            match = TOKEN.match(text, at)
            assert match, f"the sample has {text[at:at + 20]!r}"
            if match.lastgroup != "skip":
                self.tokens.append(match.group())
            at = match.end()
        self.found = {}             # path: values

    def take(self, *wanted):
        if self.tokens and (not wanted or self.tokens[0] in wanted):
            return self.tokens.pop(0)
        return None

    def settings(self, path, end):
        while not self.take(end) and self.tokens:
            name = self.take()
            assert self.take(":", "="), f"no value after {name}"
            self.value(path + [name])
            self.take(";", ",")

    def value(self, path):
        name = ".".join(path)
        if self.take("{"):
            self.found.setdefault(name, [])
            self.settings(path, "}")
        elif self.take("("):
            self.found.setdefault(name, [])
            while not self.take(")"):
                if self.take("{"):
                    self.settings(path, "}")
                else:
                    self.take()
        elif self.take("["):
            self.found.setdefault(name, [])
            while not self.take("]"):
                self.take()
        else:
            self.found.setdefault(name, []).append(self.take())


def sample_options(text, options):
    """Path to values, names of map members left out."""
    reader = Reader(text)
    reader.settings([], None)
    maps = [o["path"] for o in options if o["type"] == "groups by name"]
    found = {}
    for path, values in reader.found.items():
        for name in maps:
            if path.startswith(name + "."):
                rest = path[len(name) + 1:].split(".")[1:]
                path = ".".join([name] + rest)
        found.setdefault(path, []).extend(values)
    return found


def check_sample(options):
    text = SAMPLE.read_text()
    found = sample_options(uncommented(text), options)
    known = {o["path"] for o in options}
    # A profile may have whatever default_profile has.
    found = {path: values for path, values in found.items()
             if path in known or
             path.replace("profiles.", "default_profile.", 1) not in known}
    for path in sorted(known - set(found)):
        check(False, f"{SAMPLE.name}: got no {path}, want one")
    for path in sorted(set(found) - known):
        check(False, f"{SAMPLE.name}: got {path}, which is no option")
    for option in options:
        default = option["default"]
        if (default is None or option["type"] in GROUPS | ARRAYS or
                option["path"].startswith(EXAMPLES)):
            continue
        values = found.get(option["path"], [])
        want = default if option["type"] in ("boolean", "integer") else \
            json.dumps(default)
        check(values == [want],
              f"{SAMPLE.name}: {option['path']}: got {values}, want {want}")
    active = sample_options(text, options)
    for path, values in active.items():
        check(not values, f"{SAMPLE.name}: {path} should be commented out")


def load(path):
    done = subprocess.run([DUMP, "--load", path], capture_output=True,
                          text=True)
    return done.returncode, done.stdout + done.stderr


def check_sample_loads():
    status, output = load(SAMPLE)
    check(status == 0, f"the sample does not load: {output}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "key").write_text(KEY)
        (folder / "key").chmod(0o600)
        (folder / "rows").write_text("a@example.org\tb@example.org\n")
        text = uncommented(SAMPLE.read_text())
        text = re.sub(r'"/etc/submit-milter/keys/[^"]*"',
                      f'"{folder}/key"', text)
        text = text.replace("/etc/postfix/sender_logins", f"{folder}/rows")
        with contextlib.closing(sqlite3.connect(folder / "users.db")) as users:
            users.execute("CREATE TABLE users (login, state)")
        text = text.replace("/var/lib/mail/users.db", f"{folder}/users.db")
        (folder / "all.conf").write_text(text)
        status, output = load(folder / "all.conf")
        if "this build has no sqlite tables" in output:
            print("the sample in full: not looked at: there is no SQLite")
            return
        check(status == 0, f"the sample in full does not load: {output}")
        check("# default" in output, "nothing of the sample is a default")


# --- the manuals -----------------------------------------------------------

def sentence(lines):
    """The first one, joined if it takes several lines."""
    words = []
    for line in lines:
        words.append(line)
        if line.endswith("."):
            break
    return " ".join(words)


def check_manual(options, reasons):
    lines = MANUAL.read_text().splitlines()
    found = {}
    for at, line in enumerate(lines):
        match = re.fullmatch(r"\.It Ic (\S+)", line)
        if match:
            check(match.group(1) not in found,
                  f"{MANUAL.name}: {match.group(1)} is there twice")
            found[match.group(1)] = sentence(lines[at + 1:])
    texts = {f"replies.texts.{r['name']}" for r in reasons}
    known = {o["path"]: o for o in options if o["path"] not in texts}
    for path in sorted(set(known) - set(found)):
        check(False, f"{MANUAL.name}: got no {path}, want one")
    for path in sorted(set(found) - set(known)):
        check(False, f"{MANUAL.name}: got {path}, which is no option")
    for path in sorted(set(found) & set(known)):
        want = type_line(known[path])
        check(found[path] == want,
              f"{MANUAL.name}: {path}: got {found[path]!r}, want {want!r}")


def check_reasons(reasons):
    text = MANUAL.read_text()
    found = re.findall(r"^\.It Ic (\S+) Ta (\d+ \d\.\d\.\d+) Ta\n(.*)$",
                       text, flags=re.M)
    want = [(r["name"], r["code"], r["text"]) for r in reasons]
    for row in want:
        check(row in found, f"{MANUAL.name}: reasons: got no {row}")
    for row in found:
        check(row in want, f"{MANUAL.name}: reasons: got {row}, want none")


def check_rules(options, rules):
    text = MANUAL.read_text()
    known = {o["path"] for o in options}
    for rule in rules:
        # What no option can switch off goes by its bare name.
        path = "default_profile.rules." + rule["name"]
        head = f"Ic {path}" if path in known else \
            f"Cm {rule['name']}\nAlways enforced."
        entry = re.search(r"^\.It " + re.escape(head) +
                          r"\n(.*?)\n\.(It|El)", text, flags=re.M | re.S)
        check(entry is not None, f"{MANUAL.name}: no rule {rule['name']}")
        if entry is None:
            continue
        if rule["must"]:
            check(f"Demanded by {rule['must']}." in entry.group(1),
                  f"{MANUAL.name}: {rule['name']}: want {rule['must']}")
        else:
            check("Demanded by" not in entry.group(1),
                  f"{MANUAL.name}: {rule['name']} is no MUST")


def check_lint(manual):
    try:
        done = subprocess.run(["mandoc", "-Tlint", "-W", "style", manual],
                              capture_output=True, text=True)
    except FileNotFoundError:
        print(f"{manual.name}: not looked at: there is no mandoc")
        return
    for line in done.stdout.splitlines():
        # Manuals of other projects need not be installed here.
        if "referenced manual not found" not in line:
            check(False, line)


def main():
    options, reasons = rows(), rows("--reasons")
    check(len(options) > 100, f"got {len(options)} options, want more")
    check_sample(options)
    check_sample_loads()
    check_manual(options, reasons)
    check_reasons(reasons)
    check_rules(options, rows("--rules"))
    for manual in sorted((TOP / "submit-milter").glob("*.[1-8]")):
        check_lint(manual)
    for fault in faults:
        print(fault)
    print(f"{len(options)} options, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
