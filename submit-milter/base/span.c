/*
 * span.c - see span.h.
 */
#include "base/span.h"

#include "base/ascii.h"

bool
span_eq(struct span a, struct span b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
span_eq_nocase(struct span a, struct span b)
{
	return a.len == b.len && span_starts_nocase(a, b);
}

bool
span_starts_nocase(struct span s, struct span prefix)
{
	if (s.len < prefix.len)
		return false;
	for (size_t i = 0; i < prefix.len; i++)
		if (ascii_lower((unsigned char)s.ptr[i]) !=
		    ascii_lower((unsigned char)prefix.ptr[i]))
			return false;
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span
span_trim(struct span s)
{
	while (s.len > 0 && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

size_t
span_find(struct span s, char c)
{
	const char *p = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);

	return p == NULL ? s.len : (size_t)(p - s.ptr);
}

size_t
span_find_last(struct span s, char c)
{
	for (size_t i = s.len; i > 0; i--)
		if (s.ptr[i - 1] == c)
			return i - 1;
	return s.len;
}

int64_t
span_number(struct span s, int64_t most)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_digit((unsigned char)s.ptr[i]))
			return -1;
		n = n * 10 + (s.ptr[i] - '0');
		if (n > most)
			return -1;
	}
	return s.len == 0 ? -1 : n;
}

struct span
span_take_word(struct span *rest)
{
	struct span s = span_trim(*rest);
	size_t end = 0;

	while (end < s.len && !is_blank(s.ptr[end]))
		end++;
	*rest = span_trim(span_slice(s, end, s.len));
	return span_slice(s, 0, end);
}

bool
span_has_8bit(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] > 0x7f)
			return true;
	return false;
}

/* Octets that must follow a lead octet; 0 when it is no lead octet. */
static size_t
utf8_tail(unsigned char lead)
{
	if (lead >= 0xc2 && lead <= 0xdf)
		return 1;
	if (lead >= 0xe0 && lead <= 0xef)
		return 2;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 3;
	return 0;
}

/*
 * RFC 3629 section 4: besides the lead octet only the second one has a
 * narrower range, which keeps out overlong forms, surrogates and code
 * points above U+10FFFF.
 */
static bool
utf8_second_ok(unsigned char lead, unsigned char second)
{
	switch (lead) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return second >= 0x80 && second <= 0xbf;
	}
}

bool
span_is_utf8(struct span s)
{
	size_t i = 0;

	while (i < s.len) {
		unsigned char lead = (unsigned char)s.ptr[i++];
		size_t tail;

		if (lead < 0x80)
			continue;
		tail = utf8_tail(lead);
		if (tail == 0 || s.len - i < tail ||
		    !utf8_second_ok(lead, (unsigned char)s.ptr[i]))
			return false;
		for (size_t k = 1; k < tail; k++)
			if (((unsigned char)s.ptr[i + k] & 0xc0) != 0x80)
				return false;
		i += tail;
	}
	return true;
}
