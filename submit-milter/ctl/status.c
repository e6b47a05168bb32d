/*
 * status.c - submitctl status: what the daemon does, since when, with what.
 */
#include <config.h>

#include <getopt.h>
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
