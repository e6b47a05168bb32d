/*
 * schema - the options of the configuration, one row each.
 *
 * The rows in schema.c are the one source for the loader, for what "-t"
 * prints, and for the tests that hold sample file and manual against them.
 * A new option is a row here, a field in a struct, and its lines in those
 * documents. For the files of config/ only. Pure; any thread.
 */
#ifndef SUBMIT_CONFIG_SCHEMA_H
#define SUBMIT_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/config.h"

/* --- what the file says, beyond struct config ----------------------------- */

struct table_entry {
	const char *where;		/* "FILE:LINE" */
	struct table_spec spec;
	bool is_used;
	bool is_folded_use;		/* someone asks with folded keys */
	bool is_kept_use;		/* ... with keys in their own case */
};

/* An element of rights.tables. */
struct grant {
	const char *where;
	const char *table;
	int is_by_identity;
	enum right right;
};

struct dkim_key {
	const char *where;
	const char *selector;
	const char *file;
	const char *not_before;
	const char *not_after;
};

/* What holds for signatures of all domains, or of one. */
struct dkim_signature {
	int canonicalization;		/* bit 1: header, bit 0: body */
	struct field_settings fields;
	int expires;
	int identity;
	bool has_subdomains;
};

struct dkim_domain {
	struct dkim_signature signature;	/* first, as in the next */
	const char *domain;		/* folded; or a pattern */
	struct dkim_key *keys;
	size_t key_count;
};

struct dkim_settings {
	struct dkim_signature signature;
	int minimum_rsa_bits;
	const char *key_directory;
	const char *key_table;
	int key_cache;
	struct dkim_domain *domains;
	size_t domain_count;
};

/* Names of tables that options refer to; empty: none. */
struct table_names {
	const char *local_domains;
	const char *labels;
	const char *users;
	const char *known_users;
	const char *certificates;
	const char *encryption;		/* certificates of recipients */
	const char *clients;
	const char *networks;
	const char *mailboxes;
	const char *accounts;
	const char *groups;
	const char *scopes;
	const char *allowed;
	const char *denied;
};

/* A configuration in the making; it stays behind the finished one. */
struct settings {
	struct config config;		/* first: one is the other */
	struct arena *arena;
	struct table_entry *tables;
	size_t table_count;
	struct grant *grants;
	size_t grant_count;
	const char *primary;
	struct table_names names;
	struct dkim_settings dkim;
	struct toplevels *toplevels;
};

/* --- rows ----------------------------------------------------------------- */

enum section_id {
	SECTION_ROOT,
	SECTION_CONTROL,
	SECTION_METRICS,
	SECTION_PANIC,
	SECTION_MEMORY,
	SECTION_LOG,
	SECTION_AUDIT,
	SECTION_STORE,
	SECTION_TOKEN,
	SECTION_TABLES,
	SECTION_IDENTITY,
	SECTION_ACCOUNTS,
	SECTION_GROUPS,
	SECTION_OVERRIDES,
	SECTION_OVERRIDE_RULES,
	SECTION_RECIPIENTS,
	SECTION_QUALIFY,
	SECTION_REWRITES,
	SECTION_ALIASES,
	SECTION_DNS,
	SECTION_DNS_CHECK,
	SECTION_RIGHTS,
	SECTION_GRANTS,
	SECTION_PROFILE,
	SECTION_RULES,
	SECTION_TLS,
	SECTION_LIMITS,
	SECTION_COMPLETE,
	SECTION_POSTMASTER,
	SECTION_CONTENT,
	SECTION_PRIVACY,
	SECTION_TRUST,
	SECTION_ENCODE,
	SECTION_BODY,
	SECTION_ENCRYPT,
	SECTION_ENCRYPTION,
	SECTION_PROFILES,
	SECTION_LISTENERS,
	SECTION_SIGNATURE,
	SECTION_DKIM,
	SECTION_DKIM_DOMAINS,
	SECTION_DKIM_KEYS,
	SECTION_REPLIES,
	SECTION_TEXTS,
	SECTION_COUNT
};

#define SECTION_NOWHERE ((size_t)-1)

/*
 * Options that stand together between braces. Offsets of options count
 * from the struct of the nearest list or map around them, or of the group
 * that has an offset of its own.
 */
struct section {
	size_t size;		/* of an element of a list or map */
	size_t where;		/* offset of its const char *where, or */
	size_t name;		/* a map: of the const char * with its name */
	enum section_id also;	/* the options of that section hold too */
	const char *variant;	/* the option that decides about others */
	const char *kind;	/* what an element is called in messages */
};

enum option_type {
	OPTION_BOOL,		/* bool */
	OPTION_INT,		/* int from min to max */
	OPTION_STRING,		/* const char * */
	OPTION_ENUM,		/* int or enum, one of choices */
	OPTION_MODE,		/* mode_t, octal in a string */
	OPTION_NETWORKS,	/* struct cidr *, size_t */
	OPTION_STRINGS,		/* const char **, size_t */
	OPTION_ROWS,		/* struct table_row *, size_t */
	OPTION_GROUP,		/* a section */
	OPTION_LIST,		/* element *, size_t: groups in ( ) */
	OPTION_MAP,		/* element *, size_t: named groups in { } */
};

enum option_flag {
	OPTION_REQUIRED = 1 << 0,
	OPTION_NONEMPTY = 1 << 1,
	/* The field stays zero: the default is known to its users. */
	OPTION_IMPLIED = 1 << 2,
	/* Elements begin as copies of their model. */
	OPTION_INHERITS = 1 << 3,
	/* Never shown: not by "-t", not in an error. */
	OPTION_SECRET = 1 << 4,
};

struct choice {
	const char *name;
	int value;
};

struct option;

/* What checks may look at. */
struct check {
	struct arena *arena;
	struct settings *settings;
	const struct option *option;
};

/*
 * Looks at a string on its own and may put its canonical form in its place.
 * NULL, or what is wrong.
 */
typedef const char *option_check(struct check *check, const char **value);

/*
 * Looks at FIELD, within the struct BASE, once all has been read. NULL, or
 * what is wrong.
 */
typedef const char *option_verify(struct check *check, const void *base,
    const void *field);

struct option {
	struct config_option doc;	/* default NULL: there is none */
	enum section_id section;
	enum option_type type;
	unsigned flags;
	size_t offset;
	size_t count;			/* offset of the size_t */
	enum section_id content;
	size_t model, model_size;	/* a struct within struct settings */
	int min, max;
	const struct choice *choices;	/* ends with name NULL */
	const char *variants;		/* only for these; "a b c" or NULL */
	option_check *check;
	option_verify *verify;
};

/* Row INDEX, or NULL after the last. */
const struct option *schema_option(size_t index);

/*
 * The next row of a section, then of its "also" section; *index begins at
 * 0. NULL after the last.
 */
const struct option *schema_next(enum section_id section, size_t *index);

/* The row of that name in a section, or NULL. */
const struct option *schema_find(enum section_id section, const char *name);

/* The row whose name is nearest to a mistyped one, or NULL. */
const struct option *schema_suggest(enum section_id section,
    const char *name);

const struct section *schema_section(enum section_id section);

/* The last part of an option's path. */
const char *option_name(const struct option *option);

/*
 * False when the option does not belong to what BASE describes: "rows" to a
 * table of type texthash.
 */
bool option_applies(const struct option *option, const void *base);

#endif
