/*
 * arena.c - see arena.h. A chain of blocks; the newest is filled from the
 * front; what does not fit a standard block gets a block of its own.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_SIZE 16384u

struct block {
	struct block *next;
	size_t size;		/* of data */
	size_t used;
	max_align_t data[];
};

/* An object of another library; lies in the arena itself. */
struct adopted {
	struct adopted *next;
	void *object;
	void (*free)(void *);
};

struct arena {
	struct block *newest;
	struct block *first;	/* kept by arena_reset() */
	struct adopted *adopted;
	struct arena_budget *budget;
	size_t ceiling;
	size_t used;
	bool is_exhausted;
};

static bool
budget_take(struct arena_budget *budget, size_t size)
{
	size_t before;

	if (budget == NULL || budget->ceiling == 0)
		return true;
	before = atomic_fetch_add(&budget->used, size);
	if (before + size <= budget->ceiling)
		return true;
	atomic_fetch_sub(&budget->used, size);
	return false;
}

static void
budget_give(struct arena_budget *budget, size_t size)
{
	if (budget != NULL && budget->ceiling != 0)
		atomic_fetch_sub(&budget->used, size);
}

static struct block *
block_new(struct arena *arena, size_t size)
{
	struct block *block;
	size_t whole;

	if (size > SIZE_MAX - sizeof(*block))
		return NULL;
	whole = sizeof(*block) + size;
	if (whole > arena->ceiling || arena->used > arena->ceiling - whole)
		return NULL;
	if (!budget_take(arena->budget, whole))
		return NULL;
	block = malloc(whole);
	if (block == NULL) {
		budget_give(arena->budget, whole);
		return NULL;
	}
	block->next = arena->newest;
	block->size = size;
	block->used = 0;
	arena->newest = block;
	arena->used += whole;
	return block;
}

static void
blocks_free_until(struct arena *arena, struct block *last)
{
	while (arena->newest != last) {
		struct block *block = arena->newest;
		size_t whole = sizeof(*block) + block->size;

		arena->newest = block->next;
		arena->used -= whole;
		budget_give(arena->budget, whole);
		free(block);
	}
}

static void
free_adopted(struct arena *arena)
{
	for (const struct adopted *a = arena->adopted; a != NULL; a = a->next)
		a->free(a->object);
	arena->adopted = NULL;
}

struct arena *
arena_new(size_t ceiling, struct arena_budget *budget)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena == NULL)
		return NULL;
	arena->ceiling = ceiling;
	arena->budget = budget;
	arena->first = block_new(arena, BLOCK_SIZE);
	if (arena->first == NULL) {
		free(arena);
		return NULL;
	}
	return arena;
}

void
arena_free(struct arena **arena)
{
	if (*arena == NULL)
		return;
	free_adopted(*arena);
	blocks_free_until(*arena, NULL);
	free(*arena);
	*arena = NULL;
}

void
arena_reset(struct arena *arena)
{
	free_adopted(arena);
	blocks_free_until(arena, arena->first);
	arena->first->used = 0;
	arena->is_exhausted = false;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = sizeof(max_align_t);
	struct block *block = arena->newest;
	size_t rounded;
	char *p;

	if (size > SIZE_MAX - align) {
		arena->is_exhausted = true;
		return NULL;
	}
	rounded = size == 0 ? align : (size + align - 1) / align * align;
	if (block->size - block->used < rounded) {
		block = block_new(arena,
		    rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE);
		if (block == NULL) {
			arena->is_exhausted = true;
			return NULL;
		}
	}
	p = (char *)block->data + block->used;
	block->used += rounded;
	memset(p, 0, rounded);
	return p;
}

void *
arena_calloc(struct arena *arena, size_t count, size_t size)
{
	size_t whole;

	if (__builtin_mul_overflow(count, size, &whole)) {
		arena->is_exhausted = true;
		return NULL;
	}
	return arena_alloc(arena, whole);
}

char *
arena_strdup(struct arena *arena, struct span s)
{
	char *copy = s.len == SIZE_MAX ? NULL : arena_alloc(arena, s.len + 1);

	if (copy != NULL && s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

struct span
arena_span(struct arena *arena, struct span s)
{
	char *copy = arena_strdup(arena, s);

	return (struct span){ copy, copy == NULL ? 0 : s.len };
}

struct span
arena_printf(struct arena *arena, const char *format, ...)
{
	struct span none = { NULL, 0 };
	va_list ap;
	char *p;
	int len;

	va_start(ap, format);
	len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0)
		return none;
	p = arena_alloc(arena, (size_t)len + 1);
	if (p == NULL)
		return none;
	va_start(ap, format);
	(void)vsnprintf(p, (size_t)len + 1, format, ap);
	va_end(ap);
	return (struct span){ p, (size_t)len };
}

int
arena_adopt(struct arena *arena, void *object, void (*free)(void *))
{
	struct adopted *new = arena_alloc(arena, sizeof(*new));

	if (new == NULL)
		return -1;
	*new = (struct adopted){ arena->adopted, object, free };
	arena->adopted = new;
	return 0;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}

bool
arena_is_exhausted(const struct arena *arena)
{
	return arena->is_exhausted;
}
