/*
 * choice.c - see choice.h.
 */
#include "sign/choice.h"

#include "base/ascii.h"
#include "policy/policy.h"
#include "syntax/domain.h"

static bool
is_trusted(const struct profile *profile, const struct facts *facts)
{
	if (facts->tls.is_on)
		return true;
	for (size_t i = 0; i < profile->trusted_network_count; i++)
		if (facts->client.has_ip && cidr_contains(
		    &profile->trusted_networks[i], &facts->client.ip))
			return true;
	return false;
}

/*
 * Local part of i=: what needs no quoting, neither in an address nor in a
 * tag (RFC 6376 section 2.11).
 */
static bool
is_plain(struct span local)
{
	for (size_t i = 0; i < local.len; i++) {
		unsigned char c = (unsigned char)local.ptr[i];

		if ((!ascii_is_atext(c) && c != '.') || c == '=' ||
		    (c & 0x80) != 0)
			return false;
	}
	return local.len > 0;
}

/* The first From mailbox as it leaves: its domain, folded, and itself. */
static int
find_author(struct facts *facts, struct key_question *question)
{
	struct header_field *from = header_first(&facts->leaving, FIELD_FROM);
	const struct header_addresses *a;

	if (from == NULL)
		return 0;
	a = header_addresses(&facts->leaving, from);
	if (a == NULL)
		return -1;
	if (!a->is_valid || a->list.n == 0 ||
	    a->list.v[0].kind != DOMAIN_NAME)
		return 0;
	if (domain_fold(a->list.v[0].domain, facts->arena,
	    &question->domain) != 0)
		return -1;
	if (!is_plain(a->list.v[0].local))
		return 0;
	question->address = arena_printf(facts->arena, "%.*s@%.*s",
	    SPAN_ARG(a->list.v[0].local), SPAN_ARG(question->domain));
	return question->address.ptr == NULL ? -1 : 0;
}

/*
 * The rights to From, unless any authenticated sender will do. NULL, or why
 * the author's domain cannot sign; -1 in *status_r when it cannot be told.
 */
static const char *
lacks_right(const struct profile *profile, struct facts *facts,
    int *status_r, const char **error_r)
{
	*status_r = 0;
	if (profile->sign == SIGN_AUTHENTICATED)
		return NULL;
	switch (policy_from_rights(facts, &facts->leaving, error_r)) {
	case FROM_RIGHTS_ALL:
		return NULL;
	case FROM_RIGHTS_NOT_ALL:
		return "no-right-to-from";
	case FROM_RIGHTS_UNKNOWN:
		break;
	}
	*status_r = -1;
	return NULL;
}

/* NULL, or why there is no need to look for keys. */
static const char *
not_at_all(const struct profile *profile, const struct facts *facts)
{
	if (profile->sign == SIGN_OFF)
		return "sign-off";
	if (facts->identity.route == ROUTE_NONE ||
	    facts->parked.action != ACTION_PASS)
		return "not-authenticated";
	if (!is_trusted(profile, facts))
		return "not-over-tls";
	return NULL;
}

/* The keys of the author's domain, or why it has none. */
static int
find_keys(struct keystore *store, const struct key_question *question,
    struct sign_choice *choice, const char **error_r)
{
	if (keystore_find(store, question, &choice->with, error_r) != 0)
		return -1;
	if (choice->with.keys.n == 0)
		choice->unsigned_because = choice->with.is_out_of_schedule ?
		    "key-out-of-schedule" : "no-key";
	return 0;
}

static int
find_fallback(struct keystore *store, const struct profile *profile,
    struct key_question question, struct sign_choice *choice,
    const char **error_r)
{
	const char *fault = choice->with.fault;

	question.domain = span_of(profile->sign_fallback_domain);
	question.address = (struct span){ NULL, 0 };
	keystore_release(&choice->with);
	if (keystore_find(store, &question, &choice->with, error_r) != 0)
		return -1;
	if (choice->with.fault == NULL)
		choice->with.fault = fault;
	return 0;
}

int
sign_choose(const struct profile *profile, struct facts *facts,
    struct keystore *store, struct sign_choice *choice_r,
    const char **error_r)
{
	struct sign_choice choice = { .unsigned_because =
		not_at_all(profile, facts) };
	struct key_question question = { .now = facts->now,
		.resolver = &facts->resolver, .arena = facts->arena };
	int status = 0;

	*choice_r = choice;
	if (choice.unsigned_because != NULL)
		return 0;
	choice.unsigned_because = lacks_right(profile, facts, &status,
	    error_r);
	if (status != 0)
		return -1;
	if (find_author(facts, &question) != 0) {
		*error_r = "out of memory";
		return -1;
	}
	if (choice.unsigned_because == NULL)
		status = find_keys(store, &question, &choice, error_r);
	if (status == 0 && choice.with.keys.n == 0 &&
	    question.domain.len > 0 && profile->sign_fallback_domain != NULL &&
	    profile->sign_fallback_domain[0] != '\0')
		status = find_fallback(store, profile, question, &choice,
		    error_r);
	if (status == 0)
		*choice_r = choice;
	else
		keystore_release(&choice.with);
	return status;
}

void
sign_choice_drop(struct sign_choice *choice, const char *because)
{
	keystore_release(&choice->with);
	*choice = (struct sign_choice){ .unsigned_because = because };
}
