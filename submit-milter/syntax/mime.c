/*
 * mime.c - see mime.h.
 *
 * A reader of mail that guesses finds parts where a strict one sees none,
 * and a limit that only the strict one keeps is no limit. So parameters
 * are read leniently, and what is too long to be followed counts as too
 * deep.
 */
#include "syntax/mime.h"

#include <stdint.h>

#include "base/ascii.h"
#include "syntax/lex.h"

#define SECTIONS_MAX 10		/* RFC 2231: boundary*0 to boundary*9 */
#define BOUNDARY_KEEP 250	/* RFC 2046 allows 70 */
#define LINE_KEEP 2048		/* RFC 5322 allows 998 */
#define FIELD_KEEP 8192		/* of a Content-Type field */

/* A value, or a piece of one, as it stands in the field. */
struct piece {
	struct span raw;	/* without the quotes */
	bool is_given;
	bool is_quoted;
	bool is_encoded;	/* RFC 2231 section 4 */
};

struct content {
	struct span type, subtype;
	struct piece boundary;
	struct piece sections[SECTIONS_MAX];
};

struct level {
	bool is_multipart;	/* else a message */
	bool is_digest;		/* its parts are messages by default */
	size_t len;
	char boundary[BOUNDARY_KEEP];
};

struct mime_scan {
	size_t ceiling;
	size_t deepest;
	size_t depth;		/* of levels; the part at hand is in the last */
	bool is_in_header;
	bool has_type;		/* a Content-Type field was seen */
	bool is_in_type;	/* the line before was of that field */
	bool is_field_cut;
	bool is_line_cut;
	size_t field_len;
	size_t line_len;
	struct level *levels;	/* ceiling + 1 of them */
	char field[FIELD_KEEP];
	char line[LINE_KEEP];	/* the line at hand, if it came in pieces */
};

static bool
is_tspecial(char c)
{
	return c != '\0' && strchr("()<>@,;:\\\"/[]?=", c) != NULL;
}

/* token = 1*<any (US-ASCII) CHAR except SPACE, CTLs, or tspecials> */
static struct span
read_token(struct lex *lex)
{
	size_t begin = lex->pos;

	while (lex->pos < lex->s.len) {
		char c = lex->s.ptr[lex->pos];

		if (!ascii_is_vchar((unsigned char)c) || is_tspecial(c))
			break;
		lex->pos++;
	}
	return span_slice(lex->s, begin, lex->pos);
}

static bool
accept(struct lex *lex, char c)
{
	if (lex->pos == lex->s.len || lex->s.ptr[lex->pos] != c)
		return false;
	lex->pos++;
	return true;
}

/* pos is after the quote; a quoted-string without end goes to the end. */
static struct span
read_quoted(struct lex *lex)
{
	size_t begin = lex->pos, end;

	while (lex->pos < lex->s.len && lex->s.ptr[lex->pos] != '"') {
		if (lex->s.ptr[lex->pos] == '\\' && lex->pos + 1 < lex->s.len)
			lex->pos++;
		lex->pos++;
	}
	end = lex->pos;
	(void)accept(lex, '"');
	return span_slice(lex->s, begin, end);
}

/* value = token / quoted-string; tokens may hold all but the separators. */
static struct piece
read_value(struct lex *lex)
{
	struct piece piece = { .is_given = true };
	size_t begin;

	piece.is_quoted = accept(lex, '"');
	if (piece.is_quoted) {
		piece.raw = read_quoted(lex);
		return piece;
	}
	begin = lex->pos;
	while (lex->pos < lex->s.len) {
		char c = lex->s.ptr[lex->pos];

		if (c == ';' || c == '"' || c == '(' || lex_is_fws(c))
			break;
		lex->pos++;
	}
	piece.raw = span_slice(lex->s, begin, lex->pos);
	return piece;
}

/*
 * attribute = "boundary" [ "*" section ] [ "*" ]	; RFC 2231
 *
 * Where the value of NAME belongs, or NULL when it is none of ours or was
 * given before.
 */
static struct piece *
find_piece(struct content *content, struct span name, bool *is_encoded_r)
{
	struct span prefix = SPAN("boundary");
	struct piece *piece = &content->boundary;
	size_t i = prefix.len;

	if (!span_starts_nocase(name, prefix))
		return NULL;
	if (i + 1 < name.len && name.ptr[i] == '*' &&
	    ascii_is_digit((unsigned char)name.ptr[i + 1])) {
		piece = &content->sections[name.ptr[i + 1] - '0'];
		i += 2;
	}
	*is_encoded_r = i < name.len && name.ptr[i] == '*';
	if (*is_encoded_r)
		i++;
	return i == name.len && !piece->is_given ? piece : NULL;
}

/* parameter = attribute "=" value */
static void
read_parameter(struct lex *lex, struct content *content)
{
	bool is_encoded = false;
	struct piece *piece, value;
	struct span name;

	name = read_token(lex);
	if (lex_skip(lex, NULL, NULL) != 0 || !accept(lex, '=') ||
	    lex_skip(lex, NULL, NULL) != 0)
		return;
	value = read_value(lex);
	piece = find_piece(content, name, &is_encoded);
	if (piece != NULL) {
		*piece = value;
		piece->is_encoded = is_encoded;
	}
}

/* To the next semicolon outside quotes and comments; false: no more. */
static bool
skip_to_semicolon(struct lex *lex)
{
	while (lex_skip(lex, NULL, NULL) == 0 && lex->pos < lex->s.len) {
		if (accept(lex, ';'))
			return true;
		if (accept(lex, '"'))
			(void)read_quoted(lex);
		else
			lex->pos++;
	}
	return false;
}

/*
 * content := "Content-Type" ":" type "/" subtype *(";" parameter)
 *
 * 1, or 0 when there is no type.
 */
static int
content_parse(struct span value, struct content *content_r)
{
	struct content content = { .type = { NULL, 0 } };
	struct lex lex = { .s = value };

	if (lex_skip(&lex, NULL, NULL) != 0)
		return 0;
	content.type = read_token(&lex);
	if (content.type.len == 0 || lex_skip(&lex, NULL, NULL) != 0 ||
	    !accept(&lex, '/') || lex_skip(&lex, NULL, NULL) != 0)
		return 0;
	content.subtype = read_token(&lex);
	if (content.subtype.len == 0)
		return 0;
	while (skip_to_semicolon(&lex) && lex_skip(&lex, NULL, NULL) == 0)
		read_parameter(&lex, &content);
	*content_r = content;
	return 1;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)ascii_lower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After charset'language', which the first encoded piece begins with. */
static struct span
skip_charset(struct span raw)
{
	size_t first = span_find(raw, '\''), second;

	if (first == raw.len)
		return raw;
	second = first + 1 + span_find(span_slice(raw, first + 1, raw.len),
	    '\'');
	return second == raw.len ? raw : span_slice(raw, second + 1, raw.len);
}

/* Writes what the piece stands for to TO + n, if TO is there; the new n. */
static size_t
piece_write(const struct piece *piece, bool is_first, char *to, size_t n)
{
	struct span s = piece->raw;

	if (piece->is_encoded && is_first)
		s = skip_charset(s);
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (piece->is_quoted && c == '\\' && i + 1 < s.len) {
			c = s.ptr[++i];
		} else if (piece->is_quoted && (c == '\r' || c == '\n')) {
			continue;
		} else if (piece->is_encoded && c == '%' && i + 2 < s.len &&
		    hex_value(s.ptr[i + 1]) >= 0 &&
		    hex_value(s.ptr[i + 2]) >= 0) {
			c = (char)(hex_value(s.ptr[i + 1]) * 16 +
			    hex_value(s.ptr[i + 2]));
			i += 2;
		}
		if (to != NULL)
			to[n] = c;
		n++;
	}
	return n;
}

/* Octets of the boundary, written to TO unless that is NULL. */
static size_t
boundary_write(const struct content *content, char *to)
{
	size_t n = 0;

	if (content->boundary.is_given)
		return piece_write(&content->boundary, true, to, 0);
	for (int i = 0; i < SECTIONS_MAX; i++) {
		if (!content->sections[i].is_given)
			break;
		n = piece_write(&content->sections[i], i == 0, to, n);
	}
	return n;
}

int
mime_type_parse(struct span value, struct arena *arena,
    struct mime_type *type_r)
{
	struct content content;
	char *boundary;
	size_t len;

	if (content_parse(value, &content) != 1)
		return 0;
	len = boundary_write(&content, NULL);
	boundary = arena_alloc(arena, len + 1);
	if (boundary == NULL)
		return -1;
	(void)boundary_write(&content, boundary);
	*type_r = (struct mime_type){ content.type, content.subtype,
		{ boundary, len } };
	return 1;
}

static void
note_depth(struct mime_scan *scan, size_t depth)
{
	if (depth > scan->deepest)
		scan->deepest = depth;
}

static void
begin_header(struct mime_scan *scan)
{
	scan->is_in_header = true;
	scan->has_type = false;
	scan->is_in_type = false;
	scan->is_field_cut = false;
	scan->field_len = 0;
}

static void
open_message(struct mime_scan *scan)
{
	if (scan->depth > scan->ceiling)
		return;
	scan->levels[scan->depth++] = (struct level){ .is_multipart = false };
	note_depth(scan, scan->depth);
	begin_header(scan);
}

/* The parts count when the first of them begins. */
static void
open_multipart(struct mime_scan *scan, const struct content *content)
{
	size_t len = boundary_write(content, NULL);
	struct level *level;

	if (len > BOUNDARY_KEEP) {
		note_depth(scan, scan->ceiling + 1);
		return;
	}
	if (len == 0 || scan->depth > scan->ceiling)
		return;
	level = &scan->levels[scan->depth++];
	level->is_multipart = true;
	level->is_digest = span_eq_nocase(content->subtype, SPAN("digest"));
	level->len = boundary_write(content, level->boundary);
	while (level->len > 0 && ascii_is_wsp(
	    (unsigned char)level->boundary[level->len - 1]))
		level->len--;
	if (level->len == 0)
		scan->depth--;
}

/* The header of an entity is over; its content begins. */
static void
open_entity(struct mime_scan *scan, struct span content_type)
{
	struct content content;

	scan->is_in_header = false;
	if (content_parse(content_type, &content) != 1) {
		if (content_type.len == 0 && scan->depth > 0 &&
		    scan->levels[scan->depth - 1].is_digest)
			open_message(scan);
		return;
	}
	if (span_eq_nocase(content.type, SPAN("multipart")))
		open_multipart(scan, &content);
	else if (span_eq_nocase(content.type, SPAN("message")) &&
	    (span_eq_nocase(content.subtype, SPAN("rfc822")) ||
	    span_eq_nocase(content.subtype, SPAN("global"))))
		open_message(scan);
}

struct mime_scan *
mime_scan_new(struct span content_type, size_t depth_ceiling,
    struct arena *arena)
{
	struct mime_scan *scan = arena_alloc(arena, sizeof(*scan));

	if (scan == NULL || depth_ceiling >= SIZE_MAX - 1)
		return NULL;
	scan->levels = arena_calloc(arena, depth_ceiling + 1,
	    sizeof(*scan->levels));
	if (scan->levels == NULL)
		return NULL;
	scan->ceiling = depth_ceiling;
	open_entity(scan, content_type);
	return scan;
}

/*
 * dash-boundary   := "--" boundary
 * delimiter       := CRLF dash-boundary
 * close-delimiter := delimiter "--"
 *
 * Either with white space after it. The whole line counts, so that a
 * boundary which begins like another is not taken for it.
 */
static bool
is_delimiter(const struct level *level, struct span line, bool *is_close_r)
{
	struct span rest;

	if (!level->is_multipart || line.len < 2 + level->len ||
	    memcmp(line.ptr + 2, level->boundary, level->len) != 0)
		return false;
	rest = span_slice(line, 2 + level->len, line.len);
	*is_close_r = rest.len >= 2 && rest.ptr[0] == '-' &&
	    rest.ptr[1] == '-';
	if (*is_close_r)
		rest = span_slice(rest, 2, rest.len);
	for (size_t i = 0; i < rest.len; i++)
		if (!ascii_is_wsp((unsigned char)rest.ptr[i]))
			return false;
	return true;
}

/*
 * A delimiter ends whatever stands within its multipart, whether that was
 * closed or not (RFC 2046 section 5.1.2).
 */
static bool
take_delimiter(struct mime_scan *scan, struct span line)
{
	bool is_close;

	if (scan->is_line_cut || line.len < 3 || line.ptr[0] != '-' ||
	    line.ptr[1] != '-')
		return false;
	for (size_t i = scan->depth; i > 0; i--) {
		if (!is_delimiter(&scan->levels[i - 1], line, &is_close))
			continue;
		scan->is_in_header = false;
		scan->depth = is_close ? i - 1 : i;
		if (!is_close) {
			note_depth(scan, scan->depth);
			begin_header(scan);
		}
		return true;
	}
	return false;
}

static void
field_add(struct mime_scan *scan, struct span s)
{
	size_t room = FIELD_KEEP - scan->field_len;

	if (s.len > room || scan->is_line_cut) {
		scan->is_field_cut = true;
		s.len = s.len > room ? room : s.len;
	}
	if (s.len > 0)
		memcpy(scan->field + scan->field_len, s.ptr, s.len);
	scan->field_len += s.len;
}

static void
take_header_line(struct mime_scan *scan, struct span line)
{
	struct span name = SPAN("Content-Type");
	size_t i = name.len;

	if (line.len == 0) {
		if (scan->is_field_cut)
			note_depth(scan, scan->ceiling + 1);
		open_entity(scan,
		    (struct span){ scan->field, scan->field_len });
		return;
	}
	if (ascii_is_wsp((unsigned char)line.ptr[0])) {
		if (scan->is_in_type)
			field_add(scan, line);
		return;
	}
	scan->is_in_type = false;
	if (scan->has_type || !span_starts_nocase(line, name))
		return;
	while (i < line.len && ascii_is_wsp((unsigned char)line.ptr[i]))
		i++;
	if (i == line.len || line.ptr[i] != ':')
		return;
	scan->has_type = true;
	scan->is_in_type = true;
	field_add(scan, span_slice(line, i + 1, line.len));
}

/* LINE is without its LF, and no longer than LINE_KEEP. */
static void
take_line(struct mime_scan *scan, struct span line)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (!take_delimiter(scan, line) && scan->is_in_header)
		take_header_line(scan, line);
	scan->line_len = 0;
	scan->is_line_cut = false;
}

static void
line_add(struct mime_scan *scan, struct span s)
{
	size_t room = LINE_KEEP - scan->line_len;

	if (s.len > room) {
		scan->is_line_cut = true;
		s.len = room;
	}
	memcpy(scan->line + scan->line_len, s.ptr, s.len);
	scan->line_len += s.len;
}

void
mime_scan_feed(struct mime_scan *scan, struct span octets)
{
	while (octets.len > 0) {
		size_t end = span_find(octets, '\n');
		struct span part = span_slice(octets, 0, end);

		if (end == octets.len) {
			line_add(scan, part);
			return;
		}
		if (scan->line_len > 0 || part.len > LINE_KEEP) {
			line_add(scan, part);
			part = (struct span){ scan->line, scan->line_len };
		}
		take_line(scan, part);
		octets = span_slice(octets, end + 1, octets.len);
	}
}

size_t
mime_scan_depth(const struct mime_scan *scan)
{
	return scan->deepest;
}
