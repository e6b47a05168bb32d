/*
 * failure.c - see failure.h.
 */
#include "table/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/span.h"

void
failure_set(struct failure *failure, const char *format, ...)
{
	char *text = failure->text;
	bool is_utf8;
	va_list ap;
	size_t len;

	va_start(ap, format);
	if (vsnprintf(text, sizeof(failure->text), format, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	text[strcspn(text, "\r\n")] = '\0';
	len = strlen(text);
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '.'))
		text[--len] = '\0';
	is_utf8 = span_is_utf8(span_of(text));
	for (char *p = text; *p != '\0'; p++)
		if (ascii_is_cntrl((unsigned char)*p))
			*p = ' ';
		else if (!is_utf8 && (unsigned char)*p > 127)
			*p = '?';
}
