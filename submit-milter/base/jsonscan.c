/*
 * jsonscan.c - see jsonscan.h.
 */
#include "base/jsonscan.h"

#include "base/ascii.h"

struct scan {
	const char *at, *end;
	struct sbuf *scratch;
	struct jsonscan_way way;
	jsonscan_value *value;
	void *context;
	bool is_ended;		/* by the reader */
};

static int scan_value(struct scan *s);

static void
skip_blanks(struct scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' ||
	    *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

/* The next octet after blanks is C, and is passed. */
static bool
take(struct scan *s, char c)
{
	skip_blanks(s);
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* --- strings -------------------------------------------------------------- */

/* 4HEXDIG; -1 when they are not there. */
static long
take_hex(struct scan *s)
{
	long code = 0;

	if (s->end - s->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)*s->at++;

		if (ascii_is_digit(c))
			code = code << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			code = code << 4 | ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return code;
}

static void
put_utf8(struct sbuf *out, unsigned long code)
{
	static const struct { unsigned long below; unsigned lead, more; }
	forms[] = {
		{ 0x80, 0, 0 }, { 0x800, 0xC0, 1 }, { 0x10000, 0xE0, 2 },
		{ 0x110000, 0xF0, 3 },
	};
	size_t i = 0;

	while (code >= forms[i].below)
		i++;
	sbuf_addc(out, (char)(forms[i].lead | code >> (6 * forms[i].more)));
	for (unsigned n = forms[i].more; n > 0; n--)
		sbuf_addc(out, (char)(0x80 | (code >> (6 * (n - 1)) & 0x3f)));
}

/* \uXXXX after the "u", with the second half of a surrogate pair. */
static int
take_unicode(struct scan *s)
{
	long code = take_hex(s), low;

	if (code < 0 || (code >= 0xDC00 && code < 0xE000))
		return -1;
	if (code >= 0xD800 && code < 0xDC00) {
		if (s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u')
			return -1;
		s->at += 2;
		low = take_hex(s);
		if (low < 0xDC00 || low >= 0xE000)
			return -1;
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	put_utf8(s->scratch, (unsigned long)code);
	return 0;
}

static int
take_escape(struct scan *s)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meaning[] = "\"\\/\b\f\n\r\t";
	const char *p;

	if (s->at == s->end)
		return -1;
	if (*s->at == 'u') {
		s->at++;
		return take_unicode(s);
	}
	p = memchr(letters, *s->at, sizeof(letters) - 1);
	if (p == NULL)
		return -1;
	s->at++;
	sbuf_addc(s->scratch, meaning[p - letters]);
	return 0;
}

/* Up to the next octet that is not itself. */
static struct span
take_plain(struct scan *s)
{
	const char *from = s->at;

	while (s->at < s->end && *s->at != '"' && *s->at != '\\' &&
	    (unsigned char)*s->at >= 0x20)
		s->at++;
	return (struct span){ from, (size_t)(s->at - from) };
}

/* After the first quote. Most strings have no escapes and are not copied. */
static int
take_string(struct scan *s, struct span *text_r)
{
	struct span piece = take_plain(s);

	if (s->at < s->end && *s->at == '"') {
		s->at++;
		*text_r = piece;
		return 0;
	}
	sbuf_clear(s->scratch);
	sbuf_add(s->scratch, piece);
	while (s->at < s->end && *s->at == '\\') {
		s->at++;
		if (take_escape(s) != 0)
			return -1;
		sbuf_add(s->scratch, take_plain(s));
	}
	if (s->at == s->end || *s->at != '"')
		return -1;
	s->at++;
	return sbuf_done(s->scratch, text_r);
}

/* The name of a member, as it stands. */
static int
take_name(struct scan *s, struct span *name_r)
{
	const char *from;

	if (!take(s, '"'))
		return -1;
	from = s->at;
	for (;;) {
		(void)take_plain(s);
		if (s->at == s->end || (unsigned char)*s->at < 0x20)
			return -1;
		if (*s->at == '"')
			break;
		if (s->end - s->at < 2)
			return -1;
		s->at += 2;
	}
	*name_r = (struct span){ from, (size_t)(s->at - from) };
	s->at++;
	return take(s, ':') ? 0 : -1;
}

/* --- values --------------------------------------------------------------- */

static int
tell(struct scan *s, struct span value, bool is_string)
{
	if (s->value(s->context, &s->way, value, is_string) == 0)
		return 0;
	s->is_ended = true;
	return -1;
}

static bool
take_digits(struct scan *s)
{
	const char *from = s->at;

	while (s->at < s->end && ascii_is_digit((unsigned char)*s->at))
		s->at++;
	return s->at > from;
}

static bool
is_next(const struct scan *s, char a, char b)
{
	return s->at < s->end && (*s->at == a || *s->at == b);
}

/* number = [ "-" ] int [ frac ] [ exp ] */
static int
scan_number(struct scan *s)
{
	const char *from = s->at, *digits;

	if (is_next(s, '-', '-'))
		s->at++;
	digits = s->at;
	if (!take_digits(s) || (*digits == '0' && s->at > digits + 1))
		return -1;
	if (is_next(s, '.', '.')) {
		s->at++;
		if (!take_digits(s))
			return -1;
	}
	if (is_next(s, 'e', 'E')) {
		s->at++;
		if (is_next(s, '+', '-'))
			s->at++;
		if (!take_digits(s))
			return -1;
	}
	return tell(s, (struct span){ from, (size_t)(s->at - from) }, false);
}

static int
scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
		return -1;
	s->at += n;
	return 0;
}

static int
enter(struct scan *s)
{
	if (s->way.depth == JSONSCAN_DEPTH)
		return -1;
	s->way.name[s->way.depth++] = (struct span){ NULL, 0 };
	return 0;
}

/* After the "{". */
static int
scan_object(struct scan *s)
{
	if (enter(s) != 0)
		return -1;
	if (!take(s, '}')) {
		do {
			if (take_name(s,
			    &s->way.name[s->way.depth - 1]) != 0 ||
			    scan_value(s) != 0)
				return -1;
		} while (take(s, ','));
		if (!take(s, '}'))
			return -1;
	}
	s->way.depth--;
	return 0;
}

/* After the "[". */
static int
scan_array(struct scan *s)
{
	if (enter(s) != 0)
		return -1;
	if (!take(s, ']')) {
		do {
			if (scan_value(s) != 0)
				return -1;
		} while (take(s, ','));
		if (!take(s, ']'))
			return -1;
	}
	s->way.depth--;
	return 0;
}

static int
scan_value(struct scan *s)
{
	struct span text;

	skip_blanks(s);
	if (s->at == s->end)
		return -1;
	switch (*s->at) {
	case '"':
		s->at++;
		return take_string(s, &text) == 0 ? tell(s, text, true) : -1;
	case '{':
		s->at++;
		return scan_object(s);
	case '[':
		s->at++;
		return scan_array(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		return scan_number(s);
	}
}

int
jsonscan_object(struct span text, struct sbuf *scratch, jsonscan_value *value,
    void *context)
{
	struct scan s = {
		.at = text.ptr,
		.end = text.ptr + text.len,
		.scratch = scratch,
		.value = value,
		.context = context,
	};

	if (text.len == 0 || !take(&s, '{'))
		return -1;
	if (scan_object(&s) != 0)
		return s.is_ended ? 0 : -1;
	skip_blanks(&s);
	return s.at == s.end ? 1 : -1;
}
