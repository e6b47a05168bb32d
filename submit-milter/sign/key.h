/*
 * key - what a signing key is made of. Only files of sign/ see it.
 */
#ifndef SUBMIT_SIGN_KEY_H
#define SUBMIT_SIGN_KEY_H

#include <openssl/types.h>

#include "sign/keyring.h"

struct signing_key {
	char *domain;
	char *selector;
	enum key_algorithm algorithm;
	int bits;
	EVP_PKEY *pkey;
};

#endif
