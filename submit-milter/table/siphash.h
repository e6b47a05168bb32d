/*
 * siphash - SipHash-2-4, a keyed hash: who does not know the key cannot
 * find strings that fall into the same place of a hash table.
 *
 * J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF".
 * Pure; any thread.
 */
#ifndef SUBMIT_TABLE_SIPHASH_H
#define SUBMIT_TABLE_SIPHASH_H

#include <stdint.h>

#include "base/span.h"

struct siphash_key {
	uint64_t v[2];
};

uint64_t siphash(const struct siphash_key *key, struct span s);

#endif
