/*
 * remote - what tables whose answers come from a server have in common:
 * a cache, a pool of connections, deadlines, and a second attempt when a
 * connection turns out to be broken.
 *
 * A driver is what differs. A table with the same specification as one that
 * is open shares its pool and cache, so that these outlive a reload. For
 * the backends of table/ only. Any thread.
 */
#ifndef SUBMIT_TABLE_REMOTE_H
#define SUBMIT_TABLE_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sbuf.h"
#include "table/backend.h"
#include "table/endpoint.h"
#include "table/failure.h"

enum remote_answer {
	REMOTE_FOUND,
	REMOTE_NOT_FOUND,
	REMOTE_REFUSED,		/* the server answered with an error */
	REMOTE_BROKEN,		/* the connection is of no more use */
};

struct remote_driver {
	unsigned port;		/* of "inet:HOST"; 0: a port is needed */
	/*
	 * "unix:PATH" or "inet:HOST:PORT" for what spec->server says, which
	 * is malloc'ed. NULL: it says so itself.
	 */
	char *(*locate)(const struct table_spec *spec, char **error_r);
	/*
	 * What all connections share; nothing of SPEC is kept, but HOST, the
	 * server's name as it was written, lives long enough. NULL and
	 * *error_r (malloc'ed, or NULL) when an option is wrong. No server
	 * is asked.
	 */
	void *(*open)(const struct table_spec *spec, const char *host,
	    unsigned port, char **error_r);
	void (*close)(void *shared);
	/* False when no row can have that key: nobody is asked. */
	bool (*takes)(const void *shared, struct span key);
	/* A connection, or NULL and *failure. */
	void *(*connect)(const void *shared,
	    const struct endpoint_address *address, int64_t deadline,
	    struct failure *failure);
	/* IS_BROKEN: do not talk to the other side any more. */
	void (*disconnect)(void *connection, bool is_broken);
	/* The values go to VALUES by remote_add_value(). */
	enum remote_answer (*ask)(void *connection, struct span key,
	    int64_t deadline, struct sbuf *values, struct failure *failure);
};

/*
 * One more value of the answer: they are joined by commas, empty ones do
 * not count. False when the answer has grown too long; then the driver need
 * not read on.
 */
bool remote_add_value(struct sbuf *values, struct span value);

/* A copy of TEXT, from malloc; "" for NULL. NULL when there is no memory. */
char *remote_copy(const char *text) __attribute__((warn_unused_result));

/* In a struct table_backend: the handle is a struct remote. */
#define REMOTE_BACKEND(driver) \
	.kind = (driver), \
	.open = remote_open, \
	.lookup = remote_lookup, \
	.probe = remote_probe, \
	.usage = remote_usage, \
	.close = remote_close

void *remote_open(const void *driver, const struct table_spec *spec,
    char **error_r) __attribute__((warn_unused_result));
enum lookup remote_lookup(const void *handle, struct span key,
    int64_t deadline, struct arena *arena, struct span *value_r,
    const char **error_r);
void remote_usage(const void *handle, struct table_usage *usage);
int remote_probe(const void *handle, int64_t deadline, struct arena *arena,
    const char **error_r);
void remote_close(void *handle);

#endif
