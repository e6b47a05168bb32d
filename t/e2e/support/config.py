"""Configurations for the tests that need another than the lab's own."""

PARTS = {
    "host_name": '"mx.example.org"',
    "tables": """{
	logins: { type = "inline"; rows = (
		[ "sales@example.org", "alice@example.org, bob@example.org" ]
	); };
	aliases: { type = "inline"; rows = (
		[ "alice@example.org", "alias@example.org" ]
	); };
}""",
    "identity": '{ realm = "example.org"; }',
    "rights": """{ tables = (
	{ table = "logins"; key = "address"; right = "acts-for"; },
	{ table = "aliases"; key = "identity"; right = "own"; }
); }""",
    "dkim": """{ domains = ( { domain = "example.org"; keys = (
	{ selector = "rsa"; file = "@LAB_KEYS@/example.org/rsa.key"; },
	{ selector = "ed"; file = "@LAB_KEYS@/example.org/ed.key"; }
); } ); }""",
}


def text(**changes):
    """A configuration file: PARTS, with changes and additions by name.

    A value of None leaves the part out.
    """
    parts = {**PARTS, **changes}
    return "".join(
        "%s = %s;\n" % (name, value) for name, value in parts.items() if value
    )


def filled_in(configuration, lab):
    """A configuration for a reload, in which nobody fills in names."""
    configuration = configuration.replace("@LAB_KEYS@", str(lab.folder / "keys"))
    return configuration.replace("@LAB_DIR@", str(lab.folder))


def inline(**tables):
    """Tables of rows: name=[(key, value), ...], or the text of one."""
    parts = []
    for name, rows in tables.items():
        if not isinstance(rows, str):
            pairs = ", ".join('[ "%s", "%s" ]' % row for row in rows)
            rows = '{ type = "inline"; rows = ( %s ); }' % pairs
        parts.append("%s: %s;" % (name, rows))
    return "{ %s }" % "\n".join(parts)


def names(*words):
    """An array of strings."""
    return "[ %s ]" % ", ".join('"%s"' % word for word in words)
