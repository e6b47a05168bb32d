/*
 * keycache.c - see keycache.h. Hash chains, and a ring in the order of use:
 * what was asked for last comes first.
 */
#include "sign/keycache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"

#define CHECK_MS 1000

struct node {
	struct node *next;		/* of the chain */
	struct node *newer, *older;	/* of the ring */
	struct keyset *set;
	int64_t due;			/* deadline.h */
	size_t key_len;
	char key[];
};

struct keycache {
	atomic_uint references;
	pthread_mutex_t lock;		/* of all that follows */
	struct node **chains;
	size_t chain_count;		/* a power of two */
	size_t n, most;
	uint64_t hits, misses;
	struct node *newest, *oldest;
};

struct keycache *
keycache_new(size_t most)
{
	struct keycache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return NULL;
	atomic_init(&cache->references, 1);
	cache->most = most;
	for (cache->chain_count = 16; cache->chain_count < most; )
		cache->chain_count *= 2;
	cache->chains = calloc(cache->chain_count, sizeof(*cache->chains));
	if (cache->chains == NULL) {
		free(cache);
		return NULL;
	}
	pthread_mutex_init(&cache->lock, NULL);
	return cache;
}

struct keycache *
keycache_ref(struct keycache *cache)
{
	atomic_fetch_add(&cache->references, 1);
	return cache;
}

void
keycache_unref(struct keycache **cache)
{
	struct keycache *c = *cache;

	*cache = NULL;
	if (c == NULL || atomic_fetch_sub(&c->references, 1) != 1)
		return;
	while (c->newest != NULL) {
		struct node *node = c->newest;

		c->newest = node->older;
		keyset_unref(&node->set);
		free(node);
	}
	pthread_mutex_destroy(&c->lock);
	free(c->chains);
	free(c);
}

/* FNV-1a; a chain made long on purpose is no longer than the cache. */
static struct node **
chain_of(struct keycache *cache, struct span key)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (unsigned char)key.ptr[i]) * 0x100000001b3u;
	return &cache->chains[(h ^ h >> 32) & (cache->chain_count - 1)];
}

/* What points to the node of KEY, or to NULL where it would be. */
static struct node **
find(struct keycache *cache, struct span key)
{
	struct node **at = chain_of(cache, key);

	while (*at != NULL && !span_eq((struct span){ (*at)->key,
	    (*at)->key_len }, key))
		at = &(*at)->next;
	return at;
}

static void
leave_ring(struct keycache *cache, struct node *node)
{
	if (node->newer != NULL)
		node->newer->older = node->older;
	else
		cache->newest = node->older;
	if (node->older != NULL)
		node->older->newer = node->newer;
	else
		cache->oldest = node->newer;
}

static void
join_ring(struct keycache *cache, struct node *node)
{
	node->newer = NULL;
	node->older = cache->newest;
	if (cache->newest != NULL)
		cache->newest->newer = node;
	else
		cache->oldest = node;
	cache->newest = node;
}

/* Takes the oldest out; its keyset is the caller's to give back. */
static struct keyset *
drop_oldest(struct keycache *cache)
{
	struct node *node = cache->oldest;
	struct node **at = find(cache, (struct span){ node->key,
	    node->key_len });
	struct keyset *set = node->set;

	*at = node->next;
	leave_ring(cache, node);
	cache->n--;
	free(node);
	return set;
}

struct keyset *
keycache_get(struct keycache *cache, struct span key, bool *is_due_r)
{
	int64_t now = deadline_now();
	struct keyset *set = NULL;
	struct node *node;

	*is_due_r = false;
	pthread_mutex_lock(&cache->lock);
	node = *find(cache, key);
	if (node == NULL) {
		cache->misses++;
	} else {
		cache->hits++;
		leave_ring(cache, node);
		join_ring(cache, node);
		set = keyset_ref(node->set);
		*is_due_r = now >= node->due;
		if (*is_due_r)
			node->due = now + CHECK_MS;
	}
	pthread_mutex_unlock(&cache->lock);
	return set;
}

static struct node *
node_new(struct span key)
{
	struct node *node = malloc(sizeof(*node) + key.len);

	if (node == NULL)
		return NULL;
	*node = (struct node){ .key_len = key.len };
	memcpy(node->key, key.ptr, key.len);
	return node;
}

void
keycache_put(struct keycache *cache, struct span key, struct keyset *set)
{
	struct keyset *old = NULL, *dropped = NULL;
	struct node *fresh = node_new(key), *node;
	struct node **at;

	pthread_mutex_lock(&cache->lock);
	at = find(cache, key);
	node = *at;
	if (node != NULL) {
		leave_ring(cache, node);
	} else if (fresh != NULL) {
		node = *at = fresh;
		fresh = NULL;
		cache->n++;
	}
	if (node != NULL) {
		old = node->set;
		node->set = keyset_ref(set);
		node->due = deadline_now() + CHECK_MS;
		join_ring(cache, node);
	}
	if (cache->n > cache->most)
		dropped = drop_oldest(cache);
	pthread_mutex_unlock(&cache->lock);
	/* Wiping takes a while. */
	keyset_unref(&old);
	keyset_unref(&dropped);
	free(fresh);
}

size_t
keycache_size(struct keycache *cache)
{
	size_t n;

	pthread_mutex_lock(&cache->lock);
	n = cache->n;
	pthread_mutex_unlock(&cache->lock);
	return n;
}

void
keycache_usage(struct keycache *cache, uint64_t *hits_r, uint64_t *misses_r)
{
	pthread_mutex_lock(&cache->lock);
	*hits_r = cache->hits;
	*misses_r = cache->misses;
	pthread_mutex_unlock(&cache->lock);
}
