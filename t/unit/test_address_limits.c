/*
 * test_address_limits.c - address fields: where things stand (needed to
 * rewrite a field), hostile fields, near misses. D5.1b (header-syntax).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mutate.h"
#include "syntax/address.h"
#include "syntax/lex.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *in;
	const char *want_whole, *want_spec;	/* of the second mailbox */
} places[] = {
	{ "a@b,c@d", "c@d", "c@d" },
	{ "a@b, c@d (x)", "c@d", "c@d" },
	{ "a@b, (x) c@d ,", "c@d", "c@d" },
	{ "a@b, <c@d> ", "<c@d>", "c@d" },
	{ "a@b, John <c@d>", "John <c@d>", "c@d" },
	{ "a@b,\r\n J (x) D < c @ d > (y)", "J (x) D < c @ d >", "c @ d" },
	{ "a@b, \"J\" <@x,@y:c@d>", "\"J\" <@x,@y:c@d>", "c@d" },
	{ "a@b, g: c . e@d . f;", "c . e@d . f", "c . e@d . f" },
	{ "g: a@b, x <c@[1.2.3.4]> ;", "x <c@[1.2.3.4]>",
	    "c@[1.2.3.4]" },
	{ "a@b, sales", "sales", "sales" },
	{ "a, Sales <sales>, x", "Sales <sales>", "sales" },
	{ "a@b, <\"c d\" (x) >", "<\"c d\" (x) >", "\"c d\"" },
};

static void
test_places(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	unsigned wrong = 0;

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(places); i++) {
		struct span in = span_of(places[i].in), whole, spec;
		struct address_list list;
		struct address_error error;

		assert_int_equal(address_parse(in, ADDRESS_LIST, arena, &list,
		    &error), 1);
		assert_true(list.n >= 2);
		whole = span_slice(in, list.v[1].begin, list.v[1].end);
		spec = span_slice(in, list.v[1].spec_begin,
		    list.v[1].spec_end);
		if (span_eq(whole, span_of(places[i].want_whole)) &&
		    span_eq(spec, span_of(places[i].want_spec)))
			continue;
		print_error("%s: got \"%.*s\" and \"%.*s\", want \"%s\" and "
		    "\"%s\"\n", places[i].in, SPAN_ARG(whole), SPAN_ARG(spec),
		    places[i].want_whole, places[i].want_spec);
		wrong++;
	}
	arena_free(&arena);
	assert_int_equal(wrong, 0);
}

/* COUNT times PIECE, and then LAST. */
static struct span
repeat(const char *piece, size_t count, const char *last)
{
	size_t len = strlen(piece), last_len = strlen(last);
	char *text = malloc(count * len + last_len + 1);

	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * len, piece, len);
	memcpy(text + count * len, last, last_len);
	return (struct span){ text, count * len + last_len };
}

/* Each would take hours, or the stack, if it were not read in one go. */
static const struct {
	const char *piece;
	size_t count;
	const char *last;
	int want;
	size_t want_n, want_tokens;
} hostile[] = {
	{ "(", 1000000, "", -1, 0, 0 },
	{ "(", LEX_COMMENT_DEPTH + 1, "", -1, 0, 0 },
	{ "()", 500000, "a@b", 1, 1, 3 },
	{ "(()", 300000, "a@b", -1, 0, 0 },
	{ "(\\", 300000, "", -1, 0, 0 },
	{ "\"", 1000001, "", -1, 0, 0 },
	{ "\"\"", 300000, "@b", -1, 0, 0 },
	{ "a ", 500000, "<a@b>", 1, 1, 500005 },
	{ "a.", 500000, "a@b", 1, 1, 1000003 },
	{ "a .", 300000, "a@b", 1, 1, 600003 },
	{ "\"a\".", 300000, "a@b", 1, 1, 600003 },
	{ "a. ", 300000, "", -1, 0, 0 },
	{ ",", 1000000, "a@b", 1, 1, 1000003 },
	{ "a,", 100000, "a@b", 1, 100001, 200003 },
	{ "a@b,", 100000, "", 1, 100000, 400000 },
	{ "<", 1000000, "", -1, 0, 0 },
	{ "a<", 500000, "", -1, 0, 0 },
	{ "g:", 500000, "", -1, 0, 0 },
	{ "g:;,", 200000, "", 1, 0, 800000 },
	{ "\n ", 500000, "a@b", 1, 1, 3 },
	{ "[", 1000000, "", -1, 0, 0 },
	{ "\xc3\xbc", 500000, "@b", 1, 1, 3 },
};

static void
test_hostile(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct arena *arena = arena_new((size_t)1 << 27, NULL);
		struct span in = repeat(hostile[i].piece, hostile[i].count,
		    hostile[i].last);
		struct address_list list = { .n = 0 };
		struct address_error error = { "", 0 };
		int got;

		assert_non_null(arena);
		got = address_parse(in, ADDRESS_LIST, arena, &list, &error);
		if (got != hostile[i].want || list.n != hostile[i].want_n ||
		    list.tokens != hostile[i].want_tokens) {
			print_error("%zu times %s: got %d %zu %zu (%s), "
			    "want %d %zu %zu\n", hostile[i].count,
			    hostile[i].piece, got, list.n, list.tokens,
			    error.what, hostile[i].want, hostile[i].want_n,
			    hostile[i].want_tokens);
			wrong++;
		}
		free((char *)(uintptr_t)in.ptr);
		arena_free(&arena);
	}
	assert_int_equal(wrong, 0);
}

static void
test_comment_depth(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	char text[2 * LEX_COMMENT_DEPTH + 3];
	struct address_list list;
	struct address_error error;

	(void)state;
	assert_non_null(arena);
	memset(text, '(', LEX_COMMENT_DEPTH);
	memset(text + LEX_COMMENT_DEPTH, ')', LEX_COMMENT_DEPTH);
	memcpy(text + 2 * LEX_COMMENT_DEPTH, "a@b", 3);
	assert_int_equal(address_parse((struct span){ text, sizeof(text) },
	    ADDRESS_LIST, arena, &list, &error), 1);
	memset(text, '(', LEX_COMMENT_DEPTH + 1);
	assert_int_equal(address_parse((struct span){ text, sizeof(text) },
	    ADDRESS_LIST, arena, &list, &error), -1);
	assert_string_equal(error.what, "comments nested too deep");
	assert_int_equal(error.offset, LEX_COMMENT_DEPTH);
	arena_free(&arena);
}

static void
test_nul(void **state)
{
	static const char *const fields[] = { "a?@b", "a@b ?", "\"?\"@b",
		"\"\\?\"@b", "a@b (?)", "a@b (\\?)", "a@[?]", "?" };
	struct arena *arena = arena_new(1 << 20, NULL);

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct address_list list;
		struct address_error error = { "", 0 };
		char text[16];
		size_t len = strlen(fields[i]);

		for (size_t k = 0; k < len; k++)
			text[k] = fields[i][k] == '?' ? '\0' : fields[i][k];
		assert_int_equal(address_parse((struct span){ text, len },
		    ADDRESS_LIST, arena, &list, &error), -1);
		assert_string_equal(error.what, "NUL");
		assert_int_equal(error.offset,
		    span_find(span_of(fields[i]), '?'));
	}
	arena_free(&arena);
}

static void
test_without_memory(void **state)
{
	static const char *const fields[] = { "a@b", "a . b@c", "a@b . c",
		"a@[1.2.3.4]", "\"a\n b\"@c", "g:a@b;" };
	struct arena *arena = arena_new(1 << 15, NULL);

	(void)state;
	assert_non_null(arena);
	while (arena_alloc(arena, 16) != NULL)
		;
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct address_list list = { .groups = 99 };
		struct address_error error = { "untouched", 7 };

		assert_int_equal(address_parse(span_of(fields[i]),
		    ADDRESS_LIST, arena, &list, &error), 0);
		assert_int_equal(list.groups, 99);
		assert_string_equal(error.what, "untouched");
	}
	arena_free(&arena);
}

/* Memory for the list of addresses, but not for what they are made of. */
static void
test_without_memory_for_parts(void **state)
{
	static const struct {
		const char *before, *piece, *last;
	} fields[] = {
		{ "", "a .", "b@c" },
		{ "", "\"a\".", "b@c" },
		{ "a@", "b .", "c" },
		{ "a@[", "1", "]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct arena *arena = arena_new(20000, NULL);
		struct span many = repeat(fields[i].piece, 20000,
		    fields[i].last);
		struct span before = span_of(fields[i].before);
		struct address_list list = { .groups = 99 };
		struct address_error error = { "untouched", 7 };
		char *text = malloc(before.len + many.len);

		assert_non_null(arena);
		assert_non_null(text);
		memcpy(text, before.ptr, before.len);
		memcpy(text + before.len, many.ptr, many.len);
		assert_int_equal(address_parse((struct span){ text,
		    before.len + many.len }, ADDRESS_LIST, arena, &list,
		    &error), 0);
		assert_int_equal(list.groups, 99);
		assert_string_equal(error.what, "untouched");
		free(text);
		free((char *)(uintptr_t)many.ptr);
		arena_free(&arena);
	}
}

/* The slice FROM to TO of a field is the mailbox WANT, when read alone. */
static void
check_slice(struct span s, size_t from, size_t to,
    const struct address *want, struct arena *arena)
{
	struct address_list list;
	struct address_error error;

	assert_true(from < to && to <= s.len);
	assert_int_equal(address_parse(span_slice(s, from, to),
	    ADDRESS_MAILBOX, arena, &list, &error), 1);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.groups, 0);
	assert_true(span_eq(list.v[0].local, want->local));
	assert_true(span_eq(list.v[0].domain, want->domain));
	assert_int_equal(list.v[0].kind, want->kind);
}

/*
 * Whole and addr-spec stand where they are said to, and what was made of
 * local part and domain is an address by itself, and the same one.
 */
static void
check_address(struct span s, const struct address *address,
    struct arena *arena)
{
	struct span made;

	assert_true(address->begin <= address->spec_begin);
	assert_true(address->spec_end <= address->end);
	assert_true(address->local.len > 0);
	assert_int_equal(address->kind == DOMAIN_NONE,
	    address->domain.len == 0);
	check_slice(s, address->begin, address->end, address, arena);
	check_slice(s, address->spec_begin, address->spec_end, address,
	    arena);
	made = arena_printf(arena, "%.*s%s%.*s", SPAN_ARG(address->local),
	    address->kind == DOMAIN_NONE ? "" : "@",
	    SPAN_ARG(address->domain));
	assert_non_null(made.ptr);
	check_slice(made, 0, made.len, address, arena);
}

static void
try_field(struct span s, void *context)
{
	struct arena *arena = context;
	struct address_list list, other;
	struct address_error error = { NULL, 0 };
	int got;

	arena_reset(arena);
	got = address_parse(s, ADDRESS_LIST_OR_EMPTY, arena, &list, &error);
	if (got != 1) {
		assert_int_equal(got, -1);
		assert_non_null(error.what);
		assert_true(error.offset <= s.len);
		return;
	}
	for (size_t i = 0; i < list.n; i++) {
		if (i > 0)
			assert_true(list.v[i - 1].end < list.v[i].begin);
		check_address(s, &list.v[i], arena);
	}
	got = address_parse(s, ADDRESS_LIST, arena, &other, &error);
	assert_int_equal(got, list.n + list.groups > 0 ? 1 : -1);
	if (address_parse(s, ADDRESS_MAILBOX, arena, &other, &error) == 1)
		assert_true(list.groups == 0 ? list.n == 1 :
		    list.groups == 1);
	else
		assert_false(list.n + list.groups == 1 && !list.is_obsolete);
}

static const char *const corpus[] = {
	"a@b", "John Q. Public <a.b@c.d>, \"x y\".z@[ 1.2.3.4 ]",
	"g:a@b,\r\n c@d;, <@x,,@y:e@f> (z (z) \\) z)",
	"\"a\r\n b\\\"\" . c @ (x) d . e , , h",
	"J\xc3\xbcrgen <\xc3\xbc@\xc3\xbc>,undisclosed:;",
	"a@[IPv6:::1] (\x01), \"\\\x7f\"@b\n \n , ", " (c) <sales> , a",
	"a b . c: d <e@f>, ,g@h ; , i@[\\]] ,", "a(b)@(c)d(e).(f)g",
};

static void
test_near_misses(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(corpus); i++)
		mutate_all(span_of(corpus[i]), try_field, arena);
	for (size_t i = 0; i < COUNT(places); i++)
		mutate_all(span_of(places[i].in), try_field, arena);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_comment_depth),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_without_memory_for_parts),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
