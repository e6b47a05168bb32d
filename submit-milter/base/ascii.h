/*
 * ascii - character classes of mail syntax, free of any locale.
 *
 * <ctype.h> depends on the locale and on the sign of char; mail does not.
 * Classes are those of RFC 5234 appendix B.1 and RFC 5322 section 3.2.3.
 * Pure; any thread.
 */
#ifndef SUBMIT_BASE_ASCII_H
#define SUBMIT_BASE_ASCII_H

#include <stdbool.h>

static inline bool
ascii_is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_alpha(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static inline bool
ascii_is_alnum(unsigned char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

static inline bool
ascii_is_xdigit(unsigned char c)
{
	return ascii_is_digit(c) || (c >= 'A' && c <= 'F') ||
	    (c >= 'a' && c <= 'f');
}

/* WSP: space or horizontal tab (RFC 5234) */
static inline bool
ascii_is_wsp(unsigned char c)
{
	return c == ' ' || c == '\t';
}

/* VCHAR: visible ASCII (RFC 5234) */
static inline bool
ascii_is_vchar(unsigned char c)
{
	return c > 0x20 && c < 0x7f;
}

/* C0 controls and DEL, horizontal tab included */
static inline bool
ascii_is_cntrl(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

/* atext of RFC 5322 section 3.2.3, ASCII part */
static inline bool
ascii_is_atext(unsigned char c)
{
	if (ascii_is_alnum(c))
		return true;
	switch (c) {
	case '!': case '#': case '$': case '%': case '&': case '\'':
	case '*': case '+': case '-': case '/': case '=': case '?':
	case '^': case '_': case '`': case '{': case '|': case '}':
	case '~':
		return true;
	default:
		return false;
	}
}

static inline unsigned char
ascii_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

#endif
