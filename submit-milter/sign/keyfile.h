/*
 * keyfile - reads a secret file, if nobody else could have.
 *
 * A key that others can read signs for others, and one that they can write
 * or exchange is theirs. Looks at the file and at every folder and symbolic
 * link on the way to it. Any thread.
 */
#ifndef SUBMIT_SIGN_KEYFILE_H
#define SUBMIT_SIGN_KEYFILE_H

#include <stddef.h>

#include "sign/keyring.h"

/*
 * Reads FILE whole. The rules are those of keyring_add(). 0 and the octets,
 * followed by a NUL, which are the caller's to give to keyfile_wipe(); or -1
 * and *error_r: malloc'ed text that names the file, or NULL.
 */
int keyfile_read(const char *file, const struct key_owner *owner,
    char **octets_r, size_t *size_r, char **error_r)
    __attribute__((warn_unused_result));

/* Overwrites and frees. Takes NULL; leaves NULL. */
void keyfile_wipe(char **octets, size_t size);

/* *error_r becomes "key file FILE: ..." or, without memory, NULL. -1. */
int keyfile_fail(char **error_r, const char *file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
