/*
 * backend - what a kind of table is made of. Only files of table/ see it.
 */
#ifndef SUBMIT_TABLE_BACKEND_H
#define SUBMIT_TABLE_BACKEND_H

#include "table/table.h"

struct table_backend {
	const char *type;
	/* Why this build has none of these: the rest is NULL then. */
	const char *missing;
	enum table_keys keys;
	/* For open(): what makes this kind, where several share functions. */
	const void *kind;
	/* NULL and *error_r (malloc'ed, or NULL) on failure. */
	void *(*open)(const void *kind, const struct table_spec *spec,
	    char **error_r);
	/*
	 * Called by any number of threads at once. A backend that only
	 * looks into memory or a local file may ignore DEADLINE; one that
	 * asks others fails when it has passed.
	 */
	enum lookup (*lookup)(const void *handle, struct span key,
	    int64_t deadline, struct arena *arena, struct span *value_r,
	    const char **error_r);
	/* See table_each(); NULL when this kind cannot tell. */
	void (*each)(const void *handle, table_row_visit *visit,
	    void *context);
	/* See table_warning(); NULL when this kind never has any. */
	const char *(*warning)(const void *handle);
	/* See table_probe(); NULL when there is no server. */
	int (*probe)(const void *handle, int64_t deadline,
	    struct arena *arena, const char **error_r);
	/* Fills what table_usage() says of servers; NULL when there is none. */
	void (*usage)(const void *handle, struct table_usage *usage);
	void (*close)(void *handle);
};

/*
 * A backend that needs a library is compiled to its name and what is
 * missing when configure did not find that library.
 */
extern const struct table_backend table_inline;
extern const struct table_backend table_texthash;
extern const struct table_backend table_hash;
extern const struct table_backend table_btree;
extern const struct table_backend table_lmdb;
extern const struct table_backend table_cdb;
extern const struct table_backend table_pcre;
extern const struct table_backend table_regexp;
extern const struct table_backend table_cidr;
extern const struct table_backend table_sqlite;
extern const struct table_backend table_pgsql;
extern const struct table_backend table_mysql;
extern const struct table_backend table_ldap;
extern const struct table_backend table_socketmap;
extern const struct table_backend table_redis;
/* "fail": every look-up fails, so that outages can be tried. */
extern const struct table_backend table_fail;

/* A malloc'ed text for *error_r; NULL when there is no memory. */
char *backend_error(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
