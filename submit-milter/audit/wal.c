/*
 * wal.c - see wal.h: making it, and putting.
 *
 * The file is as long from the beginning as it will ever be, and written all
 * over, so that its blocks are known to the file system. In it stand frames,
 * each a head and the octets of a batch, padded to whole blocks: a write can
 * go past the page cache (O_DIRECT) and touches nothing else. Frames count
 * from the first on as long as they have the generation of the first and
 * their hash is right: one that the power cut short does not.
 */
#define _GNU_SOURCE	/* for O_DIRECT */

#include "audit/wal_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "system/folder.h"
#include "table/siphash.h"

#define SIZE ((size_t)4 << 20)
#define FRAME_MOST ((size_t)2 << 20)
#define FILL ((size_t)64 * WAL_BLOCK)
#define MODE 0600

static const char magic[8] = "SM-WAL1";

static size_t
blocks_of(size_t len)
{
	len += sizeof(struct wal_head) + WAL_BLOCK - 1;
	return len / WAL_BLOCK * WAL_BLOCK;
}

size_t
wal_most(void)
{
	return FRAME_MOST - sizeof(struct wal_head);
}

/* --- octets --------------------------------------------------------------- */

/*
 * Not every file system can go past its cache, and some say so only when it
 * is tried. True: from now on it does not.
 */
static bool
use_cache(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return errno == EINVAL && flags >= 0 && (flags & O_DIRECT) != 0 &&
	    fcntl(fd, F_SETFL, flags & ~O_DIRECT) == 0;
}

/* The first N octets of the frame to OFFSET. */
static int
write_frame(const struct wal *wal, size_t n, size_t offset)
{
	struct span octets = { wal->frame, n };
	int status = fd_write_at(wal->fd, octets, (int64_t)offset);

	if (status != 0 && use_cache(wal->fd))
		status = fd_write_at(wal->fd, octets, (int64_t)offset);
	return status;
}

/* Into the frame, AT of its octets, what lies at OFFSET. */
static ssize_t
read_piece(const struct wal *wal, size_t at, size_t n, size_t offset)
{
	ssize_t got = fd_read_at(wal->fd, wal->frame + at, n,
	    (int64_t)(offset + at));

	if (got < 0 && use_cache(wal->fd))
		got = fd_read_at(wal->fd, wal->frame + at, n,
		    (int64_t)(offset + at));
	return got;
}

/* --- frames --------------------------------------------------------------- */

static uint64_t
check_of(const struct wal_head *head)
{
	static const struct siphash_key key;
	const char *begin = (const char *)&head->generation;

	return siphash(&key, (struct span){ begin,
	    sizeof(*head) - offsetof(struct wal_head, generation) +
	    (size_t)head->len });
}

ssize_t
wal_read_frame(struct wal *wal, uint64_t number, size_t offset)
{
	struct wal_head *head = (struct wal_head *)wal->frame;
	ssize_t got = read_piece(wal, 0, WAL_BLOCK, offset);
	size_t blocks;

	if (got < (ssize_t)WAL_BLOCK)
		return got < 0 ? -1 : 0;
	if (memcmp(head->magic, magic, sizeof(magic)) != 0 ||
	    head->number != number || head->len > wal_most() ||
	    (number > 0 && head->generation != wal->generation))
		return 0;
	blocks = blocks_of((size_t)head->len);
	got = read_piece(wal, WAL_BLOCK, blocks - WAL_BLOCK, offset);
	if (got < (ssize_t)(blocks - WAL_BLOCK))
		return got < 0 ? -1 : 0;
	if (head->check != check_of(head))
		return 0;
	wal->generation = head->generation;
	return (ssize_t)blocks;
}

/* How much of it counts, which only its frames can tell. */
static int
find_end(struct wal *wal)
{
	ssize_t n;

	while ((n = wal_read_frame(wal, wal->number, wal->used)) > 0) {
		wal->used += (size_t)n;
		wal->number++;
	}
	return n < 0 ? -1 : 0;
}

/* --- open and close ------------------------------------------------------- */

static char *
name_of(const char *file)
{
	const char *slash = strrchr(file, '/');
	int folder = slash == NULL ? 0 : (int)(slash + 1 - file);
	size_t size = strlen(file) + sizeof(".wal") + 1;
	char *name = malloc(size);

	if (name != NULL)
		(void)snprintf(name, size, "%.*s.%s.wal", folder, file,
		    file + folder);
	return name;
}

/* Is it one of ours, and not what somebody put there for us to go by? */
static bool
is_ours(const struct stat *st, const struct stat *audit)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	    (st->st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	    (st->st_uid == audit->st_uid || st->st_uid == geteuid());
}

/* Zeroes all over FD, synced once, and not kept in memory. */
static int
write_zeroes(struct wal *wal, int fd)
{
	memset(wal->frame, 0, FILL);
	for (size_t done = 0; done < SIZE; done += FILL)
		if (fd_write_at(fd, (struct span){ wal->frame, FILL },
		    (int64_t)done) != 0)
			return -1;
	if (fdatasync(fd) != 0)
		return -1;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return 0;
}

/* Written all over, and found again after a loss of power. */
static int
fill(struct wal *wal)
{
	/* wal->fd would sync each piece of it. */
	int fd = open(wal->name, O_WRONLY | O_CLOEXEC | O_NOCTTY |
	    O_NOFOLLOW);
	int status, error;

	if (fd < 0)
		return -1;
	status = write_zeroes(wal, fd);
	error = errno;
	(void)close(fd);
	errno = error;
	if (status != 0)
		return -1;
	/* A folder that we may not read cannot be synced; see audit/file.c. */
	return folder_sync(wal->name) == 0 || errno == EACCES ? 0 : -1;
}

static int
open_name(const char *name, int flags)
{
	int fd;

	flags |= O_RDWR | O_DSYNC | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW;
	fd = open(name, flags | O_DIRECT, MODE);
	if (fd >= 0 || errno != EINVAL)
		return fd;
	/* It may have been made before it was found that it cannot be. */
	return open(name, flags & ~O_EXCL, MODE);
}

/* What is open now: ours alone, and of the right size. */
static int
take(struct wal *wal, const struct stat *audit)
{
	struct stat st;

	if (fstat(wal->fd, &st) != 0)
		return -1;
	if (!is_ours(&st, audit) || st.st_dev != audit->st_dev) {
		errno = st.st_dev != audit->st_dev ? EXDEV : EPERM;
		return -1;
	}
	if (flock(wal->fd, LOCK_EX | LOCK_NB) != 0)
		return -1;
	/* One that was half made when the power failed holds nothing. */
	return st.st_size == (off_t)SIZE ? find_end(wal) : fill(wal);
}

static int
open_or_make(struct wal *wal, const struct stat *audit, bool is_made)
{
	wal->fd = open_name(wal->name, 0);
	if (wal->fd >= 0)
		return take(wal, audit);
	if (errno != ENOENT || !is_made)
		return -1;
	wal->fd = open_name(wal->name, O_CREAT | O_EXCL);
	if (wal->fd < 0)
		return -1;
	if (take(wal, audit) == 0)
		return 0;
	(void)unlink(wal->name);
	return -1;
}

static void
free_all(struct wal *wal)
{
	if (wal->fd >= 0)
		(void)close(wal->fd);
	free(wal->frame);
	free(wal->file);
	free(wal->name);
	free(wal);
}

int
wal_open(const char *file, const struct stat *audit, bool is_made,
    struct wal **wal_r)
{
	struct wal *wal = calloc(1, sizeof(*wal));
	int error;

	*wal_r = NULL;
	if (wal == NULL)
		return -1;
	wal->fd = -1;
	wal->file = strdup(file);
	wal->name = name_of(file);
	wal->frame = aligned_alloc(WAL_BLOCK, FRAME_MOST);
	if (wal->file == NULL || wal->name == NULL ||
	    wal->frame == NULL)
		errno = ENOMEM;
	else if (open_or_make(wal, audit, is_made) == 0)
		*wal_r = wal;
	if (*wal_r != NULL)
		return 0;
	error = errno;
	free_all(wal);
	errno = error;
	return error == ENOENT && !is_made ? 0 : -1;
}

int
wal_close(struct wal **wal, bool is_done)
{
	struct wal *w = *wal;
	int status = 0;

	*wal = NULL;
	if (w == NULL)
		return 0;
	/* What comes back after a loss of power must not count. */
	if (is_done && wal_clear(w) == 0)
		(void)unlink(w->name);
	else if (is_done)
		status = unlink(w->name) == 0 ? folder_sync(w->name) : -1;
	free_all(w);
	return status;
}

bool
wal_is_named(const struct wal *wal)
{
	struct stat st;

	return fstat(wal->fd, &st) == 0 && st.st_nlink > 0;
}

/* --- putting -------------------------------------------------------------- */

int
wal_clear(struct wal *wal)
{
	uint64_t generation;

	/* One that no frame has which lies there still. */
	if (getrandom(&generation, sizeof(generation), 0) !=
	    (ssize_t)sizeof(generation))
		return -1;
	memset(wal->frame, 0, WAL_BLOCK);
	if (write_frame(wal, WAL_BLOCK, 0) != 0)
		return -1;
	wal->generation = generation;
	wal->number = 0;
	wal->used = 0;
	return 0;
}

void
wal_restart(struct wal *wal)
{
	wal->generation++;
	wal->number = 0;
	wal->used = 0;
}

char *
wal_room(struct wal *wal, size_t len)
{
	if (len > wal_most() || blocks_of(len) > SIZE - wal->used)
		return NULL;
	return wal->frame + sizeof(struct wal_head);
}

int
wal_put(struct wal *wal, const struct wal_place *place, size_t len)
{
	struct wal_head *head = (struct wal_head *)wal->frame;
	size_t n = blocks_of(len);

	memcpy(head->magic, magic, sizeof(magic));
	head->generation = wal->generation;
	head->number = wal->number;
	head->inode = place->inode;
	head->offset = place->offset;
	head->len = len;
	head->check = check_of(head);
	if (write_frame(wal, n, wal->used) != 0)
		return -1;
	wal->used += n;
	wal->number++;
	return 0;
}
