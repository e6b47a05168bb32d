/*
 * fail.c - the table whose every look-up fails: an outage to order, so that
 * an administrator, and a test, can see what happens then.
 */
#include "table/backend.h"

#include <stdlib.h>

static void *
fail_open(const void *kind, const struct table_spec *spec, char **error_r)
{
	void *handle = malloc(1);

	(void)kind;
	(void)spec;
	if (handle == NULL)
		*error_r = NULL;
	return handle;
}

static enum lookup
fail_lookup(const void *handle, struct span key, int64_t deadline,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	(void)deadline;
	(void)handle;
	(void)key;
	(void)arena;
	(void)value_r;
	*error_r = "a table of type \"fail\" always fails";
	return LOOKUP_FAILED;
}

static void
fail_close(void *handle)
{
	free(handle);
}

const struct table_backend table_fail = {
	.type = "fail",
	.open = fail_open,
	.lookup = fail_lookup,
	.close = fail_close,
};
