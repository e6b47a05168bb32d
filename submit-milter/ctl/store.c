/*
 * store.c - submitctl store: brings records into the store, says what is in
 * it.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#include "audit/store.h"
#include "ctl/ctl.h"
#include "ctl/logfile.h"

#define BATCH 65536u

struct counts {
	uint64_t added, known, old, none;
};

static int
fail_store(const struct store *store, enum store_status status)
{
	return status == STORE_DAMAGED ? ctl_fail(EX_TEMPFAIL,
	    "begin again: what was read for a damaged day is lost") :
	    ctl_fail(EX_IOERR, "%s", store_error(store));
}

/* 0, or an exit status after a complaint. */
static int
commit(struct store *store, struct counts *counts)
{
	size_t pending = store_pending(store), added;
	enum store_status status = store_commit(store, &added);

	if (status != STORE_OK)
		return fail_store(store, status);
	counts->added += added;
	counts->known += pending - added;
	return 0;
}

static int
add_line(struct store *store, struct span line, struct counts *counts)
{
	enum store_status status = store_add(store, line,
	    (int64_t)time(NULL));

	switch (status) {
	case STORE_OK:
		return store_pending(store) < BATCH ? 0 :
		    commit(store, counts);
	case STORE_OLD:
		counts->old++;
		return 0;
	case STORE_NO_RECORD:
		counts->none += line.len > 0;
		return 0;
	case STORE_DAMAGED:
	case STORE_FAILED:
	default:
		return fail_store(store, status);
	}
}

static int
import_file(struct store *store, const char *file, struct counts *counts)
{
	struct logfile *lines = logfile_open(file);
	struct span line;
	int status = 0, got = 0;

	if (lines == NULL)
		return ctl_fail(EX_NOINPUT, "%s: %s", file, strerror(errno));
	while (status == 0 && (got = logfile_next(lines, &line)) == 1)
		status = add_line(store, line, counts);
	if (got < 0)
		status = ctl_fail(EX_IOERR, "%s: %s", file,
		    logfile_error(lines));
	logfile_close(&lines);
	return status != 0 ? status : commit(store, counts);
}

static int
import(struct store *store, char *const *files, size_t n)
{
	struct counts counts = { 0, 0, 0, 0 };
	int status = 0;

	for (size_t i = 0; i < n && status == 0; i++)
		status = import_file(store, files[i], &counts);
	(void)printf("%" PRIu64 " records added, %" PRIu64 " were known, "
	    "%" PRIu64 " too old, %" PRIu64 " lines are no record of a "
	    "message\n", counts.added, counts.known, counts.old,
	    counts.none);
	return status;
}

/* The audit file and what was rotated from it, the oldest first. */
static int
rebuild(struct store *store, const struct config *config)
{
	size_t n = 0;
	char **files = logfile_rotated(config->audit.file, &n);
	int status;

	if (files == NULL)
		return ctl_fail(EX_OSERR, "out of memory");
	status = n > 0 ? import(store, files, n) : ctl_fail(EX_NOINPUT,
	    "%s: %s", config->audit.file, strerror(ENOENT));
	logfile_forget(files, n);
	return status;
}

/* --- what is in it -------------------------------------------------------- */

static int
count(void *context, const struct store_hit *hit)
{
	uint64_t *records = context;

	(void)hit;
	++*records;
	return 0;
}

/* Reads every record: a check of the whole, too. */
static int
verify(struct store *store)
{
	struct arena *arena = arena_new(1u << 20, NULL);
	struct query query;
	uint64_t records = 0;
	int status;

	if (arena == NULL)
		return ctl_fail(EX_OSERR, "out of memory");
	query_init(&query, arena);
	status = store_find(store, &query, count, &records);
	(void)printf("%" PRIu64 " records\n", records);
	arena_free(&arena);
	return status == 0 ? 0 : EX_DATAERR;
}

/* --- the command ---------------------------------------------------------- */

static void
print_usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: submitctl store import [OPTION]... FILE...\n"
	    "       submitctl store rebuild [OPTION]...\n"
	    "       submitctl store verify [OPTION]...\n"
	    "\n"
	    "  import                   records of FILEs (JSON lines,\n"
	    "                           compressed or not; \"-\") into the\n"
	    "                           store; those it has stay\n"
	    "  rebuild                  the same of the audit file and the\n"
	    "                           rotated ones beside it\n"
	    "  verify                   read every record\n"
	    "\n"
	    "  -c, --config FILE        default\n"
	    "                           %s\n"
	    "  -o, --option NAME=VALUE  override an option of that file\n",
	    CTL_CONFIG_FILE);
}

static int
run(const char *what, const struct config *config, int argc, char **argv)
{
	struct store *store = ctl_store_new(config);
	struct stat st;
	int status;

	if (store == NULL)
		return EX_OSERR;
	if (config->store.directory[0] == '\0')
		status = ctl_fail(EX_CONFIG, "%s: audit.store.directory is "
		    "not set", config->file);
	else if (stat(config->store.directory, &st) != 0)
		status = ctl_fail(EX_CONFIG, "%s: %s; the daemon makes it",
		    config->store.directory, strerror(errno));
	else if (strcmp(what, "verify") == 0)
		status = verify(store);
	else if (strcmp(what, "rebuild") == 0)
		status = rebuild(store, config);
	else
		status = import(store, argv, (size_t)argc);
	store_free(&store);
	return status;
}

static int
load_and_run(const char *what, const struct ctl_source *source, int argc,
    char **argv)
{
	struct config *config = ctl_source_load(source, CTL_TRACE_KEYS);
	int status;

	if (config == NULL)
		return EX_CONFIG;
	status = run(what, config, argc, argv);
	config_unref(&config);
	return status;
}

int
ctl_store(int argc, char **argv)
{
	static const struct option names[] = {
		CTL_NAMES,
		{ NULL, 0, NULL, 0 },
	};
	static const struct ctl_syntax syntax = { "store", CTL_LETTERS, names,
		print_usage, NULL };
	struct ctl_source source;
	int status = ctl_options(&syntax, argc, argv, &source, NULL);
	const char *what;

	if (status >= 0)
		return status;
	what = optind < argc ? argv[optind] : "";
	if (strcmp(what, "import") == 0 && argc - optind < 2)
		return ctl_fail(EX_USAGE, "store import: name the files");
	if (strcmp(what, "import") != 0 && ((strcmp(what, "rebuild") != 0 &&
	    strcmp(what, "verify") != 0) || argc - optind > 1))
		return ctl_fail(EX_USAGE, "store --help tells the options");
	return load_and_run(what, &source, argc - optind - 1,
	    argv + optind + 1);
}
