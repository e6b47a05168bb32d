/*
 * trace_clues.c - see trace.h: what a header or bounce tells of the message
 * it is about.
 *
 * People paste what they have: a header with a mail in front of it, quoted
 * (">"), indented, cut; a bounce with the message or its header inside (RFC
 * 3462, 3464), a complaint (RFC 5965), or one in words that nobody parses.
 * So nothing is taken for the structure of MIME: every line that looks like
 * a field that tells something is one, wherever it stands, with the lines
 * that continue it. What is not ours is then simply not found.
 */
#include <config.h>

#include "ctl/trace.h"

#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/sbuf.h"
#include "ctl/ctl.h"
#include "ctl/logfile.h"
#include "syntax/field.h"

#define FIELD_MOST 100000u
#define CLUES_MOST (sizeof(((struct clues *)NULL)->v) / sizeof(struct clue))

static void
add_clue(struct clues *clues, enum clue_kind kind, struct span text,
    struct span host)
{
	struct clue *clue = &clues->v[clues->n];

	if (clues->n == CLUES_MOST || text.len == 0 ||
	    text.len >= sizeof(clue->text) || host.len >= sizeof(clue->host))
		return;
	*clue = (struct clue){ .kind = kind };
	memcpy(clue->text, text.ptr, text.len);
	if (host.len > 0)
		memcpy(clue->host, host.ptr, host.len);
	for (size_t i = 0; i < clues->n; i++)
		if (clues->v[i].kind == kind &&
		    strcmp(clues->v[i].text, clue->text) == 0)
			return;
	clues->n++;
}

/* --- fields --------------------------------------------------------------- */

static bool
is_blank(char c)
{
	return ascii_is_wsp((unsigned char)c) || c == '\r' || c == '\n';
}

/* Every "<...@...>", or the whole, that stands where message ids do. */
static void
take_message_ids(struct clues *clues, struct span value)
{
	size_t at = 0;

	while (at < value.len) {
		struct span rest = span_slice(value, at, value.len);
		size_t from = span_find(rest, '<');
		size_t to = span_find(rest, '>');

		if (from >= to || to == rest.len)
			break;
		add_clue(clues, CLUE_MESSAGE_ID, span_slice(rest, from,
		    to + 1), SPAN(""));
		at += to + 1;
	}
	if (at == 0)
		add_clue(clues, CLUE_MESSAGE_ID, span_trim(value), SPAN(""));
}

/* The word after WORD, such as that after "id"; empty: there is none. */
static struct span
word_after(struct span value, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n < value.len; i++) {
		size_t from = i + n, to;

		if ((i > 0 && !is_blank(value.ptr[i - 1])) ||
		    !is_blank(value.ptr[from]) || !span_eq_nocase(
		    span_slice(value, i, from), span_of(word)))
			continue;
		while (from < value.len && is_blank(value.ptr[from]))
			from++;
		to = from;
		while (to < value.len && !is_blank(value.ptr[to]) &&
		    value.ptr[to] != ';' && value.ptr[to] != ')')
			to++;
		return span_slice(value, from, to);
	}
	return SPAN("");
}

static void
take_received(struct clues *clues, struct span value)
{
	add_clue(clues, CLUE_QUEUE_ID, word_after(value, "id"),
	    word_after(value, "by"));
}

static void
take_token(struct clues *clues, struct span value)
{
	char text[600];
	size_t n = 0;

	for (size_t i = 0; i < value.len && n < sizeof(text); i++)
		if (!is_blank(value.ptr[i]))
			text[n++] = value.ptr[i];
	add_clue(clues, CLUE_TOKEN, (struct span){ text, n }, SPAN(""));
}

static void
take_queue_id(struct clues *clues, struct span value)
{
	add_clue(clues, CLUE_QUEUE_ID, span_trim(value), SPAN(""));
}

/* ENVID may be the Message-ID, with or without brackets (RFC 3461, 4.4). */
static void
take_envelope_id(struct clues *clues, struct span value)
{
	take_message_ids(clues, value);
	take_queue_id(clues, value);
}

static const struct {
	const char *name;
	void (*take)(struct clues *clues, struct span value);
} fields[] = {
	{ "Message-ID", take_message_ids },
	{ "X-Original-Message-ID", take_message_ids },
	{ "Original-Message-ID", take_message_ids },
	{ "Resent-Message-ID", take_message_ids },
	{ "In-Reply-To", take_message_ids },
	{ "References", take_message_ids },
	{ "Received", take_received },
	{ "Original-Envelope-Id", take_envelope_id },
	{ "X-Postfix-Queue-ID", take_queue_id },
};

static void
take_field(struct clues *clues, const char *token, struct span field)
{
	size_t colon = span_find(field, ':');
	struct span name, value;

	if (colon == field.len)
		return;
	name = span_trim(span_slice(field, 0, colon));
	value = span_slice(field, colon + 1, field.len);
	if (span_eq_nocase(name, span_of(token)))
		take_token(clues, value);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (span_eq_nocase(name, span_of(fields[i].name)))
			fields[i].take(clues, value);
}

/* --- lines ---------------------------------------------------------------- */

/* Without the signs of quoting, and how far the text is indented. */
static struct span
unquote(struct span line, size_t *indent_r)
{
	size_t i = 0, indent = 0;

	while (i < line.len && (line.ptr[i] == '>' || line.ptr[i] == '|' ||
	    ascii_is_wsp((unsigned char)line.ptr[i]))) {
		indent = ascii_is_wsp((unsigned char)line.ptr[i]) ?
		    indent + 1 : 0;
		i++;
	}
	*indent_r = indent;
	line = span_slice(line, i, line.len);
	while (line.len > 0 && is_blank(line.ptr[line.len - 1]))
		line.len--;
	return line;
}

static bool
is_field(struct span line)
{
	size_t colon = span_find(line, ':');

	return colon < line.len &&
	    field_name_is_valid(span_slice(line, 0, colon));
}

/*
 * A line that begins a field ends the one before; one that is indented more
 * than that continues it.
 */
static void
read_lines(struct logfile *lines, const char *token, struct clues *clues,
    struct sbuf *field)
{
	size_t field_indent = 0;
	struct span line, whole;

	while (logfile_next(lines, &line) == 1) {
		size_t indent;
		struct span text = unquote(line, &indent);

		if (field->len > 0 && text.len > 0 && indent > field_indent) {
			sbuf_addc(field, ' ');
			sbuf_add(field, text);
			continue;
		}
		if (sbuf_done(field, &whole) == 0)
			take_field(clues, token, whole);
		sbuf_clear(field);
		if (!is_field(text))
			continue;
		field_indent = indent;
		sbuf_add(field, text);
	}
	if (sbuf_done(field, &whole) == 0)
		take_field(clues, token, whole);
}

int
trace_read_clues(const char *file, const char *token, struct clues *clues)
{
	struct logfile *lines = logfile_open(file);
	struct sbuf field;

	clues->n = 0;
	if (lines == NULL) {
		(void)ctl_fail(EX_NOINPUT, "%s: %m", file);
		return -1;
	}
	sbuf_init(&field, NULL, FIELD_MOST);
	read_lines(lines, token, clues, &field);
	sbuf_free(&field);
	logfile_close(&lines);
	return 0;
}
