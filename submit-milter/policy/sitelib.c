/*
 * sitelib.c - see sitelib.h.
 */
#include "policy/sitelib.h"

#include "dns/toplevel.h"
#include "syntax/domain.h"

bool
domain_is_same(const struct facts *facts, struct span domain,
    const char *name)
{
	struct span folded;

	return domain_fold(domain, facts->arena, &folded) == 0 &&
	    span_eq(folded, span_of(name));
}

/* NAME is "example.org", or ".example.org" for all that is below it. */
static bool
is_covered(struct span folded, struct span name)
{
	if (name.len == 0 || name.ptr[0] != '.')
		return span_eq(folded, name);
	return folded.len > name.len && span_eq(span_slice(folded,
	    folded.len - name.len, folded.len), name);
}

enum lookup
domain_is_local(struct facts *facts, struct span domain, const char **error_r)
{
	const struct domain_list *list = &facts->site->local_domains;
	struct span folded, value;

	if (domain_fold(domain, facts->arena, &folded) != 0) {
		*error_r = "out of memory";
		return LOOKUP_FAILED;
	}
	for (size_t i = 0; i < list->n; i++)
		if (is_covered(folded, span_of(list->v[i])))
			return LOOKUP_FOUND;
	if (list->table == NULL)
		return LOOKUP_NOT_FOUND;
	return resolver_lookup(&facts->resolver, list->table, folded, &value,
	    error_r);
}

/* Does it end in a label that stands for another domain here? */
static enum lookup
ends_in_local_label(struct facts *facts, struct span folded,
    const char **error_r)
{
	const struct table *labels = facts->site->qualify.labels;
	struct span value;

	return labels == NULL ? LOOKUP_NOT_FOUND : resolver_lookup(
	    &facts->resolver, labels, span_slice(folded,
	    span_find_last(folded, '.') + 1, folded.len), &value, error_r);
}

enum lookup
domain_is_complete(const struct profile *profile, struct facts *facts,
    struct span domain, const char **error_r)
{
	const struct toplevels *toplevels = facts->site->toplevels;
	struct span folded;
	enum lookup answer;

	if (!domain_is_qualified(domain))
		return LOOKUP_NOT_FOUND;
	if (domain_fold(domain, facts->arena, &folded) != 0) {
		*error_r = "out of memory";
		return LOOKUP_FAILED;
	}
	if (toplevels == NULL || toplevels_has(toplevels, folded))
		return LOOKUP_FOUND;
	answer = domain_is_local(facts, folded, error_r);
	if (answer != LOOKUP_NOT_FOUND)
		return answer;
	if (profile->known_top_levels)
		return LOOKUP_NOT_FOUND;
	switch (ends_in_local_label(facts, folded, error_r)) {
	case LOOKUP_FOUND:
		return LOOKUP_NOT_FOUND;
	case LOOKUP_NOT_FOUND:
		return LOOKUP_FOUND;
	case LOOKUP_FAILED:
		break;
	}
	return LOOKUP_FAILED;
}
