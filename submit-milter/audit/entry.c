/*
 * entry.c - see entry.h. The entry, its keys and all their octets are one
 * piece of memory.
 */
#include "audit/entry.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/deadline.h"

struct entry_fate {
	atomic_uint references;
	size_t size;
	unsigned sinks;		/* that must have it; bits */
	bool is_waited;
	/* Guards what follows; a leaf. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned missing;	/* of them; bits */
	bool is_given_up;
};

/* --- memory --------------------------------------------------------------- */

#define TEXT_KEYS 8

/* The keys that are one span each. */
static void
list_texts(struct audit_keys *keys, struct span *texts_r[TEXT_KEYS])
{
	texts_r[0] = &keys->id;
	texts_r[1] = &keys->session;
	texts_r[2] = &keys->result;
	texts_r[3] = &keys->queue_id;
	texts_r[4] = &keys->identity;
	texts_r[5] = &keys->client;
	texts_r[6] = &keys->sender;
	texts_r[7] = &keys->message_id;
}

static size_t
octets_of(const struct audit_keys *keys)
{
	struct audit_keys copy = *keys;
	struct span *texts[TEXT_KEYS];
	size_t n = 0;

	list_texts(&copy, texts);
	for (size_t i = 0; i < TEXT_KEYS; i++)
		n += texts[i]->len;
	for (size_t i = 0; i < keys->recipient_count; i++)
		n += keys->recipients[i].len;
	return n;
}

/* Moves what SPAN shows to *ROOM, which goes on behind it. */
static void
settle_in(struct span *span, char **room)
{
	if (span->len > 0)
		memcpy(*room, span->ptr, span->len);
	span->ptr = *room;
	*room += span->len;
}

static void
take_keys(struct audit_entry *entry, const struct audit_keys *keys,
    struct span *recipients, char *room)
{
	struct span *texts[TEXT_KEYS];

	entry->keys = *keys;
	list_texts(&entry->keys, texts);
	for (size_t i = 0; i < TEXT_KEYS; i++)
		settle_in(texts[i], &room);
	for (size_t i = 0; i < keys->recipient_count; i++) {
		recipients[i] = keys->recipients[i];
		settle_in(&recipients[i], &room);
	}
	entry->keys.recipients = recipients;
}

static int
init_fate(struct entry_fate *fate)
{
	pthread_condattr_t attributes;
	int status;

	if (pthread_condattr_init(&attributes) != 0)
		return -1;
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	status = pthread_cond_init(&fate->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	if (status != 0)
		return -1;
	if (pthread_mutex_init(&fate->lock, NULL) != 0) {
		(void)pthread_cond_destroy(&fate->changed);
		return -1;
	}
	atomic_init(&fate->references, 1);
	return 0;
}

struct audit_entry *
audit_entry_new(struct span line, const struct audit_keys *keys)
{
	struct {
		struct audit_entry entry;
		struct entry_fate fate;
		struct span recipients[];
	} *whole;
	size_t head = sizeof(*whole) +
	    keys->recipient_count * sizeof(whole->recipients[0]);
	size_t size = head + octets_of(keys) + line.len + 1;
	char *room;

	whole = calloc(1, size);
	if (whole == NULL)
		return NULL;
	room = (char *)whole + head;
	whole->entry.fate = &whole->fate;
	whole->fate.size = size;
	whole->entry.line = line;
	settle_in(&whole->entry.line, &room);
	*room++ = '\n';
	take_keys(&whole->entry, keys, whole->recipients, room);
	if (init_fate(&whole->fate) != 0) {
		free(whole);
		return NULL;
	}
	return &whole->entry;
}

size_t
audit_entry_size(const struct audit_entry *entry)
{
	return entry->fate->size;
}

struct audit_entry *
audit_entry_ref(struct audit_entry *entry)
{
	atomic_fetch_add(&entry->fate->references, 1);
	return entry;
}

void
audit_entry_unref(struct audit_entry **entry)
{
	struct audit_entry *e = *entry;

	*entry = NULL;
	if (e == NULL || atomic_fetch_sub(&e->fate->references, 1) > 1)
		return;
	(void)pthread_cond_destroy(&e->fate->changed);
	(void)pthread_mutex_destroy(&e->fate->lock);
	free(e);	/* the whole begins with it */
}

/* --- fate ----------------------------------------------------------------- */

void
audit_entry_expect(struct audit_entry *entry, unsigned sinks, bool is_waited)
{
	entry->fate->sinks = sinks;
	entry->fate->missing = sinks;
	entry->fate->is_waited = is_waited;
}

bool
audit_entry_is_waited(const struct audit_entry *entry, enum sink_id sink)
{
	return entry->fate->is_waited && (entry->fate->sinks & 1u << sink) != 0;
}

bool
audit_entry_settle(struct audit_entry *entry, enum sink_id sink, bool is_kept)
{
	struct entry_fate *fate = entry->fate;
	bool is_done;

	if ((fate->sinks & 1u << sink) == 0)
		return false;
	(void)pthread_mutex_lock(&fate->lock);
	fate->missing &= ~(1u << sink);
	if (!is_kept)
		fate->is_given_up = true;
	is_done = fate->missing == 0 && !fate->is_given_up;
	(void)pthread_cond_signal(&fate->changed);
	(void)pthread_mutex_unlock(&fate->lock);
	return is_done;
}

int
audit_entry_wait(struct audit_entry *entry, int64_t deadline)
{
	struct entry_fate *fate = entry->fate;
	struct timespec until = { .tv_sec = deadline / 1000,
		.tv_nsec = deadline % 1000 * 1000000 };
	int status = 0;

	(void)pthread_mutex_lock(&fate->lock);
	while (fate->missing != 0 && !fate->is_given_up && status == 0)
		status = pthread_cond_timedwait(&fate->changed, &fate->lock,
		    &until);
	if (fate->missing != 0)
		fate->is_given_up = true;
	status = fate->is_given_up ? -1 : 0;
	(void)pthread_mutex_unlock(&fate->lock);
	return status;
}
