/*
 * sign_fixture - key files, and a verifier that is not ours, for unit tests
 * of sign.
 */
#ifndef T_UNIT_SIGN_FIXTURE_H
#define T_UNIT_SIGN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "sign/keyring.h"
#include "sign/signer.h"

/* A folder of its own under /tmp, mode 0700. To be freed. */
char *fixture_folder(void);
/* Removes it with all that is in it; frees PATH. */
void fixture_remove(char *path);
/* PATH/NAME, to be freed. */
char *fixture_path(const char *path, const char *name);

/* Writes TEXT or KEY (PEM) to a new file with that mode, whatever umask. */
void fixture_write(const char *file, const char *text, unsigned mode);
void fixture_write_key(const char *file, EVP_PKEY *key, unsigned mode);

/* A keyring with selectors "rsa" and "ed" of example.org. */
struct sign_fixture {
	char *folder;
	struct key_owner owner;
	struct keyring *keyring;
	struct key_list keys;
};

void sign_fixture_setup(struct sign_fixture *f);
void sign_fixture_teardown(struct sign_fixture *f);

/* One for all tests of a group: its setup and teardown for cmocka. */
extern struct sign_fixture fixture;
int sign_fixture_begin(void **state);
int sign_fixture_end(void **state);

/* "Name: value" fields, one a line of TEXT (LF); blanks begin a fold. */
void fixture_header(struct header *header, const char *text);

/*
 * The message as it is on the wire, signature first unless it is empty. The
 * body gets the line end that an MTA would give it. To be freed.
 */
char *fixture_wire(struct span signature, const struct header *header,
    struct span body, size_t *size_r);

/*
 * True when libopendkim's verifier finds the first signature of the message
 * good under the public key of KEY.
 */
bool fixture_verifies(const char *message, size_t size,
    const struct signing_key *key);

#endif
