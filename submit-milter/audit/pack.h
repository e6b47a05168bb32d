/*
 * pack - records as they lie in the store: small, and by option sealed.
 *
 * A line is compressed (RFC 1951) against a sample of what such lines look
 * like, and then, where there is a key, sealed by AES-256-GCM under a key
 * of the file it lies in, with a nonce at random; a number that names the
 * record is sealed with it, so that none can be put in the place of another.
 * One thread at a time for an object.
 */
#ifndef SUBMIT_AUDIT_PACK_H
#define SUBMIT_AUDIT_PACK_H

#include <stdint.h>

#include "audit/vault.h"
#include "base/sbuf.h"
#include "base/span.h"

struct pack;

/*
 * KEY, which may be NULL (then nothing is sealed), is only read here; so is
 * SALT, that of the file. NULL without memory.
 */
struct pack *pack_new(const struct vault_key *key, struct span salt);

/* Wipes. Takes NULL; leaves NULL. */
void pack_free(struct pack **pack);

/* Adds LINE, packed under its name N, to the end of OUT. 0 or -1. */
int pack_line(struct pack *pack, struct span line, int64_t n,
    struct sbuf *out) __attribute__((warn_unused_result));

/*
 * The line that PACKED is, at the end of OUT. 0; or -1: it is damaged,
 * has another name, the key is another, or there is no memory.
 */
int pack_open(struct pack *pack, struct span packed, int64_t n,
    struct sbuf *out) __attribute__((warn_unused_result));

/* Octets that PACKED tells the line will have are no more than this. */
#define PACK_LINE_MOST (64u << 20)

#endif
