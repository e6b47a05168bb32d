/*
 * secret - passwords: from a file, and out of memory again.
 *
 * For the backends of table/ only. Any thread.
 */
#ifndef SUBMIT_TABLE_SECRET_H
#define SUBMIT_TABLE_SECRET_H

/*
 * The first line of FILE, without its end; malloc'ed, for secret_forget().
 * A file that others than its owner and group can use is refused. 0; or -1
 * and *error_r (malloc'ed; NULL when there was no memory).
 */
int secret_read(const char *file, char **secret_r, char **error_r)
    __attribute__((warn_unused_result));

/* Wipes and frees. Takes NULL; leaves NULL. */
void secret_forget(char **secret);

#endif
