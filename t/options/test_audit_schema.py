#!/usr/bin/python3
"""The JSON Schema of audit records knows the names of the manual, and no others.

Proves: A6 (field names documented). That records are as the schema says is
looked at wherever tests read them: t/lab/lab/records.py."""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "t" / "lab"))

from lab import records  # noqa: E402

MANUAL = TOP / "submit-milter" / "submit-milter-audit.5"

RECORD = {
    "v": 1,
    "id": "01M80BCRBY5G4W2303P2P0ME52",
    "time": "2026-11-22T00:44:42.238184Z",
    "duration_us": 12,
    "host": None,
    "session": "01M80BCRBY5G4W2303P2P0ME53",
    "listener": {"daemon_name": None, "daemon_addr": None, "daemon_port": None},
    "profile": "submission",
    "client": {"address": "192.0.2.1", "port": 1, "name": None, "helo": None},
    "result": "no-mail",
}

WRONG = (
    {"v": 2},
    {"id": "x"},
    {"time": "2026-11-22T00:44:42Z"},
    {"result": "passed"},
    {"client": {}},
    {"subject": "hello"},
)

faults = []


def names(schema, prefix=""):
    """Each name with those that it is in: envelope.recipients[].address."""
    found = set()
    for part in schema.get("anyOf", []):
        found |= names(part, prefix)
    if "items" in schema:
        found |= names(schema["items"], prefix + "[]")
    for name, part in schema.get("properties", {}).items():
        path = prefix + "." + name if prefix else name
        found |= {path} | names(part, path)
    return found


def is_right(record):
    try:
        records.check_record(record)
    except AssertionError:
        return False
    return True


schemas = records.validators()["message"].schema["$defs"]
in_manual = set(re.findall(r"^\.It Cm (\S+)", MANUAL.read_text(), re.M))
in_schema = names(schemas["message"])
for name in sorted(in_manual ^ in_schema):
    where = "manual" if name in in_manual else "schema"
    faults.append("%s is only in the %s" % (name, where))
for name in sorted(names(schemas["connection"]) - in_schema):
    faults.append("%s is not in the record of a message" % name)
if not is_right(RECORD):
    faults.append("a right record is refused")
for change in WRONG:
    if is_right({**RECORD, **change}):
        faults.append("taken for right: %r" % change)
for fault in faults:
    print(fault)
sys.exit(1 if faults else 0)
