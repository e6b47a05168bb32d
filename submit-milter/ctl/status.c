/*
 * status.c - submitctl status: what the daemon does, since when, with what.
 */
#include <config.h>

#include <sysexits.h>

#include "ctl/remote.h"

static void
put_counts(json_t *counts)
{
	const char *name;
	json_t *value;

	json_object_foreach(counts, name, value)
		(void)printf("%-14s %lld\n", name,
		    (long long)json_integer_value(value));
}

static void
print(const json_t *answer)
{
	const json_t *configuration = json_object_get(answer,
	    "configuration");

	ctl_put_line("version", ctl_text_of(answer, "version"));
	(void)printf("%-14s %lld%s\n", "process", (long long)
	    json_integer_value(json_object_get(answer, "pid")),
	    json_is_true(json_object_get(answer, "stopping")) ?
	    " (stopping)" : "");
	ctl_put_mode(answer);
	ctl_put_time("started", json_object_get(answer, "started"));
	(void)printf("%-14s ", "up");
	ctl_put_uptime(stdout, answer);
	(void)putchar('\n');
	ctl_put_line("socket", ctl_text_of(configuration, "socket"));
	ctl_put_line("configuration", ctl_text_of(configuration, "file"));
	ctl_put_time("loaded", json_object_get(configuration, "loaded"));
	(void)printf("%-14s %lld\n", "transactions", (long long)
	    json_integer_value(json_object_get(answer, "transactions")));
	put_counts(json_object_get(answer, "counts"));
	put_counts(json_object_get(answer, "messages"));
}

/* The exposition, as it stands. */
static void
print_metrics(const json_t *answer)
{
	(void)fputs(ctl_text_of(answer, "text"), stdout);
}

static void
print_usage(FILE *out)
{
	(void)fputs("usage: submitctl status [OPTION]...\n\n"
	    "      --metrics            all metrics, as Prometheus reads them\n"
	    CTL_REMOTE_HELP, out);
}

struct status_options {
	struct ctl_remote remote;
	bool is_metrics;
};

static int
take_option(void *context, int id, char *value)
{
	struct status_options *o = context;

	if (id != 'm')
		return ctl_remote_option(&o->remote, id, value);
	o->is_metrics = true;
	return 0;
}

int
ctl_status(int argc, char **argv)
{
	static const struct option names[] = {
		CTL_REMOTE_NAMES,
		{ "metrics", no_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct ctl_syntax syntax = { "status", CTL_LETTERS,
		names, print_usage, take_option };
	struct status_options o = { .is_metrics = false };
	int status = ctl_options(&syntax, argc, argv, &o.remote.source, &o);
	json_t *answer = NULL;

	if (status >= 0)
		return status;
	if (optind < argc)
		return ctl_fail(EX_USAGE, "status: what is \"%s\"?",
		    argv[optind]);
	status = ctl_remote_ask(&o.remote, o.is_metrics ? SPAN("metrics") :
	    SPAN("status"), &answer);
	if (status == 0 && !o.remote.is_json)
		(o.is_metrics ? print_metrics : print)(answer);
	json_decref(answer);
	return status;
}
