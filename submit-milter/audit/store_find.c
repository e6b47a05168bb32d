/*
 * store_find.c - see store.h: finding.
 *
 * In each partition one criterion is looked up, the one of a kind that
 * usually has the fewest records (store_ahead does that); the places it
 * gives are asked of the index for the other criteria, and what is left is
 * read and compared, as the index has hashes only.
 */
#include "audit/store_ahead.h"
#include "audit/store_inside.h"

#include <stdlib.h>

#define READ_MOST (64u << 20)

struct search {
	struct store *store;
	const struct query *query;
	store_found *found;
	void *context;
	const struct criterion *chosen;
	struct partition *partition;
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
may_match(struct search *s, int64_t n)
{
	for (size_t i = 0; i < s->query->n; i++) {
		const struct criterion *c = &s->query->v[i];
		enum partition_status status = PARTITION_OK;

		if (c == s->chosen || c->n == 0)
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

static enum partition_status
search_places(struct search *s, const struct partition_places *places)
{
	enum partition_status status = PARTITION_OK;

	for (size_t i = 0; i < places->n && !s->is_ended; i++) {
		if (i > 0 && places->v[i] == places->v[i - 1])
			continue;
		status = may_match(s, places->v[i]);
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
		status = may_match(s, n);
		if (status == PARTITION_OK)
			status = look_at(s, n);
		if (status != PARTITION_OK && status != PARTITION_END)
			return status;
		to = n - 1;
	}
	return status == PARTITION_END ? PARTITION_OK : status;
}

/* 0, or -1 when the partition could not be searched. */
static int
search_day(struct search *s, const struct store_day *day)
{
	enum partition_status status = day->status;
	char file[PATH_MAX];
	const char *why;

	s->partition = day->partition;
	if (status == PARTITION_OK && s->chosen == NULL)
		status = search_all(s, day->from, day->to);
	else if (status == PARTITION_OK)
		status = search_places(s, &day->places);
	if (status == PARTITION_OK || status == PARTITION_END)
		return 0;
	why = partition_error(day->partition);
	if (!store_file(s->store, day->day, file))
		return -1;
	if (status == PARTITION_DAMAGED)
		store_tell(s->store, "%s: damaged (%s); the other days were "
		    "searched", file, why);
	else
		store_tell(s->store, "%s: %s; the other days were searched",
		    file, why == NULL ? "out of memory" : why);
	return -1;
}

static int
search_days(struct search *s, const int64_t *days, size_t count,
    bool is_writer)
{
	const struct store_ahead_settings settings = {
		.store = s->store,
		.query = s->query,
		.chosen = s->chosen,
		.is_writer = is_writer,
	};
	struct store_ahead *ahead = store_ahead_new(&settings, days, count);
	int status = 0;

	if (ahead == NULL) {
		store_tell(s->store, "out of memory");
		return -1;
	}
	for (size_t i = 0; i < count && !s->is_ended; i++) {
		if (search_day(s, store_ahead_take(ahead, i)) != 0)
			status = -1;
		store_ahead_pass(ahead, i);
	}
	store_ahead_free(&ahead);
	return status;
}

/* Keeps those of DAYS that the query spans. How many. */
static size_t
choose_days(const struct query *query, int64_t *days, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (days[i] * DAY_US <= query->until_us &&
		    (days[i] + 1) * DAY_US > query->since_us)
			days[kept++] = days[i];
	return kept;
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
		.chosen = choose(query),
	};
	int64_t *days;
	size_t count;
	int status;

	if (store_days(store, &days, &count) != 0) {
		store_tell(store, "%s", store->error);
		return -1;
	}
	sbuf_init(&s.line, NULL, READ_MOST);
	status = search_days(&s, days, choose_days(query, days, count),
	    is_writer);
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
