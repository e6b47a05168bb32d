/*
 * meter.c - see meter.h.
 */
#include "limit/meter.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

#define PLACES 4096u
#define HOUR 3600

struct place {
	time_t began;
	int count;
};

struct meter {
	pthread_mutex_t lock;
	uint64_t seed;		/* so that nobody can aim at a place */
	struct place places[PLACES];
};

struct meter *
meter_new(void)
{
	struct meter *meter = calloc(1, sizeof(*meter));

	if (meter == NULL)
		return NULL;
	if (getrandom(&meter->seed, sizeof(meter->seed), 0) !=
	    (ssize_t)sizeof(meter->seed)) {
		free(meter);
		return NULL;
	}
	pthread_mutex_init(&meter->lock, NULL);
	return meter;
}

void
meter_free(struct meter **meter)
{
	if (*meter == NULL)
		return;
	pthread_mutex_destroy(&(*meter)->lock);
	free(*meter);
	*meter = NULL;
}

/* FNV-1a from a secret start. */
static struct place *
place_of(struct meter *meter, struct span who)
{
	uint64_t hash = meter->seed ^ 0xcbf29ce484222325u;

	for (size_t i = 0; i < who.len; i++)
		hash = (hash ^ (unsigned char)who.ptr[i]) * 0x100000001b3u;
	return &meter->places[(hash ^ hash >> 32) % PLACES];
}

bool
meter_take(struct meter *meter, struct span who, int most, time_t now)
{
	struct place *place = place_of(meter, who);
	bool is_free;

	pthread_mutex_lock(&meter->lock);
	if (place->count == 0 || now - place->began >= HOUR ||
	    now < place->began)
		*place = (struct place){ .began = now };
	is_free = place->count < most;
	if (is_free)
		place->count++;
	pthread_mutex_unlock(&meter->lock);
	return is_free;
}
