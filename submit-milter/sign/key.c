/*
 * key.c - see key.h.
 */
#include "sign/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/ascii.h"
#include "sign/keyfile.h"
#include "sign/keytext.h"

#define RSA_BITS_LEAST 1024	/* RFC 8301 section 3.2 */

bool
key_is_name(const char *name)
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

void
key_free(struct signing_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key->domain);
	free(key->selector);
	free(key);
}

struct signing_key *
key_new(const char *domain, const char *selector)
{
	struct signing_key *key = calloc(1, sizeof(*key));

	if (key == NULL)
		return NULL;
	key->schedule = SCHEDULE_ALWAYS;
	key->domain = strdup(domain);
	key->selector = strdup(selector);
	if (key->domain == NULL || key->selector == NULL) {
		key_free(key);
		return NULL;
	}
	return key;
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

struct signing_key *
key_copy(const struct signing_key *key)
{
	struct signing_key *copy = key_new(key->domain, key->selector);

	if (copy == NULL)
		return NULL;
	copy->algorithm = key->algorithm;
	copy->bits = key->bits;
	copy->schedule = key->schedule;
	if (key->pkey != NULL && EVP_PKEY_up_ref(key->pkey) == 1)
		copy->pkey = key->pkey;
	if (copy->pkey != key->pkey) {
		key_free(copy);
		return NULL;
	}
	return copy;
}

struct signing_key *
key_read(const char *domain, const char *selector, const char *file,
    const struct key_limits *limits, char **error_r)
{
	struct signing_key *key;
	char *octets = NULL;
	size_t size = 0;
	int status;

	*error_r = NULL;
	if (keyfile_read(file, &limits->owner, &octets, &size, error_r) != 0)
		return NULL;
	key = key_new(domain, selector);
	status = key == NULL ? -1 :
	    parse(key, file, octets, size, error_r);
	keyfile_wipe(&octets, size);
	if (status == 0)
		status = judge(key, file, limits->minimum_rsa_bits, error_r);
	if (status == 0)
		return key;
	key_free(key);
	if (*error_r == NULL)
		(void)keyfile_fail(error_r, file, "%s", strerror(ENOMEM));
	return NULL;
}
