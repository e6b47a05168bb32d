/*
 * opendkim - what the configuration of another signer says.
 *
 * opendkim.conf(5) with its data sets, as far as files can hold them. For
 * "submitctl import". Everything lives in the arena; one thread.
 */
#ifndef SUBMIT_CTL_OPENDKIM_H
#define SUBMIT_CTL_OPENDKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/span.h"

struct opendkim_setting {
	struct span name, value;
	const char *file;
	unsigned line;
};

struct opendkim_conf {
	struct arena *arena;
	struct opendkim_setting *v;
	size_t n, room;
};

/* An element of a data set; value is empty where there is none. */
struct opendkim_row {
	struct span key, value;
	const char *file;	/* NULL: the row stands in the option itself */
	unsigned line;
};

enum opendkim_kind {
	OPENDKIM_LIST,		/* in the option itself */
	OPENDKIM_FILE,
	OPENDKIM_PATTERNS,	/* a file whose keys are patterns: refile */
	OPENDKIM_OTHER,		/* a database or server */
};

struct opendkim_set {
	enum opendkim_kind kind;
	struct opendkim_row *v;
	size_t n, room;
};

/*
 * Reads FILE and what it includes. 0, or an exit status after a complaint.
 */
int opendkim_read(const char *file, struct opendkim_conf *conf)
    __attribute__((warn_unused_result));

/* The last setting of that name; NULL when there is none. */
const struct opendkim_setting *opendkim_find(const struct opendkim_conf *conf,
    const char *name);

/* A Boolean that is not set, or set to "no", is false. */
bool opendkim_is_on(const struct opendkim_conf *conf, const char *name);

/*
 * The rows of the data set that SETTING names. One of kind OTHER has none.
 * 0, or an exit status after a complaint.
 */
int opendkim_read_set(struct arena *arena,
    const struct opendkim_setting *setting, struct opendkim_set *set)
    __attribute__((warn_unused_result));

/* --- keys ----------------------------------------------------------------- */

/* A key that signs for DOMAIN, in the form that dkim.domains has. */
struct opendkim_key {
	struct span domain, selector, file;
	bool has_subdomains;	/* and for those below it, in its own name */
};

struct opendkim_keys {
	struct opendkim_key *v;
	size_t n, room;
	struct span fallback;	/* signs for all other domains; or empty */
	bool is_partial;	/* some row could not be taken over */
};

/*
 * Who signs for whom, by Domain, KeyFile and Selector or by KeyTable and
 * SigningTable. What cannot be said in our configuration is told to OUT in
 * comments. 0, or an exit status after a complaint.
 */
int opendkim_find_keys(const struct opendkim_conf *conf,
    struct opendkim_keys *keys, FILE *out)
    __attribute__((warn_unused_result));

/* The complaint about want of memory. */
int opendkim_no_memory(void);

/* A comment of one line: "# NOT IMPORTED: FILE:LINE: KEY: WHY". */
void opendkim_remark(FILE *out, const struct opendkim_row *row,
    const char *why);

#endif
