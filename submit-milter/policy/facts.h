/*
 * facts - all that rules and edits may know of a transaction.
 *
 * The same facts serve the daemon, "explain", unit tests and fuzzers. Two
 * views of the header: as submitted, and as it leaves. Everything lives in
 * the arena of the transaction. One thread at a time.
 */
#ifndef SUBMIT_POLICY_FACTS_H
#define SUBMIT_POLICY_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "base/arena.h"
#include "base/span.h"
#include "policy/identity.h"
#include "policy/mode.h"
#include "policy/profile.h"
#include "policy/resolver.h"
#include "policy/rights.h"
#include "policy/verdict.h"
#include "syntax/cidr.h"
#include "syntax/header.h"
#include "syntax/mailbox.h"
#include "syntax/mime.h"
#include "syntax/octets.h"

struct facts_listener {
	struct span daemon_name;	/* {daemon_name} */
	struct span daemon_addr;	/* {daemon_addr} */
	struct span daemon_port;	/* {daemon_port} */
};

struct facts_client {
	struct span address;	/* text form; empty: unknown */
	struct ip ip;
	bool has_ip;
	unsigned port;
	struct span name;	/* what the MTA found in DNS, or [address] */
	struct span helo;
};

/* The client's certificate, as the MTA tells of it. */
struct facts_certificate {
	struct span subject;
	struct span issuer;
	struct span fingerprint;
	struct span verify;	/* Sendmail's {verify}; empty: not told */
};

enum account_state {
	ACCOUNT_ACTIVE,
	ACCOUNT_SUSPENDED,
	ACCOUNT_POSTMASTER_ONLY,
	ACCOUNT_UNKNOWN,	/* in no table, and the table is complete */
};

struct facts_account {
	enum account_state state;
	struct span text;	/* the operator's words */
};

struct facts_tls {
	bool is_on;
	struct span version;	/* "TLSv1.3" */
	struct span cipher;
	unsigned bits;
};

/* An envelope address as it came and as it was understood. */
struct facts_path {
	struct span text;	/* as written, angle brackets included */
	struct span *params;	/* ESMTP parameters as written */
	size_t param_count;
	struct path path;	/* when status is PATH_OK; qualified */
	enum path_status status;
	const char *error;	/* when it is not */
	const char *cause;	/* of a path of ours: why; else NULL */
};

struct facts_recipient {
	struct facts_path path;
	bool is_refused_by_mta;	/* told to us only for the record */
	struct span mta_reply;	/* then: the MTA's words */
	struct verdict verdict;	/* the verdict that decided */
	enum rule_mode mode;
	/* One of ours: it stands for that one, counted from 1; else 0. */
	size_t replaces;
	bool is_replaced;	/* by such a one */
	X509 *certificate;	/* the mail is encrypted to it; or NULL */
};

/*
 * Takes one of at most PER_HOUR messages that CLIENT may send to postmaster
 * in an hour; false when there is none left.
 */
typedef bool facts_quota(void *context, struct span client, int per_hour);

/* Names of files that parts have, as they come by. */
struct facts_files {
	struct span *v;
	size_t n;
	size_t room;
	bool is_cut;		/* some could not be read */
};

/* What is to be encoded in the body; see edit/reencode.h. */
struct facts_encoding {
	bool is_due;
	const char *obstacle;	/* why it cannot be; static; or NULL */
};

struct site;
struct rule_override;

struct facts {
	struct arena *arena;
	struct resolver resolver;
	const struct rights *rights;
	const struct site *site;
	facts_quota *quota;	/* NULL: no limit is kept */
	void *quota_context;
	int64_t now;		/* seconds since 1970, when MAIL came */
	struct span host;	/* our name: the MTA's, or as configured */
	struct span mta_host;	/* the MTA's own name, qualified */
	struct span id;		/* of the transaction */

	struct facts_listener listener;
	struct facts_client client;
	struct facts_tls tls;
	struct facts_certificate certificate;
	struct span mta_version;	/* the macro "v" */
	struct identity identity;
	const char *identity_error;	/* who it is could not be told */
	struct facts_account account;
	enum mode mode;		/* in which the filter was at MAIL */
	enum rule_mode modes[RULE_COUNT];	/* for this identity */
	const struct rule_override *override;	/* with parameters; or NULL */
	/* Refusals that wait for the first recipient: see accounts.c. */
	struct verdict parked;
	bool is_metered;	/* it has one of the quota of postmaster */
	/* Mail from outside on a mixed port: it is left alone. */
	bool is_transfer;
	bool is_from_to_fix;	/* from = "fix": From is to be replaced */

	bool is_smtputf8;	/* RFC 6531 section 3.4 */
	struct facts_path sender;
	struct facts_path leaving_sender;
	/*
	 * The recipient that STAGE_RCPT is about is the last one. Those that
	 * leave are those of which facts_is_leaving() says so.
	 */
	struct facts_recipient *recipients;
	size_t recipient_count;
	size_t recipient_room;

	struct header submitted;
	struct header leaving;
	/* Set when the header outgrew its limits and was not kept whole. */
	bool is_header_cut;
	size_t header_size;	/* octets on the wire, also when cut */
	size_t field_count;	/* likewise */
	size_t longest_field;	/* likewise */
	struct octets body;
	struct facts_encoding encoding;
	struct facts_files files;	/* where the profile asks for them */
	struct mime_scan *mime;	/* NULL before the header was complete */
};

/*
 * Makes empty facts in ARENA. Fields that say nothing of the connection
 * are the caller's to fill.
 */
void facts_init(struct facts *facts, struct arena *arena,
    const struct rights *rights, const struct site *site);

/* The newest recipient. */
static inline struct facts_recipient *
facts_recipient(const struct facts *facts)
{
	return &facts->recipients[facts->recipient_count - 1];
}

/*
 * Takes the arguments of MAIL: ARGV[0] is the reverse-path, the others are
 * ESMTP parameters; NULL ends them. Everything is copied. 0, or -1 when
 * there is no memory.
 */
int facts_set_sender(struct facts *facts, char *const *argv)
    __attribute__((warn_unused_result));

/* Likewise for RCPT: one more recipient, the last of the list. */
int facts_add_recipient(struct facts *facts, char *const *argv)
    __attribute__((warn_unused_result));

/* What puts PATH in the place of an address; CAUSE is for the record. */
typedef int facts_replace(struct facts *facts, struct span path,
    const char *cause);

/*
 * The sender means PATH, which is what rules and edits see from now on, and
 * leaves as that. Copied. 0 or -1.
 */
int facts_qualify_sender(struct facts *facts, struct span path,
    const char *cause) __attribute__((warn_unused_result));

/*
 * The sender leaves as PATH, with its angle brackets. Copied. 0 or -1.
 */
int facts_replace_sender(struct facts *facts, struct span path,
    const char *cause) __attribute__((warn_unused_result));

/*
 * One more recipient, PATH, stands for the newest from now on; it has the
 * NOTIFY and ORCPT of that one. Copied. 0 or -1.
 */
int facts_replace_recipient(struct facts *facts, struct span path,
    const char *cause) __attribute__((warn_unused_result));

/* The message goes to that one, if it passes. */
bool facts_is_leaving(const struct facts_recipient *recipient);

/*
 * Takes a field of the submitted header. Beyond the limits of PROFILE,
 * where they are enforced, fields are measured but no longer kept.
 * Everything is copied. 0, or -1 when there is no memory.
 */
int facts_add_field(struct facts *facts, const struct profile *profile,
    const char *name, const char *value) __attribute__((warn_unused_result));

/*
 * The header is complete: begins the scan of the body and makes the view
 * that leaves. 0 or -1.
 */
int facts_end_header(struct facts *facts, const struct profile *profile)
    __attribute__((warn_unused_result));

/* The next octets of the body. */
void facts_feed_body(struct facts *facts, struct span octets);

/* There is no more of it. */
void facts_end_body(struct facts *facts);

/*
 * By the macro "v": Sendmail tells its version and nothing else, Postfix its
 * name as well.
 */
bool mta_is_sendmail(struct span mta_version);

/*
 * Octets of the longest line, without its end, that leaves the MTA unbroken:
 * RFC 5321 section 4.5.3.1.6, or L= of Sendmail's mailers, where smaller.
 */
size_t mta_longest_line(struct span mta_version);

#endif
