/*
 * substitute.c - see substitute.h.
 */
#include "table/substitute.h"

#include "base/ascii.h"

#define HIGHEST 99u

#define FAULT "after $ must come a number from 1 to 99, as in $1 or ${1}, " \
    "or another $"

/* 1*2DIGIT without a zero in front. 0 when it is none. */
static unsigned
read_number(struct span s)
{
	int64_t number = s.len == 0 || s.ptr[0] == '0' ? -1 :
	    span_number(s, HIGHEST);

	return number < 0 ? 0 : (unsigned)number;
}

/* What stands after a "$": the name of a group, cut off *REST. */
static struct span
read_name(struct span *rest)
{
	struct span s = *rest, name = { NULL, 0 };
	size_t end = 0;

	if (s.len > 0 && (s.ptr[0] == '{' || s.ptr[0] == '(')) {
		end = span_find(s, s.ptr[0] == '{' ? '}' : ')');
		if (end < s.len) {
			name = span_slice(s, 1, end);
			*rest = span_slice(s, end + 1, s.len);
		}
		return name;
	}
	while (end < s.len && (ascii_is_alnum((unsigned char)s.ptr[end]) ||
	    s.ptr[end] == '_'))
		end++;
	*rest = span_slice(s, end, s.len);
	return span_slice(s, 0, end);
}

/*
 * The next piece: text, or the group NUMBER. 1; 0 at the end; -1 for a "$"
 * that is neither.
 */
static int
next_piece(struct span *rest, struct span *text_r, unsigned *number_r)
{
	size_t dollar = span_find(*rest, '$');

	*number_r = 0;
	if (rest->len == 0)
		return 0;
	if (dollar > 0) {
		*text_r = span_slice(*rest, 0, dollar);
		*rest = span_slice(*rest, dollar, rest->len);
		return 1;
	}
	*rest = span_slice(*rest, 1, rest->len);
	if (rest->len > 0 && rest->ptr[0] == '$') {
		*text_r = span_slice(*rest, 0, 1);
		*rest = span_slice(*rest, 1, rest->len);
		return 1;
	}
	*number_r = read_number(read_name(rest));
	return *number_r > 0 ? 1 : -1;
}

const char *
substitute_check(struct span text, unsigned *highest_r, bool *is_plain_r)
{
	bool is_plain = span_find(text, '$') == text.len;
	unsigned number, highest = 0;
	struct span piece;
	int rc;

	while ((rc = next_piece(&text, &piece, &number)) == 1)
		if (number > highest)
			highest = number;
	if (rc < 0)
		return FAULT;
	*highest_r = highest;
	*is_plain_r = is_plain;
	return NULL;
}

void
substitute_expand(struct span text, substitute_group *group,
    const void *context, struct sbuf *out)
{
	struct span piece;
	unsigned number;

	while (next_piece(&text, &piece, &number) == 1)
		sbuf_add(out, number == 0 ? piece : group(context, number));
}
