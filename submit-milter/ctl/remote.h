/*
 * remote - commands that ask the running daemon. One thread.
 *
 * Their options are those that find its control socket, and "--json".
 */
#ifndef SUBMIT_CTL_REMOTE_H
#define SUBMIT_CTL_REMOTE_H

#include <jansson.h>

#include "ctl/ctl.h"

struct ctl_remote {
	struct ctl_source source;
	const char *socket;	/* NULL: as the configuration says */
	bool is_json;
};

/* For getopt_long(); a command may have more. */
#define CTL_REMOTE_SHORT "c:o:h"
#define CTL_REMOTE_LONG \
	{ "config", required_argument, NULL, 'c' }, \
	{ "option", required_argument, NULL, 'o' }, \
	{ "socket", required_argument, NULL, 'S' }, \
	{ "json", no_argument, NULL, 'j' }, \
	{ "help", no_argument, NULL, 'h' }

#define CTL_REMOTE_HELP \
	"      --socket PATH        the daemon's control socket; else the\n" \
	"                           configuration is asked for it\n" \
	"      --json               print the answer as it came, in JSON\n" \
	"  -c, --config FILE        read FILE instead of\n" \
	"                           " CTL_CONFIG_FILE "\n" \
	"  -o, --option NAME=VALUE  override an option of the file\n" \
	"  -h, --help               this text\n"

void ctl_remote_init(struct ctl_remote *remote);

/* What getopt_long() found. 0, or EX_USAGE after a complaint. */
int ctl_remote_option(struct ctl_remote *remote, int c, char *argument)
    __attribute__((warn_unused_result));

/* "mode" and "panic" of an answer, for people. */
void ctl_put_mode(const json_t *answer);

/* A line "NAME  TEXT" for people; a time, too. */
void ctl_put_line(const char *name, const char *text);
void ctl_put_time(const char *name, const json_t *seconds);

/*
 * Asks the daemon. With --json prints its answer. 0 and *answer_r (the
 * caller gives the reference back); or the exit status, after a complaint.
 */
int ctl_remote_ask(const struct ctl_remote *remote, struct span request,
    json_t **answer_r) __attribute__((warn_unused_result));

#endif
