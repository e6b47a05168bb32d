/*
 * partheader.c - see partheader.h.
 */
#include "edit/partheader.h"

#include "base/ascii.h"
#include "base/sbuf.h"
#include "syntax/encword.h"
#include "syntax/lex.h"
#include "syntax/rawfield.h"

#define ROOM_MORE 1024u		/* for what is added */

enum part_encoding
part_encoding_parse(struct span value)
{
	static const struct {
		const char *name;
		enum part_encoding encoding;
	} names[] = {
		{ "7bit", PART_7BIT },
		{ "8bit", PART_8BIT },
		{ "binary", PART_8BIT },
		{ "quoted-printable", PART_QP },
		{ "base64", PART_BASE64 },
	};
	struct lex lex = { .s = value };
	struct span word;
	size_t begin;

	if (lex_skip(&lex, NULL, NULL) != 0)
		return PART_UNKNOWN;
	begin = lex.pos;
	while (lex.pos < value.len && !lex_is_fws(value.ptr[lex.pos]) &&
	    value.ptr[lex.pos] != '(' && value.ptr[lex.pos] != ';')
		lex.pos++;
	word = value.len == 0 ? value : span_slice(value, begin, lex.pos);
	if (word.len == 0)
		return PART_7BIT;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_eq_nocase(word, span_of(names[i].name)))
			return names[i].encoding;
	return PART_UNKNOWN;
}

bool
partheader_is_changed(const struct part_change *change)
{
	return change->encoding != NULL || change->charset != NULL ||
	    change->add_version || change->is_mended;
}

void
partheader_join(struct part_change *change, const struct part_change *other)
{
	if (other->encoding != NULL)
		change->encoding = other->encoding;
	if (other->charset != NULL)
		change->charset = other->charset;
	change->add_version |= other->add_version;
	change->is_mended |= other->is_mended;
}

/* --- a field -------------------------------------------------------------- */

/* The last blank of S before LIMIT at which the line may be folded; 0: none. */
static size_t
fold_at(struct span s, size_t limit)
{
	size_t at = 0;
	bool has_text = false;

	for (size_t i = 0; i < s.len && i < limit; i++) {
		bool is_blank = ascii_is_wsp((unsigned char)s.ptr[i]);

		if (is_blank && has_text)
			at = i;
		has_text |= !is_blank;
	}
	return at;
}

/* A line without its end, folded until no piece is too long. */
static int
put_folded(struct sbuf *out, struct span line, size_t limit)
{
	while (line.len > limit) {
		size_t at = fold_at(line, limit);

		if (at == 0)
			return 0;
		sbuf_add(out, span_slice(line, 0, at));
		sbuf_adds(out, "\r\n");
		line = span_slice(line, at, line.len);
	}
	sbuf_add(out, line);
	return 1;
}

/* Lines end in CRLF, and are no longer than allowed. */
static int
put_lines(struct sbuf *out, struct span text, size_t limit)
{
	int status = 1;

	while (text.len > 0 && status == 1) {
		size_t end = span_find(text, '\n');
		struct span line = span_slice(text, 0, end);

		if (end < text.len && end > 0 && text.ptr[end - 1] == '\r')
			line.len--;
		if (span_find(line, '\r') < line.len ||
		    span_find(line, '\0') < line.len)
			return 0;
		status = put_folded(out, line, limit);
		if (end < text.len)
			sbuf_adds(out, "\r\n");
		text = span_slice(text, end < text.len ? end + 1 : end,
		    text.len);
	}
	return status;
}

static int
put_mended(struct sbuf *out, const struct rawfield *field,
    const struct part_rules *rules, struct arena *arena)
{
	const struct encword_style style = { rules->charset, "\r\n" };
	struct span text;
	int status;

	if (!rules->is_7bit || !span_has_8bit(field->whole))
		return put_lines(out, field->whole, rules->longest_line);
	if (!rules->may_encode || field->name.len == 0)
		return 0;
	status = encword_encode(field->name, field->value, &style, arena,
	    &text);
	if (status != 1)
		return status;
	text = arena_printf(arena, "%.*s:%.*s\r\n", SPAN_ARG(field->name),
	    SPAN_ARG(text));
	if (text.ptr == NULL)
		return -1;
	return put_lines(out, text, rules->longest_line);
}

/* --- the header ----------------------------------------------------------- */

static void
put_field(struct sbuf *out, const char *name, const char *before,
    const char *value)
{
	/* The last line of a message may have no end. */
	if (out->len > 0 && out->ptr[out->len - 1] != '\n')
		sbuf_adds(out, "\r\n");
	sbuf_addf(out, "%s: %s%s\r\n", name, before, value);
}

static void
put_missing(struct sbuf *out, const struct part_change *change,
    bool has_encoding)
{
	if (change->add_version)
		put_field(out, "MIME-Version", "", "1.0");
	if (change->charset != NULL)
		put_field(out, "Content-Type", "text/plain; charset=",
		    change->charset);
	if (change->encoding != NULL && !has_encoding)
		put_field(out, "Content-Transfer-Encoding", "",
		    change->encoding);
}

/* A Content-Type that says nothing makes room for one that does. */
static bool
is_replaced(const struct rawfield *field, const struct part_change *change)
{
	return change->charset != NULL &&
	    span_eq_nocase(field->name, SPAN("Content-Type"));
}

int
partheader_write(struct span header, const struct part_change *change,
    const struct part_rules *rules, struct arena *arena, struct span *text_r)
{
	struct rawfield field;
	struct sbuf out;
	bool has_encoding = false;
	int status = 1;

	sbuf_init(&out, arena, header.len * 20 + ROOM_MORE);
	while (status == 1 && rawfield_next(&header, &field) == 1) {
		if (change->encoding != NULL && span_eq_nocase(field.name,
		    SPAN("Content-Transfer-Encoding"))) {
			if (!has_encoding)
				put_field(&out, "Content-Transfer-Encoding",
				    "", change->encoding);
			has_encoding = true;
		} else if (is_replaced(&field, change)) {
			continue;
		} else if (change->is_mended) {
			status = put_mended(&out, &field, rules, arena);
		} else {
			sbuf_add(&out, field.whole);
		}
	}
	if (status != 1)
		return status;
	put_missing(&out, change, has_encoding);
	if (header.len > 0)
		sbuf_adds(&out, "\r\n");
	return sbuf_done(&out, text_r) == 0 ? 1 : -1;
}

int
partheader_can_mend(struct span header, const struct part_rules *rules,
    struct arena *arena)
{
	const struct part_change change = { .is_mended = true };
	struct span text;

	return partheader_write(header, &change, rules, arena, &text);
}
