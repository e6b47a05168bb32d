/*
 * file_commit.c - see file.c: a batch.
 */
#define _GNU_SOURCE	/* for fallocate() */

#include "audit/file_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fd.h"

#define PARTS_MOST 512		/* what one writev() is given */
#define RESERVE ((off_t)1 << 20)

/*
 * Sets disk aside beyond the end of the file. The file system has then less
 * to write down with each batch: the slowest fdatasync() are three times as
 * fast on ext4. Where that cannot be done, it goes on without.
 */
static void
reserve(struct file *file, off_t size, off_t more)
{
	if (size < 0 || size + more <= file->reserved)
		return;
	file->reserved = size + more + RESERVE;
	if (fallocate(file->fd, FALLOC_FL_KEEP_SIZE, size, more + RESERVE) !=
	    0)
		file->reserved = size + more;	/* and tried again then */
}

/* Octets in a regular file; -1 for anything else (a pipe, /dev/full). */
static off_t
size_of(const struct file *file)
{
	struct stat st;

	if (!file->is_regular || fstat(file->fd, &st) != 0)
		return -1;
	return st.st_size;
}

/*
 * Where a batch will stand, as size_of() says it. A file without a name
 * keeps nothing: it goes on with another of that name.
 */
static int
find_place(struct file *file, off_t *size_r, struct sink_note *note)
{
	struct stat st;

	*size_r = -1;
	if (!file->is_regular)
		return 0;
	if (fstat(file->fd, &st) != 0)
		return file_fail(file, note);
	*size_r = st.st_size;
	if (st.st_nlink > 0 && (file->wal == NULL || wal_is_named(file->wal)))
		return 0;
	/* What was in a file that is gone was not to be kept. */
	if (st.st_nlink == 0 && file->wal != NULL &&
	    wal_clear(file->wal) != 0 && wal_close(&file->wal, true) != 0)
		return file_fail(file, note);
	if (file_replace(file, note) != 0)
		return -1;
	*size_r = size_of(file);
	return 0;
}

/*
 * Takes back the N octets that were written behind BEFORE. Where they are
 * not the end of the file (a pipe, another writer), a line end parts them
 * from what follows.
 */
static void
take_back(struct file *file, off_t before, size_t n)
{
	if (n == 0)
		return;
	file->reserved = 0;
	if (before < 0 || size_of(file) != before + (off_t)n) {
		/* When this fails, reopening sees to it. */
		(void)fd_write(file->fd, SPAN("\n"));
	} else if (ftruncate(file->fd, before) != 0) {
		file->is_spoilt = true;
		file->good = before;
		file->bad = before + (off_t)n;
	}
}

/* Leaves N octets of PARTS out. */
static void
skip(struct iovec **parts, int *count, size_t n)
{
	while (*count > 0 && n >= (*parts)->iov_len) {
		n -= (*parts)->iov_len;
		(*parts)++;
		(*count)--;
	}
	if (n > 0) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + n;
		(*parts)->iov_len -= n;
	}
}

/* Adds to *DONE what was written, also when it fails. */
static int
write_all(int fd, struct iovec *parts, int count, size_t *done)
{
	while (count > 0) {
		ssize_t n = writev(fd, parts, count);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return -1;
		*done += (size_t)n;
		skip(&parts, &count, (size_t)n);
	}
	return 0;
}

static int
write_batch(int fd, struct audit_entry *const *batch, size_t n, size_t *done)
{
	struct iovec parts[PARTS_MOST];

	for (size_t i = 0; i < n;) {
		int count = 0;

		for (; i < n && count < PARTS_MOST; i++, count++)
			parts[count] = (struct iovec){
				/* and the line end behind it */
				(void *)(uintptr_t)batch[i]->line.ptr,
				batch[i]->line.len + 1,
			};
		if (write_all(fd, parts, count, done) != 0)
			return -1;
	}
	return 0;
}

static size_t
octets_of(struct audit_entry *const *batch, size_t n)
{
	size_t octets = 0;

	for (size_t i = 0; i < n; i++)
		octets += batch[i]->line.len + 1;
	return octets;
}

static int
sync_file(struct file *file)
{
	int status = fdatasync(file->fd);

	if (status != 0)
		file->is_doubtful = true;
	return status;
}

/* The batch at the end of the file, and that on the disk. */
static int
commit_in_file(struct file *file, struct audit_entry *const *batch, size_t n,
    size_t len, off_t before, size_t *done)
{
	bool is_synced = file->is_synced && file->is_regular;

	if (is_synced)
		reserve(file, before, (off_t)len);
	if (write_batch(file->fd, batch, n, done) != 0 ||
	    (is_synced && sync_file(file) != 0))
		return -1;
	if (file->wal != NULL)
		wal_restart(file->wal);
	return 0;
}

/* Room for LEN octets in the write-ahead file: the file is synced for it. */
static char *
make_room(struct file *file, off_t before, size_t len)
{
	char *room = wal_room(file->wal, len);

	if (before == file->end && room != NULL)
		return room;
	if (sync_file(file) != 0)
		return NULL;
	/* Where somebody cut it, or wrote there, nothing stands as it did. */
	if (before == file->end)
		wal_restart(file->wal);
	else if (wal_clear(file->wal) != 0)
		return NULL;
	return wal_room(file->wal, len);
}

static int
commit_in_wal(struct file *file, struct audit_entry *const *batch, size_t n,
    size_t len, off_t before, size_t *done)
{
	const struct wal_place place = { (uint64_t)file->inode, before };
	char *room = make_room(file, before, len), *p = room;

	if (room == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		/* and the line end behind it */
		memcpy(p, batch[i]->line.ptr, batch[i]->line.len + 1);
		p += batch[i]->line.len + 1;
	}
	if (write_all(file->fd, &(struct iovec){ room, len }, 1, done) != 0)
		return -1;
	/* Somebody else wrote there just now: it may be at another place. */
	if (size_of(file) != before + (off_t)len)
		return sync_file(file);
	return wal_put(file->wal, &place, len);
}

int
file_commit(void *sink, struct audit_entry *const *batch, size_t n,
    struct sink_note *note)
{
	struct file *file = sink;
	size_t len = octets_of(batch, n), done = 0;
	off_t before;
	int status;

	if (find_place(file, &before, note) != 0)
		return -1;
	if (file->wal != NULL && file->is_regular && len <= wal_most())
		status = commit_in_wal(file, batch, n, len, before, &done);
	else
		status = commit_in_file(file, batch, n, len, before, &done);
	file->end = before + (off_t)done;
	if (status == 0)
		return 0;
	(void)file_fail(file, note);
	take_back(file, before, done);
	return -1;
}
