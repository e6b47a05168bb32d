/*
 * notify - tells the service manager how we are: the protocol of
 * sd_notify(3).
 *
 * One datagram a word, to the socket that $NOTIFY_SOCKET names. libsystemd
 * would do the same, but for these lines it brings five more libraries into
 * a process that parses mail. One thread.
 */
#ifndef SUBMIT_SYSTEM_NOTIFY_H
#define SUBMIT_SYSTEM_NOTIFY_H

#include <stdint.h>

struct notify {
	int fd;			/* -1: nobody wants to know */
	int64_t interval;	/* ms between signs of life; 0: none wanted */
	int64_t next;		/* of base/deadline.h: the next one is due */
};

/*
 * Reads the environment, and takes out of it what is for us. 0; or -1 and
 * *error_r (malloc'ed, the caller's to free; NULL when there was no
 * memory).
 */
int notify_open(struct notify *notify, char **error_r)
    __attribute__((warn_unused_result));

/* "READY=1\nSTATUS=...". That nobody hears it is no matter. */
void notify_send(const struct notify *notify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Reload begins; READY=1 ends it. */
void notify_reloading(const struct notify *notify);

/* Milliseconds until a sign of life is due; at most MOST. */
int notify_due(const struct notify *notify, int most);

/* A sign of life, if one is due. */
void notify_alive(struct notify *notify);

#endif
