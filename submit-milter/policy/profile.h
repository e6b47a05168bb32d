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

#include "crypt/certs.h"
#include "crypt/smime.h"
#include "policy/verdict.h"
#include "syntax/cidr.h"
#include "table/table.h"

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
	bool qualify_envelope;	/* names short by local convention */
	bool qualify_header;
	bool rewrite;
	bool alias_envelope;	/* canonical names for listed zones */
	bool alias_header;
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

/* A table by its name; NULL when the name is empty. */
struct profile_table {
	const char *name;
	const struct table *table;
};

/* What the site does not want in mail (rule "policy"). */
struct profile_content {
	const char **required;	/* names of fields */
	size_t required_count;
	const char **forbidden;	/* patterns of names of fields */
	size_t forbidden_count;
	struct profile_table values;	/* "Name: value" -> words */
	const char **files;	/* patterns of names of files */
	size_t file_count;
	struct profile_table file_table;	/* name -> words */
};

/* What of the client and its user nobody else needs to see. */
struct profile_privacy {
	const char **remove;	/* patterns of names of fields */
	size_t remove_count;
	struct profile_table values;	/* "Name: value" -> new value */
	bool client;		/* its address and login, in X- fields */
};

enum eight_bit_mode {
	EIGHT_BIT_KEEP,
	EIGHT_BIT_ENCODE,
	EIGHT_BIT_UNDECLARED,	/* encode unless MAIL said BODY=8BITMIME */
};

/* What is encoded so that it survives the way (section 8.4). */
struct profile_encode {
	enum eight_bit_mode eight_bit;
	bool long_lines;
	bool header;		/* octets above 127, by encoded words */
	const char *charset;	/* of text that is not UTF-8 */
};

enum encrypt_missing { MISSING_REFUSE, MISSING_PASS };
enum encrypt_mixed { MIXED_DEFER, MIXED_REFUSE, MIXED_PASS };

/* To whom mail is encrypted (section 8.6). */
struct profile_encrypt {
	const char **recipients;	/* domains, ".domain", addresses */
	size_t recipient_count;
	enum encrypt_missing missing;	/* no certificate that is good */
	enum encrypt_mixed mixed;	/* with others in one message */
	enum smime_cipher cipher;
	const char *subject;		/* instead of the client's; or empty */
	/* Where certificates are; each may be NULL. */
	const struct certs *certs;
	const struct table *table;	/* address -> certificate */
};

enum foreign_mode { FOREIGN_KEEP, FOREIGN_REMOVE };

/* Fields that speak of what happened to the message before. */
struct profile_trust {
	bool trace;		/* Return-Path, our Authentication-Results */
	enum foreign_mode dkim;
	enum foreign_mode arc;
};

/* Whether domains exist, and take mail. */
struct profile_dns_check {
	bool envelope;
	bool header;
	int passes_on_failure;	/* or not: a boolean */
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
	bool known_top_levels;	/* refuse names below unknown ones */
	struct profile_dns_check dns_check;
	/* A port-25 listener that takes mail from outside too (RFC 5068). */
	bool mixed;
	struct profile_postmaster postmaster;
	const char **forbidden_parameters;	/* "RET", "NOTIFY=NEVER" */
	size_t forbidden_parameter_count;
	enum from_mode from;
	bool resent_keeps_from;	/* a resent message may keep a foreign From */
	struct profile_limits limits;
	struct profile_complete complete;
	struct profile_content content;
	struct profile_privacy privacy;
	struct profile_trust trust;
	bool trace_token;	/* is added */
	struct profile_encode encode;
	struct profile_encrypt encrypt;
	enum sign_mode sign;
	const char *sign_fallback_domain;	/* folded; empty: none */
};

/* Does the profile ask for the names of files? */
static inline bool
profile_names_files(const struct profile *profile)
{
	return profile->content.file_count > 0 ||
	    profile->content.file_table.table != NULL;
}

#endif
