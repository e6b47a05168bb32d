/*
 * frequent.c - see frequent.h.
 */
#include "metrics/frequent.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 60	/* seconds */

struct window {
	int64_t began;
	size_t n;
	struct frequent_one v[FREQUENT_PLACES];
};

struct frequent {
	pthread_mutex_t lock;	/* of all that follows */
	struct window windows[2];	/* this minute, and the one before */
};

struct frequent *
frequent_new(void)
{
	struct frequent *frequent = calloc(1, sizeof(*frequent));

	if (frequent != NULL)
		(void)pthread_mutex_init(&frequent->lock, NULL);
	return frequent;
}

void
frequent_free(struct frequent **frequent)
{
	if (*frequent == NULL)
		return;
	(void)pthread_mutex_destroy(&(*frequent)->lock);
	free(*frequent);
	*frequent = NULL;
}

/* FNV-1a. */
static uint64_t
hash_of(struct span name)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.ptr[i]) * 0x100000001b3u;
	return h;
}

/* Under the lock: the windows move on with the time. */
static void
turn(struct frequent *frequent, int64_t now)
{
	struct window *this = &frequent->windows[0];
	struct window *last = &frequent->windows[1];

	if (this->began != 0 && now < this->began + WINDOW)
		return;
	if (this->began != 0 && now < this->began + 2 * WINDOW)
		*last = *this;
	else
		*last = (struct window){ .began = now };
	this->began = now;
	this->n = 0;
}

/* The place of HASH; a new one, or the one with the least, if it has none. */
static struct frequent_one *
place_of(struct window *window, uint64_t hash, bool *is_new_r)
{
	struct frequent_one *least = &window->v[0];

	*is_new_r = false;
	for (size_t i = 0; i < window->n; i++) {
		struct frequent_one *one = &window->v[i];

		if (one->hash == hash)
			return one;
		if (one->count < least->count)
			least = one;
	}
	*is_new_r = true;
	if (window->n == FREQUENT_PLACES)
		return least;
	least = &window->v[window->n++];
	least->count = 0;
	return least;
}

void
frequent_add(struct frequent *frequent, struct span name,
    bool is_turned_away, int64_t now)
{
	uint64_t hash = hash_of(name);
	struct frequent_one *one;
	bool is_new;

	(void)pthread_mutex_lock(&frequent->lock);
	turn(frequent, now);
	one = place_of(&frequent->windows[0], hash, &is_new);
	if (is_new) {
		if (name.len >= FREQUENT_NAME)
			name.len = FREQUENT_NAME - 1;
		if (name.len > 0)
			memcpy(one->name, name.ptr, name.len);
		one->name[name.len] = '\0';
		one->hash = hash;
		one->turned_away = 0;
	}
	one->count++;
	one->turned_away += is_turned_away ? 1 : 0;
	(void)pthread_mutex_unlock(&frequent->lock);
}

static int
compare(const void *a, const void *b)
{
	const struct frequent_one *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* Both windows as one list, at ALL. */
static size_t
merge(const struct frequent *frequent, struct frequent_one *all)
{
	const struct window *this = &frequent->windows[0];
	const struct window *last = &frequent->windows[1];
	size_t n = this->n;

	memcpy(all, this->v, n * sizeof(*all));
	for (size_t i = 0; i < last->n; i++) {
		const struct frequent_one *one = &last->v[i];
		size_t k = 0;

		while (k < this->n && all[k].hash != one->hash)
			k++;
		if (k == this->n) {
			all[n++] = *one;
			continue;
		}
		all[k].count += one->count;
		all[k].turned_away += one->turned_away;
	}
	return n;
}

size_t
frequent_top(struct frequent *frequent, int64_t now, struct frequent_one *v,
    size_t room, int64_t *seconds_r)
{
	struct frequent_one *all = calloc(2 * FREQUENT_PLACES, sizeof(*all));
	size_t n;

	*seconds_r = 0;
	if (all == NULL)
		return 0;
	(void)pthread_mutex_lock(&frequent->lock);
	turn(frequent, now);
	*seconds_r = now - frequent->windows[frequent->windows[1].began ==
	    0 ? 0 : 1].began;
	n = merge(frequent, all);
	(void)pthread_mutex_unlock(&frequent->lock);
	qsort(all, n, sizeof(*all), compare);
	if (n > room)
		n = room;
	memcpy(v, all, n * sizeof(*v));
	free(all);
	return n;
}
