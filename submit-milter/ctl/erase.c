/*
 * erase.c - submitctl export and erase: the records of one person, given to
 * that person, or taken away.
 *
 * Exit status 0: there were some; 1: none; 2: not all could be searched.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "audit/follow.h"
#include "audit/store.h"
#include "ctl/ctl.h"
#include "ctl/logfile.h"
#include "ctl/person.h"
#include "ctl/rewrite.h"

#define ARENA_MOST (256u << 20)
#define LINE_MOST (64u << 20)

struct erase {
	struct ctl_source source;
	struct person person;
	const struct config *config;
	struct arena *arena;		/* of the line at hand */
	struct sbuf line;
	size_t own, named;
	bool is_dry;
	bool is_export;
	bool is_partial;
	int status;			/* of what went wrong */
};

/* What becomes of a line: its new text, or none. */
static int
judge(struct erase *e, const struct words *words, struct span line,
    enum person_share *share_r, struct span *new_r)
{
	*share_r = person_share(&e->person, words);
	*new_r = (struct span){ "", 0 };
	e->own += *share_r == PERSON_OWN;
	e->named += *share_r == PERSON_NAMED;
	if (*share_r != PERSON_NAMED || e->is_export)
		return 0;
	sbuf_clear(&e->line);
	if (person_redact(&e->person, line, &e->line) != 0 ||
	    sbuf_done(&e->line, new_r) != 0)
		return ctl_fail(EX_OSERR, "out of memory");
	return 0;
}

static void
put_line(struct span line)
{
	(void)fwrite(line.ptr, 1, line.len, stdout);
	(void)putchar('\n');
}

/* --- the store ------------------------------------------------------------ */

static int
replace_hit(struct erase *e, const struct store_hit *hit, struct span line)
{
	struct arena *arena = arena_new(ARENA_MOST, NULL);
	struct words words = { .n = 0 };
	int status = 0;

	if (arena == NULL || (line.len > 0 &&
	    words_read(line, arena, &words) != 1))
		status = ctl_fail(EX_OSERR, "out of memory");
	else if (partition_replace(hit->partition, hit->n, hit->words, &words,
	    line) != PARTITION_OK)
		status = ctl_fail(EX_IOERR, "%s", partition_error(
		    hit->partition));
	else if (partition_settle(hit->partition) != PARTITION_OK)
		(void)ctl_fail(0, "the log beside the file of that day keeps "
		    "what was erased until the daemon has written some more");
	arena_free(&arena);
	e->status = status;
	return status;
}

static int
see_hit(void *context, const struct store_hit *hit)
{
	struct erase *e = context;
	enum person_share share;
	struct span new;

	e->status = judge(e, hit->words, hit->line, &share, &new);
	if (e->status != 0 || share == PERSON_NONE)
		return e->status;
	if (e->is_export)
		put_line(hit->line);
	if (e->is_export || e->is_dry)
		return 0;
	return replace_hit(e, hit, new);
}

/*
 * One criterion after the other. What was found by an earlier one must not
 * count twice: erased it is not found again, but exported it is.
 */
struct first {
	struct erase *erase;
	size_t criterion;
};

static int
see_first(void *context, const struct store_hit *hit)
{
	const struct first *first = context;
	const struct person *person = &first->erase->person;

	for (size_t i = 0; i < first->criterion; i++)
		if (criterion_matches(&person->criteria[i], hit->words))
			return 0;
	return see_hit(first->erase, hit);
}

static int
erase_store(struct erase *e)
{
	struct store *store = ctl_store_new(e->config);
	bool is_change = !e->is_export && !e->is_dry;

	if (store == NULL)
		return EX_OSERR;
	for (size_t i = 0; i < e->person.criterion_count && e->status == 0;
	    i++) {
		struct first first = { e, i };
		struct query query;

		query_init(&query, e->person.arena);
		query.v[0] = e->person.criteria[i];
		query.n = 1;
		if ((is_change ? store_change : store_find)(store, &query,
		    see_first, &first) != 0)
			e->is_partial = true;
	}
	store_free(&store);
	return e->status;
}

/* --- files ---------------------------------------------------------------- */

/* NULL, or why the file must be left alone. */
static const char *
why_not(const struct erase *e, const char *file)
{
	struct stat st, active;
	struct follow_place place;

	if (stat(file, &st) != 0)
		return strerror(errno);
	if (stat(e->config->audit.file, &active) == 0 &&
	    active.st_dev == st.st_dev && active.st_ino == st.st_ino)
		return "the daemon writes to it: rotate it and reload first";
	place = follow_read_place(e->config->store.directory);
	if (e->config->store.directory[0] != '\0' &&
	    place.inode == (uint64_t)st.st_ino && place.offset < st.st_size)
		return "the store has not read all of it yet: try again";
	return NULL;
}

static int
erase_line(struct erase *e, struct span line, struct rewrite *out)
{
	enum person_share share = PERSON_NONE;
	struct words words;
	struct span new;
	int status;

	arena_reset(e->arena);
	status = words_read(line, e->arena, &words);
	if (status == -2)
		return ctl_fail(EX_OSERR, "out of memory");
	if (status == 1) {
		status = judge(e, &words, line, &share, &new);
		if (status != 0)
			return status;
	}
	if (e->is_export) {
		if (share != PERSON_NONE)
			put_line(line);
	} else if (out != NULL && share != PERSON_OWN) {
		rewrite_line(out, share == PERSON_NAMED ? new : line);
	}
	return 0;
}

static int
erase_file(struct erase *e, const char *file)
{
	bool is_change = !e->is_export && !e->is_dry;
	const char *why = is_change ? why_not(e, file) : NULL;
	size_t before = e->own + e->named;
	struct rewrite *out = NULL;
	struct logfile *in;
	struct span line;
	int status = 0, got = 0;

	if (why != NULL)
		return ctl_fail(EX_NOPERM, "%s: %s", file, why);
	in = logfile_open(file);
	if (in == NULL)
		return ctl_fail(EX_NOINPUT, "%s: %s", file, strerror(errno));
	if (is_change && (out = rewrite_begin(file)) == NULL)
		status = EX_CANTCREAT;
	while (status == 0 && (got = logfile_next(in, &line)) == 1)
		status = erase_line(e, line, out);
	if (got < 0)
		status = ctl_fail(EX_IOERR, "%s: %s", file,
		    logfile_error(in));
	logfile_close(&in);
	if (out != NULL && rewrite_end(&out, status == 0 &&
	    e->own + e->named > before) != 0)
		status = EX_IOERR;
	return status;
}

/* --- both ----------------------------------------------------------------- */

static void
summarize(const struct erase *e, int files)
{
	if (e->is_export)
		return;
	(void)printf("%zu records %s, %zu %s that only name the person\n",
	    e->own, e->is_dry ? "would be erased" : "erased", e->named,
	    e->is_dry ? "would be changed" : "changed");
	if (files == 0 && e->config->audit.file[0] != '\0')
		(void)printf("Not touched: %s and the files rotated from it. "
		    "Name those that are\nrotated on the command line.\n",
		    e->config->audit.file);
	if (e->config->audit.syslog)
		(void)printf("Not touched: what went to syslog.\n");
}

static int
search(struct erase *e, int argc, char **argv)
{
	int status = 0;

	if (e->config->store.directory[0] != '\0')
		status = erase_store(e);
	else if (argc == 0)
		return ctl_fail(EX_CONFIG, "%s: audit.store.directory is not "
		    "set; name files on the command line", e->config->file);
	for (int i = 0; i < argc && status == 0; i++)
		status = erase_file(e, argv[i]);
	if (status != 0)
		return status;
	summarize(e, argc);
	if (e->is_partial)
		return 2;
	return e->own + e->named > 0 ? 0 : 1;
}

static int
run(struct erase *e, int argc, char **argv)
{
	struct config *config = ctl_source_load(&e->source, CTL_TRACE_KEYS);
	struct arena *names = arena_new(ARENA_MOST, NULL);
	int status = 0;

	e->config = config;
	e->arena = arena_new(ARENA_MOST, NULL);
	sbuf_init(&e->line, NULL, LINE_MOST);
	if (config == NULL)
		status = EX_CONFIG;
	else if (names == NULL || e->arena == NULL)
		status = ctl_fail(EX_OSERR, "out of memory");
	if (status == 0) {
		e->person.veil = config->veil;
		status = person_prepare(&e->person, names);
	}
	if (status == 0)
		status = search(e, argc, argv);
	sbuf_free(&e->line);
	arena_free(&e->arena);
	arena_free(&names);
	config_unref(&config);
	return status;
}

static void
print_usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: submitctl export --person NAME [OPTION]... [FILE]...\n"
	    "       submitctl erase --person NAME [OPTION]... [FILE]...\n"
	    "\n"
	    "  export                   print the records of a person, as\n"
	    "                           JSON lines\n"
	    "  erase                    take the person out of them\n"
	    "\n"
	    "      --person NAME        identity or address; again for others\n"
	    "                           of the same person\n"
	    "      --dry-run            only say what erase would do\n"
	    "  -c, --config FILE        default\n"
	    "                           %s\n"
	    "  -o, --option NAME=VALUE  override an option of that file\n"
	    "\n"
	    "Searched are the store, and the FILEs (JSON lines, compressed\n"
	    "or not), which erase writes anew.\n", CTL_CONFIG_FILE);
}

static int
take_option(void *context, int id, char *value)
{
	struct erase *e = context;

	if (id == 'n')
		e->is_dry = true;
	else if (e->person.n == PERSON_NAMES_MOST)
		return ctl_fail(EX_USAGE, "too many --person");
	else
		e->person.names[e->person.n++] = value;
	return 0;
}

static int
parse_and_run(struct erase *e, int argc, char **argv)
{
	static const struct option names[] = {
		CTL_NAMES,
		{ "dry-run", no_argument, NULL, 'n' },
		{ "person", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	const struct ctl_syntax syntax = { e->is_export ? "export" : "erase",
		CTL_LETTERS, names, print_usage, take_option };
	int status = ctl_options(&syntax, argc, argv, &e->source, e);

	if (status >= 0)
		return status;
	if (e->person.n == 0)
		return ctl_fail(EX_USAGE, "--person says whose records");
	return run(e, argc - optind, argv + optind);
}

int
ctl_export(int argc, char **argv)
{
	struct erase e = { .is_export = true };

	return parse_and_run(&e, argc, argv);
}

int
ctl_erase(int argc, char **argv)
{
	struct erase e = { .is_export = false };

	return parse_and_run(&e, argc, argv);
}
