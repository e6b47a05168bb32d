/*
 * fault.c - see fault.h.
 */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int
fault(char **error_r, const char *format, ...)
{
	va_list ap;
	int len;

	*error_r = NULL;
	if (format == NULL)
		return -1;
	va_start(ap, format);
	len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0)
		return -1;
	*error_r = malloc((size_t)len + 1);
	if (*error_r == NULL)
		return -1;
	va_start(ap, format);
	(void)vsnprintf(*error_r, (size_t)len + 1, format, ap);
	va_end(ap);
	return -1;
}
