/*
 * client - asks the daemon by its control socket. One thread.
 */
#ifndef SUBMIT_CONTROL_CLIENT_H
#define SUBMIT_CONTROL_CLIENT_H

#include "base/span.h"

enum control_result {
	CONTROL_ANSWERED,
	CONTROL_UNREACHABLE,	/* nobody is there, or says nothing */
	CONTROL_FORBIDDEN,	/* the socket is not for us */
	CONTROL_MISUSED,	/* the request cannot be sent */
};

/*
 * Sends REQUEST (without end of line) to the daemon that listens at PATH,
 * and waits PATIENCE milliseconds for each step at most. *reply_r is its
 * line of JSON, without end; on failure *error_r says what is wrong. Both
 * malloc'ed, the caller's to free; NULL when there was no memory.
 */
enum control_result control_ask(const char *path, struct span request,
    int patience, char **reply_r, char **error_r)
    __attribute__((warn_unused_result));

#endif
