/*
 * backend - what a kind of table is made of. Only files of table/ see it.
 */
#ifndef SUBMIT_TABLE_BACKEND_H
#define SUBMIT_TABLE_BACKEND_H

#include "table/table.h"

struct table_backend {
	const char *type;
	/* NULL and *error_r (malloc'ed) on failure. */
	void *(*open)(const struct table_spec *spec, char **error_r);
	enum lookup (*lookup)(const void *handle, struct span key,
	    struct arena *arena, struct span *value_r, const char **error_r);
	void (*close)(void *handle);
};

extern const struct table_backend table_inline;
extern const struct table_backend table_texthash;
/* "fail": every look-up fails, so that outages can be tried. */
extern const struct table_backend table_fail;

#endif
