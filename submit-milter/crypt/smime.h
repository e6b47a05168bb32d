/*
 * smime - a MIME entity, encrypted.
 *
 * RFC 8551 section 3.3, RFC 5083 (authenticated enveloped data), RFC 5652.
 * The only user of OpenSSL's CMS. Any thread; memory does not grow with the
 * entity.
 */
#ifndef SUBMIT_CRYPT_SMIME_H
#define SUBMIT_CRYPT_SMIME_H

#include <stddef.h>

#include <openssl/types.h>

#include "base/spool.h"

enum smime_cipher { SMIME_AES_256_GCM, SMIME_AES_256_CBC };

/* The smime-type of what comes out (RFC 8551 section 3.2.2). */
const char *smime_type(enum smime_cipher cipher);

/*
 * Encrypts HEADER and then all of BODY for the owners of N certificates and
 * writes it, as base64 in lines, to TO. 0, or -1 and *error_r (static).
 */
int smime_encrypt(enum smime_cipher cipher, X509 *const *certs, size_t n,
    struct span header, struct spool *body, struct spool *to,
    const char **error_r) __attribute__((warn_unused_result));

#endif
