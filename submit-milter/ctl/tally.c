/*
 * tally.c - see tally.h. A hash table of fixed size with chains.
 */
#include <config.h>

#include "ctl/tally.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 65536u		/* a power of two */
#define ROWS_CEILING 100000u
#define ARENA_CEILING ((size_t)128 << 20)
#define TEXT_MOST 256u

struct link {
	struct tally_row row;
	struct link *next;
};

struct tally {
	struct arena *arena;
	struct link *slots[SLOTS];
	const struct tally_row **sorted;	/* in order of arrival, or so */
	size_t count;
	uint64_t omitted;
};

struct tally *
tally_new(void)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (tally == NULL)
		return NULL;
	tally->arena = arena_new(ARENA_CEILING, NULL);
	tally->sorted = calloc(ROWS_CEILING, sizeof(struct tally_row *));
	if (tally->arena == NULL || tally->sorted == NULL)
		tally_free(&tally);
	return tally;
}

void
tally_free(struct tally **tally)
{
	if (*tally == NULL)
		return;
	arena_free(&(*tally)->arena);
	free((*tally)->sorted);
	free(*tally);
	*tally = NULL;
}

/* FNV-1a over octets and a NUL. */
static uint64_t
hash(uint64_t h, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.ptr[i]) * 0x100000001b3u;
	return h * 0x100000001b3u;
}

static struct span
cut(struct span s)
{
	if (s.len > TEXT_MOST)
		s.len = TEXT_MOST;
	return s;
}

static bool
is_same(const struct tally_row *a, const struct tally_row *b)
{
	return span_eq(a->reason, b->reason) && span_eq(a->rule, b->rule) &&
	    span_eq(a->identity, b->identity);
}

void
tally_period_add(struct tally_period *period, struct span time)
{
	char text[UTC_SIZE] = "";

	if (time.len >= sizeof(text))
		time.len = sizeof(text) - 1;
	if (time.len == 0)
		return;
	memcpy(text, time.ptr, time.len);
	if (period->first[0] == '\0' || strcmp(text, period->first) < 0)
		memcpy(period->first, text, sizeof(text));
	if (strcmp(text, period->last) > 0)
		memcpy(period->last, text, sizeof(text));
}

static struct tally_row *
new_row(struct tally *tally, struct link **slot, const struct tally_row *from)
{
	struct link *link;
	struct tally_row *row;

	if (tally->count == ROWS_CEILING)
		return NULL;
	link = arena_alloc(tally->arena, sizeof(*link));
	if (link == NULL)
		return NULL;
	row = &link->row;
	row->identity = arena_span(tally->arena, from->identity);
	row->rule = arena_span(tally->arena, from->rule);
	row->reason = arena_span(tally->arena, from->reason);
	row->detail = arena_span(tally->arena, cut(from->detail));
	row->client = arena_span(tally->arena, cut(from->client));
	row->id = arena_span(tally->arena, cut(from->id));
	if (row->identity.ptr == NULL || row->rule.ptr == NULL ||
	    row->reason.ptr == NULL || row->detail.ptr == NULL ||
	    row->client.ptr == NULL || row->id.ptr == NULL)
		return NULL;
	link->next = *slot;
	*slot = link;
	tally->sorted[tally->count++] = row;
	return row;
}

void
tally_add(struct tally *tally, const struct tally_row *from, struct span time)
{
	struct tally_row key = *from;
	struct tally_row *row = NULL;
	struct link **slot;
	uint64_t h = 0xcbf29ce484222325u;

	key.identity = cut(key.identity);
	key.rule = cut(key.rule);
	key.reason = cut(key.reason);
	h = hash(hash(hash(h, key.identity), key.rule), key.reason);
	slot = &tally->slots[(h ^ h >> 32) & (SLOTS - 1)];
	for (struct link *link = *slot; link != NULL; link = link->next)
		if (is_same(&link->row, &key))
			row = &link->row;
	if (row == NULL)
		row = new_row(tally, slot, &key);
	if (row == NULL) {
		tally->omitted++;
		return;
	}
	row->count++;
	tally_period_add(&row->seen, time);
}

static int
compare(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int
by_count(const void *left, const void *right)
{
	const struct tally_row *a = *(const struct tally_row *const *)left;
	const struct tally_row *b = *(const struct tally_row *const *)right;
	int order;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	order = compare(a->identity, b->identity);
	if (order == 0)
		order = compare(a->rule, b->rule);
	return order != 0 ? order : compare(a->reason, b->reason);
}

const struct tally_row *const *
tally_sorted(struct tally *tally, size_t *count_r)
{
	qsort(tally->sorted, tally->count, sizeof(*tally->sorted), by_count);
	*count_r = tally->count;
	return tally->sorted;
}

uint64_t
tally_omitted(const struct tally *tally)
{
	return tally->omitted;
}
