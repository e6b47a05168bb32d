/*
 * file.c - the sink that is a file of JSON lines.
 *
 * A batch goes to the end of the file by one writev() (O_APPEND) and one
 * fdatasync(). When the file did not take all of it, it is cut back to where
 * the batch began; where even that fails, it is tried again as the file is
 * opened anew. After a failed fdatasync() the kernel holds the pages for
 * clean, so nothing of the batch is trusted: it is cut off, too, and written
 * again. Half a line that a crash left is ended when the file is opened.
 *
 * A file that was moved away (logrotate) gets records until a reload opens
 * another; one that was removed is replaced at once.
 */
#define _GNU_SOURCE	/* for fallocate() */

#include "audit/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "system/folder.h"

#define PARTS_MOST 512		/* what one writev() is given */
#define RESERVE ((off_t)1 << 20)

struct file {
	char *name;
	mode_t mode;
	int fd;
	bool is_regular;	/* and the next two: once it has begun */
	dev_t device;
	ino_t inode;
	off_t reserved;		/* up to there disk is set aside; 0: none */
	/* What a failed batch left: from GOOD on to BAD nothing counts. */
	bool is_spoilt;
	off_t good, bad;
};

static int
fail(const struct file *file, struct sink_note *note)
{
	(void)snprintf(note->text, sizeof(note->text), "%s: %s", file->name,
	    strerror(errno));
	return -1;
}

/* --- open ----------------------------------------------------------------- */

static int
write_line_end(int fd)
{
	ssize_t n;

	do
		n = write(fd, "\n", 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	if (n == 0)
		errno = ENOSPC;
	return -1;
}

/* Half a line at the end is ended; NOTE says so. */
static int
mend(const struct file *file, int fd, off_t size, struct sink_note *note)
{
	char last;

	if (size <= 0)
		return 0;
	if (pread(fd, &last, 1, size - 1) != 1)
		return -1;
	if (last == '\n')
		return 0;
	if (write_line_end(fd) != 0)
		return -1;
	(void)snprintf(note->text, sizeof(note->text), "%s: the last line "
	    "was not whole (a crash?); it was ended", file->name);
	return 0;
}

/* What a failed batch left there is cut off, if it is still the end. */
static int
clean(const struct file *file, int fd, const struct stat *st)
{
	if (!file->is_spoilt || st->st_dev != file->device ||
	    st->st_ino != file->inode || st->st_size != file->bad)
		return 0;
	return ftruncate(fd, file->good);
}

static int
prepare(struct file *file, int fd, struct sink_note *note)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		file->is_regular = false;
		return 0;
	}
	if (clean(file, fd, &st) != 0 || fstat(fd, &st) != 0 ||
	    mend(file, fd, st.st_size, note) != 0)
		return -1;
	file->is_regular = true;
	file->device = st.st_dev;
	file->inode = st.st_ino;
	file->is_spoilt = false;
	/*
	 * A folder that we may not read cannot be written to the disk; the
	 * fdatasync() of a new file does it on the file systems we know.
	 */
	return folder_sync(file->name) == 0 || errno == EACCES ? 0 : -1;
}

static int
open_named(const struct file *file, struct sink_note *note)
{
	/* Read too: for the look at the last octet. */
	int fd = open(file->name, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOCTTY, file->mode);

	return fd < 0 ? fail(file, note) : fd;
}

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

/* Gives back what was set aside and not used. */
static void
release(struct file *file)
{
	struct stat st;

	if (file->reserved > 0 && fstat(file->fd, &st) == 0 &&
	    st.st_size < file->reserved &&
	    ftruncate(file->fd, st.st_size) == 0)
		file->reserved = 0;
}

/* Goes on with what has the name now, instead of what was open. */
static int
replace(struct file *file, struct sink_note *note)
{
	int fd = open_named(file, note);

	if (fd < 0)
		return -1;
	if (prepare(file, fd, note) != 0) {
		(void)fail(file, note);
		(void)close(fd);
		return -1;
	}
	release(file);
	(void)close(file->fd);
	file->fd = fd;
	file->reserved = 0;
	return 0;
}

static bool
file_is_wanted(const struct audit_settings *settings)
{
	return settings->file != NULL && settings->file[0] != '\0';
}

static void
file_close(void *sink)
{
	struct file *file = sink;

	if (file->fd >= 0) {
		release(file);
		(void)close(file->fd);
	}
	free(file->name);
	free(file);
}

static int
file_open(const struct audit_settings *settings, void **sink_r,
    struct sink_note *note)
{
	struct file *file = calloc(1, sizeof(*file));

	if (file != NULL)
		file->name = strdup(settings->file);
	if (file == NULL || file->name == NULL) {
		free(file);
		(void)snprintf(note->text, sizeof(note->text), "%s",
		    strerror(ENOMEM));
		return -1;
	}
	file->mode = settings->file_mode;
	file->fd = open_named(file, note);
	if (file->fd < 0) {
		file_close(file);
		return -1;
	}
	*sink_r = file;
	return 0;
}

static int
file_begin(void *sink, struct sink_note *note)
{
	struct file *file = sink;

	return prepare(file, file->fd, note) == 0 ? 0 : fail(file, note);
}

static int
file_reopen(void *sink, struct sink_note *note)
{
	return replace(sink, note);
}

/* --- write ---------------------------------------------------------------- */

/* A file without a name keeps nothing: go on with another of that name. */
static int
keep_named(struct file *file, struct sink_note *note)
{
	struct stat st;

	if (!file->is_regular)
		return 0;
	if (fstat(file->fd, &st) != 0)
		return fail(file, note);
	return st.st_nlink > 0 ? 0 : replace(file, note);
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
		(void)write_line_end(file->fd);
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

static off_t
octets_of(struct audit_entry *const *batch, size_t n)
{
	off_t octets = 0;

	for (size_t i = 0; i < n; i++)
		octets += (off_t)batch[i]->line.len + 1;
	return octets;
}

static int
file_commit(void *sink, struct audit_entry *const *batch, size_t n,
    bool is_durable, struct sink_note *note)
{
	struct file *file = sink;
	size_t done = 0;
	off_t before;
	int status;

	if (keep_named(file, note) != 0)
		return -1;
	before = size_of(file);
	if (is_durable)
		reserve(file, before, octets_of(batch, n));
	status = write_batch(file->fd, batch, n, &done);
	if (status == 0 && is_durable && file->is_regular)
		status = fdatasync(file->fd);
	if (status == 0)
		return 0;
	(void)fail(file, note);
	take_back(file, before, done);
	return -1;
}

const struct sink_kind sink_file = {
	.name = "file",
	.is_keeper = true,
	.is_wanted = file_is_wanted,
	.open = file_open,
	.begin = file_begin,
	.commit = file_commit,
	.reopen = file_reopen,
	.close = file_close,
};
