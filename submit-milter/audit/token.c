/*
 * token.c - see token.h.
 *
 * token = base64url( tag-of-key (4) SIV (16) ciphertext (96) ), RFC 4648
 * section 5, without padding; what is sealed is the name of the transaction
 * (16), the length of the identity (1; 255: it was cut) and the identity,
 * filled up with NUL (79).
 */
#include "audit/token.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/ascii.h"

#define PLAIN_SIZE (UID_OCTETS + 1 + TOKEN_NAME_MOST)
#define SIV_SIZE 16u
#define RAW_SIZE (VAULT_TAG_SIZE + SIV_SIZE + PLAIN_SIZE)
#define TEXT_SIZE ((RAW_SIZE * 4 + 2) / 3)
#define KEY_SIZE 64u
#define IS_CUT 255

struct token_key {
	uint8_t tag[VAULT_TAG_SIZE];
	uint8_t key[KEY_SIZE];
};

struct token_maker {
	EVP_CIPHER *cipher;
	size_t n;
	struct token_key v[];	/* the current one first */
};

struct token_maker *
token_maker_new(const struct vault *vault)
{
	size_t n = vault_count(vault);
	struct token_maker *maker = calloc(1, sizeof(*maker) +
	    n * sizeof(maker->v[0]));

	if (maker == NULL)
		return NULL;
	maker->cipher = EVP_CIPHER_fetch(NULL, "AES-256-SIV", NULL);
	if (maker->cipher == NULL)
		token_maker_free(&maker);
	for (size_t i = 0; maker != NULL && i < n; i++) {
		const struct vault_key *key = vault_key(vault, i);

		memcpy(maker->v[i].tag, key->tag, VAULT_TAG_SIZE);
		maker->n++;
		if (vault_derive(key, SPAN(""), "trace token",
		    maker->v[i].key, KEY_SIZE) != 0)
			token_maker_free(&maker);
	}
	return maker;
}

void
token_maker_free(struct token_maker **maker)
{
	if (*maker == NULL)
		return;
	EVP_CIPHER_free((*maker)->cipher);
	explicit_bzero((*maker)->v, (*maker)->n * sizeof((*maker)->v[0]));
	free(*maker);
	*maker = NULL;
}

/* --- base64url ------------------------------------------------------------ */

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
encode(const uint8_t raw[RAW_SIZE], char text_r[TEXT_SIZE])
{
	unsigned bits = 0, have = 0;
	size_t n = 0;

	for (size_t i = 0; i < RAW_SIZE; i++) {
		bits = (bits << 8 | raw[i]) & 0xffffu;
		have += 8;
		while (have >= 6) {
			have -= 6;
			text_r[n++] = alphabet[bits >> have & 63];
		}
	}
	if (have > 0)
		text_r[n] = alphabet[bits << (6 - have) & 63];
}

/* False when TEXT is nothing that encode() gives. */
static bool
decode(struct span text, uint8_t raw_r[RAW_SIZE])
{
	unsigned bits = 0, have = 0;
	size_t n = 0, digits = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		const char *p;

		if (c == '\r' || c == '\n' || ascii_is_wsp((unsigned char)c))
			continue;
		p = c == '\0' ? NULL : strchr(alphabet, c);
		if (p == NULL || digits++ == TEXT_SIZE)
			return false;
		bits = (bits << 6 | (unsigned)(p - alphabet)) & 0xffffu;
		have += 6;
		if (have >= 8) {
			have -= 8;
			raw_r[n++] = (uint8_t)(bits >> have);
		}
	}
	return digits == TEXT_SIZE;
}

/* --- sealing -------------------------------------------------------------- */

static int
seal(const struct token_maker *maker, const struct token_key *key,
    const uint8_t plain[PLAIN_SIZE], uint8_t *siv_r, uint8_t *cipher_r)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int len, status = -1;

	if (context != NULL && EVP_EncryptInit_ex2(context, maker->cipher,
	    key->key, NULL, NULL) == 1 &&
	    EVP_EncryptUpdate(context, NULL, &len, key->tag,
	    VAULT_TAG_SIZE) == 1 &&
	    EVP_EncryptUpdate(context, cipher_r, &len, plain,
	    PLAIN_SIZE) == 1 && len == PLAIN_SIZE &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SIV_SIZE,
	    siv_r) == 1)
		status = 0;
	EVP_CIPHER_CTX_free(context);
	return status;
}

static int
unseal(const struct token_maker *maker, const struct token_key *key,
    uint8_t *siv, const uint8_t *cipher, uint8_t plain_r[PLAIN_SIZE])
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int len, status = -1;

	if (context != NULL && EVP_DecryptInit_ex2(context, maker->cipher,
	    key->key, NULL, NULL) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SIV_SIZE,
	    siv) == 1 &&
	    EVP_DecryptUpdate(context, NULL, &len, key->tag,
	    VAULT_TAG_SIZE) == 1 &&
	    EVP_DecryptUpdate(context, plain_r, &len, cipher,
	    PLAIN_SIZE) == 1 && len == PLAIN_SIZE)
		status = 0;
	EVP_CIPHER_CTX_free(context);
	return status;
}

int
token_make(const struct token_maker *maker, const char *uid,
    struct span identity, struct arena *arena, struct span *value_r)
{
	uint8_t plain[PLAIN_SIZE] = { 0 }, raw[RAW_SIZE];
	bool is_cut = identity.len > TOKEN_NAME_MOST;
	size_t len = is_cut ? TOKEN_NAME_MOST : identity.len;
	char text[TEXT_SIZE];

	if (uid_pack(uid, plain) != 0)
		return -1;
	plain[UID_OCTETS] = (uint8_t)(is_cut ? IS_CUT : len);
	if (len > 0)
		memcpy(plain + UID_OCTETS + 1, identity.ptr, len);
	memcpy(raw, maker->v[0].tag, VAULT_TAG_SIZE);
	if (seal(maker, &maker->v[0], plain, raw + VAULT_TAG_SIZE,
	    raw + VAULT_TAG_SIZE + SIV_SIZE) != 0)
		return -1;
	encode(raw, text);
	*value_r = arena_printf(arena, "%.*s\n\t%.*s", (int)TEXT_SIZE / 2,
	    text, (int)(TEXT_SIZE - TEXT_SIZE / 2), text + TEXT_SIZE / 2);
	return value_r->ptr == NULL ? -1 : 0;
}

enum token_status
token_open(const struct token_maker *maker, struct span text,
    struct token *token_r)
{
	uint8_t raw[RAW_SIZE], plain[PLAIN_SIZE];
	const struct token_key *key = NULL;
	size_t len;

	if (!decode(text, raw))
		return TOKEN_NONE;
	for (size_t i = 0; i < maker->n && key == NULL; i++)
		if (memcmp(maker->v[i].tag, raw, VAULT_TAG_SIZE) == 0)
			key = &maker->v[i];
	if (key == NULL)
		return TOKEN_KEY_UNKNOWN;
	if (unseal(maker, key, raw + VAULT_TAG_SIZE,
	    raw + VAULT_TAG_SIZE + SIV_SIZE, plain) != 0)
		return TOKEN_FORGED;
	*token_r = (struct token){ .time_ms = uid_time_ms(plain) };
	uid_unpack(plain, token_r->uid);
	token_r->is_cut = plain[UID_OCTETS] == IS_CUT;
	len = plain[UID_OCTETS] > TOKEN_NAME_MOST ? TOKEN_NAME_MOST :
	    plain[UID_OCTETS];
	memcpy(token_r->identity, plain + UID_OCTETS + 1, len);
	return TOKEN_OK;
}
