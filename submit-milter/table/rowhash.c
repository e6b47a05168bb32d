/*
 * rowhash.c - see rowhash.h.
 *
 * Rows stand one after the other in a pool: length of key, length of value,
 * key, value. Slots (open addressing, linear probing, at most three of four
 * in use) hold the place of a row in the pool and its hash, so that growing
 * hashes nothing again and a miss seldom touches the pool. The hash is
 * keyed: keys of tables may come from users.
 */
#include "table/rowhash.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

#include "table/siphash.h"

#define FIRST_SLOTS 64u
#define FIRST_POOL 4096u
#define POOL_CEILING (1u << 30)
/* Two lengths of 32 bits, seven bits an octet. */
#define LENGTHS_OCTETS ((size_t)10)

struct slot {
	uint32_t place;		/* in the pool; 0: empty */
	uint32_t hash;
};

struct rowhash {
	struct siphash_key key;
	struct slot *slots;
	size_t slot_count;	/* a power of two */
	size_t row_count;
	char *pool;
	size_t pool_len;	/* starts at 1: place 0 is nobody's */
	size_t pool_size;
};

struct rowhash *
rowhash_new(void)
{
	struct rowhash *rows = calloc(1, sizeof(*rows));

	if (rows == NULL)
		return NULL;
	rows->slots = calloc(FIRST_SLOTS, sizeof(*rows->slots));
	rows->pool = malloc(FIRST_POOL);
	if (rows->slots == NULL || rows->pool == NULL ||
	    getrandom(&rows->key, sizeof(rows->key), 0) !=
	    (ssize_t)sizeof(rows->key)) {
		rowhash_free(&rows);
		return NULL;
	}
	rows->slot_count = FIRST_SLOTS;
	rows->pool_size = FIRST_POOL;
	rows->pool_len = 1;
	return rows;
}

void
rowhash_free(struct rowhash **rows)
{
	if (*rows == NULL)
		return;
	free((*rows)->slots);
	free((*rows)->pool);
	free(*rows);
	*rows = NULL;
}

static size_t
put_length(char *to, size_t length)
{
	size_t n = 0;

	while (length > 0x7f) {
		to[n++] = (char)(0x80 | (length & 0x7f));
		length >>= 7;
	}
	to[n++] = (char)length;
	return n;
}

static size_t
get_length(const char **from)
{
	size_t length = 0;
	unsigned shift = 0;
	unsigned char c;

	do {
		c = (unsigned char)*(*from)++;
		length |= (size_t)(c & 0x7f) << shift;
		shift += 7;
	} while (c > 0x7f);
	return length;
}

static void
read_row(const struct rowhash *rows, uint32_t place, struct span *key_r,
    struct span *value_r)
{
	const char *p = rows->pool + place;

	key_r->len = get_length(&p);
	value_r->len = get_length(&p);
	key_r->ptr = p;
	value_r->ptr = p + key_r->len;
}

/* The slot of KEY, or the empty one where it would go. */
static struct slot *
find_slot(const struct rowhash *rows, struct span key, uint32_t hash,
    struct span *value_r)
{
	size_t mask = rows->slot_count - 1, i = hash & mask;

	for (;; i = (i + 1) & mask) {
		struct slot *slot = &rows->slots[i];
		struct span have;

		if (slot->place == 0)
			return slot;
		if (slot->hash != hash)
			continue;
		read_row(rows, slot->place, &have, value_r);
		if (span_eq(have, key))
			return slot;
	}
}

static int
grow_slots(struct rowhash *rows)
{
	size_t count = rows->slot_count * 2, mask = count - 1;
	struct slot *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return -1;
	for (size_t i = 0; i < rows->slot_count; i++) {
		size_t to = rows->slots[i].hash & mask;

		if (rows->slots[i].place == 0)
			continue;
		while (slots[to].place != 0)
			to = (to + 1) & mask;
		slots[to] = rows->slots[i];
	}
	free(rows->slots);
	rows->slots = slots;
	rows->slot_count = count;
	return 0;
}

static int
grow_pool(struct rowhash *rows, size_t more)
{
	size_t size = rows->pool_size;
	char *pool;

	if (more > POOL_CEILING - rows->pool_len)
		return -1;
	while (size < rows->pool_len + more)
		size += size / 2;
	if (size == rows->pool_size)
		return 0;
	pool = realloc(rows->pool, size);
	if (pool == NULL)
		return -1;
	rows->pool = pool;
	rows->pool_size = size;
	return 0;
}

static void
put_row(struct rowhash *rows, struct span key, struct span value)
{
	char *to = rows->pool + rows->pool_len;

	to += put_length(to, key.len);
	to += put_length(to, value.len);
	if (key.len > 0)
		memcpy(to, key.ptr, key.len);
	to += key.len;
	if (value.len > 0)
		memcpy(to, value.ptr, value.len);
	to += value.len;
	rows->pool_len = (size_t)(to - rows->pool);
}

enum rowhash_added
rowhash_add(struct rowhash *rows, struct span key, struct span value)
{
	uint32_t hash = (uint32_t)siphash(&rows->key, key);
	struct span have;
	struct slot *slot;

	if (key.len > POOL_CEILING || value.len > POOL_CEILING)
		return ROWHASH_FULL;
	if (rows->row_count >= rows->slot_count / 4 * 3 &&
	    grow_slots(rows) != 0)
		return ROWHASH_FULL;
	slot = find_slot(rows, key, hash, &have);
	if (slot->place != 0)
		return ROWHASH_DUPLICATE;
	if (grow_pool(rows, key.len + value.len + LENGTHS_OCTETS) != 0)
		return ROWHASH_FULL;
	slot->place = (uint32_t)rows->pool_len;
	slot->hash = hash;
	put_row(rows, key, value);
	rows->row_count++;
	return ROWHASH_ADDED;
}

void
rowhash_trim(struct rowhash *rows)
{
	char *pool = realloc(rows->pool, rows->pool_len);

	if (pool == NULL)
		return;
	rows->pool = pool;
	rows->pool_size = rows->pool_len;
}

bool
rowhash_find(const struct rowhash *rows, struct span key,
    struct span *value_r)
{
	uint32_t hash = (uint32_t)siphash(&rows->key, key);
	struct span value;

	if (find_slot(rows, key, hash, &value)->place == 0)
		return false;
	*value_r = value;
	return true;
}

void
rowhash_each(const struct rowhash *rows, table_row_visit *visit,
    void *context)
{
	const char *end = rows->pool + rows->pool_len;
	struct span key, value = { rows->pool + 1, 0 };

	while (value.ptr + value.len < end) {
		read_row(rows, (uint32_t)(value.ptr + value.len -
		    rows->pool), &key, &value);
		visit(context, key, value);
	}
}

size_t
rowhash_count(const struct rowhash *rows)
{
	return rows->row_count;
}

size_t
rowhash_memory(const struct rowhash *rows)
{
	return sizeof(*rows) + rows->pool_size +
	    rows->slot_count * sizeof(*rows->slots);
}
