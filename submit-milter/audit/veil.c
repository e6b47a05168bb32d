/*
 * veil.c - see veil.h.
 */
#include "audit/veil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/ascii.h"

#define KEY_SIZE 32
#define DIGEST_SHOWN 16

struct veil_key {
	uint8_t octets[KEY_SIZE];
	uint8_t tag[VAULT_TAG_SIZE];
};

struct veil {
	size_t n;
	struct veil_key v[];
};

struct veil *
veil_new(const struct vault *vault)
{
	size_t n = vault_count(vault);
	struct veil *veil = calloc(1, sizeof(*veil) + n * sizeof(veil->v[0]));

	if (veil == NULL)
		return NULL;
	veil->n = n;
	for (size_t i = 0; i < n; i++) {
		const struct vault_key *key = vault_key(vault, i);

		memcpy(veil->v[i].tag, key->tag, VAULT_TAG_SIZE);
		if (vault_derive(key, SPAN("submit-milter"), "recipients",
		    veil->v[i].octets, KEY_SIZE) != 0)
			veil_free(&veil);
		if (veil == NULL)
			return NULL;
	}
	return veil;
}

void
veil_free(struct veil **veil)
{
	struct veil *v = *veil;

	*veil = NULL;
	if (v == NULL)
		return;
	explicit_bzero(v->v, v->n * sizeof(v->v[0]));
	free(v);
}

size_t
veil_count(const struct veil *veil)
{
	return veil->n;
}

/* Of the address in lower case, piece by piece. */
static int
digest_address(EVP_MAC_CTX *context, struct span address, uint8_t *digest_r)
{
	size_t len = 0;
	char lower[64];

	while (address.len > 0) {
		size_t n = address.len < sizeof(lower) ? address.len :
		    sizeof(lower);

		for (size_t i = 0; i < n; i++)
			lower[i] = (char)ascii_lower(
			    (unsigned char)address.ptr[i]);
		if (EVP_MAC_update(context, (const unsigned char *)lower,
		    n) != 1)
			return -1;
		address = span_slice(address, n, address.len);
	}
	return EVP_MAC_final(context, digest_r, &len, 32) == 1 && len == 32 ?
	    0 : -1;
}

static int
digest(const struct veil_key *key, struct span address, uint8_t *digest_r)
{
	char sha256[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
		    sha256, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
	int status = -1;

	if (context != NULL && EVP_MAC_init(context, key->octets, KEY_SIZE,
	    params) == 1)
		status = digest_address(context, address, digest_r);
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(mac);
	return status;
}

static char *
put_hex(char *to, const uint8_t *octets, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*to++ = digits[octets[i] >> 4];
		*to++ = digits[octets[i] & 15];
	}
	return to;
}

int
veil_address(const struct veil *veil, size_t key, struct span address,
    char hash_r[VEIL_SIZE])
{
	static const char prefix[] = "hash:";
	uint8_t octets[32];
	char *end = hash_r + sizeof(prefix) - 1;

	if (digest(&veil->v[key], address, octets) != 0)
		return -1;
	memcpy(hash_r, prefix, sizeof(prefix) - 1);
	end = put_hex(end, veil->v[key].tag, VAULT_TAG_SIZE);
	*end++ = ':';
	end = put_hex(end, octets, DIGEST_SHOWN);
	*end = '\0';
	return 0;
}
