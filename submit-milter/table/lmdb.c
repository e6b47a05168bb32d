/*
 * lmdb.c - LMDB files, as "postmap lmdb:" makes them. The only user of LMDB.
 *
 * The file is mapped, not loaded, and changed in place: a look-up sees the
 * rows before or after a change, never half of it. Postfix does not use
 * LMDB's own locks (MDB_NOLOCK) but locks the file for as long as postmap
 * writes; we would wait that long. Instead we read without lock and look
 * afterwards whether we were right to: a writer leaves alone what the last
 * finished transaction can see, so a snapshot that still is the last one
 * was whole while we read.
 *
 * LMDB believes its file, and ends the process when it notices that it
 * should not have; we jump out of that. A file that is shorter than it says
 * is told before it is read; one that is cut while we read kills the reader
 * (SIGBUS).
 */
#include <config.h>

#include "table/backend.h"

#if HAVE_LMDB

#include <lmdb.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "table/compiled.h"

#define META_PAGES 2

/*
 * A writer that deletes may leave out the last pages when they are free;
 * postmap never does. Such a file cannot be told from one that was cut.
 */
#define TOO_SHORT "is shorter than it says: copy it again, or make a whole " \
    "one of it (mdb_copy -c)"

struct opened {
	MDB_env *env;
	MDB_dbi dbi;
	uint64_t page_size;
};

/* Where this thread goes on when LMDB wants to end the process. */
static _Thread_local jmp_buf *rescue;

static void
jump_out(MDB_env *env, const char *message)
{
	(void)env;
	(void)message;
	if (rescue != NULL)
		longjmp(*rescue, 1);
}

static void
close_file(void *handle)
{
	struct opened *opened = handle;

	mdb_env_close(opened->env);
	free(opened);
}

/* Octets of the file; 0 when it has no room for the first pages. */
static uint64_t
file_size(const struct opened *opened)
{
	struct stat file;
	int fd;

	if (mdb_env_get_fd(opened->env, &fd) != 0 || fstat(fd, &file) != 0 ||
	    (uint64_t)file.st_size < META_PAGES * opened->page_size)
		return 0;
	return (uint64_t)file.st_size;
}

/* Are all pages there that the file says it has? */
static bool
is_whole(const struct opened *opened)
{
	MDB_envinfo info;

	return file_size(opened) > 0 &&
	    mdb_env_info(opened->env, &info) == 0 &&
	    info.me_last_pgno < file_size(opened) / opened->page_size;
}

/* 0 or an error of LMDB. */
static int
open_rows(struct opened *opened)
{
	MDB_txn *txn;
	MDB_stat stat;
	int rc = mdb_env_stat(opened->env, &stat);

	if (rc != 0)
		return rc;
	opened->page_size = stat.ms_psize;
	if (!is_whole(opened))
		return MDB_CORRUPTED;
	rc = mdb_txn_begin(opened->env, NULL, MDB_RDONLY, &txn);
	if (rc != 0)
		return rc;
	rc = mdb_dbi_open(txn, NULL, 0, &opened->dbi);
	mdb_txn_abort(txn);
	return rc;
}

static enum live_opened
open_file(const void *context, const char *path, void **opened_r,
    char **error_r)
{
	struct opened *opened = calloc(1, sizeof(*opened));
	int rc;

	(void)context;
	if (opened == NULL || mdb_env_create(&opened->env) != 0) {
		free(opened);
		return LIVE_OPEN_FAILED;
	}
	(void)mdb_env_set_assert(opened->env, jump_out);
	rc = mdb_env_open(opened->env, path, MDB_RDONLY | MDB_NOSUBDIR |
	    MDB_NOLOCK | MDB_NOTLS, 0);
	if (rc == 0)
		rc = open_rows(opened);
	if (rc == 0) {
		*opened_r = opened;
		return LIVE_OPENED;
	}
	close_file(opened);
	if (rc == MDB_MAP_RESIZED)
		return LIVE_OPEN_BUSY;
	*error_r = backend_error("%s: %s", path, rc == MDB_CORRUPTED ?
	    TOO_SHORT : mdb_strerror(rc));
	return LIVE_OPEN_FAILED;
}

struct snapshot {
	MDB_txn *txn;
	MDB_dbi dbi;
};

static enum live_answer
get(void *context, struct span key, struct arena *arena,
    struct span *value_r, const char **error_r)
{
	struct snapshot *snapshot = context;
	MDB_val name = { key.len, (void *)(uintptr_t)key.ptr }, value;
	int rc = mdb_get(snapshot->txn, snapshot->dbi, &name, &value);

	(void)arena;
	switch (rc) {
	case 0:
		*value_r = (struct span){ value.mv_data, value.mv_size };
		return LIVE_FOUND;
	case MDB_NOTFOUND:
	case MDB_BAD_VALSIZE:	/* empty or too long: there is none such */
		return LIVE_NOT_FOUND;
	default:
		*error_r = mdb_strerror(rc);
		return LIVE_FAILED;
	}
}

/* Is the snapshot still the last one? */
static bool
is_last(const struct opened *opened, MDB_txn *txn)
{
	MDB_envinfo info;

	return mdb_env_info(opened->env, &info) == 0 &&
	    info.me_last_txnid == mdb_txn_id(txn);
}

static enum live_answer
ask_guarded(struct snapshot *snapshot, struct span key, struct arena *arena,
    struct span *value_r, const char **error_r)
{
	enum live_answer answer;
	jmp_buf here;

	if (setjmp(here) != 0) {
		rescue = NULL;
		*error_r = "the LMDB file is broken";
		return LIVE_FAILED;
	}
	rescue = &here;
	answer = compiled_ask(get, snapshot, key, arena, value_r, error_r);
	rescue = NULL;
	return answer;
}

static enum live_answer
ask(void *handle, struct span key, int64_t deadline, struct arena *arena,
    struct span *value_r, const char **error_r)
{
	const struct opened *opened = handle;
	struct snapshot snapshot = { .dbi = opened->dbi };
	enum live_answer answer;
	int rc;

	(void)deadline;
	if (file_size(opened) == 0)
		return LIVE_STALE;
	rc = mdb_txn_begin(opened->env, NULL, MDB_RDONLY, &snapshot.txn);
	if (rc == MDB_MAP_RESIZED)
		return LIVE_STALE;
	if (rc != 0) {
		*error_r = mdb_strerror(rc);
		return LIVE_FAILED;
	}
	if (is_whole(opened)) {
		answer = ask_guarded(&snapshot, key, arena, value_r,
		    error_r);
	} else {
		*error_r = "the file " TOO_SHORT;
		answer = LIVE_FAILED;
	}
	if (!is_last(opened, snapshot.txn))
		answer = LIVE_BUSY;
	mdb_txn_abort(snapshot.txn);
	return answer;
}

static const struct live_kind kind = {
	.suffix = ".lmdb",
	.is_changed_in_place = true,
	.open = open_file,
	.ask = ask,
	.close = close_file,
};

const struct table_backend table_lmdb = {
	.type = "lmdb",
	LIVE_BACKEND(&kind),
};

#else

const struct table_backend table_lmdb = {
	.type = "lmdb",
	.missing = MISSING_LMDB,
};

#endif
