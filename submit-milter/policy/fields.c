/*
 * fields.c - rules about the address fields of the header.
 *
 * RFC 6409 sections 5.1 and 4.2; RFC 5322 section 3.4 with the obsolete
 * forms of section 4.4. The field is named to the user, no more.
 */
#include "policy/rules.h"

#include "policy/sitelib.h"

/* What one of the two rules says of one field. */
typedef struct verdict field_check(const struct profile *profile,
    struct facts *facts, const struct header_field *field,
    const struct header_addresses *a);

static struct verdict
each_address_field(const struct profile *profile, struct facts *facts,
    field_check *check)
{
	struct header *header = &facts->leaving;

	for (size_t i = 0; i < header->n; i++) {
		struct header_field *field = &header->v[i];
		const struct header_addresses *a;
		struct verdict v;

		if (!field_info(field->id)->is_address)
			continue;
		a = header_addresses(header, field);
		if (a == NULL)
			return verdict_tempfail(REASON_MEMORY,
			    SPAN("out of memory"));
		v = check(profile, facts, field, a);
		if (v.action != ACTION_PASS)
			return v;
	}
	return verdict_pass();
}

static struct verdict
check_syntax(const struct profile *profile, struct facts *facts,
    const struct header_field *field, const struct header_addresses *a)
{
	(void)profile;
	(void)facts;
	if (a->is_valid)
		return verdict_pass();
	return verdict_refuse(REASON_ADDRESS_SYNTAX,
	    span_of(field_info(field->id)->name), span_of(a->error.what));
}

struct verdict
rule_header_syntax(const struct profile *profile, struct facts *facts)
{
	return each_address_field(profile, facts, check_syntax);
}

static struct verdict
check_name(const struct profile *profile, struct facts *facts,
    struct span field, struct span domain)
{
	const char *error = NULL;

	switch (domain_is_complete(profile, facts, domain, &error)) {
	case LOOKUP_FOUND:
		return !profile->dns_check.header ? verdict_pass() :
		    domain_check_dns(profile, facts, domain,
		    REASON_ADDRESS_DOMAIN_UNKNOWN, REASON_NONE, field);
	case LOOKUP_NOT_FOUND:
		return verdict_refuse(REASON_ADDRESS_DOMAIN, field, domain);
	case LOOKUP_FAILED:
		break;
	}
	return verdict_tempfail(REASON_TEMPORARY, span_of(error));
}

static struct verdict
check_address(const struct profile *profile, struct facts *facts,
    struct span field, const struct address *address)
{
	switch (address->kind) {
	case DOMAIN_NAME:
		return check_name(profile, facts, field, address->domain);
	case DOMAIN_NONE:
		return verdict_refuse(REASON_ADDRESS_DOMAIN, field,
		    address->local);
	case DOMAIN_IPV4:
	case DOMAIN_IPV6:
	case DOMAIN_GENERAL:
		break;
	}
	return profile->address_literals ? verdict_pass() :
	    verdict_refuse(REASON_ADDRESS_LITERAL, field, address->domain);
}

static struct verdict
check_domains(const struct profile *profile, struct facts *facts,
    const struct header_field *field, const struct header_addresses *a)
{
	struct span name = span_of(field_info(field->id)->name);
	struct verdict v = verdict_pass();

	/* What cannot be read is for header-syntax to judge. */
	for (size_t i = 0; a->is_valid && i < a->list.n &&
	    v.action == ACTION_PASS; i++)
		v = check_address(profile, facts, name, &a->list.v[i]);
	return v;
}

struct verdict
rule_header_fqdn(const struct profile *profile, struct facts *facts)
{
	return each_address_field(profile, facts, check_domains);
}
