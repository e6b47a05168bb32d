/*
 * pack.c - see pack.h.
 *
 * Packed: [ nonce (12) ] deflate stream [ tag (16) ].
 */
#include "audit/pack.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <zlib.h>

#define NONCE_SIZE 12u
#define TAG_SIZE 16u
#define PIECE 16384u
#define LEVEL 3			/* 12 us for 1.7 kB; 6 gains nothing */
#define WINDOW 12		/* 4 kB: sample and line fit */
#define MEMORY 5

/*
 * What a common record looks like. Part of the format of the store: it may
 * only change with FORMAT of partition.c.
 */
static const char sample[] =
#include "audit/pack_sample.def"
    ;

struct pack {
	z_stream deflate;		/* that has read the sample */
	z_stream inflate;
	bool can_deflate, can_inflate;
	EVP_CIPHER_CTX *cipher;		/* NULL: not sealed */
	uint8_t key[32];
	struct sbuf scratch;
};

struct pack *
pack_new(const struct vault_key *key, struct span salt)
{
	struct pack *pack = calloc(1, sizeof(*pack));

	if (pack == NULL)
		return NULL;
	sbuf_init(&pack->scratch, NULL, PACK_LINE_MOST + PIECE);
	pack->can_deflate = deflateInit2(&pack->deflate, LEVEL, Z_DEFLATED,
	    -WINDOW, MEMORY, Z_DEFAULT_STRATEGY) == Z_OK;
	pack->can_inflate = inflateInit2(&pack->inflate, -WINDOW) == Z_OK;
	if (key != NULL)
		pack->cipher = EVP_CIPHER_CTX_new();
	if (!pack->can_deflate || !pack->can_inflate ||
	    deflateSetDictionary(&pack->deflate, (const Bytef *)sample,
	    sizeof(sample) - 1) != Z_OK || (key != NULL &&
	    (pack->cipher == NULL || vault_derive(key, salt, "records",
	    pack->key, sizeof(pack->key)) != 0)))
		pack_free(&pack);
	return pack;
}

void
pack_free(struct pack **pack)
{
	struct pack *p = *pack;

	if (p == NULL)
		return;
	if (p->can_deflate)
		(void)deflateEnd(&p->deflate);
	if (p->can_inflate)
		(void)inflateEnd(&p->inflate);
	EVP_CIPHER_CTX_free(p->cipher);
	sbuf_free(&p->scratch);
	explicit_bzero(p, sizeof(*p));
	free(p);
	*pack = NULL;
}

/* --- small ---------------------------------------------------------------- */

static int
compress_line(struct pack *pack, struct span line, struct sbuf *out)
{
	z_stream z;
	Bytef piece[PIECE];
	int rc;

	/* Quicker than to read the sample again. */
	if (deflateCopy(&z, &pack->deflate) != Z_OK)
		return -1;
	z.next_in = (Bytef *)(uintptr_t)line.ptr;
	z.avail_in = (uInt)line.len;
	do {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		rc = deflate(&z, Z_FINISH);
		sbuf_add(out, (struct span){ (const char *)piece,
		    sizeof(piece) - z.avail_out });
	} while (rc == Z_OK);
	(void)deflateEnd(&z);
	return rc == Z_STREAM_END && !out->is_failed ? 0 : -1;
}

static int
expand(struct pack *pack, struct span packed, struct sbuf *out)
{
	z_stream *z = &pack->inflate;
	Bytef piece[PIECE];
	int rc;

	if (inflateReset(z) != Z_OK || inflateSetDictionary(z,
	    (const Bytef *)sample, sizeof(sample) - 1) != Z_OK)
		return -1;
	z->next_in = (Bytef *)(uintptr_t)packed.ptr;
	z->avail_in = (uInt)packed.len;
	do {
		z->next_out = piece;
		z->avail_out = sizeof(piece);
		rc = inflate(z, Z_NO_FLUSH);
		sbuf_add(out, (struct span){ (const char *)piece,
		    sizeof(piece) - z->avail_out });
	} while (rc == Z_OK && !out->is_failed);
	return rc == Z_STREAM_END && z->avail_in == 0 && !out->is_failed ?
	    0 : -1;
}

/* --- sealed --------------------------------------------------------------- */

/* The number that is sealed with a record. */
static void
put_number(int64_t n, uint8_t number_r[8])
{
	for (int i = 0; i < 8; i++)
		number_r[i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
}

static int
seal(struct pack *pack, struct span text, int64_t n, struct sbuf *out)
{
	uint8_t nonce[NONCE_SIZE], tag[TAG_SIZE], name[8], piece[PIECE];
	int len;

	put_number(n, name);
	if (RAND_bytes(nonce, sizeof(nonce)) != 1 ||
	    EVP_EncryptInit_ex2(pack->cipher, EVP_aes_256_gcm(), pack->key,
	    nonce, NULL) != 1 ||
	    EVP_EncryptUpdate(pack->cipher, NULL, &len, name, 8) != 1)
		return -1;
	sbuf_add(out, (struct span){ (const char *)nonce, sizeof(nonce) });
	while (text.len > 0) {
		size_t size = text.len < PIECE ? text.len : PIECE;

		if (EVP_EncryptUpdate(pack->cipher, piece, &len,
		    (const uint8_t *)text.ptr, (int)size) != 1)
			return -1;
		sbuf_add(out, (struct span){ (const char *)piece,
		    (size_t)len });
		text = span_slice(text, size, text.len);
	}
	if (EVP_EncryptFinal_ex(pack->cipher, piece, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(pack->cipher, EVP_CTRL_AEAD_GET_TAG,
	    TAG_SIZE, tag) != 1)
		return -1;
	sbuf_add(out, (struct span){ (const char *)tag, sizeof(tag) });
	return out->is_failed ? -1 : 0;
}

static int
unseal(struct pack *pack, struct span sealed, int64_t n, struct sbuf *out)
{
	uint8_t tag[TAG_SIZE], name[8], piece[PIECE];
	struct span text;
	int len;

	if (sealed.len < NONCE_SIZE + TAG_SIZE)
		return -1;
	put_number(n, name);
	memcpy(tag, sealed.ptr + sealed.len - TAG_SIZE, TAG_SIZE);
	text = span_slice(sealed, NONCE_SIZE, sealed.len - TAG_SIZE);
	if (EVP_DecryptInit_ex2(pack->cipher, EVP_aes_256_gcm(), pack->key,
	    (const uint8_t *)sealed.ptr, NULL) != 1 ||
	    EVP_DecryptUpdate(pack->cipher, NULL, &len, name, 8) != 1)
		return -1;
	while (text.len > 0) {
		size_t size = text.len < PIECE ? text.len : PIECE;

		if (EVP_DecryptUpdate(pack->cipher, piece, &len,
		    (const uint8_t *)text.ptr, (int)size) != 1)
			return -1;
		sbuf_add(out, (struct span){ (const char *)piece,
		    (size_t)len });
		text = span_slice(text, size, text.len);
	}
	return EVP_CIPHER_CTX_ctrl(pack->cipher, EVP_CTRL_AEAD_SET_TAG,
	    TAG_SIZE, tag) == 1 &&
	    EVP_DecryptFinal_ex(pack->cipher, piece, &len) == 1 &&
	    !out->is_failed ? 0 : -1;
}

/* --- both ----------------------------------------------------------------- */

int
pack_line(struct pack *pack, struct span line, int64_t n, struct sbuf *out)
{
	struct span small;

	if (line.len > PACK_LINE_MOST)
		return -1;
	if (pack->cipher == NULL)
		return compress_line(pack, line, out);
	sbuf_clear(&pack->scratch);
	if (compress_line(pack, line, &pack->scratch) != 0 ||
	    sbuf_done(&pack->scratch, &small) != 0)
		return -1;
	return seal(pack, small, n, out);
}

int
pack_open(struct pack *pack, struct span packed, int64_t n, struct sbuf *out)
{
	struct span small;

	if (pack->cipher == NULL)
		return expand(pack, packed, out);
	sbuf_clear(&pack->scratch);
	if (unseal(pack, packed, n, &pack->scratch) != 0 ||
	    sbuf_done(&pack->scratch, &small) != 0)
		return -1;
	return expand(pack, small, out);
}
