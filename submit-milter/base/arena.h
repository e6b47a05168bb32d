/*
 * arena - the memory of one message, given back in one stroke.
 *
 * Everything that lives as long as a message comes from its arena. Two
 * ceilings hold: the arena's own, and that of the budget which all arenas
 * of the process share. At either, arena_alloc() returns NULL and the
 * caller answers with a temporary failure; nothing else is affected.
 *
 * An arena belongs to one thread at a time. A budget is shared and needs
 * no lock (atomic counter).
 */
#ifndef SUBMIT_BASE_ARENA_H
#define SUBMIT_BASE_ARENA_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct arena;

struct arena_budget {
	size_t ceiling;		/* octets, all arenas together; 0: none */
	atomic_size_t used;
};

/*
 * Makes an empty arena of at most CEILING octets. BUDGET may be NULL and
 * must otherwise outlive the arena. NULL when memory or budget is short.
 */
struct arena *arena_new(size_t ceiling, struct arena_budget *budget);

/* Gives everything back. Takes NULL; leaves NULL. */
void arena_free(struct arena **arena);

/*
 * Empties the arena for the next message; keeps its first block, so that a
 * connection that sends many messages allocates once.
 */
void arena_reset(struct arena *arena);

/* SIZE octets, zeroed, aligned for any type; NULL at a ceiling. */
void *arena_alloc(struct arena *arena, size_t size)
    __attribute__((warn_unused_result));

/* COUNT times SIZE, checked against overflow. */
void *arena_calloc(struct arena *arena, size_t count, size_t size)
    __attribute__((warn_unused_result));

/* A copy of s followed by a NUL that does not count in its length. */
char *arena_strdup(struct arena *arena, struct span s)
    __attribute__((warn_unused_result));

/* The same as a span; its ptr is NULL when there was no memory. */
struct span arena_span(struct arena *arena, struct span s)
    __attribute__((warn_unused_result));

/* Formatted text; ptr NULL when there was no memory. */
struct span arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

/*
 * OBJECT, which is of another library, goes with the arena: FREE is called for
 * it when the arena is emptied, newest first. 0; or -1 at a ceiling, and it
 * stays the caller's.
 */
int arena_adopt(struct arena *arena, void *object, void (*free)(void *))
    __attribute__((warn_unused_result));

/* Octets taken from the system so far. */
size_t arena_used(const struct arena *arena);

/* True once an allocation was refused since the arena was made or reset. */
bool arena_is_exhausted(const struct arena *arena);

#endif
