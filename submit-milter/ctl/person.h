/*
 * person - the records of one person, and how that person is taken out of
 * them.
 *
 * A person is known by identities and addresses. A record that such an
 * identity submitted is the person's own; any other one may name the person
 * as sender or recipient. One thread.
 */
#ifndef SUBMIT_CTL_PERSON_H
#define SUBMIT_CTL_PERSON_H

#include <stddef.h>

#include "audit/query.h"
#include "base/sbuf.h"

#define PERSON_NAMES_MOST 16

struct person {
	const char *names[PERSON_NAMES_MOST];	/* as the user wrote them */
	size_t n;
	struct criterion criteria[3 * PERSON_NAMES_MOST];
	size_t criterion_count;
	struct arena *arena;
	const struct veil *veil;	/* of hashed recipients; or NULL */
};

/* Makes the criteria of the names. 0, or an exit status after a complaint. */
int person_prepare(struct person *person, struct arena *arena)
    __attribute__((warn_unused_result));

enum person_share {
	PERSON_NONE,		/* not in it */
	PERSON_NAMED,		/* as sender or recipient */
	PERSON_OWN,		/* submitted it */
};

enum person_share person_share(const struct person *person,
    const struct words *words);

/*
 * LINE, in which the addresses of the person are replaced by "(erased)"
 * wherever they stand, at the end of OUT. 0 or -1.
 */
int person_redact(const struct person *person, struct span line,
    struct sbuf *out) __attribute__((warn_unused_result));

#endif
