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
#include "base/sbuf.h"
#include "syntax/content.h"

#define BOUNDARY_KEEP 250	/* RFC 2046 allows 70 */
#define LINE_KEEP 2049		/* with its LF; RFC 5322 allows 998 */
#define FIELD_KEEP 8192		/* of a Content-Type field */
#define HEADER_KEEP 131072	/* of the header of a part, for the events */

struct level {
	bool is_multipart;	/* else a message */
	bool is_digest;		/* its parts are messages by default */
	bool is_protected;
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
	struct mime_events events;	/* none wanted: functions are NULL */
	struct sbuf header;	/* of the part at hand, for the events */
	enum mime_place place;	/* of what follows its header */
	size_t held;		/* octets of a line end, held back */
	char line_end[2];
	char field[FIELD_KEEP];
	char line[LINE_KEEP];	/* the line at hand, if it came in pieces */
};

/* The boundary in the first form in which it is given. */
static size_t
boundary_write(const struct content *content, char *to)
{
	size_t n = content_write(content, CONTENT_WHOLE, to);

	if (n == 0)
		n = content_write(content, CONTENT_EXTENDED, to);
	return n == 0 ? content_write(content, CONTENT_SECTIONED, to) : n;
}

static int
type_parse(struct span value, struct content *content_r)
{
	return content_parse(value, SPAN("boundary"), content_r) == 1 &&
	    content_r->subtype.len > 0 ? 1 : 0;
}

int
mime_type_parse(struct span value, struct arena *arena,
    struct mime_type *type_r)
{
	struct content content;
	char *boundary;
	size_t len;

	if (type_parse(value, &content) != 1)
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

/* --- events --------------------------------------------------------------- */

static void
tell(struct mime_scan *scan, enum mime_place place, struct span octets)
{
	if (scan->events.octets != NULL && octets.len > 0)
		scan->events.octets(scan->events.context, place, octets);
}

static void
tell_part(struct mime_scan *scan, struct mime_part part)
{
	if (scan->events.part == NULL)
		return;
	if (!part.is_whole && sbuf_done(&scan->header, &part.header) != 0)
		part.kind = MIME_OPAQUE;
	scan->events.part(scan->events.context, &part);
}

/* The line end that was held back stands in PLACE. */
static void
release(struct mime_scan *scan, enum mime_place place)
{
	size_t n = scan->held;

	scan->held = 0;
	tell(scan, place, (struct span){ scan->line_end, n });
}

/* Nothing within a signed multipart is left to be changed. */
static enum mime_place
place_now(const struct mime_scan *scan)
{
	bool is_protected = scan->depth > 0 &&
	    scan->levels[scan->depth - 1].is_protected;

	return scan->place == MIME_BETWEEN && is_protected ? MIME_FRAME :
	    scan->place;
}

/* A header too long to be kept is told as it stands. */
static void
pass_header(struct mime_scan *scan, struct span s)
{
	bool was_failed = scan->header.is_failed;
	struct span kept = { scan->header.ptr, scan->header.len };

	sbuf_add(&scan->header, s);
	if (!scan->header.is_failed)
		return;
	if (!was_failed)
		tell(scan, MIME_FRAME, kept);
	tell(scan, MIME_FRAME, s);
}

/*
 * Octets that are no delimiter. The line end in front of a delimiter belongs
 * to that (RFC 2046 section 5.1.1), so it is held back.
 */
static void
pass(struct mime_scan *scan, struct span s)
{
	size_t end = 0;

	if (scan->events.part == NULL || s.len == 0)
		return;
	if (scan->is_in_header) {
		pass_header(scan, s);
		return;
	}
	if (scan->held == 1 && scan->line_end[0] == '\r' &&
	    span_eq(s, SPAN("\n"))) {
		scan->line_end[scan->held++] = '\n';
		return;
	}
	release(scan, place_now(scan));
	if (s.ptr[s.len - 1] == '\n')
		end = s.len > 1 && s.ptr[s.len - 2] == '\r' ? 2 : 1;
	else if (s.ptr[s.len - 1] == '\r')
		end = 1;
	tell(scan, place_now(scan), span_slice(s, 0, s.len - end));
	memcpy(scan->line_end, s.ptr + s.len - end, end);
	scan->held = end;
}

/* --- parts ---------------------------------------------------------------- */

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
	sbuf_clear(&scan->header);
}

static struct level *
innermost(struct mime_scan *scan)
{
	return scan->depth == 0 ? NULL : &scan->levels[scan->depth - 1];
}

static bool
open_message(struct mime_scan *scan, bool is_protected)
{
	if (scan->depth > scan->ceiling)
		return false;
	scan->levels[scan->depth++] = (struct level){
		.is_multipart = false, .is_protected = is_protected };
	note_depth(scan, scan->depth);
	return true;
}

/* The parts count when the first of them begins. */
static bool
open_multipart(struct mime_scan *scan, const struct content *content,
    bool is_protected)
{
	size_t len = boundary_write(content, NULL);
	struct level *level;

	if (len > BOUNDARY_KEEP) {
		note_depth(scan, scan->ceiling + 1);
		return false;
	}
	if (len == 0 || scan->depth > scan->ceiling)
		return false;
	level = &scan->levels[scan->depth++];
	level->is_multipart = true;
	level->is_digest = span_eq_nocase(content->subtype, SPAN("digest"));
	level->is_protected = is_protected;
	level->len = boundary_write(content, level->boundary);
	while (level->len > 0 && ascii_is_wsp(
	    (unsigned char)level->boundary[level->len - 1]))
		level->len--;
	if (level->len == 0)
		scan->depth--;
	return level->len > 0;
}

/* Is it there to be kept to the octet, or not to be read? */
static bool
is_protected_type(const struct content *content)
{
	struct span type = content->type, subtype = content->subtype;

	if (span_eq_nocase(type, SPAN("multipart")))
		return span_eq_nocase(subtype, SPAN("signed")) ||
		    span_eq_nocase(subtype, SPAN("encrypted"));
	return span_eq_nocase(type, SPAN("application")) &&
	    (span_eq_nocase(subtype, SPAN("pkcs7-mime")) ||
	    span_eq_nocase(subtype, SPAN("x-pkcs7-mime")));
}

static bool
is_message_type(const struct content *content)
{
	return span_eq_nocase(content->type, SPAN("message")) &&
	    (span_eq_nocase(content->subtype, SPAN("rfc822")) ||
	    span_eq_nocase(content->subtype, SPAN("global")));
}

/* What a part is; opens a level for what is in it. */
static enum mime_kind
open_part(struct mime_scan *scan, const struct content *content,
    bool has_type, bool is_protected)
{
	const struct level *parent = innermost(scan);
	bool is_digest = parent != NULL && parent->is_digest;

	if (has_type ? is_message_type(content) :
	    scan->field_len == 0 && is_digest)
		return open_message(scan, is_protected) ? MIME_MESSAGE :
		    MIME_OPAQUE;
	if (has_type && span_eq_nocase(content->type, SPAN("multipart")))
		return open_multipart(scan, content, is_protected) ?
		    MIME_MULTIPART : MIME_OPAQUE;
	return MIME_LEAF;
}

/* The header of an entity is over; its content begins. */
static void
open_entity(struct mime_scan *scan, struct span content_type, bool is_whole)
{
	const struct level *parent = innermost(scan);
	struct mime_part part = { .is_whole = is_whole };
	struct content content;
	bool has_type = type_parse(content_type, &content) == 1;

	part.is_message = is_whole || (parent != NULL &&
	    !parent->is_multipart);
	part.is_within_protected = parent != NULL && parent->is_protected;
	part.is_protected = part.is_within_protected ||
	    (has_type && is_protected_type(&content));
	if (has_type) {
		part.type = content.type;
		part.subtype = content.subtype;
	}
	scan->is_in_header = false;
	part.kind = open_part(scan, &content, has_type, part.is_protected);
	scan->place = part.kind == MIME_MULTIPART ? MIME_BETWEEN :
	    MIME_CONTENT;
	tell_part(scan, part);
	if (part.kind == MIME_MESSAGE)
		begin_header(scan);
}

struct mime_scan *
mime_scan_new(struct span content_type, size_t depth_ceiling,
    const struct mime_events *events, struct arena *arena)
{
	struct mime_scan *scan = arena_alloc(arena, sizeof(*scan));

	if (scan == NULL || depth_ceiling >= SIZE_MAX - 1)
		return NULL;
	scan->levels = arena_calloc(arena, depth_ceiling + 1,
	    sizeof(*scan->levels));
	if (scan->levels == NULL)
		return NULL;
	scan->ceiling = depth_ceiling;
	if (events != NULL)
		scan->events = *events;
	sbuf_init(&scan->header, arena, HEADER_KEEP);
	scan->field_len = content_type.len;	/* is there one? */
	open_entity(scan, content_type, true);
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

/* A header that is not followed by an empty line, and so by no content. */
static void
end_bare_header(struct mime_scan *scan)
{
	const struct level *parent = innermost(scan);

	if (!scan->is_in_header)
		return;
	scan->is_in_header = false;
	tell_part(scan, (struct mime_part){
		.kind = MIME_LEAF,
		.is_message = parent != NULL && !parent->is_multipart,
		.is_protected = parent != NULL && parent->is_protected,
		.is_within_protected = parent != NULL && parent->is_protected,
	});
}

/*
 * A delimiter ends whatever stands within its multipart, whether that was
 * closed or not (RFC 2046 section 5.1.2). RAW is LINE with its end.
 */
static bool
take_delimiter(struct mime_scan *scan, struct span line, struct span raw)
{
	bool is_close;

	if (scan->is_line_cut || line.len < 3 || line.ptr[0] != '-' ||
	    line.ptr[1] != '-')
		return false;
	for (size_t i = scan->depth; i > 0; i--) {
		if (!is_delimiter(&scan->levels[i - 1], line, &is_close))
			continue;
		end_bare_header(scan);
		release(scan, MIME_FRAME);
		tell(scan, MIME_FRAME, raw);
		scan->place = MIME_BETWEEN;
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
		    (struct span){ scan->field, scan->field_len }, false);
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

/* RAW is a line with its end, or as much of it as is kept. */
static void
take_line(struct mime_scan *scan, struct span raw)
{
	struct span line = raw;

	if (line.len > 0 && line.ptr[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (!take_delimiter(scan, line, raw)) {
		if (!scan->is_line_cut)
			pass(scan, raw);
		if (scan->is_in_header)
			take_header_line(scan, line);
	}
	scan->line_len = 0;
	scan->is_line_cut = false;
}

/* What is too long for a delimiter is passed on at once. */
static void
line_add(struct mime_scan *scan, struct span s)
{
	size_t room = LINE_KEEP - scan->line_len;

	if (s.len > room && !scan->is_line_cut) {
		scan->is_line_cut = true;
		pass(scan, (struct span){ scan->line, scan->line_len });
	}
	if (scan->is_line_cut)
		pass(scan, s);
	if (s.len > room)
		s.len = room;
	if (s.len > 0)
		memcpy(scan->line + scan->line_len, s.ptr, s.len);
	scan->line_len += s.len;
}

void
mime_scan_feed(struct mime_scan *scan, struct span octets)
{
	while (octets.len > 0) {
		size_t end = span_find(octets, '\n');
		bool has_end = end < octets.len;
		struct span part = span_slice(octets, 0, end + has_end);
		bool is_whole = has_end && scan->line_len == 0 &&
		    part.len <= LINE_KEEP;

		octets = span_slice(octets, part.len, octets.len);
		if (!is_whole) {
			line_add(scan, part);
			part = (struct span){ scan->line, scan->line_len };
		}
		if (has_end)
			take_line(scan, part);
	}
}

void
mime_scan_end(struct mime_scan *scan)
{
	if (scan->line_len > 0)
		take_line(scan, (struct span){ scan->line, scan->line_len });
	end_bare_header(scan);
	release(scan, place_now(scan));
}

size_t
mime_scan_depth(const struct mime_scan *scan)
{
	return scan->deepest;
}
