/*
 * reencode.c - see reencode.h.
 *
 * Twice the same walk over the parts of a message: the first time, as the
 * body comes, each part is measured and what is to be done with it noted
 * under its number; the second time it is done. Parts that need nothing are
 * not noted.
 */
#include "edit/reencode.h"

#include "base/ascii.h"
#include "edit/partheader.h"
#include "syntax/encword.h"
#include "syntax/mime.h"
#include "syntax/rawfield.h"
#include "syntax/transfer.h"
#include "syntax/utf8.h"

#define FIRST_ROOM 16u
#define OUT_BUFFER 32768u

/* What is done with a part. */
struct change {
	size_t part;
	enum transfer_method method;
	struct part_change header;
};

/* The leaf at hand, as far as it was seen. */
struct leaf {
	bool is_open;
	enum mime_kind kind;
	bool is_protected;
	bool is_message_type;	/* message/partial and the like */
	bool has_type;
	bool has_version;
	bool is_message;
	bool is_unended;	/* a part that no delimiter ends */
	enum part_encoding label;
	struct octets form;
	struct utf8 utf8;
	struct transfer qp;	/* counts */
};

struct reencode {
	const struct profile *profile;
	struct facts *facts;
	struct mime_scan *scan;
	size_t longest_line;
	bool is_7bit;		/* no octet above 127 is to leave */
	bool is_header_7bit;	/* nor in the header of a part */
	struct leaf leaf;
	struct octets between;	/* what stands between the parts */
	size_t part;		/* number of the one at hand; from 1 */
	struct change *changes;
	size_t count;
	size_t room;
	bool is_out_of_memory;
};

/* --- what is wanted ------------------------------------------------------- */

bool
reencode_is_wanted(const struct profile *profile)
{
	return profile->encode.eight_bit != EIGHT_BIT_KEEP ||
	    profile->encode.long_lines;
}

static bool
is_declared_8bit(const struct facts *facts)
{
	const struct facts_path *sender = &facts->sender;

	for (size_t i = 0; i < sender->param_count; i++)
		if (span_eq_nocase(sender->params[i], SPAN("BODY=8BITMIME")))
			return true;
	return false;
}

static bool
is_7bit_wanted(const struct profile *profile, const struct facts *facts)
{
	switch (profile->encode.eight_bit) {
	case EIGHT_BIT_KEEP:
		return false;
	case EIGHT_BIT_ENCODE:
		return true;
	case EIGHT_BIT_UNDECLARED:
		return !is_declared_8bit(facts);
	}
	return true;
}

int
reencode_header(const struct profile *profile, struct facts *facts,
    struct edit_list *list)
{
	const struct encword_style style = { profile->encode.charset, "\n" };
	struct header *header = &facts->leaving;

	if (!profile->encode.header || facts->is_smtputf8)
		return 0;
	for (size_t i = 0; i < header->n; i++) {
		struct header_field *field = &header->v[i];
		struct span text;

		if (!span_has_8bit(field->value))
			continue;
		switch (encword_encode(field->name, field->value, &style,
		    facts->arena, &text)) {
		case 1:
			if (edit_reword(list, header, i, span_trim(text),
			    "encoded-word") != 0)
				return -1;
			break;
		case 0:
			break;	/* message-syntax has let it pass */
		default:
			return -1;
		}
	}
	return 0;
}

/* --- the first walk ------------------------------------------------------- */

/* The first obstacle is the one that is told. */
static void
obstruct(struct reencode *r, const char *what)
{
	if (r->facts->encoding.obstacle == NULL)
		r->facts->encoding.obstacle = what;
}

static struct change *
note(struct reencode *r, size_t part)
{
	if (r->count == r->room) {
		size_t room = r->room == 0 ? FIRST_ROOM : r->room * 2;
		struct change *v = arena_calloc(r->facts->arena, room,
		    sizeof(*v));

		if (v == NULL) {
			r->is_out_of_memory = true;
			return NULL;
		}
		if (r->count > 0)
			memcpy(v, r->changes, r->count * sizeof(*v));
		r->changes = v;
		r->room = room;
	}
	r->facts->encoding.is_due = true;
	r->changes[r->count] = (struct change){ .part = part };
	return &r->changes[r->count++];
}

static bool
is_bad(const struct reencode *r, const struct octets *form)
{
	return (r->is_7bit && form->has_8bit) || form->has_nul ||
	    form->has_bare_cr || form->has_bare_lf ||
	    (r->profile->encode.long_lines &&
	    form->longest_line > r->longest_line);
}

/* What the leaf is encoded with, or an obstacle. */
static enum transfer_method
choose_method(struct reencode *r)
{
	const struct leaf *leaf = &r->leaf;
	uint64_t base64 = (leaf->form.size + 2) / 3 * 4;

	base64 += base64 / 76 * 2;
	if (leaf->is_protected)
		obstruct(r, "signed or encrypted part");
	else if (leaf->kind != MIME_LEAF || leaf->is_message_type)
		obstruct(r, "part of a kind that cannot be encoded");
	switch (leaf->label) {
	case PART_7BIT:
	case PART_8BIT:
		/*
		 * Readers differ about the last line end of a part that no
		 * delimiter ends; it must not be hidden within the encoding.
		 */
		return leaf->is_unended || leaf->qp.size <= base64 ?
		    TRANSFER_QP : TRANSFER_BASE64;
	case PART_QP:
		return TRANSFER_MEND_QP;
	case PART_BASE64:
		return TRANSFER_MEND_BASE64;
	case PART_UNKNOWN:
		break;
	}
	obstruct(r, "part with an unknown encoding");
	return TRANSFER_NONE;
}

/* The label must say what is true; the type, what may be assumed. */
static void
note_leaf(struct reencode *r)
{
	const struct leaf *leaf = &r->leaf;
	enum transfer_method method = choose_method(r);
	struct change *change = note(r, r->part);

	if (change == NULL)
		return;
	change->method = method;
	if (method == TRANSFER_QP)
		change->header.encoding = "quoted-printable";
	else if (method == TRANSFER_BASE64)
		change->header.encoding = "base64";
	if (!leaf->has_type && leaf->form.has_8bit)
		change->header.charset = utf8_is_valid(&leaf->utf8) ?
		    "utf-8" : r->profile->encode.charset;
	change->header.add_version = leaf->is_message && !leaf->has_version;
}

static void
end_leaf(struct reencode *r)
{
	struct leaf *leaf = &r->leaf;

	if (!leaf->is_open)
		return;
	leaf->is_open = false;
	octets_end(&leaf->form);
	transfer_end(&leaf->qp);
	if (is_bad(r, &leaf->form)) {
		note_leaf(r);
	} else if (r->is_7bit && leaf->label == PART_8BIT &&
	    !leaf->is_protected) {
		struct change *change = note(r, r->part);

		if (change != NULL)
			change->header.encoding = "7bit";
	}
}

/* The fields that the header of the part itself has. */
static struct span
find_field(const struct reencode *r, const struct mime_part *part,
    enum field_id id)
{
	const struct header_field *field;

	if (!part->is_whole)
		return rawfield_find(part->header,
		    span_of(field_info(id)->name));
	field = header_first(&r->facts->leaving, id);
	return field == NULL ? (struct span){ NULL, 0 } : field->value;
}

/* The header of a part: can it be as it has to? */
static void
look_at_header(struct reencode *r, const struct mime_part *part)
{
	struct octets form;
	struct change *change;

	if (part->is_whole || part->header.len == 0)
		return;
	octets_init(&form);
	octets_feed(&form, part->header);
	octets_end(&form);
	if (!is_bad(r, &form) ||
	    (form.has_8bit && !r->is_header_7bit && !form.has_nul &&
	    !form.has_bare_cr && !form.has_bare_lf &&
	    form.longest_line <= r->longest_line))
		return;
	if (part->is_within_protected) {
		obstruct(r, "signed or encrypted part");
		return;
	}
	switch (partheader_can_mend(part->header, &(struct part_rules){
	    r->is_header_7bit, r->profile->encode.header,
	    r->profile->encode.charset, r->longest_line },
	    r->facts->arena)) {
	case 1:
		change = note(r, r->part);
		if (change != NULL)
			change->header.is_mended = true;
		break;
	case 0:
		obstruct(r, "header of a part");
		break;
	default:
		r->is_out_of_memory = true;
	}
}

static void
open_leaf(struct reencode *r, const struct mime_part *part)
{
	struct leaf *leaf = &r->leaf;

	leaf->is_open = true;
	leaf->is_unended = false;
	leaf->kind = part->kind;
	leaf->is_protected = part->is_protected;
	leaf->is_message_type = span_eq_nocase(part->type, SPAN("message"));
	leaf->has_type = part->type.len > 0 ||
	    find_field(r, part, FIELD_CONTENT_TYPE).ptr != NULL;
	leaf->has_version = find_field(r, part, FIELD_MIME_VERSION).ptr !=
	    NULL;
	leaf->is_message = part->is_message;
	leaf->label = part_encoding_parse(find_field(r, part,
	    FIELD_CONTENT_TRANSFER_ENCODING));
	octets_init(&leaf->form);
	utf8_init(&leaf->utf8);
	transfer_begin(&leaf->qp, TRANSFER_QP, NULL, NULL);
}

static void
survey_part(void *context, const struct mime_part *part)
{
	struct reencode *r = context;
	struct change *change;

	end_leaf(r);
	r->part++;
	look_at_header(r, part);
	if (part->kind == MIME_LEAF || part->kind == MIME_OPAQUE) {
		open_leaf(r, part);
		return;
	}
	if (!r->is_7bit || part->is_within_protected || part_encoding_parse(
	    find_field(r, part, FIELD_CONTENT_TRANSFER_ENCODING)) !=
	    PART_8BIT)
		return;
	change = note(r, r->part);
	if (change != NULL)
		change->header.encoding = "7bit";
}

static void
survey_octets(void *context, enum mime_place place, struct span octets)
{
	struct reencode *r = context;

	switch (place) {
	case MIME_CONTENT:
		if (!r->leaf.is_open)
			break;
		octets_feed(&r->leaf.form, octets);
		utf8_feed(&r->leaf.utf8, octets);
		transfer_feed(&r->leaf.qp, octets);
		break;
	case MIME_BETWEEN:
		end_leaf(r);
		octets_feed(&r->between, octets);
		break;
	case MIME_FRAME:
		end_leaf(r);
		octets_feed(&r->between, octets);
		/* A boundary with such octets, or a header beyond reason. */
		if ((r->is_7bit && span_has_8bit(octets)) ||
		    (r->profile->encode.long_lines &&
		    octets.len > r->longest_line + 2))
			obstruct(r, "line between parts");
		break;
	}
}

struct reencode *
reencode_new(const struct profile *profile, struct facts *facts,
    size_t longest_line)
{
	const struct header_field *type = header_first(&facts->leaving,
	    FIELD_CONTENT_TYPE);
	struct reencode *r = arena_alloc(facts->arena, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->profile = profile;
	r->facts = facts;
	r->longest_line = longest_line;
	r->is_7bit = is_7bit_wanted(profile, facts);
	r->is_header_7bit = r->is_7bit && !facts->is_smtputf8;
	octets_init(&r->between);
	r->scan = mime_scan_new(type == NULL ? SPAN("") : type->value,
	    (size_t)profile->limits.mime_depth, &(struct mime_events){
	    survey_part, survey_octets, r }, facts->arena);
	return r->scan == NULL ? NULL : r;
}

void
reencode_feed(struct reencode *r, struct span octets)
{
	mime_scan_feed(r->scan, octets);
}

int
reencode_end(struct reencode *r)
{
	mime_scan_end(r->scan);
	r->leaf.is_unended = r->part > 1;
	end_leaf(r);
	octets_end(&r->between);
	if (is_bad(r, &r->between))
		r->facts->encoding.is_due = true;
	return r->is_out_of_memory ? -1 : 0;
}

/* --- the second walk ------------------------------------------------------ */

struct writer {
	struct reencode *r;
	const struct change *next;	/* of those that are to come */
	struct transfer transfer;	/* of the part at hand */
	bool is_encoding;
	size_t column;		/* between parts */
	bool is_after_cr;
	struct spool *to;
	struct octets *form;
	const char *error;
	size_t len;
	char buffer[OUT_BUFFER];
};

static void
flush(struct writer *w)
{
	struct span s = { w->buffer, w->len };

	w->len = 0;
	octets_feed(w->form, s);
	if (w->error == NULL && spool_write(w->to, s, &w->error) != 0 &&
	    w->error == NULL)
		w->error = "the new body cannot be written";
}

static void
put(void *context, struct span s)
{
	struct writer *w = context;

	while (s.len > 0) {
		size_t n = s.len < OUT_BUFFER - w->len ? s.len :
		    OUT_BUFFER - w->len;

		memcpy(w->buffer + w->len, s.ptr, n);
		w->len += n;
		s = span_slice(s, n, s.len);
		if (w->len == OUT_BUFFER)
			flush(w);
	}
}

static void
end_encoding(struct writer *w)
{
	if (w->is_encoding)
		transfer_end(&w->transfer);
	w->is_encoding = false;
}

/*
 * Preamble, epilogue and delimiters are for no reader: what must not leave is
 * replaced, and lines are ended and broken as they should be.
 */
static void
put_between(struct writer *w, struct span s, bool may_break)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool is_8bit = (unsigned char)c > 127;

		if (c == '\n') {
			put(w, w->is_after_cr ? SPAN("\n") : SPAN("\r\n"));
			w->column = 0;
			w->is_after_cr = false;
			continue;
		}
		if (may_break && c != '\r' &&
		    w->column == w->r->longest_line) {
			put(w, SPAN("\r\n"));
			w->column = 0;
		}
		if (c == '\0' || (is_8bit && w->r->is_7bit))
			c = '?';
		w->is_after_cr = c == '\r';
		w->column += c != '\r';
		put(w, (struct span){ &c, 1 });
	}
}

static void
put_header(struct writer *w, const struct mime_part *part,
    const struct part_change *change)
{
	const struct reencode *r = w->r;
	struct span text;

	if (partheader_write(part->header, change, &(struct part_rules){
	    r->is_header_7bit, r->profile->encode.header,
	    r->profile->encode.charset, r->longest_line },
	    r->facts->arena, &text) != 1)
		w->error = "out of memory";
	else
		put(w, text);
}

static void
write_part(void *context, const struct mime_part *part)
{
	struct writer *w = context;
	const struct change *end = w->r->changes + w->r->count;
	struct part_change header = { .encoding = NULL };

	end_encoding(w);
	w->r->part++;
	w->column = 0;
	/* A part may be noted for its header, and for its content. */
	for (; w->next < end && w->next->part == w->r->part; w->next++) {
		partheader_join(&header, &w->next->header);
		if (w->next->method == TRANSFER_NONE)
			continue;
		transfer_begin(&w->transfer, w->next->method, put, w);
		w->is_encoding = true;
	}
	if (part->is_whole)
		return;
	if (partheader_is_changed(&header))
		put_header(w, part, &header);
	else
		put(w, part->header);
}

static void
write_octets(void *context, enum mime_place place, struct span octets)
{
	struct writer *w = context;

	if (place == MIME_CONTENT && w->is_encoding) {
		transfer_feed(&w->transfer, octets);
		return;
	}
	if (place == MIME_CONTENT) {
		put(w, octets);
		return;
	}
	end_encoding(w);
	put_between(w, octets, place == MIME_BETWEEN);
}

/* --- the header of the message -------------------------------------------- */

/* The first such field says VALUE; there is no other. */
static int
set_field(struct reencode *r, struct edit_list *list, enum field_id id,
    struct span value)
{
	struct header *header = &r->facts->leaving;
	const struct header_field *first;

	for (size_t i = header->n; i > 0 && header_count(header, id) > 1; i--)
		if (header->v[i - 1].id == id && edit_delete(list, header,
		    i - 1, "transfer-encoding") != 0)
			return -1;
	first = header_first(header, id);
	if (first == NULL)
		return edit_add(list, header, field_info(id)->name, value,
		    "transfer-encoding");
	return edit_reword(list, header, (size_t)(first - header->v), value,
	    "transfer-encoding");
}

static int
edit_header(struct reencode *r, struct edit_list *list)
{
	struct facts *facts = r->facts;

	for (size_t i = 0; i < r->count && r->changes[i].part == 1; i++) {
		const struct part_change *change = &r->changes[i].header;

		if (change->charset != NULL && set_field(r, list,
		    FIELD_CONTENT_TYPE, arena_printf(facts->arena,
		    "text/plain; charset=%s", change->charset)) != 0)
			return -1;
		if (change->encoding != NULL && set_field(r, list,
		    FIELD_CONTENT_TRANSFER_ENCODING,
		    span_of(change->encoding)) != 0)
			return -1;
		if (change->add_version && set_field(r, list,
		    FIELD_MIME_VERSION, SPAN("1.0")) != 0)
			return -1;
	}
	/* What has parts, or an encoding, is MIME. */
	if (header_count(&facts->leaving, FIELD_MIME_VERSION) == 0)
		return set_field(r, list, FIELD_MIME_VERSION, SPAN("1.0"));
	return 0;
}

static int
walk(struct writer *w, struct spool *from, struct mime_scan *scan)
{
	struct span piece = { NULL, 0 };
	bool is_base64;

	for (uint64_t at = 0; at < spool_size(from) && w->error == NULL;
	    at += piece.len) {
		if (spool_read(from, at, &piece, &w->error) != 0)
			return -1;
		mime_scan_feed(scan, piece);
	}
	mime_scan_end(scan);
	/* The line end of what was encoded is within it. */
	is_base64 = w->is_encoding && w->transfer.method == TRANSFER_BASE64;
	end_encoding(w);
	if (is_base64 && w->transfer.column > 0)
		put(w, SPAN("\r\n"));
	flush(w);
	return w->error == NULL ? 0 : -1;
}

int
reencode_write(struct reencode *r, struct edit_list *list,
    struct spool *from, struct spool *to, struct octets *form,
    const char **error_r)
{
	const struct header_field *type = header_first(&r->facts->leaving,
	    FIELD_CONTENT_TYPE);
	struct writer *w = arena_alloc(r->facts->arena, sizeof(*w));
	struct mime_scan *scan;

	*error_r = "out of memory";
	if (w == NULL)
		return -1;
	w->r = r;
	w->next = r->changes;
	w->to = to;
	w->form = form;
	octets_init(form);
	/* The scan begins with an event: the writer must be whole. */
	r->part = 0;
	scan = mime_scan_new(type == NULL ? SPAN("") : type->value,
	    (size_t)r->profile->limits.mime_depth, &(struct mime_events){
	    write_part, write_octets, w }, r->facts->arena);
	if (scan == NULL)
		return -1;
	if (walk(w, from, scan) != 0) {
		*error_r = w->error;
		return -1;
	}
	octets_end(form);
	if (edit_header(r, list) != 0 ||
	    edit_body(list, to, "transfer-encoding") != 0)
		return -1;
	return 0;
}
