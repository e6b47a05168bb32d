/*
 * rights - which addresses an identity may use, and as what.
 *
 * RFC 6409 section 6.1. The one judge of MAIL FROM, From, Sender, Resent
 * fields and of the signer. Two kinds of table, mixed freely:
 *
 *	by address	address -> identities (Postfix's
 *			smtpd_sender_login_maps, same files)
 *	by identity	identity -> address patterns
 *
 * Look-up order in a table, and patterns likewise, most specific first:
 * see keys.h. The first row found decides for that table; a right from any
 * table counts. "group:NAME" may stand wherever an identity may.
 * Pure but for the resolver; one thread at a time.
 */
#ifndef SUBMIT_POLICY_RIGHTS_H
#define SUBMIT_POLICY_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/identity.h"
#include "policy/resolver.h"

/* In ascending order: the better right wins. */
enum right {
	RIGHT_NONE,
	RIGHT_ACTS_FOR,		/* delegate: Sender tells who it was */
	RIGHT_OWN,		/* another name of the same person */
};

struct rights_table {
	const struct table *table;
	bool is_by_identity;
	enum right right;
};

struct rights {
	bool self;		/* an identity that is an address may use it */
	const char *delimiters;	/* of address extensions; empty: none */
	bool fold_local_part;
	struct identity_rules identity;
	const char **bare_domains;	/* "user" stands for user@ these */
	size_t bare_domain_count;
	struct rights_table *tables;
	size_t table_count;
	const struct table *primary;	/* identity -> address; or NULL */
	/* Addresses that exist, for the envelope sender; NULL: not asked. */
	const struct table *mailboxes;
};

/* Which row decided, for log, audit and "explain". */
struct rights_source {
	const struct table *table;	/* NULL: self, or nothing */
	struct span key;
};

/*
 * The right of IDENTITY to LOCAL@DOMAIN. LOOKUP_FOUND and *right_r, which
 * is RIGHT_NONE only with LOOKUP_NOT_FOUND; LOOKUP_FAILED and *error_r when
 * it cannot be told: never a reason to let mail pass.
 */
enum lookup rights_check(const struct rights *rights,
    struct resolver *resolver, const struct identity *identity,
    struct span local, struct span domain, enum right *right_r,
    struct rights_source *source_r, const char **error_r)
    __attribute__((warn_unused_result));

/*
 * The one verified address of IDENTITY: from the table of primary
 * addresses, else the identity itself when it is an address with a
 * qualified domain. LOOKUP_NOT_FOUND when it has none.
 */
enum lookup rights_primary(const struct rights *rights,
    struct resolver *resolver, const struct identity *identity,
    struct span *address_r, const char **error_r)
    __attribute__((warn_unused_result));

#endif
