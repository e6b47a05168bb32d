/*
 * failure - what went wrong between us and a server, in a line of text.
 *
 * Words of libraries and servers are cut to one line; they have no control
 * characters and are UTF-8. For the backends of table/ only. Any thread.
 */
#ifndef SUBMIT_TABLE_FAILURE_H
#define SUBMIT_TABLE_FAILURE_H

#define FAILURE_MAX 256u

struct failure {
	char text[FAILURE_MAX];
};

void failure_set(struct failure *failure, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
