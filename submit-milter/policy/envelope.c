/*
 * envelope.c - rules about the addresses of MAIL FROM and RCPT TO.
 *
 * RFC 6409 sections 3.2 (return path), 4.2 (qualified domains) and 5.1
 * (syntax); RFC 5321 section 4.1.2; RFC 6531 section 3.3.
 */
#include "policy/rules.h"

#include "policy/sitelib.h"
#include "syntax/domain.h"

static struct span
none(void)
{
	return (struct span){ NULL, 0 };
}

static struct verdict
check_syntax(const struct facts_path *path, enum reason bad,
    enum reason needs_utf8)
{
	switch (path->status) {
	case PATH_OK:
		return verdict_pass();
	case PATH_NEEDS_UTF8:
		return verdict_refuse(needs_utf8, none(), path->text);
	case PATH_SYNTAX:
		break;
	}
	return verdict_refuse(bad, span_of(path->error), path->text);
}

/* Only what was understood has a domain to judge. */
/* What may be wrong with a domain. */
struct domain_reasons {
	enum reason unqualified, literal, unknown, null_mx;
};

static struct verdict
check_domain(const struct profile *profile, struct facts *facts,
    const struct facts_path *path, const struct domain_reasons *reasons)
{
	const struct mailbox *mailbox = &path->path.mailbox;
	const char *error = NULL;

	if (path->status != PATH_OK || path->path.is_null)
		return verdict_pass();
	switch (mailbox->kind) {
	case DOMAIN_NONE:
		/* <Postmaster>, which RFC 5321 always allows */
		return verdict_pass();
	case DOMAIN_NAME:
		switch (domain_is_complete(profile, facts, mailbox->domain,
		    &error)) {
		case LOOKUP_FOUND:
			return !profile->dns_check.envelope ?
			    verdict_pass() : domain_check_dns(profile, facts,
			    mailbox->domain, reasons->unknown,
			    reasons->null_mx, none());
		case LOOKUP_NOT_FOUND:
			return verdict_refuse(reasons->unqualified, none(),
			    mailbox->whole);
		case LOOKUP_FAILED:
			break;
		}
		return verdict_tempfail(REASON_TEMPORARY, span_of(error));
	case DOMAIN_IPV4:
	case DOMAIN_IPV6:
	case DOMAIN_GENERAL:
		break;
	}
	if (profile->address_literals)
		return verdict_pass();
	return verdict_refuse(reasons->literal, none(), mailbox->whole);
}

struct verdict
rule_sender_syntax(const struct profile *profile, struct facts *facts)
{
	(void)profile;
	return check_syntax(&facts->sender, REASON_SENDER_SYNTAX,
	    REASON_SENDER_UTF8);
}

struct verdict
rule_sender_fqdn(const struct profile *profile, struct facts *facts)
{
	static const struct domain_reasons reasons = {
		REASON_SENDER_DOMAIN, REASON_SENDER_LITERAL,
		REASON_SENDER_DOMAIN_UNKNOWN, REASON_SENDER_NULL_MX,
	};

	return check_domain(profile, facts, &facts->sender, &reasons);
}

/*
 * A valid MAIL FROM is a return path; <> is the wish to have none, which
 * RFC 6409 section 3.2 forbids to hold against anybody. Else there must be
 * an address of the identity.
 */
struct verdict
rule_return_path(const struct profile *profile, struct facts *facts)
{
	const char *error = NULL;
	struct span address;

	(void)profile;
	if (facts->sender.status == PATH_OK)
		return verdict_pass();
	switch (rights_primary(facts->rights, &facts->resolver,
	    &facts->identity, &address, &error)) {
	case LOOKUP_FOUND:
		return verdict_pass();
	case LOOKUP_NOT_FOUND:
		return verdict_refuse(REASON_RETURN_PATH_UNKNOWN, none(),
		    facts->identity.name);
	case LOOKUP_FAILED:
		break;
	}
	return verdict_tempfail(REASON_TEMPORARY, span_of(error));
}

struct verdict
rule_recipient_syntax(const struct profile *profile, struct facts *facts)
{
	(void)profile;
	return check_syntax(&facts_recipient(facts)->path,
	    REASON_RECIPIENT_SYNTAX, REASON_RECIPIENT_UTF8);
}

struct verdict
rule_recipient_fqdn(const struct profile *profile, struct facts *facts)
{
	static const struct domain_reasons reasons = {
		REASON_RECIPIENT_DOMAIN, REASON_RECIPIENT_LITERAL,
		REASON_RECIPIENT_DOMAIN_UNKNOWN, REASON_RECIPIENT_NULL_MX,
	};

	return check_domain(profile, facts, &facts_recipient(facts)->path,
	    &reasons);
}
