/*
 * template.c - see template.h.
 */
#include "table/template.h"

static int
place(char c, enum template_part *part_r)
{
	switch (c) {
	case '%':
		*part_r = TEMPLATE_TEXT;
		return 1;
	case 's':
		*part_r = TEMPLATE_KEY;
		return 1;
	case 'u':
		*part_r = TEMPLATE_LOCAL;
		return 1;
	case 'd':
		*part_r = TEMPLATE_DOMAIN;
		return 1;
	default:
		return -1;
	}
}

int
template_next(struct span *rest, enum template_part *part_r,
    struct span *text_r)
{
	size_t end;

	if (rest->len == 0)
		return 0;
	end = span_find(*rest, '%');
	if (end > 0) {
		*part_r = TEMPLATE_TEXT;
		*text_r = span_slice(*rest, 0, end);
		*rest = span_slice(*rest, end, rest->len);
		return 1;
	}
	if (rest->len < 2 || place(rest->ptr[1], part_r) != 1)
		return -1;
	*text_r = span_slice(*rest, 1, 2);
	*rest = span_slice(*rest, 2, rest->len);
	return 1;
}

bool
template_value(enum template_part part, struct span key, struct span *value_r)
{
	size_t at = span_find_last(key, '@');
	struct span value = key;

	if (part == TEMPLATE_LOCAL)
		value = span_slice(key, 0, at);
	else if (part == TEMPLATE_DOMAIN)
		value = at == key.len ? (struct span){ NULL, 0 } :
		    span_slice(key, at + 1, key.len);
	if (value.len == 0)
		return false;
	*value_r = value;
	return true;
}
