/*
 * identity - who submits.
 *
 * RFC 6409 section 3.3. An identity has a type, so that a login and a
 * network of the same name never collide. Pure; any thread.
 */
#ifndef SUBMIT_POLICY_IDENTITY_H
#define SUBMIT_POLICY_IDENTITY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

enum identity_route {
	ROUTE_NONE,		/* nobody */
	ROUTE_SASL,		/* SMTP AUTH (RFC 4954) */
};

struct identity {
	enum identity_route route;
	struct span name;	/* "sasl:alice@example.org" */
	struct span bare;	/* "alice@example.org" */
};

struct identity_rules {
	const char *realm;	/* added to logins that have none; or empty */
	bool fold_case;
};

const char *identity_route_name(enum identity_route route);

/*
 * The identity of a SASL login. A login that is an address is folded as
 * mailbox_fold() does. 0, or -1 when there is no memory.
 */
int identity_from_login(struct span login, const struct identity_rules *rules,
    struct arena *arena, struct identity *identity_r)
    __attribute__((warn_unused_result));

/*
 * True when ENTRY, an identity as written in a table ("alice",
 * "alice@example.org", "sasl:alice"), names IDENTITY. 1, 0, or -1 when
 * there is no memory.
 */
int identity_is_named(const struct identity *identity, struct span entry,
    const struct identity_rules *rules, struct arena *arena)
    __attribute__((warn_unused_result));

#endif
