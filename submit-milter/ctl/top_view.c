/*
 * top_view.c - see top.h: what happened between two shots.
 */
#include <config.h>

#include <math.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/deadline.h"
#include "base/histogram.h"
#include "ctl/remote.h"
#include "ctl/top.h"

const char *const top_orders[TOP_ORDERS] = {
	[TOP_BY_RATE] = "rate",
	[TOP_BY_TOTAL] = "total",
	[TOP_BY_NAME] = "name",
};

/* --- shots ---------------------------------------------------------------- */

static int
ask(const char *path, const char *verb, int patience, json_t **answer_r,
    char **error_r)
{
	char *text = NULL;
	int status = ctl_remote_try(path, span_of(verb), patience, answer_r,
	    &text);

	if (status != 0)
		*error_r = text;
	else
		free(text);
	return status;
}

int
top_shot_take(const char *path, int patience, struct top_shot *shot,
    char **error_r)
{
	json_t *metrics = NULL;
	const char *text;
	int status;

	status = ask(path, "status", patience, &shot->status, error_r);
	if (status == 0)
		status = ask(path, "identities", patience, &shot->identities,
		    error_r);
	if (status == 0)
		status = ask(path, "metrics", patience, &metrics, error_r);
	text = json_string_value(json_object_get(metrics, "text"));
	shot->taken = deadline_now();
	if (status == 0 && samples_read(&shot->samples,
	    text == NULL ? "" : text) != 0)
		status = EX_OSERR;
	json_decref(metrics);
	if (status != 0)
		top_shot_free(shot);
	return status;
}

void
top_shot_free(struct top_shot *shot)
{
	json_decref(shot->status);
	json_decref(shot->identities);
	samples_free(&shot->samples);
	*shot = (struct top_shot){ .status = NULL };
}

static json_int_t
number(const struct top_shot *shot, const char *name)
{
	return json_integer_value(json_object_get(shot->status, name));
}

/* --- counts --------------------------------------------------------------- */

/* What is looked at while a view is made. */
struct making {
	const struct samples *now, *before;
	double seconds;
};

static void
add(const struct making *m, struct top_count *count, double now,
    double before)
{
	count->total += now;
	if (now > before)
		count->rate += (now - before) / m->seconds;
}

static void
add_sample(const struct making *m, struct top_count *count,
    const struct sample *s)
{
	add(m, count, s->value, samples_same(m->before, s));
}

static struct top_count
single(const struct making *m, enum family family)
{
	struct top_count count = { 0, 0 };

	add(m, &count, samples_single(m->now, family),
	    samples_single(m->before, family));
	return count;
}

static int
result_column(struct span result)
{
	static const char *const names[TOP_COUNTS] = {
		[TOP_PASSED] = "passed",
		[TOP_REFUSED] = "refused",
		[TOP_DEFERRED] = "deferred",
		[TOP_ABORTED] = "aborted",
	};

	for (int i = 0; i < TOP_COUNTS; i++)
		if (span_eq(result, span_of(names[i])))
			return i;
	return -1;
}

/* What had no effect is counted apart, but for what passed anyway. */
static int
verdict_column(const struct sample *s)
{
	struct span action = sample_label(s, "action");

	if (span_eq(action, SPAN("pass")))
		return TOP_PASSED;
	if (span_eq(sample_label(s, "mode"), SPAN("warn")))
		return TOP_TRIAL;
	return span_eq(action, SPAN("refuse")) ? TOP_REFUSED : TOP_DEFERRED;
}

static bool
is_row(const struct top_row *row, const struct span labels[TOP_LABELS])
{
	for (int i = 0; i < TOP_LABELS; i++)
		if (!span_eq(row->labels[i], labels[i]))
			return false;
	return true;
}

/* NULL: there is no room for more. */
static struct top_row *
row_of(struct top_rows *rows, const struct span labels[TOP_LABELS])
{
	for (size_t i = 0; i < rows->n; i++)
		if (is_row(&rows->v[i], labels))
			return &rows->v[i];
	if (rows->n == TOP_ROWS)
		return NULL;
	memcpy(rows->v[rows->n].labels, labels,
	    sizeof(rows->v[rows->n].labels));
	return &rows->v[rows->n++];
}

static void
make_counts(struct top_view *view, const struct making *m)
{
	for (size_t i = 0; i < m->now->n; i++) {
		const struct sample *s = &m->now->v[i];
		struct span labels[TOP_LABELS] = { { NULL, 0 } };
		struct top_row *row = NULL;
		int column = 0;

		if (sample_is(s, FAMILY_MESSAGES, "")) {
			column = result_column(sample_label(s, "result"));
			if (column >= 0)
				add_sample(m, &view->messages[column], s);
		} else if (sample_is(s, FAMILY_VERDICTS, "")) {
			labels[0] = sample_label(s, "rule");
			row = row_of(&view->rules, labels);
			column = verdict_column(s);
		} else if (sample_is(s, FAMILY_REPLIES, "")) {
			labels[0] = sample_label(s, "stage");
			labels[1] = sample_label(s, "code");
			labels[2] = sample_label(s, "reason");
			row = row_of(&view->replies, labels);
		}
		if (row != NULL)
			add_sample(m, &row->counts[column], s);
	}
}

/* --- times ---------------------------------------------------------------- */

/* Classes of a histogram; each has what the smaller ones have, too. */
struct classes {
	double bounds[HISTOGRAM_BOUNDS + 1];
	double counts[HISTOGRAM_BOUNDS + 1];
	size_t n;
	double sum;
};

static void
add_class(struct classes *c, const struct making *m, const struct sample *s)
{
	struct span bound = sample_label(s, "le");

	if (c->n > HISTOGRAM_BOUNDS || bound.len == 0)
		return;
	/* A quote stands after it. */
	c->bounds[c->n] = span_eq(bound, SPAN("+Inf")) ? INFINITY :
	    strtod(bound.ptr, NULL);
	c->counts[c->n++] = s->value - samples_same(m->before, s);
}

/* LABEL, if not NULL, is to have VALUE. */
static struct classes
classes_of(const struct making *m, enum family family, const char *label,
    struct span value)
{
	struct classes c = { .n = 0 };

	for (size_t i = 0; i < m->now->n; i++) {
		const struct sample *s = &m->now->v[i];

		if (label != NULL && !span_eq(sample_label(s, label), value))
			continue;
		if (sample_is(s, family, "_bucket"))
			add_class(&c, m, s);
		else if (sample_is(s, family, "_sum"))
			c.sum = s->value - samples_same(m->before, s);
	}
	return c;
}

static double
count_of(const struct classes *c)
{
	return c->n == 0 ? 0 : c->counts[c->n - 1];
}

/* As Prometheus' histogram_quantile() does it; -1: there is nothing. */
static double
quantile(const struct classes *c, double part)
{
	double rank = part * count_of(c), low = 0, below = 0;

	if (count_of(c) <= 0)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		double within = c->counts[i] - below;

		if (c->counts[i] >= rank && isinf(c->bounds[i]))
			return low;
		if (c->counts[i] >= rank)
			return within <= 0 ? c->bounds[i] : low +
			    (c->bounds[i] - low) * (rank - below) / within;
		low = c->bounds[i];
		below = c->counts[i];
	}
	return low;
}

static void
make_times(struct top_view *view, const struct making *m)
{
	static const struct {
		const char *name;
		enum family family;
		const char *stage;
	} rows[TOP_TIMES] = {
		{ "mail", FAMILY_STAGE, "mail" },
		{ "rcpt", FAMILY_STAGE, "rcpt" },
		{ "header", FAMILY_STAGE, "header" },
		{ "message", FAMILY_STAGE, "message" },
		{ "signing", FAMILY_SIGNING, NULL },
		{ "record", FAMILY_AUDIT_WAIT, NULL },
	};

	for (int i = 0; i < TOP_TIMES; i++) {
		struct classes c = classes_of(m, rows[i].family,
		    rows[i].stage == NULL ? NULL : "stage",
		    span_of(rows[i].stage));
		double n = count_of(&c);

		view->times[i] = (struct top_times){
			.name = rows[i].name,
			.rate = n > 0 ? n / m->seconds : 0,
			.mean = n > 0 ? c.sum / n : -1,
			.half = quantile(&c, 0.5),
			.most = quantile(&c, 0.99),
		};
	}
}

/* --- where records go ----------------------------------------------------- */

static void
see_sink(struct top_sink *sink, const struct making *m,
    const struct sample *s)
{
	if (sample_is(s, FAMILY_AUDIT_QUEUE, ""))
		sink->waiting = s->value;
	else if (sample_is(s, FAMILY_AUDIT_FAILURES, ""))
		sink->failures = s->value;
	else if (sample_is(s, FAMILY_AUDIT_LOST, ""))
		sink->lost = s->value;
	else if (sample_is(s, FAMILY_AUDIT_RECORDS, ""))
		add_sample(m, &sink->records, s);
}

static void
make_sink(struct top_sink *sink, const struct making *m,
    const struct sample *up)
{
	struct classes c;

	sink->name = sample_label(up, "sink");
	sink->is_up = up->value > 0;
	for (size_t i = 0; i < m->now->n; i++)
		if (span_eq(sample_label(&m->now->v[i], "sink"), sink->name))
			see_sink(sink, m, &m->now->v[i]);
	c = classes_of(m, FAMILY_AUDIT_COMMIT, "sink", sink->name);
	sink->most = quantile(&c, 0.99);
}

static void
make_audit(struct top_view *view, const struct making *m)
{
	for (size_t i = 0; i < m->now->n; i++) {
		const struct sample *s = &m->now->v[i];

		if (sample_is(s, FAMILY_AUDIT_UP, "") &&
		    view->sink_count < TOP_SINKS)
			make_sink(&view->sinks[view->sink_count++], m, s);
		else if (sample_is(s, FAMILY_STORE_UP, "")) {
			view->has_store = true;
			view->is_store_up = s->value > 0;
		}
	}
	view->store_lag = samples_single(m->now, FAMILY_STORE_LAG);
	view->store_failures = samples_single(m->now, FAMILY_STORE_FAILURES);
}

/* --- all ------------------------------------------------------------------ */

static bool
is_same_daemon(const struct top_shot *a, const struct top_shot *b)
{
	return number(a, "pid") == number(b, "pid") &&
	    number(a, "started") == number(b, "started");
}

void
top_view_make(struct top_view *view, const struct top_shot *now,
    const struct top_shot *before)
{
	static const struct samples none;
	struct making m = { .now = &now->samples, .before = &none };

	*view = (struct top_view){ .shot = now };
	view->is_since_start = before == NULL ||
	    !is_same_daemon(now, before) || before->taken >= now->taken;
	if (view->is_since_start) {
		m.seconds = (double)(number(now, "now") -
		    number(now, "started"));
		if (m.seconds < 1)
			m.seconds = 1;
	} else {
		m.before = &before->samples;
		m.seconds = (double)(now->taken - before->taken) / 1000;
	}
	view->seconds = m.seconds;
	view->connections = single(&m, FAMILY_CONNECTIONS);
	view->without_mail = single(&m, FAMILY_NO_MAIL);
	make_counts(view, &m);
	make_times(view, &m);
	make_audit(view, &m);
}

/* --- order ---------------------------------------------------------------- */

struct top_count
top_turned_away(const struct top_row *rule)
{
	struct top_count all = { 0, 0 };

	for (int i = TOP_REFUSED; i < TOP_COUNTS; i++) {
		all.total += rule->counts[i].total;
		all.rate += rule->counts[i].rate;
	}
	return all;
}

/* Of a reply; of a rule. */
static struct top_count
weight(const struct top_row *row)
{
	return row->labels[1].len > 0 ? row->counts[0] :
	    top_turned_away(row);
}

static int
compare_names(const void *one, const void *other)
{
	const struct top_row *a = one, *b = other;

	for (int i = TOP_LABELS - 1; i >= 0; i--) {
		size_t n = a->labels[i].len < b->labels[i].len ?
		    a->labels[i].len : b->labels[i].len;
		int c = n == 0 ? 0 : memcmp(a->labels[i].ptr,
		    b->labels[i].ptr, n);

		if (c != 0)
			return c;
		if (a->labels[i].len != b->labels[i].len)
			return a->labels[i].len < b->labels[i].len ? -1 : 1;
	}
	return 0;
}

static int
compare_totals(const void *one, const void *other)
{
	struct top_count a = weight(one), b = weight(other);

	if (a.total < b.total || a.total > b.total)
		return a.total > b.total ? -1 : 1;
	return compare_names(one, other);
}

static int
compare_rates(const void *one, const void *other)
{
	struct top_count a = weight(one), b = weight(other);

	if (a.rate < b.rate || a.rate > b.rate)
		return a.rate > b.rate ? -1 : 1;
	return compare_totals(one, other);
}

void
top_sort(struct top_view *view, enum top_order order)
{
	static int (*const by[TOP_ORDERS])(const void *, const void *) = {
		[TOP_BY_RATE] = compare_rates,
		[TOP_BY_TOTAL] = compare_totals,
		[TOP_BY_NAME] = compare_names,
	};

	qsort(view->replies.v, view->replies.n, sizeof(view->replies.v[0]),
	    by[order]);
	qsort(view->rules.v, view->rules.n, sizeof(view->rules.v[0]),
	    by[order]);
}
