/*
 * disk.c - a disk that loses what was not synced, is full, or fails; to be
 * preloaded. For test_crash.py and harness/disk.py, which know this struct.
 *
 * The file named by $DISK_FILE is written to where it is, but its
 * fdatasync() only notes in the shared state how much of it would be there
 * after a loss of power. When one fails, what it was to write counts as lost
 * until it is written once more, though later ones work: the kernel holds the
 * pages for clean.
 *
 * Of the write-ahead file beside it another file, $DISK_STATE.wal, is what the
 * disk has: what was written through (O_DSYNC), or synced. It is found again
 * if the folder was synced while it was there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct state {
	volatile int64_t synced;	/* octets that are safe */
	volatile int64_t lost_from, lost_to;	/* of them, are not */
	volatile int64_t is_named;	/* the folder was synced */
	volatile int64_t write_error;	/* errno of each write; 0: none */
	volatile int64_t room;		/* octets written all the same */
	volatile int64_t sync_error;
	volatile int64_t sync_us;	/* how long it takes */
	volatile int64_t syncs;		/* how many there were */
	volatile int64_t is_wal_named;	/* the folder was synced with it */
};

static struct state *state;
enum kind { OTHER, AUDIT, FOLDER, WAL };
static char path[PATH_MAX], folder[PATH_MAX], wal[PATH_MAX + 6];
static int shadow = -1;		/* what the disk has of the write-ahead file */
static volatile signed char kind_of[4096];	/* by descriptor */

__attribute__((constructor)) static void
begin(void)
{
	const char *name = getenv("DISK_STATE");
	const char *file = getenv("DISK_FILE");
	char copy[PATH_MAX], shadow_name[PATH_MAX];
	const char *parent, *base;
	int fd;

	if (name == NULL || file == NULL ||
	    strlen(file) >= sizeof(path))
		abort();
	memcpy(path, file, strlen(file) + 1);
	memcpy(copy, path, sizeof(copy));
	parent = dirname(copy);
	memcpy(folder, parent, strlen(parent) + 1);
	base = path + strlen(folder) + 1;
	if (snprintf(wal, sizeof(wal), "%s/.%s.wal", folder, base) < 0 ||
	    snprintf(shadow_name, sizeof(shadow_name), "%s.wal", name) < 0)
		abort();
	shadow = open(shadow_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	fd = open(name, O_RDWR | O_CLOEXEC);
	state = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*state),
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state == MAP_FAILED || shadow < 0)
		abort();
	(void)close(fd);
}

static enum kind
kind(int fd)
{
	return fd >= 0 && fd < (int)sizeof(kind_of) ?
	    (enum kind)kind_of[fd] : OTHER;
}

static enum kind
kind_named(const char *name)
{
	return strcmp(name, path) == 0 ? AUDIT : strcmp(name, folder) == 0 ?
	    FOLDER : strcmp(name, wal) == 0 ? WAL : OTHER;
}

static int
opened(const char *name, int fd)
{
	if (fd >= 0 && fd < (int)sizeof(kind_of) && state != NULL)
		kind_of[fd] = (signed char)kind_named(name);
	return fd;
}

static int
truncate_shadow(void)
{
	int (*next)(int, off_t) =
	    (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate");

	return next(shadow, 0);
}

static int
open_as(const char *symbol, const char *name, int flags, mode_t mode)
{
	int (*next)(const char *, int, ...) =
	    (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, symbol);

	if (state != NULL && state->write_error == EROFS &&
	    kind_named(name) != OTHER && (flags & O_ACCMODE) != O_RDONLY) {
		errno = EROFS;
		return -1;
	}
	if (state != NULL && kind_named(name) == WAL &&
	    (flags & O_EXCL) != 0 && access(name, F_OK) != 0 &&
	    truncate_shadow() != 0)
		abort();
	return opened(name, next(name, flags, mode));
}

#define OPEN(symbol)						\
	int							\
	symbol(const char *name, int flags, ...)		\
	{							\
		mode_t mode = 0;				\
		va_list ap;					\
								\
		va_start(ap, flags);				\
		if (flags & (O_CREAT | __O_TMPFILE))		\
			mode = va_arg(ap, mode_t);		\
		va_end(ap);					\
		return open_as(#symbol, name, flags, mode);	\
	}
OPEN(open)
OPEN(open64)

int __open_2(const char *name, int flags);
int __open64_2(const char *name, int flags);

int
__open_2(const char *name, int flags)
{
	return open_as("open", name, flags, 0);
}

int
__open64_2(const char *name, int flags)
{
	return open_as("open64", name, flags, 0);
}

int
close(int fd)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "close");

	if (fd >= 0 && fd < (int)sizeof(kind_of))
		kind_of[fd] = 0;
	return next(fd);
}

/* As many octets as there is room for; -1 and errno when there is none. */
static ssize_t
allowed(size_t n)
{
	if (state->write_error == 0)
		return (ssize_t)n;
	if (state->room > 0) {
		ssize_t some = state->room < (int64_t)n ?
		    (ssize_t)state->room : (ssize_t)n;

		state->room -= some;
		return some;
	}
	errno = (int)state->write_error;
	return -1;
}

ssize_t
write(int fd, const void *octets, size_t n)
{
	ssize_t (*next)(int, const void *, size_t) =
	    (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	ssize_t some = kind(fd) == AUDIT ? allowed(n) : (ssize_t)n;

	return some < 0 ? -1 : next(fd, octets, (size_t)some);
}

typedef ssize_t pwriter(int, const void *, size_t, off_t);

/* Written through; where that fails, some of it is there all the same. */
static ssize_t
pwrite_wal(pwriter *next, int fd, const void *octets, size_t n, off_t offset)
{
	struct stat st;
	ssize_t some;

	if (state->write_error == EROFS || fstat(fd, &st) != 0 ||
	    (state->write_error != 0 && offset + (off_t)n > st.st_size)) {
		errno = (int)state->write_error;
		return -1;
	}
	some = next(fd, octets, n, offset);
	if ((fcntl(fd, F_GETFL) & O_DSYNC) == 0)
		return some;
	if (state->sync_us > 0)
		(void)usleep((useconds_t)state->sync_us);
	state->syncs++;
	if (some > 0 && next(shadow, octets, (size_t)some, offset) != some)
		abort();
	if (state->sync_error == 0)
		return some;
	errno = (int)state->sync_error;
	return -1;
}

/* Into the audit file: it is not on the disk before it is synced. */
static ssize_t
pwrite_audit(pwriter *next, int fd, const void *octets, size_t n,
    off_t offset)
{
	ssize_t some = allowed(n);

	if (some <= 0)
		return some;
	some = next(fd, octets, (size_t)some, offset);
	if (offset < state->synced)
		state->synced = offset;
	if (offset <= state->lost_from && offset + some > state->lost_from)
		state->lost_from = offset + some;
	if (state->lost_from >= state->lost_to)
		state->lost_from = state->lost_to = 0;
	return some;
}

ssize_t
pwrite(int fd, const void *octets, size_t n, off_t offset)
{
	pwriter *next = (pwriter *)dlsym(RTLD_NEXT, "pwrite");

	switch (kind(fd)) {
	case AUDIT:
		return pwrite_audit(next, fd, octets, n, offset);
	case WAL:
		return pwrite_wal(next, fd, octets, n, offset);
	default:
		return next(fd, octets, n, offset);
	}
}

ssize_t
pwrite64(int fd, const void *octets, size_t n, off_t offset)
{
	return pwrite(fd, octets, n, offset);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	ssize_t (*next)(int, const struct iovec *, int) =
	    (ssize_t (*)(int, const struct iovec *, int))
	    dlsym(RTLD_NEXT, "writev");

	/* The least that writev() may do: the first part. */
	if (kind(fd) == AUDIT && state->write_error != 0)
		return write(fd, parts[0].iov_base, parts[0].iov_len);
	return next(fd, parts, count);
}

int
ftruncate(int fd, off_t size)
{
	int (*next)(int, off_t) =
	    (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate");
	int status;

	if (kind(fd) != AUDIT)
		return next(fd, size);
	if (state->write_error == EROFS) {
		errno = EROFS;
		return -1;
	}
	status = next(fd, size);
	if (status == 0 && size < state->synced)
		state->synced = size;
	if (status == 0 && size <= state->lost_from)
		state->lost_from = state->lost_to = 0;
	return status;
}

int
ftruncate64(int fd, off_t size)
{
	return ftruncate(fd, size);
}

static int
sync_file(int fd)
{
	struct stat st;

	if (state->sync_us > 0)
		(void)usleep((useconds_t)state->sync_us);
	state->syncs++;
	if (fstat(fd, &st) != 0)
		return -1;
	if (state->sync_error == 0) {
		state->synced = st.st_size;
		return 0;
	}
	if (state->lost_to == 0)
		state->lost_from = state->synced;
	state->lost_to = st.st_size;
	state->synced = st.st_size;
	errno = (int)state->sync_error;
	return -1;
}

/* What was written without O_DSYNC is on the disk now. */
static int
sync_wal(int fd)
{
	static char octets[1 << 16];
	pwriter *next = (pwriter *)dlsym(RTLD_NEXT, "pwrite");
	char name[64];
	ssize_t n;
	int in;

	if (state->sync_us > 0)
		(void)usleep((useconds_t)state->sync_us);
	state->syncs++;
	if (state->sync_error != 0) {
		errno = (int)state->sync_error;
		return -1;
	}
	/* FD may be for writing alone. */
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	in = open_as("open", name, O_RDONLY | O_CLOEXEC, 0);
	if (in < 0)
		abort();
	for (off_t at = 0; (n = pread(in, octets, sizeof(octets), at)) > 0;
	    at += n)
		if (next(shadow, octets, (size_t)n, at) != n)
			abort();
	(void)close(in);
	return 0;
}

static int
sync_as(const char *symbol, int fd)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, symbol);

	switch (kind(fd)) {
	case AUDIT:
		return sync_file(fd);
	case FOLDER:
		state->is_named = 1;
		state->is_wal_named = access(wal, F_OK) == 0;
		return 0;
	case WAL:
		return sync_wal(fd);
	case OTHER:
	default:
		return next(fd);
	}
}

int
fdatasync(int fd)
{
	return sync_as("fdatasync", fd);
}

int
fsync(int fd)
{
	return sync_as("fsync", fd);
}
