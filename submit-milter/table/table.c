/*
 * table.c - see table.h. Knows the backends and nothing else.
 */
#include "table/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "table/backend.h"
#include "table/stats.h"

struct table {
	const struct table_backend *backend;
	void *handle;
	char *name;
	struct table_stats *stats;
};

static const struct table_backend *const backends[] = {
	&table_inline,
	&table_texthash,
	&table_hash,
	&table_btree,
	&table_lmdb,
	&table_cdb,
	&table_pcre,
	&table_regexp,
	&table_cidr,
	&table_sqlite,
	&table_pgsql,
	&table_mysql,
	&table_ldap,
	&table_socketmap,
	&table_redis,
	&table_fail,
};

#define BACKENDS (sizeof(backends) / sizeof(backends[0]))

static const struct table_backend *
find_backend(const char *type)
{
	for (size_t i = 0; i < BACKENDS; i++)
		if (strcmp(backends[i]->type, type) == 0)
			return backends[i];
	return NULL;
}

int
table_type_exists(const char *type)
{
	const struct table_backend *backend = find_backend(type);

	return backend != NULL && backend->missing == NULL;
}

/* Row INDEX of those that are missing, or of those that are not. */
static const struct table_backend *
nth_backend(size_t index, bool is_missing)
{
	for (size_t i = 0; i < BACKENDS; i++)
		if ((backends[i]->missing != NULL) == is_missing &&
		    index-- == 0)
			return backends[i];
	return NULL;
}

const char *
table_type(size_t index)
{
	const struct table_backend *backend = nth_backend(index, false);

	return backend == NULL ? NULL : backend->type;
}

const char *
table_type_missing(size_t index, const char **why_r)
{
	const struct table_backend *backend = nth_backend(index, true);

	if (backend == NULL)
		return NULL;
	*why_r = backend->missing;
	return backend->type;
}

char *
backend_error(const char *format, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, format);
	len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	text = len < 0 ? NULL : malloc((size_t)len + 1);
	if (text == NULL)
		return NULL;
	va_start(ap, format);
	(void)vsnprintf(text, (size_t)len + 1, format, ap);
	va_end(ap);
	return text;
}

struct table *
table_open(const struct table_spec *spec, char **error_r)
{
	const struct table_backend *backend = find_backend(spec->type);
	struct table *table;

	if (backend == NULL) {
		*error_r = backend_error("there are no tables of type \"%s\"",
		    spec->type);
		return NULL;
	}
	if (backend->missing != NULL) {
		*error_r = backend_error("this build has no %s tables: %s",
		    backend->type, backend->missing);
		return NULL;
	}
	*error_r = NULL;
	table = calloc(1, sizeof(*table));
	if (table == NULL)
		return NULL;
	table->backend = backend;
	table->name = strdup(spec->name);
	table->stats = table_stats_open(spec->name);
	if (table->name != NULL && table->stats != NULL)
		table->handle = backend->open(backend->kind, spec,
		    error_r);
	if (table->handle == NULL)
		table_free(&table);
	return table;
}

void
table_free(struct table **table)
{
	if (*table == NULL)
		return;
	if ((*table)->handle != NULL)
		(*table)->backend->close((*table)->handle);
	table_stats_close(&(*table)->stats);
	free((*table)->name);
	free(*table);
	*table = NULL;
}

const char *
table_name(const struct table *table)
{
	return table->name;
}

enum table_keys
table_keys(const struct table *table)
{
	return table->backend->keys;
}

bool
table_each(const struct table *table, table_row_visit *visit, void *context)
{
	if (table->backend->each == NULL)
		return false;
	table->backend->each(table->handle, visit, context);
	return true;
}

const char *
table_warning(const struct table *table)
{
	return table->backend->warning == NULL ? NULL :
	    table->backend->warning(table->handle);
}

int
table_probe(const struct table *table, int64_t deadline, struct arena *arena,
    const char **error_r)
{
	return table->backend->probe == NULL ? 0 :
	    table->backend->probe(table->handle, deadline, arena, error_r);
}

enum lookup
table_lookup(const struct table *table, struct span key, int64_t deadline,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	int64_t began = histogram_now();
	enum lookup answer = table->backend->lookup(table->handle, key,
	    deadline, arena, value_r, error_r);

	(void)atomic_fetch_add_explicit(&table->stats->answers[answer], 1,
	    memory_order_relaxed);
	histogram_add(&table->stats->time, histogram_now() - began);
	return answer;
}

void
table_usage(const struct table *table, struct table_usage *usage_r)
{
	*usage_r = (struct table_usage){ .has_server = false };
	for (int i = 0; i <= LOOKUP_FAILED; i++)
		usage_r->answers[i] = atomic_load_explicit(
		    &table->stats->answers[i], memory_order_relaxed);
	histogram_read(&table->stats->time, &usage_r->time);
	if (table->backend->usage != NULL)
		table->backend->usage(table->handle, usage_r);
}
