/*
 * xtext.c - see xtext.h.
 */
#include "syntax/xtext.h"

/* -1: no digit. RFC 3461 knows no small letters. */
static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * xtext   = *( xchar / hexchar )
 * hexchar = ASCII "+" followed by two upper case hexadecimal digits
 *
 * The octet that hexchar AT stands for; -1 when it is none, or NUL.
 */
static int
hexchar(const char *at)
{
	int high = digit(at[1]), low = high < 0 ? -1 : digit(at[2]);

	return low < 0 || high + low == 0 ? -1 : high * 16 + low;
}

int
xtext_decode(char *text)
{
	char *to = text;

	for (const char *p = text; *p != '\0'; p++)
		if (*p == '+' && hexchar(p) < 0)
			return -1;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '+') {
			*to++ = (char)hexchar(p);
			p += 2;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return 1;
}
