/*
 * certs - certificates of those to whom mail is encrypted, in a folder.
 *
 * Each file, "ADDRESS.pem" or "DOMAIN.pem", is read once. Immutable; any
 * thread.
 */
#ifndef SUBMIT_CRYPT_CERTS_H
#define SUBMIT_CRYPT_CERTS_H

#include <openssl/types.h>

#include "base/span.h"

struct certs;

/*
 * Reads all files of a directory that end in ".pem". NULL and *error_r, one
 * line, malloc'ed, the caller's to free (NULL if even that failed).
 */
struct certs *certs_open(const char *directory, char **error_r)
    __attribute__((warn_unused_result));

/* Takes NULL; leaves NULL. */
void certs_free(struct certs **certs);

/*
 * The certificate for a mailbox with these parts, folded; that of the address
 * itself goes before that of its domain. It is CERTS's. NULL: there is none.
 */
X509 *certs_find(const struct certs *certs, struct span address,
    struct span domain) __attribute__((warn_unused_result));

#endif
