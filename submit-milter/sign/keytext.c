/*
 * keytext.c - see keytext.h.
 *
 * OpenSSL's PEM reader leaves the last line of base64 in memory that it has
 * freed, and its decoder a copy of an Ed25519 key. So the two usual kinds of
 * text are taken apart here; any other goes the usual way.
 */
#include "sign/keytext.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* Octets of base64 at the front of BASE64 without blanks; returns how many. */
static size_t
copy_base64(const char *from, const char *to, unsigned char *base64)
{
	size_t n = 0;

	for (; from < to; from++)
		if (*from != '\n' && *from != '\r' && *from != ' ')
			base64[n++] = (unsigned char)*from;
	return n;
}

/* PKCS#8 of RFC 8410 section 7: this prefix, then the key's 32 octets. */
static EVP_PKEY *
parse_ed25519(const unsigned char *der, size_t len)
{
	static const unsigned char prefix[] = { 0x30, 0x2e, 0x02, 0x01, 0x00,
		0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
		0x20 };

	if (len != sizeof(prefix) + 32 ||
	    memcmp(der, prefix, sizeof(prefix)) != 0)
		return NULL;
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
	    der + sizeof(prefix), 32);
}

static EVP_PKEY *
parse_base64(const char *from, const char *to)
{
	size_t room = (size_t)(to - from) + 4, n;
	/* First the base64, behind it what it stands for. */
	unsigned char *base64 = OPENSSL_zalloc(2 * room), *der;
	const unsigned char *p;
	EVP_PKEY *pkey = NULL;
	int len;

	if (base64 == NULL)
		return NULL;
	p = der = base64 + room;
	n = copy_base64(from, to, base64);
	len = EVP_DecodeBlock(der, base64, (int)n);
	/* Padding comes out as NUL. */
	for (; n > 0 && len > 0 && base64[n - 1] == '='; n--)
		len--;
	if (len > 0)
		pkey = parse_ed25519(der, (size_t)len);
	if (len > 0 && pkey == NULL)
		pkey = d2i_AutoPrivateKey(NULL, &p, len);
	OPENSSL_clear_free(base64, 2 * room);
	return pkey;
}

/* Nobody is there to answer. */
static int
no_passphrase(char *buffer, int size, int is_written, void *was_asked)
{
	(void)buffer;
	(void)size;
	(void)is_written;
	*(bool *)was_asked = true;
	return -1;
}

static EVP_PKEY *
parse_any(const char *text, size_t size, bool *is_encrypted_r)
{
	BIO *bio = BIO_new_mem_buf(text, (int)size);
	EVP_PKEY *pkey = NULL;

	if (bio != NULL)
		pkey = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase,
		    is_encrypted_r, NULL, NULL);
	BIO_free(bio);
	return pkey;
}

EVP_PKEY *
keytext_parse(const char *text, size_t size, bool *is_encrypted_r)
{
	static const char *const kinds[][2] = {
		{ "-----BEGIN PRIVATE KEY-----\n",
		    "\n-----END PRIVATE KEY-----" },
		{ "-----BEGIN RSA PRIVATE KEY-----\n",
		    "\n-----END RSA PRIVATE KEY-----" },
	};
	EVP_PKEY *pkey = NULL;

	*is_encrypted_r = false;
	for (size_t i = 0; i < 2 && pkey == NULL; i++) {
		const char *from = strstr(text, kinds[i][0]);
		const char *to;

		if (from == NULL)
			continue;
		from += strlen(kinds[i][0]);
		to = strstr(from, kinds[i][1]);
		if (to != NULL)
			pkey = parse_base64(from, to);
	}
	return pkey != NULL ? pkey : parse_any(text, size, is_encrypted_r);
}
