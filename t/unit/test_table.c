/*
 * test_table - look-up tables: what is found, what is not, what fails.
 * Proves: X44 (inline and texthash; Postfix's source files read as they
 * are; found, not found and failed), X1 (keys compared folded), X41 (a
 * table that does not open is an error with file and line).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/deadline.h"
#include "table/key.h"
#include "table/rowhash.h"
#include "table/siphash.h"
#include "table/table.h"

#define MILLION 1000000u

static char folder[] = "/tmp/test_table.XXXXXX";
static char path[256];

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/rows", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static void
write_rows(struct span text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
	assert_int_equal(fclose(file), 0);
}

static struct table *
open_rows(const char *type, bool is_case_kept, char **error_r)
{
	struct table_spec spec = {
		.name = "rows",
		.type = type,
		.file = path,
		.is_case_kept = is_case_kept,
	};

	return table_open(&spec, error_r);
}

/* What TABLE has for KEY as an administrator writes it; NULL: nothing. */
static const char *
ask(const struct table *table, const char *key, struct arena *arena)
{
	struct span folded, value;
	const char *error = NULL;

	assert_int_equal(key_fold(span_of(key), false, arena, &folded), 0);
	switch (table_lookup(table, folded, DEADLINE_NEVER, arena, &value,
	    &error)) {
	case LOOKUP_FOUND:
		return arena_strdup(arena, value);
	case LOOKUP_NOT_FOUND:
		return NULL;
	case LOOKUP_FAILED:
		break;
	}
	return "FAILED";
}

static void
check_value(const char *name, const char *got, const char *want)
{
	if ((got == NULL) != (want == NULL) ||
	    (got != NULL && strcmp(got, want) != 0))
		fail_msg("%s: got %s, want %s", name,
		    got == NULL ? "nothing" : got,
		    want == NULL ? "nothing" : want);
}

/* --- siphash -------------------------------------------------------------- */

/* From the test vectors of the paper's reference: octets 0, 1, 2 ... */
static void
test_siphash(void **state)
{
	static const struct {
		size_t len;
		uint64_t want;
	} cases[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) },
		{ 1, UINT64_C(0x74f839c593dc67fd) },
		{ 7, UINT64_C(0xab0200f58b01d137) },
		{ 8, UINT64_C(0x93f5f5799a932462) },
		{ 15, UINT64_C(0xa129ca6149be45e5) },
	};
	const struct siphash_key key = { { UINT64_C(0x0706050403020100),
	    UINT64_C(0x0f0e0d0c0b0a0908) } };
	char octets[16];

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)i;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(siphash(&key, (struct span){ octets,
		    cases[i].len }) == cases[i].want);
}

/* --- keys ----------------------------------------------------------------- */

static const struct {
	const char *key;
	bool is_case_kept;
	const char *want;
} key_cases[] = {
	{ "Alice@Example.ORG", false, "alice@example.org" },
	{ "Alice@Example.ORG", true, "Alice@example.org" },
	{ "@Example.ORG", false, "@example.org" },
	{ "@Example.ORG", true, "@example.org" },
	{ "@.Example.ORG", false, "@.example.org" },
	{ "@b\xc3\xbc" "cher.example", false, "@xn--bcher-kva.example" },
	{ "@.B\xc3\x9c" "CHER.example", false, "@.xn--bcher-kva.example" },
	{ "info@b\xc3\xbc" "cher.example", false,
	    "info@xn--bcher-kva.example" },
	{ "B\xc3\x9c" "CHER@example.org", false,
	    "b\xc3\xbc" "cher@example.org" },
	{ "\"alice\"@example.org", false, "alice@example.org" },
	{ "\"a b\"@example.org", false, "\"a b\"@example.org" },
	{ "\"a@b\"@example.org", false, "\"a@b\"@example.org" },
	{ "Alice", false, "alice" },
	{ "Alice", true, "Alice" },
	{ "SASL:Alice@Example.org", false, "sasl:alice@example.org" },
	{ "SASL:Alice@Example.org", true, "sasl:Alice@example.org" },
	{ "sasl:bob", false, "sasl:bob" },
	{ "@", false, "@" },
	{ "@.", false, "@." },
	{ "a@b@c", false, "\"a@b\"@c" },
};

static void
test_keys(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(key_cases) / sizeof(key_cases[0]);
	    i++) {
		struct span got;

		assert_int_equal(key_fold(span_of(key_cases[i].key),
		    key_cases[i].is_case_kept, arena, &got), 0);
		check_value(key_cases[i].key, arena_strdup(arena, got),
		    key_cases[i].want);
	}
	arena_free(&arena);
}

static void
test_key_memory(void **state)
{
	struct arena *arena = arena_new(16384 + 64, NULL);
	static char local[17000];
	struct span got;

	(void)state;
	memset(local, 'a', sizeof(local));
	assert_int_equal(key_fold((struct span){ local, sizeof(local) },
	    false, arena, &got), -1);
	local[0] = '@';
	assert_int_equal(key_fold((struct span){ local, sizeof(local) },
	    false, arena, &got), -1);
	memcpy(local, "sasl:", 5);
	assert_int_equal(key_fold((struct span){ local, sizeof(local) },
	    false, arena, &got), -1);
	arena_free(&arena);
}

/* --- rowhash -------------------------------------------------------------- */

/* A number in words; TEXT is an array. */
#define NUMBER(text, format, n) \
	((void)snprintf(text, sizeof(text), format, n), span_of(text))

static void
test_rowhash(void **state)
{
	struct rowhash *rows = rowhash_new();
	char key[32], value[32];
	struct span got;

	(void)state;
	assert_non_null(rows);
	assert_false(rowhash_find(rows, SPAN("x"), &got));
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(rowhash_add(rows,
		    NUMBER(key, "user%u@example.org", i),
		    NUMBER(value, "login%u", i)), ROWHASH_ADDED);
	assert_int_equal(rowhash_add(rows, SPAN("user7@example.org"),
	    SPAN("other")), ROWHASH_DUPLICATE);
	assert_int_equal(rowhash_add(rows, SPAN(""), SPAN("")),
	    ROWHASH_ADDED);
	assert_int_equal(rowhash_add(rows, SPAN("a\0b"), SPAN("nul")),
	    ROWHASH_ADDED);
	rowhash_trim(rows);
	assert_int_equal(rowhash_count(rows), 1002);
	for (unsigned i = 0; i < 1000; i++) {
		assert_true(rowhash_find(rows,
		    NUMBER(key, "user%u@example.org", i), &got));
		assert_true(span_eq(got, NUMBER(value, "login%u", i)));
		assert_false(rowhash_find(rows,
		    NUMBER(key, "user%u@example.or", i), &got));
	}
	assert_true(rowhash_find(rows, SPAN(""), &got));
	assert_int_equal(got.len, 0);
	assert_true(rowhash_find(rows, SPAN("a\0b"), &got));
	assert_false(rowhash_find(rows, SPAN("a"), &got));
	rowhash_free(&rows);
	assert_null(rows);
	rowhash_free(&rows);
}

/* Values whose length takes one, two and three octets. */
static void
test_rowhash_lengths(void **state)
{
	static const size_t lengths[] = { 0, 1, 127, 128, 16383, 16384,
		100000 };
	struct rowhash *rows = rowhash_new();
	char *text = malloc(100000), key[32];
	struct span got;

	(void)state;
	assert_non_null(rows);
	assert_non_null(text);
	memset(text, 'v', 100000);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(rowhash_add(rows, NUMBER(key, "%u", i),
		    (struct span){ text, lengths[i] }), ROWHASH_ADDED);
	for (unsigned i = 0; i < 7; i++) {
		assert_true(rowhash_find(rows, NUMBER(key, "%u", i), &got));
		assert_true(span_eq(got, (struct span){ text, lengths[i] }));
	}
	free(text);
	rowhash_free(&rows);
}

/* The manual promises some 80 MB for a million rows of 50 octets. */
static void
test_rowhash_million(void **state)
{
	struct rowhash *rows = rowhash_new();
	char key[32], value[32];
	struct span got;

	(void)state;
	assert_non_null(rows);
	for (unsigned i = 0; i < MILLION; i++)
		if (rowhash_add(rows, NUMBER(key, "user%07u@example.org", i),
		    NUMBER(value, "login%07u@example.org.xx", i)) !=
		    ROWHASH_ADDED)
			fail_msg("row %u was not added", i);
	rowhash_trim(rows);
	assert_true(rowhash_memory(rows) < 80000000);
	for (unsigned i = 0; i < MILLION; i += 997)
		assert_true(rowhash_find(rows,
		    NUMBER(key, "user%07u@example.org", i), &got));
	rowhash_free(&rows);
}

/* --- texthash ------------------------------------------------------------- */

static const struct span sample_rows = SPAN(
    "# a comment\n"
    "\n"
    "   \t \n"
    "  # a comment after white space\n"
    "sales@example.org alice, bob\n"
    "TEAM@Example.ORG\t  alice bob  \t \n"
    "long@example.org\n"
    "\talice,\n"
    "# a comment in between\n"
    "\n"
    "  bob,\n"
    "\tcarol\n"
    "@shop.example dave\n"
    "@.shop.example erin\n"
    "\"a b\"@example.org frank\n"
    "esc\\ aped@example.org gina\n"
    "bare heidi\n"
    "crlf@example.org ivan\r\n"
    "crlf-long@example.org\r\n"
    " judy\r\n"
    "\r\n"
    "info@b\xc3\xbc" "cher.example karl\n"
    "hash@example.org # no comment here\n"
    "last@example.org leo");

static const struct {
	const char *key;
	const char *want;
} sample_cases[] = {
	{ "nobody@example.org", NULL },
	{ "alice", NULL },
	{ "# a", NULL },
	{ "#", NULL },
	{ "sales", NULL },
	{ "@example.org", NULL },
	{ "sales@example.org", "alice, bob" },
	{ "SALES@example.ORG", "alice, bob" },
	{ "team@example.org", "alice bob" },
	{ "long@example.org", "alice,  bob,\tcarol" },
	{ "@shop.example", "dave" },
	{ "@.shop.example", "erin" },
	{ "@.SHOP.example", "erin" },
	{ "\"a b\"@example.org", "frank" },
	{ "bare", "heidi" },
	{ "BARE", "heidi" },
	{ "crlf@example.org", "ivan" },
	{ "crlf-long@example.org", "judy" },
	{ "info@b\xc3\xbc" "cher.example", "karl" },
	{ "info@xn--bcher-kva.example", "karl" },
	{ "hash@example.org", "# no comment here" },
	{ "last@example.org", "leo" },
};

static void
test_texthash(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	struct table *table;
	char *error = NULL;

	(void)state;
	write_rows(sample_rows);
	table = open_rows("texthash", false, &error);
	if (table == NULL)
		fail_msg("got error %s", error);
	assert_string_equal(table_name(table), "rows");
	assert_null(table_warning(table));
	for (size_t i = 0; i < sizeof(sample_cases) / sizeof(sample_cases[0]);
	    i++)
		check_value(sample_cases[i].key, ask(table,
		    sample_cases[i].key, arena), sample_cases[i].want);
	table_free(&table);
	assert_null(table);
	table_free(&table);
	arena_free(&arena);
}

static const struct {
	const char *name;
	struct span rows;
	const char *want_error;		/* after the file's name; or NULL */
	const char *want_warning;	/* likewise */
} form_cases[] = {
	{ "no value", SPAN("a b\n\nc\n"),
	    ":3: a key without value (wanted: key, white space, value)",
	    NULL },
	{ "no value but white space", SPAN("c  \t\r\n"),
	    ":1: a key without value (wanted: key, white space, value)",
	    NULL },
	{ "no value at the end", SPAN("a b\nc"),
	    ":2: a key without value (wanted: key, white space, value)",
	    NULL },
	{ "the line where it begins", SPAN("a b\n\"c\n  d\n  e\nf g\n"),
	    ":2: a quote (\") is not closed", NULL },
	{ "nothing to continue", SPAN("\n# x\n a b\n"),
	    ":3: begins with white space, but there is no line to continue",
	    NULL },
	{ "NUL", SPAN("a b\nc\0d e\n"), ":2: has a NUL", NULL },
	{ "not UTF-8", SPAN("a b\nb\xfc" "cher@example.org c\n"),
	    ":2: is not UTF-8", NULL },
	{ "Latin-1 in a comment", SPAN("# b\xfc" "cher\na b\n"), NULL, NULL },
	{ "empty", SPAN(""), NULL, NULL },
	{ "only comments", SPAN("# x\n#y\n\n"), NULL, NULL },
	{ "twice", SPAN("a b\nA c\nd e\nd f\n"), NULL,
	    ":2: the first row counts, not this one, for the key \"A\"" },
	{ "twice in another spelling",
	    SPAN("x@b\xc3\xbc" "cher.example b\nx@xn--bcher-kva.example c\n"),
	    NULL, ":2: the first row counts, not this one, for the key "
	    "\"x@xn--bcher-kva.example\"" },
	{ "aliases", SPAN("a b\nroot: postmaster\n"), NULL,
	    ":2: is this a file of aliases? There is a colon at the end of "
	    "the key \"root:\"" },
};

static void
test_texthash_forms(void **state)
{
	char want[512];

	(void)state;
	for (size_t i = 0; i < sizeof(form_cases) / sizeof(form_cases[0]);
	    i++) {
		char *error = NULL;
		struct table *table;

		write_rows(form_cases[i].rows);
		table = open_rows("texthash", false, &error);
		if (form_cases[i].want_error != NULL) {
			(void)snprintf(want, sizeof(want), "%s%s", path,
			    form_cases[i].want_error);
			assert_null(table);
			check_value(form_cases[i].name, error, want);
		} else {
			if (table == NULL)
				fail_msg("%s: got %s, want none",
				    form_cases[i].name, error);
			(void)snprintf(want, sizeof(want), "%s%s", path,
			    form_cases[i].want_warning == NULL ? "" :
			    form_cases[i].want_warning);
			check_value(form_cases[i].name, table_warning(table),
			    form_cases[i].want_warning == NULL ? NULL : want);
		}
		free(error);
		table_free(&table);
	}
}

/* The first of two rows counts, as in Postfix. */
static void
test_texthash_first_counts(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	struct table *table;
	char *error;

	(void)state;
	write_rows(SPAN("a@example.org first\nA@example.org second\n"));
	table = open_rows("texthash", false, &error);
	assert_non_null(table);
	check_value("twice", ask(table, "a@example.org", arena), "first");
	table_free(&table);
	arena_free(&arena);
}

static void
test_texthash_keeps_case(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	struct span value;
	struct table *table;
	const char *why;
	char *error;

	(void)state;
	write_rows(SPAN("A@Example.org one\na@example.org two\n"));
	table = open_rows("texthash", true, &error);
	assert_non_null(table);
	assert_null(table_warning(table));
	assert_int_equal(table_lookup(table, SPAN("A@example.org"),
	    DEADLINE_NEVER, arena, &value, &why), LOOKUP_FOUND);
	assert_true(span_eq(value, SPAN("one")));
	assert_int_equal(table_lookup(table, SPAN("a@example.org"),
	    DEADLINE_NEVER, arena, &value, &why), LOOKUP_FOUND);
	assert_true(span_eq(value, SPAN("two")));
	table_free(&table);
	arena_free(&arena);
}

/* A line may have 1048576 octets, and no more. */
static void
test_texthash_long_lines(void **state)
{
	static const struct {
		size_t first, second;
		const char *want_error;
	} cases[] = {
		{ 1048576, 0, NULL },
		{ 1048577, 0, ":1: is longer than 1048576 octets" },
		{ 3000000, 0, ":1: is longer than 1048576 octets" },
		{ 1048000, 576, NULL },
		{ 1048000, 577, ":1: is longer than 1048576 octets" },
	};
	char *text = malloc(4000000), want[512];

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = cases[i].first;
		struct table *table;
		char *error = NULL;

		memset(text, 'v', 4000000);
		memcpy(text, "k ", 2);
		text[len++] = '\n';
		if (cases[i].second > 0) {
			text[len] = ' ';
			len += cases[i].second;
		}
		write_rows((struct span){ text, len });
		table = open_rows("texthash", false, &error);
		(void)snprintf(want, sizeof(want), "%s%s", path,
		    cases[i].want_error == NULL ? "" : cases[i].want_error);
		check_value("long line", error,
		    cases[i].want_error == NULL ? NULL : want);
		assert_true((table == NULL) == (cases[i].want_error != NULL));
		free(error);
		table_free(&table);
	}
	free(text);
}

static void
check_open_fails(const char *what)
{
	struct table *table;
	char *error = NULL, want[512];

	table = open_rows("texthash", false, &error);
	assert_null(table);
	(void)snprintf(want, sizeof(want), "%s: %s", path, what);
	check_value(what, error, want);
	free(error);
}

static void
test_texthash_files(void **state)
{
	(void)state;
	(void)unlink(path);
	check_open_fails("No such file or directory");
	assert_int_equal(mkfifo(path, 0600), 0);
	check_open_fails("is not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	check_open_fails("is not a regular file");
	assert_int_equal(rmdir(path), 0);
	write_rows(SPAN("#"));
	assert_int_equal(truncate(path, ((off_t)1 << 29) + 1), 0);
	check_open_fails("is larger than 536870912 octets");
}

static void
test_texthash_million(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	FILE *file = fopen(path, "w");
	struct table *table;
	char *error = NULL;
	clock_t begin;

	(void)state;
	assert_non_null(file);
	for (unsigned i = 0; i < MILLION; i++)
		(void)fprintf(file, "User%07u@Example.org\tlogin%07u\n", i, i);
	assert_int_equal(fclose(file), 0);
	begin = clock();
	table = open_rows("texthash", false, &error);
	begin = clock() - begin;
	if (table == NULL)
		fail_msg("got error %s", error);
	print_message("a million rows in %.1f s\n",
	    (double)begin / CLOCKS_PER_SEC);
	assert_true(begin < 30 * CLOCKS_PER_SEC);
	check_value("first", ask(table, "user0000000@example.org", arena),
	    "login0000000");
	check_value("last", ask(table, "user0999999@example.org", arena),
	    "login0999999");
	check_value("none", ask(table, "user1000000@example.org", arena),
	    NULL);
	table_free(&table);
	arena_free(&arena);
}

/* --- inline, fail, none --------------------------------------------------- */

static void
test_inline(void **state)
{
	static const struct table_row rows[] = {
		{ SPAN("Sales@Example.org"), SPAN("alice, bob") },
		{ SPAN("@example.net"), SPAN("carol") },
	};
	struct table_spec spec = { .name = "extra", .type = "inline",
		.rows = rows, .row_count = 2 };
	struct arena *arena = arena_new(1 << 20, NULL);
	struct table *table;
	char *error;

	(void)state;
	table = table_open(&spec, &error);
	assert_non_null(table);
	assert_null(table_warning(table));
	check_value("row", ask(table, "sales@example.org", arena),
	    "alice, bob");
	check_value("domain", ask(table, "@EXAMPLE.net", arena), "carol");
	check_value("none", ask(table, "x@example.net", arena), NULL);
	table_free(&table);
	arena_free(&arena);
}

static void
test_inline_faults(void **state)
{
	static const struct {
		struct table_row rows[2];
		const char *want;
	} cases[] = {
		{ { { SPAN("a"), SPAN("b") }, { SPAN("A"), SPAN("c") } },
		    "the key \"A\" is there twice" },
		{ { { SPAN("a"), SPAN("b") }, { SPAN(""), SPAN("c") } },
		    "a row has no key" },
		{ { { SPAN("a"), SPAN("b") }, { SPAN("c"), SPAN("") } },
		    "a row has no value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct table_spec spec = { .name = "x", .type = "inline",
			.rows = cases[i].rows, .row_count = 2 };
		char *error = NULL;

		assert_null(table_open(&spec, &error));
		check_value("inline", error, cases[i].want);
		free(error);
	}
}

static void
test_fail(void **state)
{
	struct table_spec spec = { .name = "down", .type = "fail" };
	struct arena *arena = arena_new(1 << 20, NULL);
	struct table *table;
	struct span value;
	const char *why = NULL;
	char *error;

	(void)state;
	table = table_open(&spec, &error);
	assert_non_null(table);
	assert_int_equal(table_lookup(table, SPAN("x"), DEADLINE_NEVER,
	    arena, &value, &why), LOOKUP_FAILED);
	check_value("fail", why, "a table of type \"fail\" always fails");
	table_free(&table);
	arena_free(&arena);
}

static void
test_types(void **state)
{
	struct table_spec spec = { .name = "x", .type = "nothing" };
	char *error = NULL;

	(void)state;
	assert_null(table_open(&spec, &error));
	check_value("type", error,
	    "there are no tables of type \"nothing\"");
	free(error);
	for (size_t i = 0; table_type(i) != NULL; i++)
		assert_true(table_type_exists(table_type(i)));
	assert_false(table_type_exists("nothing"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_key_memory),
		cmocka_unit_test(test_rowhash),
		cmocka_unit_test(test_rowhash_lengths),
		cmocka_unit_test(test_rowhash_million),
		cmocka_unit_test(test_texthash),
		cmocka_unit_test(test_texthash_forms),
		cmocka_unit_test(test_texthash_first_counts),
		cmocka_unit_test(test_texthash_keeps_case),
		cmocka_unit_test(test_texthash_long_lines),
		cmocka_unit_test(test_texthash_files),
		cmocka_unit_test(test_texthash_million),
		cmocka_unit_test(test_inline),
		cmocka_unit_test(test_inline_faults),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
