/*
 * status.c - submitctl status: what the daemon does, since when, with what.
 */
#include <config.h>

#include <getopt.h>
#include <sysexits.h>

#include "ctl/remote.h"

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

static void
put_uptime(const json_t *answer)
{
	long long up = json_integer_value(json_object_get(answer, "now")) -
	    json_integer_value(json_object_get(answer, "started"));

	(void)printf("%-14s %lldd %02lld:%02lld:%02lld\n", "up", up / 86400,
	    up / 3600 % 24, up / 60 % 60, up % 60);
}

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

	ctl_put_line("version", text_of(answer, "version"));
	(void)printf("%-14s %lld%s\n", "process", (long long)
	    json_integer_value(json_object_get(answer, "pid")),
	    json_is_true(json_object_get(answer, "stopping")) ?
	    " (stopping)" : "");
	ctl_put_mode(answer);
	ctl_put_time("started", json_object_get(answer, "started"));
	put_uptime(answer);
	ctl_put_line("socket", text_of(configuration, "socket"));
	ctl_put_line("configuration", text_of(configuration, "file"));
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
	(void)fputs(text_of(answer, "text"), stdout);
}

int
ctl_status(int argc, char **argv)
{
	static const struct option names[] = {
		CTL_REMOTE_LONG,
		{ "metrics", no_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	static const char usage[] =
	    "usage: submitctl status [OPTION]...\n\n"
	    "      --metrics            all metrics, as Prometheus reads them\n"
	    CTL_REMOTE_HELP;
	bool is_metrics = false;
	struct ctl_remote remote;
	json_t *answer = NULL;
	int c, status;

	ctl_remote_init(&remote);
	while ((c = getopt_long(argc, argv, CTL_REMOTE_SHORT, names,
	    NULL)) != -1)
		if (c == 'h') {
			(void)fputs(usage, stdout);
			return 0;
		} else if (c == 'm') {
			is_metrics = true;
		} else if (ctl_remote_option(&remote, c, optarg) != 0) {
			(void)fputs(usage, stderr);
			return EX_USAGE;
		}
	if (optind < argc)
		return ctl_fail(EX_USAGE, "status: what is \"%s\"?",
		    argv[optind]);
	status = ctl_remote_ask(&remote, is_metrics ? SPAN("metrics") :
	    SPAN("status"), &answer);
	if (status == 0 && !remote.is_json)
		(is_metrics ? print_metrics : print)(answer);
	json_decref(answer);
	return status;
}
