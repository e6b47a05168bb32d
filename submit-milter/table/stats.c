/*
 * stats.c - see stats.h.
 */
#include "table/stats.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct table_stats *list;

/* Under the lock. */
static struct table_stats *
find_or_make(const char *name)
{
	size_t size = strlen(name) + 1;
	struct table_stats *stats;

	for (stats = list; stats != NULL; stats = stats->next)
		if (strcmp(stats->name, name) == 0)
			return stats;
	stats = calloc(1, sizeof(*stats) + size);
	if (stats == NULL)
		return NULL;
	memcpy(stats->name, name, size);
	stats->next = list;
	list = stats;
	return stats;
}

struct table_stats *
table_stats_open(const char *name)
{
	struct table_stats *stats;

	(void)pthread_mutex_lock(&lock);
	stats = find_or_make(name);
	if (stats != NULL)
		stats->references++;
	(void)pthread_mutex_unlock(&lock);
	return stats;
}

void
table_stats_close(struct table_stats **stats)
{
	struct table_stats *s = *stats, **at = &list;

	*stats = NULL;
	if (s == NULL)
		return;
	(void)pthread_mutex_lock(&lock);
	if (--s->references > 0) {
		(void)pthread_mutex_unlock(&lock);
		return;
	}
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	(void)pthread_mutex_unlock(&lock);
	free(s);
}
