/*
 * identity.c - see identity.h.
 */
#include "policy/identity.h"

#include "base/ascii.h"
#include "syntax/mailbox.h"

static const char *const names[] = {
	[ROUTE_NONE] = "none",
	[ROUTE_SASL] = "sasl",
	[ROUTE_CERT] = "cert",
	[ROUTE_CLIENT] = "client",
	[ROUTE_LOCAL] = "local",
	[ROUTE_NET] = "net",
};

static const struct span group_prefix = { "group:", 6 };

const char *
identity_route_name(enum identity_route route)
{
	return names[route];
}

/*
 * A name in the form in which it is compared: a login with the realm if it
 * has none, its domain folded, its letters too if the rules say so.
 */
static int
fold_name(enum identity_route route, struct span name,
    const struct identity_rules *rules, struct arena *arena,
    struct span *folded_r)
{
	size_t at = span_find_last(name, '@');
	struct span local = span_slice(name, 0, at);
	struct span domain = { NULL, 0 };

	if (at < name.len)
		domain = span_slice(name, at + 1, name.len);
	else if (route == ROUTE_SASL && rules->realm != NULL)
		domain = span_of(rules->realm);
	return mailbox_fold(local, domain, rules->fold_case, arena, folded_r);
}

int
identity_make(enum identity_route route, struct span name,
    const struct identity_rules *rules, struct arena *arena,
    struct identity *identity_r)
{
	struct identity identity = { .route = route };

	if (fold_name(route, name, rules, arena, &identity.bare) != 0)
		return -1;
	identity.name = arena_printf(arena, "%s:%.*s", names[route],
	    SPAN_ARG(identity.bare));
	if (identity.name.ptr == NULL)
		return -1;
	*identity_r = identity;
	return 0;
}

/* "type:rest": takes the type away. ROUTE_SASL when there is none. */
static enum identity_route
take_type(struct span *entry)
{
	size_t colon = span_find(*entry, ':');
	struct span type;

	if (colon == entry->len)
		return ROUTE_SASL;
	type = span_slice(*entry, 0, colon);
	for (int i = ROUTE_SASL; i <= ROUTE_NET; i++)
		if (span_eq_nocase(type, span_of(names[i]))) {
			*entry = span_slice(*entry, colon + 1, entry->len);
			return (enum identity_route)i;
		}
	return ROUTE_NONE;
}

bool
identity_has_type(struct span text)
{
	size_t colon = span_find(text, ':');

	return colon < text.len && (take_type(&text) != ROUTE_NONE ||
	    span_starts_nocase(text, group_prefix));
}

/* 1, 0, or -1: the answer might be in what could not be looked up. */
static int
is_in_group(const struct identity *identity, struct span group)
{
	for (size_t i = 0; i < identity->group_count; i++)
		if (span_eq_nocase(identity->groups[i], group))
			return 1;
	return identity->groups_error != NULL ? -1 : 0;
}

const char *
identity_error(const struct identity *identity)
{
	return identity->groups_error != NULL ? identity->groups_error :
	    "out of memory";
}

int
identity_is_named(const struct identity *identity, struct span entry,
    const struct identity_rules *rules, struct arena *arena)
{
	struct span folded;

	if (identity->route == ROUTE_NONE)
		return 0;
	if (span_starts_nocase(entry, group_prefix))
		return is_in_group(identity, span_slice(entry,
		    group_prefix.len, entry.len));
	if (take_type(&entry) != identity->route)
		return 0;
	if (fold_name(identity->route, entry, rules, arena, &folded) != 0)
		return -1;
	return span_eq(folded, identity->bare) ? 1 : 0;
}

static bool
is_separator(char c)
{
	return c == ',' || c == ' ' || ascii_is_cntrl((unsigned char)c);
}

bool
identity_next_entry(struct span *rest, struct span *entry_r)
{
	bool is_quoted = false;
	size_t i = 0, begin;

	while (i < rest->len && is_separator(rest->ptr[i]))
		i++;
	for (begin = i; i < rest->len; i++) {
		char c = rest->ptr[i];

		if (is_quoted && c == '\\' && i + 1 < rest->len)
			i++;
		else if (c == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && is_separator(c))
			break;
	}
	*entry_r = span_slice(*rest, begin, i);
	*rest = span_slice(*rest, i, rest->len);
	return entry_r->len > 0;
}

int
identity_is_in_list(const struct identity *identity, struct span list,
    const struct identity_rules *rules, struct arena *arena)
{
	struct span entry;

	while (identity_next_entry(&list, &entry)) {
		int is_named = span_eq(entry, SPAN("*")) ? 1 :
		    identity_is_named(identity, entry, rules, arena);

		if (is_named != 0)
			return is_named;
	}
	return 0;
}
