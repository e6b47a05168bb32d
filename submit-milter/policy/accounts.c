/*
 * accounts.c - rules about the standing of who submits, and what is open to
 * those who may not.
 *
 * RFC 5068 section 3.1 (an existing relationship, no open relay), RFC 6409
 * section 6.4 (postmaster).
 *
 * Parked verdicts: where a profile opens postmaster's mailbox, the refusal
 * of who is unknown or suspended waits at MAIL and meets every recipient
 * that is not postmaster.
 */
#include "policy/rules.h"

#include "policy/sitelib.h"

struct verdict
rule_account(const struct profile *profile, struct facts *facts)
{
	const struct facts_account *account = &facts->account;
	struct span none = { NULL, 0 };

	(void)profile;
	if (facts->identity.route == ROUTE_NONE)
		return verdict_pass();
	if (facts->identity_error != NULL)
		return verdict_tempfail(REASON_TEMPORARY,
		    span_of(facts->identity_error));
	switch (account->state) {
	case ACCOUNT_ACTIVE:
		return verdict_pass();
	case ACCOUNT_SUSPENDED:
		return verdict_refuse(REASON_ACCOUNT_SUSPENDED,
		    account->text.len > 0 ? account->text :
		    SPAN("This account is suspended"), none);
	case ACCOUNT_POSTMASTER_ONLY:
		return verdict_refuse(REASON_ACCOUNT_POSTMASTER_ONLY, none,
		    none);
	case ACCOUNT_UNKNOWN:
		break;
	}
	return verdict_refuse(REASON_ACCOUNT_UNKNOWN, none,
	    facts->identity.name);
}

/* Is the newest recipient postmaster of a domain that PROFILE opens? */
static bool
is_open_postmaster(const struct profile *profile, const struct facts *facts)
{
	const struct facts_path *path = &facts_recipient(facts)->path;
	const struct mailbox *mailbox = &path->path.mailbox;

	if (path->status != PATH_OK ||
	    !span_eq_nocase(mailbox->local, SPAN("postmaster")))
		return false;
	if (mailbox->kind == DOMAIN_NONE)
		return true;
	for (size_t i = 0; i < profile->postmaster.domain_count; i++)
		if (domain_is_same(facts, mailbox->domain,
		    profile->postmaster.domains[i]))
			return true;
	return false;
}

struct verdict
rule_postmaster(const struct profile *profile, struct facts *facts)
{
	struct span none = { NULL, 0 };

	if (facts->parked.action == ACTION_PASS)
		return verdict_pass();
	if (!is_open_postmaster(profile, facts))
		return facts->parked;
	/* Messages count, whichever postmasters they are for. */
	if (!facts->is_metered && facts->quota != NULL &&
	    !facts->quota(facts->quota_context, facts->client.address,
	    profile->postmaster.per_hour))
		return verdict_refuse(REASON_POSTMASTER_LIMIT, none,
		    facts->client.address);
	facts->is_metered = true;
	return verdict_pass();
}

/*
 * Does a local part hold a way to somewhere else ("user%host", "host!user",
 * "user@host" in quotes)? A host behind us might take it.
 */
static bool
has_way(struct span local)
{
	for (size_t i = 0; i < local.len; i++)
		if (strchr("%!@", local.ptr[i]) != NULL)
			return true;
	return false;
}

/* Mail from outside, on a mixed port: for local recipients only. */
struct verdict
rule_relay(const struct profile *profile, struct facts *facts)
{
	const struct facts_path *path = &facts_recipient(facts)->path;
	const char *error = NULL;
	struct span none = { NULL, 0 };

	(void)profile;
	if (!facts->is_transfer)
		return verdict_pass();
	if (path->status != PATH_OK)
		return verdict_refuse(REASON_RECIPIENT_SYNTAX,
		    span_of(path->error), path->text);
	if (path->path.mailbox.kind == DOMAIN_NONE)
		return verdict_pass();	/* <Postmaster> */
	if (has_way(path->path.mailbox.local))
		return verdict_refuse(REASON_RELAY_DENIED, none,
		    path->path.mailbox.whole);
	switch (domain_is_local(facts, path->path.mailbox.domain, &error)) {
	case LOOKUP_FOUND:
		return verdict_pass();
	case LOOKUP_NOT_FOUND:
		return verdict_refuse(REASON_RELAY_DENIED, none,
		    path->path.mailbox.whole);
	case LOOKUP_FAILED:
		break;
	}
	return verdict_tempfail(REASON_TEMPORARY, span_of(error));
}
