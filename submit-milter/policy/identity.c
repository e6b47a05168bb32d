/*
 * identity.c - see identity.h.
 */
#include "policy/identity.h"

#include "syntax/mailbox.h"

const char *
identity_route_name(enum identity_route route)
{
	static const char *const names[] = {
		[ROUTE_NONE] = "none",
		[ROUTE_SASL] = "sasl",
	};

	return names[route];
}

/*
 * A login in the form in which it is compared: with the realm if it has
 * none, its domain folded, its letters too if the rules say so.
 */
static int
fold_login(struct span login, const struct identity_rules *rules,
    struct arena *arena, struct span *folded_r)
{
	size_t at = span_find_last(login, '@');
	struct span local = span_slice(login, 0, at);
	struct span domain = { NULL, 0 };

	if (at < login.len)
		domain = span_slice(login, at + 1, login.len);
	else if (rules->realm != NULL)
		domain = span_of(rules->realm);
	return mailbox_fold(local, domain, rules->fold_case, arena, folded_r);
}

int
identity_from_login(struct span login, const struct identity_rules *rules,
    struct arena *arena, struct identity *identity_r)
{
	struct identity identity = { .route = ROUTE_SASL };

	if (fold_login(login, rules, arena, &identity.bare) != 0)
		return -1;
	identity.name = arena_printf(arena, "%s:%.*s",
	    identity_route_name(ROUTE_SASL), SPAN_ARG(identity.bare));
	if (identity.name.ptr == NULL)
		return -1;
	*identity_r = identity;
	return 0;
}

/* Takes "sasl:" away; false when ENTRY names an identity of another type. */
static bool
strip_type(struct span *entry, enum identity_route route)
{
	size_t colon = span_find(*entry, ':');
	struct span type;

	if (colon == entry->len)
		return route == ROUTE_SASL;
	type = span_slice(*entry, 0, colon);
	if (!span_eq_nocase(type, span_of(identity_route_name(route))))
		return false;
	*entry = span_slice(*entry, colon + 1, entry->len);
	return true;
}

int
identity_is_named(const struct identity *identity, struct span entry,
    const struct identity_rules *rules, struct arena *arena)
{
	struct span folded;

	if (identity->route == ROUTE_NONE || !strip_type(&entry,
	    identity->route))
		return 0;
	if (fold_login(entry, rules, arena, &folded) != 0)
		return -1;
	return span_eq(folded, identity->bare) ? 1 : 0;
}
