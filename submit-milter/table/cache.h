/*
 * cache - answers of a remote table, kept for a while.
 *
 * Both "found" and "not found" are kept, a failure never is. At most so many
 * entries: then the one that nobody asked for longest goes. An entry that is
 * too large to keep is not kept. Keys are hashed with a key of the cache's
 * own (siphash.h), since users choose them.
 *
 * Any thread; its lock is a leaf. The clock is a parameter, in ms. For the
 * backends of table/ only.
 */
#ifndef SUBMIT_TABLE_CACHE_H
#define SUBMIT_TABLE_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

/* Most octets of a key with its value that are kept. */
#define CACHE_ENTRY_MAX 4096u

struct cache;

enum cached {
	CACHED_NOTHING,		/* ask the server */
	CACHED_FOUND,
	CACHED_NOT_FOUND,
};

/*
 * A cache of at most SIZE entries (at least 1) that live LIFETIME ms. NULL
 * when memory or the system's randomness is short.
 */
struct cache *cache_new(size_t size, int64_t lifetime)
    __attribute__((warn_unused_result));

/* Takes NULL; leaves NULL. */
void cache_free(struct cache **cache);

/*
 * What is known of KEY at the time NOW. The value is copied to ARENA; when
 * there is no room, nothing is known.
 */
enum cached cache_get(struct cache *cache, struct span key, int64_t now,
    struct arena *arena, struct span *value_r)
    __attribute__((warn_unused_result));

/*
 * Keeps that KEY was found, with VALUE, or that it was not (VALUE NULL), in
 * the place of what was kept before.
 */
void cache_put(struct cache *cache, struct span key,
    const struct span *value, int64_t now);

size_t cache_count(struct cache *cache);

/* How often it knew, and did not. */
void cache_usage(struct cache *cache, uint64_t *hits_r, uint64_t *misses_r);

#endif
