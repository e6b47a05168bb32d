/*
 * meter.c - see meter.h.
 *
 * Whoever comes has a place in one of WAYS, the set of them chosen by a
 * keyed hash, which also stands for the name. When all are taken, the one
 * with the lowest count goes to the newcomer, with its count: whom that
 * pushes out finds no lower one when coming back, so that no count is ever
 * too low.
 */
#include "limit/meter.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "table/siphash.h"

#define SETS 1024u
#define WAYS 8u
#define HOUR 3600

struct place {
	uint64_t who;
	time_t began;
	int count;		/* 0: nobody's */
};

struct meter {
	pthread_mutex_t lock;
	struct siphash_key key;	/* so that nobody can aim at a place */
	struct place places[SETS][WAYS];
	uint64_t answers[2];	/* refused, taken */
};

struct meter *
meter_new(void)
{
	struct meter *meter = calloc(1, sizeof(*meter));

	if (meter == NULL)
		return NULL;
	if (getrandom(&meter->key, sizeof(meter->key), 0) !=
	    (ssize_t)sizeof(meter->key)) {
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

static bool
is_over(const struct place *place, time_t now)
{
	return place->count == 0 || now - place->began >= HOUR ||
	    now < place->began;
}

/* The place of WHO at NOW; it begins anew, or with another's count. */
static struct place *
place_of(struct meter *meter, uint64_t who, time_t now)
{
	struct place *set = meter->places[who % SETS], *least = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (is_over(&set[i], now))
			set[i] = (struct place){ .began = now };
		else if (set[i].who == who)
			return &set[i];
		if (set[i].count < least->count)
			least = &set[i];
	}
	least->who = who;
	return least;
}

bool
meter_take(struct meter *meter, struct span who, int most, time_t now)
{
	uint64_t digest = siphash(&meter->key, who);
	struct place *place;
	bool is_free;

	pthread_mutex_lock(&meter->lock);
	place = place_of(meter, digest, now);
	is_free = place->count < most;
	if (is_free)
		place->count++;
	meter->answers[is_free ? 1 : 0]++;
	pthread_mutex_unlock(&meter->lock);
	return is_free;
}

void
meter_usage(struct meter *meter, uint64_t *taken_r, uint64_t *refused_r)
{
	pthread_mutex_lock(&meter->lock);
	*taken_r = meter->answers[1];
	*refused_r = meter->answers[0];
	pthread_mutex_unlock(&meter->lock);
}
