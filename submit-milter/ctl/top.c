/*
 * top.c - submitctl top: what the daemon does just now, again and again.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/deadline.h"
#include "ctl/remote.h"
#include "ctl/top.h"

static const char usage[] =
    "usage: submitctl top [OPTION]...\n"
    "\n"
    "Keys: q ends it; s sorts otherwise; a shows averages since the start of\n"
    "the daemon, or the last interval again; blank asks at once.\n"
    "\n"
    "      --interval TIME      ask so often: 2s by default. With --once:\n"
    "                           count for so long; 0s: since the start\n"
    "      --once               print one screen on standard output, and end\n"
    "      --sort ORDER         rate (the default), total or name\n"
    CTL_REMOTE_HELP;

#define INTERVAL 2		/* seconds */
#define INTERVAL_MOST 3600
/* So long does a daemon that does not answer keep keys from being heard. */
#define LIVE_PATIENCE 1000

struct top_options {
	struct ctl_remote remote;
	long interval;
	enum top_order order;
	bool is_once;
};

/* --- once ----------------------------------------------------------------- */

static int
take(const char *path, struct top_shot *shot)
{
	char *error = NULL;
	int status = top_shot_take(path, CTL_REMOTE_PATIENCE, shot, &error);

	if (status != 0)
		(void)ctl_fail(status, "%s",
		    error == NULL ? "out of memory" : error);
	free(error);
	return status;
}

static int
print(const struct top_options *o, const struct top_shot *now,
    const struct top_shot *before)
{
	struct top_view view;
	struct page page;

	top_view_make(&view, now, before);
	top_sort(&view, o->order);
	if (o->remote.is_json)
		return top_json(&view) == 0 ? 0 :
		    ctl_fail(EX_OSERR, "out of memory");
	if (page_open(&page) != 0)
		return ctl_fail(EX_OSERR, "out of memory");
	top_page(&view, o->order, NULL, 0, &page);
	page_print(&page, stdout);
	page_close(&page);
	return 0;
}

static int
run_once(const struct top_options *o, const char *path)
{
	struct top_shot before = { .status = NULL }, now = before;
	struct timespec interval = { .tv_sec = o->interval };
	int status = 0;

	if (o->interval > 0) {
		status = take(path, &before);
		while (status == 0 && nanosleep(&interval, &interval) != 0)
			;
	}
	if (status == 0)
		status = take(path, &now);
	if (status == 0)
		status = print(o, &now, o->interval > 0 ? &before : NULL);
	top_shot_free(&before);
	top_shot_free(&now);
	return status;
}

/* --- live ----------------------------------------------------------------- */

struct live {
	const char *path;
	struct top_shot now, before;	/* none as long as none has come */
	enum top_order order;
	bool is_average;		/* since the start of the daemon */
	char *trouble;			/* why nothing new comes; or NULL */
	int64_t next;			/* when to ask */
};

static void
ask(struct live *live)
{
	struct top_shot shot = { .status = NULL };
	char *error = NULL;

	if (top_shot_take(live->path, LIVE_PATIENCE, &shot, &error) != 0) {
		free(live->trouble);
		live->trouble = error == NULL ? strdup("out of memory") :
		    error;
	} else {
		free(live->trouble);
		live->trouble = NULL;
		top_shot_free(&live->before);
		live->before = live->now;
		live->now = shot;
	}
}

static int
show(const struct live *live)
{
	bool has_before = !live->is_average && live->before.status != NULL;
	struct top_view view;
	struct page page;
	size_t lines, columns;
	int status;

	if (page_open(&page) != 0)
		return -1;
	screen_size(&lines, &columns);
	top_view_make(&view, &live->now, has_before ? &live->before : NULL);
	top_sort(&view, live->order);
	top_page(&view, live->order, live->trouble, lines, &page);
	status = screen_show(&page);
	page_close(&page);
	return status;
}

/* False: it is over. */
static bool
heed(struct live *live, int key)
{
	switch (key) {
	case 'q':
	case SCREEN_END:
		return false;
	case 's':
		live->order = (live->order + 1) % TOP_ORDERS;
		return true;
	case 'a':
		live->is_average = !live->is_average;
		return true;
	case ' ':
		live->next = deadline_now();
		return true;
	default:
		return true;
	}
}

static int
run_live(const struct top_options *o, const char *path)
{
	struct live live = { .path = path, .order = o->order };
	int status = 0;

	if (screen_open() != 0)
		return EX_USAGE;
	do {
		if (deadline_left(live.next) == 0) {
			ask(&live);
			live.next = deadline_in((int)o->interval * 1000);
		}
		if (show(&live) != 0) {
			status = EX_IOERR;
			break;
		}
	} while (heed(&live, screen_key(deadline_left(live.next))));
	screen_close();
	top_shot_free(&live.now);
	top_shot_free(&live.before);
	free(live.trouble);
	return status;
}

/* --- options -------------------------------------------------------------- */

static void
print_usage(FILE *out)
{
	(void)fputs(usage, out);
}

enum { OPT_INTERVAL = 256, OPT_ONCE, OPT_SORT };

static int
set_order(struct top_options *o, const char *name)
{
	for (int i = 0; i < TOP_ORDERS; i++)
		if (strcmp(name, top_orders[i]) == 0) {
			o->order = (enum top_order)i;
			return 0;
		}
	return ctl_fail(EX_USAGE, "--sort %s: rate, total or name is needed",
	    name);
}

static int
take_option(void *context, int id, char *value)
{
	struct top_options *o = context;

	switch (id) {
	case OPT_INTERVAL:
		o->interval = ctl_duration(value);
		if (o->interval >= 0 && o->interval <= INTERVAL_MOST)
			return 0;
		return ctl_fail(EX_USAGE, "--interval %s: a time such as 2s "
		    "or 1m is needed, at most an hour", value);
	case OPT_ONCE:
		o->is_once = true;
		return 0;
	case OPT_SORT:
		return set_order(o, value);
	default:
		return ctl_remote_option(&o->remote, id, value);
	}
}

static int
run(struct top_options *o)
{
	char *path;
	int status;

	if (o->remote.is_json)
		o->is_once = true;
	if (o->interval == 0 && !o->is_once)
		return ctl_fail(EX_USAGE, "--interval 0s goes with --once");
	status = ctl_remote_find(&o->remote, &path);
	if (status != 0)
		return status;
	status = (o->is_once ? run_once : run_live)(o, path);
	free(path);
	return status;
}

int
ctl_top(int argc, char **argv)
{
	static const struct option names[] = {
		CTL_REMOTE_NAMES,
		{ "interval", required_argument, NULL, OPT_INTERVAL },
		{ "once", no_argument, NULL, OPT_ONCE },
		{ "sort", required_argument, NULL, OPT_SORT },
		{ NULL, 0, NULL, 0 },
	};
	static const struct ctl_syntax syntax = { "top", CTL_LETTERS, names,
		print_usage, take_option };
	struct top_options o = { .interval = INTERVAL };
	int status = ctl_options(&syntax, argc, argv, &o.remote.source, &o);

	if (status >= 0)
		return status;
	if (optind < argc)
		return ctl_fail(EX_USAGE, "top: what is \"%s\"?",
		    argv[optind]);
	return run(&o);
}
