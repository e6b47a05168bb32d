/*
 * encryption.c - the rule about recipients to whom mail must be encrypted.
 *
 * RFC 6409 section 8.6. A filter cannot make two messages of one: all the
 * recipients of a message get the same, and the first decides what that is.
 */
#include "policy/encryption.h"

#include "crypt/cert.h"
#include "crypt/certs.h"
#include "policy/keys.h"
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

	if (profile->encrypt.recipient_count == 0 || facts->is_transfer)
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

/* The row of the newest recipient. */
static enum lookup
ask_table(const struct table *table, struct facts *facts,
    X509 **cert_r, const char **error_r)
{
	const struct mailbox *mailbox =
	    &facts_recipient(facts)->path.path.mailbox;
	struct address_keys keys;
	struct span key, value;
	enum lookup answer;

	*error_r = "out of memory";
	if (address_keys_make(facts->rights, mailbox->local, mailbox->domain,
	    facts->arena, &keys) != 0)
		return LOOKUP_FAILED;
	answer = address_keys_ask(&keys, table, &facts->resolver, &key,
	    &value, error_r);
	if (answer != LOOKUP_FOUND)
		return answer;
	switch (cert_read(value, facts->arena, cert_r)) {
	case 1:
		return LOOKUP_FOUND;
	case 0:
		*error_r = "a row that is no certificate";
		return LOOKUP_FAILED;
	default:
		break;
	}
	*error_r = "out of memory";
	return LOOKUP_FAILED;
}

/* A file, or else a row. *why_r: there is one, but it is not to be used. */
static enum lookup
find_certificate(const struct profile_encrypt *encrypt, struct facts *facts,
    struct span address, struct span domain, X509 **cert_r,
    const char **why_r)
{
	enum lookup answer = LOOKUP_NOT_FOUND;

	*cert_r = encrypt->certs == NULL ? NULL :
	    certs_find(encrypt->certs, address, domain);
	if (*cert_r != NULL)
		answer = LOOKUP_FOUND;
	else if (encrypt->table != NULL)
		answer = ask_table(encrypt->table, facts, cert_r, why_r);
	if (answer == LOOKUP_NOT_FOUND)
		*why_r = "there is no certificate";
	if (answer == LOOKUP_FOUND) {
		*why_r = cert_refuse(*cert_r, facts->now);
		if (*why_r != NULL)
			answer = LOOKUP_NOT_FOUND;
	}
	return answer;
}

struct verdict
rule_encrypt(const struct profile *profile, struct facts *facts)
{
	const struct profile_encrypt *encrypt = &profile->encrypt;
	struct facts_recipient *r = facts_recipient(facts);
	const struct mailbox *mailbox = &r->path.path.mailbox;
	X509 *cert;
	struct span address, domain;
	const char *why = NULL;

	if (encrypt->recipient_count == 0 || r->path.status != PATH_OK ||
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
	switch (find_certificate(encrypt, facts, address, domain, &cert,
	    &why)) {
	case LOOKUP_FOUND:
		r->certificate = cert;
		break;
	case LOOKUP_FAILED:
		return verdict_tempfail(REASON_TEMPORARY, span_of(why));
	case LOOKUP_NOT_FOUND:
		if (encrypt->missing == MISSING_REFUSE)
			return verdict_refuse(REASON_CERTIFICATE_MISSING,
			    (struct span){ NULL, 0 }, span_of(why));
		break;
	}
	return check_mixed(profile, facts);
}
