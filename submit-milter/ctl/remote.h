/*
 * remote - commands that ask the running daemon. One thread.
 *
 * Their options are those that find its control socket, and "--json".
 */
#ifndef SUBMIT_CTL_REMOTE_H
#define SUBMIT_CTL_REMOTE_H

#include <jansson.h>

#include "control/protocol.h"
#include "ctl/ctl.h"

struct ctl_remote {
	struct ctl_source source;
	const char *socket;	/* NULL: as the configuration says */
	bool is_json;
};

/* For getopt_long(); a command may have more. */
#define CTL_REMOTE_NAMES \
	CTL_NAMES, \
	{ "socket", required_argument, NULL, 'S' }, \
	{ "json", no_argument, NULL, 'j' }

#define CTL_REMOTE_HELP \
	"      --socket PATH        the daemon's control socket; else the\n" \
	"                           configuration is asked for it\n" \
	"      --json               print the answer as it came, in JSON\n" \
	"  -c, --config FILE        read FILE instead of\n" \
	"                           " CTL_CONFIG_FILE "\n" \
	"  -o, --option NAME=VALUE  override an option of the file\n" \
	"  -h, --help               this text\n"

/* Takes "--socket" or "--json", as ctl_syntax.take() does. Returns 0. */
int ctl_remote_option(struct ctl_remote *remote, int id, char *value);

/* "mode" and "panic" of an answer, for people. */
void ctl_put_mode(const json_t *answer);

/* A member that is a text; empty if there is none. */
const char *ctl_text_of(const json_t *object, const char *name);

/* From "started" to "now" of an answer: "3d 04:05:06". */
void ctl_put_uptime(FILE *out, const json_t *answer);

/* A line "NAME  TEXT" for people; a time, too. */
void ctl_put_line(const char *name, const char *text);
void ctl_put_time(const char *name, const json_t *seconds);

/* Milliseconds that a daemon has for an answer: more than its client's. */
#define CTL_REMOTE_PATIENCE (2 * CONTROL_PATIENCE)

/*
 * Where the daemon listens. 0 and *path_r (malloc'ed, the caller's to free);
 * or the exit status, after a complaint.
 */
int ctl_remote_find(const struct ctl_remote *remote, char **path_r)
    __attribute__((warn_unused_result));

/*
 * Asks the daemon that listens at PATH, as control_ask() does, and says
 * nothing. 0, *answer_r (the caller gives the reference back) and in
 * *text_r the same as it came; or the exit status, and *text_r says why
 * (malloc'ed, the caller's to free; NULL without memory).
 */
int ctl_remote_try(const char *path, struct span request, int patience,
    json_t **answer_r, char **text_r) __attribute__((warn_unused_result));

/*
 * Asks the daemon. With --json prints its answer. 0 and *answer_r (the
 * caller gives the reference back); or the exit status, after a complaint.
 */
int ctl_remote_ask(const struct ctl_remote *remote, struct span request,
    json_t **answer_r) __attribute__((warn_unused_result));

#endif
