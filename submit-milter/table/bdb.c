/*
 * bdb.c - files of Berkeley DB, as "postmap hash:" and "postmap btree:" make
 * them. The only user of Berkeley DB.
 *
 * postmap empties the file and writes it again in place, with flock(2) on
 * it. A look-up shares that lock, and opens the file anew when it is no
 * longer the one that was opened: the library keeps pages of its own. One
 * look-up at a time is in a file; each takes microseconds. The lock of the
 * opened file is a leaf.
 *
 * The library can go in circles in a broken file. One that is not too large
 * is therefore read and verified as a whole when it is opened.
 */
#include <config.h>

#include "table/backend.h"

#if HAVE_DB

#include <db.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table/compiled.h"

#define VERIFY_MOST (64 << 20)	/* octets: a third of a second */

struct opened {
	DB *db;
	int fd;			/* for lock and changes */
	struct stat file;
	pthread_mutex_t lock;	/* for db and the lock of fd */
};

static const DBTYPE hash_type = DB_HASH;
static const DBTYPE btree_type = DB_BTREE;

/* The library would write to standard error, and what it saw to output. */
static void
hear_error(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	(void)prefix;
	(void)message;
}

static void
hear_message(const DB_ENV *env, const char *message)
{
	(void)env;
	(void)message;
}

static int
share_file(const struct opened *opened)
{
	int rc;

	do
		rc = flock(opened->fd, LOCK_SH | LOCK_NB);
	while (rc != 0 && errno == EINTR);
	return rc;
}

static void
leave_file(const struct opened *opened)
{
	(void)flock(opened->fd, LOCK_UN);
}

/* Are all pages there that the first page tells of? */
static bool
is_whole(const struct opened *opened, DBTYPE type)
{
	uint64_t pages, page_size;
	DB_HASH_STAT *hash;
	DB_BTREE_STAT *btree;
	void *stat;

	if (opened->db->stat(opened->db, NULL, &stat, DB_FAST_STAT) != 0)
		return false;
	hash = stat;
	btree = stat;
	pages = type == DB_HASH ? hash->hash_pagecnt : btree->bt_pagecnt;
	page_size = type == DB_HASH ? hash->hash_pagesize :
	    btree->bt_pagesize;
	free(stat);
	return pages * page_size <= (uint64_t)opened->file.st_size;
}

/* 0 or an error of the library. */
static int
new_handle(DB **db_r)
{
	int rc = db_create(db_r, NULL, 0);

	if (rc == 0) {
		(*db_r)->set_errcall(*db_r, hear_error);
		(*db_r)->set_msgcall(*db_r, hear_message);
	}
	return rc;
}

/* NULL, or what is wrong. */
static const char *
verify(const char *path)
{
	DB *db;
	int rc = new_handle(&db);

	/* This takes the handle with it. */
	if (rc == 0)
		rc = db->verify(db, path, NULL, NULL, 0);
	if (rc == DB_VERIFY_BAD)
		return "is broken, says Berkeley DB";
	return rc == 0 ? NULL : db_strerror(rc);
}

/* NULL, or what is wrong. The file is locked. */
static const char *
open_rows(struct opened *opened, const char *path, DBTYPE type)
{
	const char *why = opened->file.st_size > VERIFY_MOST ? NULL :
	    verify(path);
	int rc;

	if (why != NULL)
		return why;
	rc = new_handle(&opened->db);
	if (rc != 0)
		return db_strerror(rc);
	rc = opened->db->open(opened->db, NULL, path, NULL, type,
	    DB_RDONLY | DB_NOMMAP, 0);
	if (rc == EINVAL)
		return type == DB_HASH ? "is no hash file of Berkeley DB" :
		    "is no btree file of Berkeley DB";
	if (rc != 0)
		return db_strerror(rc);
	return is_whole(opened, type) ? NULL : "is shorter than it says";
}

static void
close_file(void *handle)
{
	struct opened *opened = handle;

	if (opened->db != NULL)
		(void)opened->db->close(opened->db, DB_NOSYNC);
	if (opened->fd != -1)
		(void)close(opened->fd);
	(void)pthread_mutex_destroy(&opened->lock);
	free(opened);
}

static enum live_opened
open_locked(struct opened *opened, const char *path, DBTYPE type,
    char **error_r)
{
	const char *why;

	opened->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (opened->fd == -1) {
		*error_r = backend_error("%s: %s", path, strerror(errno));
		return LIVE_OPEN_FAILED;
	}
	if (share_file(opened) != 0) {
		if (errno == EWOULDBLOCK)
			return LIVE_OPEN_BUSY;
		*error_r = backend_error("%s: %s", path, strerror(errno));
		return LIVE_OPEN_FAILED;
	}
	why = fstat(opened->fd, &opened->file) != 0 ? strerror(errno) :
	    open_rows(opened, path, type);
	leave_file(opened);
	if (why == NULL)
		return LIVE_OPENED;
	*error_r = backend_error("%s: %s", path, why);
	return LIVE_OPEN_FAILED;
}

static enum live_opened
open_file(const void *context, const char *path, void **opened_r,
    char **error_r)
{
	struct opened *opened = calloc(1, sizeof(*opened));
	const DBTYPE *type = context;
	enum live_opened result;

	if (opened == NULL || pthread_mutex_init(&opened->lock, NULL) != 0) {
		free(opened);
		return LIVE_OPEN_FAILED;
	}
	result = open_locked(opened, path, *type, error_r);
	if (result == LIVE_OPENED)
		*opened_r = opened;
	else
		close_file(opened);
	return result;
}

static enum live_answer
get(void *context, struct span key, struct arena *arena,
    struct span *value_r, const char **error_r)
{
	DB *db = context;
	DBT name = { .data = NULL }, value = { .data = NULL };
	int rc;

	(void)arena;
	if (key.len > UINT32_MAX)
		return LIVE_NOT_FOUND;
	name.data = (void *)(uintptr_t)key.ptr;
	name.size = (uint32_t)key.len;
	rc = db->get(db, NULL, &name, &value, 0);
	if (rc == DB_NOTFOUND)
		return LIVE_NOT_FOUND;
	if (rc != 0) {
		*error_r = "the file of Berkeley DB is broken";
		return LIVE_FAILED;
	}
	*value_r = (struct span){ value.data, value.size };
	return LIVE_FOUND;
}

/* Is the file that is locked still as it was opened? */
static bool
is_same(const struct opened *opened)
{
	struct stat now;

	return fstat(opened->fd, &now) == 0 &&
	    now.st_size == opened->file.st_size &&
	    now.st_mtim.tv_sec == opened->file.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == opened->file.st_mtim.tv_nsec;
}

static enum live_answer
ask(void *handle, struct span key, int64_t deadline, struct arena *arena,
    struct span *value_r, const char **error_r)
{
	struct opened *opened = handle;
	enum live_answer answer;

	(void)deadline;
	(void)pthread_mutex_lock(&opened->lock);
	if (share_file(opened) != 0) {
		answer = LIVE_BUSY;
	} else {
		answer = !is_same(opened) ? LIVE_STALE :
		    compiled_ask(get, opened->db, key, arena, value_r,
			error_r);
		leave_file(opened);
	}
	(void)pthread_mutex_unlock(&opened->lock);
	return answer;
}

static const struct live_kind kind = {
	.suffix = ".db",
	.open = open_file,
	.ask = ask,
	.close = close_file,
};

static void *
bdb_open(const void *type, const struct table_spec *spec, char **error_r)
{
	return live_new(&kind, spec, type, error_r);
}

const struct table_backend table_hash = {
	.type = "hash",
	.kind = &hash_type,
	.open = bdb_open,
	.lookup = live_lookup,
	.close = live_close,
};

const struct table_backend table_btree = {
	.type = "btree",
	.kind = &btree_type,
	.open = bdb_open,
	.lookup = live_lookup,
	.close = live_close,
};

#else

const struct table_backend table_hash = {
	.type = "hash",
	.missing = MISSING_DB,
};

const struct table_backend table_btree = {
	.type = "btree",
	.missing = MISSING_DB,
};

#endif
