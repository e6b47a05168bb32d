/*
 * privileges - from root to a user of our own, for good. Main thread, at
 * the start.
 */
#ifndef SUBMIT_SYSTEM_PRIVILEGES_H
#define SUBMIT_SYSTEM_PRIVILEGES_H

#include <sys/types.h>

/* Whom to become; -1: stay. */
struct privileges {
	const char *name;	/* NULL: stay who we are */
	uid_t user;
	gid_t group;
};

/*
 * The account of that user and group; empty: stay, and the user's group. 0;
 * or -1 and *error_r (malloc'ed, the caller's to free; NULL when there was
 * no memory).
 */
int privileges_find(const char *user, const char *group,
    struct privileges *privileges_r, char **error_r)
    __attribute__((warn_unused_result));

/*
 * Becomes that account, with all its groups, when we are root. Whoever we
 * are then, if not root, has no capability and cannot get one, not by
 * running a program either. 0 or -1, as above.
 */
int privileges_drop(const struct privileges *privileges, char **error_r)
    __attribute__((warn_unused_result));

#endif
