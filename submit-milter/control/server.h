/*
 * server - the daemon's ear for its administrator.
 *
 * A thread that serves a few clients at a time on a UNIX socket. Who may
 * ask: root, the daemon's own user, and members of the socket's group.
 * protocol.h has the form, verbs.h what can be asked.
 */
#ifndef SUBMIT_CONTROL_SERVER_H
#define SUBMIT_CONTROL_SERVER_H

#include "config/config.h"
#include "runtime.h"
#include "system/listen.h"

struct control;

/*
 * Listens at PATH for those whom ACCESS names; to be called with the rights
 * to make it so. NULL and *error_r (malloc'ed, the caller's to free).
 */
struct control *control_open(const char *path,
    const struct listen_access *access, struct runtime *runtime,
    char **error_r);

/* Only while it is not served. Takes NULL; leaves NULL. */
void control_free(struct control **control);

/*
 * Starts the thread, which lives as long as the process and gets no
 * signals. 0 or -1.
 */
int control_serve(struct control *control)
    __attribute__((warn_unused_result));

#endif
