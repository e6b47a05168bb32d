/*
 * cdb.c - constant databases, as "postmap cdb:" makes them. The only user
 * of libcdb.
 *
 * The file is mapped, not loaded. postmap makes a new one and renames it
 * into place; one that becomes shorter while it is mapped is told before we
 * read, but between those two a reader can be killed (SIGBUS).
 */
#include <config.h>

#include "table/backend.h"

#if HAVE_CDB

#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table/compiled.h"

#define HEADER_SIZE 2048	/* octets: 256 places of hash tables */

struct opened {
	struct cdb cdb;
	off_t size;
	int fd;
};

static void
close_file(void *handle)
{
	struct opened *opened = handle;

	cdb_free(&opened->cdb);
	(void)close(opened->fd);
	free(opened);
}

/* NULL, or what is wrong. */
static const char *
map_file(struct opened *opened, const char *path)
{
	struct stat file;

	opened->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (opened->fd == -1 || fstat(opened->fd, &file) != 0)
		return strerror(errno);
	opened->size = file.st_size;
	if (file.st_size < HEADER_SIZE ||
	    cdb_init(&opened->cdb, opened->fd) != 0)
		return "is no cdb file";
	return NULL;
}

static enum live_opened
open_file(const void *context, const char *path, void **opened_r,
    char **error_r)
{
	struct opened *opened = calloc(1, sizeof(*opened));
	const char *why;

	(void)context;
	if (opened == NULL)
		return LIVE_OPEN_FAILED;
	why = map_file(opened, path);
	if (why == NULL) {
		*opened_r = opened;
		return LIVE_OPENED;
	}
	*error_r = backend_error("%s: %s", path, why);
	if (opened->fd != -1)
		(void)close(opened->fd);
	free(opened);
	return LIVE_OPEN_FAILED;
}

static enum live_answer
get(void *context, struct span key, struct arena *arena,
    struct span *value_r, const char **error_r)
{
	struct cdb *cdb = context;
	const void *value;
	int rc;

	(void)arena;
	if (key.len > UINT32_MAX)
		return LIVE_NOT_FOUND;
	rc = cdb_find(cdb, key.ptr, (unsigned)key.len);
	if (rc == 0)
		return LIVE_NOT_FOUND;
	value = rc < 0 ? NULL : cdb_getdata(cdb);
	if (value == NULL) {
		*error_r = "the cdb file is broken";
		return LIVE_FAILED;
	}
	*value_r = (struct span){ value, cdb_datalen(cdb) };
	return LIVE_FOUND;
}

static enum live_answer
ask(void *handle, struct span key, int64_t deadline, struct arena *arena,
    struct span *value_r, const char **error_r)
{
	const struct opened *opened = handle;
	struct cdb cdb = opened->cdb;	/* holds the place of the row found */
	struct stat file;

	(void)deadline;
	if (fstat(opened->fd, &file) != 0 || file.st_size != opened->size)
		return LIVE_STALE;
	return compiled_ask(get, &cdb, key, arena, value_r, error_r);
}

static const struct live_kind kind = {
	.suffix = ".cdb",
	.open = open_file,
	.ask = ask,
	.close = close_file,
};

const struct table_backend table_cdb = {
	.type = "cdb",
	LIVE_BACKEND(&kind),
};

#else

const struct table_backend table_cdb = {
	.type = "cdb",
	.missing = MISSING_CDB,
};

#endif
