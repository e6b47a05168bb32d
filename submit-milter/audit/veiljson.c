/*
 * veiljson.c - see veiljson.h.
 */
#include "audit/veiljson.h"

#include <string.h>

#define TEXT_MOST 65536u

void
veiljson_address(struct jsonline *line, const char *key,
    const struct veil *veil, struct span address)
{
	char hash[VEIL_SIZE] = "hash:";	/* libcrypto failed */

	if (veil == NULL) {
		jsonline_text(line, key, address);
		return;
	}
	if (address.len >= 2 && address.ptr[0] == '<' &&
	    address.ptr[address.len - 1] == '>')
		address = span_slice(address, 1, address.len - 1);
	(void)(veil_address(veil, 0, address, hash) != 0);
	jsonline_word(line, key, hash);
}

static bool
is_end(char c)
{
	return memchr(" \t\r\n<>(),;:\"", c, 11) != NULL;
}

/* The octets up to the end of the word at the beginning of TEXT. */
static size_t
word_length(struct span text)
{
	size_t n = 0;

	while (n < text.len && !is_end(text.ptr[n]))
		n++;
	return n;
}

static void
put_masked(struct sbuf *out, struct span text)
{
	while (text.len > 0) {
		size_t n = word_length(text);
		struct span word = span_slice(text, 0, n);

		if (n > 0 && memchr(word.ptr, '@', n) != NULL)
			sbuf_adds(out, VEIL_MASK);
		else
			sbuf_add(out, word);
		if (n < text.len)
			sbuf_addc(out, text.ptr[n++]);
		text = span_slice(text, n, text.len);
	}
}

void
veiljson_text(struct jsonline *line, const char *key,
    const struct veil *veil, struct span text)
{
	struct sbuf out;
	struct span masked;

	if (veil == NULL || text.len == 0 ||
	    memchr(text.ptr, '@', text.len) == NULL) {
		jsonline_text(line, key, text);
		return;
	}
	/* A local part in quotes can have anything in it. */
	if (memchr(text.ptr, '"', text.len) != NULL) {
		jsonline_word(line, key, VEIL_MASK);
		return;
	}
	sbuf_init(&out, NULL, TEXT_MOST);
	put_masked(&out, text);
	jsonline_text(line, key, sbuf_done(&out, &masked) == 0 ? masked :
	    SPAN(VEIL_MASK));
	sbuf_free(&out);
}

void
veiljson_param(struct jsonline *line, const struct veil *veil,
    struct span param)
{
	static const char name[] = "ORCPT=";

	if (veil != NULL && param.len >= sizeof(name) - 1 &&
	    span_eq_nocase(span_slice(param, 0, sizeof(name) - 1),
	    SPAN("ORCPT=")))
		jsonline_word(line, NULL, "ORCPT=" VEIL_MASK);
	else
		veiljson_text(line, NULL, veil, param);
}
