/*
 * text.c - see text.h.
 */
#include "audit/text.h"

#include <stdint.h>

#include "base/sbuf.h"

/* Octets of the UTF-8 character at the beginning of S; 0: there is none. */
static size_t
character(struct span s)
{
	for (size_t n = 1; n <= 4 && n <= s.len; n++)
		if (span_is_utf8(span_slice(s, 0, n)))
			return s.ptr[0] == '\0' ? 0 : n;
	return 0;
}

json_t *
json_text(struct span s)
{
	struct sbuf out;
	struct span done;
	json_t *value = NULL;

	if (span_is_empty(s))
		return json_string("");
	if (memchr(s.ptr, '\0', s.len) == NULL && span_is_utf8(s))
		return json_stringn(s.ptr, s.len);
	if (s.len > SIZE_MAX / 4)
		return NULL;
	sbuf_init(&out, NULL, 4 * s.len);
	while (s.len > 0) {
		size_t n = character(s);

		if (n > 0)
			sbuf_add(&out, span_slice(s, 0, n));
		else
			sbuf_addf(&out, "\\x%02X", (unsigned char)s.ptr[0]);
		s = span_slice(s, n > 0 ? n : 1, s.len);
	}
	if (sbuf_done(&out, &done) == 0)
		value = json_stringn(done.ptr, done.len);
	sbuf_free(&out);
	return value;
}

json_t *
json_text_or_null(struct span s)
{
	return span_is_empty(s) ? json_null() : json_text(s);
}
