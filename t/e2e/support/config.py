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
    return configuration.replace("@LAB_KEYS@", str(lab.folder / "keys"))
