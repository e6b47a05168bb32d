/*
 * listen - sockets that others connect to: where, whose they are, and what
 * may stand in their way. Main thread.
 */
#ifndef SUBMIT_SYSTEM_LISTEN_H
#define SUBMIT_SYSTEM_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

struct listen_access {
	uid_t user;		/* -1: leave it */
	gid_t group;		/* -1: leave it */
	mode_t mode;
};

/* Does somebody accept connections there? */
bool listen_is_served(const char *path);

/*
 * Gives the socket PATH to those whom ACCESS names. 0; or -1 and *error_r
 * (malloc'ed, the caller's to free; NULL when there was no memory).
 */
int listen_give(const char *path, const struct listen_access *access,
    char **error_r) __attribute__((warn_unused_result));

/*
 * A non-blocking descriptor that listens on PATH; a socket that a process
 * has left there when it died is replaced, anything else is in the way. -1
 * and *error_r as above. Nobody can connect before ACCESS holds.
 */
int listen_open(const char *path, const struct listen_access *access,
    char **error_r) __attribute__((warn_unused_result));

/*
 * NULL when ADDRESS is "unix:PATH", "ADDRESS:PORT" or "[ADDRESS]:PORT" with
 * an IP address; else what is wrong, static.
 */
const char *listen_fault(const char *address);

/* PATH of "unix:PATH", or NULL. */
const char *listen_path(const char *address);

/* As listen_open(), at any of these. */
int listen_open_any(const char *address, const struct listen_access *access,
    char **error_r) __attribute__((warn_unused_result));

#endif
