/*
 * transfer.c - see transfer.h.
 */
#include "syntax/transfer.h"

#include "base/ascii.h"

#define LINE_MOST 76u		/* octets of an encoded line */

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789+/";

void
transfer_begin(struct transfer *transfer, enum transfer_method method,
    transfer_sink *sink, void *context)
{
	transfer->method = method;
	transfer->sink = sink;
	transfer->context = context;
	transfer->size = 0;
	transfer->column = 0;
	transfer->held_len = 0;
	transfer->has_cr = false;
	transfer->has_equals = false;
	transfer->escape = 0;
	transfer->triple_len = 0;
	transfer->len = 0;
}

static void
flush(struct transfer *t)
{
	if (t->sink != NULL && t->len > 0)
		t->sink(t->context, (struct span){ t->buffer, t->len });
	t->len = 0;
}

static void
put(struct transfer *t, char c)
{
	t->size++;
	if (t->sink == NULL)
		return;
	if (t->len == TRANSFER_BUFFER)
		flush(t);
	t->buffer[t->len++] = c;
}

static void
put_line_end(struct transfer *t)
{
	put(t, '\r');
	put(t, '\n');
	t->column = 0;
}

/* --- quoted-printable ----------------------------------------------------- */

/* Room for N octets that must not be torn apart, and for a soft break. */
static void
make_room(struct transfer *t, size_t n)
{
	if (t->column + n < LINE_MOST)
		return;
	put(t, '=');
	put_line_end(t);
}

static void
put_plain(struct transfer *t, char c)
{
	if (t->escape > 0)
		t->escape--;
	else
		make_room(t, 1);
	put(t, c);
	t->column++;
}

static void
put_escaped(struct transfer *t, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";

	make_room(t, 3);
	put(t, '=');
	put(t, hex[c >> 4]);
	put(t, hex[c & 15]);
	t->column += 3;
	t->escape = 0;
}

static void
put_held(struct transfer *t)
{
	for (size_t i = 0; i < t->held_len; i++)
		put_plain(t, t->held[i]);
	t->held_len = 0;
}

/*
 * Blanks at the end of a line are lost unless encoded; in content that was
 * encoded before they are none of it.
 */
static void
end_line(struct transfer *t)
{
	if (t->method == TRANSFER_QP && t->held_len > 0) {
		char last = t->held[--t->held_len];

		put_held(t);
		put_escaped(t, (unsigned char)last);
	}
	t->held_len = 0;
	t->escape = 0;
}

/* An octet or two of an escape follow, unless the line goes on. */
static void
put_equals(struct transfer *t, bool is_escape)
{
	t->has_equals = false;
	if (is_escape) {
		make_room(t, 3);
		t->escape = 2;
	}
	put(t, '=');
	t->column++;
}

static void
feed_qp(struct transfer *t, char c)
{
	bool had_cr = t->has_cr;

	t->has_cr = c == '\r' && t->has_equals && !had_cr;
	if (t->has_cr)
		return;
	if (t->has_equals)
		put_equals(t, !had_cr || c != '\n');
	if (had_cr && c == '\n') {
		end_line(t);
		put_line_end(t);
		return;
	}
	if (had_cr) {
		put_held(t);
		put_escaped(t, '\r');
	}
	if (c == '\r') {
		t->has_cr = true;
		return;
	}
	if (c == ' ' || c == '\t') {
		if (t->held_len == TRANSFER_HELD)
			put_held(t);
		t->held[t->held_len++] = c;
		return;
	}
	put_held(t);
	if (c == '=' && t->method == TRANSFER_MEND_QP) {
		t->has_equals = true;
	} else if (!ascii_is_vchar((unsigned char)c) || c == '=') {
		put_escaped(t, (unsigned char)c);
	} else {
		put_plain(t, c);
	}
}

/* --- base64 --------------------------------------------------------------- */

static void
put_triple(struct transfer *t)
{
	const unsigned char *b = t->triple;
	char quad[4];

	for (size_t i = t->triple_len; i < 3; i++)
		t->triple[i] = 0;
	quad[0] = base64_digits[b[0] >> 2];
	quad[1] = base64_digits[(b[0] & 3) << 4 | b[1] >> 4];
	quad[2] = t->triple_len < 2 ? '=' :
	    base64_digits[(b[1] & 15) << 2 | b[2] >> 6];
	quad[3] = t->triple_len < 3 ? '=' : base64_digits[b[2] & 63];
	if (t->column == LINE_MOST)
		put_line_end(t);
	for (int i = 0; i < 4; i++)
		put(t, quad[i]);
	t->column += 4;
	t->triple_len = 0;
}

static void
feed_base64(struct transfer *t, char c)
{
	t->triple[t->triple_len++] = (unsigned char)c;
	if (t->triple_len == 3)
		put_triple(t);
}

/* What is no base64 is ignored by decoders (section 6.8): it goes. */
static void
mend_base64(struct transfer *t, char c)
{
	bool had_cr = t->has_cr;

	t->has_cr = c == '\r';
	if (had_cr && c == '\n') {
		put_line_end(t);
	} else if (ascii_is_vchar((unsigned char)c) || c == ' ') {
		if (t->column == LINE_MOST)
			put_line_end(t);
		put(t, c);
		t->column++;
	}
}

/* -------------------------------------------------------------------------- */

void
transfer_feed(struct transfer *t, struct span octets)
{
	for (size_t i = 0; i < octets.len; i++) {
		switch (t->method) {
		case TRANSFER_NONE:
			put(t, octets.ptr[i]);
			break;
		case TRANSFER_QP:
		case TRANSFER_MEND_QP:
			feed_qp(t, octets.ptr[i]);
			break;
		case TRANSFER_BASE64:
			feed_base64(t, octets.ptr[i]);
			break;
		case TRANSFER_MEND_BASE64:
			mend_base64(t, octets.ptr[i]);
			break;
		}
	}
}

void
transfer_end(struct transfer *t)
{
	switch (t->method) {
	case TRANSFER_QP:
	case TRANSFER_MEND_QP:
		if (t->has_equals)
			put_equals(t, t->has_cr);
		if (t->has_cr) {
			put_held(t);
			put_escaped(t, '\r');
		}
		end_line(t);
		break;
	case TRANSFER_BASE64:
		if (t->triple_len > 0)
			put_triple(t);
		break;
	case TRANSFER_NONE:
	case TRANSFER_MEND_BASE64:
		break;
	}
	flush(t);
}
