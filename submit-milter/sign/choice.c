/*
 * choice.c - see choice.h.
 */
#include "sign/choice.h"

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

/* The domain of the first From mailbox as it leaves, folded. */
static int
author_domain(struct facts *facts, struct span *domain_r)
{
	struct header_field *from = header_first(&facts->leaving, FIELD_FROM);
	const struct header_addresses *a;

	*domain_r = (struct span){ NULL, 0 };
	if (from == NULL)
		return 0;
	a = header_addresses(&facts->leaving, from);
	if (a == NULL)
		return -1;
	if (!a->is_valid || a->list.n == 0 ||
	    a->list.v[0].kind != DOMAIN_NAME)
		return 0;
	return domain_fold(a->list.v[0].domain, facts->arena, domain_r);
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

int
sign_choose(const struct profile *profile, struct facts *facts,
    const struct keyring *keyring, struct sign_choice *choice_r,
    const char **error_r)
{
	struct sign_choice choice = { .unsigned_because = NULL };
	struct span domain;
	int status;

	*choice_r = choice;
	if (profile->sign == SIGN_OFF) {
		choice_r->unsigned_because = "sign-off";
		return 0;
	}
	if (facts->identity.route == ROUTE_NONE ||
	    facts->parked.action != ACTION_PASS) {
		choice_r->unsigned_because = "not-authenticated";
		return 0;
	}
	if (!is_trusted(profile, facts)) {
		choice_r->unsigned_because = "not-over-tls";
		return 0;
	}
	choice.unsigned_because = lacks_right(profile, facts, &status,
	    error_r);
	if (status != 0)
		return -1;
	if (author_domain(facts, &domain) != 0) {
		*error_r = "out of memory";
		return -1;
	}
	if (choice.unsigned_because == NULL) {
		choice.keys = keyring_find(keyring, domain);
		if (choice.keys.n == 0)
			choice.unsigned_because = "no-key";
	}
	if (choice.keys.n == 0 && profile->sign_fallback_domain != NULL)
		choice.keys = keyring_find(keyring,
		    span_of(profile->sign_fallback_domain));
	*choice_r = choice;
	return 0;
}
