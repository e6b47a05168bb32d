/*
 * transport.c - rules about the connection: authentication and encryption.
 *
 * RFC 6409 section 4.3, RFC 5068 section 3.1 (authentication), RFC 3207
 * section 4 and RFC 8314 section 3.3 (TLS).
 */
#include "policy/rules.h"

#include "base/ascii.h"

struct verdict
rule_auth_required(const struct profile *profile, struct facts *facts)
{
	(void)profile;
	if (facts->identity.route != ROUTE_NONE)
		return verdict_pass();
	/* Whoever it is might have been told by what failed. */
	if (facts->identity_error != NULL)
		return verdict_tempfail(REASON_TEMPORARY,
		    span_of(facts->identity_error));
	return verdict_refuse(REASON_AUTH_MISSING, (struct span){ NULL, 0 },
	    (struct span){ NULL, 0 });
}

/*
 * "TLSv1.3" is 13, "TLSv1" 10; 0 for anything else, older or unknown.
 */
static int
tls_number(struct span version)
{
	struct span prefix = SPAN("TLSv1");

	if (!span_starts_nocase(version, prefix))
		return 0;
	if (version.len == prefix.len)
		return 10;
	if (version.len == prefix.len + 2 && version.ptr[prefix.len] == '.' &&
	    ascii_is_digit((unsigned char)version.ptr[prefix.len + 1]))
		return 10 + (version.ptr[prefix.len + 1] - '0');
	return 0;
}

struct verdict
rule_tls_required(const struct profile *profile, struct facts *facts)
{
	const struct facts_tls *tls = &facts->tls;

	if (!tls->is_on)
		return verdict_refuse(REASON_TLS_MISSING,
		    (struct span){ NULL, 0 }, (struct span){ NULL, 0 });
	if (tls_number(tls->version) < profile->tls.minimum_version)
		return verdict_refuse(REASON_TLS_VERSION,
		    arena_printf(facts->arena, "TLS 1.%d",
			profile->tls.minimum_version - 10), tls->version);
	if (tls->bits < (unsigned)profile->tls.minimum_bits)
		return verdict_refuse(REASON_TLS_BITS,
		    arena_printf(facts->arena, "%d",
			profile->tls.minimum_bits), tls->cipher);
	return verdict_pass();
}
