/*
 * ask - opens a table and looks up what it reads, for test_local.py.
 *
 *	ask --types		the types of this build, one a line
 *	ask TYPE FILE [QUERY]
 *
 * The first line of output is "OPEN", or "ERROR" and why not. Then one line
 * for each line of input:
 *
 *	KEY				FOUND VALUE, NOT-FOUND or FAILED WHY
 *	HT "memory"			MEMORY and what the process has grown
 *					by since before it opened the table,
 *					in kB: VmRSS, and RssAnon, which is
 *					what of it no file can give back
 *	HT "storm" SP THREADS SP MS SP KEY
 *					STORM and how many of the look-ups of
 *					THREADS in MS found it, did not, failed
 *
 * Keys are taken as they are: already folded.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/deadline.h"
#include "table/table.h"

#define LOOKUP_MS 3000
#define ARENA_CEILING (4u << 20)
#define THREADS_MOST 64u

static long
memory(const char *name)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long kilobytes = -1;

	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			kilobytes = strtol(line + strlen(name), NULL, 10);
	(void)fclose(file);
	return kilobytes;
}

static void
ask(const struct table *table, const char *key, struct arena *arena)
{
	struct span value = { "", 0 };
	const char *error = "no reason";

	switch (table_lookup(table, span_of(key), deadline_in(LOOKUP_MS),
	    arena, &value, &error)) {
	case LOOKUP_FOUND:
		(void)printf("FOUND %.*s\n", SPAN_ARG(value));
		break;
	case LOOKUP_NOT_FOUND:
		(void)puts("NOT-FOUND");
		break;
	case LOOKUP_FAILED:
		(void)printf("FAILED %s\n", error);
		break;
	}
}

/* --- many at once --------------------------------------------------------- */

struct stormer {
	pthread_t thread;
	const struct table *table;
	struct span key;
	int64_t end;
	unsigned long counts[LOOKUP_FAILED + 1];
};

static void *
storm_one(void *context)
{
	struct stormer *stormer = context;
	struct arena *arena = arena_new(ARENA_CEILING, NULL);

	while (arena != NULL && deadline_left(stormer->end) > 0) {
		struct span value;
		const char *error;

		stormer->counts[table_lookup(stormer->table, stormer->key,
		    deadline_in(LOOKUP_MS), arena, &value, &error)]++;
		arena_reset(arena);
	}
	arena_free(&arena);
	return NULL;
}

static void
storm(const struct table *table, char *words)
{
	static struct stormer stormers[THREADS_MOST];
	unsigned long total[LOOKUP_FAILED + 1] = { 0 };
	char *rest;
	unsigned long threads = strtoul(words, &rest, 10);
	int ms = (int)strtol(rest, &rest, 10);

	for (size_t i = 0; i < threads && i < THREADS_MOST; i++) {
		stormers[i] = (struct stormer){
			.table = table,
			.key = span_of(rest + 1),
			.end = deadline_in(ms),
		};
		if (pthread_create(&stormers[i].thread, NULL, storm_one,
		    &stormers[i]) != 0)
			abort();
	}
	for (size_t i = 0; i < threads && i < THREADS_MOST; i++) {
		(void)pthread_join(stormers[i].thread, NULL);
		for (size_t k = 0; k <= LOOKUP_FAILED; k++)
			total[k] += stormers[i].counts[k];
	}
	(void)printf("STORM %lu %lu %lu\n", total[LOOKUP_FOUND],
	    total[LOOKUP_NOT_FOUND], total[LOOKUP_FAILED]);
}

/* -------------------------------------------------------------------------- */

static void
obey(const struct table *table, char *line, struct arena *arena,
    const long before[2])
{
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "\tstorm ", 7) == 0)
		storm(table, line + 7);
	else if (strcmp(line, "\tmemory") == 0)
		(void)printf("MEMORY %ld %ld\n", memory("VmRSS:") -
		    before[0], memory("RssAnon:") - before[1]);
	else
		ask(table, line, arena);
	(void)fflush(stdout);
	arena_reset(arena);
}

static int
print_types(void)
{
	const char *type;

	for (size_t i = 0; (type = table_type(i)) != NULL; i++)
		(void)puts(type);
	return 0;
}

int
main(int argc, char **argv)
{
	struct table_spec spec = { .name = "asked" };
	const long before[2] = { memory("VmRSS:"), memory("RssAnon:") };
	struct arena *arena;
	struct table *table;
	char *error = NULL;
	static char line[65536];

	if (argc == 2 && strcmp(argv[1], "--types") == 0)
		return print_types();
	if (argc < 3)
		return 2;
	spec.type = argv[1];
	spec.file = argv[2];
	spec.query = argc > 3 ? argv[3] : NULL;
	table = table_open(&spec, &error);
	arena = arena_new(ARENA_CEILING, NULL);
	if (table == NULL || arena == NULL) {
		(void)printf("ERROR %s\n", error == NULL ? "out of memory" :
		    error);
		free(error);
		arena_free(&arena);
		return 1;
	}
	(void)puts("OPEN");
	(void)fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL)
		obey(table, line, arena, before);
	arena_free(&arena);
	table_free(&table);
	return 0;
}
