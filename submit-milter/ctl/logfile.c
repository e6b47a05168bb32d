/*
 * logfile.c - see logfile.h. zlib reads what is not compressed as it is.
 */
#include <config.h>

#include "ctl/logfile.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/ascii.h"

#define PIECE 65536u
#define LINE_MOST (64u << 20)

struct logfile {
	gzFile in;
	char *octets;
	size_t from, len, room;
	bool is_long;		/* what is read belongs to a line to be lost */
};

static struct logfile *
logfile_of(gzFile in)
{
	int error = errno;
	struct logfile *lines = in == NULL ? NULL : calloc(1, sizeof(*lines));

	if (lines == NULL) {
		if (in != NULL)
			(void)gzclose(in);
		errno = error == 0 ? ENOMEM : error;
		return NULL;
	}
	lines->in = in;
	return lines;
}

struct logfile *
logfile_open(const char *file)
{
	errno = 0;
	return logfile_of(strcmp(file, "-") == 0 ?
	    gzdopen(dup(STDIN_FILENO), "rb") : gzopen(file, "rbe"));
}

struct logfile *
logfile_open_fd(int fd)
{
	errno = 0;
	return logfile_of(gzdopen(fd, "rb"));
}

void
logfile_close(struct logfile **lines)
{
	if (*lines == NULL)
		return;
	(void)gzclose((*lines)->in);
	free((*lines)->octets);
	free(*lines);
	*lines = NULL;
}

const char *
logfile_error(struct logfile *lines)
{
	int number;
	const char *text = gzerror(lines->in, &number);

	return number == Z_ERRNO ? strerror(errno) : text;
}

/* Room for more behind what is left. 0 or -1. */
static int
make_room(struct logfile *lines)
{
	if (lines->from > 0 && lines->len > 0)
		memmove(lines->octets, lines->octets + lines->from,
		    lines->len);
	lines->from = 0;
	if (lines->len >= LINE_MOST) {
		lines->is_long = true;
		lines->len = 0;
	}
	if (lines->room - lines->len < PIECE) {
		size_t room = lines->room == 0 ? 4 * PIECE : lines->room * 2;
		char *octets = realloc(lines->octets, room);

		if (octets == NULL)
			return -1;
		lines->octets = octets;
		lines->room = room;
	}
	return 0;
}

/* A line of what was read, from LOOKED octets on unknown; or none. */
static bool
take(struct logfile *lines, size_t looked, struct span *line_r)
{
	const char *begin = lines->octets + lines->from, *end;

	if (lines->len == looked)
		return false;
	end = memchr(begin + looked, '\n', lines->len - looked);
	if (end == NULL)
		return false;
	*line_r = (struct span){ begin, (size_t)(end - begin) };
	lines->from += line_r->len + 1;
	lines->len -= line_r->len + 1;
	return true;
}

int
logfile_next(struct logfile *lines, struct span *line_r)
{
	size_t looked = 0;

	for (;;) {
		int n;

		if (take(lines, looked, line_r)) {
			looked = 0;
			if (!lines->is_long)
				return 1;
			lines->is_long = false;
			continue;
		}
		if (make_room(lines) != 0)
			return -1;
		looked = lines->len;
		n = gzread(lines->in, lines->octets + lines->len, PIECE);
		if (n < 0)
			return -1;
		lines->len += (size_t)n;
		if (n > 0)
			continue;
		if (lines->len == 0 || lines->is_long)
			return 0;
		*line_r = (struct span){ lines->octets, lines->len };
		lines->len = 0;
		return 1;
	}
}

/* --- rotated files -------------------------------------------------------- */

struct dated {
	char *name;
	struct timespec when;
};

static int
compare(const void *a, const void *b)
{
	const struct dated *x = a, *y = b;

	if (x->when.tv_sec != y->when.tv_sec)
		return x->when.tv_sec < y->when.tv_sec ? -1 : 1;
	return (x->when.tv_nsec > y->when.tv_nsec) -
	    (x->when.tv_nsec < y->when.tv_nsec);
}

/* ".1", "-20261121", ".2.gz": of digits and signs, or compressed. */
static bool
is_rotated(const char *suffix)
{
	size_t n = strlen(suffix);

	if (n > 3 && strcmp(suffix + n - 3, ".gz") == 0)
		n -= 3;
	if (n == 0 || (suffix[0] != '.' && suffix[0] != '-'))
		return n == 0;
	for (size_t i = 1; i < n; i++)
		if (!ascii_is_digit((unsigned char)suffix[i]) &&
		    suffix[i] != '-' && suffix[i] != '.' && suffix[i] != '_')
			return false;
	return n > 1;
}

static size_t
gather(const glob_t *found, size_t skip, struct dated *dated)
{
	size_t n = 0;

	for (size_t i = 0; i < found->gl_pathc; i++) {
		struct stat st;

		if (!is_rotated(found->gl_pathv[i] + skip) ||
		    stat(found->gl_pathv[i], &st) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		dated[n++] = (struct dated){ found->gl_pathv[i], st.st_mtim };
	}
	qsort(dated, n, sizeof(*dated), compare);
	return n;
}

char **
logfile_rotated(const char *file, size_t *count_r)
{
	char pattern[PATH_MAX];
	struct dated *dated;
	glob_t found;
	char **files = NULL;
	size_t n = 0, k = 0;

	(void)snprintf(pattern, sizeof(pattern), "%s*", file);
	if (glob(pattern, 0, NULL, &found) == GLOB_NOSPACE)
		return NULL;
	dated = calloc(found.gl_pathc + 1, sizeof(*dated));
	files = calloc(found.gl_pathc + 1, sizeof(*files));
	if (dated != NULL && files != NULL)
		n = gather(&found, strlen(file), dated);
	while (k < n && (files[k] = strdup(dated[k].name)) != NULL)
		k++;
	free(dated);
	globfree(&found);
	if (files == NULL || k < n) {
		logfile_forget(files, k);
		return NULL;
	}
	*count_r = n;
	return files;
}

void
logfile_forget(char **files, size_t count)
{
	for (size_t i = 0; files != NULL && i < count; i++)
		free(files[i]);
	free(files);
}
