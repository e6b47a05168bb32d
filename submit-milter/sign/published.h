/*
 * published - the public half of a key, as it stands in the DNS.
 *
 * RFC 6376 section 3.6.1, RFC 8463 section 4. Pure; any thread.
 */
#ifndef SUBMIT_SIGN_PUBLISHED_H
#define SUBMIT_SIGN_PUBLISHED_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"
#include "sign/keyring.h"

/* "v=DKIM1; k=rsa; p=..."; ptr NULL when there is no memory. */
struct span published_text(const struct signing_key *key,
    struct arena *arena);

enum published_state {
	PUBLISHED_MATCH,
	PUBLISHED_DIFFERS,	/* another key */
	PUBLISHED_REVOKED,	/* p= is empty */
	PUBLISHED_WRONG_TYPE,	/* k= is not that of the key */
	PUBLISHED_WRONG_HASH,	/* h= without sha256 */
	PUBLISHED_WRONG_USE,	/* s= neither "*" nor email */
	PUBLISHED_MALFORMED,
};

struct published {
	enum published_state state;
	bool is_test;		/* t=y: verifiers are to ignore it */
	bool is_strict;		/* t=s: i= must have the very domain of d= */
};

/* What TEXT, the record, is to verifiers of signatures by KEY. */
struct published published_compare(const struct signing_key *key,
    struct span text, struct arena *arena);

/* For people: "matches", "has another key" ... */
const char *published_state_text(enum published_state state);

#endif
