/*
 * folder - is a folder fit to keep something in that others must not
 * forge? Main thread.
 */
#ifndef SUBMIT_SYSTEM_FOLDER_H
#define SUBMIT_SYSTEM_FOLDER_H

/*
 * The folder PATH must be ours or root's, be writable to us and not to
 * everybody. 0; or -1 and *error_r (malloc'ed, the caller's to free; NULL
 * when there was no memory).
 */
int folder_check(const char *path, char **error_r)
    __attribute__((warn_unused_result));

#endif
