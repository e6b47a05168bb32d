/*
 * startup - what the process takes before it serves: sockets, files, another
 * user, fewer system calls. Main thread alone.
 */
#ifndef SUBMIT_STARTUP_H
#define SUBMIT_STARTUP_H

#include "config/config.h"
#include "control/server.h"
#include "monitor/http.h"
#include "runtime.h"

/*
 * All that needs root, then all that must not have it. 0, and NULL for what
 * is not wanted; or -1, it is logged why, and no file is left behind.
 */
int startup_open(struct runtime *runtime, const struct config *config,
    struct control **control_r, struct http **http_r)
    __attribute__((warn_unused_result));

/*
 * A new configuration: are its files where others cannot put something else
 * in their place? 0, or -1 and *error_r (malloc'ed; NULL without memory).
 */
int startup_check(const struct config *config, char **error_r)
    __attribute__((warn_unused_result));

/* At the end: sockets and the file with the process id. */
void startup_remove(const struct config *config);

#endif
