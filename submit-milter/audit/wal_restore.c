/*
 * wal_restore.c - see wal.h: putting back.
 */
#include "audit/wal_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/rotated.h"
#include "base/fd.h"

/* A descriptor of the audit file of that inode; -1 and errno. */
static int
open_audit(const struct wal *wal, uint64_t inode)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	if (!rotated_find(wal->file, inode, path)) {
		errno = ENOENT;
		return -1;
	}
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_ino == inode)
		return fd;
	(void)close(fd);
	errno = ENOENT;
	return -1;
}

/*
 * Adds to *missing_r how many of OCTETS are not in FD at OFFSET: lost with
 * the power, they are beyond its end or zero. False when others stand there.
 */
static bool
is_place_of(int fd, struct span octets, int64_t offset, int64_t *missing_r)
{
	char there[WAL_BLOCK];

	while (octets.len > 0) {
		size_t n = octets.len < sizeof(there) ? octets.len :
		    sizeof(there);
		ssize_t got = fd_read_at(fd, there, n, offset);

		if (got < 0)
			return false;
		for (size_t i = 0; i < n; i++) {
			if (i < (size_t)got && there[i] == octets.ptr[i])
				continue;
			if (i < (size_t)got && there[i] != '\0')
				return false;
			++*missing_r;
		}
		octets = span_slice(octets, n, octets.len);
		offset += (int64_t)n;
	}
	return true;
}

static struct span
octets_of(const struct wal_head *head)
{
	return (struct span){ (const char *)(head + 1), (size_t)head->len };
}

/* Not known where: at the end, then; rather twice than not at all. */
static int
append(const struct wal *wal, const struct wal_head *head, int64_t *octets_r)
{
	int fd = open(wal->file, O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY);
	char last = '\n';
	struct stat st;
	int status;

	if (fd < 0)
		return -1;
	*octets_r += (int64_t)head->len;
	status = fstat(fd, &st);
	if (status == 0 && st.st_size > 0)
		status = fd_read_at(fd, &last, 1, st.st_size - 1) < 0 ? -1 : 0;
	if (status == 0 && last != '\n')
		status = fd_write(fd, SPAN("\n"));
	if (status == 0)
		status = fd_write(fd, octets_of(head));
	if (status == 0)
		status = fdatasync(fd);
	(void)close(fd);
	return status;
}

/*
 * One frame, into FD; -1: the file is nowhere. Also octets that are there
 * are written once more: when a sync failed, the kernel only pretends to
 * have them.
 */
static int
put_back(const struct wal *wal, const struct wal_head *head, int fd,
    int64_t *octets_r)
{
	struct span octets = octets_of(head);
	int64_t missing = 0;
	struct stat st;

	if (fd < 0)
		return append(wal, head, octets_r);
	if (fstat(fd, &st) != 0)
		return -1;
	/* Somebody has cut the file: the records are elsewhere. */
	if (st.st_size < head->offset)
		return 0;
	if (!is_place_of(fd, octets, head->offset, &missing))
		return append(wal, head, octets_r);
	*octets_r += missing;
	return fd_write_at(fd, octets, head->offset);
}

/* All of them are of one file. */
static int
put_all_back(struct wal *wal, int *fd_r, int64_t *octets_r)
{
	const struct wal_head *head = (const struct wal_head *)wal->frame;
	uint64_t number = 0;

	for (size_t at = 0; at < wal->used; number++) {
		ssize_t n = wal_read_frame(wal, number, at);

		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		at += (size_t)n;
		if (number == 0 && (*fd_r = open_audit(wal,
		    head->inode)) < 0 && errno != ENOENT)
			return -1;
		if (put_back(wal, head, *fd_r, octets_r) != 0)
			return -1;
	}
	return *fd_r < 0 ? 0 : fdatasync(*fd_r);
}

int
wal_restore(struct wal *wal, int64_t *octets_r)
{
	int fd = -1, status, error;

	*octets_r = 0;
	status = put_all_back(wal, &fd, octets_r);
	error = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return status;
}
