/*
 * cert - one certificate of somebody to whom mail is encrypted.
 *
 * RFC 5280, RFC 7468, RFC 8550 section 4.4. Kept as its DER, which needs no
 * one to free it. Any thread.
 */
#ifndef SUBMIT_CRYPT_CERT_H
#define SUBMIT_CRYPT_CERT_H

#include <stdint.h>

#include <openssl/x509.h>

#include "base/arena.h"
#include "base/span.h"

/*
 * What a row of a table has: PEM, with line ends or blanks in their place,
 * the base64 of it alone, or DER itself; of a list with commas, the first. 1
 * and *der_r, in ARENA; 0: it is no certificate; -1: no memory.
 */
int cert_read(struct span text, struct arena *arena, struct span *der_r)
    __attribute__((warn_unused_result));

/* From DER; the caller's to free. NULL: it is none, or no memory. */
X509 *cert_parse(struct span der) __attribute__((warn_unused_result));

/* NULL, or why (static) nothing is to be encrypted to it at NOW. */
const char *cert_refuse(struct span der, int64_t now);

#endif
