/*
 * rights.c - see rights.h.
 */
#include "policy/rights.h"

#include "base/ascii.h"
#include "syntax/mailbox.h"

/* Labels beyond this are not looked up one by one: no name has more. */
#define PARENTS_CEILING 127u

/* An address in the forms under which rows may name it. */
struct address_keys {
	struct span full;	/* user+ext@domain */
	struct span base;	/* user@domain; empty when the same */
	struct span domain;
};

/* Where in a folded local part the extension begins; len when nowhere. */
static size_t
extension_at(const struct rights *rights, struct span local)
{
	if (rights->delimiters == NULL || local.len == 0 ||
	    local.ptr[0] == '"')
		return local.len;
	for (size_t i = 1; i < local.len; i++)
		if (strchr(rights->delimiters, local.ptr[i]) != NULL)
			return i;
	return local.len;
}

static int
make_keys(const struct rights *rights, struct span local, struct span domain,
    struct arena *arena, struct address_keys *keys_r)
{
	struct address_keys keys = { .full = { NULL, 0 } };
	size_t at, cut;

	if (mailbox_fold(local, domain, rights->fold_local_part, arena,
	    &keys.full) != 0)
		return -1;
	at = span_find_last(keys.full, '@');
	if (at < keys.full.len)
		keys.domain = span_slice(keys.full, at + 1, keys.full.len);
	cut = extension_at(rights, span_slice(keys.full, 0, at));
	if (cut < at) {
		keys.base = arena_printf(arena, "%.*s@%.*s", (int)cut,
		    keys.full.ptr, SPAN_ARG(keys.domain));
		if (keys.base.ptr == NULL)
			return -1;
	}
	*keys_r = keys;
	return 0;
}

/*
 * The next element of a list whose elements are set apart by commas and
 * blanks; those within a quoted local part do not count. False at the end.
 */
static bool
next_element(struct span *rest, struct span *element_r)
{
	bool is_quoted = false;
	size_t i = 0, begin;

	while (i < rest->len && (rest->ptr[i] == ',' || rest->ptr[i] == ' ' ||
	    ascii_is_cntrl((unsigned char)rest->ptr[i])))
		i++;
	begin = i;
	for (; i < rest->len; i++) {
		char c = rest->ptr[i];

		if (is_quoted && c == '\\' && i + 1 < rest->len)
			i++;
		else if (c == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && (c == ',' || c == ' ' ||
		    ascii_is_cntrl((unsigned char)c)))
			break;
	}
	*element_r = span_slice(*rest, begin, i);
	*rest = span_slice(*rest, i, rest->len);
	return element_r->len > 0;
}

/* Is IDENTITY one of the identities in VALUE? 1, 0, or -1: no memory. */
static int
value_names(const struct rights *rights, struct span value,
    const struct identity *identity, struct arena *arena)
{
	struct span entry;

	while (next_element(&value, &entry)) {
		int is_named = identity_is_named(identity, entry,
		    &rights->identity, arena);

		if (is_named != 0)
			return is_named;
	}
	return 0;
}

/*
 * Goes through the keys of an address, most specific first, with a visitor
 * that says when to stop (any answer but LOOKUP_NOT_FOUND).
 */
typedef enum lookup key_visitor(void *context, struct span key);

static enum lookup
visit_parents(struct span domain, struct arena *arena, key_visitor *visit,
    void *context)
{
	for (size_t n = 0; n < PARENTS_CEILING; n++) {
		size_t dot = span_find(domain, '.');
		struct span key;
		enum lookup answer;

		if (dot == domain.len)
			break;
		domain = span_slice(domain, dot + 1, domain.len);
		key = arena_printf(arena, "@.%.*s", SPAN_ARG(domain));
		if (key.ptr == NULL)
			return LOOKUP_FAILED;
		answer = visit(context, key);
		if (answer != LOOKUP_NOT_FOUND)
			return answer;
	}
	return LOOKUP_NOT_FOUND;
}

static enum lookup
visit_keys(const struct address_keys *keys, struct arena *arena,
    key_visitor *visit, void *context)
{
	enum lookup answer = visit(context, keys->full);
	struct span at_domain;

	if (answer == LOOKUP_NOT_FOUND && keys->base.len > 0)
		answer = visit(context, keys->base);
	if (answer != LOOKUP_NOT_FOUND || keys->domain.len == 0)
		return answer;
	at_domain = arena_printf(arena, "@%.*s", SPAN_ARG(keys->domain));
	if (at_domain.ptr == NULL)
		return LOOKUP_FAILED;
	answer = visit(context, at_domain);
	if (answer != LOOKUP_NOT_FOUND)
		return answer;
	/* An address literal has no parents. */
	if (keys->domain.ptr[0] == '[')
		return LOOKUP_NOT_FOUND;
	return visit_parents(keys->domain, arena, visit, context);
}

/* --- tables by address ---------------------------------------------------- */

struct by_address {
	struct resolver *resolver;
	const struct table *table;
	struct span key;	/* that was found */
	struct span value;
	const char *error;
};

static enum lookup
ask_address(void *context, struct span key)
{
	struct by_address *by = context;
	enum lookup answer = resolver_lookup(by->resolver, by->table, key,
	    &by->value, &by->error);

	if (answer == LOOKUP_FOUND)
		by->key = key;
	return answer;
}

static enum lookup
check_by_address(const struct rights *rights, const struct table *table,
    struct resolver *resolver, const struct identity *identity,
    const struct address_keys *keys, struct span *key_r,
    const char **error_r)
{
	struct by_address by = {
		.resolver = resolver,
		.table = table,
		.error = "out of memory",
	};
	enum lookup answer = visit_keys(keys, resolver->arena, ask_address,
	    &by);

	if (answer == LOOKUP_FOUND) {
		*key_r = by.key;
		switch (value_names(rights, by.value, identity,
		    resolver->arena)) {
		case 1:
			return LOOKUP_FOUND;
		case 0:
			return LOOKUP_NOT_FOUND;
		default:
			answer = LOOKUP_FAILED;
			break;
		}
	}
	if (answer == LOOKUP_FAILED)
		*error_r = by.error;
	return answer;
}

/* --- tables by identity --------------------------------------------------- */

/* The row of an identity: its typed name, or the bare one. */
static enum lookup
ask_identity(struct resolver *resolver, const struct table *table,
    const struct identity *identity, struct span *key_r, struct span *value_r,
    const char **error_r)
{
	enum lookup answer;

	*key_r = identity->name;
	answer = resolver_lookup(resolver, table, identity->name, value_r,
	    error_r);
	if (answer != LOOKUP_NOT_FOUND)
		return answer;
	*key_r = identity->bare;
	return resolver_lookup(resolver, table, identity->bare, value_r,
	    error_r);
}

/*
 * A pattern in the form of the keys of an address: "@Example.ORG" becomes
 * "@example.org", "@.Example.ORG" "@.example.org". 0, or -1 when there is
 * no memory.
 */
static int
fold_pattern(const struct rights *rights, struct span pattern,
    struct arena *arena, struct span *folded_r)
{
	size_t at = span_find_last(pattern, '@');
	struct span domain = { NULL, 0 }, folded;
	const char *prefix = "@";

	if (at < pattern.len)
		domain = span_slice(pattern, at + 1, pattern.len);
	if (at != 0)
		return mailbox_fold(span_slice(pattern, 0, at), domain,
		    rights->fold_local_part, arena, folded_r);
	if (domain.len > 0 && domain.ptr[0] == '.') {
		prefix = "@.";
		domain = span_slice(domain, 1, domain.len);
	}
	if (domain_fold(domain, arena, &folded) != 0)
		return -1;
	*folded_r = arena_printf(arena, "%s%.*s", prefix, SPAN_ARG(folded));
	return folded_r->ptr == NULL ? -1 : 0;
}

static enum lookup
match_pattern(void *context, struct span key)
{
	return span_eq(*(const struct span *)context, key) ? LOOKUP_FOUND :
	    LOOKUP_NOT_FOUND;
}

static enum lookup
check_by_identity(const struct rights *rights, const struct table *table,
    struct resolver *resolver, const struct identity *identity,
    const struct address_keys *keys, struct span *key_r,
    const char **error_r)
{
	struct span value, element, pattern;
	enum lookup answer = ask_identity(resolver, table, identity, key_r,
	    &value, error_r);

	if (answer != LOOKUP_FOUND)
		return answer;
	while (next_element(&value, &element)) {
		if (fold_pattern(rights, element, resolver->arena,
		    &pattern) != 0) {
			*error_r = "out of memory";
			return LOOKUP_FAILED;
		}
		answer = visit_keys(keys, resolver->arena, match_pattern,
		    &pattern);
		if (answer == LOOKUP_FAILED)
			*error_r = "out of memory";
		if (answer != LOOKUP_NOT_FOUND)
			return answer;
	}
	return LOOKUP_NOT_FOUND;
}

/* -------------------------------------------------------------------------- */

static bool
is_self(const struct rights *rights, const struct identity *identity,
    const struct address_keys *keys)
{
	if (!rights->self || keys->domain.len == 0)
		return false;
	return span_eq(identity->bare, keys->full) ||
	    (keys->base.len > 0 && span_eq(identity->bare, keys->base));
}

enum lookup
rights_check(const struct rights *rights, struct resolver *resolver,
    const struct identity *identity, struct span local, struct span domain,
    enum right *right_r, struct rights_source *source_r,
    const char **error_r)
{
	struct address_keys keys;
	enum right right = RIGHT_NONE;
	struct rights_source source = { NULL, { NULL, 0 } };

	if (identity->route == ROUTE_NONE) {
		*right_r = RIGHT_NONE;
		*source_r = source;
		return LOOKUP_NOT_FOUND;
	}
	if (make_keys(rights, local, domain, resolver->arena, &keys) != 0) {
		*error_r = "out of memory";
		return LOOKUP_FAILED;
	}
	if (is_self(rights, identity, &keys))
		right = RIGHT_OWN;
	for (size_t i = 0; i < rights->table_count && right != RIGHT_OWN; i++) {
		const struct rights_table *t = &rights->tables[i];
		struct span key = { NULL, 0 };
		enum lookup answer = t->is_by_identity ?
		    check_by_identity(rights, t->table, resolver, identity,
			&keys, &key, error_r) :
		    check_by_address(rights, t->table, resolver, identity,
			&keys, &key, error_r);

		if (answer == LOOKUP_FAILED)
			return LOOKUP_FAILED;
		if (answer == LOOKUP_FOUND && t->right > right) {
			right = t->right;
			source = (struct rights_source){ t->table, key };
		}
	}
	*right_r = right;
	*source_r = source;
	return right == RIGHT_NONE ? LOOKUP_NOT_FOUND : LOOKUP_FOUND;
}

enum lookup
rights_primary(const struct rights *rights, struct resolver *resolver,
    const struct identity *identity, struct span *address_r,
    const char **error_r)
{
	struct mailbox mailbox;
	struct span key, value = identity->bare;
	const char *why;
	enum lookup answer = LOOKUP_NOT_FOUND;

	if (identity->route == ROUTE_NONE)
		return LOOKUP_NOT_FOUND;
	if (rights->primary != NULL)
		answer = ask_identity(resolver, rights->primary, identity,
		    &key, &value, error_r);
	if (answer == LOOKUP_FAILED)
		return answer;
	value = span_trim(value);
	if (mailbox_parse(value, PATH_UTF8, &mailbox, &why) == PATH_OK &&
	    mailbox.kind == DOMAIN_NAME &&
	    domain_is_qualified(mailbox.domain)) {
		*address_r = value;
		return LOOKUP_FOUND;
	}
	if (answer == LOOKUP_FOUND) {
		*error_r = "a primary address in the table is no mailbox";
		return LOOKUP_FAILED;
	}
	return LOOKUP_NOT_FOUND;
}
