/*
 * sitelib.c - see sitelib.h.
 */
#include "policy/sitelib.h"

#include "dns/toplevel.h"
#include "syntax/domain.h"

bool
site_changes_envelope(const struct site *site)
{
	for (size_t i = 0; i < site->rewrite_count; i++)
		if (site->rewrites[i].uses[REWRITE_ENVELOPE_SENDER] ||
		    site->rewrites[i].uses[REWRITE_ENVELOPE_RECIPIENTS])
			return true;
	return site->qualify.labels != NULL || site->qualify.users != NULL ||
	    site->qualify.domain != NULL || site->aliases.zone_count > 0;
}

bool
domain_is_same(const struct facts *facts, struct span domain,
    const char *name)
{
	struct span folded;

	return domain_fold(domain, facts->arena, &folded) == 0 &&
	    span_eq(folded, span_of(name));
}

bool
domain_is_covered(struct span folded, struct span name)
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
		if (domain_is_covered(folded, span_of(list->v[i])))
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

static struct verdict
judge_name(const struct profile *profile, enum lookup answer,
    const struct dns_name *name, enum reason unknown, enum reason null_mx,
    struct span shown, struct span domain, const char *error)
{
	switch (answer) {
	case LOOKUP_FOUND:
		return name->takes_no_mail && null_mx != REASON_NONE ?
		    verdict_refuse(null_mx, shown, domain) : verdict_pass();
	case LOOKUP_NOT_FOUND:
		return verdict_refuse(unknown, shown, domain);
	case LOOKUP_FAILED:
		break;
	}
	return profile->dns_check.passes_on_failure ? verdict_pass() :
	    verdict_tempfail(REASON_DNS_FAILED, span_of(error));
}

struct verdict
domain_check_dns(const struct profile *profile, struct facts *facts,
    struct span domain, enum reason unknown, enum reason null_mx,
    struct span shown)
{
	struct dns_name name = { .takes_no_mail = false };
	const char *error = NULL;
	struct span folded;

	if (domain_fold(domain, facts->arena, &folded) != 0)
		return verdict_tempfail(REASON_MEMORY, SPAN("out of memory"));
	switch (domain_is_local(facts, folded, &error)) {
	case LOOKUP_FOUND:
		return verdict_pass();
	case LOOKUP_NOT_FOUND:
		break;
	case LOOKUP_FAILED:
		return verdict_tempfail(REASON_TEMPORARY, span_of(error));
	}
	return judge_name(profile, resolver_domain(&facts->resolver, folded,
	    &name, &error), &name, unknown, null_mx, shown, domain, error);
}
