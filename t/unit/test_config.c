/*
 * test_config - what a configuration says once it is read.
 * Proves: X41 (types, defaults, -t says what is effective), X43 (what a
 * reload may change; references), D3.1 A1 (profiles chosen by listener,
 * strict submission for the rest), X44 (tables by name), D7b (own texts).
 */
#include "config_fixture.h"

#include <string.h>
#include <syslog.h>

#include "base/deadline.h"
#include "table/key.h"

static struct config *
load(const char *text)
{
	struct config *config;
	char *error = NULL;

	folder_write("main.conf", text);
	config = folder_load(NULL, 0, &error);
	if (config == NULL)
		fail_msg("got %s, want none", error);
	assert_null(error);
	return config;
}

/* An empty file is strict submission. */
static void
test_defaults(void **state)
{
	struct config *config = load("");
	const struct profile *p = &config->default_profile;

	(void)state;
	assert_string_equal(config->socket,
	    "unix:/run/submit-milter/milter.sock");
	assert_int_equal(config->socket_mode, 0660);
	assert_string_equal(config->socket_group, "");
	assert_string_equal(config->user, "");
	assert_string_equal(config->group, "");
	assert_string_equal(config->pid_file, "");
	assert_string_equal(config->state_directory,
	    "/var/lib/submit-milter");
	assert_int_equal(config->seccomp, SECCOMP_AUTO);
	assert_int_equal(config->panic.time, 3600);
	assert_int_equal(config->panic.maximum, 86400);
	assert_string_equal(config->control.socket,
	    "/run/submit-milter/control.sock");
	assert_int_equal(config->control.mode, 0600);
	assert_string_equal(config->control.group, "");
	assert_string_equal(config->host_name, "");
	assert_int_equal(config->stop_timeout, 20);
	assert_int_equal(config->memory.message, 4194304);
	assert_int_equal(config->memory.total, 268435456);
	assert_int_equal(config->log.target, LOG_TARGET_STDERR);
	assert_int_equal(config->log.facility, LOG_MAIL);
	assert_int_equal(config->log.level, LOG_LEVEL_INFO);
	assert_string_equal(config->audit.file, "");
	assert_int_equal(config->audit.file_mode, 0640);
	assert_false(config->audit.syslog);
	assert_int_equal(config->audit.facility, LOG_MAIL);
	assert_int_equal(config->table_count, 0);
	assert_true(config->rights.self);
	assert_string_equal(config->rights.delimiters, "+");
	assert_true(config->rights.fold_local_part);
	assert_int_equal(config->rights.table_count, 0);
	assert_null(config->rights.primary);
	assert_string_equal(config->rights.identity.realm, "");
	assert_true(config->rights.identity.fold_case);
	assert_true(keystore_is_empty(config->keystore));
	assert_int_equal(config->signers[0].settings.header, CANON_RELAXED);
	assert_int_equal(config->signers[0].settings.body, CANON_SIMPLE);
	assert_int_equal(keyring_size(config->keyring), 0);
	assert_int_equal(config->signer_count, 1);
	assert_string_equal(config->replies.contact, "");
	for (int i = 0; i < REASON_COUNT; i++)
		assert_null(config->replies.texts[i]);
	assert_string_equal(p->name, "default");
	for (int i = 0; i < RULE_COUNT; i++)
		assert_int_equal(p->rules[i], RULE_ENFORCE);
	assert_int_equal(p->tls.minimum_version, 12);
	assert_int_equal(p->tls.minimum_bits, 128);
	assert_int_equal(p->trusted_network_count, 0);
	assert_false(p->address_literals);
	assert_int_equal(p->limits.header_size, 32000);
	assert_int_equal(p->limits.field_size, 28000);
	assert_int_equal(p->limits.fields, 500);
	assert_int_equal(p->limits.mime_depth, 30);
	assert_int_equal(p->limits.address_tokens, 10000);
	assert_true(p->complete.date && p->complete.message_id &&
	    p->complete.sender && p->complete.destination);
	assert_false(p->complete.sender_from_envelope);
	assert_int_equal(p->sign, SIGN_WITH_RIGHTS);
	assert_string_equal(p->sign_fallback_domain, "");
	assert_int_equal(config->profile_count, 0);
	config_unref(&config);
	assert_null(config);
	config_unref(&config);
}

static void
test_everything(void **state)
{
	struct config *config = load(folder_everything);
	const struct rights *rights = &config->rights;
	const struct key_list keys = keyring_find(config->keyring,
	    SPAN("xn--bcher-kva.example"));
	char *audit = folder_expand("@DIR@/audit");

	(void)state;
	assert_string_equal(config->socket, "inet:8891@127.0.0.1");
	assert_int_equal(config->socket_mode, 0666);
	assert_string_equal(config->host_name, "mx.example.org");
	assert_int_equal(config->stop_timeout, 5);
	assert_int_equal(config->memory.message, 300000);
	assert_int_equal(config->memory.total, 600000);
	assert_int_equal(config->log.target, LOG_TARGET_SYSLOG);
	assert_int_equal(config->log.facility, LOG_LOCAL3);
	assert_int_equal(config->log.level, LOG_LEVEL_DEBUG);
	assert_string_equal(config->audit.file, audit);
	assert_int_equal(config->audit.file_mode, 0600);
	assert_true(config->audit.syslog);
	assert_int_equal(config->audit.facility, LOG_LOCAL4);
	assert_string_equal(rights->identity.realm, "example.org");
	assert_string_equal(rights->delimiters, "+-");
	assert_int_equal(config->table_count, 4);
	assert_int_equal(rights->table_count, 2);
	assert_string_equal(table_name(rights->tables[0].table), "logins");
	assert_false(rights->tables[0].is_by_identity);
	assert_int_equal(rights->tables[0].right, RIGHT_ACTS_FOR);
	assert_string_equal(table_name(rights->tables[1].table), "extra");
	assert_true(rights->tables[1].is_by_identity);
	assert_int_equal(rights->tables[1].right, RIGHT_OWN);
	assert_string_equal(table_name(rights->primary), "first");
	assert_int_equal(config->signers[0].settings.header, CANON_RELAXED);
	assert_int_equal(config->signers[0].settings.body, CANON_RELAXED);
	assert_int_equal(keyring_size(config->keyring), 3);
	assert_int_equal(keys.n, 1);
	assert_string_equal(signing_key_selector(keys.v[0]), "a");
	assert_string_equal(config->replies.contact,
	    "Ask postmaster@example.org");
	assert_string_equal(config->replies.texts[REASON_AUTH_MISSING],
	    "Log in,\nplease");
	assert_string_equal(config->replies.texts[REASON_FROM_NOT_ALLOWED],
	    "{}: not yours");
	assert_null(config->replies.texts[REASON_MEMORY]);
	free(audit);
	config_unref(&config);
}

/* A profile has what it says, and else what default_profile has. */
static void
test_inheritance(void **state)
{
	struct config *config = load(folder_everything);
	const struct profile *d = &config->default_profile;
	const struct profile *p = &config->profiles[0];
	const struct profile *q = &config->profiles[1];

	(void)state;
	assert_int_equal(config->profile_count, 2);
	assert_string_equal(d->name, "default");
	assert_int_equal(d->listener_count, 0);
	assert_int_equal(d->rules[RULE_HEADER_FQDN], RULE_WARN);
	assert_int_equal(d->rules[RULE_TLS_REQUIRED], RULE_ENFORCE);
	assert_int_equal(d->trusted_network_count, 2);
	assert_int_equal(d->trusted_networks[0].prefix, 96 + 24);
	assert_int_equal(d->trusted_networks[1].prefix, 32);
	assert_string_equal(d->sign_fallback_domain, "example.org");

	assert_string_equal(p->name, "submission");
	assert_int_equal(p->listener_count, 2);
	assert_int_equal(p->rules[RULE_HEADER_FQDN], RULE_WARN);
	assert_int_equal(p->rules[RULE_TLS_REQUIRED], RULE_OFF);
	assert_int_equal(p->limits.fields, 400);
	assert_int_equal(p->limits.mime_depth, 7);
	assert_int_equal(p->trusted_network_count, 2);
	assert_int_equal(p->sign, SIGN_AUTHENTICATED);
	assert_string_equal(p->sign_fallback_domain, "");

	assert_string_equal(q->name, "other");
	assert_int_equal(q->rules[RULE_HEADER_FQDN], RULE_ENFORCE);
	assert_int_equal(q->rules[RULE_AUTH_REQUIRED], RULE_OFF);
	assert_int_equal(q->rules[RULE_TLS_REQUIRED], RULE_ENFORCE);
	assert_int_equal(q->limits.fields, 400);
	assert_int_equal(q->limits.mime_depth, 30);
	assert_int_equal(q->trusted_network_count, 0);
	assert_int_equal(q->tls.minimum_version, 13);
	assert_int_equal(q->tls.minimum_bits, 256);
	assert_false(q->complete.date);
	assert_true(q->complete.sender_from_envelope);
	assert_true(q->address_literals);
	assert_int_equal(q->sign, SIGN_OFF);
	assert_string_equal(q->sign_fallback_domain, "example.org");
	config_unref(&config);
}

/* default_profile counts wherever in the file it stands. */
static void
test_order(void **state)
{
	struct config *config = load(
	    "profiles = ( { name = \"x\";"
	    " listeners = ( { daemon_name = \"X\"; } ); } );\n"
	    "rights: { tables = ( { table = \"t\"; } ); };\n"
	    "tables: { t: { type = \"fail\"; }; };\n"
	    "default_profile: { limits: { fields = 77; }; };\n");

	(void)state;
	assert_int_equal(config->profiles[0].limits.fields, 77);
	config_unref(&config);
}

/* --- listeners ------------------------------------------------------------ */

static const char listeners[] =
    "profiles = (\n"
    "	{ name = \"both\"; listeners = (\n"
    "		{ daemon_name = \"MSA\"; daemon_port = 587; } ); },\n"
    "	{ name = \"address\"; listeners = (\n"
    "		{ daemon_addr = \"2001:db8::1\"; },\n"
    "		{ daemon_addr = \"127.0.0.1\"; daemon_port = 465; } ); },\n"
    "	{ name = \"name\"; listeners = ( { daemon_name = \"MSA\"; } ); },\n"
    "	{ name = \"port\"; listeners = ( { daemon_port = 25; } ); }\n"
    ");\n";

static const struct {
	const char *name, *addr, *port;
	const char *want;
} listener_cases[] = {
	{ "", "", "", "default" },
	{ "MX", "192.0.2.1", "2525", "default" },
	{ "msa", "", "587", "default" },
	{ "MSAX", "", "587", "default" },
	{ "", "", "587", "default" },
	{ "", "", "0025", "port" },
	{ "", "", "25x", "default" },
	{ "", "", "+25", "default" },
	{ "", "", "65561", "default" },
	{ "", "", "99999999999999999999", "default" },
	{ "", "127.0.0.1", "587", "default" },
	{ "", "2001:db8::2", "587", "default" },
	{ "", "[2001:db8::1]", "587", "default" },
	{ "MSA", "", "587", "both" },
	{ "MSA", "2001:db8::1", "587", "both" },
	{ "MSA", "2001:db8::1", "588", "address" },
	{ "", "2001:DB8:0:0::1", "", "address" },
	{ "", "127.0.0.1", "465", "address" },
	{ "", "::ffff:127.0.0.1", "465", "address" },
	{ "MSA", "127.0.0.1", "466", "name" },
	{ "MSA", "", "", "name" },
	{ "MSA", "", "25", "name" },
	{ "X", "", "25", "port" },
};

static void
test_listeners(void **state)
{
	struct config *config = load(listeners);

	(void)state;
	for (size_t i = 0; i < sizeof(listener_cases) /
	    sizeof(listener_cases[0]); i++) {
		const struct profile *got = config_profile(config,
		    span_of(listener_cases[i].name),
		    span_of(listener_cases[i].addr),
		    span_of(listener_cases[i].port));

		if (strcmp(got->name, listener_cases[i].want) != 0)
			fail_msg("%s %s %s: got %s, want %s",
			    listener_cases[i].name, listener_cases[i].addr,
			    listener_cases[i].port, got->name,
			    listener_cases[i].want);
	}
	assert_ptr_equal(config_profile(config, (struct span){ NULL, 0 },
	    (struct span){ NULL, 0 }, (struct span){ NULL, 0 }),
	    &config->default_profile);
	config_unref(&config);
}

/* --- tables --------------------------------------------------------------- */

static bool
has_row(const struct table *table, const char *key)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	struct span value;
	const char *why;
	bool found = table_lookup(table, span_of(key), DEADLINE_NEVER, arena,
	    &value, &why) == LOOKUP_FOUND;

	arena_free(&arena);
	return found;
}

/* Keys of a table are folded as those are that ask. */
static void
test_table_case(void **state)
{
	static const char tables[] =
	    "tables: { a: { type = \"inline\"; rows = ( [ \"Ann\", \"x\" ] ); };"
	    " b: { type = \"inline\"; rows = ( [ \"Bob\", \"x\" ] ); }; };\n"
	    "rights: { fold_local_part = false; tables = (\n"
	    " { table = \"a\"; }, { table = \"b\"; key = \"identity\"; } ); };";
	struct config *config = load(tables);

	(void)state;
	assert_true(has_row(config->tables[0], "Ann"));
	assert_false(has_row(config->tables[0], "ann"));
	assert_false(has_row(config->tables[1], "Bob"));
	assert_true(has_row(config->tables[1], "bob"));
	config_unref(&config);
}

/* --- -o ------------------------------------------------------------------- */

static void
test_overrides(void **state)
{
	static const struct config_override overrides[] = {
		{ "socket", "inet:25@localhost" },
		{ "stop_timeout", "7" },
		{ "stop_timeout", "8" },
		{ "audit.syslog", "true" },
		{ "log.level", "error" },
		{ "memory.total", "600000" },
		{ "identity.realm", "" },
		{ "default_profile.rules.from-rights", "warn" },
		{ "default_profile.tls.minimum_version", "1.0" },
		{ "profiles.[1].name", "renamed" },
		{ "profiles.[0].rules.return-path", "off" },
		{ "profiles.[0].listeners.[1].daemon_addr", "::1" },
		{ "tables.extra.type", "fail" },
		{ "replies.texts.memory", "Full, try again" },
	};
	struct config *config;
	char *error = NULL;

	(void)state;
	/* With another type the rows must go, so this one cannot be loaded. */
	folder_write("main.conf", folder_everything);
	assert_null(folder_load(&overrides[12], 1, &error));
	free(error);
	config = folder_load(overrides, 12, &error);
	if (config == NULL)
		fail_msg("got %s", error);
	assert_string_equal(config->socket, "inet:25@localhost");
	assert_int_equal(config->stop_timeout, 8);
	assert_true(config->audit.syslog);
	assert_int_equal(config->log.level, LOG_LEVEL_ERROR);
	assert_int_equal(config->memory.total, 600000);
	assert_string_equal(config->rights.identity.realm, "");
	assert_int_equal(config->default_profile.rules[RULE_FROM_RIGHTS],
	    RULE_WARN);
	assert_int_equal(config->profiles[0].rules[RULE_FROM_RIGHTS],
	    RULE_WARN);
	assert_int_equal(config->profiles[0].tls.minimum_version, 10);
	assert_string_equal(config->profiles[1].name, "renamed");
	assert_int_equal(config->profiles[0].rules[RULE_RETURN_PATH],
	    RULE_OFF);
	assert_string_equal(config->profiles[0].listeners[1].daemon_addr,
	    "::1");
	config_unref(&config);

	/* Groups that the file does not have are made. */
	folder_write("main.conf", "");
	config = folder_load(&overrides[13], 1, &error);
	assert_non_null(config);
	assert_string_equal(config->replies.texts[REASON_MEMORY],
	    "Full, try again");
	config_unref(&config);
}

/* --- reload --------------------------------------------------------------- */

static const struct {
	const char *text;
	const char *want;
} restart_cases[] = {
	{ "", NULL },
	{ "stop_timeout = 3; audit: { syslog = true; };"
	    "log: { level = \"error\"; }; host_name = \"x.example\";", NULL },
	{ "socket = \"inet:25@localhost\";", "socket" },
	{ "socket_mode = \"0600\";", "socket_mode" },
	{ "socket_group = \"daemon\";", "socket_group" },
	{ "user = \"daemon\";", "user" },
	{ "group = \"daemon\";", "group" },
	{ "pid_file = \"/run/x.pid\";", "pid_file" },
	{ "seccomp = \"off\";", "seccomp" },
	{ "state_directory = \"/run\";", "state_directory" },
	{ "control: { socket = \"/run/x\"; };", "control.socket" },
	{ "control: { mode = \"0660\"; };", "control.mode" },
	{ "control: { group = \"daemon\"; };", "control.group" },
	{ "memory: { message = 270000; };", "memory.message" },
	{ "memory: { total = 70000000; };", "memory.total" },
};

static void
test_needs_restart(void **state)
{
	struct config *old = load("");

	(void)state;
	for (size_t i = 0; i < sizeof(restart_cases) /
	    sizeof(restart_cases[0]); i++) {
		struct config *new = load(restart_cases[i].text);
		const char *got = config_needs_restart(old, new);
		const char *want = restart_cases[i].want;

		if ((got == NULL) != (want == NULL) ||
		    (got != NULL && strcmp(got, want) != 0))
			fail_msg("%s: got %s, want %s", restart_cases[i].text,
			    got == NULL ? "nothing" : got,
			    want == NULL ? "nothing" : want);
		config_unref(&new);
	}
	config_unref(&old);
}

/* A transaction keeps what it began with; a broken file changes nothing. */
static void
test_references(void **state)
{
	struct config *config = load(folder_everything), *pinned;
	char *error = NULL;

	(void)state;
	pinned = config_ref(config);
	assert_ptr_equal(pinned, config);
	folder_write("main.conf", "broken");
	assert_null(folder_load(NULL, 0, &error));
	assert_non_null(error);
	free(error);
	config_unref(&config);
	assert_null(config);
	assert_string_equal(pinned->profiles[0].name, "submission");
	assert_int_equal(keyring_size(pinned->keyring), 3);
	config_unref(&pinned);
}

/* --- -t ------------------------------------------------------------------- */

/* All but the first line, which names the file. */
static const char *
body(const char *text)
{
	return strchr(text, '\n') + 1;
}

/* What -t prints is a configuration that prints the same. */
static void
check_round_trip(const char *text)
{
	struct config *config = load(text);
	char *first = folder_print(config), *second;

	config_unref(&config);
	config = load(first);
	second = folder_print(config);
	/* Warnings name lines; they come last and may differ. */
	*strstr(first, "# warning") = '\0';
	*strstr(second, "# warning") = '\0';
	assert_string_equal(body(first), body(second));
	free(first);
	free(second);
	config_unref(&config);
}

static void
test_print_round_trip(void **state)
{
	(void)state;
	check_round_trip("");
	check_round_trip(folder_everything);
	check_round_trip(listeners);
	check_round_trip("tables: { t: { type = \"inline\"; rows = ("
	    " [ \"\\\"a \\\\ b\\\"@x\", \"c\\td\" ] ); }; };");
}

static void
check_has(const char *text, const char *want)
{
	if (strstr(text, want) == NULL)
		fail_msg("got %s, want %s", text, want);
}

static void
check_has_not(const char *text, const char *want)
{
	if (strstr(text, want) != NULL)
		fail_msg("got %s, want it without %s", text, want);
}

static void
test_print_values(void **state)
{
	struct config *config = load(folder_everything);
	char *text = folder_print(config);

	(void)state;
	check_has(text, "\nsocket = \"inet:8891@127.0.0.1\";\n");
	check_has(text, "\nuser = \"\";\t# default\n");
	check_has(text, "\n\ttrusted_networks = "
	    "[ \"192.0.2.0/24\", \"2001:db8::/32\" ];\n");
	check_has(text, "\tfields = 400;\t# as default_profile\n");
	check_has(text, "\tmime_depth = 7;\n");
	check_has(text, "auth-missing = \"Log in,\\nplease\";\n");
	check_has(text, "\tdomain = \"xn--bcher-kva.example\";\n");
	free(text);
	config_unref(&config);
}

/* Each MUST that is turned off, and only those. */
static void
test_print_musts(void **state)
{
	struct config *config = load(folder_everything);
	char *text = folder_print(config);

	(void)state;
	check_has(text, "\n# MUSTs of the sources that this configuration "
	    "turns off:\n"
	    "#\theader-fqdn is warn in profile \"default\": domains in "
	    "address fields are fully qualified (RFC 6409 section 4.2)\n"
	    "#\theader-fqdn is warn in profile \"submission\": domains in "
	    "address fields are fully qualified (RFC 6409 section 4.2)\n"
	    "#\tauth-required is off in profile \"other\": a client that "
	    "has not authenticated may not submit (RFC 6409 section 4.3, "
	    "RFC 5068 section 3.1)\n"
	    "# warning");
	check_has_not(text, "tls-required is");
	free(text);
	config_unref(&config);
	config = load("");
	text = folder_print(config);
	check_has(text, "\n# MUSTs of the sources that this configuration "
	    "turns off:\n#\tnone\n");
	free(text);
	config_unref(&config);
}

static const struct {
	const char *text;
	const char *want;
} warning_cases[] = {
	{ "tables: {\n t: { type = \"fail\"; }; };",
	    "# warning: table \"t\" (@DIR@/main.conf:2) is used nowhere\n" },
	{ "tables: { t: { type = \"texthash\"; file = \"@DIR@/twice\"; }; };",
	    "# warning: table \"t\": @DIR@/twice:2: the first row counts, "
	    "not this one, for the key \"a\"\n" },
	{ "rights: { self = false; };",
	    "# warning: nobody has a right to any address: rights.self is "
	    "false and rights.tables is empty\n" },
	{ "", "# warning: no audit records are kept: audit.file is empty "
	    "and audit.syslog is false\n" },
	{ "", "# warning: profile \"default\" signs nothing: dkim.domains "
	    "is empty\n" },
	{ "default_profile: { sign = \"authenticated\"; };",
	    "# warning: profile \"default\" has sign = \"authenticated\": "
	    "mail is signed for domains that its sender may have no right "
	    "to\n" },
	{ "profiles = (\n"
	    " { name = \"a\"; listeners = ( { daemon_name = \"X\"; },"
	    " { daemon_port = 25; } ); },\n"
	    " { name = \"b\"; listeners = ("
	    " { daemon_name = \"X\"; daemon_port = 26; },"
	    " { daemon_port = 25; daemon_addr = \"::1\"; } ); } );",
	    "# warning: profile \"b\" is never used: profiles before it "
	    "match all of its listeners\n" },
	{ "", ", texthash, " },
};

static void
test_print_warnings(void **state)
{
	(void)state;
	folder_write("twice", "a b\na c\n");
	for (size_t i = 0; i < sizeof(warning_cases) /
	    sizeof(warning_cases[0]); i++) {
		struct config *config = load(warning_cases[i].text);
		char *text = folder_print(config);
		char *want = folder_expand(warning_cases[i].want);

		check_has(text, want);
		free(want);
		free(text);
		config_unref(&config);
	}
}

static void
test_print_no_warnings(void **state)
{
	struct config *config = load(
	    "audit: { syslog = true; }; default_profile: { sign = \"off\"; };"
	    "profiles = ( { name = \"a\"; listeners = ("
	    " { daemon_name = \"X\"; daemon_port = 25; } ); },\n"
	    " { name = \"b\"; listeners = ( { daemon_name = \"X\"; },"
	    " { daemon_port = 25; } ); } );");
	char *text = folder_print(config);

	(void)state;
	check_has_not(text, "# warning");
	free(text);
	config_unref(&config);
}

/* --- @include ------------------------------------------------------------- */

/* Comments and strings include nothing. */
static void
test_include_quoted(void **state)
{
	struct config *config = load(
	    "/* @include \"not this\"\n@include \"nor this\" */\n"
	    "# @include \"nor this\"\n"
	    "replies: { contact = \"x\n"
	    "@include y\"; };\n");

	(void)state;
	assert_string_equal(config->replies.contact, "x\n@include y");
	config_unref(&config);
}

static void
test_include(void **state)
{
	struct config *config;

	(void)state;
	folder_write("inner.conf", "stop_timeout = 9;\n\t@include \"more\"");
	folder_write("more", "log: { level = \"error\"; };");
	folder_write("values", "message = 270000;\n");
	config = load(
	    "@include \"inner.conf\"   # a comment\n"
	    "memory: {\n"
	    "	@include \"@DIR@/values\"\n"
	    "	total = 280000;\n"
	    "};\n");
	assert_int_equal(config->stop_timeout, 9);
	assert_int_equal(config->log.level, LOG_LEVEL_ERROR);
	assert_int_equal(config->memory.message, 270000);
	assert_int_equal(config->memory.total, 280000);
	config_unref(&config);
}

/* --- options -------------------------------------------------------------- */

/* Each rule but the fixed ones is an option. */
static void
test_options(void **state)
{
	static const char *const rules[] = {
#define RULE(id, name, must, help) name,
#define FIXED_RULE(id, name, must, help)
#include "policy/rules.def"
#undef RULE
#undef FIXED_RULE
	};
	const struct config_option *option, *other;

	(void)state;
	for (size_t i = 0; (option = config_option(i)) != NULL; i++) {
		if (option->help == NULL || option->help[0] == '\0' ||
		    option->type == NULL)
			fail_msg("%s: got no help or type", option->path);
		for (size_t k = 0; k < i; k++) {
			other = config_option(k);
			if (strcmp(other->path, option->path) == 0)
				fail_msg("%s: got it twice", option->path);
		}
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		char path[128];
		bool found = false;

		(void)snprintf(path, sizeof(path), "default_profile.rules.%s",
		    rules[i]);
		for (size_t k = 0; (option = config_option(k)) != NULL; k++)
			found = found || strcmp(option->path, path) == 0;
		if (!found)
			fail_msg("%s: got no option, want one", path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_inheritance),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_table_case),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_needs_restart),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_print_round_trip),
		cmocka_unit_test(test_print_values),
		cmocka_unit_test(test_print_musts),
		cmocka_unit_test(test_print_warnings),
		cmocka_unit_test(test_print_no_warnings),
		cmocka_unit_test(test_include_quoted),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
