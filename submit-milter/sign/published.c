/*
 * published.c - see published.h.
 */
#include "sign/published.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/ascii.h"
#include "sign/key.h"

#define ED25519_SIZE 32u

/* What p= stands for: SubjectPublicKeyInfo, or the octets of an Ed key. */
static struct span
public_octets(const struct signing_key *key, struct arena *arena)
{
	struct span none = { NULL, 0 };
	unsigned char *octets, *end;
	size_t size = ED25519_SIZE;
	int len;

	if (key->algorithm == KEY_ED25519_SHA256) {
		octets = arena_alloc(arena, size);
		return octets != NULL && EVP_PKEY_get_raw_public_key(
		    key->pkey, octets, &size) == 1 ?
		    (struct span){ (char *)octets, size } : none;
	}
	len = i2d_PUBKEY(key->pkey, NULL);
	octets = len <= 0 ? NULL : arena_alloc(arena, (size_t)len);
	end = octets;
	if (octets == NULL || i2d_PUBKEY(key->pkey, &end) != len)
		return none;
	return (struct span){ (char *)octets, (size_t)len };
}

static struct span
public_base64(const struct signing_key *key, struct arena *arena)
{
	struct span octets = public_octets(key, arena);
	unsigned char *text;

	ERR_clear_error();
	text = octets.ptr == NULL || octets.len > INT_MAX / 2 ? NULL :
	    arena_alloc(arena, octets.len / 3 * 4 + 5);
	if (text == NULL)
		return (struct span){ NULL, 0 };
	return (struct span){ (char *)text, (size_t)EVP_EncodeBlock(text,
	    (const unsigned char *)octets.ptr, (int)octets.len) };
}

static const char *
type_name(const struct signing_key *key)
{
	return key->algorithm == KEY_RSA_SHA256 ? "rsa" : "ed25519";
}

struct span
published_text(const struct signing_key *key, struct arena *arena)
{
	struct span base64 = public_base64(key, arena);

	if (base64.ptr == NULL)
		return base64;
	return arena_printf(arena, "v=DKIM1; k=%s; p=%.*s", type_name(key),
	    SPAN_ARG(base64));
}

/*
 * tag-list = tag-spec *( ";" tag-spec ) [ ";" ]
 * tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]
 *
 * 1 and the next one off LIST, 0 after the last, -1.
 */
static int
next_tag(struct span *list, struct span *name_r, struct span *value_r)
{
	size_t end = span_find(*list, ';'), equals;
	struct span tag = span_trim(span_slice(*list, 0, end));

	*list = span_slice(*list, end + (end < list->len ? 1 : 0),
	    list->len);
	if (tag.len == 0)
		return list->len == 0 ? 0 : -1;
	equals = span_find(tag, '=');
	if (equals == 0 || equals == tag.len)
		return -1;
	*name_r = span_trim(span_slice(tag, 0, equals));
	*value_r = span_trim(span_slice(tag, equals + 1, tag.len));
	return 1;
}

/* Is WORD in a list with colons between, or "*"? */
static bool
has_word(struct span list, const char *word, bool is_star_all)
{
	while (list.len > 0) {
		size_t end = span_find(list, ':');
		struct span entry = span_trim(span_slice(list, 0, end));

		if (span_eq(entry, span_of(word)) ||
		    (is_star_all && span_eq(entry, SPAN("*"))))
			return true;
		list = span_slice(list, end + (end < list.len ? 1 : 0),
		    list.len);
	}
	return false;
}

/* Is it the same text but for white space? */
static bool
is_same_base64(struct span published, struct span ours)
{
	size_t n = 0;

	for (size_t i = 0; i < published.len; i++) {
		char c = published.ptr[i];

		if (ascii_is_wsp((unsigned char)c) || c == '\r' || c == '\n')
			continue;
		if (n == ours.len || ours.ptr[n++] != c)
			return false;
	}
	return n == ours.len;
}

struct tags {
	struct span type, hash, use, flags, key;
	bool has_hash, has_use, has_key;
};

static int
read_tags(struct span text, struct tags *tags)
{
	struct span name, value;
	int status;

	tags->type = SPAN("rsa");
	for (size_t n = 0; (status = next_tag(&text, &name, &value)) == 1;
	    n++) {
		if (span_eq(name, SPAN("v")) && (n > 0 ||
		    !span_eq(value, SPAN("DKIM1"))))
			return -1;
		if (span_eq(name, SPAN("k")))
			tags->type = value;
		if (span_eq(name, SPAN("t")))
			tags->flags = value;
		if (span_eq(name, SPAN("h"))) {
			tags->hash = value;
			tags->has_hash = true;
		}
		if (span_eq(name, SPAN("s"))) {
			tags->use = value;
			tags->has_use = true;
		}
		if (span_eq(name, SPAN("p"))) {
			tags->key = value;
			tags->has_key = true;
		}
	}
	return status == 0 && tags->has_key ? 0 : -1;
}

static enum published_state
judge(const struct signing_key *key, const struct tags *tags,
    struct arena *arena)
{
	struct span ours = public_base64(key, arena);

	if (tags->key.len == 0)
		return PUBLISHED_REVOKED;
	if (!span_eq(tags->type, span_of(type_name(key))))
		return PUBLISHED_WRONG_TYPE;
	if (tags->has_hash && !has_word(tags->hash, "sha256", false))
		return PUBLISHED_WRONG_HASH;
	if (tags->has_use && !has_word(tags->use, "email", true))
		return PUBLISHED_WRONG_USE;
	return ours.ptr != NULL && is_same_base64(tags->key, ours) ?
	    PUBLISHED_MATCH : PUBLISHED_DIFFERS;
}

struct published
published_compare(const struct signing_key *key, struct span text,
    struct arena *arena)
{
	struct published published = { .state = PUBLISHED_MALFORMED };
	struct tags tags = { .has_key = false };

	if (read_tags(text, &tags) != 0)
		return published;
	published.state = judge(key, &tags, arena);
	published.is_test = has_word(tags.flags, "y", false);
	published.is_strict = has_word(tags.flags, "s", false);
	return published;
}

const char *
published_state_text(enum published_state state)
{
	static const char *const texts[] = {
		[PUBLISHED_MATCH] = "matches",
		[PUBLISHED_DIFFERS] = "differs: it has another key",
		[PUBLISHED_REVOKED] = "is revoked: p= is empty",
		[PUBLISHED_WRONG_TYPE] = "has the wrong k=",
		[PUBLISHED_WRONG_HASH] = "has an h= without sha256",
		[PUBLISHED_WRONG_USE] = "has an s= without email",
		[PUBLISHED_MALFORMED] = "is malformed",
	};

	return texts[state];
}
