/*
 * resolver.c - see resolver.h. A transaction asks few questions, so what it
 * was told is a list.
 */
#include "policy/resolver.h"

struct resolver_answer {
	struct resolver_answer *next;
	const struct table *table;
	struct span key;
	enum lookup lookup;
	struct span value;
	const char *error;
};

static enum lookup
ask_table(void *context, const struct table *table, struct span key,
    int64_t deadline, struct arena *arena, struct span *value_r,
    const char **error_r)
{
	(void)context;
	return table_lookup(table, key, deadline, arena, value_r, error_r);
}

struct resolver_name {
	struct resolver_name *next;
	struct span domain;
	enum lookup lookup;
	struct dns_name name;
	const char *error;
};

static enum lookup
ask_dns(void *context, struct dns_names *names, struct span name,
    int64_t deadline, struct arena *arena, struct dns_name *name_r,
    const char **error_r)
{
	(void)context;
	return dns_names_ask(names, name, deadline, arena, name_r, error_r);
}

void
resolver_init(struct resolver *resolver, struct arena *arena)
{
	*resolver = (struct resolver){ .ask = ask_table,
		.keys = table_keys, .ask_name = ask_dns, .arena = arena,
		.deadline = DEADLINE_NEVER };
}

static const struct resolver_answer *
find(const struct resolver *resolver, const struct table *table,
    struct span key)
{
	const struct resolver_answer *a;

	for (a = resolver->answers; a != NULL; a = a->next)
		if (a->table == table && span_eq(a->key, key))
			return a;
	return NULL;
}

static const struct resolver_answer *
ask(struct resolver *resolver, const struct table *table, struct span key)
{
	struct resolver_answer *a = arena_alloc(resolver->arena, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->key = arena_span(resolver->arena, key);
	if (a->key.ptr == NULL)
		return NULL;
	a->table = table;
	a->lookup = resolver->ask(resolver->context, table, key,
	    resolver->deadline, resolver->arena, &a->value, &a->error);
	a->next = resolver->answers;
	resolver->answers = a;
	return a;
}

static void
tell(const struct resolver *resolver, const struct resolver_answer *a,
    bool is_remembered)
{
	const struct watch *watch = resolver->watch;

	if (watch != NULL)
		watch->lookup(watch->context, &(struct watch_lookup){
			.table = a->table,
			.key = a->key,
			.answer = a->lookup,
			.value = a->value,
			.error = a->error,
			.is_remembered = is_remembered,
		});
}

enum lookup
resolver_lookup(struct resolver *resolver, const struct table *table,
    struct span key, struct span *value_r, const char **error_r)
{
	const struct resolver_answer *a = find(resolver, table, key);
	bool is_remembered = a != NULL;

	if (a == NULL)
		a = ask(resolver, table, key);
	if (a == NULL) {
		*error_r = "out of memory";
		return LOOKUP_FAILED;
	}
	tell(resolver, a, is_remembered);
	if (a->lookup == LOOKUP_FOUND)
		*value_r = a->value;
	else if (a->lookup == LOOKUP_FAILED)
		*error_r = a->error != NULL ? a->error : "look-up failed";
	return a->lookup;
}

static const struct resolver_name *
find_name(const struct resolver *resolver, struct span domain)
{
	const struct resolver_name *n;

	for (n = resolver->known_names; n != NULL; n = n->next)
		if (span_eq(n->domain, domain))
			return n;
	return NULL;
}

static const struct resolver_name *
ask_name(struct resolver *resolver, struct span domain)
{
	struct resolver_name *n = arena_calloc(resolver->arena, 1,
	    sizeof(*n));

	if (n == NULL)
		return NULL;
	n->domain = arena_span(resolver->arena, domain);
	if (n->domain.ptr == NULL)
		return NULL;
	n->lookup = resolver->ask_name(resolver->context, resolver->names,
	    n->domain, resolver->deadline, resolver->arena, &n->name,
	    &n->error);
	n->next = resolver->known_names;
	resolver->known_names = n;
	return n;
}

/* What was found, in words: "takes no mail", "is www.example.net". */
static struct span
name_text(const struct resolver *resolver, const struct dns_name *name)
{
	if (name->takes_no_mail)
		return SPAN("takes no mail");
	if (name->canonical.len > 0)
		return arena_printf(resolver->arena, "is %.*s",
		    SPAN_ARG(name->canonical));
	return SPAN("exists");
}

static void
tell_name(const struct resolver *resolver, const struct resolver_name *n,
    bool is_remembered)
{
	const struct watch *watch = resolver->watch;

	if (watch != NULL)
		watch->lookup(watch->context, &(struct watch_lookup){
			.key = n->domain,
			.answer = n->lookup,
			.value = name_text(resolver, &n->name),
			.error = n->error,
			.is_remembered = is_remembered,
		});
}

enum lookup
resolver_domain(struct resolver *resolver, struct span domain,
    struct dns_name *name_r, const char **error_r)
{
	const struct resolver_name *n = find_name(resolver, domain);
	bool is_remembered = n != NULL;

	if (n == NULL)
		n = ask_name(resolver, domain);
	if (n == NULL) {
		*error_r = "out of memory";
		return LOOKUP_FAILED;
	}
	tell_name(resolver, n, is_remembered);
	if (n->lookup != LOOKUP_FAILED)
		*name_r = n->name;
	else
		*error_r = n->error != NULL ? n->error : "the DNS failed";
	return n->lookup;
}
