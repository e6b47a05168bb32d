/*
 * vault - the secret keys of the audit: of trace tokens and of the store.
 *
 * A file with one key a line, 64 hexadecimal digits; the first is the one
 * that is used, the others are for what was made with them before. A key is
 * known by its tag, four octets that are derived from it and tell nothing
 * of it. Keys for a purpose are derived by HKDF (RFC 5869). Never changes
 * once it was read; any thread.
 */
#ifndef SUBMIT_AUDIT_VAULT_H
#define SUBMIT_AUDIT_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "sign/keyring.h"

#define VAULT_TAG_SIZE 4

struct vault_key {
	uint8_t octets[32];
	uint8_t tag[VAULT_TAG_SIZE];
};

struct vault;

/*
 * Reads FILE under the rules of keyring_add(). NULL and *error_r (malloc'ed
 * text that names the file, or NULL without memory).
 */
struct vault *vault_read(const char *file, const struct key_owner *owner,
    char **error_r) __attribute__((warn_unused_result));

/* Wipes. Takes NULL; leaves NULL. */
void vault_free(struct vault **vault);

/* The first key. */
const struct vault_key *vault_current(const struct vault *vault);

size_t vault_count(const struct vault *vault);
const struct vault_key *vault_key(const struct vault *vault, size_t index);

/* The key of a tag; NULL when it is not there. */
const struct vault_key *vault_find(const struct vault *vault,
    const uint8_t tag[VAULT_TAG_SIZE]);

/*
 * A key of LEN octets (at most 255 times 32) for PURPOSE and SALT. KEY may
 * be NULL: then it is no secret, but of SALT alone. 0 or -1.
 */
int vault_derive(const struct vault_key *key, struct span salt,
    const char *purpose, uint8_t *key_r, size_t len)
    __attribute__((warn_unused_result));

#endif
