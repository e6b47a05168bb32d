/*
 * schema.c - see schema.h. The order of the rows is that in which options
 * are read and printed: a section is read after those that it draws on.
 */
#include "config/schema.h"

#include <limits.h>
#include <string.h>
#include <syslog.h>

#include "config/check.h"
#include "config/suggest.h"

#define MILLION 1000000

static const struct choice log_targets[] = {
	{ "stderr", LOG_TARGET_STDERR },
	{ "syslog", LOG_TARGET_SYSLOG },
	{ NULL, 0 },
};

static const struct choice log_levels[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
	{ NULL, 0 },
};

static const struct choice facilities[] = {
	{ "mail", LOG_MAIL },
	{ "daemon", LOG_DAEMON },
	{ "auth", LOG_AUTH },
	{ "authpriv", LOG_AUTHPRIV },
	{ "user", LOG_USER },
	{ "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 },
	{ "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
	{ NULL, 0 },
};

static const struct choice seccomp_modes[] = {
	{ "auto", SECCOMP_AUTO },
	{ "on", SECCOMP_ON },
	{ "off", SECCOMP_OFF },
	{ NULL, 0 },
};

static const struct choice rule_modes[] = {
	{ "enforce", RULE_ENFORCE },
	{ "warn", RULE_WARN },
	{ "off", RULE_OFF },
	{ NULL, 0 },
};

static const struct choice override_modes[] = {
	{ "inherit", RULE_INHERIT },
	{ "enforce", RULE_ENFORCE },
	{ "warn", RULE_WARN },
	{ "off", RULE_OFF },
	{ NULL, 0 },
};

static const struct choice from_modes[] = {
	{ "refuse", FROM_REFUSE },
	{ "fix", FROM_FIX },
	{ NULL, 0 },
};

static const struct choice encrypt_missing[] = {
	{ "refuse", MISSING_REFUSE },
	{ "pass", MISSING_PASS },
	{ NULL, 0 },
};

static const struct choice encrypt_mixed[] = {
	{ "defer", MIXED_DEFER },
	{ "refuse", MIXED_REFUSE },
	{ "pass", MIXED_PASS },
	{ NULL, 0 },
};

static const struct choice encrypt_ciphers[] = {
	{ "aes-256-gcm", SMIME_AES_256_GCM },
	{ "aes-256-cbc", SMIME_AES_256_CBC },
	{ NULL, 0 },
};

static const struct choice eight_bit_modes[] = {
	{ "keep", EIGHT_BIT_KEEP },
	{ "encode", EIGHT_BIT_ENCODE },
	{ "undeclared", EIGHT_BIT_UNDECLARED },
	{ NULL, 0 },
};

static const struct choice foreign_modes[] = {
	{ "keep", FOREIGN_KEEP },
	{ "remove", FOREIGN_REMOVE },
	{ NULL, 0 },
};

static const struct choice dns_failures[] = {
	{ "tempfail", false },
	{ "pass", true },
	{ NULL, 0 },
};

static const struct choice alias_failures[] = {
	{ "tempfail", false },
	{ "leave", true },
	{ NULL, 0 },
};

static const struct choice recipient_scopes[] = {
	{ "any", SCOPE_ANY },
	{ "local", SCOPE_LOCAL },
	{ "listed", SCOPE_LISTED },
	{ "none", SCOPE_NONE },
	{ NULL, 0 },
};

static const struct choice tls_versions[] = {
	{ "1.0", 10 },
	{ "1.1", 11 },
	{ "1.2", 12 },
	{ "1.3", 13 },
	{ NULL, 0 },
};

static const struct choice sign_modes[] = {
	{ "with-rights", SIGN_WITH_RIGHTS },
	{ "authenticated", SIGN_AUTHENTICATED },
	{ "off", SIGN_OFF },
	{ NULL, 0 },
};

static const struct choice grant_keys[] = {
	{ "address", false },
	{ "identity", true },
	{ NULL, 0 },
};

static const struct choice grant_rights[] = {
	{ "own", RIGHT_OWN },
	{ "acts-for", RIGHT_ACTS_FOR },
	{ NULL, 0 },
};

static const struct choice canonicalizations[] = {
	{ "simple/simple", CANON_SIMPLE << 1 | CANON_SIMPLE },
	{ "simple/relaxed", CANON_SIMPLE << 1 | CANON_RELAXED },
	{ "relaxed/simple", CANON_RELAXED << 1 | CANON_SIMPLE },
	{ "relaxed/relaxed", CANON_RELAXED << 1 | CANON_RELAXED },
	{ NULL, 0 },
};

static const struct choice signing_identities[] = {
	{ "none", IDENTITY_NONE },
	{ "domain", IDENTITY_DOMAIN },
	{ "address", IDENTITY_ADDRESS },
	{ NULL, 0 },
};

#define NOWHERE .where = SECTION_NOWHERE, .name = SECTION_NOWHERE
#define PLAIN(id) [id] = { NOWHERE, .also = SECTION_COUNT }

static const struct section sections[] = {
	PLAIN(SECTION_ROOT),
	PLAIN(SECTION_CONTROL),
	PLAIN(SECTION_METRICS),
	PLAIN(SECTION_PANIC),
	PLAIN(SECTION_MEMORY),
	PLAIN(SECTION_LOG),
	PLAIN(SECTION_AUDIT),
	PLAIN(SECTION_STORE),
	PLAIN(SECTION_TOKEN),
	[SECTION_TABLES] = {
		.size = sizeof(struct table_entry),
		.where = offsetof(struct table_entry, where),
		.name = offsetof(struct table_entry, spec.name),
		.also = SECTION_COUNT,
		.variant = "type",
		.kind = "table",
	},
	PLAIN(SECTION_IDENTITY),
	PLAIN(SECTION_ACCOUNTS),
	[SECTION_GROUPS] = {
		NOWHERE,
		.size = sizeof(struct site_group),
		.also = SECTION_COUNT,
	},
	[SECTION_OVERRIDES] = {
		NOWHERE,
		.size = sizeof(struct rule_override),
		.also = SECTION_COUNT,
	},
	PLAIN(SECTION_OVERRIDE_RULES),
	PLAIN(SECTION_RECIPIENTS),
	PLAIN(SECTION_QUALIFY),
	PLAIN(SECTION_ALIASES),
	PLAIN(SECTION_DNS),
	PLAIN(SECTION_DNS_CHECK),
	[SECTION_REWRITES] = {
		.size = sizeof(struct rewrite_table),
		.where = offsetof(struct rewrite_table, where),
		.name = SECTION_NOWHERE,
		.also = SECTION_COUNT,
	},
	PLAIN(SECTION_RIGHTS),
	[SECTION_GRANTS] = {
		.size = sizeof(struct grant),
		.where = offsetof(struct grant, where),
		.name = SECTION_NOWHERE,
		.also = SECTION_COUNT,
	},
	PLAIN(SECTION_PROFILE),
	PLAIN(SECTION_RULES),
	PLAIN(SECTION_TLS),
	PLAIN(SECTION_LIMITS),
	PLAIN(SECTION_COMPLETE),
	PLAIN(SECTION_POSTMASTER),
	PLAIN(SECTION_CONTENT),
	PLAIN(SECTION_PRIVACY),
	PLAIN(SECTION_TRUST),
	PLAIN(SECTION_ENCODE),
	PLAIN(SECTION_BODY),
	PLAIN(SECTION_ENCRYPT),
	PLAIN(SECTION_ENCRYPTION),
	[SECTION_PROFILES] = {
		NOWHERE,
		.size = sizeof(struct profile),
		.also = SECTION_PROFILE,
	},
	[SECTION_LISTENERS] = {
		NOWHERE,
		.size = sizeof(struct listener_match),
		.also = SECTION_COUNT,
	},
	/* The signature first: domains begin with what it says. */
	[SECTION_SIGNATURE] = { NOWHERE, .also = SECTION_DKIM },
	PLAIN(SECTION_DKIM),
	[SECTION_DKIM_DOMAINS] = {
		NOWHERE,
		.size = sizeof(struct dkim_domain),
		.also = SECTION_SIGNATURE,
	},
	[SECTION_DKIM_KEYS] = {
		.size = sizeof(struct dkim_key),
		.where = offsetof(struct dkim_key, where),
		.name = SECTION_NOWHERE,
		.also = SECTION_COUNT,
	},
	PLAIN(SECTION_REPLIES),
	PLAIN(SECTION_TEXTS),
};

_Static_assert(sizeof(sections) / sizeof(sections[0]) == SECTION_COUNT,
    "a row for each section");

/* --- how rows are written ------------------------------------------------- */

#define ROW(id, what, path, kind, initial, help) \
	.section = SECTION_##id, .type = OPTION_##what, \
	.doc = { path, kind, initial, help }
#define AT(type, member) .offset = offsetof(struct type, member)
#define LIST_AT(type, member, number) \
	AT(type, member), .count = offsetof(struct type, number)

#define BOOL(id, path, initial, help, ...) \
	{ ROW(id, BOOL, path, "boolean", initial, help), __VA_ARGS__ }
#define INT(id, path, initial, from, to, help, ...) \
	{ ROW(id, INT, path, "integer", initial, help), .min = from, \
	  .max = to, __VA_ARGS__ }
#define STRING(id, path, initial, help, ...) \
	{ ROW(id, STRING, path, "string", initial, help), __VA_ARGS__ }
#define ENUM(id, path, initial, among, help, ...) \
	{ ROW(id, ENUM, path, "choice", initial, help), .choices = among, \
	  __VA_ARGS__ }
#define MODE(id, path, initial, help, ...) \
	{ ROW(id, MODE, path, "mode", initial, help), __VA_ARGS__ }
#define STRINGS(id, path, help, ...) \
	{ ROW(id, STRINGS, path, "array of strings", "", help), __VA_ARGS__ }
#define GROUP(id, inner, path, help, ...) \
	{ ROW(id, GROUP, path, "group", NULL, help), \
	  .content = SECTION_##inner, __VA_ARGS__ }
#define MAP(id, inner, path, help, ...) \
	{ ROW(id, MAP, path, "groups by name", "", help), \
	  .content = SECTION_##inner, __VA_ARGS__ }
#define LIST(id, inner, path, help, ...) \
	{ ROW(id, LIST, path, "list of groups", "", help), \
	  .content = SECTION_##inner, __VA_ARGS__ }

#define SAME_AS_FIELD .offset = 0	/* a group within the same struct */

/* --- the options ---------------------------------------------------------- */

static const struct option options[] = {
	STRING(ROOT, "socket", "unix:/run/submit-milter/milter.sock",
	    "where the MTA reaches us: unix:PATH, inet:PORT@HOST or "
	    "inet6:PORT@HOST",
	    AT(settings, config.socket), .check = check_socket),
	MODE(ROOT, "socket_mode", "0660",
	    "permissions of a UNIX socket",
	    AT(settings, config.socket_mode)),
	STRING(ROOT, "socket_group", "",
	    "group of a UNIX socket; empty: that of the process",
	    AT(settings, config.socket_group), .check = check_group),
	STRING(ROOT, "user", "",
	    "run as this user when started as root; empty: stay",
	    AT(settings, config.user), .check = check_user),
	STRING(ROOT, "group", "",
	    "run with this group when started as root; empty: the user's",
	    AT(settings, config.group), .check = check_group),
	STRING(ROOT, "pid_file", "",
	    "file for the process id; empty: none",
	    AT(settings, config.pid_file), .check = check_path),
	STRING(ROOT, "state_directory", "/var/lib/submit-milter",
	    "folder for what outlives a restart; empty: nothing does",
	    AT(settings, config.state_directory), .check = check_path),

	ENUM(ROOT, "seccomp", "auto", seccomp_modes,
	    "allow only the system calls that are needed: on, off, or on "
	    "where this build and the kernel can",
	    AT(settings, config.seccomp)),

	GROUP(ROOT, CONTROL, "control", "where submitctl reaches us",
	    SAME_AS_FIELD),
	STRING(CONTROL, "control.socket", "/run/submit-milter/control.sock",
	    "path of a UNIX socket; empty: nowhere",
	    AT(settings, config.control.socket), .check = check_socket_path),
	MODE(CONTROL, "control.mode", "0600", "permissions of that socket",
	    AT(settings, config.control.mode)),
	STRING(CONTROL, "control.group", "",
	    "group of that socket, whose members may ask; empty: none",
	    AT(settings, config.control.group), .check = check_group),

	GROUP(ROOT, METRICS, "metrics", "where Prometheus reads",
	    SAME_AS_FIELD),
	STRING(METRICS, "metrics.listen", "",
	    "ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH for HTTP, with "
	    "/metrics and /healthz; empty: nowhere",
	    AT(settings, config.metrics.listen), .check = check_metrics),
	MODE(METRICS, "metrics.mode", "0660",
	    "permissions of a UNIX socket",
	    AT(settings, config.metrics.mode)),
	STRING(METRICS, "metrics.group", "",
	    "group of a UNIX socket; empty: that of the process",
	    AT(settings, config.metrics.group), .check = check_group),

	GROUP(ROOT, PANIC, "panic", "submitctl mode", SAME_AS_FIELD),
	INT(PANIC, "panic.time", "3600", 60, 30 * 86400,
	    "seconds after which a mode ends, unless it is told",
	    AT(settings, config.panic.time), .verify = verify_panic),
	INT(PANIC, "panic.maximum", "86400", 60, 30 * 86400,
	    "seconds that may be told",
	    AT(settings, config.panic.maximum), .verify = verify_panic),

	STRING(ROOT, "host_name", "",
	    "our name in Message-ID and audit; empty: the MTA's own",
	    AT(settings, config.host_name), .check = check_domain),
	INT(ROOT, "stage_timeout", "5000", 100, 60000,
	    "milliseconds for all look-ups of one SMTP command",
	    AT(settings, config.stage_timeout)),
	INT(ROOT, "stop_timeout", "20", 0, 3600,
	    "seconds that a stop waits for messages under way",
	    AT(settings, config.stop_timeout)),

	GROUP(ROOT, MEMORY, "memory", "ceilings", SAME_AS_FIELD),
	INT(MEMORY, "memory.total", "268435456", 262144, INT_MAX,
	    "octets that all messages together may take",
	    AT(settings, config.memory.total), .verify = verify_memory),
	INT(MEMORY, "memory.message", "4194304", 262144, INT_MAX,
	    "octets that one message may take",
	    AT(settings, config.memory.message), .verify = verify_memory),

	GROUP(ROOT, BODY, "body", "bodies that may have to be changed",
	    SAME_AS_FIELD),
	INT(BODY, "body.memory", "262144", 0, 16 * MILLION,
	    "octets of a body kept in memory, at most a quarter of "
	    "memory.message; longer ones are in a file",
	    AT(settings, config.spool.memory)),
	STRING(BODY, "body.directory", "/var/tmp",
	    "where such files, which have no name, are",
	    AT(settings, config.spool.directory), .check = check_directory),

	GROUP(ROOT, ENCRYPTION, "encryption", "encryption of mail",
	    SAME_AS_FIELD),
	STRING(ENCRYPTION, "encryption.certificates", "",
	    "directory with certificates ADDRESS.pem and DOMAIN.pem; empty: "
	    "none", AT(settings, config.certificate_directory),
	    .check = check_path),
	STRING(ENCRYPTION, "encryption.table", "",
	    "table from address to certificate; empty: none",
	    AT(settings, names.encryption), .verify = verify_address_table),

	GROUP(ROOT, LOG, "log", "the operator's log", SAME_AS_FIELD),
	ENUM(LOG, "log.target", "stderr", log_targets,
	    "where to log", AT(settings, config.log.target)),
	ENUM(LOG, "log.facility", "mail", facilities,
	    "facility of syslog", AT(settings, config.log.facility)),
	ENUM(LOG, "log.level", "info", log_levels,
	    "log what is at least as urgent",
	    AT(settings, config.log.level)),

	INT(LOG, "log.problem_interval", "3600", 0, 86400,
	    "seconds between two lines about one problem of one client; "
	    "0: none",
	    AT(settings, config.log.problem_interval)),

	GROUP(ROOT, AUDIT, "audit", "one record for each message",
	    SAME_AS_FIELD),
	STRING(AUDIT, "audit.file", "",
	    "file of JSON lines; empty: none",
	    AT(settings, config.audit.file), .check = check_path),
	MODE(AUDIT, "audit.file_mode", "0640",
	    "permissions of the file when it is made",
	    AT(settings, config.audit.file_mode)),
	BOOL(AUDIT, "audit.sync", "true",
	    "messages wait until their records are on stable storage",
	    AT(settings, config.audit.sync)),
	INT(AUDIT, "audit.timeout", "10000", 100, 60000,
	    "milliseconds that a message waits for its record",
	    AT(settings, config.audit.timeout)),
	STRING(AUDIT, "audit.recipient_key_file", "",
	    "file of the keys under which recipients are hashed; empty: they "
	    "are in full",
	    AT(settings, config.recipient_key_file), .check = check_secret),
	BOOL(AUDIT, "audit.subject", "false",
	    "records have the Subject", AT(settings, config.audit_subject)),
	BOOL(AUDIT, "audit.software", "false",
	    "records have User-Agent or X-Mailer",
	    AT(settings, config.audit_software)),
	STRING(AUDIT, "audit.journal", "",
	    "socket of systemd's journal; empty: no records there",
	    AT(settings, config.audit.journal), .check = check_path),
	BOOL(AUDIT, "audit.syslog", "false",
	    "records to syslog too", AT(settings, config.audit.syslog)),
	ENUM(AUDIT, "audit.facility", "mail", facilities,
	    "facility of syslog for records",
	    AT(settings, config.audit.facility)),
	BOOL(AUDIT, "audit.transfer", "false",
	    "records also of mail from outside on a mixed port",
	    AT(settings, config.audit_transfer)),
	BOOL(AUDIT, "audit.connections", "false",
	    "records also of connections that never came to MAIL",
	    AT(settings, config.audit_connections)),
#include "config/store_options.def"

	MAP(ROOT, TABLES, "tables", "look-up tables, each under its name",
	    LIST_AT(settings, tables, table_count)),
	STRING(TABLES, "tables.type", NULL, "what kind of table it is",
	    AT(table_entry, spec.type), .flags = OPTION_REQUIRED,
	    .check = check_table_type),
	STRING(TABLES, "tables.file", NULL, "the file it is in",
	    AT(table_entry, spec.file), .flags = OPTION_REQUIRED,
	    .variants = "texthash hash btree lmdb cdb pcre regexp cidr sqlite",
	    .check = check_file),
	STRING(TABLES, "tables.query", NULL,
	    "what to ask, with %s, %u or %d for the key",
	    AT(table_entry, spec.query), .flags = OPTION_REQUIRED,
	    .variants = "sqlite pgsql mysql ldap", .check = check_nonempty),
#include "config/table_options.def"
	{ ROW(TABLES, ROWS, "tables.rows", "list of pairs", NULL,
	    "the rows, each [ key, value ]"),
	    LIST_AT(table_entry, spec.rows, spec.row_count),
	    .flags = OPTION_REQUIRED | OPTION_NONEMPTY,
	    .variants = "inline" },

	GROUP(ROOT, IDENTITY, "identity", "how logins are read",
	    SAME_AS_FIELD),
	STRING(IDENTITY, "identity.realm", "",
	    "added, after an @, to logins that have none",
	    AT(settings, config.rights.identity.realm),
	    .check = check_realm),
	BOOL(IDENTITY, "identity.fold_case", "true",
	    "upper and lower case of logins are the same",
	    AT(settings, config.rights.identity.fold_case)),

	GROUP(ROOT, RIGHTS, "rights", "who may send as whom", SAME_AS_FIELD),
	BOOL(RIGHTS, "rights.self", "true",
	    "an identity that is an address may use that address",
	    AT(settings, config.rights.self)),
	STRING(RIGHTS, "rights.delimiters", "+",
	    "characters that begin an address extension; empty: none",
	    AT(settings, config.rights.delimiters),
	    .check = check_delimiters),
	BOOL(RIGHTS, "rights.fold_local_part", "true",
	    "upper and lower case of local parts are the same",
	    AT(settings, config.rights.fold_local_part)),
	LIST(RIGHTS, GRANTS, "rights.tables", "tables that give rights",
	    LIST_AT(settings, grants, grant_count)),
	STRING(GRANTS, "rights.tables.table", NULL, "name of a table",
	    AT(grant, table), .flags = OPTION_REQUIRED,
	    .verify = verify_grant),
	ENUM(GRANTS, "rights.tables.key", "address", grant_keys,
	    "what its keys are", AT(grant, is_by_identity)),
	ENUM(GRANTS, "rights.tables.right", "acts-for", grant_rights,
	    "what right a row gives", AT(grant, right)),
	STRING(RIGHTS, "rights.primary", "",
	    "table from identity to primary address; empty: none",
	    AT(settings, primary), .verify = verify_primary),

#include "config/site_options.def"

#include "config/sign_options.def"

#include "config/profile_options.def"

	LIST(ROOT, PROFILES, "profiles",
	    "what holds for listeners; the first that matches counts",
	    LIST_AT(settings, config.profiles, config.profile_count),
	    .flags = OPTION_INHERITS,
	    .model = offsetof(struct settings, config.default_profile),
	    .model_size = sizeof(struct profile)),
	STRING(PROFILES, "profiles.name", NULL, "name in log and audit",
	    AT(profile, name), .flags = OPTION_REQUIRED,
	    .check = check_profile_name, .verify = verify_profile_name),
	LIST(PROFILES, LISTENERS, "profiles.listeners",
	    "the listeners it is for",
	    LIST_AT(profile, listeners, listener_count),
	    .flags = OPTION_REQUIRED | OPTION_NONEMPTY,
	    .verify = verify_listeners),
	STRING(LISTENERS, "profiles.listeners.daemon_name", NULL,
	    "the MTA's macro {daemon_name}",
	    AT(listener_match, daemon_name), .check = check_nonempty),
	INT(LISTENERS, "profiles.listeners.daemon_port", NULL, 1, 65535,
	    "the MTA's macro {daemon_port}", AT(listener_match, daemon_port)),
	STRING(LISTENERS, "profiles.listeners.daemon_addr", NULL,
	    "the MTA's macro {daemon_addr}",
	    AT(listener_match, daemon_addr), .check = check_ip),

	GROUP(ROOT, REPLIES, "replies", "what users are told", SAME_AS_FIELD),
	STRING(REPLIES, "replies.contact", "",
	    "a line to add to every reply; empty: none",
	    AT(settings, config.replies.contact), .check = check_contact),
	GROUP(REPLIES, TEXTS, "replies.texts",
	    "words of your own for a reason", SAME_AS_FIELD),
#define REASON(id, reason_name, rule, code, class, subject, detail, text) \
	STRING(TEXTS, "replies.texts." reason_name, text, \
	    "reply " #code " " #class "." #subject "." #detail, \
	    .offset = offsetof(struct settings, config.replies.texts) + \
	    REASON_##id * sizeof(const char *), \
	    .flags = OPTION_IMPLIED, .check = check_text),
#include "policy/reasons.def"
#undef REASON
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

const struct option *
schema_option(size_t index)
{
	return index < OPTIONS ? &options[index] : NULL;
}

const struct config_option *
config_option(size_t index)
{
	return index < OPTIONS ? &options[index].doc : NULL;
}

const struct section *
schema_section(enum section_id section)
{
	return &sections[section];
}

const struct option *
schema_next(enum section_id section, size_t *index)
{
	while (*index < 2 * OPTIONS) {
		enum section_id wanted = *index < OPTIONS ? section :
		    sections[section].also;
		const struct option *option = &options[(*index)++ % OPTIONS];

		if (option->section == wanted)
			return option;
	}
	return NULL;
}

const struct option *
schema_find(enum section_id section, const char *name)
{
	const struct option *option;
	size_t index = 0;

	while ((option = schema_next(section, &index)) != NULL)
		if (strcmp(option_name(option), name) == 0)
			break;
	return option;
}

const struct option *
schema_suggest(enum section_id section, const char *name)
{
	const struct option *option, *nearest = NULL;
	size_t index = 0, least = suggest_limit(name) + 1;

	while ((option = schema_next(section, &index)) != NULL) {
		size_t distance = suggest_distance(option_name(option), name);

		if (distance < least) {
			least = distance;
			nearest = option;
		}
	}
	return nearest;
}

const char *
option_name(const struct option *option)
{
	const char *dot = strrchr(option->doc.path, '.');

	return dot == NULL ? option->doc.path : dot + 1;
}

/* Is WORD one of the words of LIST? */
static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p != '\0'; p += strcspn(p, " ")) {
		p += strspn(p, " ");
		if (strcspn(p, " ") == len && memcmp(p, word, len) == 0)
			return true;
	}
	return false;
}

bool
option_applies(const struct option *option, const void *base)
{
	const struct section *section = &sections[option->section];
	const struct option *variant;
	const char *value;

	if (option->variants == NULL)
		return true;
	variant = schema_find(option->section, section->variant);
	memcpy(&value, (const char *)base + variant->offset, sizeof(value));
	return value != NULL && has_word(option->variants, value);
}
