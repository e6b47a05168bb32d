/*
 * store_find.c - see store.h: finding.
 *
 * In each partition one criterion is looked up, the one of a kind that
 * usually has the fewest records; the places it gives are asked of the
 * index for the other criteria, and what is left is read and compared, as
 * the index has hashes only.
 */
#include "audit/store_inside.h"

#include <stdlib.h>

#define READ_MOST (64u << 20)

struct search {
	struct store *store;
	const struct query *query;
	store_found *found;
	void *context;
	struct partition *partition;
	int64_t day_us;
	size_t count;		/* found so far */
	bool is_ended;
	struct sbuf line;
};

/* Kinds in the order of how much they tell. */
static int
rank(const struct criterion *criterion)
{
	switch (criterion->kind) {
	case WORD_ID: return 0;
	case WORD_MESSAGE_ID: return 1;
	case WORD_QUEUE_ID: return 2;
	case WORD_SESSION: return 3;
	case WORD_RECIPIENT: return 4;
	case WORD_CLIENT: return criterion->network.prefix == 128 ? 5 : 8;
	case WORD_SENDER: return 6;
	case WORD_IDENTITY: return 7;
	default: return 9;
	}
}

/* NULL: none that the index has. */
static const struct criterion *
choose(const struct query *query)
{
	const struct criterion *best = NULL;

	for (size_t i = 0; i < query->n; i++)
		if (query->v[i].n > 0 && (best == NULL ||
		    rank(&query->v[i]) < rank(best)))
			best = &query->v[i];
	return best;
}

/* PARTITION_OK: so far as the index tells, all criteria hold at N. */
static enum partition_status
may_match(struct search *s, int64_t n, const struct criterion *chosen)
{
	for (size_t i = 0; i < s->query->n; i++) {
		const struct criterion *c = &s->query->v[i];
		enum partition_status status = PARTITION_OK;

		if (c == chosen || c->n == 0)
			continue;
		for (size_t k = 0; k < c->n; k++) {
			status = partition_has(s->partition, &c->any[k], n);
			if (status != PARTITION_END)
				break;
		}
		if (status != PARTITION_OK)
			return status;
	}
	return PARTITION_OK;
}

/* PARTITION_END: there is nothing there that matches. */
static enum partition_status
look_at(struct search *s, int64_t n)
{
	enum partition_status status;
	struct words words;
	struct span line;

	sbuf_clear(&s->line);
	status = partition_read(s->partition, n, &s->line);
	if (status != PARTITION_OK)
		return status;
	if (sbuf_done(&s->line, &line) != 0)
		return PARTITION_FAILED;
	arena_reset(s->store->arena);
	if (words_read(line, s->store->arena, &words) != 1)
		return PARTITION_END;
	if (!query_matches(s->query, &words))
		return PARTITION_END;
	s->count++;
	s->is_ended = s->found(s->context, &(struct store_hit){
		.line = line,
		.words = &words,
		.partition = s->partition,
		.n = n,
	}) != 0 || s->count == s->query->limit;
	return PARTITION_OK;
}

static int
compare_places(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

static enum partition_status
search_places(struct search *s, struct partition_places *places,
    const struct criterion *chosen)
{
	enum partition_status status = PARTITION_OK;

	if (places->n > 0)
		qsort(places->v, places->n, sizeof(*places->v),
		    compare_places);
	for (size_t i = 0; i < places->n && !s->is_ended; i++) {
		if (i > 0 && places->v[i] == places->v[i - 1])
			continue;
		status = may_match(s, places->v[i], chosen);
		if (status == PARTITION_OK)
			status = look_at(s, places->v[i]);
		if (status != PARTITION_OK && status != PARTITION_END)
			return status;
	}
	return PARTITION_OK;
}

/* By time alone, or with what the index does not have. */
static enum partition_status
search_all(struct search *s, int64_t from, int64_t to)
{
	enum partition_status status = PARTITION_OK;

	while (!s->is_ended && to >= from) {
		int64_t n = 0;

		status = partition_before(s->partition, to, &n);
		if (status != PARTITION_OK || n < from)
			break;
		status = may_match(s, n, NULL);
		if (status == PARTITION_OK)
			status = look_at(s, n);
		if (status != PARTITION_OK && status != PARTITION_END)
			return status;
		to = n - 1;
	}
	return status == PARTITION_END ? PARTITION_OK : status;
}

static enum partition_status
search_partition(struct search *s)
{
	const struct criterion *chosen = choose(s->query);
	struct partition_places places = { NULL, 0, 0 };
	enum partition_status status = PARTITION_OK;
	/* A place may lie a little after its time. */
	int64_t from = s->query->since_us - s->day_us;
	int64_t to = s->query->until_us - s->day_us < DAY_US ?
	    s->query->until_us - s->day_us + 1000000 : 2 * DAY_US;

	if (from < 0)
		from = 0;
	if (chosen == NULL)
		return search_all(s, from, to);
	for (size_t i = 0; i < chosen->n && status == PARTITION_OK; i++)
		status = partition_find(s->partition, &chosen->any[i], from,
		    to, &places);
	if (status == PARTITION_OK)
		status = search_places(s, &places, chosen);
	free(places.v);
	return status;
}

/* 0, or -1 when the partition could not be searched. */
static int
search_day(struct search *s, int64_t day, bool is_writer)
{
	const struct partition_settings settings = {
		.vault = s->store->settings.vault,
		.day_us = day * DAY_US,
		.is_writer = is_writer,
		.cache_kib = s->store->settings.cache_kib,
	};
	enum partition_status status;
	char file[PATH_MAX];
	const char *why;

	if (!store_file(s->store, day, file))
		return -1;
	s->day_us = day * DAY_US;
	status = partition_open(file, &settings, &s->partition);
	if (status == PARTITION_OK)
		status = search_partition(s);
	why = partition_error(s->partition);
	if (status == PARTITION_DAMAGED)
		store_tell(s->store, "%s: damaged (%s); the other days were "
		    "searched", file, why);
	else if (status != PARTITION_OK && status != PARTITION_END)
		store_tell(s->store, "%s: %s; the other days were searched",
		    file, why == NULL ? "out of memory" : why);
	partition_close(&s->partition);
	return status == PARTITION_OK || status == PARTITION_END ? 0 : -1;
}

static int
search(struct store *store, const struct query *query, bool is_writer,
    store_found *found, void *context)
{
	struct search s = {
		.store = store,
		.query = query,
		.found = found,
		.context = context,
	};
	int64_t *days;
	size_t count;
	int status = 0;

	if (store_days(store, &days, &count) != 0) {
		store_tell(store, "%s", store->error);
		return -1;
	}
	sbuf_init(&s.line, NULL, READ_MOST);
	for (size_t i = 0; i < count && !s.is_ended; i++)
		if (days[i] * DAY_US <= query->until_us &&
		    (days[i] + 1) * DAY_US > query->since_us &&
		    search_day(&s, days[i], is_writer) != 0)
			status = -1;
	sbuf_free(&s.line);
	free(days);
	return status;
}

int
store_find(struct store *store, const struct query *query,
    store_found *found, void *context)
{
	return search(store, query, false, found, context);
}

int
store_change(struct store *store, const struct query *query,
    store_found *found, void *context)
{
	return search(store, query, true, found, context);
}
