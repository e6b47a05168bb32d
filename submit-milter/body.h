/*
 * body - the body of a message on its way: kept if an edit may need it,
 * and changed.
 *
 * Belongs to a transaction; memory is that of its arena. One thread at a
 * time.
 */
#ifndef SUBMIT_BODY_H
#define SUBMIT_BODY_H

#include "base/spool.h"
#include "edit/edit.h"
#include "edit/reencode.h"

/* All zero: not kept. */
struct body {
	const struct spool_settings *settings;
	struct facts *facts;
	struct spool *kept;	/* NULL: no edit will ask for it */
	struct spool *changed;	/* what leaves; NULL: as it came */
	struct octets changed_form;
	struct reencode *reencode;	/* NULL: nothing is to be encoded */
	const struct profile *encrypt;	/* NULL: not to be encrypted */
};

/*
 * The header is complete: keeps the body that follows if PROFILE has edits
 * that may need it. SETTINGS and the others outlive the body. 0 or -1 (no
 * memory).
 */
int body_begin(struct body *body, const struct spool_settings *settings,
    const struct profile *profile, struct facts *facts)
    __attribute__((warn_unused_result));

/* The next octets. 0, or -1 and *error_r; it is then no longer kept. */
int body_feed(struct body *body, struct span octets, const char **error_r)
    __attribute__((warn_unused_result));

/* It is over; what was found out is in the facts, for the rules. 0 or -1. */
int body_end(struct body *body) __attribute__((warn_unused_result));

/* Makes the edits that need all of it. 0, or -1 and *error_r. */
int body_change(struct body *body, struct edit_list *list,
    const char **error_r) __attribute__((warn_unused_result));

/* What octets_feed() found in the body that leaves. */
const struct octets *body_form(const struct body *body,
    const struct facts *facts);

void body_free(struct body *body);

#endif
