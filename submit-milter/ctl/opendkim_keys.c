/*
 * opendkim_keys.c - which keys sign for which domains.
 *
 * There a pattern of addresses names keys, and each key the domain that it
 * signs for; here a domain has keys. Where both mean the same, it is taken
 * over; anything else is told, not guessed.
 */
#include "ctl/opendkim.h"

#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"

struct finding {
	struct arena *arena;
	struct opendkim_keys *keys;
	const struct opendkim_set *table;	/* KeyTable */
	FILE *out;
	bool is_multiple;		/* MultipleSignatures */
};

static void
refuse(struct finding *f, const struct opendkim_row *row, const char *why)
{
	opendkim_remark(f->out, row, why);
	f->keys->is_partial = true;
}

static int
add_key(struct finding *f, struct opendkim_key key)
{
	struct opendkim_keys *keys = f->keys;

	for (size_t i = 0; i < keys->n; i++)
		if (span_eq_nocase(keys->v[i].domain, key.domain) &&
		    span_eq_nocase(keys->v[i].selector, key.selector)) {
			keys->v[i].has_subdomains |= key.has_subdomains;
			return 0;
		}
	if (keys->n == keys->room) {
		size_t room = keys->room == 0 ? 16 : keys->room * 2;
		struct opendkim_key *v = arena_calloc(f->arena, room,
		    sizeof(*v));

		if (v == NULL)
			return opendkim_no_memory();
		if (keys->n > 0)
			memcpy(v, keys->v, keys->n * sizeof(*v));
		keys->v = v;
		keys->room = room;
	}
	keys->v[keys->n++] = key;
	return 0;
}

/* --- Domain, KeyFile, Selector -------------------------------------------- */

static int
find_single(struct finding *f, const struct opendkim_conf *conf)
{
	const struct opendkim_setting *domain = opendkim_find(conf, "Domain");
	const struct opendkim_setting *file = opendkim_find(conf, "KeyFile");
	const struct opendkim_setting *selector = opendkim_find(conf,
	    "Selector");
	struct opendkim_set set;
	int status;

	if (domain == NULL || file == NULL || selector == NULL)
		return ctl_fail(EX_CONFIG, "import: neither KeyTable and "
		    "SigningTable nor Domain, KeyFile and Selector are set");
	status = opendkim_read_set(f->arena, domain, &set);
	for (size_t i = 0; status == 0 && i < set.n; i++)
		status = add_key(f, (struct opendkim_key){
			.domain = set.v[i].key,
			.selector = selector->value,
			.file = file->value,
			.has_subdomains = opendkim_is_on(conf, "SubDomains"),
		});
	if (status == 0 && set.n == 0)
		refuse(f, &(struct opendkim_row){ .key = domain->value },
		    "no domain can be read from there");
	return status;
}

/* --- KeyTable, SigningTable ----------------------------------------------- */

/*
 * The domains that a pattern is for, as ours: "example.org", ".example.org"
 * or "*". Empty: no set of whole domains.
 */
static struct span
domains_of(struct span pattern, bool is_glob)
{
	struct span domain = pattern;

	if (is_glob && span_starts_nocase(pattern, SPAN("*@")))
		domain = span_slice(pattern, 2, pattern.len);
	else if (is_glob && !span_eq(pattern, SPAN("*")))
		return SPAN("");
	if (span_eq(domain, SPAN("*")))
		return domain;
	if (is_glob && span_starts_nocase(domain, SPAN("*.")))
		domain = span_slice(domain, 1, domain.len);
	if (domain.len == 0 || span_find(domain, '@') < domain.len ||
	    span_find(domain, '*') < domain.len)
		return SPAN("");
	return domain;
}

/* Is every domain of B one of A's, too? */
static bool
covers(struct span a, struct span b)
{
	if (span_eq(a, SPAN("*")))
		return true;
	if (span_eq_nocase(a, b))
		return true;
	return a.ptr[0] == '.' && b.len > a.len && span_eq_nocase(a,
	    span_slice(b, b.len - a.len, b.len));
}

/* Up to the next colon, which goes. */
static struct span
take_part(struct span *rest)
{
	size_t colon = span_find(*rest, ':');
	struct span part = span_slice(*rest, 0, colon);

	*rest = colon < rest->len ? span_slice(*rest, colon + 1, rest->len) :
	    SPAN("");
	return part;
}

static const struct opendkim_row *
find_row(const struct opendkim_set *set, struct span key)
{
	for (size_t i = 0; i < set->n; i++)
		if (span_eq_nocase(set->v[i].key, key))
			return &set->v[i];
	return NULL;
}

/* The file with "%" replaced by the domain; empty when that cannot be. */
static struct span
file_for(struct finding *f, struct span file, struct span domain)
{
	size_t at = span_find(file, '%');

	if (at == file.len)
		return file;
	if (domain.ptr[0] == '.' || domain.ptr[0] == '*')
		return SPAN("");
	return arena_printf(f->arena, "%.*s%.*s%.*s",
	    SPAN_ARG(span_slice(file, 0, at)), SPAN_ARG(domain),
	    SPAN_ARG(span_slice(file, at + 1, file.len)));
}

/* What a key whose signatures have d=SIGNER does for mail from DOMAIN. */
static int
add_for(struct finding *f, const struct opendkim_row *row, struct span domain,
    struct span signer, struct opendkim_key key)
{
	bool is_own = span_eq(signer, SPAN("%")) ||
	    span_eq_nocase(signer, domain);

	key.domain = domain;
	if (is_own)
		return add_key(f, key);
	key.domain = signer;
	if (domain.ptr[0] == '.' && span_eq_nocase(signer,
	    span_slice(domain, 1, domain.len))) {
		key.has_subdomains = true;
		return add_key(f, key);
	}
	if (span_eq(domain, SPAN("*"))) {
		f->keys->fallback = signer;
		return add_key(f, key);
	}
	refuse(f, row, "signed by another domain; here a domain signs for "
	    "itself, or for all below it (dkim.domains.subdomains)");
	return 0;
}

static int
add_row(struct finding *f, const struct opendkim_row *row, struct span domain)
{
	struct span who = row->value;
	struct span name = take_part(&who);
	const struct opendkim_row *found = find_row(f->table, name);
	struct opendkim_key key = { .has_subdomains = false };
	struct span rest, signer;

	if (found == NULL) {
		refuse(f, row, "KeyTable has no such key");
		return 0;
	}
	if (who.len > 0)
		(void)fprintf(f->out, "# %s:%u: i=%.*s: see dkim.identity\n",
		    row->file == NULL ? "SigningTable" : row->file, row->line,
		    SPAN_ARG(who));
	rest = found->value;
	signer = take_part(&rest);
	key.selector = take_part(&rest);
	if (rest.len == 0 || (rest.ptr[0] != '/' && rest.ptr[0] != '.')) {
		refuse(f, found, "the key itself stands in the table: put it "
		    "into a file");
		return 0;
	}
	key.file = file_for(f, rest, domain);
	if (key.file.len == 0) {
		refuse(f, found, "a file for each domain: see "
		    "dkim.key_directory");
		return 0;
	}
	return add_for(f, row, domain, signer, key);
}

/*
 * Without MultipleSignatures the first pattern that matches decides; rows
 * of other tables are asked for by the most specific key first, as ours.
 */
static bool
is_reached(const struct finding *f, const struct opendkim_set *set, size_t at,
    struct span domain)
{
	if (f->is_multiple || set->kind != OPENDKIM_PATTERNS)
		return true;
	for (size_t i = 0; i < at; i++) {
		struct span before = domains_of(set->v[i].key, true);

		if (before.len > 0 && covers(before, domain))
			return false;
	}
	return true;
}

/* With several signatures, that of a wider pattern would be added. */
static bool
has_wider(const struct finding *f, const struct opendkim_set *set,
    struct span domain)
{
	if (!f->is_multiple)
		return false;
	for (size_t i = 0; i < set->n; i++) {
		struct span other = domains_of(set->v[i].key,
		    set->kind == OPENDKIM_PATTERNS);

		if (other.len > 0 && !span_eq_nocase(other, domain) &&
		    covers(other, domain))
			return true;
	}
	return false;
}

static int
find_tables(struct finding *f, const struct opendkim_set *set)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < set->n; i++) {
		const struct opendkim_row *row = &set->v[i];
		struct span domain = domains_of(row->key,
		    set->kind == OPENDKIM_PATTERNS);

		if (domain.len == 0) {
			refuse(f, row, "not for whole domains; here all "
			    "authors of a domain have its keys");
			continue;
		}
		if (!is_reached(f, set, i, domain)) {
			(void)fprintf(f->out, "# %s:%u: never reached, a "
			    "pattern before it matches all of it\n",
			    row->file, row->line);
			continue;
		}
		if (has_wider(f, set, domain))
			refuse(f, row, "its domain gets a second signature by "
			    "another row; here the nearest row alone signs");
		status = add_row(f, row, domain);
	}
	return status;
}

static int
read_tables(struct finding *f, const struct opendkim_setting *key_table,
    const struct opendkim_setting *signing_table)
{
	struct opendkim_set keys, patterns;
	int status = opendkim_read_set(f->arena, key_table, &keys);

	if (status == 0)
		status = opendkim_read_set(f->arena, signing_table, &patterns);
	if (status != 0)
		return status;
	if (keys.kind == OPENDKIM_OTHER || patterns.kind == OPENDKIM_OTHER)
		return ctl_fail(EX_CONFIG, "import: %s:%u: KeyTable or "
		    "SigningTable is in a database: write its rows into a "
		    "file, or name the database in dkim.key_table",
		    signing_table->file, signing_table->line);
	f->table = &keys;
	return find_tables(f, &patterns);
}

int
opendkim_find_keys(const struct opendkim_conf *conf,
    struct opendkim_keys *keys, FILE *out)
{
	struct finding f = {
		.arena = conf->arena,
		.keys = keys,
		.out = out,
		.is_multiple = opendkim_is_on(conf, "MultipleSignatures"),
	};
	const struct opendkim_setting *key_table = opendkim_find(conf,
	    "KeyTable");
	const struct opendkim_setting *signing_table = opendkim_find(conf,
	    "SigningTable");

	*keys = (struct opendkim_keys){ .n = 0 };
	if (key_table == NULL)
		return find_single(&f, conf);
	if (signing_table == NULL)
		return ctl_fail(EX_CONFIG, "import: KeyTable is set, but no "
		    "SigningTable");
	return read_tables(&f, key_table, signing_table);
}
