/*
 * profile - what holds for a listener.
 *
 * RFC 6409 section 3.1: submission is told from transfer by where it
 * arrives. Profiles are made by the configuration and never change.
 */
#ifndef SUBMIT_POLICY_PROFILE_H
#define SUBMIT_POLICY_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/verdict.h"
#include "syntax/cidr.h"

struct table;

/* Macros by which a listener is known; NULL or 0: need not match. */
struct listener_match {
	const char *daemon_name;
	const char *daemon_addr;
	int daemon_port;
};

enum sign_mode {
	SIGN_WITH_RIGHTS,	/* the identity has the right to every From */
	SIGN_AUTHENTICATED,	/* any authenticated sender: for migration */
	SIGN_OFF,
};

struct profile_limits {
	int header_size;	/* octets on the wire, all fields */
	int field_size;		/* octets on the wire, one field */
	int fields;
	int mime_depth;
	int address_tokens;	/* of one address field */
	int recipients;		/* of one message; 0: as the MTA has it */
};

/* Repairs; each is a switch of its own. */
struct profile_complete {
	bool date;
	bool message_id;
	bool sender;
	bool sender_from_envelope;
	bool destination;	/* undisclosed-recipients, Bcc removed */
};

struct profile_tls {
	int minimum_version;	/* TLS 1.2 is 12 */
	int minimum_bits;
};

/* Postmaster's mailbox, open to who may not submit (section 6.4). */
struct profile_postmaster {
	const char **domains;	/* folded; none: not open */
	size_t domain_count;
	int per_hour;		/* messages from one client address */
};

enum from_mode {
	FROM_REFUSE,
	FROM_FIX,		/* replaced by the identity's own address */
};

struct profile {
	const char *name;
	struct listener_match *listeners;
	size_t listener_count;
	enum rule_mode rules[RULE_COUNT];
	struct profile_tls tls;
	/* Client address or network -> name; empty and NULL: the site's. */
	const char *networks_name;
	const struct table *networks;
	bool sender_is_identity;	/* the MTA vouches for it: local */
	struct cidr *trusted_networks;
	size_t trusted_network_count;
	bool address_literals;
	/* A port-25 listener that takes mail from outside too (RFC 5068). */
	bool mixed;
	struct profile_postmaster postmaster;
	const char **forbidden_parameters;	/* "RET", "NOTIFY=NEVER" */
	size_t forbidden_parameter_count;
	enum from_mode from;
	bool resent_keeps_from;	/* a resent message may keep a foreign From */
	struct profile_limits limits;
	struct profile_complete complete;
	enum sign_mode sign;
	const char *sign_fallback_domain;	/* folded; empty: none */
};

#endif
