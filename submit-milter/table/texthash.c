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
 * Lines are those of lines.h. Of two rows with the same key the first
 * counts, and a warning tells.
 *
 * What Postfix skips with a warning is an error here: a line without value,
 * a quote that is not closed, text that is not UTF-8.
 */
#include "table/backend.h"

#include <stdlib.h>

#include "table/key.h"
#include "table/lines.h"
#include "table/rowhash.h"

#define SCRATCH_CEILING (LINES_LINE_CEILING * 16u)

struct texthash {
	struct rowhash *rows;
	char *warning;		/* the first one; NULL: none */
};

struct reader {
	struct texthash *texthash;
	const struct table_spec *spec;
	struct lines *lines;
	struct arena *scratch;
	char **error_r;
};

static int
fail(struct reader *reader, const char *what)
{
	return lines_fault(reader->lines, what, reader->error_r);
}

static int
fail_memory(struct reader *reader)
{
	*reader->error_r = NULL;
	return -1;
}

/* Keeps the first warning; without memory for it there is none. */
static void
warn(struct reader *reader, const char *what, struct span key)
{
	if (reader->texthash->warning == NULL)
		reader->texthash->warning = backend_error("%s:%u: %s \"%.*s\"",
		    reader->spec->file, lines_number(reader->lines), what,
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
		else if (lines_is_space(s.ptr[i]) && !is_quoted)
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

static int
take_line(struct reader *reader, struct span line)
{
	struct span value;
	size_t cut;

	if (key_len(line, &cut) != 0)
		return fail(reader, "a quote (\") is not closed");
	value = lines_trim(span_slice(line, cut, line.len));
	if (value.len == 0)
		return fail(reader,
		    "a key without value (wanted: key, white space, value)");
	return add_row(reader, span_slice(line, 0, cut), value);
}

static int
read_all(struct reader *reader)
{
	struct span line;
	int rc;

	while ((rc = lines_next(reader->lines, &line, reader->error_r)) == 1)
		if (take_line(reader, line) != 0)
			return -1;
	return rc;
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
texthash_open(const void *kind, const struct table_spec *spec, char **error_r)
{
	struct reader reader = {
		.texthash = texthash_new(),
		.spec = spec,
		.scratch = arena_new(SCRATCH_CEILING, NULL),
		.error_r = error_r,
	};
	int rc = -1;

	(void)kind;
	*error_r = NULL;
	if (reader.texthash != NULL && reader.scratch != NULL)
		reader.lines = lines_open(spec->file, error_r);
	if (reader.lines != NULL)
		rc = read_all(&reader);
	lines_close(&reader.lines);
	arena_free(&reader.scratch);
	if (rc != 0 && reader.texthash != NULL) {
		texthash_close(reader.texthash);
		return NULL;
	}
	if (reader.texthash != NULL)
		rowhash_trim(reader.texthash->rows);
	return reader.texthash;
}

static void
texthash_each(const void *handle, table_row_visit *visit, void *context)
{
	const struct texthash *texthash = handle;

	rowhash_each(texthash->rows, visit, context);
}

static enum lookup
texthash_lookup(const void *handle, struct span key, int64_t deadline,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	const struct texthash *texthash = handle;

	(void)deadline;
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
	.each = texthash_each,
	.warning = texthash_warning,
	.close = texthash_close,
};
