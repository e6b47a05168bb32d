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

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/ascii.h"
#include "sign/key.h"
#include "sign/keyfile.h"
#include "sign/keytext.h"

#define FIRST_SLOTS 16u		/* a power of two */
#define RSA_BITS_LEAST 1024	/* RFC 8301 section 3.2 */

struct domain_keys {
	const char *domain;	/* of its first key */
	struct signing_key **v;
	size_t n;
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

/* EVP_PKEY_free() wipes the private parts. */
static void
key_free(struct signing_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key->domain);
	free(key->selector);
	free(key);
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

/*
 * Labels of letters, digits, "-" and "_", joined by dots: nothing that
 * would end a tag of the signature or a name in the DNS.
 */
static bool
is_dns_name(const char *name)
{
	size_t label = 0, whole = strlen(name);

	for (const char *p = name; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		bool is_dot = c == '.';

		if (is_dot ? label == 0 : label == 63 ||
		    (!ascii_is_alnum(c) && c != '-' && c != '_'))
			return false;
		label = is_dot ? 0 : label + 1;
	}
	return label > 0 && whole <= 253;
}

static int
parse(struct signing_key *key, const char *file, const char *text,
    size_t size, char **error_r)
{
	bool is_encrypted = false;

	key->pkey = keytext_parse(text, size, &is_encrypted);
	ERR_clear_error();
	if (key->pkey != NULL)
		return 0;
	if (is_encrypted)
		return keyfile_fail(error_r, file, "encrypted: store it "
		    "without a passphrase (openssl pkey -in %s)", file);
	return keyfile_fail(error_r, file,
	    "there is no private key in PEM form in it");
}

/* Does the private half fit the public one? A damaged file may still parse. */
static bool
fits_itself(EVP_PKEY *pkey, enum key_algorithm algorithm)
{
	const EVP_MD *md = algorithm == KEY_RSA_SHA256 ? EVP_sha256() : NULL;
	static const unsigned char text[] = "submit-milter";
	unsigned char value[2048];	/* 16384 bits */
	size_t size = sizeof(value);
	EVP_MD_CTX *sign = EVP_MD_CTX_new(), *check = EVP_MD_CTX_new();
	bool is_good = sign != NULL && check != NULL &&
	    EVP_DigestSignInit(sign, NULL, md, NULL, pkey) == 1 &&
	    EVP_DigestSign(sign, value, &size, text, sizeof(text)) == 1 &&
	    EVP_DigestVerifyInit(check, NULL, md, NULL, pkey) == 1 &&
	    EVP_DigestVerify(check, value, size, text, sizeof(text)) == 1;

	EVP_MD_CTX_free(sign);
	EVP_MD_CTX_free(check);
	ERR_clear_error();
	return is_good;
}

/* Is it a key that may sign? Fills in the rest of KEY. */
static int
judge(struct signing_key *key, const char *file, int minimum_rsa_bits,
    char **error_r)
{
	int least = minimum_rsa_bits > RSA_BITS_LEAST ? minimum_rsa_bits :
	    RSA_BITS_LEAST;

	if (EVP_PKEY_is_a(key->pkey, "ED25519")) {
		key->algorithm = KEY_ED25519_SHA256;
		key->bits = 256;
	} else if (EVP_PKEY_is_a(key->pkey, "RSA")) {
		key->algorithm = KEY_RSA_SHA256;
		key->bits = EVP_PKEY_get_bits(key->pkey);
		if (key->bits < least)
			return keyfile_fail(error_r, file,
			    "an RSA key of %d bits: at least %d are needed",
			    key->bits, least);
	} else {
		return keyfile_fail(error_r, file,
		    "a key of type %s: DKIM knows RSA and Ed25519",
		    EVP_PKEY_get0_type_name(key->pkey));
	}
	if (!fits_itself(key->pkey, key->algorithm))
		return keyfile_fail(error_r, file, "damaged: its private "
		    "and its public half do not fit each other");
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
	if (!is_dns_name(domain))
		return keyfile_fail(error_r, file, "\"%s\" is no domain",
		    domain);
	if (!is_dns_name(selector))
		return keyfile_fail(error_r, file, "\"%s\" is no selector",
		    selector);
	if (has_selector(keyring, domain, selector))
		return keyfile_fail(error_r, file,
		    "a second key for selector %s of %s", selector, domain);
	return 0;
}

static struct signing_key *
key_new(const char *domain, const char *selector)
{
	struct signing_key *key = calloc(1, sizeof(*key));

	if (key == NULL)
		return NULL;
	key->domain = strdup(domain);
	key->selector = strdup(selector);
	if (key->domain == NULL || key->selector == NULL) {
		key_free(key);
		return NULL;
	}
	return key;
}

int
keyring_add(struct keyring *keyring, const char *domain,
    const char *selector, const char *file, int minimum_rsa_bits,
    const struct key_owner *owner, char **error_r)
{
	struct signing_key *key;
	char *octets = NULL;
	size_t size = 0;
	int status;

	*error_r = NULL;
	if (check_names(keyring, domain, selector, file, error_r) != 0)
		return -1;
	if (keyfile_read(file, owner, &octets, &size, error_r) != 0)
		return -1;
	key = key_new(domain, selector);
	status = key == NULL ? -1 :
	    parse(key, file, octets, size, error_r);
	keyfile_wipe(&octets, size);
	if (status == 0)
		status = judge(key, file, minimum_rsa_bits, error_r);
	if (status == 0)
		status = store(keyring, key);
	if (status == 0)
		return 0;
	key_free(key);
	if (*error_r == NULL)
		(void)keyfile_fail(error_r, file, "%s", strerror(ENOMEM));
	return -1;
}

int
keyring_add_name(struct keyring *keyring, const char *domain,
    const char *selector)
{
	struct signing_key *key = key_new(domain, selector);

	keyring->is_nominal = true;
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
signing_key_algorithm_name(const struct signing_key *key)
{
	return key->algorithm == KEY_RSA_SHA256 ? "rsa-sha256" :
	    "ed25519-sha256";
}

int
signing_key_bits(const struct signing_key *key)
{
	return key->bits;
}
