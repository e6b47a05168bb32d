/*
 * key - what a signing key is made of. Only files of sign/ see it.
 */
#ifndef SUBMIT_SIGN_KEY_H
#define SUBMIT_SIGN_KEY_H

#include <stdbool.h>

#include <openssl/types.h>

#include "sign/keyring.h"
#include "sign/schedule.h"

struct signing_key {
	char *domain;		/* or a pattern: see keystore.h */
	char *selector;
	enum key_algorithm algorithm;
	int bits;
	EVP_PKEY *pkey;		/* NULL: known by name alone */
	struct schedule schedule;
	const char *identity;	/* for i=; NULL: none */
};

/* By name alone. NULL when there is no memory. */
struct signing_key *key_new(const char *domain, const char *selector);

/* Another with the same private key. NULL when there is no memory. */
struct signing_key *key_copy(const struct signing_key *key);

/* Takes NULL. EVP_PKEY_free() wipes the private parts. */
void key_free(struct signing_key *key);

/*
 * Labels of letters, digits, "-" and "_", joined by dots: nothing that
 * would end a tag of the signature, a name in the DNS or one in a folder.
 */
bool key_is_name(const char *name);

/*
 * Reads one as keyring_add() says. NULL and *error_r: malloc'ed, NULL if
 * even that failed.
 */
struct signing_key *key_read(const char *domain, const char *selector,
    const char *file, const struct key_limits *limits, char **error_r)
    __attribute__((warn_unused_result));

#endif
