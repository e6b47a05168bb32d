/*
 * cache.c - see cache.h.
 *
 * A hash table of chains, and a ring through all entries in the order in
 * which they were last asked for. What has expired is found when it is
 * asked for, or leaves at the end of the ring as anything else does.
 */
#include "table/cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

#include "table/siphash.h"

struct entry {
	struct entry *next;	/* of its chain */
	struct entry *newer;	/* of the ring */
	struct entry *older;
	uint64_t hash;
	int64_t expires;
	bool is_found;
	size_t key_len;
	size_t value_len;
	char octets[];		/* key, value */
};

struct cache {
	pthread_mutex_t lock;	/* of all that follows */
	struct siphash_key key;
	int64_t lifetime;
	size_t size;
	size_t count;
	size_t chain_count;	/* a power of two */
	uint64_t hits, misses;
	struct entry **chains;
	struct entry ring;	/* .older: the newest; .newer: the oldest */
};

struct cache *
cache_new(size_t size, int64_t lifetime)
{
	struct cache *cache = calloc(1, sizeof(*cache));

	assert(size > 0);
	if (cache == NULL)
		return NULL;
	cache->lifetime = lifetime;
	cache->size = size;
	cache->chain_count = 1;
	while (cache->chain_count < size)
		cache->chain_count *= 2;
	cache->ring.older = cache->ring.newer = &cache->ring;
	cache->chains = calloc(cache->chain_count, sizeof(struct entry *));
	if (cache->chains == NULL ||
	    getrandom(&cache->key, sizeof(cache->key), 0) !=
	    (ssize_t)sizeof(cache->key) ||
	    pthread_mutex_init(&cache->lock, NULL) != 0) {
		free(cache->chains);
		free(cache);
		return NULL;
	}
	return cache;
}

void
cache_free(struct cache **cache)
{
	struct entry *entry, *newer;

	if (*cache == NULL)
		return;
	for (entry = (*cache)->ring.newer; entry != &(*cache)->ring;
	    entry = newer) {
		newer = entry->newer;
		free(entry);
	}
	(void)pthread_mutex_destroy(&(*cache)->lock);
	free((*cache)->chains);
	free(*cache);
	*cache = NULL;
}

/* --- under the lock ------------------------------------------------------- */

/* Where the pointer to the entry of KEY is, or would be. */
static struct entry **
find(struct cache *cache, struct span key, uint64_t hash)
{
	struct entry **at = &cache->chains[hash & (cache->chain_count - 1)];

	while (*at != NULL && ((*at)->hash != hash || !span_eq(key,
	    (struct span){ (*at)->octets, (*at)->key_len })))
		at = &(*at)->next;
	return at;
}

static void
ring_leave(struct entry *entry)
{
	entry->newer->older = entry->older;
	entry->older->newer = entry->newer;
}

/* As the newest. */
static void
ring_join(struct cache *cache, struct entry *entry)
{
	entry->newer = &cache->ring;
	entry->older = cache->ring.older;
	entry->older->newer = entry;
	cache->ring.older = entry;
}

static void
drop(struct cache *cache, struct entry **at)
{
	struct entry *entry = *at;

	assert(entry != NULL);
	*at = entry->next;
	ring_leave(entry);
	cache->count--;
	free(entry);
}

static void
drop_oldest(struct cache *cache)
{
	struct entry *oldest = cache->ring.newer;

	drop(cache, find(cache, (struct span){ oldest->octets,
	    oldest->key_len }, oldest->hash));
}

static enum cached
get(struct cache *cache, struct span key, uint64_t hash, int64_t now,
    struct arena *arena, struct span *value_r)
{
	struct entry **at = find(cache, key, hash), *entry = *at;
	struct span value;

	if (entry == NULL)
		return CACHED_NOTHING;
	if (now >= entry->expires) {
		drop(cache, at);
		return CACHED_NOTHING;
	}
	ring_leave(entry);
	ring_join(cache, entry);
	if (!entry->is_found)
		return CACHED_NOT_FOUND;
	value = arena_span(arena, (struct span){
	    entry->octets + entry->key_len, entry->value_len });
	if (value.ptr == NULL)
		return CACHED_NOTHING;
	*value_r = value;
	return CACHED_FOUND;
}

static void
put(struct cache *cache, struct span key, uint64_t hash, struct entry *new)
{
	struct entry **at = find(cache, key, hash);

	if (*at != NULL)
		drop(cache, at);
	if (new == NULL)
		return;
	if (cache->count == cache->size)
		drop_oldest(cache);
	at = &cache->chains[hash & (cache->chain_count - 1)];
	new->next = *at;
	*at = new;
	ring_join(cache, new);
	cache->count++;
}

/* -------------------------------------------------------------------------- */

enum cached
cache_get(struct cache *cache, struct span key, int64_t now,
    struct arena *arena, struct span *value_r)
{
	uint64_t hash = siphash(&cache->key, key);
	enum cached cached;

	(void)pthread_mutex_lock(&cache->lock);
	cached = get(cache, key, hash, now, arena, value_r);
	if (cached == CACHED_NOTHING)
		cache->misses++;
	else
		cache->hits++;
	(void)pthread_mutex_unlock(&cache->lock);
	return cached;
}

/* NULL when it is too large or there is no memory. */
static struct entry *
entry_new(struct span key, const struct span *value)
{
	size_t value_len = value == NULL ? 0 : value->len;
	struct entry *entry;

	if (key.len > CACHE_ENTRY_MAX || value_len > CACHE_ENTRY_MAX - key.len)
		return NULL;
	entry = malloc(sizeof(*entry) + key.len + value_len);
	if (entry == NULL)
		return NULL;
	*entry = (struct entry){ .is_found = value != NULL,
		.key_len = key.len, .value_len = value_len };
	if (key.len > 0)
		memcpy(entry->octets, key.ptr, key.len);
	if (value_len > 0)
		memcpy(entry->octets + key.len, value->ptr, value_len);
	return entry;
}

void
cache_put(struct cache *cache, struct span key, const struct span *value,
    int64_t now)
{
	uint64_t hash = siphash(&cache->key, key);
	struct entry *entry = entry_new(key, value);

	if (entry != NULL) {
		entry->hash = hash;
		entry->expires = now + cache->lifetime;
	}
	(void)pthread_mutex_lock(&cache->lock);
	put(cache, key, hash, entry);
	(void)pthread_mutex_unlock(&cache->lock);
}

size_t
cache_count(struct cache *cache)
{
	size_t count;

	(void)pthread_mutex_lock(&cache->lock);
	count = cache->count;
	(void)pthread_mutex_unlock(&cache->lock);
	return count;
}

void
cache_usage(struct cache *cache, uint64_t *hits_r, uint64_t *misses_r)
{
	(void)pthread_mutex_lock(&cache->lock);
	*hits_r = cache->hits;
	*misses_r = cache->misses;
	(void)pthread_mutex_unlock(&cache->lock);
}
