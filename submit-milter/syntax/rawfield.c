/*
 * rawfield.c - see rawfield.h.
 */
#include "syntax/rawfield.h"

#include "base/ascii.h"
#include "base/sbuf.h"
#include "syntax/field.h"

/* Octets of the line that S begins with, its end included. */
static size_t
line_len(struct span s)
{
	size_t end = span_find(s, '\n');

	return end < s.len ? end + 1 : end;
}

static struct span
without_end(struct span s)
{
	if (s.len > 0 && s.ptr[s.len - 1] == '\n')
		s.len--;
	if (s.len > 0 && s.ptr[s.len - 1] == '\r')
		s.len--;
	return s;
}

int
rawfield_next(struct span *rest, struct rawfield *field_r)
{
	size_t n = line_len(*rest), colon;
	struct span line = without_end(span_slice(*rest, 0, n)), name;

	if (line.len == 0)
		return 0;
	while (n < rest->len && ascii_is_wsp((unsigned char)rest->ptr[n]))
		n += line_len(span_slice(*rest, n, rest->len));
	*field_r = (struct rawfield){ .whole = span_slice(*rest, 0, n) };
	*rest = span_slice(*rest, n, rest->len);
	colon = span_find(line, ':');
	name = span_slice(line, 0, colon);
	while (name.len > 0 &&
	    ascii_is_wsp((unsigned char)name.ptr[name.len - 1]))
		name.len--;
	if (colon == line.len || !field_name_is_valid(name))
		return 1;
	field_r->name = name;
	field_r->value = without_end(span_slice(field_r->whole, colon + 1,
	    field_r->whole.len));
	return 1;
}

struct span
rawfield_find(struct span header, struct span name)
{
	struct rawfield field;

	while (rawfield_next(&header, &field) == 1)
		if (span_eq_nocase(field.name, name))
			return field.value;
	return (struct span){ NULL, 0 };
}

struct span
rawfield_unfold(struct span value, struct arena *arena)
{
	struct span text = { NULL, 0 };
	struct sbuf out;

	value = span_trim(value);
	sbuf_init(&out, arena, value.len);
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] != '\r' && value.ptr[i] != '\n')
			sbuf_addc(&out, value.ptr[i]);
	return sbuf_done(&out, &text) == 0 ? text : (struct span){ NULL, 0 };
}
