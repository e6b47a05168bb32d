/*
 * keycache - keysets that were used lately.
 *
 * Holds at most so many and drops the one that was not asked for longest.
 * Each is looked at again at most once a second. Counted: a reload hands it
 * on. Only files of sign/ see it. Any thread; its lock is a leaf.
 */
#ifndef SUBMIT_SIGN_KEYCACHE_H
#define SUBMIT_SIGN_KEYCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "sign/keyset.h"

struct keycache;

/* NULL when there is no memory. */
struct keycache *keycache_new(size_t most);
struct keycache *keycache_ref(struct keycache *cache);
/* Takes NULL; leaves NULL. */
void keycache_unref(struct keycache **cache);

/*
 * The keyset under KEY, the caller's to give back, or NULL. *is_due_r: it
 * was not looked at for a second, and the caller is the one to do it.
 */
struct keyset *keycache_get(struct keycache *cache, struct span key,
    bool *is_due_r);

/*
 * Keeps another reference to SET under KEY, in place of what was there. It
 * is no fault when there is no memory to keep it.
 */
void keycache_put(struct keycache *cache, struct span key,
    struct keyset *set);

/* How many it holds. */
size_t keycache_size(struct keycache *cache);

/* How often it had what was asked for, and had not. */
void keycache_usage(struct keycache *cache, uint64_t *hits_r,
    uint64_t *misses_r);

#endif
