/*
 * test_mime.c - nesting of MIME parts: D6.3 (message-syntax, MIME depth).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "mutate.h"
#include "syntax/mime.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define CEILING 4

static const struct {
	const char *in;
	const char *want_type, *want_subtype;	/* NULL: no Content-Type */
	const char *want_boundary;
} types[] = {
	{ "", NULL, NULL, NULL },
	{ " ", NULL, NULL, NULL },
	{ "text", NULL, NULL, NULL },
	{ "text/", NULL, NULL, NULL },
	{ "/plain", NULL, NULL, NULL },
	{ "=text/plain", NULL, NULL, NULL },
	{ "(c", NULL, NULL, NULL },
	{ "\"multipart\"/mixed; boundary=x", NULL, NULL, NULL },
	{ "text/plain", "text", "plain", "" },
	{ " TEXT/Plain ; charset=utf-8", "TEXT", "Plain", "" },
	{ "multipart/mixed", "multipart", "mixed", "" },
	{ "multipart/mixed; boundary=x", "multipart", "mixed", "x" },
	{ "multipart/mixed;boundary=x", "multipart", "mixed", "x" },
	{ "multipart/mixed; BOUNDARY=x;", "multipart", "mixed", "x" },
	{ "multipart/mixed; boundary = x ; a=b", "multipart", "mixed", "x" },
	{ "multipart/mixed; boundary=\"x\"", "multipart", "mixed", "x" },
	{ "multipart/mixed; boundary=\"x y:z\"", "multipart", "mixed",
	    "x y:z" },
	{ "multipart/mixed; boundary=\"a\\\"b\\\\\"", "multipart", "mixed",
	    "a\"b\\" },
	{ "multipart/mixed; boundary=\"a\r\n b\"", "multipart", "mixed",
	    "a b" },
	{ "multipart/mixed;\r\n\tboundary=\"x\"", "multipart", "mixed", "x" },
	{ "(c) multipart (d) / (e) mixed (f) ; (g) boundary (h) = (i) x (j)",
	    "multipart", "mixed", "x" },
	{ "multipart/mixed; a=\"; boundary=no\"; boundary=yes", "multipart",
	    "mixed", "yes" },
	{ "multipart/mixed; a=b (; boundary=no); boundary=yes", "multipart",
	    "mixed", "yes" },
	{ "multipart/mixed; boundary=one; boundary=two", "multipart",
	    "mixed", "one" },
	{ "multipart/mixed; xboundary=no; boundaryx=no", "multipart",
	    "mixed", "" },
	/* broken, and read as others read it */
	{ "multipart/mixed boundary=no; boundary=yes", "multipart", "mixed",
	    "yes" },
	{ "multipart/mixed; junk; =; boundary=x", "multipart", "mixed",
	    "x" },
	{ "multipart/mixed; boundary=\"x", "multipart", "mixed", "x" },
	{ "multipart/mixed; boundary=----=_Part_1/2?3", "multipart",
	    "mixed", "----=_Part_1/2?3" },
	{ "multipart/mixed; boundary=", "multipart", "mixed", "" },
	{ "multipart/mixed; boundary", "multipart", "mixed", "" },
	{ "multipart/mixed; boundary=\"\"", "multipart", "mixed", "" },
	/* RFC 2231 */
	{ "multipart/mixed; boundary*0=ab; boundary*1=cd", "multipart",
	    "mixed", "abcd" },
	{ "multipart/mixed; boundary*1=cd; boundary*0=\"a b\"", "multipart",
	    "mixed", "a bcd" },
	{ "multipart/mixed; boundary*0=ab; boundary*2=ef", "multipart",
	    "mixed", "ab" },
	{ "multipart/mixed; boundary*=us-ascii'en'a%20b%", "multipart",
	    "mixed", "a b%" },
	{ "multipart/mixed; boundary*0*=''a%3db; boundary*1*=%41;"
	    " boundary*2='%41", "multipart", "mixed", "a=bA'%41" },
	{ "multipart/mixed; boundary*=''%4a%4F%39%30%0a%0g%g0%", "multipart",
	    "mixed", "JO90\n%0g%g0%" },
	{ "multipart/mixed; boundary=\"a'b'c\"", "multipart", "mixed",
	    "a'b'c" },
	{ "multipart/mixed; boundary*0=a'b'c; boundary*1*=d'e'f", "multipart",
	    "mixed", "a'b'cd'e'f" },
	{ "multipart/mixed; boundary*=a'b", "multipart", "mixed", "a'b" },
	{ "multipart/mixed; boundary=x; boundary*0=y", "multipart", "mixed",
	    "x" },
	{ "multipart/mixed; boundary*10=x; boundary**=y", "multipart",
	    "mixed", "" },
};

static bool
is_type_as_wanted(size_t i, int got, const struct mime_type *type)
{
	if (types[i].want_type == NULL)
		return got == 0;
	return got == 1 && span_eq(type->type, span_of(types[i].want_type)) &&
	    span_eq(type->subtype, span_of(types[i].want_subtype)) &&
	    span_eq(type->boundary, span_of(types[i].want_boundary));
}

static void
test_types(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	unsigned wrong = 0;

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(types); i++) {
		struct mime_type type = { .boundary = SPAN("none") };
		int got = mime_type_parse(span_of(types[i].in), arena, &type);

		if (is_type_as_wanted(i, got, &type))
			continue;
		print_error("%s: got %d %.*s/%.*s \"%.*s\", want %s/%s "
		    "\"%s\"\n", types[i].in, got, SPAN_ARG(type.type),
		    SPAN_ARG(type.subtype), SPAN_ARG(type.boundary),
		    types[i].want_type, types[i].want_subtype,
		    types[i].want_boundary);
		wrong++;
	}
	arena_free(&arena);
	assert_int_equal(wrong, 0);
}

#define MIXED(b) "Content-Type: multipart/mixed; boundary=" b "\r\n\r\n"
#define RFC822 "Content-Type: message/rfc822\r\n\r\n"

/* Each begins with the header of a message, Content-Type alone. */
static const struct {
	const char *in;
	size_t want;
} messages[] = {
	/* no parts, or none that begins */
	{ "\r\n", 0 },
	{ "\r\nbody\r\n--x\r\n\r\nbody\r\n", 0 },
	{ "Content-Type: text/plain; boundary=x\r\n\r\n--x\r\n", 0 },
	{ MIXED("x"), 0 },
	{ MIXED("x") "--y\r\n\r\n", 0 },
	{ MIXED("x") "--x--\r\n--x\r\n\r\n", 0 },
	{ MIXED("x") "-- x\r\n", 0 },
	{ MIXED("x") " --x\r\n", 0 },
	{ MIXED("x") "-x\r\n", 0 },
	{ MIXED("x") "--X\r\n", 0 },
	{ MIXED("x") "a-x\r\n", 0 },
	{ MIXED("x") "-ax\r\n", 0 },
	{ MIXED("x") "text --x\r\n", 0 },
	{ "Content-Type: multipart/mixed\r\n\r\n--\r\n\r\n--x\r\n", 0 },
	{ "Content-Type: multipart/mixed; boundary=\" \"\r\n\r\n--\r\n"
	    "-- \r\n", 0 },
	{ "Content-Type: message/partial\r\n\r\n" MIXED("x") "--x\r\n", 0 },
	/* a boundary that begins like another */
	{ MIXED("x") "--xy\r\n\r\n", 0 },
	{ MIXED("x") "--x-\r\n", 0 },
	{ MIXED("x") "--x --\r\n", 0 },
	{ MIXED("xy") "--x\r\n--xyz\r\n", 0 },
	{ MIXED("x") "--x\r\n" MIXED("xy") "--x\r\n" RFC822, 2 },
	{ MIXED("x") "--x\r\n" MIXED("xy") "--xy\r\n" RFC822, 3 },
	{ MIXED("xy") "--xy\r\n" MIXED("x") "--xy\r\n" RFC822, 2 },
	{ MIXED("xy") "--xy\r\n" MIXED("x") "--x\r\n" RFC822, 3 },
	{ MIXED("x--") "--x--\r\n" RFC822, 2 },
	{ MIXED("x") "--xa-\r\n--x\r\n", 1 },
	{ MIXED("x") "--x-a\r\n--x\r\n", 1 },
	/* parts */
	{ MIXED("x") "--x\r\n", 1 },
	{ MIXED("x") "preamble\r\n--x\r\n\r\nbody\r\n--x--\r\nepilogue", 1 },
	{ MIXED("x") "--x\r\n\r\n--x\r\n\r\n--x\r\n\r\n--x--\r\n", 1 },
	{ MIXED("x") "--x \t \r\n", 1 },
	{ MIXED("\"x \"") "--x\r\n", 1 },
	{ MIXED("\"x y\"") "--x y\r\n", 1 },
	{ MIXED("x") "--x\r\n" MIXED("y") "--y\r\n\r\n--y--\r\n--x--\r\n",
	    2 },
	{ MIXED("x") "--x\r\n" MIXED("y") "--y\r\n" MIXED("z") "--z\r\n", 3 },
	{ MIXED("x") "--x\r\nFrom: a\r\ncontent-TYPE : multipart/MIXED;\r\n"
	    "\tboundary=\"y\"\r\nTo: b\r\n\r\n--y\r\n", 2 },
	/* line ends that are LF */
	{ "Content-Type: multipart/mixed; boundary=x\n\n--x\n"
	    "Content-Type: message/rfc822\n\n\n--x--\n", 2 },
	/* header lines that are none of ours */
	{ MIXED("x") "--x\r\nX: multipart/mixed;\r\n boundary=y\r\n\r\n"
	    "--y\r\n", 1 },
	{ MIXED("x") "--x\r\nContent-Types: multipart/mixed; boundary=y\r\n"
	    "\r\n--y\r\n", 1 },
	{ MIXED("x") "--x\r\nContent-Type multipart/mixed; boundary=y\r\n"
	    "\r\n--y\r\n", 1 },
	{ MIXED("x") "--x\r\nContent-Type: text/plain\r\n" MIXED("y")
	    "--y\r\n", 1 },
	{ MIXED("x") "--x\r\n\r\n" MIXED("y") "--y\r\n", 1 },
	{ MIXED("x") "--x\r\nContent-Type: text/plain\r\n X: y\r\n\r\n", 1 },
	{ MIXED("x") "--x\r\nContent-Type: multipart/mixed;\r\nX: y;\r\n"
	    " boundary=y\r\n\r\n--y\r\n", 1 },
	{ MIXED("x") "--x\r\nContent-Type: multipart/mixed\r\n"
	    "Content-Type: a/b; boundary=y\r\n\r\n--y\r\n", 1 },
	{ MIXED("x") "--x\r\nContent-Type:multipart/mixed;boundary=y\r\n"
	    "\r\n--y\r\n", 2 },
	{ MIXED("x") "--x\r\nA: b\r\n--x--\r\n" RFC822 RFC822, 1 },
	/* an inner end that is missing */
	{ MIXED("x") "--x\r\n" MIXED("y") "--y\r\n\r\n--x\r\n\r\n--y\r\n"
	    RFC822, 2 },
	{ MIXED("x") "--x\r\n" MIXED("y") "--y\r\n\r\n--x--\r\n--y\r\n"
	    RFC822, 2 },
	{ MIXED("x") "--x\r\n" MIXED("y") "--x\r\n" RFC822, 2 },
	{ MIXED("x") "--x\r\nContent-Type: multipart/mixed;\r\n--x\r\n"
	    RFC822, 2 },
	{ MIXED("x") "--x\r\n" MIXED("y") "--y\r\n" MIXED("z")
	    "--z\r\n\r\n--y\r\n" RFC822, 3 },
	/* the same boundary again: the inner part has it */
	{ MIXED("x") "--x\r\n" MIXED("x") "--x\r\n" RFC822, 3 },
	{ MIXED("x") "--x\r\n" MIXED("x") "--x--\r\n--x\r\n\r\n", 1 },
	/* messages */
	{ RFC822, 1 },
	{ RFC822 "Subject: x\r\n\r\nbody\r\n", 1 },
	{ RFC822 RFC822 "\r\n", 2 },
	{ RFC822 "\r\n-- \r\n" RFC822, 1 },
	{ "Content-Type: message/GLOBAL\r\n\r\n" RFC822, 2 },
	{ RFC822 MIXED("x") "--x\r\n\r\n", 2 },
	{ MIXED("x") "--x\r\n" RFC822 MIXED("y") "--y\r\n\r\n--y--\r\n"
	    "--x\r\n" RFC822, 3 },
	{ MIXED("x") "--x\r\n" RFC822 "Subject: y\r\n--x\r\n" RFC822, 2 },
	/* digests, whose parts are messages by default */
	{ "Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\n"
	    "Subject: y\r\n\r\nbody\r\n--x--\r\n", 2 },
	{ "Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n"
	    "Content-Type: text/plain\r\n\r\nbody\r\n--x--\r\n", 1 },
	/* at the ceiling, and beyond */
	{ RFC822 RFC822 RFC822 RFC822 "\r\n", CEILING },
	{ RFC822 RFC822 RFC822 RFC822 RFC822, CEILING + 1 },
	{ RFC822 RFC822 RFC822 RFC822 RFC822 RFC822 RFC822, CEILING + 1 },
	{ RFC822 RFC822 RFC822 RFC822 MIXED("x"), CEILING },
	{ RFC822 RFC822 RFC822 RFC822 MIXED("x") "--x\r\n", CEILING + 1 },
	{ RFC822 RFC822 RFC822 RFC822 MIXED("x") "--x\r\n" MIXED("y")
	    "--y\r\n" RFC822, CEILING + 1 },
};

/* The value of the first field, which is all of the header. */
static struct span
content_type_of(struct span s, size_t *body_r)
{
	const char *end = strstr(s.ptr, s.ptr[0] == '\r' ? "\r\n" :
	    strstr(s.ptr, "\r\n\r\n") != NULL ? "\r\n\r\n" : "\n\n");
	size_t len = (size_t)(end - s.ptr), skip = sizeof("Content-Type:") - 1;

	*body_r = len + (*end == '\r' ? (len == 0 ? 2 : 4) : 2);
	return len == 0 ? s : span_slice(s, skip, len);
}

/* What the events told, put together again. */
static struct {
	char octets[65536];
	size_t n;
	size_t parts;
} told;

static void
tell_octets(void *context, enum mime_place place, struct span octets)
{
	(void)context;
	assert_in_range(place, MIME_CONTENT, MIME_FRAME);
	assert_true(octets.len > 0 &&
	    octets.len <= sizeof(told.octets) - told.n);
	memcpy(told.octets + told.n, octets.ptr, octets.len);
	told.n += octets.len;
}

static void
tell_part(void *context, const struct mime_part *part)
{
	assert_int_equal(part->is_whole, told.parts == 0);
	told.parts++;
	if (part->header.len > 0)
		tell_octets(context, MIME_FRAME, part->header);
}

/*
 * Depth of a body that comes in pieces of PIECE octets. No octet of it is
 * lost to who follows.
 */
static size_t
depth_of(struct span type, struct span body, size_t piece,
    struct arena *arena)
{
	const struct mime_events events = { tell_part, tell_octets, NULL };
	struct mime_scan *scan;

	arena_reset(arena);
	told.n = told.parts = 0;
	scan = mime_scan_new(type, CEILING, &events, arena);
	assert_non_null(scan);
	for (size_t i = 0; i < body.len; i += piece)
		mime_scan_feed(scan, span_slice(body, i,
		    body.len - i < piece ? body.len : i + piece));
	mime_scan_end(scan);
	assert_true(span_eq((struct span){ told.octets, told.n }, body));
	return mime_scan_depth(scan);
}

static void
test_depth(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	unsigned wrong = 0;

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(messages); i++) {
		struct span in = span_of(messages[i].in), type, body;
		size_t from, got;

		type = content_type_of(in, &from);
		if (from == 2)
			type.len = 0;
		body = span_slice(in, from, in.len);
		got = depth_of(type, body, body.len + 1, arena);
		if (got == messages[i].want)
			continue;
		print_error("%s\ngot %zu, want %zu\n", messages[i].in, got,
		    messages[i].want);
		wrong++;
	}
	arena_free(&arena);
	assert_int_equal(wrong, 0);
}

/* Any cut of any body gives the same depth. */
static void
try_cuts(struct span s, void *context)
{
	struct arena *arena = context;
	struct span type = SPAN("multipart/digest; boundary=x");
	size_t want = depth_of(type, s, s.len + 1, arena);

	assert_in_range(want, 0, CEILING + 1);
	for (size_t piece = 1; piece < 8; piece += 2)
		assert_int_equal(depth_of(type, s, piece, arena), want);
}

/* A scan and mime_type_parse() agree on what is a multipart. */
static void
try_type(struct span s, void *context)
{
	struct span body = SPAN("--x\r\n--x--\r\n");
	struct arena *arena = context;
	struct mime_type type;
	size_t want = 0;
	int got;

	arena_reset(arena);
	got = mime_type_parse(s, arena, &type);
	assert_in_range(got, 0, 1);
	if (got == 1) {
		assert_true(type.type.len > 0 && type.subtype.len > 0);
		assert_true(type.boundary.len <= s.len);
		while (type.boundary.len > 0 && ascii_is_wsp((unsigned char)
		    type.boundary.ptr[type.boundary.len - 1]))
			type.boundary.len--;
		if (span_eq_nocase(type.type, SPAN("multipart")) &&
		    span_eq(type.boundary, SPAN("x")))
			want = 1;
		if (span_eq_nocase(type.type, SPAN("message")))
			return;
	}
	assert_int_equal(depth_of(s, body, body.len, arena), want);
}

static void
test_near_misses(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(types); i++)
		mutate_all(span_of(types[i].in), try_type, arena);
	for (size_t i = 0; i < COUNT(messages); i += 3)
		mutate_all(span_of(messages[i].in), try_cuts, arena);
	arena_free(&arena);
}

static void
feed_n(struct mime_scan *scan, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mime_scan_feed(scan, span_of(s));
}

/* Memory is all taken at the start, and hostile bodies take no more. */
static void
test_hostile(void **state)
{
	static const char *const lines[] = { "-", "--", "--x", "--x\r\n",
		("--x\r\n" MIXED("y") "--y\r\n"), ("--x\r\n" RFC822),
		"--x\r\nContent-Type: ", " ", "\r\n", "\r", "(",
		"--xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct arena *arena = arena_new(1 << 20, NULL);
		struct mime_scan *scan = mime_scan_new(
		    SPAN("multipart/mixed; boundary=x"), CEILING, NULL, arena);
		char *after = arena_alloc(arena, 300);
		size_t before;

		assert_non_null(scan);
		assert_non_null(after);
		before = arena_used(arena);
		feed_n(scan, lines[i], 100000);
		assert_int_equal(arena_used(arena), before);
		for (int k = 0; k < 300; k++)
			assert_int_equal(after[k], 0);
		assert_in_range(mime_scan_depth(scan), 0, CEILING + 1);
		arena_free(&arena);
	}
}

/* What cannot be followed counts as too deep. */
static void
test_too_long_to_follow(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	struct mime_scan *scan = mime_scan_new(
	    SPAN("multipart/mixed; boundary=x"), CEILING, NULL, arena);

	(void)state;
	assert_non_null(scan);
	mime_scan_feed(scan, SPAN("--x\r\nContent-Type: text/plain; a=b"));
	feed_n(scan, "\r\n ccccccccc", 500);
	mime_scan_feed(scan, SPAN("\r\n\r\n--x\r\n"));
	assert_int_equal(mime_scan_depth(scan), 1);
	/* a header that a delimiter cuts off says nothing */
	mime_scan_feed(scan, SPAN("Content-Type: multipart/mixed;\r\n"));
	feed_n(scan, " (ccccccc)\r\n", 1000);
	mime_scan_feed(scan, SPAN("--x\r\n\r\n--x\r\n"));
	assert_int_equal(mime_scan_depth(scan), 1);
	mime_scan_feed(scan, SPAN("Content-Type: multipart/mixed;\r\n"));
	feed_n(scan, " (ccccccc)\r\n", 1000);
	mime_scan_feed(scan, SPAN("\r\n"));
	assert_int_equal(mime_scan_depth(scan), CEILING + 1);

	arena_reset(arena);
	scan = mime_scan_new(SPAN("multipart/mixed; boundary=x"), CEILING,
	    NULL, arena);
	assert_non_null(scan);
	mime_scan_feed(scan, SPAN("--x\r\nContent-Type: multipart/mixed; "
	    "boundary="));
	feed_n(scan, "xxxxx", 50);
	mime_scan_feed(scan, SPAN("\r\n\r\n--x\r\n"));
	assert_int_equal(mime_scan_depth(scan), 1);
	mime_scan_feed(scan, SPAN("Content-Type: multipart/mixed; boundary="));
	feed_n(scan, "xxxxx", 51);
	mime_scan_feed(scan, SPAN("\r\n\r\n"));
	assert_int_equal(mime_scan_depth(scan), CEILING + 1);
	arena_free(&arena);
}

/* A line is cut at 2048 octets, wherever the pieces of it end. */
static void
test_long_lines(void **state)
{
	static char body[3000];
	struct span type = SPAN("multipart/mixed; boundary=x");
	struct arena *arena = arena_new(1 << 20, NULL);

	(void)state;
	assert_non_null(arena);
	for (size_t len = 2040; len < 2056; len++) {
		struct span whole = { body, len + 1 };

		memset(body, ' ', len);
		memcpy(body, "--x", 3);
		memcpy(body + len, "\n--x\r\n\r\n", 9);
		for (size_t piece = 1; piece < 3000; piece += 171)
			assert_int_equal(depth_of(type, whole, piece, arena),
			    len <= 2048 ? 1 : 0);
		whole.len = len + 9;
		assert_int_equal(depth_of(type, whole, 3000, arena), 1);
	}
	arena_free(&arena);
}

static void
test_without_memory(void **state)
{
	struct arena *arena = arena_new(1 << 15, NULL);
	struct mime_type type;

	(void)state;
	assert_non_null(arena);
	assert_null(mime_scan_new(SPAN(""), SIZE_MAX, NULL, arena));
	assert_null(mime_scan_new(SPAN(""), 1 << 20, NULL, arena));
	while (arena_alloc(arena, 16) != NULL)
		;
	assert_null(mime_scan_new(SPAN(""), 1, NULL, arena));
	assert_int_equal(mime_type_parse(SPAN("a/b; boundary=x"), arena,
	    &type), -1);
	assert_int_equal(mime_type_parse(SPAN("a"), arena, &type), 0);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_too_long_to_follow),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
