/*
 * cert - one certificate of somebody to whom mail is encrypted.
 *
 * RFC 5280, RFC 7468, RFC 8550 section 4.4. Any thread; threads may share one.
 */
#ifndef SUBMIT_CRYPT_CERT_H
#define SUBMIT_CRYPT_CERT_H

#include <stdint.h>

#include <openssl/types.h>

#include "base/arena.h"
#include "base/span.h"

/*
 * What a row of a table has: PEM, with line ends or blanks in their place,
 * the base64 of it alone, or DER itself; of a list with commas, the first. 1
 * and the certificate, which is the arena's; 0: it is none; -1: no memory.
 */
int cert_read(struct span text, struct arena *arena, X509 **cert_r)
    __attribute__((warn_unused_result));

/* NULL, or why (static) nothing is to be encrypted to it at NOW. */
const char *cert_refuse(X509 *cert, int64_t now);

#endif
