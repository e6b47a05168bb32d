/*
 * live - a file that is looked up in where it lies, and opened anew when
 * another takes its place.
 *
 * Compiled tables are made again while we run: a new file is renamed into
 * place (cdb), or the old one is written over (hash, btree). The file is
 * looked at when a second has passed since the last time. What was opened
 * stays open as long as a look-up is in it. A file that is gone or broken
 * means that look-ups fail, until there is a right one again.
 *
 * For the backends of table/ only. Any thread; one lock, which is held while
 * a file is opened and never during a look-up. Nothing else is locked under
 * it but what the kind locks to open.
 */
#ifndef SUBMIT_TABLE_LIVE_H
#define SUBMIT_TABLE_LIVE_H

#include "table/backend.h"

/* Answers of live_kind.ask(), beyond those of enum lookup. */
enum live_answer {
	LIVE_FOUND,
	LIVE_NOT_FOUND,
	LIVE_FAILED,
	LIVE_STALE,		/* open it anew and ask again */
	LIVE_BUSY,		/* somebody writes to it: ask again soon */
};

enum live_opened {
	LIVE_OPENED,
	LIVE_OPEN_FAILED,
	LIVE_OPEN_BUSY,		/* somebody writes to it */
};

struct live_kind {
	/* ".db": spec.file may be given without it. NULL: there is none. */
	const char *suffix;
	/*
	 * A change within the file is none of ours: only another file in
	 * its place is opened anew.
	 */
	bool is_changed_in_place;
	/* *error_r is malloc'ed, or NULL: no memory. */
	enum live_opened (*open)(const void *context, const char *path,
	    void **opened_r, char **error_r);
	/*
	 * Called by any number of threads at once. The value and *error_r
	 * live in the arena or for ever.
	 */
	enum live_answer (*ask)(void *opened, struct span key,
	    int64_t deadline, struct arena *arena, struct span *value_r,
	    const char **error_r);
	void (*close)(void *opened);
};

struct live;

/*
 * Opens spec->file. CONTEXT is for kind->open() and must outlive it. NULL
 * and *error_r as table_backend.open().
 */
struct live *live_new(const struct live_kind *kind,
    const struct table_spec *spec, const void *context, char **error_r)
    __attribute__((warn_unused_result));

/* In a struct table_backend whose kind of file wants no context. */
#define LIVE_BACKEND(file) \
	.kind = (file), \
	.open = live_open, \
	.lookup = live_lookup, \
	.close = live_close

void *live_open(const void *kind, const struct table_spec *spec,
    char **error_r) __attribute__((warn_unused_result));

/* table_backend.lookup() and close() of a handle from live_new(). */
enum lookup live_lookup(const void *handle, struct span key,
    int64_t deadline, struct arena *arena, struct span *value_r,
    const char **error_r) __attribute__((warn_unused_result));
void live_close(void *handle);

#endif
