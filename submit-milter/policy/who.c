/*
 * who.c - see who.h.
 */
#include "policy/who.h"

#include "policy/keys.h"
#include "policy/site.h"
#include "table/key.h"

#define GROUPS_CEILING 1000u

/* --- the ways to an identity ---------------------------------------------- */

/* What a source says: the name and what follows it in the row. */
struct found {
	enum lookup answer;
	struct span name;
	struct span rest;
};

static struct found
ask(struct facts *facts, const struct table *table, struct span key)
{
	struct found found = { .answer = LOOKUP_NOT_FOUND };
	struct span value = { NULL, 0 };

	if (table == NULL || key.len == 0)
		return found;
	found.answer = resolver_lookup(&facts->resolver, table, key, &value,
	    &facts->identity_error);
	if (found.answer != LOOKUP_FOUND)
		return found;
	if (!identity_next_entry(&value, &found.name)) {
		facts->identity_error = "a row without a name";
		found.answer = LOOKUP_FAILED;
	}
	found.rest = span_trim(value);
	return found;
}

/* The same for a name that may hold letters of both cases. */
static struct found
ask_folded(struct facts *facts, const struct table *table, struct span name)
{
	struct span key = { NULL, 0 };

	if (name.len > 0 && key_fold(name, false, facts->arena, &key) != 0) {
		facts->identity_error = "out of memory";
		return (struct found){ .answer = LOOKUP_FAILED };
	}
	return ask(facts, table, key);
}

/*
 * Postfix tells of a certificate only when its chain was verified. Sendmail
 * tells of any, and in {verify} whether it can be trusted.
 */
static bool
is_verified(const struct facts *facts)
{
	const struct facts_certificate *c = &facts->certificate;

	if (c->verify.len > 0)
		return span_eq(c->verify, SPAN("OK"));
	return span_starts_nocase(facts->mta_version, SPAN("Postfix"));
}

static bool
is_issuer_known(const struct identity_sources *sources, struct span issuer)
{
	for (size_t i = 0; i < sources->issuer_count; i++)
		if (span_eq(span_of(sources->issuers[i]), issuer))
			return true;
	return false;
}

static struct found
by_certificate(struct facts *facts, const struct profile *profile)
{
	const struct identity_sources *sources = &facts->site->sources;
	const struct facts_certificate *c = &facts->certificate;
	struct found found = { .answer = LOOKUP_NOT_FOUND };

	(void)profile;
	if (sources->certificates == NULL || c->subject.len == 0 ||
	    !is_verified(facts) || !is_issuer_known(sources, c->issuer))
		return found;
	found = ask_folded(facts, sources->certificates, c->fingerprint);
	if (found.answer == LOOKUP_NOT_FOUND)
		found = ask_folded(facts, sources->certificates, c->subject);
	return found;
}

/* POP or IMAP before SMTP: the row tells who was there, and when. */
static struct found
by_client(struct facts *facts, const struct profile *profile)
{
	const struct identity_sources *sources = &facts->site->sources;
	struct found found = ask(facts, sources->clients,
	    facts->client.address);
	int64_t seen;

	(void)profile;
	if (found.answer != LOOKUP_FOUND)
		return found;
	seen = span_number(found.rest, INT64_C(999999999999999));
	if (seen < 0) {
		facts->identity_error = "a row without the time of the client";
		found.answer = LOOKUP_FAILED;
	} else if (seen > facts->now + sources->client_window ||
	    facts->now - seen > sources->client_window) {
		found.answer = LOOKUP_NOT_FOUND;
	}
	return found;
}

/* 127.0.0.0/8 or ::1. */
static bool
is_loopback(const struct ip *ip)
{
	static const unsigned char mapped[] = { [10] = 0xff, [11] = 0xff,
		[12] = 127 };
	static const unsigned char one[] = { [15] = 1 };

	return memcmp(ip->octets, mapped, sizeof(mapped)) == 0 ||
	    memcmp(ip->octets, one, sizeof(one)) == 0;
}

/*
 * Mail by sendmail(1), which no client on the network can hand in: its
 * sender is one of those that the MTA lets this user have.
 */
static struct found
by_sender(struct facts *facts, const struct profile *profile)
{
	const struct facts_path *sender = &facts->sender;
	struct found found = { .answer = LOOKUP_NOT_FOUND };

	if (!profile->sender_is_identity || !facts->client.has_ip ||
	    !is_loopback(&facts->client.ip) || sender->status != PATH_OK ||
	    sender->path.is_null)
		return found;
	found.answer = LOOKUP_FOUND;
	found.name = sender->path.mailbox.whole;
	return found;
}

static struct found
by_network(struct facts *facts, const struct profile *profile)
{
	return ask(facts, profile->networks != NULL ? profile->networks :
	    facts->site->sources.networks, facts->client.address);
}

static int
find_identity(struct facts *facts, const struct profile *profile,
    struct span login)
{
	static const struct {
		enum identity_route route;
		struct found (*find)(struct facts *facts,
		    const struct profile *profile);
	} ways[] = {
		{ ROUTE_CERT, by_certificate },
		{ ROUTE_CLIENT, by_client },
		{ ROUTE_LOCAL, by_sender },
		{ ROUTE_NET, by_network },
	};
	const struct identity_rules *rules = &facts->rights->identity;

	if (facts->identity.route != ROUTE_NONE)
		return 0;
	if (login.len > 0)
		return identity_make(ROUTE_SASL, login, rules, facts->arena,
		    &facts->identity);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct found found = ways[i].find(facts, profile);

		/* A way that failed might have been hers: no other is tried. */
		if (found.answer == LOOKUP_FAILED)
			return 0;
		if (found.answer == LOOKUP_FOUND)
			return identity_make(ways[i].route, found.name, rules,
			    facts->arena, &facts->identity);
	}
	return 0;
}

/* --- groups and accounts -------------------------------------------------- */

static enum lookup
ask_row(struct facts *facts, const struct table *table, struct span *value_r)
{
	struct span key;

	return identity_keys_ask(&facts->identity, &facts->rights->identity,
	    table, &facts->resolver, &key, value_r, &facts->identity_error);
}

static int
add_group(struct facts *facts, struct span name)
{
	struct identity *identity = &facts->identity;
	bool is_case_kept = !facts->rights->identity.fold_case;

	if (identity->groups == NULL)
		identity->groups = arena_calloc(facts->arena, GROUPS_CEILING,
		    sizeof(*identity->groups));
	if (identity->groups == NULL ||
	    identity->group_count == GROUPS_CEILING)
		return -1;
	return key_fold(name, is_case_kept, facts->arena,
	    &identity->groups[identity->group_count++]);
}

static int
find_groups(struct facts *facts)
{
	const struct groups *groups = &facts->site->groups;
	struct span value, name;

	for (size_t i = 0; i < groups->n; i++) {
		const struct site_group *group = &groups->v[i];
		int is_member = 0;

		for (size_t k = 0; k < group->member_count && is_member == 0;
		    k++)
			is_member = identity_is_named(&facts->identity,
			    span_of(group->members[k]),
			    &facts->rights->identity, facts->arena);
		if (is_member < 0 || (is_member > 0 &&
		    add_group(facts, span_of(group->name)) != 0))
			return -1;
	}
	if (groups->table == NULL)
		return 0;
	switch (ask_row(facts, groups->table, &value)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return 0;
	case LOOKUP_FAILED:
		facts->identity.groups_error = facts->identity_error;
		return 0;
	}
	while (identity_next_entry(&value, &name))
		if (add_group(facts, name) != 0)
			return -1;
	return 0;
}

static void
read_account(struct facts *facts, struct span value)
{
	struct facts_account *account = &facts->account;
	struct span state;

	(void)identity_next_entry(&value, &state);
	if (span_eq_nocase(state, SPAN("active"))) {
		account->state = ACCOUNT_ACTIVE;
	} else if (span_eq_nocase(state, SPAN("suspended"))) {
		account->state = ACCOUNT_SUSPENDED;
		account->text = span_trim(value);
	} else if (span_eq_nocase(state, SPAN("postmaster-only"))) {
		account->state = ACCOUNT_POSTMASTER_ONLY;
	} else {
		facts->identity_error = "a row with an unknown account state";
	}
}

static void
find_account(struct facts *facts)
{
	const struct accounts *accounts = &facts->site->accounts;
	struct span value = { NULL, 0 };

	facts->account.state = ACCOUNT_ACTIVE;
	if (accounts->table == NULL)
		return;
	switch (ask_row(facts, accounts->table, &value)) {
	case LOOKUP_FOUND:
		read_account(facts, value);
		break;
	case LOOKUP_NOT_FOUND:
		if (accounts->is_complete)
			facts->account.state = ACCOUNT_UNKNOWN;
		break;
	case LOOKUP_FAILED:
		break;
	}
}

/* --- what holds ----------------------------------------------------------- */

/*
 * 1 when OVERRIDE is for this identity, 0, or -1 when that cannot be told:
 * it is for a group, and the groups are not known.
 */
static int
is_for(const struct rule_override *override, struct facts *facts)
{
	int answer = 0;

	for (size_t i = 0; i < override->identity_count && answer <= 0; i++) {
		int is_named = identity_is_in_list(&facts->identity,
		    span_of(override->identities[i]),
		    &facts->rights->identity, facts->arena);

		if (is_named != 0)
			answer = is_named;
	}
	return answer;
}

/* Does it ask more of her than the profile may? */
static bool
is_strict(const struct rule_override *override)
{
	for (int rule = 0; rule < RULE_COUNT; rule++)
		if (override->modes[rule] == RULE_ENFORCE)
			return true;
	return override->forbidden_parameter_count > 0;
}

/* For each rule the first override that names identity and rule decides. */
static int
find_modes(struct facts *facts)
{
	const struct site *site = facts->site;
	bool is_decided[RULE_COUNT] = { false }, is_doubtful = false;

	for (size_t i = 0; i < site->override_count; i++) {
		const struct rule_override *override = &site->overrides[i];
		int is_hers = is_for(override, facts);

		if (is_hers < 0 && facts->identity.groups_error == NULL)
			return -1;
		if (is_hers < 0 && is_strict(override))
			is_doubtful = true;
		for (int rule = 0; is_hers > 0 && rule < RULE_COUNT; rule++) {
			if (override->modes[rule] == RULE_INHERIT ||
			    is_decided[rule])
				continue;
			facts->modes[rule] =
			    (enum rule_mode)override->modes[rule];
			is_decided[rule] = true;
		}
		if (is_hers > 0 && facts->override == NULL &&
		    override->forbidden_parameter_count > 0)
			facts->override = override;
	}
	/* Then she waits: "account" tells her so. */
	if (is_doubtful)
		facts->modes[RULE_ACCOUNT] = RULE_ENFORCE;
	return 0;
}

int
who_identify(struct facts *facts, const struct profile *profile,
    struct span login)
{
	int status = 0;

	memcpy(facts->modes, profile->rules, sizeof(facts->modes));
	if (find_identity(facts, profile, login) != 0)
		return -1;
	if (facts->identity.route != ROUTE_NONE) {
		if (find_groups(facts) != 0)
			return -1;
		find_account(facts);
		status = find_modes(facts);
	}
	mode_apply(facts->mode, facts->modes);
	return status;
}
