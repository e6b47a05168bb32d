/*
 * query.c - see query.h.
 */
#include "audit/query.h"

#include <string.h>

#include "policy/identity.h"

#define NO_MEMORY "out of memory"
/* So many words for a network; a wider one is not looked up in the index. */
#define NETWORKS_MOST 256u

void
query_init(struct query *query, struct arena *arena)
{
	*query = (struct query){
		.arena = arena,
		.since_us = 0,
		.until_us = INT64_MAX,
	};
}

static int
add_any(struct query *query, struct criterion *criterion, struct span text)
{
	struct word *any = arena_calloc(query->arena, criterion->n + 1,
	    sizeof(*any));

	if (any == NULL)
		return -1;
	if (criterion->n > 0)
		memcpy(any, criterion->any, criterion->n * sizeof(*any));
	any[criterion->n] = (struct word){ criterion->kind, text };
	criterion->any = any;
	criterion->n++;
	return 0;
}

/* --- clients -------------------------------------------------------------- */

/* Adds one to the last of PREFIX bits. */
static void
next_network(struct ip *ip, unsigned prefix)
{
	unsigned i = (prefix - 1) / 8;
	unsigned step = 1u << (7 - (prefix - 1) % 8);

	for (;;) {
		unsigned sum = ip->octets[i] + step;

		ip->octets[i] = (uint8_t)sum;
		if (sum < 256 || i == 0)
			return;
		i--;
		step = 1;
	}
}

/*
 * The widest prefix that has words and lies within the network gives the
 * fewest words; where only wider ones lie around it, the narrowest of those.
 */
static unsigned
choose_prefix(const struct cidr *network)
{
	unsigned within = 0;

	for (const unsigned *p = word_prefixes(&network->network); *p != 0;
	    p++) {
		if (*p <= network->prefix)
			return *p;
		within = *p;
	}
	return within;
}

static int
add_network(struct query *query, struct criterion *criterion)
{
	const struct cidr *network = &criterion->network;
	unsigned prefix = choose_prefix(network);
	unsigned bits = prefix > network->prefix ? prefix - network->prefix :
	    0;
	struct ip ip = network->network;

	if (bits > 8 || 1u << bits > NETWORKS_MOST)
		return 0;
	for (unsigned i = 0; i < 1u << bits; i++) {
		char *text = arena_alloc(query->arena, WORD_NETWORK_SIZE);

		if (text == NULL || add_any(query, criterion,
		    word_network(&ip, prefix, text)) != 0)
			return -1;
		next_network(&ip, prefix);
	}
	return 0;
}

/* --- identities ----------------------------------------------------------- */

static int
add_identities(struct query *query, struct criterion *criterion,
    struct span name)
{
	static const enum identity_route routes[] = {
		ROUTE_SASL, ROUTE_CERT, ROUTE_CLIENT, ROUTE_NET,
	};

	if (identity_has_type(name))
		return add_any(query, criterion, name);
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		struct span typed = arena_printf(query->arena, "%s:%.*s",
		    identity_route_name(routes[i]), SPAN_ARG(name));

		if (typed.ptr == NULL ||
		    add_any(query, criterion, typed) != 0)
			return -1;
	}
	return 0;
}

/* --- recipients ----------------------------------------------------------- */

/* As they stand in the records that have them hashed. */
static int
add_hashes(struct query *query, struct criterion *criterion,
    struct span address)
{
	size_t keys = query->veil == NULL ? 0 : veil_count(query->veil);

	address = span_trim(address);
	if (address.len > 1 && address.ptr[0] == '<' &&
	    address.ptr[address.len - 1] == '>')
		address = span_slice(address, 1, address.len - 1);
	for (size_t i = 0; i < keys; i++) {
		char hash[VEIL_SIZE];
		struct span text;

		if (veil_address(query->veil, i, address, hash) != 0)
			return -1;
		text = arena_span(query->arena, span_of(hash));
		if (text.ptr == NULL || add_any(query, criterion, text) != 0)
			return -1;
	}
	return 0;
}

/* --- all ------------------------------------------------------------------ */

static int
add_text(struct query *query, struct criterion *criterion, const char *text,
    const char **error_r)
{
	struct span folded;
	int status;

	*error_r = NO_MEMORY;
	if (criterion->kind == WORD_CLIENT)
		return cidr_parse(span_of(text), &criterion->network,
		    error_r) == 1 ? add_network(query, criterion) : -1;
	if (word_fold(criterion->kind, span_of(text), query->arena,
	    &folded) != 0)
		return -1;
	if (folded.len == 0 && criterion->kind != WORD_SENDER) {
		*error_r = "it is empty";
		return -1;
	}
	status = criterion->kind == WORD_IDENTITY ?
	    add_identities(query, criterion, folded) :
	    add_any(query, criterion, folded);
	if (status == 0 && criterion->kind == WORD_RECIPIENT)
		status = add_hashes(query, criterion, span_of(text));
	return status;
}

int
query_add(struct query *query, enum word_kind kind, const char *text,
    const char **error_r)
{
	struct criterion *criterion = &query->v[query->n];

	if (query->n == QUERY_MOST) {
		*error_r = "too many criteria";
		return -1;
	}
	*criterion = (struct criterion){ .kind = kind };
	if (add_text(query, criterion, text, error_r) != 0)
		return -1;
	query->n++;
	return 0;
}

bool
criterion_matches(const struct criterion *criterion,
    const struct words *words)
{
	if (criterion->kind == WORD_CLIENT)
		return words->has_client &&
		    cidr_contains(&criterion->network, &words->client);
	for (size_t i = 0; i < words->n; i++)
		for (size_t k = 0; k < criterion->n; k++)
			if (words->v[i].kind == criterion->kind &&
			    span_eq(words->v[i].text,
			    criterion->any[k].text))
				return true;
	return false;
}

bool
query_matches(const struct query *query, const struct words *words)
{
	if (words->time_us < query->since_us ||
	    words->time_us > query->until_us)
		return false;
	for (size_t i = 0; i < query->n; i++)
		if (!criterion_matches(&query->v[i], words))
			return false;
	return true;
}
