/*
 * milter - the glue to libmilter: callbacks in, replies and edits out.
 *
 * Everything that is libmilter's stays behind this header. Called by the
 * main thread; the callbacks run in libmilter's threads.
 */
#ifndef SUBMIT_MILTER_H
#define SUBMIT_MILTER_H

#include "runtime.h"

/*
 * Registers the filter and listens on the socket of the configuration, so
 * that the MTA finds it as soon as this returns. 0, or -1 and *error_r in
 * static text. RUNTIME must live as long as the process.
 */
int milter_open(struct runtime *runtime, const char *socket,
    const char **error_r) __attribute__((warn_unused_result));

/* Serves until libmilter fails: -1, or 0 should it end by itself. */
int milter_serve(void);

/* The libmilter in use: "1.0.1". */
const char *milter_version(void);

#endif
