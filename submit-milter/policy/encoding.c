/*
 * encoding.c - the rule about content that should be encoded and cannot be.
 *
 * RFC 6409 section 8.4, RFC 2045. What was found out about the body
 * (edit/reencode.c) is in the facts.
 */
#include "policy/rules.h"

struct verdict
rule_transfer_encoding(const struct profile *profile, struct facts *facts)
{
	(void)profile;
	if (facts->encoding.obstacle == NULL)
		return verdict_pass();
	return verdict_refuse(REASON_NOT_ENCODED,
	    span_of(facts->encoding.obstacle), (struct span){ NULL, 0 });
}
