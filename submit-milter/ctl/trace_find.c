/*
 * trace_find.c - see trace.h: searching the store and audit files.
 */
#include <config.h>

#include "ctl/trace.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "audit/follow.h"
#include "audit/store.h"
#include "ctl/ctl.h"
#include "ctl/logfile.h"

#define ARENA_MOST (256u << 20)

/* --- answers -------------------------------------------------------------- */

static const char *
text_of(const json_t *record, const char *name)
{
	const char *text = json_string_value(json_object_get(record, name));

	return text == NULL ? "" : text;
}

int
trace_add(struct trace_answers *answers, struct span line)
{
	json_t *record = json_loadb(line.ptr, line.len, 0, NULL);
	struct trace_answer *v;

	if (record == NULL)
		return -1;
	for (size_t i = 0; i < answers->n; i++)
		if (strcmp(answers->v[i].id, text_of(record, "id")) == 0) {
			json_decref(answers->v[i].record);
			answers->v[i].record = record;
			answers->v[i].id = text_of(record, "id");
			return 0;
		}
	if (answers->n == answers->room) {
		size_t room = answers->room == 0 ? 64 : answers->room * 2;

		v = reallocarray(answers->v, room, sizeof(*v));
		if (v == NULL) {
			json_decref(record);
			return -1;
		}
		answers->v = v;
		answers->room = room;
	}
	answers->v[answers->n++] = (struct trace_answer){
		.record = record,
		.id = text_of(record, "id"),
	};
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct trace_answer *x = a, *y = b;

	return strcmp(text_of(y->record, "time"), text_of(x->record, "time"));
}

static void
drop(struct trace_answer *answer)
{
	json_decref(answer->record);
	json_decref(answer->deliveries);
}

void
trace_sort(struct trace_answers *answers)
{
	if (answers->n > 0)
		qsort(answers->v, answers->n, sizeof(*answers->v), compare);
	while (answers->limit > 0 && answers->n > answers->limit) {
		drop(&answers->v[--answers->n]);
		answers->has_more = true;
	}
}

void
trace_free(struct trace_answers *answers)
{
	while (answers->n > 0)
		drop(&answers->v[--answers->n]);
	free(answers->v);
	answers->v = NULL;
}

/* --- lines ---------------------------------------------------------------- */

/* Keeps LINE if it matches. 0, or an exit status after a complaint. */
static int
consider(struct span line, const struct query *query, struct arena *arena,
    struct trace_answers *answers)
{
	struct words words;
	int status;

	arena_reset(arena);
	status = words_read(line, arena, &words);
	if (status == -2 || (status == 1 && query_matches(query, &words) &&
	    trace_add(answers, line) != 0))
		return ctl_fail(EX_OSERR, "out of memory");
	/* So that a search for everything does not keep everything. */
	if (answers->limit > 0 && answers->n >= 4 * answers->limit + 1000)
		trace_sort(answers);
	return 0;
}

int
trace_file(const char *file, const struct query *query,
    struct trace_answers *answers)
{
	struct logfile *lines = logfile_open(file);
	struct arena *arena = arena_new(ARENA_MOST, NULL);
	struct span line;
	int status = 0, got = 0;

	if (lines == NULL || arena == NULL)
		status = ctl_fail(EX_NOINPUT, "%s: %m", file);
	while (status == 0 && (got = logfile_next(lines, &line)) == 1)
		status = consider(line, query, arena, answers);
	if (got < 0)
		status = ctl_fail(EX_IOERR, "%s: %s", file,
		    logfile_error(lines));
	logfile_close(&lines);
	arena_free(&arena);
	return status;
}

/* --- the store ------------------------------------------------------------ */

static int
keep(void *context, const struct store_hit *hit)
{
	struct trace_answers *answers = context;

	if (trace_add(answers, hit->line) == 0)
		return 0;
	(void)ctl_fail(0, "out of memory");
	answers->is_partial = true;
	return 1;
}

/* What the daemon has written and the store has not yet. */
static int
search_rest(const struct config *config, const struct query *query,
    struct trace_answers *answers)
{
	const struct follow_place place =
	    follow_read_place(config->store.directory);
	struct follow *follow = follow_new(config->audit.file);
	struct arena *arena = arena_new(ARENA_MOST, NULL);
	enum follow_status got = FOLLOW_WAIT;
	struct span line;
	int status = 0;

	if (follow == NULL || arena == NULL)
		status = ctl_fail(EX_OSERR, "out of memory");
	else if (!follow_seek(follow, &place))
		(void)ctl_fail(0, "%s: the file that the store had come to "
		    "is gone", config->audit.file);
	while (status == 0 &&
	    (got = follow_line(follow, &line)) == FOLLOW_LINE)
		status = consider(line, query, arena, answers);
	if (status == 0 && got == FOLLOW_FAILED) {
		(void)ctl_fail(0, "%s: %s", config->audit.file,
		    strerror(follow_error(follow)));
		answers->is_partial = true;
	}
	follow_free(&follow);
	arena_free(&arena);
	return status;
}

int
trace_store(const struct config *config, const struct query *query,
    struct trace_answers *answers)
{
	struct store *store = ctl_store_new(config);
	struct query limited = *query;

	if (store == NULL)
		return EX_OSERR;
	/* One more tells that there are more. */
	limited.limit = answers->limit == 0 ? 0 : answers->limit + 1;
	if (store_find(store, &limited, keep, answers) != 0)
		answers->is_partial = true;
	store_free(&store);
	return search_rest(config, query, answers);
}
