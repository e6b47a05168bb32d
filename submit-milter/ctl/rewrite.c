/*
 * rewrite.c - see rewrite.h.
 */
#include <config.h>

#include "ctl/rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "ctl/ctl.h"
#include "system/folder.h"

struct rewrite {
	const char *file;
	char new[PATH_MAX];
	int fd;
	gzFile out;
	struct stat st;
	bool is_failed;
};

static bool
is_compressed(const char *file)
{
	size_t n = strlen(file);

	return n > 3 && strcmp(file + n - 3, ".gz") == 0;
}

static int
make_new(struct rewrite *r)
{
	int n = snprintf(r->new, sizeof(r->new), "%s.XXXXXX", r->file);

	if (n < 0 || (size_t)n >= sizeof(r->new)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (stat(r->file, &r->st) != 0)
		return -1;
	r->fd = mkostemp(r->new, O_CLOEXEC);
	if (r->fd < 0)
		return -1;
	/* "T": as it is. zlib closes a descriptor of its own. */
	r->out = gzdopen(dup(r->fd), is_compressed(r->file) ? "wb" : "wbT");
	return r->out == NULL ? -1 : 0;
}

struct rewrite *
rewrite_begin(const char *file)
{
	struct rewrite *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		(void)ctl_fail(0, "out of memory");
		return NULL;
	}
	r->file = file;
	r->fd = -1;
	if (make_new(r) == 0)
		return r;
	(void)ctl_fail(0, "%s: %s", file, strerror(errno));
	r->is_failed = true;
	(void)!rewrite_end(&r, false);
	return NULL;
}

void
rewrite_line(struct rewrite *r, struct span line)
{
	if (line.len > 0 && gzwrite(r->out, line.ptr, (unsigned)line.len) !=
	    (int)line.len)
		r->is_failed = true;
	if (gzputc(r->out, '\n') != '\n')
		r->is_failed = true;
}

static int
put_in_place(struct rewrite *r)
{
	const struct timespec times[] = { r->st.st_atim, r->st.st_mtim };

	if (fchown(r->fd, r->st.st_uid, r->st.st_gid) != 0 ||
	    fchmod(r->fd, r->st.st_mode & 07777) != 0 ||
	    futimens(r->fd, times) != 0 || fsync(r->fd) != 0 ||
	    rename(r->new, r->file) != 0)
		return -1;
	return folder_sync(r->file);
}

int
rewrite_end(struct rewrite **rewrite, bool is_wanted)
{
	struct rewrite *r = *rewrite;
	int status = 0;

	if (r->out != NULL && gzclose(r->out) != Z_OK)
		r->is_failed = true;
	if (is_wanted && (r->is_failed || put_in_place(r) != 0))
		status = ctl_fail(-1, "%s: %s; it stays as it was", r->file,
		    strerror(errno));
	if (r->fd >= 0) {
		if (!is_wanted || status != 0)
			(void)unlink(r->new);
		(void)close(r->fd);
	}
	free(r);
	*rewrite = NULL;
	return status;
}
