/*
 * unicode.c - see unicode.h.
 *
 * Letters change their case in NFD, and the result is composed again: only
 * so do an I with dot above and a small i stay apart, and only so is the
 * result of folding twice that of folding once.
 */
#include "syntax/unicode.h"

#include <stdint.h>
#include <stdlib.h>

#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/ascii.h"

/* One code point changes to at most this many times its octets. */
#define GROWTH_MAX 2

static char *
map_ascii(struct span s, enum unicode_case how, size_t *len_r)
{
	char *copy = malloc(s.len + 1);

	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < s.len; i++)
		copy[i] = how == UNICODE_KEEP ? s.ptr[i] :
		    (char)ascii_lower((unsigned char)s.ptr[i]);
	copy[s.len] = '\0';
	*len_r = s.len;
	return copy;
}

/*
 * Simple folding is full folding where that gives one code point, and
 * else the lower case: "ß" is not "ss", which may be another mailbox.
 */
static ucs4_t
fold_one(ucs4_t c)
{
	uint32_t folded[8];
	size_t len = sizeof(folded) / sizeof(folded[0]);
	uint32_t *result;

	result = u32_casefold(&c, 1, NULL, NULL, folded, &len);
	if (result == folded && len == 1)
		return folded[0];
	if (result != folded)
		free(result);
	return uc_tolower(c);
}

/* Changes the case of decomposed text; NULL when there is no memory. */
static uint8_t *
map_case(const uint8_t *s, size_t len, enum unicode_case how, size_t *len_r)
{
	size_t size = len * GROWTH_MAX + 4, in = 0, out = 0;
	uint8_t *mapped = malloc(size);

	if (mapped == NULL)
		return NULL;
	while (in < len) {
		ucs4_t c;

		in += (size_t)u8_mbtouc(&c, s + in, len - in);
		if (c < 0x80)
			c = ascii_lower((unsigned char)c);
		else
			c = how == UNICODE_FOLD ? fold_one(c) : uc_tolower(c);
		out += (size_t)u8_uctomb(mapped + out, c,
		    (ptrdiff_t)(size - out));
	}
	*len_r = out;
	return mapped;
}

static uint8_t *
map_utf8(const uint8_t *s, size_t len, enum unicode_case how, size_t *len_r)
{
	uint8_t *decomposed, *mapped, *composed;
	size_t n;

	if (how == UNICODE_KEEP)
		return u8_normalize(UNINORM_NFC, s, len, NULL, len_r);
	decomposed = u8_normalize(UNINORM_NFD, s, len, NULL, &n);
	if (decomposed == NULL)
		return NULL;
	mapped = map_case(decomposed, n, how, &n);
	free(decomposed);
	if (mapped == NULL)
		return NULL;
	composed = u8_normalize(UNINORM_NFC, mapped, n, NULL, len_r);
	free(mapped);
	return composed;
}

char *
unicode_map(struct span s, enum unicode_case how, size_t *len_r)
{
	uint8_t *mapped;
	char *text;
	size_t len;

	if (!span_has_8bit(s) || !span_is_utf8(s))
		return map_ascii(s, how, len_r);
	mapped = map_utf8((const uint8_t *)s.ptr, s.len, how, &len);
	if (mapped == NULL)
		return NULL;
	text = realloc(mapped, len + 1);
	if (text == NULL) {
		free(mapped);
		return NULL;
	}
	text[len] = '\0';
	*len_r = len;
	return text;
}

size_t
unicode_find_broken(struct span s)
{
	const uint8_t *broken;

	if (!span_has_8bit(s))
		return s.len;
	broken = u8_check((const uint8_t *)s.ptr, s.len);
	return broken == NULL ? s.len :
	    (size_t)((const char *)broken - s.ptr);
}
