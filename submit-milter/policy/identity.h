/*
 * identity - who submits.
 *
 * RFC 6409 section 3.3. An identity has a type, so that a login and a
 * network of the same name never collide. Pure; any thread.
 */
#ifndef SUBMIT_POLICY_IDENTITY_H
#define SUBMIT_POLICY_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

/* In the order of precedence. */
enum identity_route {
	ROUTE_NONE,		/* nobody */
	ROUTE_SASL,		/* SMTP AUTH (RFC 4954) */
	ROUTE_CERT,		/* client certificate that the MTA verified */
	ROUTE_CLIENT,		/* client address that was seen elsewhere */
	ROUTE_LOCAL,		/* envelope sender that the MTA vouches for */
	ROUTE_NET,		/* client network */
};

struct identity {
	enum identity_route route;
	struct span name;	/* "sasl:alice@example.org" */
	struct span bare;	/* "alice@example.org" */
	struct span *groups;	/* names of the groups it is in, folded */
	size_t group_count;
	const char *groups_error;	/* why there may be more; or NULL */
};

struct identity_rules {
	const char *realm;	/* added to logins that have none; or empty */
	bool fold_case;
};

const char *identity_route_name(enum identity_route route);

/*
 * The identity that NAME is by ROUTE. A name that is an address is folded
 * as mailbox_fold() does. In no group yet. 0, or -1 when there is no
 * memory.
 */
int identity_make(enum identity_route route, struct span name,
    const struct identity_rules *rules, struct arena *arena,
    struct identity *identity_r) __attribute__((warn_unused_result));

/*
 * True when ENTRY, an identity as written in a table ("alice",
 * "alice@example.org", "sasl:alice", "net:printers", "group:staff"), names
 * IDENTITY. What has no type is a SASL login. 1, 0, or -1 when that cannot
 * be told: see identity_error().
 */
int identity_is_named(const struct identity *identity, struct span entry,
    const struct identity_rules *rules, struct arena *arena)
    __attribute__((warn_unused_result));

/*
 * The next element of a list, set apart by commas and blanks; those within
 * quotes do not count. False at the end.
 */
bool identity_next_entry(struct span *rest, struct span *entry_r);

/*
 * Is IDENTITY one of those that LIST names, or is "*" among them? 1, 0, or
 * -1 when that cannot be told.
 */
int identity_is_in_list(const struct identity *identity, struct span list,
    const struct identity_rules *rules, struct arena *arena)
    __attribute__((warn_unused_result));

/* Why it could not be told: groups that are not known, or no memory. */
const char *identity_error(const struct identity *identity);

/*
 * Does TEXT begin with a type ("cert:", "group:")? Such a login must not be
 * taken for what it spells.
 */
bool identity_has_type(struct span text);

#endif
