/*
 * vault.c - see vault.h.
 */
#include "audit/vault.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/ascii.h"
#include "sign/keyfile.h"

#define KEYS_MOST 64u
#define HEX_DIGITS 64u

struct vault {
	size_t n;
	struct vault_key v[KEYS_MOST];
};

static int
hex_digit(char c)
{
	unsigned char o = (unsigned char)c;

	if (ascii_is_digit(o))
		return o - '0';
	o |= 0x20;
	return o >= 'a' && o <= 'f' ? o - 'a' + 10 : -1;
}

/* NULL, or what is wrong with the line. */
static const char *
add_key(struct vault *vault, struct span line)
{
	struct vault_key *key = &vault->v[vault->n];

	if (vault->n == KEYS_MOST)
		return "more than 64 keys";
	if (line.len != HEX_DIGITS)
		return "a key of 64 hexadecimal digits is needed";
	for (size_t i = 0; i < HEX_DIGITS; i++) {
		int digit = hex_digit(line.ptr[i]);

		if (digit < 0)
			return "a key of 64 hexadecimal digits is needed";
		key->octets[i / 2] = (uint8_t)(key->octets[i / 2] << 4 |
		    digit);
	}
	if (vault_derive(key, SPAN(""), "tag", key->tag,
	    sizeof(key->tag)) != 0)
		return "libcrypto has no HKDF";
	if (vault_find(vault, key->tag) != NULL)
		return "the same key again";
	vault->n++;
	return NULL;
}

static int
add_lines(struct vault *vault, const char *file, struct span rest,
    char **error_r)
{
	for (unsigned number = 1; rest.len > 0; number++) {
		size_t n = span_find(rest, '\n');
		struct span line = span_trim(span_slice(rest, 0, n));
		const char *why = NULL;

		if (line.len > 0 && line.ptr[0] != '#')
			why = add_key(vault, line);
		if (why != NULL)
			return keyfile_fail(error_r, file, "line %u: %s",
			    number, why);
		rest = span_slice(rest, n < rest.len ? n + 1 : n, rest.len);
	}
	return vault->n > 0 ? 0 : keyfile_fail(error_r, file,
	    "there is no key in it");
}

struct vault *
vault_read(const char *file, const struct key_owner *owner, char **error_r)
{
	struct vault *vault;
	char *octets;
	size_t size;

	*error_r = NULL;
	if (keyfile_read(file, owner, &octets, &size, error_r) != 0)
		return NULL;
	vault = calloc(1, sizeof(*vault));
	if (vault != NULL && add_lines(vault, file,
	    (struct span){ octets, size }, error_r) != 0)
		vault_free(&vault);
	keyfile_wipe(&octets, size);
	return vault;
}

void
vault_free(struct vault **vault)
{
	if (*vault == NULL)
		return;
	explicit_bzero(*vault, sizeof(**vault));
	free(*vault);
	*vault = NULL;
}

const struct vault_key *
vault_current(const struct vault *vault)
{
	return &vault->v[0];
}

size_t
vault_count(const struct vault *vault)
{
	return vault->n;
}

const struct vault_key *
vault_key(const struct vault *vault, size_t index)
{
	return &vault->v[index];
}

const struct vault_key *
vault_find(const struct vault *vault, const uint8_t tag[VAULT_TAG_SIZE])
{
	for (size_t i = 0; i < vault->n; i++)
		if (memcmp(vault->v[i].tag, tag, VAULT_TAG_SIZE) == 0)
			return &vault->v[i];
	return NULL;
}

int
vault_derive(const struct vault_key *key, struct span salt,
    const char *purpose, uint8_t *key_r, size_t len)
{
	static const uint8_t none[32];
	char digest[] = "SHA256";
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
		    digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
		    (void *)(uintptr_t)(key == NULL ? none : key->octets),
		    sizeof(none)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
		    (void *)(uintptr_t)salt.ptr, salt.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
		    (void *)(uintptr_t)purpose, strlen(purpose)),
		OSSL_PARAM_construct_end(),
	};
	int status = context != NULL && EVP_KDF_derive(context, key_r, len,
	    params) == 1 ? 0 : -1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return status;
}
