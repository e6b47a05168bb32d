/*
 * sbuf.c - see sbuf.h.
 */
#include "base/sbuf.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_SIZE 128u

void
sbuf_init(struct sbuf *sbuf, struct arena *arena, size_t ceiling)
{
	*sbuf = (struct sbuf){ .arena = arena, .ceiling = ceiling };
}

void
sbuf_free(struct sbuf *sbuf)
{
	if (sbuf->arena == NULL)
		free(sbuf->ptr);
	sbuf_init(sbuf, sbuf->arena, sbuf->ceiling);
}

void
sbuf_clear(struct sbuf *sbuf)
{
	sbuf->len = 0;
	sbuf->is_failed = false;
	if (sbuf->ptr != NULL)
		sbuf->ptr[0] = '\0';
}

/* Room for MORE octets and a NUL. */
static bool
grow(struct sbuf *sbuf, size_t more)
{
	size_t want, size;
	char *p;

	if (sbuf->is_failed || more > sbuf->ceiling - sbuf->len) {
		sbuf->is_failed = true;
		return false;
	}
	want = sbuf->len + more + 1;
	if (want <= sbuf->size)
		return true;
	size = sbuf->size == 0 ? FIRST_SIZE : sbuf->size * 2;
	if (size < want)
		size = want;
	if (sbuf->arena == NULL) {
		p = realloc(sbuf->ptr, size);
	} else {
		p = arena_alloc(sbuf->arena, size);
		if (p != NULL && sbuf->len > 0)
			memcpy(p, sbuf->ptr, sbuf->len);
	}
	if (p == NULL) {
		sbuf->is_failed = true;
		return false;
	}
	sbuf->ptr = p;
	sbuf->size = size;
	return true;
}

void
sbuf_add(struct sbuf *sbuf, struct span s)
{
	if (!grow(sbuf, s.len))
		return;
	if (s.len > 0)
		memcpy(sbuf->ptr + sbuf->len, s.ptr, s.len);
	sbuf->len += s.len;
	sbuf->ptr[sbuf->len] = '\0';
}

void
sbuf_addc(struct sbuf *sbuf, char c)
{
	sbuf_add(sbuf, (struct span){ &c, 1 });
}

void
sbuf_adds(struct sbuf *sbuf, const char *s)
{
	sbuf_add(sbuf, span_of(s));
}

void
sbuf_addf(struct sbuf *sbuf, const char *format, ...)
{
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0) {
		sbuf->is_failed = true;
		return;
	}
	if (!grow(sbuf, (size_t)len))
		return;
	va_start(ap, format);
	(void)vsnprintf(sbuf->ptr + sbuf->len, (size_t)len + 1, format, ap);
	va_end(ap);
	sbuf->len += (size_t)len;
}

int
sbuf_done(struct sbuf *sbuf, struct span *text_r)
{
	if (sbuf->is_failed)
		return -1;
	*text_r = (struct span){ sbuf->ptr == NULL ? "" : sbuf->ptr,
		sbuf->len };
	return 0;
}
