/*
 * inline.c - the table whose rows stand in the configuration itself.
 */
#include "table/backend.h"

#include "table/key.h"
#include "table/rowhash.h"

#define KEY_CEILING (1u << 20)	/* octets, while one key is folded */

static int
add_row(struct rowhash *rows, const struct table_spec *spec,
    const struct table_row *row, struct arena *scratch, char **error_r)
{
	struct span key;

	if (span_is_empty(row->key) || span_is_empty(row->value)) {
		*error_r = backend_error("a row has no %s",
		    span_is_empty(row->key) ? "key" : "value");
		return -1;
	}
	if (key_fold(row->key, spec->is_case_kept, scratch, &key) != 0) {
		*error_r = NULL;
		return -1;
	}
	switch (rowhash_add(rows, key, row->value)) {
	case ROWHASH_ADDED:
		return 0;
	case ROWHASH_DUPLICATE:
		*error_r = backend_error("the key \"%.*s\" is there twice",
		    SPAN_ARG(row->key));
		return -1;
	case ROWHASH_FULL:
		break;
	}
	*error_r = NULL;
	return -1;
}

static void *
inline_open(const void *kind, const struct table_spec *spec, char **error_r)
{
	struct rowhash *rows = rowhash_new();
	struct arena *scratch = arena_new(KEY_CEILING, NULL);

	(void)kind;
	*error_r = NULL;
	if (rows == NULL || scratch == NULL)
		goto fail;
	for (size_t i = 0; i < spec->row_count; i++) {
		if (add_row(rows, spec, &spec->rows[i], scratch,
		    error_r) != 0)
			goto fail;
		arena_reset(scratch);
	}
	arena_free(&scratch);
	rowhash_trim(rows);
	return rows;
fail:
	arena_free(&scratch);
	rowhash_free(&rows);
	return NULL;
}

static void
inline_each(const void *handle, table_row_visit *visit, void *context)
{
	rowhash_each(handle, visit, context);
}

static enum lookup
inline_lookup(const void *handle, struct span key, int64_t deadline,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	(void)deadline;
	(void)arena;
	(void)error_r;
	return rowhash_find(handle, key, value_r) ? LOOKUP_FOUND :
	    LOOKUP_NOT_FOUND;
}

static void
inline_close(void *handle)
{
	struct rowhash *rows = handle;

	rowhash_free(&rows);
}

const struct table_backend table_inline = {
	.type = "inline",
	.open = inline_open,
	.lookup = inline_lookup,
	.each = inline_each,
	.close = inline_close,
};
