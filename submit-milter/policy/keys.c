/*
 * keys.c - see keys.h.
 */
#include "policy/keys.h"

#include "policy/resolver.h"
#include "syntax/mailbox.h"

/* No name has more labels. */
#define PARENTS_CEILING 127u

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

static bool
counts_bare(const struct rights *rights, struct span domain)
{
	for (size_t i = 0; i < rights->bare_domain_count; i++)
		if (span_eq(span_of(rights->bare_domains[i]), domain))
			return true;
	return false;
}

int
address_keys_make(const struct rights *rights, struct span local,
    struct span domain, struct arena *arena, struct address_keys *keys_r)
{
	struct address_keys keys = { .full = { NULL, 0 } };
	size_t at, cut;

	if (mailbox_fold(local, domain, rights->fold_local_part, arena,
	    &keys.full) != 0)
		return -1;
	at = span_find_last(keys.full, '@');
	if (domain.len == 0)
		at = keys.full.len;
	if (at < keys.full.len)
		keys.domain = span_slice(keys.full, at + 1, keys.full.len);
	cut = extension_at(rights, span_slice(keys.full, 0, at));
	if (keys.domain.len > 0 && counts_bare(rights, keys.domain)) {
		keys.user = span_slice(keys.full, 0, at);
		if (cut < at)
			keys.base_user = span_slice(keys.full, 0, cut);
	}
	if (cut < at) {
		keys.base = arena_printf(arena, "%.*s@%.*s", (int)cut,
		    keys.full.ptr, SPAN_ARG(keys.domain));
		if (keys.base.ptr == NULL)
			return -1;
	}
	*keys_r = keys;
	return 0;
}

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
visit_domain(struct span domain, struct arena *arena, key_visitor *visit,
    void *context)
{
	struct span key = arena_printf(arena, "@%.*s", SPAN_ARG(domain));
	enum lookup answer;

	if (key.ptr == NULL)
		return LOOKUP_FAILED;
	answer = visit(context, key);
	/* An address literal has no parents. */
	if (answer != LOOKUP_NOT_FOUND || domain.ptr[0] == '[')
		return answer;
	return visit_parents(domain, arena, visit, context);
}

enum lookup
address_keys_visit(const struct address_keys *keys, enum table_keys kind,
    struct arena *arena, key_visitor *visit, void *context)
{
	const struct span users[] = {
		keys->full, keys->base, keys->user, keys->base_user,
	};
	size_t n = kind == TABLE_KEYS_WHOLE ? 1 :
	    sizeof(users) / sizeof(users[0]);

	if (kind == TABLE_KEYS_IP)
		return LOOKUP_NOT_FOUND;
	for (size_t i = 0; i < n; i++) {
		enum lookup answer = users[i].len == 0 ? LOOKUP_NOT_FOUND :
		    visit(context, users[i]);

		if (answer != LOOKUP_NOT_FOUND)
			return answer;
	}
	if (kind == TABLE_KEYS_WHOLE || keys->domain.len == 0)
		return LOOKUP_NOT_FOUND;
	return visit_domain(keys->domain, arena, visit, context);
}

struct question {
	struct resolver *resolver;
	const struct table *table;
	struct span key;
	struct span value;
	const char *error;
};

static enum lookup
ask(void *context, struct span key)
{
	struct question *q = context;
	enum lookup answer = resolver_lookup(q->resolver, q->table, key,
	    &q->value, &q->error);

	if (answer == LOOKUP_FOUND)
		q->key = key;
	return answer;
}

enum lookup
address_keys_ask(const struct address_keys *keys, const struct table *table,
    struct resolver *resolver, struct span *key_r, struct span *value_r,
    const char **error_r)
{
	struct question q = {
		.resolver = resolver,
		.table = table,
		.error = "out of memory",
	};
	enum lookup answer = address_keys_visit(keys, resolver->keys(table),
	    resolver->arena, ask, &q);

	if (answer == LOOKUP_FOUND) {
		*key_r = q.key;
		*value_r = q.value;
	} else if (answer == LOOKUP_FAILED) {
		*error_r = q.error;
	}
	return answer;
}

enum lookup
address_keys_ask_list(const struct address_keys *keys,
    const struct table *table, struct resolver *resolver,
    const struct identity *identity, const struct identity_rules *rules,
    struct span *key_r, const char **error_r)
{
	struct span list;
	enum lookup answer = address_keys_ask(keys, table, resolver, key_r,
	    &list, error_r);

	if (answer != LOOKUP_FOUND)
		return answer;
	switch (identity_is_in_list(identity, list, rules, resolver->arena)) {
	case 1:
		return LOOKUP_FOUND;
	case 0:
		return LOOKUP_NOT_FOUND;
	default:
		break;
	}
	*error_r = identity_error(identity);
	return LOOKUP_FAILED;
}

/* The login without its realm; empty when that is not the realm. */
static struct span
without_realm(const struct identity *identity,
    const struct identity_rules *rules)
{
	struct span bare = identity->bare;
	size_t at = span_find_last(bare, '@');

	if (at == bare.len || rules->realm == NULL || !span_eq_nocase(
	    span_slice(bare, at + 1, bare.len), span_of(rules->realm)))
		return (struct span){ NULL, 0 };
	return span_slice(bare, 0, at);
}

enum lookup
identity_keys_ask(const struct identity *identity,
    const struct identity_rules *rules, const struct table *table,
    struct resolver *resolver, struct span *key_r, struct span *value_r,
    const char **error_r)
{
	const struct span names[] = {
		identity->name, identity->bare, without_realm(identity, rules),
	};
	size_t n = identity->route == ROUTE_SASL ?
	    sizeof(names) / sizeof(names[0]) : 1;
	enum lookup answer = LOOKUP_NOT_FOUND;

	for (size_t i = 0; i < n && answer == LOOKUP_NOT_FOUND; i++) {
		/* A login "group:staff" is not that group, nor "cert:x" x. */
		if (names[i].len == 0 ||
		    (i > 0 && identity_has_type(names[i])))
			continue;
		*key_r = names[i];
		answer = resolver_lookup(resolver, table, names[i], value_r,
		    error_r);
	}
	return answer;
}

enum lookup
group_key_ask(struct span group, const struct table *table,
    struct resolver *resolver, struct span *key_r, struct span *value_r,
    const char **error_r)
{
	*key_r = arena_printf(resolver->arena, "group:%.*s",
	    SPAN_ARG(group));
	if (key_r->ptr == NULL) {
		*error_r = "out of memory";
		return LOOKUP_FAILED;
	}
	return resolver_lookup(resolver, table, *key_r, value_r, error_r);
}

enum lookup
identity_or_group_ask(const struct identity *identity,
    const struct identity_rules *rules, const struct table *table,
    struct resolver *resolver, struct span *key_r, struct span *value_r,
    const char **error_r)
{
	enum lookup answer = identity_keys_ask(identity, rules, table,
	    resolver, key_r, value_r, error_r);

	for (size_t i = 0; i < identity->group_count &&
	    answer == LOOKUP_NOT_FOUND; i++)
		answer = group_key_ask(identity->groups[i], table, resolver,
		    key_r, value_r, error_r);
	if (answer == LOOKUP_NOT_FOUND && identity->groups_error != NULL) {
		*error_r = identity->groups_error;
		return LOOKUP_FAILED;
	}
	return answer;
}
