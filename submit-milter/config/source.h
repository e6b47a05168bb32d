/*
 * source - the text of the configuration file with what it includes.
 *
 * A line of the form
 *
 *	@include "FILE"
 *
 * stands for the lines of FILE, whose path counts from the folder of the
 * file that includes it. libconfig could do so too, but it ends the process
 * when FILE is a directory, and a reload must survive that. Also finds what
 * libconfig lets pass: numbers that it would cut to 32 bits, NUL, comments
 * and strings that are not closed. For the files of config/ only.
 */
#ifndef SUBMIT_CONFIG_SOURCE_H
#define SUBMIT_CONFIG_SOURCE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/sbuf.h"

/* Lines of the text that stand together in one file. */
struct source_run {
	unsigned first;		/* line of the text, from 1 */
	const char *file;
	unsigned line;		/* line of the file */
};

struct source {
	struct arena *arena;	/* of names and runs */
	struct sbuf text;	/* without @include lines */
	unsigned lines;		/* complete ones, of the text */
	struct source_run *runs;
	size_t run_count;
	size_t run_room;
};

/*
 * Reads FILE. The result lives in ARENA, except for the text, which
 * source_free() gives back. 0; or -1 and *error_r: "FILE:LINE: ...",
 * malloc'ed, the caller's to free, NULL if even that failed. Either way
 * source_free() must follow.
 */
int source_read(const char *file, struct arena *arena,
    struct source *source_r, char **error_r)
    __attribute__((warn_unused_result));

void source_free(struct source *source);

/* From which file and line of it a line of the text is. */
void source_where(const struct source *source, unsigned line,
    const char **file_r, unsigned *line_r);

#endif
