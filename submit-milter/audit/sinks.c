/*
 * sinks.c - see sinks.h.
 *
 * A line goes into the file by one write() at its end (O_APPEND). When the
 * file did not take all of it, it is cut back to where the line began; when
 * a crash left half a line, that is given a line end as the file is opened,
 * so that the next record stands on a line of its own.
 */
#include "audit/sinks.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/sbuf.h"

#define ERROR_MOST 5000u

struct audit {
	/* Guards all below; a leaf: nothing is locked while it is held. */
	pthread_mutex_t lock;
	int fd;			/* -1: no file */
	bool syslog;
	int facility;
};

struct audit *
audit_new(void)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (audit == NULL)
		return NULL;
	if (pthread_mutex_init(&audit->lock, NULL) != 0) {
		free(audit);
		return NULL;
	}
	audit->fd = -1;
	return audit;
}

void
audit_free(struct audit **audit)
{
	if (*audit == NULL)
		return;
	if ((*audit)->fd >= 0)
		(void)close((*audit)->fd);
	(void)pthread_mutex_destroy(&(*audit)->lock);
	free(*audit);
	*audit = NULL;
}

/* --- the file ------------------------------------------------------------- */

/* Octets in a regular file; -1 for anything else (a pipe, /dev/full). */
static off_t
file_size(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -1;
	return st.st_size;
}

/*
 * Takes back the N octets that were written of a line. Where they are not
 * the end of the file (a pipe, another writer), a line end parts them from
 * what follows, as far as that can still be written.
 */
static void
take_back(int fd, off_t before, ssize_t n)
{
	bool is_back = n <= 0 || (before >= 0 &&
	    file_size(fd) == before + n && ftruncate(fd, before) == 0);

	if (!is_back && write(fd, "\n", 1) != 1)
		return;		/* the caller tells of it anyway */
}

/* All of LINE and a line end, or nothing. 0, or -1 and errno. */
static int
append_line(int fd, const char *line, size_t len)
{
	char end[] = "\n";
	struct iovec parts[] = {
		{ .iov_base = (char *)(uintptr_t)line, .iov_len = len },
		{ .iov_base = end, .iov_len = 1 },
	};
	off_t before = file_size(fd);
	ssize_t n;
	int error;

	do
		n = writev(fd, parts, 2);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)(len + 1))
		return 0;
	error = n < 0 ? errno : ENOSPC;
	take_back(fd, before, n);
	errno = error;
	return -1;
}

/* Half a line that a crash left at the end of the file is ended. */
static int
mend_file(int fd)
{
	off_t size = file_size(fd);
	char last;

	if (size <= 0)
		return 0;
	if (pread(fd, &last, 1, size - 1) != 1)
		return -1;
	if (last == '\n')
		return 0;
	return append_line(fd, "", 0);
}

static int
open_file(const struct audit_settings *settings)
{
	/* Read too: for the look at the last octet. */
	int fd = open(settings->file, O_RDWR | O_APPEND | O_CREAT |
	    O_CLOEXEC | O_NOCTTY, settings->file_mode);
	int error;

	if (fd < 0)
		return -1;
	if (mend_file(fd) == 0)
		return fd;
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

/* --- both ----------------------------------------------------------------- */

static char *
open_error(const char *file, int error)
{
	struct sbuf text;
	struct span done;

	sbuf_init(&text, NULL, ERROR_MOST);
	sbuf_addf(&text, "audit file %s: %s", file, strerror(error));
	if (sbuf_done(&text, &done) != 0)
		sbuf_free(&text);
	return text.ptr;
}

int
audit_configure(struct audit *audit, const struct audit_settings *settings,
    char **error_r)
{
	int fd = -1, before;

	if (settings->file != NULL && settings->file[0] != '\0') {
		fd = open_file(settings);
		if (fd < 0) {
			*error_r = open_error(settings->file, errno);
			return -1;
		}
	}
	(void)pthread_mutex_lock(&audit->lock);
	before = audit->fd;
	audit->fd = fd;
	audit->syslog = settings->syslog;
	audit->facility = settings->facility;
	(void)pthread_mutex_unlock(&audit->lock);
	if (before >= 0)
		(void)close(before);
	return 0;
}

int
audit_write(struct audit *audit, const char *line)
{
	int status = 0, error = 0, facility;
	bool is_for_syslog;

	(void)pthread_mutex_lock(&audit->lock);
	if (audit->fd >= 0) {
		status = append_line(audit->fd, line, strlen(line));
		error = errno;
	}
	is_for_syslog = audit->syslog;
	facility = audit->facility;
	(void)pthread_mutex_unlock(&audit->lock);
	/*
	 * Outside the lock: a slow syslogd holds nobody's file. And not
	 * when the file failed: what the line says will not come true.
	 */
	if (status == 0 && is_for_syslog)
		syslog(LOG_INFO | facility, "%s", line);
	errno = error;
	return status;
}
