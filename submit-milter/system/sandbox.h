/*
 * sandbox - the system calls that we still need, once all has started.
 *
 * A filter of seccomp(2) by an allow-list, for all threads and for good.
 * What belongs to breaking out (running a program, tracing, mounting,
 * loading code into the kernel) ends the process; what is merely not on the
 * list fails with EPERM and is logged by the kernel, so that a library that
 * tries something new does not stop the mail. Main thread.
 */
#ifndef SUBMIT_SYSTEM_SANDBOX_H
#define SUBMIT_SYSTEM_SANDBOX_H

/* NULL when this build can; else why not. */
const char *sandbox_missing(void);

/* "libseccomp 2.5.4", or NULL. TEXT has room for it. */
const char *sandbox_library(char text[32]);

/*
 * 0; or -1 and *error_r (malloc'ed, the caller's to free; NULL when there
 * was no memory): then nothing has changed.
 */
int sandbox_enter(char **error_r) __attribute__((warn_unused_result));

#endif
