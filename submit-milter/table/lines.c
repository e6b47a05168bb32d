/*
 * lines.c - see lines.h.
 */
#include "table/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbuf.h"
#include "table/backend.h"

#define FILE_CEILING (UINT64_C(1) << 29)
#define CHUNK 65536u

struct lines {
	const char *file;
	int fd;
	char *chunk;
	size_t chunk_len, chunk_pos;
	uint64_t octets;
	struct sbuf physical;	/* the line at hand */
	unsigned line;		/* its number */
	bool is_pending;	/* it belongs to the next logical line */
	struct sbuf logical;	/* with its continuations */
	unsigned logical_line;
};

struct span
lines_trim(struct span s)
{
	while (s.len > 0 && lines_is_space(s.ptr[0]))
		s = span_slice(s, 1, s.len);
	while (s.len > 0 && lines_is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

struct span
lines_word(struct span *rest)
{
	struct span whole = *rest;
	size_t end = 0;

	while (end < whole.len && !lines_is_space(whole.ptr[end]))
		end++;
	*rest = lines_trim(span_slice(whole, end, whole.len));
	return span_slice(whole, 0, end);
}

static int
fault_at(const struct lines *lines, unsigned line, const char *what,
    char **error_r)
{
	*error_r = backend_error("%s:%u: %s", lines->file, line, what);
	return -1;
}

int
lines_fault(const struct lines *lines, const char *what, char **error_r)
{
	return fault_at(lines, lines->logical_line, what, error_r);
}

unsigned
lines_number(const struct lines *lines)
{
	return lines->logical_line;
}

static int
fault_memory(char **error_r)
{
	*error_r = NULL;
	return -1;
}

static int
fault_size(const struct lines *lines, char **error_r)
{
	*error_r = backend_error("%s: is larger than %llu octets", lines->file,
	    (unsigned long long)FILE_CEILING);
	return -1;
}

static int
fault_errno(const struct lines *lines, char **error_r)
{
	*error_r = backend_error("%s: %s", lines->file, strerror(errno));
	return -1;
}

/* The next octets of the file. 1, 0 at its end, -1. */
static int
fill(struct lines *lines, char **error_r)
{
	ssize_t n;

	do
		n = read(lines->fd, lines->chunk, CHUNK);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return fault_errno(lines, error_r);
	lines->octets += (size_t)n;
	if (lines->octets > FILE_CEILING)
		return fault_size(lines, error_r);
	lines->chunk_len = (size_t)n;
	lines->chunk_pos = 0;
	return n > 0 ? 1 : 0;
}

/* Reads on to the end of the line. 1, 0 at the end of the file, -1. */
static int
read_physical(struct lines *lines, char **error_r)
{
	sbuf_clear(&lines->physical);
	lines->line++;
	for (;;) {
		struct span rest;
		size_t end;
		int rc;

		if (lines->chunk_pos == lines->chunk_len) {
			rc = fill(lines, error_r);
			if (rc < 0)
				return -1;
			if (rc == 0)
				return lines->physical.len > 0 ? 1 : 0;
		}
		rest = (struct span){ lines->chunk + lines->chunk_pos,
			lines->chunk_len - lines->chunk_pos };
		end = span_find(rest, '\n');
		if (end > LINES_LINE_CEILING - lines->physical.len)
			return fault_at(lines, lines->line,
			    "is longer than 1048576 octets", error_r);
		sbuf_add(&lines->physical, span_slice(rest, 0, end));
		lines->chunk_pos += end;
		if (end < rest.len) {
			lines->chunk_pos++;
			return 1;
		}
	}
}

/*
 * Skips the physical line, or begins or continues the logical one with it,
 * or leaves it for the next. 1 when the logical line is complete, 0, -1.
 */
static int
take_physical(struct lines *lines, char **error_r)
{
	struct span line, text;

	if (sbuf_done(&lines->physical, &line) != 0)
		return fault_memory(error_r);
	text = lines_trim(line);
	if (text.len == 0 || text.ptr[0] == '#')
		return 0;
	if (memchr(line.ptr, '\0', line.len) != NULL)
		return fault_at(lines, lines->line, "has a NUL", error_r);
	if (!lines_is_space(line.ptr[0])) {
		if (lines->logical.len > 0) {
			lines->is_pending = true;
			return 1;
		}
		lines->logical_line = lines->line;
	} else if (lines->logical.len == 0) {
		return fault_at(lines, lines->line,
		    "begins with white space, but there is no line to "
		    "continue", error_r);
	}
	if (line.len > LINES_LINE_CEILING - lines->logical.len)
		return lines_fault(lines, "is longer than 1048576 octets",
		    error_r);
	sbuf_add(&lines->logical, line);
	return 0;
}

int
lines_next(struct lines *lines, struct span *line_r, char **error_r)
{
	struct span line;
	int rc = 1, is_complete = 0;

	sbuf_clear(&lines->logical);
	while (is_complete == 0) {
		if (!lines->is_pending)
			rc = read_physical(lines, error_r);
		lines->is_pending = false;
		if (rc <= 0)
			break;
		is_complete = take_physical(lines, error_r);
	}
	if (rc < 0 || is_complete < 0)
		return -1;
	if (sbuf_done(&lines->logical, &line) != 0)
		return fault_memory(error_r);
	if (line.len == 0)
		return 0;
	if (!span_is_utf8(line))
		return lines_fault(lines, "is not UTF-8", error_r);
	*line_r = line;
	return 1;
}

/* 0, or -1 and the error. */
static int
open_file(struct lines *lines, char **error_r)
{
	struct stat st;

	/* A FIFO without a writer must not hang us. */
	lines->fd = open(lines->file,
	    O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (lines->fd == -1 || fstat(lines->fd, &st) != 0)
		return fault_errno(lines, error_r);
	if (!S_ISREG(st.st_mode)) {
		*error_r = backend_error("%s: is not a regular file",
		    lines->file);
		return -1;
	}
	/* It may still grow while it is read: fill() looks again. */
	return (uint64_t)st.st_size > FILE_CEILING ?
	    fault_size(lines, error_r) : 0;
}

struct lines *
lines_open(const char *file, char **error_r)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	*error_r = NULL;
	if (lines == NULL)
		return NULL;
	lines->file = file;
	lines->fd = -1;
	sbuf_init(&lines->physical, NULL, LINES_LINE_CEILING);
	sbuf_init(&lines->logical, NULL, LINES_LINE_CEILING);
	lines->chunk = malloc(CHUNK);
	if (lines->chunk == NULL || open_file(lines, error_r) != 0)
		lines_close(&lines);
	return lines;
}

void
lines_close(struct lines **lines)
{
	if (*lines == NULL)
		return;
	if ((*lines)->fd != -1)
		(void)close((*lines)->fd);
	sbuf_free(&(*lines)->physical);
	sbuf_free(&(*lines)->logical);
	free((*lines)->chunk);
	free(*lines);
	*lines = NULL;
}
