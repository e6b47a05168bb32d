/*
 * samples.c - see samples.h.
 */
#include <config.h>

#include "ctl/samples.h"

#include <stdlib.h>

/* name{labels} value; name value. Labels may have '}' and blanks in them. */
static bool
parse(struct span line, struct sample *sample_r)
{
	size_t at = span_find_last(line, ' '), brace;
	struct span name = span_slice(line, 0, at);
	char *end;

	if (line.len == 0 || line.ptr[0] == '#' || at + 1 >= line.len)
		return false;
	sample_r->value = strtod(line.ptr + at + 1, &end);
	if (end != line.ptr + line.len || !(sample_r->value >= 0))
		return false;
	brace = span_find(name, '{');
	sample_r->name = span_slice(name, 0, brace);
	sample_r->labels = (struct span){ NULL, 0 };
	if (brace == name.len)
		return true;
	if (name.ptr[name.len - 1] != '}')
		return false;
	sample_r->labels = span_slice(name, brace + 1, name.len - 1);
	return true;
}

int
samples_read(struct samples *samples, const char *text)
{
	struct span left;
	size_t room = 0;

	samples->text = strdup(text);
	if (samples->text == NULL)
		return -1;
	for (const char *c = text; *c != '\0'; c++)
		room += *c == '\n' ? 1 : 0;
	samples->v = calloc(room + 1, sizeof(*samples->v));
	if (samples->v == NULL) {
		samples_free(samples);
		return -1;
	}
	left = span_of(samples->text);
	while (left.len > 0) {
		size_t end = span_find(left, '\n');

		/* Numbers end there. */
		if (end < left.len)
			samples->text[left.ptr - samples->text +
			    (ptrdiff_t)end] = '\0';
		if (parse(span_slice(left, 0, end),
		    &samples->v[samples->n]))
			samples->n++;
		left = span_slice(left, end < left.len ? end + 1 : end,
		    left.len);
	}
	return 0;
}

void
samples_free(struct samples *samples)
{
	free(samples->text);
	free(samples->v);
	*samples = (struct samples){ .text = NULL };
}

bool
sample_is(const struct sample *sample, enum family family,
    const char *suffix)
{
	struct span name = span_of(exposition_name(family));

	return sample->name.len == name.len + strlen(suffix) &&
	    span_eq(span_slice(sample->name, 0, name.len), name) &&
	    span_eq(span_slice(sample->name, name.len, sample->name.len),
	    span_of(suffix));
}

/* At the beginning of S, the octets in quotes; *S comes to stand after. */
static struct span
quoted(struct span *s)
{
	size_t n = 1;
	struct span value;

	while (n < s->len && s->ptr[n] != '"')
		n += s->ptr[n] == '\\' && n + 1 < s->len ? 2 : 1;
	value = span_slice(*s, s->len == 0 ? 0 : 1, n > s->len ? s->len : n);
	*s = span_slice(*s, n + 1 < s->len ? n + 1 : s->len, s->len);
	return value;
}

struct span
sample_label(const struct sample *sample, const char *label)
{
	struct span left = sample->labels;

	while (left.len > 0) {
		size_t end = span_find(left, '=');
		struct span name = span_slice(left, 0, end), value;

		if (end == left.len)
			break;
		left = span_slice(left, end + 1, left.len);
		value = quoted(&left);
		if (span_eq(name, span_of(label)))
			return value;
		if (left.len > 0)	/* a comma */
			left = span_slice(left, 1, left.len);
	}
	return (struct span){ NULL, 0 };
}

double
samples_same(const struct samples *samples, const struct sample *sample)
{
	for (size_t i = 0; i < samples->n; i++)
		if (span_eq(samples->v[i].name, sample->name) &&
		    span_eq(samples->v[i].labels, sample->labels))
			return samples->v[i].value;
	return 0;
}

double
samples_single(const struct samples *samples, enum family family)
{
	for (size_t i = 0; i < samples->n; i++)
		if (sample_is(&samples->v[i], family, ""))
			return samples->v[i].value;
	return 0;
}
