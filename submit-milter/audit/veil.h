/*
 * veil - addresses as keyed hashes: found again by those who know the
 * address and the key, by nobody else.
 *
 * "hash:TAG:DIGEST": TAG names the key (audit/vault.h), DIGEST is the first
 * half of HMAC-SHA-256 (RFC 2104) of the address in lower case, under a key
 * that is derived for this alone; both in hexadecimal. Any thread.
 */
#ifndef SUBMIT_AUDIT_VEIL_H
#define SUBMIT_AUDIT_VEIL_H

#include <stddef.h>

#include "audit/vault.h"
#include "base/span.h"

#define VEIL_SIZE 47

struct veil;

/* From the keys of VAULT, which is not kept. NULL: no memory. */
struct veil *veil_new(const struct vault *vault)
    __attribute__((warn_unused_result));

/* Wipes. Takes NULL; leaves NULL. */
void veil_free(struct veil **veil);

/* How many keys there are; the first is the one that is used. */
size_t veil_count(const struct veil *veil);

/*
 * ADDRESS under key KEY, NUL-terminated; a case of ASCII letters makes no
 * difference. 0, or -1 when libcrypto failed.
 */
int veil_address(const struct veil *veil, size_t key, struct span address,
    char hash_r[VEIL_SIZE]) __attribute__((warn_unused_result));

#endif
