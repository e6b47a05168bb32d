/*
 * test_config_faults - what is wrong with a configuration, and where.
 * Proves: X41 (unknown option, wrong type, empty list, table that does not
 * open: an error with file and line; nothing is silently ignored), X14
 * (unsafe key files), D7b (texts of replies).
 */
#include "config_fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

struct fault_case {
	const char *text;
	const char *want;	/* after "FOLDER/main.conf"; "" in full: @DIR@ */
};

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X250 X50 X50 X50 X50 X50

static void
check_error(const char *text, const char *got, const char *want)
{
	char *expanded = folder_expand(want);

	if (got == NULL || strcmp(got, expanded) != 0)
		fail_msg("%s\ngot  %s\nwant %s", text,
		    got == NULL ? "nothing" : got, expanded);
	free(expanded);
}

static void
check_fault(const struct fault_case *c)
{
	struct config *config;
	char *error = NULL, want[1024];

	folder_write("main.conf", c->text);
	config = folder_load(NULL, 0, &error);
	if (config != NULL)
		fail_msg("%s: got no error, want %s", c->text, c->want);
	(void)snprintf(want, sizeof(want), "%s%s",
	    c->want[0] == ':' ? "@DIR@/main.conf" : "", c->want);
	check_error(c->text, error, want);
	free(error);
}

static void
check_faults(const struct fault_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_fault(&cases[i]);
}

#define CHECK(cases) check_faults(cases, sizeof(cases) / sizeof(cases[0]))

/* --- names ---------------------------------------------------------------- */

static const struct fault_case name_cases[] = {
	{ "sockt = \"x\";",
	    ":1: there is no option \"sockt\", did you mean \"socket\"?" },
	{ "\n\nmemory: {\n\n mesage = 5; };",
	    ":5: there is no option \"memory.mesage\", did you mean "
	    "\"message\"?" },
	{ "default_profile: { rules: { form-rights = \"off\"; }; };",
	    ":1: there is no option \"default_profile.rules.form-rights\", "
	    "did you mean \"from-rights\"?" },
	{ "profiles = ( { name = \"x\";\n listener = ( ); } );",
	    ":2: there is no option \"profiles.listener\", did you mean "
	    "\"listeners\"?" },
	{ "something_else = 1;",
	    ":1: there is no option \"something_else\"" },
	{ "Socket = \"x\";",
	    ":1: there is no option \"Socket\", did you mean \"socket\"?" },
	{ "default_profile: { name = \"x\"; };",
	    ":1: there is no option \"default_profile.name\"" },
	{ "tables: { t: { type = \"fail\"; fyle = \"x\"; }; };",
	    ":1: there is no option \"tables.t.fyle\", did you mean "
	    "\"file\"?" },
	{ "replies: { texts: { auth_missing = \"x\"; }; };",
	    ":1: there is no option \"replies.texts.auth_missing\", did you "
	    "mean \"auth-missing\"?" },
	{ "stop_timeout = 1;\nstop_timeout = 2;",
	    ":2: this name is set twice" },
	{ "tables: { t: { type = \"fail\"; };\n t: { type = \"fail\"; }; };",
	    ":2: this name is set twice" },
};

static void
test_names(void **state)
{
	(void)state;
	CHECK(name_cases);
}

/* --- types and ranges ----------------------------------------------------- */

static const struct fault_case type_cases[] = {
	{ "socket = 5;",
	    ":1: socket: must be a string in quotes, not a number" },
	{ "socket_mode = 0660;",
	    ":1: socket_mode: must be a string in quotes, not a number" },
	{ "stop_timeout = \"5\";",
	    ":1: stop_timeout: must be a whole number, not a string" },
	{ "stop_timeout = 1.5;", ":1: stop_timeout: must be a whole number, "
	    "not a number with a fraction" },
	{ "audit: { syslog = 1; };",
	    ":1: audit.syslog: must be true or false, not a number" },
	{ "audit: { syslog = \"yes\"; };",
	    ":1: audit.syslog: must be true or false, not a string" },
	{ "memory = 5;", ":1: memory: must be a group { }, not a number" },
	{ "memory = ( );",
	    ":1: memory: must be a group { }, not a list ( )" },
	{ "log: { level = true; };",
	    ":1: log.level: must be a string in quotes, not true or false" },
	{ "tables = ( );", ":1: tables: must be a group { } of named groups, "
	    "not a list ( )" },
	{ "tables: { t = 5; };",
	    ":1: tables.t: must be a group { }, not a number" },
	{ "profiles: { };", ":1: profiles: must be a list ( ) of groups { }, "
	    "not a group { }" },
	{ "profiles = [ ];", ":1: profiles: must be a list ( ) of groups { }, "
	    "not an array [ ]" },
	{ "profiles = ( \"x\" );",
	    ":1: profiles: must be a group { }, not a string" },
	{ "default_profile: { trusted_networks = ( \"::1\" ); };",
	    ":1: default_profile.trusted_networks: must be an array [ ] of "
	    "networks, not a list ( )" },
	{ "default_profile: { trusted_networks = [ 5 ]; };",
	    ":1: default_profile.trusted_networks: must be a string in "
	    "quotes, not a number" },
	{ "default_profile: { trusted_networks = [ \"::1\", 5 ]; };",
	    ":1: all elements of an array must be of one type" },
	{ "stop_timeout = -1;",
	    ":1: stop_timeout: must be from 0 to 3600, not -1" },
	{ "stop_timeout = 3601;",
	    ":1: stop_timeout: must be from 0 to 3600, not 3601" },
	{ "stop_timeout = 5000L;",
	    ":1: stop_timeout: must be from 0 to 3600, not 5000" },
	{ "dkim: { minimum_rsa_bits = 1023; };",
	    ":1: dkim.minimum_rsa_bits: must be from 1024 to 16384, "
	    "not 1023" },
	{ "profiles = ( { name = \"x\"; listeners = (\n"
	    "{ daemon_port = 0; } ); } );",
	    ":2: profiles.listeners.daemon_port: must be from 1 to 65535, "
	    "not 0" },
	{ "memory: { message = 4294967297; };",
	    ":1: the number is too large" },
	{ "memory: { message = 99999999999999999999999999L; };",
	    ":1: the number is too large" },
	{ "memory: { message = 0x100000001; };",
	    ":1: the number is too large" },
	{ "memory: { message = 0xffffffff; };",
	    ":1: the number is too large" },
	{ "memory: { message = -2147483649; };",
	    ":1: the number is too large" },
	{ "log: { level = \"loud\"; };",
	    ":1: log.level: must be \"error\", \"warning\", \"info\" or "
	    "\"debug\", not \"loud\"" },
	{ "default_profile: { tls: { minimum_version = \"1\"; }; };",
	    ":1: default_profile.tls.minimum_version: must be \"1.0\", "
	    "\"1.1\", \"1.2\" or \"1.3\", not \"1\"" },
	{ "default_profile: { rules: { from-rights = \"Warn\"; }; };",
	    ":1: default_profile.rules.from-rights: must be \"enforce\", "
	    "\"warn\" or \"off\", not \"Warn\"" },
	{ "socket_mode = \"0888\";",
	    ":1: socket_mode: must be permissions in octal, such as "
	    "\"0640\", not \"0888\"" },
	{ "socket_mode = \"1777\";",
	    ":1: socket_mode: must be permissions in octal, such as "
	    "\"0640\", not \"1777\"" },
	{ "socket_mode = \"\";",
	    ":1: socket_mode: must be permissions in octal, such as "
	    "\"0640\", not \"\"" },
	{ "host_name = \"m\\xfcller.example\";",
	    ":1: host_name: is not UTF-8" },
	{ "memory: { message = 300000; total = 270000; };",
	    ":1: memory.total: memory.message must not be more than "
	    "memory.total" },
	{ "memory: { message = 300000000; };",
	    ":1: memory.message: memory.message must not be more than "
	    "memory.total" },
	{ "memory: { total = 300000; };",
	    ":1: memory.total: memory.message must not be more than "
	    "memory.total" },
};

static void
test_types(void **state)
{
	(void)state;
	CHECK(type_cases);
}

/* --- values --------------------------------------------------------------- */

static const struct fault_case value_cases[] = {
	{ "socket = \"\";", ":1: socket: must be unix:PATH, inet:PORT@HOST "
	    "or inet6:PORT@HOST" },
	{ "socket = \"/run/x\";", ":1: socket: must be unix:PATH, "
	    "inet:PORT@HOST or inet6:PORT@HOST" },
	{ "socket = \"unix:x\";",
	    ":1: socket: wants an absolute path: unix:/PATH" },
	{ "socket = \"unix:/" X50 X50 "12345678\";",
	    ":1: socket: has a path that is too long for a socket" },
	{ "socket = \"inet:x@y\";",
	    ":1: socket: wants a port: inet:PORT@HOST" },
	{ "socket = \"inet:0@y\";",
	    ":1: socket: wants a port between 1 and 65535" },
	{ "socket = \"inet:65536@y\";",
	    ":1: socket: wants a port between 1 and 65535" },
	{ "socket = \"inet:25\";",
	    ":1: socket: wants a host after the port: inet:PORT@HOST" },
	{ "socket = \"inet6:25@\";",
	    ":1: socket: wants a host after the port: inet:PORT@HOST" },
	{ "panic: { maximum = 600; };",
	    ":1: panic.maximum: panic.time must not be more than "
	    "panic.maximum" },
	{ "control: { socket = \"x.sock\"; };",
	    ":1: control.socket: must be an absolute path, one that begins "
	    "with /" },
	{ "pid_file = \"x.pid\";",
	    ":1: pid_file: must be an absolute path, one that begins with /" },
	{ "audit: { file = \"x\"; };", ":1: audit.file: must be an absolute "
	    "path, one that begins with /" },
	{ "user = \"no such user\";",
	    ":1: user: there is no user \"no such user\"" },
	{ "group = \"no such group\";",
	    ":1: group: there is no group \"no such group\"" },
	{ "socket_group = \"no such group\";",
	    ":1: socket_group: there is no group \"no such group\"" },
	{ "host_name = \"mx\";",
	    ":1: host_name: must be a fully qualified domain name" },
	{ "host_name = \"[192.0.2.1]\";",
	    ":1: host_name: must be a domain name" },
	{ "host_name = \"a..b\";",
	    ":1: host_name: domain has an empty label" },
	{ "identity: { realm = \"@example.org\"; };",
	    ":1: identity.realm: must have none of @ , : \" and no white "
	    "space" },
	{ "rights: { delimiters = \"+x\"; };",
	    ":1: rights.delimiters: must be signs that may stand in a local "
	    "part, no letters or digits" },
	{ "rights: { delimiters = \"@\"; };",
	    ":1: rights.delimiters: must be signs that may stand in a local "
	    "part, no letters or digits" },
	{ "rights: { delimiters = \"+-.=!#$%&\"; };",
	    ":1: rights.delimiters: must be at most 8 characters" },
	{ "default_profile: {\n trusted_networks = [\n \"192.0.2.0/24\",\n"
	    " \"192.0.2.1/24\" ]; };",
	    ":4: default_profile.trusted_networks: \"192.0.2.1/24\": "
	    "bits are set beyond the prefix" },
	{ "default_profile: { sign_fallback_domain = \"example.org\"; };",
	    ":1: default_profile.sign_fallback_domain: the domain "
	    "\"example.org\" has no keys in dkim.domains" },
	{ "profiles = ( { name = \"x\";\n"
	    " listeners = ( { daemon_name = \"X\"; } );\n"
	    " sign_fallback_domain = \"Example.org\"; } );",
	    ":3: profiles.sign_fallback_domain: the domain \"example.org\" "
	    "has no keys in dkim.domains" },
};

static void
test_values(void **state)
{
	(void)state;
	CHECK(value_cases);
}

/* --- tables --------------------------------------------------------------- */

static const struct fault_case table_cases[] = {
	{ "tables: { t: { }; };", ":1: tables.t: \"type\" is missing" },
	{ "tables: {\n t: { type = \"hesiod\"; }; };",
	    ":2: tables.t.type: must be a type of table of this build "
	    "(@TYPES@), not \"hesiod\"" },
	{ "tables: { t: { type = \"texthash\"; }; };",
	    ":1: tables.t: \"file\" is missing" },
	{ "tables: { t: { type = \"inline\"; }; };",
	    ":1: tables.t: \"rows\" is missing" },
	{ "tables: { t: { type = \"inline\"; rows = ( ); }; };",
	    ":1: tables.t.rows: must not be empty" },
	{ "tables: { t: { type = \"inline\"; rows = ( \"a\" ); }; };",
	    ":1: tables.t.rows: must be an array [ key, value ], not a "
	    "string" },
	{ "tables: { t: { type = \"inline\"; rows = ( [ \"a\" ] ); }; };",
	    ":1: tables.t.rows: a row must be [ key, value ], two strings" },
	{ "tables: { t: { type = \"inline\"; rows = ( [ 1, 2 ] ); }; };",
	    ":1: tables.t.rows: must be a string in quotes, not a number" },
	{ "tables: { t: { type = \"inline\"; rows = (\n"
	    " [ \"a\", \"b\" ],\n [ \"\", \"b\" ] ); }; };",
	    ":3: tables.t.rows: key and value of a row must not be empty" },
	{ "tables: { t: { type = \"inline\"; rows = (\n"
	    " [ \"a\", \"b\" ],\n [ \"A\", \"b\" ] ); }; };",
	    ":1: tables.t: the key \"A\" is there twice" },
	{ "tables: { t: { type = \"inline\"; file = \"/x\";\n"
	    " rows = ( [ \"a\", \"b\" ] ); }; };",
	    ":1: tables.t.file: a table of this type has no such option" },
	{ "tables: { t: { type = \"texthash\"; file = \"/x\";\n"
	    " rows = ( [ \"a\", \"b\" ] ); }; };",
	    ":2: tables.t.rows: a table of this type has no such option" },
	{ "tables: { t: { type = \"texthash\"; file = \"\"; }; };",
	    ":1: tables.t.file: must not be empty" },
	{ "tables: { t: { type = \"texthash\"; file = \"x\"; }; };",
	    ":1: tables.t.file: must be an absolute path, one that begins "
	    "with /" },
	{ "\ntables: {\n t: { type = \"texthash\"; file = \"@DIR@/none\"; };"
	    " };", ":3: tables.t: @DIR@/none: No such file or directory" },
	{ "tables: { t: { type = \"texthash\"; file = \"@DIR@/bad\"; }; };",
	    ":1: tables.t: @DIR@/bad:2: a key without value (wanted: key, "
	    "white space, value)" },
	{ "rights: { tables = (\n { } ); };",
	    ":2: rights.tables: \"table\" is missing" },
	{ "rights: { tables = (\n { table = \"t\"; } ); };",
	    ":2: rights.tables.table: there is no table \"t\"" },
	{ "rights: { primary = \"t\"; };",
	    ":1: rights.primary: there is no table \"t\"" },
	{ "tables: { t: { type = \"fail\"; }; };\n"
	    "identity: { fold_case = false; };\n"
	    "rights: { tables = (\n"
	    " { table = \"t\"; },\n"
	    " { table = \"t\"; key = \"identity\"; } ); };",
	    ":5: rights.tables.table: table \"t\" cannot serve both "
	    "addresses and identities while rights.fold_local_part and "
	    "identity.fold_case differ" },
};

static void
test_tables(void **state)
{
	char types[256] = "";

	(void)state;
	for (size_t i = 0; table_type(i) != NULL; i++)
		(void)snprintf(types + strlen(types),
		    sizeof(types) - strlen(types), "%s%s", i == 0 ? "" : ", ",
		    table_type(i));
	folder_write("bad", "a b\nc\n");
	for (size_t i = 0; i < sizeof(table_cases) / sizeof(table_cases[0]);
	    i++) {
		struct fault_case c = table_cases[i];
		const char *place = strstr(c.want, "@TYPES@");
		char want[1024];

		if (place != NULL) {
			(void)snprintf(want, sizeof(want), "%.*s%s%s",
			    (int)(place - c.want), c.want, types, place + 7);
			c.want = want;
		}
		check_fault(&c);
	}
}

/* --- profiles, keys, replies ---------------------------------------------- */

#define PROFILE(name) "{ name = \"" name "\"; listeners = (" \
	" { daemon_name = \"X\"; } ); }"
#define DOMAIN(name, keys) "dkim: { domains = (\n { domain = \"" name \
	"\"; keys = ( " keys " ); } ); };"
#define KEY(selector, file) \
	"{ selector = \"" selector "\"; file = \"" file "\"; }"

static const struct fault_case profile_cases[] = {
	{ "profiles = ( { listeners = ( { daemon_port = 25; } ); } );",
	    ":1: profiles: \"name\" is missing" },
	{ "profiles = (\n { name = \"x\"; } );",
	    ":2: profiles: \"listeners\" is missing" },
	{ "profiles = ( { name = \"x\"; listeners = ( ); } );",
	    ":1: profiles.listeners: must not be empty" },
	{ "profiles = ( { name = \"x\"; listeners = ( { } ); } );",
	    ":1: profiles.listeners: a listener wants daemon_name, "
	    "daemon_port or daemon_addr" },
	{ "profiles = ( { name = \"x\"; listeners = (\n"
	    " { daemon_name = \"\"; } ); } );",
	    ":2: profiles.listeners.daemon_name: must not be empty" },
	{ "profiles = ( { name = \"x\"; listeners = (\n"
	    " { daemon_addr = \"localhost\"; } ); } );",
	    ":2: profiles.listeners.daemon_addr: must be an IP address" },
	{ "profiles = ( " PROFILE("x") ",\n" PROFILE("x") " );",
	    ":2: profiles.name: the profile \"x\" is there twice" },
	{ "profiles = ( " PROFILE("default") " );",
	    ":1: profiles.name: must not be \"default\": that is "
	    "default_profile" },
	{ "profiles = ( " PROFILE("a b") " );",
	    ":1: profiles.name: must be of letters, digits and - _ ." },
	{ "profiles = ( " PROFILE(X50 "123456789012345") " );",
	    ":1: profiles.name: must be of 1 to 64 characters" },
	{ "profiles = ( " PROFILE("") " );",
	    ":1: profiles.name: must not be empty" },
};

static const struct fault_case dkim_cases[] = {
	{ DOMAIN("example.org", ""),
	    ":2: dkim.domains.domain: has no keys, and there is neither "
	    "dkim.key_directory nor dkim.key_table" },
	{ "dkim: { domains = ( { domain = \"example.org\"; } ); };",
	    ":1: dkim.domains.domain: has no keys, and there is neither "
	    "dkim.key_directory nor dkim.key_table" },
	{ "dkim: { key_directory = \"keys\"; };",
	    ":1: dkim.key_directory: must be an absolute path, one that "
	    "begins with /" },
	{ "dkim: { key_table = \"keys\"; };",
	    ":1: dkim.key_table: there is no table \"keys\"" },
	{ "dkim: { signed_fields = [ \"Bcc\" ]; };",
	    ":1: dkim.signed_fields: \"Bcc\": must not be signed: the field changes "
	    "on the way" },
	{ "dkim: { oversigned_fields = [ \"ARC-Seal\" ]; };",
	    ":1: dkim.oversigned_fields: \"ARC-Seal\": must not be signed: the field "
	    "changes on the way" },
	{ "dkim: { signed_fields = [ \"X Y\" ]; };",
	    ":1: dkim.signed_fields: \"X Y\": must be the name of a field" },
	{ "dkim: { unsigned_fields = [ \"from\" ]; };",
	    ":1: dkim.unsigned_fields: \"from\": must not be From: RFC 6376 wants it "
	    "signed" },
	{ "dkim: { identity = \"user\"; };",
	    ":1: dkim.identity: must be \"none\", \"domain\" or "
	    "\"address\", not "
	    "\"user\"" },
	{ DOMAIN("*.example.org", KEY("a", "@DIR@/key")),
	    ":2: dkim.domains.domain: domain has a character that is not "
	    "allowed" },
	{ "dkim: { domains = ( { domain = \"example.org\"; keys = ( {"
	    " selector = \"a\"; file = \"@DIR@/key\";"
	    " not_before = \"2026-02-29\"; } ); } ); };",
	    ":1: dkim.domains.keys.not_before: must be a time like "
	    "2026-12-01 or 2026-12-01T00:00:00Z" },
	{ DOMAIN("", KEY("a", "@DIR@/key")),
	    ":2: dkim.domains.domain: must not be empty" },
	{ DOMAIN("example", KEY("a", "@DIR@/key")),
	    ":2: dkim.domains.domain: must be a fully qualified domain "
	    "name" },
	{ DOMAIN("example.org", "{ selector = \"a\"; }"),
	    ":2: dkim.domains.keys: \"file\" is missing" },
	{ DOMAIN("example.org", KEY("a_b", "@DIR@/key")),
	    ":2: dkim.domains.keys.selector: must be a selector: labels of "
	    "letters, digits and hyphens, joined by dots" },
	{ DOMAIN("example.org", KEY("", "@DIR@/key")),
	    ":2: dkim.domains.keys.selector: must not be empty" },
	{ DOMAIN("example.org", KEY("a", "key")),
	    ":2: dkim.domains.keys.file: must be an absolute path, one that "
	    "begins with /" },
	{ "dkim: { domains = (\n"
	    " { domain = \"b\xc3\xbc" "cher.example\"; keys = ( "
	    KEY("a", "@DIR@/key") " ); },\n"
	    " { domain = \"XN--Bcher-kva.example\"; keys = ( "
	    KEY("b", "@DIR@/key") " ); } ); };",
	    ":3: dkim.domains.domain: the domain \"xn--bcher-kva.example\" "
	    "is there twice" },
};

static const struct fault_case reply_cases[] = {
	{ "replies: { texts: { auth-missing = \"\"; }; };",
	    ":1: replies.texts.auth-missing: must not be empty" },
	{ "replies: { texts: { auth-missing = \"B\xc3\xbc" "cher\"; }; };",
	    ":1: replies.texts.auth-missing: must be printable ASCII" },
	{ "replies: { texts: { auth-missing = \"a\\r\\nb\"; }; };",
	    ":1: replies.texts.auth-missing: must be printable ASCII" },
	{ "replies: { texts: { auth-missing = \"a\\n\\nb\"; }; };",
	    ":1: replies.texts.auth-missing: must not have empty lines" },
	{ "replies: { texts: { auth-missing = \"a\\n\"; }; };",
	    ":1: replies.texts.auth-missing: must not have empty lines" },
	{ "replies: { texts: { auth-missing = \"" X250 "x\"; }; };",
	    ":1: replies.texts.auth-missing: must have no line of more than "
	    "250 characters" },
	{ "replies: { texts: { auth-missing = "
	    "\"1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n10\\n11\"; }; };",
	    ":1: replies.texts.auth-missing: must have no more than 10 "
	    "lines" },
	{ "replies: { texts: { auth-missing = \"what {}?\"; }; };",
	    ":1: replies.texts.auth-missing: must have no {}: there is "
	    "nothing to put there" },
	{ "replies: { texts: { tls-bits = \"{} or {}\"; }; };",
	    ":1: replies.texts.tls-bits: must have {} only once" },
	{ "replies: { contact = \"t\xc3\xa9l 1\"; };",
	    ":1: replies.contact: must be printable ASCII" },
};

static void
test_profiles(void **state)
{
	(void)state;
	CHECK(profile_cases);
	CHECK(dkim_cases);
	CHECK(reply_cases);
}

/* --- keys ----------------------------------------------------------------- */

static void
write_rsa(const char *name, unsigned bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);
	FILE *file = fopen(folder_path(name), "w");

	assert_non_null(key);
	assert_non_null(file);
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL,
	    NULL), 1);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(folder_path(name), 0600), 0);
	EVP_PKEY_free(key);
}

/* The keyring's words are its own; file and line are ours. */
static void
check_key_fails(const char *text, const char *want)
{
	struct config *config;
	char *error = NULL, *begin;

	folder_write("main.conf", text);
	config = folder_load(NULL, 0, &error);
	assert_null(config);
	assert_non_null(error);
	begin = folder_expand(want);
	if (strncmp(error, begin, strlen(begin)) != 0)
		fail_msg("got %s, want %s...", error, begin);
	free(begin);
	free(error);
}

static void
test_keys(void **state)
{
	static const char weak[] = "dkim: { minimum_rsa_bits = 1024;"
	    " domains = ( { domain = \"example.org\"; keys = ( "
	    KEY("a", "@DIR@/weak") " ); } ); };";
	struct config *config;
	char *error = NULL;

	(void)state;
	check_key_fails(DOMAIN("example.org", KEY("a", "@DIR@/key") ",\n"
	    KEY("b", "@DIR@/none")), "@DIR@/main.conf:3: dkim.domains.keys: ");
	check_key_fails(DOMAIN("example.org", KEY("a", "@DIR@/rows")),
	    "@DIR@/main.conf:2: dkim.domains.keys: ");
	check_key_fails(DOMAIN("example.org", KEY("a", "@DIR@/key") ",\n"
	    KEY("a", "@DIR@/key")), "@DIR@/main.conf:3: dkim.domains.keys: ");
	write_rsa("weak", 1024);
	check_key_fails(DOMAIN("example.org", KEY("a", "@DIR@/weak")),
	    "@DIR@/main.conf:2: dkim.domains.keys: ");
	folder_write("main.conf", weak);
	config = folder_load(NULL, 0, &error);
	if (config == NULL)
		fail_msg("got %s", error);
	assert_int_equal(keyring_size(config->keyring), 1);
	config_unref(&config);
	/* Readable by all. */
	assert_int_equal(chmod(folder_path("weak"), 0644), 0);
	check_key_fails(weak, "@DIR@/main.conf:1: dkim.domains.keys: ");
}

/* --- syntax --------------------------------------------------------------- */

static const struct fault_case syntax_cases[] = {
	{ "stop_timeout = ;", ":1: syntax error here or just before" },
	{ "stop_timeout = 5\n}\n", ":2: syntax error here or just before" },
	{ "stop_timeout = 5;\n/* x\n\n", ":2: the comment that begins here "
	    "is not closed" },
	{ "stop_timeout = 5;\nsocket = \"unix:\n\n", ":2: the string that "
	    "begins here is not closed" },
	{ "socket = \"unix:\\", ":1: the string that begins here is not "
	    "closed" },
	{ "socket = \"unix:\\x00\";", ":1: NUL in a string" },
	{ "\xc3\xa4 = 5;", ":1: syntax error here or just before" },
	{ "@include \"none.conf\"",
	    ":1: @DIR@/none.conf: No such file or directory" },
	{ "\n@include \"@DIR@\"", ":2: @DIR@: is not a regular file" },
	{ "@include \"\"", ":1: @include wants a file name in quotes" },
	{ "@include none.conf", ":1: @include wants a file name in quotes" },
	{ "@include \"none.conf\n\"",
	    ":1: @include wants a file name in quotes" },
	{ "@include", ":1: @include wants a file name in quotes" },
	{ "@include \"a\" stop_timeout = 5;",
	    ":1: nothing may follow @include \"FILE\" on its line" },
	{ "stop_timeout = 5; @include \"a\"",
	    ":1: syntax error here or just before" },
	/* Lines of the file that has them, before, within and after. */
	{ "stop_tmeout = 1;\n@include \"fine\"",
	    ":1: there is no option \"stop_tmeout\", did you mean "
	    "\"stop_timeout\"?" },
	{ "\n@include \"wrong\"\n", "@DIR@/wrong:3: there is no option "
	    "\"stop_tmeout\", did you mean \"stop_timeout\"?" },
	{ "@include \"outer\"\n", "@DIR@/wrong:3: there is no option "
	    "\"stop_tmeout\", did you mean \"stop_timeout\"?" },
	{ "@include \"fine\"\n\nsockt = \"x\";", ":3: there is no option "
	    "\"sockt\", did you mean \"socket\"?" },
	{ "@include \"fine\" # x\nstop_timeout = 2;",
	    ":2: this name is set twice" },
	{ "@include \"syntax\"\n", "@DIR@/syntax:2: syntax error here or "
	    "just before" },
	{ "@include \"open\"\n", "@DIR@/open:1: the comment that begins "
	    "here is not closed" },
	{ "\n@include \"missing\"\n", "@DIR@/missing:2: @DIR@/none: No such "
	    "file or directory" },
	{ "@include \"itself\"\n", "@DIR@/itself:1: files include each other "
	    "more than 10 deep" },
};

static void
test_syntax(void **state)
{
	(void)state;
	folder_write("fine", "stop_timeout = 5;");
	folder_write("wrong", "# x\n\nstop_tmeout = 5;\n");
	folder_write("outer", "\n\n  @include \"wrong\"\n");
	folder_write("syntax", "\n5\n");
	folder_write("open", "/* x\n");
	folder_write("missing", "\n@include \"none\"\n");
	folder_write("itself", "@include \"itself\"\n");
	CHECK(syntax_cases);
}

/* Files that cannot be read as text at all. */
static void
test_files(void **state)
{
	static const char nul[] = "stop_timeout = 5;\n\0sockt = 5;\n";
	struct config *config;
	char *error = NULL;

	(void)state;
	folder_write_octets("main.conf", nul, sizeof(nul) - 1);
	assert_null(folder_load(NULL, 0, &error));
	check_error("NUL", error, "@DIR@/main.conf: NUL in the file");
	free(error);
	assert_int_equal(unlink(folder_path("main.conf")), 0);
	assert_null(folder_load(NULL, 0, &error));
	check_error("none", error,
	    "@DIR@/main.conf: No such file or directory");
	free(error);
	assert_int_equal(mkdir(folder_path("main.conf"), 0700), 0);
	assert_null(folder_load(NULL, 0, &error));
	check_error("folder", error,
	    "@DIR@/main.conf: is not a regular file");
	free(error);
	assert_int_equal(rmdir(folder_path("main.conf")), 0);
	folder_write("main.conf", "#");
	assert_int_equal(truncate(folder_path("main.conf"),
	    (16 << 20) + 1), 0);
	assert_null(folder_load(NULL, 0, &error));
	check_error("large", error,
	    "@DIR@/main.conf: is larger than 16777216 octets");
	free(error);
	/* A file that includes itself many times does not take for ever. */
	folder_write("main.conf", "@include \"main.conf\"\n"
	    "@include \"main.conf\"\n");
	assert_null(folder_load(NULL, 0, &error));
	check_error("itself", error, "@DIR@/main.conf:1: files include each "
	    "other more than 10 deep");
	free(error);
	/* No line end at the end. */
	folder_write("main.conf", "stop_timeout = 5");
	config = folder_load(NULL, 0, &error);
	assert_non_null(config);
	assert_int_equal(config->stop_timeout, 5);
	config_unref(&config);
}

/* --- -o ------------------------------------------------------------------- */

static const struct {
	struct config_override override;
	const char *want;	/* after "command line: -o NAME=VALUE: " */
} override_cases[] = {
	{ { "sockt", "x" }, "there is no option \"sockt\", did you mean "
	    "\"socket\"?" },
	{ { "memory.mesage", "5" }, "there is no option \"mesage\", did you "
	    "mean \"message\"?" },
	{ { "memry.message", "5" }, "there is no option \"memry\", did you "
	    "mean \"memory\"?" },
	{ { "", "5" }, "there is no option \"\"" },
	{ { "memory..message", "5" }, "there is no option \"\"" },
	{ { "socket.x", "5" }, "there are no options within \"socket\"" },
	{ { "memory", "5" },
	    "only options with a single value can be set here" },
	{ { "default_profile.trusted_networks", "::1" },
	    "only options with a single value can be set here" },
	{ { "profiles.[0]", "x" }, "this is no option: \"[0]\"" },
	{ { "profiles.[9].sign", "off" }, "the file has no \"[9]\"" },
	{ { "profiles.[x].sign", "off" }, "the file has no \"[x]\"" },
	{ { "profiles.0.sign", "off" }, "the file has no \"0\"" },
	{ { "tables.none.file", "/x" }, "the file has no \"none\"" },
	{ { "stop_timeout", "5s" }, "the value must be a number" },
	{ { "stop_timeout", "" }, "the value must be a number" },
	{ { "stop_timeout", "99999999999" }, "the value must be a number" },
	{ { "audit.syslog", "yes" }, "the value must be true or false" },
	{ { "stop_timeout", "4000" },
	    "stop_timeout: must be from 0 to 3600, not 4000" },
	{ { "log.level", "x" }, "log.level: must be \"error\", "
	    "\"warning\", \"info\" or \"debug\", not \"x\"" },
	{ { "rights.primary", "none" },
	    "rights.primary: there is no table \"none\"" },
	{ { "profiles.[1].name", "submission" },
	    "profiles.name: the profile \"submission\" is there twice" },
	{ { "memory.total", "270000" }, "memory.total: memory.message must "
	    "not be more than memory.total" },
};

static void
test_overrides(void **state)
{
	(void)state;
	folder_write("main.conf", folder_everything);
	for (size_t i = 0; i < sizeof(override_cases) /
	    sizeof(override_cases[0]); i++) {
		const struct config_override *o = &override_cases[i].override;
		char want[512], *error = NULL;

		(void)snprintf(want, sizeof(want),
		    "command line: -o %s=%s: %s", o->name, o->value,
		    override_cases[i].want);
		assert_null(folder_load(o, 1, &error));
		check_error(o->name, error, want);
		free(error);
	}
}

/* What the file has in the place of a group is not overwritten. */
static void
test_override_of_nonsense(void **state)
{
	const struct config_override override = { "memory.total", "5" };
	char *error = NULL;

	(void)state;
	folder_write("main.conf", "memory = 5;");
	assert_null(folder_load(&override, 1, &error));
	check_error("memory", error, "command line: -o memory.total=5: in the "
	    "file, something else than options is in \"memory\"");
	free(error);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_override_of_nonsense),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
