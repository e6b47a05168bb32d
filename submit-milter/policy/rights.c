/*
 * rights.c - see rights.h.
 */
#include "policy/rights.h"

#include "policy/keys.h"
#include "syntax/mailbox.h"

/* --- tables by identity --------------------------------------------------- */

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

/* Does one of the patterns in VALUE stand for the address? */
static enum lookup
match_patterns(const struct rights *rights, struct span value,
    const struct address_keys *keys, struct arena *arena,
    const char **error_r)
{
	enum lookup answer = LOOKUP_NOT_FOUND;
	struct span element, pattern;

	while (answer == LOOKUP_NOT_FOUND &&
	    identity_next_entry(&value, &element))
		answer = fold_pattern(rights, element, arena, &pattern) != 0 ?
		    LOOKUP_FAILED : address_keys_visit(keys, TABLE_KEYS_ANY,
		    arena, match_pattern, &pattern);
	if (answer == LOOKUP_FAILED)
		*error_r = "out of memory";
	return answer;
}

/* The row "group:NAME" of one of the identity's groups. */
static enum lookup
check_group(const struct rights *rights, const struct table *table,
    struct resolver *resolver, struct span group,
    const struct address_keys *keys, struct span *key_r,
    const char **error_r)
{
	struct span value;
	enum lookup answer = group_key_ask(group, table, resolver, key_r,
	    &value, error_r);

	return answer != LOOKUP_FOUND ? answer : match_patterns(rights,
	    value, keys, resolver->arena, error_r);
}

static enum lookup
check_by_identity(const struct rights *rights, const struct table *table,
    struct resolver *resolver, const struct identity *identity,
    const struct address_keys *keys, struct span *key_r,
    const char **error_r)
{
	struct span value;
	enum lookup answer = identity_keys_ask(identity, &rights->identity,
	    table, resolver, key_r, &value, error_r);

	if (answer == LOOKUP_FOUND)
		answer = match_patterns(rights, value, keys,
		    resolver->arena, error_r);
	for (size_t i = 0; i < identity->group_count &&
	    answer == LOOKUP_NOT_FOUND; i++)
		answer = check_group(rights, table, resolver,
		    identity->groups[i], keys, key_r, error_r);
	if (answer == LOOKUP_NOT_FOUND && identity->groups_error != NULL) {
		*error_r = identity->groups_error;
		return LOOKUP_FAILED;
	}
	return answer;
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

static enum lookup
find_right(const struct rights *rights, struct resolver *resolver,
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
	if (address_keys_make(rights, local, domain, resolver->arena,
	    &keys) != 0) {
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
		    address_keys_ask_list(&keys, t->table, resolver, identity,
			&rights->identity, &key, error_r);

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

static void
tell(const struct watch *watch, struct span local, struct span domain,
    enum lookup answer, enum right right, const struct rights_source *source)
{
	static const char *const names[] = {
		[RIGHT_NONE] = "none",
		[RIGHT_ACTS_FOR] = "acts-for",
		[RIGHT_OWN] = "own",
	};

	watch->right(watch->context, &(struct watch_right){
		.local = local,
		.domain = domain,
		.answer = answer,
		.right = names[right],
		.table = source->table,
		.key = source->key,
	});
}

enum lookup
rights_check(const struct rights *rights, struct resolver *resolver,
    const struct identity *identity, struct span local, struct span domain,
    enum right *right_r, struct rights_source *source_r,
    const char **error_r)
{
	enum right right = RIGHT_NONE;
	struct rights_source source = { NULL, { NULL, 0 } };
	enum lookup answer = find_right(rights, resolver, identity, local,
	    domain, &right, &source, error_r);

	if (resolver->watch != NULL)
		tell(resolver->watch, local, domain, answer, right, &source);
	if (answer == LOOKUP_FAILED)
		return answer;
	*right_r = right;
	*source_r = source;
	return answer;
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
		answer = identity_keys_ask(identity, &rights->identity,
		    rights->primary, resolver, &key, &value, error_r);
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
