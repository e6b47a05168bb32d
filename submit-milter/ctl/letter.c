/*
 * letter.c - see letter.h.
 */
#include <config.h>

#include "ctl/letter.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/sbuf.h"
#include "ctl/ctl.h"

#define FILE_CEILING (256u << 20)
#define CHUNK 65536u

/* --- the file ------------------------------------------------------------- */

static int
read_all(FILE *in, struct sbuf *out)
{
	char chunk[CHUNK];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
		sbuf_add(out, (struct span){ chunk, n });
	return ferror(in) ? -1 : 0;
}

static bool
has_crlf(struct span s)
{
	size_t lf = span_find(s, '\n');

	return lf < s.len && lf > 0 && s.ptr[lf - 1] == '\r';
}

/* As it is sent: each LF becomes CR LF, and the last line ends. */
static void
to_wire(struct span s, struct sbuf *out)
{
	bool is_wire = has_crlf(s);

	while (s.len > 0) {
		size_t lf = span_find(s, '\n');
		struct span line = span_slice(s, 0, lf);
		bool is_last = lf == s.len;

		s = span_slice(s, is_last ? lf : lf + 1, s.len);
		if (!is_wire && line.len > 0 &&
		    line.ptr[line.len - 1] == '\r')
			line.len--;
		sbuf_add(out, line);
		if (is_last || !is_wire)
			sbuf_adds(out, "\r\n");
		else
			sbuf_addc(out, '\n');
	}
}

static int
read_file(const char *file, struct sbuf *out)
{
	FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "rb");
	struct sbuf raw;
	struct span text = { NULL, 0 };
	int status = 0;

	if (in == NULL)
		return ctl_fail(EX_NOINPUT, "%s: %s", file, strerror(errno));
	sbuf_init(&raw, NULL, FILE_CEILING);
	if (read_all(in, &raw) != 0)
		status = ctl_fail(EX_IOERR, "%s: %s", file, strerror(errno));
	else if (sbuf_done(&raw, &text) != 0)
		status = ctl_fail(EX_DATAERR, "%s: more than %u octets, or "
		    "more than there is memory for", file, FILE_CEILING);
	if (in != stdin)
		(void)fclose(in);
	if (status == 0)
		to_wire(text, out);
	sbuf_free(&raw);
	return status;
}

/* --- the header ----------------------------------------------------------- */

/* The line at the beginning of S with its CR LF. */
static struct span
take_line(struct span s)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if (s.ptr[i] == '\r' && s.ptr[i + 1] == '\n')
			return span_slice(s, 0, i + 2);
	return s;
}

/*
 * Length of the name if LINE begins a field: printable ASCII, then perhaps
 * blanks, then a colon. The blanks belong to the name. 0: it does not.
 */
static size_t
name_len(struct span line)
{
	size_t i = 0;

	while (i < line.len && line.ptr[i] != ':' &&
	    ascii_is_vchar((unsigned char)line.ptr[i]))
		i++;
	if (i == 0)
		return 0;
	while (i < line.len && ascii_is_wsp((unsigned char)line.ptr[i]))
		i++;
	return i < line.len && line.ptr[i] == ':' ? i : 0;
}

/* A line and those that continue it. */
static struct span
take_field(struct span s)
{
	size_t n = take_line(s).len;

	while (n < s.len && ascii_is_wsp((unsigned char)s.ptr[n]))
		n += take_line(span_slice(s, n, s.len)).len;
	return span_slice(s, 0, n);
}

/* A C string without the last CR LF, each other one made LF. */
static char *
unfold(struct span s)
{
	char *text = malloc(s.len + 1);
	size_t n = 0;

	if (text == NULL)
		return NULL;
	if (s.len >= 2)
		s.len -= 2;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != '\r' || i + 1 == s.len ||
		    s.ptr[i + 1] != '\n')
			text[n++] = s.ptr[i];
	text[n] = '\0';
	return text;
}

static int
add_field(struct letter *letter, struct span name, struct span value)
{
	size_t n = letter->field_count;
	struct letter_field *v = letter->fields;

	/* Room for a power of two of them. */
	if ((n & (n - 1)) == 0)
		v = realloc(v, (n == 0 ? 1 : 2 * n) * sizeof(*v));
	if (v == NULL)
		return -1;
	letter->fields = v;
	v[n].name = strndup(name.ptr, name.len);
	v[n].value = unfold(value);
	letter->field_count++;
	return v[n].name == NULL || v[n].value == NULL ? -1 : 0;
}

static int
split(struct letter *letter, struct span rest)
{
	int status = 0;

	if (span_starts_nocase(rest, SPAN("From ")))
		rest = span_slice(rest, take_line(rest).len, rest.len);
	for (size_t n; status == 0 && (n = name_len(take_line(rest))) > 0;) {
		struct span field = take_field(rest);

		status = add_field(letter, span_slice(field, 0, n),
		    span_slice(field, n + 1, field.len));
		rest = span_slice(rest, field.len, rest.len);
	}
	if (rest.len >= 2 && memcmp(rest.ptr, "\r\n", 2) == 0)
		rest = span_slice(rest, 2, rest.len);
	letter->body = rest;
	return status;
}

/* -------------------------------------------------------------------------- */

int
letter_read(const char *file, struct letter *letter_r)
{
	struct sbuf wire;
	struct span text = { NULL, 0 };
	int status;

	*letter_r = (struct letter){ .field_count = 0 };
	sbuf_init(&wire, NULL, 2 * (size_t)FILE_CEILING);
	status = read_file(file, &wire);
	if (status == 0 && (sbuf_done(&wire, &text) != 0 ||
	    split(letter_r, text) != 0))
		status = ctl_fail(EX_OSERR, "out of memory");
	letter_r->octets = wire.ptr;
	return status;
}

void
letter_free(struct letter *letter)
{
	for (size_t i = 0; i < letter->field_count; i++) {
		free(letter->fields[i].name);
		free(letter->fields[i].value);
	}
	free(letter->fields);
	free(letter->octets);
	*letter = (struct letter){ .field_count = 0 };
}
