/*
 * edit - what is changed in a message, planned before anything is done.
 *
 * RFC 6409 section 8. An edit is applied to the header that leaves (facts)
 * and noted in a list at the same time; what is signed is that header, what
 * the MTA is told is that list. Fields are named by their occurrence in the
 * submitted header, recipients by the path that the client wrote, so the
 * order of the list does not matter to its meaning. Pure; one thread at a
 * time.
 */
#ifndef SUBMIT_EDIT_EDIT_H
#define SUBMIT_EDIT_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/spool.h"
#include "policy/facts.h"
#include "policy/profile.h"

enum edit_kind {
	EDIT_ADD,		/* a new field below the others */
	EDIT_PREPEND,		/* a new field above all others: signatures */
	EDIT_REPLACE,		/* the value of a field that was submitted */
	EDIT_DELETE,		/* a field that was submitted */
	EDIT_BODY,		/* the whole body; at most one of them */
	EDIT_SENDER,		/* another path instead of that of MAIL */
	EDIT_ADD_RECIPIENT,
	EDIT_DELETE_RECIPIENT,	/* one that was submitted */
};

struct edit {
	enum edit_kind kind;
	struct span name;	/* of a field; empty for the envelope */
	/*
	 * As in header_field, empty for EDIT_DELETE; for the envelope a path
	 * with its angle brackets.
	 */
	struct span value;
	struct span params;	/* EDIT_ADD_RECIPIENT: ESMTP, or empty */
	size_t occurrence;	/* EDIT_REPLACE, EDIT_DELETE: from 1 */
	const char *cause;	/* "date", "sender" ...: for audit */
	struct spool *body;	/* EDIT_BODY: the new one */
};

struct edit_list {
	struct edit *v;
	size_t n;
	size_t room;
	struct arena *arena;
};

void edit_list_init(struct edit_list *list, struct arena *arena);

/*
 * Each changes HEADER and notes the edit. Name and value must live as long
 * as the arena; VALUE without the leading blank, which is added. Only a
 * field that was submitted can be replaced or deleted. 0, or -1 when there
 * is no memory.
 */
int edit_add(struct edit_list *list, struct header *header,
    const char *name, struct span value, const char *cause)
    __attribute__((warn_unused_result));
int edit_replace(struct edit_list *list, struct header *header, size_t index,
    struct span value, const char *cause) __attribute__((warn_unused_result));
int edit_delete(struct edit_list *list, struct header *header, size_t index,
    const char *cause) __attribute__((warn_unused_result));

/*
 * As edit_replace(), for a field of ours too: it is then added or replaced
 * with VALUE from the beginning.
 */
int edit_reword(struct edit_list *list, struct header *header, size_t index,
    struct span value, const char *cause) __attribute__((warn_unused_result));

/*
 * As edit_reword(), VALUE being all that follows the colon. CAUSE is noted
 * for a field that was submitted.
 */
int edit_respell(struct edit_list *list, struct header *header, size_t index,
    struct span value, const char *cause) __attribute__((warn_unused_result));

/* True for what changes the envelope, not the header. */
bool edit_is_of_envelope(enum edit_kind kind);

/* "replace", "change-sender" ...: as records and "explain" call it. */
const char *edit_kind_name(enum edit_kind kind);

/*
 * An edit of the envelope. PATH and PARAMS (empty: none) must live as long as
 * the arena, and end in NUL.
 */
int edit_envelope(struct edit_list *list, enum edit_kind kind,
    struct span path, struct span params, const char *cause)
    __attribute__((warn_unused_result));

/* A field above all others, which is in no view of the header. */
int edit_prepend(struct edit_list *list, struct span name, struct span value,
    const char *cause) __attribute__((warn_unused_result));

/*
 * BODY, which outlives the list, stands for the body that was submitted, and
 * for an earlier one of ours.
 */
int edit_body(struct edit_list *list, struct spool *body, const char *cause)
    __attribute__((warn_unused_result));

/* The body that is to leave; NULL: that which was submitted. */
struct spool *edit_new_body(const struct edit_list *list);

#endif
