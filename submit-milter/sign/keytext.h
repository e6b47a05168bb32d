/*
 * keytext - a private key from its PEM text, with no copy left behind.
 *
 * RFC 7468, RFC 8410. Only files of sign/ see it. Any thread.
 */
#ifndef SUBMIT_SIGN_KEYTEXT_H
#define SUBMIT_SIGN_KEYTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

/*
 * TEXT has SIZE octets and a NUL behind them. NULL when there is no private
 * key in it that can be read; *is_encrypted_r tells whether a passphrase
 * would have helped. Errors stay in OpenSSL's queue.
 */
EVP_PKEY *keytext_parse(const char *text, size_t size, bool *is_encrypted_r);

#endif
