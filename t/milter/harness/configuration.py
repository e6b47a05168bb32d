"""Configurations, as Python values, and as libconfig has them.

A dict is a group, a list a list, a tuple an array.
"""

import copy


def strict(keys):
    """A whole configuration of which tests change what they are about.

    alice is an address of her own and has an alias; she and bob act for
    sales. example.org signs with two keys, example.net with one.
    """
    return {
        "host_name": "mx.example.org",
        "stop_timeout": 10,
        # Every MAIL has its record here.
        "audit": {"transfer": True},
        "tables": {
            "logins": inline(
                ("sales@example.org", "alice@example.org, bob@example.org"),
                ("@example.net", "dave@example.net"),
            ),
            "aliases": inline(
                ("alice@example.org", "alias@example.org"),
                ("joe", "joe@example.org"),
            ),
        },
        "rights": {
            "tables": [
                {"table": "logins", "key": "address", "right": "acts-for"},
                {"table": "aliases", "key": "identity", "right": "own"},
            ]
        },
        "dkim": {
            "domains": [
                signing(keys, "example.org", "rsa", "ed"),
                signing(keys, "example.net", "rsa"),
            ]
        },
    }


def inline(*rows):
    """A table with these rows."""
    return {"type": "inline", "rows": [tuple(row) for row in rows]}


def signing(keys, domain, *selectors):
    """A domain that signs with its keys of those selectors."""
    return {
        "domain": domain,
        "keys": [{"selector": s, "file": str(keys.path(domain, s))} for s in selectors],
    }


def profile(name, **options):
    """A profile for the listener {daemon_name} of the same name."""
    return {"name": name, "listeners": [{"daemon_name": name}], **options}


def changed(configuration, **changes):
    """A copy with changes: groups are merged, all else takes the other's place.

    None takes an option out.
    """
    result = copy.deepcopy(configuration)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = changed(result[name], **value)
        else:
            result[name] = value
    return result


def text(configuration):
    """The configuration in the syntax of libconfig."""
    return "".join("%s = %s;\n" % (n, written(v)) for n, v in configuration.items())


def written(value):
    """A value in the syntax of libconfig."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"%s"' % value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    if isinstance(value, dict):
        return "{ %s}" % "".join("%s = %s; " % (n, written(v)) for n, v in value.items())
    marks = "[%s]" if isinstance(value, tuple) else "(%s)"
    return marks % ", ".join(map(written, value))
