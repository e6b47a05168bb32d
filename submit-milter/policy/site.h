/*
 * site - what the administrator says of people and domains, for all
 * listeners alike.
 *
 * Made by the configuration; never changes. Strings are folded as
 * domain_fold() and mailbox_fold() do.
 */
#ifndef SUBMIT_POLICY_SITE_H
#define SUBMIT_POLICY_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/identity.h"
#include "policy/verdict.h"
#include "table/table.h"

/* Domains by name ("example.org", ".example.org" for all below) or table. */
struct domain_list {
	const char **v;
	size_t n;
	const struct table *table;	/* domain -> anything; or NULL */
};

/*
 * How an identity is established when there is no SASL login, in this order
 * (RFC 6409 section 3.3). Each table may be NULL: that way is closed.
 */
struct identity_sources {
	/* Subject (or fingerprint) of a client certificate -> name. */
	const struct table *certificates;
	/* Issuers whose certificates count, as the MTA names them. */
	const char **issuers;
	size_t issuer_count;
	/* Client address -> name and time (seconds since 1970). */
	const struct table *clients;
	int client_window;		/* seconds for which such a row holds */
	/* Client address or network -> name. */
	const struct table *networks;
};

/* Whether an identity is a current account (RFC 5068 section 3.1). */
struct accounts {
	/* -> "active", "suspended [TEXT]", "postmaster-only"; or NULL. */
	const struct table *table;
	bool is_complete;		/* who is not in it is nobody */
};

struct site_group {
	const char *name;
	const char **members;		/* as identity_is_named() reads them */
	size_t member_count;
};

struct groups {
	struct site_group *v;
	size_t n;
	const struct table *table;	/* identity -> group names; or NULL */
};

/* The mode that an override does not speak of. */
#define RULE_INHERIT (-1)

/* Rules that hold otherwise for some; modes not named here stay. */
struct rule_override {
	const char **identities;	/* names, "group:NAME" */
	size_t identity_count;
	int modes[RULE_COUNT];		/* enum rule_mode; RULE_INHERIT */
	const char **forbidden_parameters;
	size_t forbidden_parameter_count;
};

enum recipient_scope {
	SCOPE_ANY,
	SCOPE_LOCAL,		/* local domains only */
	SCOPE_LISTED,		/* what the table "allowed" has */
	SCOPE_NONE,
};

/* To whom an identity may write (RFC 6409 section 6.2). */
struct recipient_rights {
	enum recipient_scope scope;	/* of those not in the table */
	/* Identity or group -> "any", "local", "listed" or "none", "max=N" */
	const struct table *scopes;
	/* Recipient address -> identities that may write to it, or "*" */
	const struct table *allowed;
	/* Recipient address -> identities that may not, or "*" */
	const struct table *denied;
};

/* Names that are short by local convention (RFC 6409 section 4.2). */
struct qualify {
	const struct table *labels;	/* "sales" -> "sales.example.net" */
	const struct table *users;	/* local part -> domain */
	const char *domain;		/* of those not in it; or NULL */
	const struct table *mailboxes;	/* which of them exist */
};

/* Where addresses are written anew (RFC 6409 section 8.8). */
enum rewrite_use {
	REWRITE_ENVELOPE_SENDER,
	REWRITE_ENVELOPE_RECIPIENTS,
	REWRITE_HEADER_SENDERS,
	REWRITE_HEADER_RECIPIENTS,
	REWRITE_USES
};

struct rewrite_table {
	const char *where;		/* "FILE:LINE" */
	const char *name;
	/* Address -> address, "@domain" or local part. */
	const struct table *table;
	bool uses[REWRITE_USES];
};

/* Zones whose names are replaced by canonical ones (RFC 6409 section 8.7). */
struct aliases {
	const char **zones;	/* folded; ".example.org": all below it */
	size_t zone_count;
	int stays_on_failure;	/* or not: a boolean */
};

struct toplevels;

struct site {
	struct aliases aliases;
	struct rewrite_table *rewrites;	/* the first that has a row decides */
	size_t rewrite_count;
	struct qualify qualify;
	const struct toplevels *toplevels;
	struct domain_list local_domains;
	/* Our names in Authentication-Results, beside the MTA's own. */
	const char **authserv_ids;
	size_t authserv_id_count;
	struct identity_sources sources;
	struct accounts accounts;
	struct groups groups;
	struct rule_override *overrides;	/* the first that says so */
	size_t override_count;
	struct recipient_rights recipients;
};

#endif
