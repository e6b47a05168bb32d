/*
 * jsonline.c - see jsonline.h.
 */
#include "base/jsonline.h"

#include <inttypes.h>

void
jsonline_init(struct jsonline *line, size_t ceiling)
{
	sbuf_init(&line->out, NULL, ceiling);
	line->is_first = true;
}

/* --- strings -------------------------------------------------------------- */

/* unescaped = %x20-21 / %x23-5B / %x5D-10FFFF, of which ASCII */
static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void
add_escaped(struct sbuf *out, unsigned char c)
{
	switch (c) {
	case '"': sbuf_adds(out, "\\\""); break;
	case '\\': sbuf_adds(out, "\\\\"); break;
	case '\b': sbuf_adds(out, "\\b"); break;
	case '\f': sbuf_adds(out, "\\f"); break;
	case '\n': sbuf_adds(out, "\\n"); break;
	case '\r': sbuf_adds(out, "\\r"); break;
	case '\t': sbuf_adds(out, "\\t"); break;
	default: sbuf_addf(out, "\\u%04X", c);
	}
}

/* Octets of the UTF-8 character beyond ASCII at the front of S; 0: none. */
static size_t
wide_length(struct span s)
{
	for (size_t n = 2; n <= 4 && n <= s.len; n++)
		if (span_is_utf8(span_slice(s, 0, n)))
			return n;
	return 0;
}

/* As \uNNNN, above the first 65536 as two surrogates. */
static void
add_wide(struct sbuf *out, struct span character)
{
	static const unsigned char head[] = { 0, 0, 0x1f, 0x0f, 0x07 };
	unsigned code = (unsigned char)character.ptr[0] & head[character.len];

	for (size_t i = 1; i < character.len; i++)
		code = code << 6 | ((unsigned char)character.ptr[i] & 0x3f);
	if (code < 0x10000) {
		sbuf_addf(out, "\\u%04X", code);
		return;
	}
	code -= 0x10000;
	sbuf_addf(out, "\\u%04X\\u%04X", 0xd800 | code >> 10,
	    0xdc00 | (code & 0x3ff));
}

/* Writes what is at the front of S, no plain character; its octets. */
static size_t
add_special(struct sbuf *out, struct span s)
{
	unsigned char c = (unsigned char)s.ptr[0];
	size_t n;

	if (c != '\0' && c < 0x80) {
		add_escaped(out, c);
		return 1;
	}
	n = c == '\0' ? 0 : wide_length(s);
	if (n > 0) {
		add_wide(out, span_slice(s, 0, n));
		return n;
	}
	sbuf_addf(out, "\\\\x%02X", c);
	return 1;
}

static void
add_string(struct sbuf *out, struct span s)
{
	sbuf_addc(out, '"');
	while (s.len > 0) {
		size_t n = 0;

		while (n < s.len && is_plain((unsigned char)s.ptr[n]))
			n++;
		if (n > 0)
			sbuf_add(out, span_slice(s, 0, n));
		else
			n = add_special(out, s);
		s = span_slice(s, n, s.len);
	}
	sbuf_addc(out, '"');
}

/* --- values --------------------------------------------------------------- */

/* Keys are ours: there is nothing to escape. */
static void
begin_value(struct jsonline *line, const char *key)
{
	if (!line->is_first)
		sbuf_addc(&line->out, ',');
	line->is_first = false;
	if (key == NULL)
		return;
	sbuf_addc(&line->out, '"');
	sbuf_adds(&line->out, key);
	sbuf_add(&line->out, SPAN("\":"));
}

static void
open_group(struct jsonline *line, const char *key, char bracket)
{
	begin_value(line, key);
	sbuf_addc(&line->out, bracket);
	line->is_first = true;
}

static void
close_group(struct jsonline *line, char bracket)
{
	sbuf_addc(&line->out, bracket);
	line->is_first = false;
}

void
jsonline_open_object(struct jsonline *line, const char *key)
{
	open_group(line, key, '{');
}

void
jsonline_close_object(struct jsonline *line)
{
	close_group(line, '}');
}

void
jsonline_open_array(struct jsonline *line, const char *key)
{
	open_group(line, key, '[');
}

void
jsonline_close_array(struct jsonline *line)
{
	close_group(line, ']');
}

void
jsonline_text(struct jsonline *line, const char *key, struct span text)
{
	begin_value(line, key);
	add_string(&line->out, text);
}

void
jsonline_text_or_null(struct jsonline *line, const char *key,
    struct span text)
{
	if (span_is_empty(text))
		jsonline_null(line, key);
	else
		jsonline_text(line, key, text);
}

void
jsonline_word(struct jsonline *line, const char *key, const char *word)
{
	jsonline_text(line, key, span_of(word));
}

void
jsonline_number(struct jsonline *line, const char *key, int64_t number)
{
	begin_value(line, key);
	sbuf_addf(&line->out, "%" PRId64, number);
}

void
jsonline_bool(struct jsonline *line, const char *key, bool value)
{
	begin_value(line, key);
	sbuf_adds(&line->out, value ? "true" : "false");
}

void
jsonline_null(struct jsonline *line, const char *key)
{
	begin_value(line, key);
	sbuf_add(&line->out, SPAN("null"));
}

char *
jsonline_done(struct jsonline *line)
{
	struct span text;

	if (sbuf_done(&line->out, &text) != 0 || text.len == 0) {
		sbuf_free(&line->out);
		return NULL;
	}
	return line->out.ptr;
}
