/*
 * keyring.c - see keyring.h. A hash table of domains, each with its keys in
 * the order in which they were added.
 */
#include "sign/keyring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sign/key.h"
#include "sign/keyfile.h"

#define FIRST_SLOTS 16u		/* a power of two */

struct domain_keys {
	const char *domain;	/* of its first key, or its rule's name */
	struct signing_key **v;
	size_t n;
	const struct key_rule *rule;	/* or NULL */
};

struct keyring {
	struct domain_keys *slots;	/* domain NULL: free */
	size_t slot_count;		/* a power of two */
	size_t domains;
	size_t keys;
	bool is_nominal;
};

struct keyring *
keyring_new(void)
{
	struct keyring *keyring = calloc(1, sizeof(*keyring));

	if (keyring == NULL)
		return NULL;
	keyring->slots = calloc(FIRST_SLOTS, sizeof(*keyring->slots));
	if (keyring->slots == NULL) {
		free(keyring);
		return NULL;
	}
	keyring->slot_count = FIRST_SLOTS;
	return keyring;
}

void
keyring_free(struct keyring **keyring)
{
	if (*keyring == NULL)
		return;
	for (size_t i = 0; i < (*keyring)->slot_count; i++) {
		struct domain_keys *slot = &(*keyring)->slots[i];

		for (size_t j = 0; j < slot->n; j++)
			key_free(slot->v[j]);
		free(slot->v);
	}
	free((*keyring)->slots);
	free(*keyring);
	*keyring = NULL;
}

/* FNV-1a; the names are the operator's own, so nobody makes them collide. */
static size_t
hash(struct span s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.ptr[i]) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32);
}

/* The slot of DOMAIN, or the free one where it belongs. */
static struct domain_keys *
find_slot(struct domain_keys *slots, size_t count, struct span domain)
{
	size_t i = hash(domain) & (count - 1);

	while (slots[i].domain != NULL &&
	    !span_eq(span_of(slots[i].domain), domain))
		i = (i + 1) & (count - 1);
	return &slots[i];
}

/* At most half of the slots are taken. */
static int
make_room(struct keyring *keyring)
{
	size_t count = keyring->slot_count * 2;
	struct domain_keys *slots;

	if (keyring->domains < keyring->slot_count / 2)
		return 0;
	slots = calloc(count, sizeof(*slots));
	if (slots == NULL)
		return -1;
	for (size_t i = 0; i < keyring->slot_count; i++) {
		const struct domain_keys *slot = &keyring->slots[i];

		if (slot->domain != NULL)
			*find_slot(slots, count, span_of(slot->domain)) =
			    *slot;
	}
	free(keyring->slots);
	keyring->slots = slots;
	keyring->slot_count = count;
	return 0;
}

/* Takes KEY over; -1 when there is no memory. */
static int
store(struct keyring *keyring, struct signing_key *key)
{
	struct domain_keys *slot;
	struct signing_key **v;

	if (make_room(keyring) != 0)
		return -1;
	slot = find_slot(keyring->slots, keyring->slot_count,
	    span_of(key->domain));
	v = realloc(slot->v, (slot->n + 1) * sizeof(*v));
	if (v == NULL)
		return -1;
	slot->v = v;
	if (slot->domain == NULL) {
		slot->domain = key->domain;
		keyring->domains++;
	}
	slot->v[slot->n++] = key;
	keyring->keys++;
	return 0;
}

static bool
has_selector(const struct keyring *keyring, const char *domain,
    const char *selector)
{
	struct key_list list = keyring_find(keyring, span_of(domain));

	for (size_t i = 0; i < list.n; i++)
		if (span_eq_nocase(span_of(list.v[i]->selector),
		    span_of(selector)))
			return true;
	return false;
}

static int
check_names(const struct keyring *keyring, const char *domain,
    const char *selector, const char *file, char **error_r)
{
	if (strcmp(domain, "*") != 0 &&
	    !key_is_name(domain + (domain[0] == '.' ? 1 : 0)))
		return keyfile_fail(error_r, file, "\"%s\" is no domain",
		    domain);
	if (!key_is_name(selector))
		return keyfile_fail(error_r, file, "\"%s\" is no selector",
		    selector);
	if (has_selector(keyring, domain, selector))
		return keyfile_fail(error_r, file,
		    "a second key for selector %s of %s", selector, domain);
	return 0;
}

int
keyring_add(struct keyring *keyring, const char *domain,
    const char *selector, const char *file, int minimum_rsa_bits,
    const struct key_owner *owner, char **error_r)
{
	const struct key_limits limits = { minimum_rsa_bits, *owner };
	struct signing_key *key;

	*error_r = NULL;
	if (check_names(keyring, domain, selector, file, error_r) != 0)
		return -1;
	key = key_read(domain, selector, file, &limits, error_r);
	if (key != NULL && store(keyring, key) == 0)
		return 0;
	key_free(key);
	if (*error_r == NULL)
		(void)keyfile_fail(error_r, file, "%s", strerror(ENOMEM));
	return -1;
}

void
keyring_set_schedule(struct keyring *keyring, const char *domain,
    const char *selector, const struct schedule *schedule)
{
	struct domain_keys *slot = find_slot(keyring->slots,
	    keyring->slot_count, span_of(domain));

	for (size_t i = 0; i < slot->n; i++)
		if (strcmp(slot->v[i]->selector, selector) == 0)
			slot->v[i]->schedule = *schedule;
}

int
keyring_set_rule(struct keyring *keyring, const struct key_rule *rule)
{
	struct domain_keys *slot;

	if (make_room(keyring) != 0)
		return -1;
	slot = find_slot(keyring->slots, keyring->slot_count,
	    span_of(rule->name));
	if (slot->domain == NULL) {
		slot->domain = rule->name;
		keyring->domains++;
	}
	slot->rule = rule;
	return 0;
}

const struct key_rule *
keyring_rule(const struct keyring *keyring, struct span domain)
{
	return find_slot(keyring->slots, keyring->slot_count, domain)->rule;
}

void
keyring_set_nominal(struct keyring *keyring)
{
	keyring->is_nominal = true;
}

void
keyring_each(const struct keyring *keyring, keyring_visit *visit,
    void *context)
{
	for (size_t i = 0; i < keyring->slot_count; i++)
		for (size_t k = 0; k < keyring->slots[i].n; k++)
			visit(context, keyring->slots[i].v[k]);
}

int
keyring_add_name(struct keyring *keyring, const char *domain,
    const char *selector)
{
	struct signing_key *key = key_new(domain, selector);

	keyring_set_nominal(keyring);
	if (key == NULL || store(keyring, key) != 0) {
		key_free(key);
		return -1;
	}
	return 0;
}

bool
keyring_is_nominal(const struct keyring *keyring)
{
	return keyring->is_nominal;
}

struct key_list
keyring_find(const struct keyring *keyring, struct span domain)
{
	const struct domain_keys *slot = find_slot(keyring->slots,
	    keyring->slot_count, domain);

	return (struct key_list){
		.v = (const struct signing_key *const *)slot->v,
		.n = slot->n,
	};
}

size_t
keyring_size(const struct keyring *keyring)
{
	return keyring->keys;
}

const char *
signing_key_domain(const struct signing_key *key)
{
	return key->domain;
}

const char *
signing_key_selector(const struct signing_key *key)
{
	return key->selector;
}

enum key_algorithm
signing_key_algorithm(const struct signing_key *key)
{
	return key->algorithm;
}

const char *
key_algorithm_name(enum key_algorithm algorithm)
{
	return algorithm == KEY_RSA_SHA256 ? "rsa-sha256" :
	    "ed25519-sha256";
}

const char *
signing_key_algorithm_name(const struct signing_key *key)
{
	return key_algorithm_name(key->algorithm);
}

const struct schedule *
signing_key_schedule(const struct signing_key *key)
{
	return &key->schedule;
}

int
signing_key_bits(const struct signing_key *key)
{
	return key->bits;
}
