/*
 * ctl - what the subcommands of submitctl share.
 *
 * A subcommand is a row in the table of main.c and a file of its own. It
 * gets the arguments from its name on and returns the exit status: its own
 * meaning below 64, from 64 on that of <sysexits.h>. One thread.
 */
#ifndef SUBMIT_CTL_CTL_H
#define SUBMIT_CTL_CTL_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/span.h"
#include "config/config.h"

#define CTL_CONFIG_FILE SYSCONFDIR "/submit-milter/submit-milter.conf"
#define CTL_OVERRIDES 64

typedef int ctl_run(int argc, char **argv);

ctl_run ctl_check;
ctl_run ctl_dkim;
ctl_run ctl_erase;
ctl_run ctl_explain;
ctl_run ctl_import;
ctl_run ctl_export;
ctl_run ctl_mode;
ctl_run ctl_relay_map;
ctl_run ctl_report;
ctl_run ctl_status;
ctl_run ctl_store;
ctl_run ctl_top;
ctl_run ctl_trace;

/* Which configuration: "-c FILE" and "-o NAME=VALUE". */
struct ctl_source {
	const char *file;
	struct config_override overrides[CTL_OVERRIDES];
	size_t override_count;
};

/* For getopt_long(): what is read by ctl_options() itself. */
#define CTL_LETTERS "c:o:h"
#define CTL_NAMES \
	{ "config", required_argument, NULL, 'c' }, \
	{ "option", required_argument, NULL, 'o' }, \
	{ "help", no_argument, NULL, 'h' }

/* What a command takes. */
struct ctl_syntax {
	const char *command;
	const char *letters;		/* CTL_LETTERS and more */
	const struct option *names;	/* CTL_NAMES and more */
	void (*print_usage)(FILE *out);
	/*
	 * Takes an option of the command's own: what getopt_long() found,
	 * and its value. 0, or the exit status after a complaint.
	 */
	int (*take)(void *context, int id, char *value);
};

/*
 * Reads all options, those that say which configuration into SOURCE. -1: go
 * on with the arguments from optind on; else the exit status.
 */
int ctl_options(const struct ctl_syntax *syntax, int argc, char **argv,
    struct ctl_source *source, void *context)
    __attribute__((warn_unused_result));

/* How much of it: each is more than the one before. */
enum ctl_need {
	CTL_OPTIONS,		/* their values; nothing is opened */
	CTL_TRACE_KEYS,		/* the keys of store and trace token, too */
	CTL_TABLES,		/* all but private keys */
	CTL_ALL,
};

/* NULL after a complaint on standard error. */
struct config *ctl_source_load(const struct ctl_source *source,
    enum ctl_need need) __attribute__((warn_unused_result));

/*
 * The store of records of a configuration that was loaded with its keys;
 * what happens there is said on standard error. NULL after a complaint.
 */
struct store *ctl_store_new(const struct config *config)
    __attribute__((warn_unused_result));

/* One line on standard error, "submitctl: " in front. Returns STATUS. */
int ctl_fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * For terminals: what is no printable character comes out as "\xNN", line
 * ends and what changes the direction of text too.
 */
void ctl_put(FILE *out, struct span text);

/* "90s", "30m", "12h", "7d": seconds; -1 for any other text. */
long ctl_duration(const char *text);

/*
 * What OPTION says: such a duration ago, or a time in UTC as far as the text
 * goes; in microseconds since 1970. 0, or EX_USAGE after a complaint.
 */
int ctl_time(const char *option, const char *text, int64_t *us_r)
    __attribute__((warn_unused_result));

/* STATUS if all output was written, else EX_IOERR after a complaint. */
int ctl_finish(int status);

#endif
