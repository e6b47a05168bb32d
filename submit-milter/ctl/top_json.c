/*
 * top_json.c - see top.h: a view as JSON.
 */
#include <config.h>

#include <stdio.h>

#include "audit/text.h"
#include "ctl/top.h"

static json_t *
count_json(const struct top_count *count)
{
	return json_pack("{s:I, s:f}", "total", (json_int_t)count->total,
	    "rate", count->rate);
}

static json_t *
messages_json(const struct top_view *view)
{
	return json_pack("{s:o, s:o, s:o, s:o}",
	    "passed", count_json(&view->messages[TOP_PASSED]),
	    "refused", count_json(&view->messages[TOP_REFUSED]),
	    "deferred", count_json(&view->messages[TOP_DEFERRED]),
	    "aborted", count_json(&view->messages[TOP_ABORTED]));
}

static json_t *
replies_json(const struct top_view *view)
{
	json_t *array = json_array();

	for (size_t i = 0; i < view->replies.n; i++) {
		const struct top_row *row = &view->replies.v[i];

		(void)json_array_append_new(array, json_pack(
		    "{s:o, s:o, s:o, s:I, s:f}",
		    "stage", json_text(row->labels[0]),
		    "code", json_text(row->labels[1]),
		    "reason", json_text(row->labels[2]),
		    "total", (json_int_t)row->counts[0].total,
		    "rate", row->counts[0].rate));
	}
	return array;
}

static json_t *
rules_json(const struct top_view *view)
{
	json_t *array = json_array();

	for (size_t i = 0; i < view->rules.n; i++) {
		const struct top_row *row = &view->rules.v[i];

		(void)json_array_append_new(array, json_pack(
		    "{s:o, s:o, s:o, s:o, s:o}",
		    "rule", json_text(row->labels[0]),
		    "pass", count_json(&row->counts[TOP_PASSED]),
		    "refuse", count_json(&row->counts[TOP_REFUSED]),
		    "tempfail", count_json(&row->counts[TOP_DEFERRED]),
		    "trial", count_json(&row->counts[TOP_TRIAL])));
	}
	return array;
}

static json_t *
seconds_json(double seconds)
{
	return seconds < 0 ? json_null() : json_real(seconds);
}

static json_t *
times_json(const struct top_view *view)
{
	json_t *array = json_array();

	for (int i = 0; i < TOP_TIMES; i++) {
		const struct top_times *t = &view->times[i];

		(void)json_array_append_new(array, json_pack(
		    "{s:s, s:f, s:o, s:o, s:o}", "stage", t->name,
		    "rate", t->rate, "mean", seconds_json(t->mean),
		    "p50", seconds_json(t->half),
		    "p99", seconds_json(t->most)));
	}
	return array;
}

static json_t *
sinks_json(const struct top_view *view)
{
	json_t *array = json_array();

	for (size_t i = 0; i < view->sink_count; i++) {
		const struct top_sink *s = &view->sinks[i];

		(void)json_array_append_new(array, json_pack(
		    "{s:o, s:b, s:I, s:I, s:I, s:o, s:o}",
		    "sink", json_text(s->name), "up", s->is_up ? 1 : 0,
		    "waiting", (json_int_t)s->waiting,
		    "failures", (json_int_t)s->failures,
		    "lost", (json_int_t)s->lost,
		    "records", count_json(&s->records),
		    "p99", seconds_json(s->most)));
	}
	return array;
}

static json_t *
store_json(const struct top_view *view)
{
	if (!view->has_store)
		return json_null();
	return json_pack("{s:b, s:I, s:I}", "up", view->is_store_up ? 1 : 0,
	    "lag", (json_int_t)view->store_lag,
	    "failures", (json_int_t)view->store_failures);
}

static json_t *
load_json(const struct top_view *view)
{
	const struct samples *s = &view->shot->samples;

	return json_pack("{s:I, s:o, s:o}",
	    "open", (json_int_t)samples_single(s, FAMILY_OPEN),
	    "begun", count_json(&view->connections),
	    "without_mail", count_json(&view->without_mail));
}

int
top_json(const struct top_view *view)
{
	const struct samples *s = &view->shot->samples;
	json_t *o = json_pack("{s:f, s:b, s:O, s:O, s:o, s:{s:I, s:I}}",
	    "seconds", view->seconds,
	    "since_start", view->is_since_start ? 1 : 0,
	    "status", view->shot->status,
	    "identities", view->shot->identities,
	    "connections", load_json(view),
	    "memory",
	    "used", (json_int_t)samples_single(s, FAMILY_MEMORY),
	    "limit", (json_int_t)samples_single(s, FAMILY_MEMORY_LIMIT));
	int status = 0;

	status |= json_object_set_new(o, "messages", messages_json(view));
	status |= json_object_set_new(o, "replies", replies_json(view));
	status |= json_object_set_new(o, "rules", rules_json(view));
	status |= json_object_set_new(o, "times", times_json(view));
	status |= json_object_set_new(o, "sinks", sinks_json(view));
	status |= json_object_set_new(o, "store", store_json(view));
	if (status == 0)
		status = json_dumpf(o, stdout, JSON_ENSURE_ASCII);
	(void)putchar('\n');
	json_decref(o);
	return status == 0 ? 0 : -1;
}
