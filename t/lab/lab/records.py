"""Audit records against contrib/audit-schema.json, to the letter."""

import functools
import json
import pathlib

import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parents[3] / "contrib" / "audit-schema.json"


def strict(schema):
    """The schema without names that it does not know, which it lets others have."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: strict(part) for name, part in schema.items()}
    if "properties" in schema and "required" in schema:
        schema["additionalProperties"] = False
    return schema


@functools.lru_cache(maxsize=None)
def validators():
    """For records of messages and of connections; the schema itself is looked at."""
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    schema = strict(schema)
    return {
        name: jsonschema.Draft202012Validator(
            {"$ref": "#/$defs/" + name, "$defs": schema["$defs"]}
        )
        for name in ("message", "connection")
    }


def check_record(record):
    """Fails unless it is as the schema says; returns it."""
    is_message = record.get("result") != "no-mail"
    error = jsonschema.exceptions.best_match(
        validators()["message" if is_message else "connection"].iter_errors(record)
    )
    assert error is None, "record: %s: %s\n%r" % (error.json_path, error.message, record)
    return record
