/*
 * encryption.c - the rule about recipients to whom mail must be encrypted.
 *
 * RFC 6409 section 8.6. A filter cannot make two messages of one: all the
 * recipients of a message get the same, and the first decides what that is.
 */
#include "policy/encryption.h"

#include "crypt/certs.h"
#include "policy/rules.h"
#include "policy/sitelib.h"

bool
encryption_counts(const struct facts_recipient *r)
{
	return r->verdict.action == ACTION_PASS && !r->is_refused_by_mta &&
	    r->replaces == 0;
}

bool
encryption_is_due(const struct profile *profile, const struct facts *facts)
{
	size_t n = 0;

	if (profile->encrypt.certs == NULL || facts->is_transfer)
		return false;
	for (size_t i = 0; i < facts->recipient_count; i++) {
		if (!encryption_counts(&facts->recipients[i]))
			continue;
		if (facts->recipients[i].certificate == NULL)
			return false;
		n++;
	}
	return n > 0;
}

/* "example.com", ".example.com" for all below, or a whole address */
static bool
is_covered(const struct profile_encrypt *encrypt, struct span address,
    struct span domain)
{
	for (size_t i = 0; i < encrypt->recipient_count; i++) {
		struct span name = span_of(encrypt->recipients[i]);
		bool is_below = name.ptr[0] == '.' && domain.len > name.len &&
		    span_eq_nocase(span_slice(domain, domain.len - name.len,
		    domain.len), name);

		if (is_below || span_eq_nocase(name, domain) ||
		    span_eq_nocase(name, address))
			return true;
	}
	return false;
}

static bool
came_safely(const struct profile *profile, const struct facts *facts)
{
	if (facts->tls.is_on)
		return true;
	for (size_t i = 0; facts->client.has_ip &&
	    i < profile->trusted_network_count; i++)
		if (cidr_contains(&profile->trusted_networks[i],
		    &facts->client.ip))
			return true;
	return false;
}

/* Another recipient, who is to get it otherwise; NULL: there is none. */
static const struct facts_recipient *
find_odd(const struct facts *facts, bool is_encrypted)
{
	for (size_t i = 0; i + 1 < facts->recipient_count; i++) {
		const struct facts_recipient *r = &facts->recipients[i];

		if (encryption_counts(r) &&
		    (r->certificate != NULL) != is_encrypted)
			return r;
	}
	return NULL;
}

static struct verdict
check_mixed(const struct profile *profile, const struct facts *facts)
{
	struct span none = { NULL, 0 };
	bool is_encrypted = facts_recipient(facts)->certificate != NULL;

	if (find_odd(facts, is_encrypted) == NULL)
		return verdict_pass();
	switch (profile->encrypt.mixed) {
	case MIXED_DEFER:
		return verdict_refuse(REASON_ENCRYPT_LATER, none, none);
	case MIXED_REFUSE:
		return verdict_refuse(REASON_ENCRYPT_MIXED, none, none);
	case MIXED_PASS:
		break;
	}
	return verdict_pass();
}

struct verdict
rule_encrypt(const struct profile *profile, struct facts *facts)
{
	const struct profile_encrypt *encrypt = &profile->encrypt;
	struct facts_recipient *r = facts_recipient(facts);
	const struct mailbox *mailbox = &r->path.path.mailbox;
	struct span address, domain;
	const char *why;

	if (encrypt->certs == NULL || r->path.status != PATH_OK ||
	    mailbox->domain.len == 0)
		return verdict_pass();
	if (mailbox_fold(mailbox->local, mailbox->domain, true, facts->arena,
	    &address) != 0)
		return verdict_tempfail(REASON_MEMORY, SPAN("out of memory"));
	domain = span_slice(address, span_find_last(address, '@') + 1,
	    address.len);
	if (!is_covered(encrypt, address, domain))
		return check_mixed(profile, facts);
	if (!came_safely(profile, facts))
		return verdict_refuse(REASON_ENCRYPT_CLEAR,
		    (struct span){ NULL, 0 }, address);
	r->certificate = certs_find(encrypt->certs, address, domain,
	    facts->now, &why);
	if (r->certificate == NULL && encrypt->missing == MISSING_REFUSE)
		return verdict_refuse(REASON_CERTIFICATE_MISSING,
		    (struct span){ NULL, 0 }, span_of(why));
	return check_mixed(profile, facts);
}
