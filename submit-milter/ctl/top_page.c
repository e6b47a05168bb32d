/*
 * top_page.c - see top.h: a view for people.
 *
 * What is always there comes first and last; the lists between share the
 * lines that are left.
 */
#include <config.h>

#include <string.h>
#include <time.h>

#include "ctl/ctl.h"
#include "ctl/remote.h"
#include "ctl/top.h"

#define MEGABYTE 1048576.0

enum list { LIST_REPLIES, LIST_RULES, LIST_IDENTITIES, LISTS };

struct drawing {
	const struct top_view *view;
	enum top_order order;
	size_t lists[LISTS];	/* lines for each */
	bool is_airy;		/* there is room for empty lines */
	struct page *page;
	FILE *out;
};

static void
heading(const struct drawing *d, const char *text)
{
	if (d->is_airy)
		page_line(d->page, PAGE_PLAIN);
	(void)fputs(text, d->out);
	page_line(d->page, PAGE_BOLD);
}

static void
put_name(const struct drawing *d, struct span name, int width)
{
	ctl_put(d->out, name);
	(void)fprintf(d->out, "%*s", name.len < (size_t)width ?
	    width - (int)name.len : 1, "");
}

/* --- what is always there ------------------------------------------------- */

static void
draw_title(const struct drawing *d)
{
	const struct top_view *v = d->view;
	const json_t *status = v->shot->status;
	const char *mode = ctl_text_of(status, "mode");
	bool is_stopping = json_is_true(json_object_get(status, "stopping"));

	(void)fputs("submit-milter ", d->out);
	ctl_put(d->out, span_of(ctl_text_of(status, "version")));
	(void)fprintf(d->out, "  process %lld%s  up ", (long long)
	    json_integer_value(json_object_get(status, "pid")),
	    is_stopping ? " (stopping)" : "");
	ctl_put_uptime(d->out, status);
	(void)fputs("  mode ", d->out);
	ctl_put(d->out, span_of(mode));
	if (v->is_since_start)
		(void)fputs("  rates since then", d->out);
	else
		(void)fprintf(d->out, "  rates of %.1f s", v->seconds);
	page_line(d->page, is_stopping || strcmp(mode, "enforce") != 0 ?
	    PAGE_REVERSE : PAGE_BOLD);
}

static void
draw_load(const struct drawing *d)
{
	const struct top_view *v = d->view;
	const struct samples *s = &v->shot->samples;

	(void)fprintf(d->out, "connections %.0f open, %.2f/s, %.2f/s idle; "
	    "messages %.0f open, %.1f of %.0f MB",
	    samples_single(s, FAMILY_OPEN), v->connections.rate,
	    v->without_mail.rate, samples_single(s, FAMILY_TRANSACTIONS),
	    samples_single(s, FAMILY_MEMORY) / MEGABYTE,
	    samples_single(s, FAMILY_MEMORY_LIMIT) / MEGABYTE);
	page_line(d->page, PAGE_PLAIN);
}

static void
draw_messages(const struct drawing *d)
{
	const struct top_count *c = d->view->messages;

	heading(d, "messages          passed     refused    deferred     "
	    "aborted");
	(void)fprintf(d->out, "  a second  %12.2f%12.2f%12.2f%12.2f",
	    c[TOP_PASSED].rate, c[TOP_REFUSED].rate, c[TOP_DEFERRED].rate,
	    c[TOP_ABORTED].rate);
	page_line(d->page, PAGE_PLAIN);
	(void)fprintf(d->out, "  in all    %12.0f%12.0f%12.0f%12.0f",
	    c[TOP_PASSED].total, c[TOP_REFUSED].total, c[TOP_DEFERRED].total,
	    c[TOP_ABORTED].total);
	page_line(d->page, PAGE_PLAIN);
}

static void
put_milliseconds(const struct drawing *d, double seconds)
{
	if (seconds < 0)
		(void)fprintf(d->out, "%12s", "-");
	else
		(void)fprintf(d->out, "%12.2f", seconds * 1000);
}

static void
draw_times(const struct drawing *d)
{
	heading(d, "milliseconds    a second        mean        50 %        "
	    "99 %");
	for (int i = 0; i < TOP_TIMES; i++) {
		const struct top_times *t = &d->view->times[i];

		(void)fprintf(d->out, "  %-10s%12.2f", t->name, t->rate);
		put_milliseconds(d, t->mean);
		put_milliseconds(d, t->half);
		put_milliseconds(d, t->most);
		page_line(d->page, PAGE_PLAIN);
	}
}

static void
draw_store(const struct drawing *d)
{
	const struct top_view *v = d->view;

	(void)fprintf(d->out, "  %-10s%7s%39s%10.0f  %.0f s behind", "store",
	    v->is_store_up ? "up" : "FAILS", "", v->store_failures,
	    v->store_lag);
	page_line(d->page, v->is_store_up ? PAGE_PLAIN : PAGE_REVERSE);
}

static void
draw_audit(const struct drawing *d)
{
	heading(d, "audit         state  waiting  a second    in all      "
	    "lost  failures    99 %");
	for (size_t i = 0; i < d->view->sink_count; i++) {
		const struct top_sink *s = &d->view->sinks[i];

		(void)fputs("  ", d->out);
		put_name(d, s->name, 10);
		(void)fprintf(d->out, "%7s%9.0f%10.2f%10.0f%10.0f%10.0f",
		    s->is_up ? "up" : "FAILS", s->waiting, s->records.rate,
		    s->records.total, s->lost, s->failures);
		if (s->most >= 0)
			(void)fprintf(d->out, "%8.2f", s->most * 1000);
		page_line(d->page, s->is_up ? PAGE_PLAIN : PAGE_REVERSE);
	}
	if (d->view->has_store)
		draw_store(d);
}

/* --- lists ---------------------------------------------------------------- */

static void
put_nothing(const struct drawing *d, size_t n)
{
	if (n > 0)
		return;
	(void)fputs("  nothing", d->out);
	page_line(d->page, PAGE_PLAIN);
}

static void
draw_replies(const struct drawing *d)
{
	const struct top_rows *rows = &d->view->replies;

	heading(d, "turned away     at                                   "
	    "a second      in all");
	for (size_t i = 0; i < rows->n && i < d->lists[LIST_REPLIES]; i++) {
		const struct top_row *r = &rows->v[i];

		(void)fputs("  ", d->out);
		put_name(d, r->labels[1], 14);
		put_name(d, r->labels[0], 9);
		put_name(d, r->labels[2], 24);
		(void)fprintf(d->out, "%12.2f%12.0f", r->counts[0].rate,
		    r->counts[0].total);
		page_line(d->page, PAGE_PLAIN);
	}
	put_nothing(d, rows->n);
}

/* Those that let all pass tell nothing. */
static size_t
busy_rules(const struct top_rows *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n; i++)
		n += top_turned_away(&rules->v[i]).total > 0 ? 1 : 0;
	return n;
}

static void
draw_rules(const struct drawing *d)
{
	const struct top_rows *rows = &d->view->rules;
	size_t left = d->lists[LIST_RULES];

	heading(d, "rules, a second         pass      refuse       defer    "
	    "on trial      in all");
	for (size_t i = 0; i < rows->n && left > 0; i++) {
		const struct top_row *r = &rows->v[i];
		double total = top_turned_away(r).total;

		if (total <= 0)
			continue;
		(void)fputs("  ", d->out);
		put_name(d, r->labels[0], 18);
		(void)fprintf(d->out, "%8.2f%12.2f%12.2f%12.2f%12.0f",
		    r->counts[TOP_PASSED].rate, r->counts[TOP_REFUSED].rate,
		    r->counts[TOP_DEFERRED].rate, r->counts[TOP_TRIAL].rate,
		    total);
		page_line(d->page, PAGE_PLAIN);
		left--;
	}
	put_nothing(d, busy_rules(rows));
}

static void
draw_identities(const struct drawing *d)
{
	const json_t *answer = d->view->shot->identities;
	const json_t *list = json_object_get(answer, "identities");
	size_t n = json_array_size(list);
	char title[80];

	(void)snprintf(title, sizeof(title), "messages, turned away: who "
	    "submits most, in the last %lld seconds", (long long)
	    json_integer_value(json_object_get(answer, "seconds")));
	heading(d, title);
	for (size_t i = 0; i < n && i < d->lists[LIST_IDENTITIES]; i++) {
		const json_t *one = json_array_get(list, i);

		(void)fprintf(d->out, "%10lld%13lld  ", (long long)
		    json_integer_value(json_object_get(one, "messages")),
		    (long long)json_integer_value(json_object_get(one,
		    "turned_away")));
		ctl_put(d->out, span_of(ctl_text_of(one, "name")));
		page_line(d->page, PAGE_PLAIN);
	}
	put_nothing(d, n);
}

/* --- all ------------------------------------------------------------------ */

static bool
give_line(size_t *list, size_t wanted, size_t *left)
{
	if (*list >= wanted || *left == 0)
		return false;
	(*list)++;
	(*left)--;
	return true;
}

/* Lines for each list: by turns, as long as there are any. */
static void
share(struct drawing *d, size_t room, bool has_trouble)
{
	const struct top_view *v = d->view;
	size_t wanted[LISTS] = {
		[LIST_REPLIES] = v->replies.n,
		[LIST_RULES] = busy_rules(&v->rules),
		[LIST_IDENTITIES] = json_array_size(json_object_get(
		    v->shot->identities, "identities")),
	};
	/* Title, load, messages, headings of lists, times, audit, keys. */
	size_t fixed = 1 + 1 + 3 + LISTS + 1 + TOP_TIMES + 1 +
	    v->sink_count + (v->has_store ? 1 : 0) + 1 +
	    (has_trouble ? 2 : 0);
	size_t left = room > fixed ? room - fixed : 0;
	bool is_given = true;

	if (room == 0)
		left = SIZE_MAX;
	for (int i = 0; i < LISTS; i++)
		if (wanted[i] == 0)	/* "nothing" takes one */
			wanted[i] = 1;
	d->is_airy = left >= 20;
	if (d->is_airy && room > 0)
		left -= LISTS + 3;
	while (is_given) {
		is_given = false;
		for (int i = 0; i < LISTS; i++)
			is_given |= give_line(&d->lists[i], wanted[i], &left);
	}
}

/* A line of its own, in which a long path leaves room for the reason. */
static void
draw_trouble(const struct drawing *d, const char *trouble)
{
	(void)fputs("there is no answer:", d->out);
	page_line(d->page, PAGE_REVERSE);
	ctl_put(d->out, span_of(trouble));
	page_line(d->page, PAGE_REVERSE);
}

static void
draw_keys(const struct drawing *d)
{
	(void)fprintf(d->out, "q: end   s: sort (now by %s)   a: %s   "
	    "blank: ask", top_orders[d->order], d->view->is_since_start ?
	    "since the last time" : "since the start");
	page_line(d->page, PAGE_BOLD);
}

void
top_page(const struct top_view *view, enum top_order order,
    const char *trouble, size_t room, struct page *page)
{
	struct drawing d = { .view = view, .order = order, .page = page,
		.out = page->out };

	share(&d, room, trouble != NULL);
	if (trouble != NULL)
		draw_trouble(&d, trouble);
	if (view->shot->status != NULL) {
		draw_title(&d);
		draw_load(&d);
		draw_messages(&d);
		draw_replies(&d);
		draw_rules(&d);
		draw_identities(&d);
		draw_times(&d);
		draw_audit(&d);
	}
	if (room > 0)
		draw_keys(&d);
}
