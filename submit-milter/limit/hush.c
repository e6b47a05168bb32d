/*
 * hush.c - see hush.h.
 */
#include "limit/hush.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "table/siphash.h"

#define PLACES 4096u

struct place {
	uint64_t key;		/* 0: nobody's */
	int64_t told;		/* when */
	uint64_t held;		/* since then */
};

struct hush {
	pthread_mutex_t lock;
	struct siphash_key key;	/* so that nobody can aim at a place */
	struct place places[PLACES];
};

struct hush *
hush_new(void)
{
	struct hush *hush = calloc(1, sizeof(*hush));

	if (hush == NULL)
		return NULL;
	if (getrandom(&hush->key, sizeof(hush->key), 0) !=
	    (ssize_t)sizeof(hush->key)) {
		free(hush);
		return NULL;
	}
	pthread_mutex_init(&hush->lock, NULL);
	return hush;
}

void
hush_free(struct hush **hush)
{
	if (*hush == NULL)
		return;
	pthread_mutex_destroy(&(*hush)->lock);
	free(*hush);
	*hush = NULL;
}

static bool
is_time(const struct place *place, uint64_t key, int seconds, int64_t now)
{
	/* A clock that was set back holds nothing back for long. */
	return place->key == 0 || now - place->told >= seconds ||
	    (now < place->told && place->key == key);
}

bool
hush_may_tell(struct hush *hush, struct span who, const char *what,
    int seconds, int64_t now, uint64_t *held_r)
{
	/* Never 0; a word of ours and a name need not be told apart. */
	uint64_t key = (siphash(&hush->key, who) ^
	    siphash(&hush->key, span_of(what)) * 3) | 1;
	struct place *place = &hush->places[key / 2 % PLACES];
	bool may_tell;

	pthread_mutex_lock(&hush->lock);
	may_tell = is_time(place, key, seconds, now);
	if (may_tell) {
		*held_r = place->held;
		*place = (struct place){ .key = key, .told = now };
	} else {
		place->held++;
	}
	pthread_mutex_unlock(&hush->lock);
	return may_tell;
}

uint64_t
hush_held(struct hush *hush)
{
	uint64_t held = 0;

	pthread_mutex_lock(&hush->lock);
	for (size_t i = 0; i < PLACES; i++)
		held += hush->places[i].held;
	pthread_mutex_unlock(&hush->lock);
	return held;
}
