/*
 * cidr.c - networks and what they mean, as in Postfix's cidr_table(5).
 *
 *	pattern = network / "[" network "]" / "[" address "]" "/" 1*DIGIT
 *
 * with networks as in syntax/cidr.h. As in Postfix, a network says nothing
 * of addresses of the other version of IP: "::/0" holds no address of IPv4,
 * and "!10.0.0.0/8" none of IPv6.
 */
#include "table/backend.h"

#include <stdlib.h>

#include "syntax/cidr.h"
#include "table/lines.h"
#include "table/rules.h"

#define PATTERN_MAX 64u
#define MAPPED_PREFIX 96u

static const struct cidr mapped = {
	.network = { { [10] = 0xff, [11] = 0xff } },
	.prefix = MAPPED_PREFIX,
};

static void *
parse(struct span *rest, unsigned *groups_r, char **why_r)
{
	struct span word = lines_word(rest);
	struct cidr *cidr = malloc(sizeof(*cidr));
	char plain[PATTERN_MAX];
	const char *why = "not a network";
	size_t len = 0;

	*groups_r = 0;
	if (cidr == NULL)
		return NULL;
	for (size_t i = 0; i < word.len && len < PATTERN_MAX; i++)
		if (word.ptr[i] != '[' && word.ptr[i] != ']')
			plain[len++] = word.ptr[i];
	if (len < PATTERN_MAX && cidr_parse((struct span){ plain, len }, cidr,
	    &why) == 1)
		return cidr;
	*why_r = backend_error("\"%.*s\": %s", SPAN_ARG(word), why);
	free(cidr);
	return NULL;
}

static int
begin(struct matcher *matcher, const char **error_r)
{
	struct ip *ip = arena_alloc(matcher->arena, sizeof(*ip));

	if (ip == NULL) {
		*error_r = "out of memory";
		return -1;
	}
	matcher->state = ip;
	return ip_parse(matcher->key, ip) == 1 ? 1 : 0;
}

static enum match
match(const void *pattern, struct matcher *matcher, const char **error_r)
{
	const struct cidr *cidr = pattern;
	bool is_ipv4 = cidr->prefix >= MAPPED_PREFIX &&
	    cidr_contains(&mapped, &cidr->network);

	(void)error_r;
	if (cidr_contains(&mapped, matcher->state) != is_ipv4)
		return MATCH_NEITHER;
	return cidr_contains(cidr, matcher->state) ? MATCH_YES : MATCH_NO;
}

static struct span
no_group(const struct matcher *matcher, unsigned number)
{
	(void)matcher;
	(void)number;
	return (struct span){ NULL, 0 };
}

static void
end(struct matcher *matcher)
{
	(void)matcher;
}

static const struct rules_engine engine = {
	.parse = parse,
	.free = free,
	.begin = begin,
	.match = match,
	.group = no_group,
	.end = end,
};

const struct table_backend table_cidr = {
	.type = "cidr",
	.keys = TABLE_KEYS_IP,
	RULES_BACKEND(&engine),
};
