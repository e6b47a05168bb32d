/*
 * file.c - the sink that is a file of JSON lines: opened, mended, closed.
 *
 * A batch goes to the end of the file by one writev() (O_APPEND), and into
 * the write-ahead file beside it (audit/wal.h), which is on stable storage
 * sooner. Where there can be none, or it cannot take the batch, the file
 * itself is synced. When the file did not take all of it, it is cut back to
 * where the batch began; where even that fails, it is tried again as the file
 * is opened anew. After a failed fdatasync() the kernel holds the pages for
 * clean, so nothing of the batch is trusted: it is cut off, too, and written
 * again, as is what the write-ahead file has. Half a line that a crash left
 * is ended when the file is opened.
 *
 * A file that was moved away (logrotate) gets records until a reload opens
 * another; one that was removed is replaced at once.
 */
#include "audit/file_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "system/folder.h"

int
file_fail(const struct file *file, struct sink_note *note)
{
	(void)snprintf(note->text, sizeof(note->text), "%s: %s", file->name,
	    strerror(errno));
	return -1;
}

/* --- open ----------------------------------------------------------------- */

/* Adds to NOTE: the file's name, and WHAT and MORE. */
static void
tell(const struct file *file, struct sink_note *note, const char *what,
    const char *more)
{
	size_t n = strlen(note->text);

	(void)snprintf(note->text + n, sizeof(note->text) - n, "%s%s: %s%s",
	    n == 0 ? "" : "; ", file->name, what, more);
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
	if (fd_write(fd, SPAN("\n")) != 0)
		return -1;
	tell(file, note, "the last line was not whole (a crash?); it was "
	    "ended", "");
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

/*
 * The write-ahead file of the one that ST tells of. Where records are to be
 * on stable storage it is made, if that can be done; NOTE says why not.
 */
static void
open_wal(struct file *file, const struct stat *st, struct sink_note *note)
{
	if (file->wal != NULL || wal_open(file->name, st, file->is_synced,
	    &file->wal) == 0)
		return;
	tell(file, note, file->is_synced ? "each batch is synced in the "
	    "file itself, which takes longer, as its write-ahead file cannot "
	    "be used: " : "its write-ahead file is left alone: ",
	    strerror(errno));
}

/* What the power took from the file comes back; NOTE says so. */
static int
restore(struct file *file, const struct stat *st, struct sink_note *note)
{
	char count[24];
	int64_t octets;

	open_wal(file, st, note);
	if (file->wal == NULL)
		return 0;
	if (wal_restore(file->wal, &octets) != 0)
		return -1;
	(void)snprintf(count, sizeof(count), "%" PRId64, octets);
	if (octets > 0)
		tell(file, note, count, " octets that a crash took were put "
		    "back");
	if (wal_is_named(file->wal))
		return 0;
	/* Somebody removed it: after a crash it would not be found. */
	(void)wal_close(&file->wal, false);
	open_wal(file, st, note);
	return 0;
}

/* The file has all; from now on the write-ahead file has nothing. */
static int
settle(struct file *file, int fd)
{
	if (file->wal == NULL)
		return file->is_synced ? fdatasync(fd) : 0;
	if (fdatasync(fd) != 0)
		return -1;
	if (!file->is_synced)
		return wal_close(&file->wal, true);
	return wal_clear(file->wal) == 0 || wal_close(&file->wal, true) ==
	    0 ? 0 : -1;
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
	if (clean(file, fd, &st) != 0 || restore(file, &st, note) != 0 ||
	    fstat(fd, &st) != 0 || mend(file, fd, st.st_size, note) != 0 ||
	    settle(file, fd) != 0 || fstat(fd, &st) != 0)
		return -1;
	file->is_regular = true;
	file->is_doubtful = false;
	file->end = st.st_size;
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

	return fd < 0 ? file_fail(file, note) : fd;
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

int
file_replace(struct file *file, struct sink_note *note)
{
	int fd = open_named(file, note);

	if (fd < 0)
		return -1;
	if (prepare(file, fd, note) != 0) {
		(void)file_fail(file, note);
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

	if (file->wal != NULL)
		(void)wal_close(&file->wal, !file->is_doubtful &&
		    fdatasync(file->fd) == 0);
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
	file->is_synced = settings->sync;
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

	return prepare(file, file->fd, note) == 0 ? 0 : file_fail(file, note);
}

static int
file_reopen(void *sink, struct sink_note *note)
{
	return file_replace(sink, note);
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
