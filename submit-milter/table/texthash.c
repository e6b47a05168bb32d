/*
 * texthash.c - the source format of Postfix's maps, read into memory.
 *
 * The format is that of postmap(1), as Postfix's texthash: reads it:
 *
 *	line    = key 1*space value
 *	key     = text up to the first white space that is not quoted;
 *	          a backslash quotes one character, " " a run of them
 *	value   = the rest, without the white space at its ends
 *
 * Lines that are empty, white, or begin with "#" (white space may come
 * before it) do not count; any other line that begins with white space
 * continues the one before it. A carriage return is white space. Of two
 * rows with the same key the first counts, and a warning tells.
 *
 * What Postfix skips with a warning is an error here: a line without value,
 * a quote that is not closed, text that is not UTF-8.
 */
#include "table/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbuf.h"
#include "table/key.h"
#include "table/rowhash.h"

#define FILE_CEILING (UINT64_C(1) << 29)
#define LINE_CEILING (1u << 20)		/* of a line with its continuations */
#define SCRATCH_CEILING (LINE_CEILING * 16u)
#define CHUNK 65536u

struct texthash {
	struct rowhash *rows;
	char *warning;		/* the first one; NULL: none */
};

struct reader {
	struct texthash *texthash;
	const struct table_spec *spec;
	struct arena *scratch;
	int fd;
	char *chunk;
	size_t chunk_len, chunk_pos;
	uint64_t octets;
	struct sbuf physical;	/* the line at hand */
	unsigned line;		/* its number */
	struct sbuf logical;	/* with its continuations */
	unsigned logical_line;
	char **error_r;
};

/* isspace(3) of the C locale, as Postfix has it */
static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && is_space(s.ptr[0]))
		s = span_slice(s, 1, s.len);
	while (s.len > 0 && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static int
fail(struct reader *reader, unsigned line, const char *what)
{
	*reader->error_r = backend_error("%s:%u: %s", reader->spec->file, line,
	    what);
	return -1;
}

static int
fail_memory(struct reader *reader)
{
	*reader->error_r = NULL;
	return -1;
}

static int
fail_size(struct reader *reader)
{
	*reader->error_r = backend_error("%s: is larger than 536870912 octets",
	    reader->spec->file);
	return -1;
}

/* Keeps the first warning; without memory for it there is none. */
static void
warn(struct reader *reader, const char *what, struct span key)
{
	if (reader->texthash->warning == NULL)
		reader->texthash->warning = backend_error("%s:%u: %s \"%.*s\"",
		    reader->spec->file, reader->logical_line, what,
		    SPAN_ARG(key));
}

/* Length of the key at the front of S; -1 when a quote is not closed. */
static int
key_len(struct span s, size_t *len_r)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\\' && i + 1 < s.len)
			i++;
		else if (s.ptr[i] == '"')
			is_quoted = !is_quoted;
		else if (is_space(s.ptr[i]) && !is_quoted)
			break;
	}
	*len_r = i;
	return is_quoted ? -1 : 0;
}

static int
add_row(struct reader *reader, struct span key, struct span value)
{
	struct span folded;

	arena_reset(reader->scratch);
	if (key_fold(key, reader->spec->is_case_kept, reader->scratch,
	    &folded) != 0)
		return fail_memory(reader);
	if (key.ptr[key.len - 1] == ':')
		warn(reader, "is this a file of aliases? There is a colon "
		    "at the end of the key", key);
	switch (rowhash_add(reader->texthash->rows, folded, value)) {
	case ROWHASH_ADDED:
		return 0;
	case ROWHASH_DUPLICATE:
		warn(reader, "the first row counts, not this one, for the "
		    "key", key);
		return 0;
	case ROWHASH_FULL:
		break;
	}
	return fail_memory(reader);
}

/* The logical line is complete: takes it apart. */
static int
end_logical(struct reader *reader)
{
	struct span line, value;
	size_t cut;

	if (sbuf_done(&reader->logical, &line) != 0)
		return fail_memory(reader);
	if (line.len == 0)
		return 0;
	if (!span_is_utf8(line))
		return fail(reader, reader->logical_line, "is not UTF-8");
	if (key_len(line, &cut) != 0)
		return fail(reader, reader->logical_line,
		    "a quote (\") is not closed");
	value = trim(span_slice(line, cut, line.len));
	if (value.len == 0)
		return fail(reader, reader->logical_line,
		    "a key without value (wanted: key, white space, value)");
	if (add_row(reader, span_slice(line, 0, cut), value) != 0)
		return -1;
	sbuf_clear(&reader->logical);
	return 0;
}

/* A physical line is complete: skips it, begins or continues with it. */
static int
end_physical(struct reader *reader)
{
	struct span line, text;

	if (sbuf_done(&reader->physical, &line) != 0)
		return fail_memory(reader);
	text = trim(line);
	if (text.len == 0 || text.ptr[0] == '#')
		return 0;
	if (memchr(line.ptr, '\0', line.len) != NULL)
		return fail(reader, reader->line, "has a NUL");
	if (!is_space(line.ptr[0])) {
		if (end_logical(reader) != 0)
			return -1;
		reader->logical_line = reader->line;
	} else if (reader->logical.len == 0) {
		return fail(reader, reader->line,
		    "begins with white space, but there is no line to "
		    "continue");
	}
	if (line.len > LINE_CEILING - reader->logical.len)
		return fail(reader, reader->logical_line,
		    "is longer than 1048576 octets");
	sbuf_add(&reader->logical, line);
	return 0;
}

/* The next octets of the file. 1, 0 at its end, -1. */
static int
fill(struct reader *reader)
{
	ssize_t n;

	do
		n = read(reader->fd, reader->chunk, CHUNK);
	while (n == -1 && errno == EINTR);
	if (n == -1) {
		*reader->error_r = backend_error("%s: %s", reader->spec->file,
		    strerror(errno));
		return -1;
	}
	reader->octets += (size_t)n;
	if (reader->octets > FILE_CEILING)
		return fail_size(reader);
	reader->chunk_len = (size_t)n;
	reader->chunk_pos = 0;
	return n > 0 ? 1 : 0;
}

/* Reads on to the end of the line. 1, 0 at the end of the file, -1. */
static int
read_physical(struct reader *reader)
{
	sbuf_clear(&reader->physical);
	reader->line++;
	for (;;) {
		struct span rest;
		size_t end;
		int rc;

		if (reader->chunk_pos == reader->chunk_len) {
			rc = fill(reader);
			if (rc < 0)
				return -1;
			if (rc == 0)
				return reader->physical.len > 0 ? 1 : 0;
		}
		rest = (struct span){ reader->chunk + reader->chunk_pos,
			reader->chunk_len - reader->chunk_pos };
		end = span_find(rest, '\n');
		if (end > LINE_CEILING - reader->physical.len)
			return fail(reader, reader->line,
			    "is longer than 1048576 octets");
		sbuf_add(&reader->physical, span_slice(rest, 0, end));
		reader->chunk_pos += end;
		if (end < rest.len) {
			reader->chunk_pos++;
			return 1;
		}
	}
}

static int
read_all(struct reader *reader)
{
	int rc;

	while ((rc = read_physical(reader)) == 1)
		if (end_physical(reader) != 0)
			return -1;
	if (rc < 0)
		return -1;
	return end_logical(reader);
}

/* 0, or -1 and the error. */
static int
open_file(struct reader *reader)
{
	const char *file = reader->spec->file;
	struct stat st;

	/* A FIFO without a writer must not hang us. */
	reader->fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (reader->fd == -1 || fstat(reader->fd, &st) != 0) {
		*reader->error_r = backend_error("%s: %s", file,
		    strerror(errno));
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		*reader->error_r = backend_error("%s: is not a regular file",
		    file);
		return -1;
	}
	/* It may still grow while it is read: fill() looks again. */
	return (uint64_t)st.st_size > FILE_CEILING ? fail_size(reader) : 0;
}

static void
texthash_close(void *handle)
{
	struct texthash *texthash = handle;

	rowhash_free(&texthash->rows);
	free(texthash->warning);
	free(texthash);
}

static struct texthash *
texthash_new(void)
{
	struct texthash *texthash = calloc(1, sizeof(*texthash));

	if (texthash == NULL)
		return NULL;
	texthash->rows = rowhash_new();
	if (texthash->rows == NULL) {
		free(texthash);
		return NULL;
	}
	return texthash;
}

static void *
texthash_open(const struct table_spec *spec, char **error_r)
{
	struct reader reader = {
		.texthash = texthash_new(),
		.spec = spec,
		.scratch = arena_new(SCRATCH_CEILING, NULL),
		.chunk = malloc(CHUNK),
		.fd = -1,
		.error_r = error_r,
	};
	int rc = -1;

	*error_r = NULL;
	sbuf_init(&reader.physical, NULL, LINE_CEILING);
	sbuf_init(&reader.logical, NULL, LINE_CEILING);
	if (reader.texthash != NULL && reader.scratch != NULL &&
	    reader.chunk != NULL && open_file(&reader) == 0)
		rc = read_all(&reader);
	if (reader.fd != -1)
		(void)close(reader.fd);
	sbuf_free(&reader.physical);
	sbuf_free(&reader.logical);
	arena_free(&reader.scratch);
	free(reader.chunk);
	if (rc != 0 && reader.texthash != NULL) {
		texthash_close(reader.texthash);
		return NULL;
	}
	if (reader.texthash != NULL)
		rowhash_trim(reader.texthash->rows);
	return reader.texthash;
}

static enum lookup
texthash_lookup(const void *handle, struct span key, int64_t deadline,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	(void)deadline;
	const struct texthash *texthash = handle;

	(void)arena;
	(void)error_r;
	return rowhash_find(texthash->rows, key, value_r) ? LOOKUP_FOUND :
	    LOOKUP_NOT_FOUND;
}

static const char *
texthash_warning(const void *handle)
{
	const struct texthash *texthash = handle;

	return texthash->warning;
}

const struct table_backend table_texthash = {
	.type = "texthash",
	.open = texthash_open,
	.lookup = texthash_lookup,
	.warning = texthash_warning,
	.close = texthash_close,
};
