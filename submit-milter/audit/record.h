/*
 * record - the audit record of a transaction, as one line of JSON.
 *
 * RFC 5068 section 3.1 (accountability), RFC 6409 section 5.2. The field
 * names and their meaning are documented in submit-milter-audit(5); "v" is
 * the version of the format. Pure; any thread.
 */
#ifndef SUBMIT_AUDIT_RECORD_H
#define SUBMIT_AUDIT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/entry.h"
#include "audit/veil.h"
#include "edit/edit.h"
#include "policy/facts.h"
#include "policy/policy.h"
#include "policy/profile.h"
#include "sign/signer.h"

enum record_result {
	RECORD_PASSED,		/* we told the MTA to go on */
	RECORD_REFUSED,		/* 5yz */
	RECORD_DEFERRED,	/* 4yz */
	RECORD_ABORTED,		/* broken off by client or MTA */
};

struct record {
	const struct facts *facts;
	const char *profile;
	struct span session;		/* id of the connection */
	struct span queue_id;		/* empty: the MTA told none */
	int64_t time_us;		/* when MAIL came, since 1970 */
	int64_t duration_us;
	enum record_result result;
	enum stage stage;		/* where it ended */
	struct reply reply;		/* code 0: none */
	const struct verdict_log *verdicts;
	const struct edit_list *edits;
	struct key_list keys;		/* with which it was to be signed */
	const struct signature *signatures;
	size_t signature_count;
	const char *unsigned_because;	/* NULL: signed, or no matter */
	const struct veil *veil;	/* over recipients; NULL: none */
	bool shows_subject;
	bool shows_software;		/* User-Agent or X-Mailer */
};

/* "passed", "refused", "deferred", "aborted" */
const char *record_result_name(enum record_result result);

/*
 * The record as one line of JSON without line end, in ASCII; malloc'ed, the
 * caller's to free. Octets that are no UTF-8 are written as "\xNN" text.
 * NULL when there is no memory.
 */
char *record_json(const struct record *record)
    __attribute__((warn_unused_result));

/*
 * The same of a connection that never came to MAIL: only where it came from,
 * and when. What cannot be told of it is not read.
 */
char *record_connection_json(const struct record *record)
    __attribute__((warn_unused_result));

/*
 * The same two as entries for the sinks (audit/entry.h), with their keys.
 * NULL when there is no memory.
 */
struct audit_entry *record_entry(const struct record *record)
    __attribute__((warn_unused_result));
struct audit_entry *record_connection_entry(const struct record *record)
    __attribute__((warn_unused_result));

/* What the record shows: an address of the envelope, the Message-ID. */
struct span record_path(const struct facts_path *path);
struct span record_message_id(const struct facts *facts);

#endif
