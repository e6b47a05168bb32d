/*
 * sitelib.c - see sitelib.h.
 */
#include "policy/sitelib.h"

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
