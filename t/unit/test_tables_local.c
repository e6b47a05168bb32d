/*
 * test_tables_local - tables of patterns and networks: what their files may
 * say, what they answer, and that no key keeps them busy.
 * Proves: X44 (pcre, regexp, cidr; found, not found and failed; a deadline
 * for each), X41 (a fault in a table is told with file and line), X47 (no
 * key hangs a pattern). What Postfix answers to the same files is compared
 * in t/tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/deadline.h"
#include "table/substitute.h"
#include "table/table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char folder[] = "/tmp/test_tables_local.XXXXXX";
static char path[256];

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/rules", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static struct table *
open_rules(const char *type, struct span text, char **error_r)
{
	struct table_spec spec = { .name = "t", .type = type, .file = path };
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
	assert_int_equal(fclose(file), 0);
	*error_r = NULL;
	return table_open(&spec, error_r);
}

/* False, and said, where this build has no such tables. */
static bool
is_built(const char *type)
{
	if (table_type_exists(type))
		return true;
	print_message("not looked at: this build has no %s tables\n", type);
	return false;
}

/* What TABLE says of KEY: the value, "NOT FOUND" or "FAILED: why". */
static const char *
ask(const struct table *table, struct span key, int64_t deadline,
    struct arena *arena)
{
	const char *error = "no reason";
	struct span value = { NULL, 0 };

	switch (table_lookup(table, key, deadline, arena, &value, &error)) {
	case LOOKUP_FOUND:
		return arena_strdup(arena, value);
	case LOOKUP_NOT_FOUND:
		return "NOT FOUND";
	case LOOKUP_FAILED:
		break;
	}
	return arena_printf(arena, "FAILED: %s", error).ptr;
}

static void
check_text(const char *name, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("%s: got %s, want %s", name, got, want);
}

/* --- faults --------------------------------------------------------------- */

struct fault_case {
	const char *text;
	const char *want;	/* after the name of the file */
};

static void
check_faults(const char *type, const struct fault_case *cases, size_t count)
{
	if (!is_built(type))
		return;
	for (size_t i = 0; i < count; i++) {
		char *error, want[512];
		struct table *table = open_rules(type,
		    span_of(cases[i].text), &error);

		if (table != NULL)
			fail_msg("%s: %s: got no error, want %s", type,
			    cases[i].text, cases[i].want);
		assert_non_null(error);
		(void)snprintf(want, sizeof(want), "%s%s", path,
		    cases[i].want);
		check_text(cases[i].text, error, want);
		free(error);
	}
}

/* What is the same for pcre and regexp. */
static const struct fault_case pattern_faults[] = {
	{ "/a/", ":1: a pattern without result" },
	{ "# one\n\n/a/ x\n/b/\n", ":4: a pattern without result" },
	{ "!", ":1: there is no pattern" },
	{ "if", ":1: there is no pattern" },
	{ "a@example.org x", ":1: a pattern must stand between two signs, as "
	    "in /pattern/" },
	{ "\\a\\ x", ":1: a pattern must stand between two signs, as in "
	    "/pattern/" },
	{ "/a x", ":1: the end of the pattern is missing" },
	{ "/a\\/", ":1: the end of the pattern is missing" },
	{ "/a\\", ":1: the end of the pattern is missing" },
	{ "/a/ x\nif /b/\n/c/ y\n", ":2: \"if\" without \"endif\"" },
	{ "if /a/\nif /b/\nendif\n", ":1: \"if\" without \"endif\"" },
	{ "/a/ x\nendif\n", ":2: \"endif\" without \"if\"" },
	{ "if /a/\nendif\nendif\n", ":3: \"endif\" without \"if\"" },
	{ "if /a/ x\nendif\n",
	    ":1: there is text after the pattern of an \"if\"" },
	{ "if /a/\nendif /a/\n", ":2: there is text after \"endif\"" },
	{ "/a/ $1", ":1: the result wants a group that the pattern does not "
	    "have" },
	{ "/(a)/ $2", ":1: the result wants a group that the pattern does "
	    "not have" },
	{ "!/(a)/ $1", ":1: a pattern after ! has no groups for the result" },
	{ "/(a)/ $1x", ":1: after $ must come a number from 1 to 99, as in "
	    "$1 or ${1}, or another $" },
	{ "/(a)/ costs $", ":1: after $ must come a number from 1 to 99, as "
	    "in $1 or ${1}, or another $" },
	{ " /a/ x", ":1: begins with white space, but there is no line to "
	    "continue" },
	{ "/a/ x\n/\xff/ y", ":2: is not UTF-8" },
};

static void
test_pcre_faults(void **state)
{
	static const struct fault_case cases[] = {
		{ "/a/z x", ":1: an unknown flag after the pattern (there "
		    "are i, m, s, x, A, E, U and X)" },
		{ "/(a/ x", ":1: wrong pattern: missing closing parenthesis "
		    "at character 3" },
		{ "/a/ x\n/b\n  [/ y", ":2: wrong pattern: missing "
		    "terminating ] for character class at character 5" },
	};

	(void)state;
	check_faults("pcre", pattern_faults, COUNT(pattern_faults));
	check_faults("pcre", cases, COUNT(cases));
}

static void
test_regexp_faults(void **state)
{
	static const struct fault_case cases[] = {
		{ "/a/s x", ":1: an unknown flag after the pattern (there "
		    "are i, m and x)" },
		{ "/(a/ x", ":1: wrong pattern: Unmatched ( or \\(" },
		{ "/(a)\\1/ x", ":1: no back-references in regexp tables: "
		    "use a pcre table" },
		{ "/\\(a\\)[^]\\1]\\1/x x", ":1: no back-references in "
		    "regexp tables: use a pcre table" },
		{ "/[[:alpha:]\\1](a)\\1/ x", ":1: no back-references in "
		    "regexp tables: use a pcre table" },
	};

	(void)state;
	check_faults("regexp", pattern_faults, COUNT(pattern_faults));
	check_faults("regexp", cases, COUNT(cases));
}

static void
test_cidr_faults(void **state)
{
	static const struct fault_case cases[] = {
		{ "192.0.2.1", ":1: a pattern without result" },
		{ "example.org x", ":1: \"example.org\": not an IPv4 or IPv6 "
		    "address" },
		{ "# one\n192.0.2.1/24 x", ":2: \"192.0.2.1/24\": bits are "
		    "set beyond the prefix" },
		{ "192.0.2.0/33 x", ":1: \"192.0.2.0/33\": prefix length is "
		    "no number in range" },
		{ "192.0.2/24 x", ":1: \"192.0.2/24\": not an IPv4 or IPv6 "
		    "address" },
		{ "if 192.0.2.0/24\n192.0.2.1 x\n",
		    ":1: \"if\" without \"endif\"" },
		{ "endif", ":1: \"endif\" without \"if\"" },
	};

	(void)state;
	check_faults("cidr", cases, COUNT(cases));
}

static void
test_files(void **state)
{
	static const char *const types[] = { "pcre", "regexp", "cidr" };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct table_spec spec = { .name = "t", .type = types[i] };
		char *error = NULL;

		if (!is_built(types[i]))
			continue;
		spec.file = "/nonexistent/rules";
		assert_null(table_open(&spec, &error));
		assert_string_equal(error,
		    "/nonexistent/rules: No such file or directory");
		free(error);
		spec.file = "/dev/zero";
		assert_null(table_open(&spec, &error));
		assert_string_equal(error,
		    "/dev/zero: is not a regular file");
		free(error);
	}
}

/* --- answers -------------------------------------------------------------- */

struct answer_case {
	struct span key;
	const char *want;
};

static void
check_answers(const char *type, struct span rules,
    const struct answer_case *cases, size_t count)
{
	struct arena *arena = arena_new(1u << 20, NULL);
	struct table *table;
	char *error;

	assert_non_null(arena);
	table = open_rules(type, rules, &error);
	if (table == NULL)
		fail_msg("%s: %s", type, error);
	for (size_t i = 0; i < count; i++) {
		char want[512];

		/* "%" stands for the name of the file. */
		if (strncmp(cases[i].want, "FAILED: %", 9) == 0)
			(void)snprintf(want, sizeof(want), "FAILED: %s%s",
			    path, cases[i].want + 9);
		else
			(void)snprintf(want, sizeof(want), "%s",
			    cases[i].want);
		check_text(cases[i].key.ptr, ask(table, cases[i].key,
		    DEADLINE_NEVER, arena), want);
		arena_reset(arena);
	}
	table_free(&table);
	arena_free(&arena);
}

static void
test_pcre(void **state)
{
	static const struct answer_case cases[] = {
		{ SPAN("nobody@example.net"), "NOT FOUND" },
		{ SPAN(""), "NOT FOUND" },
		{ SPAN("alice@example.org"), "alice, alice.private" },
		{ SPAN("ac@example.org"), "none: ." },
		{ SPAN("inner@example.com"), "inner" },
		{ SPAN("outer@example.com"), "outer" },
		{ SPAN("skipped@example.net"), "NOT FOUND" },
		{ SPAN("nul\0@example.edu"), "nul" },
		{ SPAN("\xff@example.org"), "FAILED: %:1: UTF-8 error: "
		    "illegal byte (0xfe or 0xff)" },
	};

	(void)state;
	if (is_built("pcre"))
		check_answers("pcre", SPAN(
		    "/^(al\\w+)@example\\.org$/ $1, ${1}.private\n"
		    "/^a(x)?c@example\\.org$/ none: $1.\n"
		    "IF /@example\\.com$/\n"
		    "if !/^o/\n/^inner/ inner\nendif\n"
		    "/^outer/ outer\n/^skipped/ never\n"
		    "EndIf\n"
		    "/^nul\\x00@/ nul\n"), cases, COUNT(cases));
}

static void
test_regexp(void **state)
{
	static const struct answer_case cases[] = {
		{ SPAN("nobody@example.net"), "NOT FOUND" },
		{ SPAN("alice@example.org"), "alice, alice.private" },
		{ SPAN("ac@example.org"), "none: ." },
		{ SPAN("nul\0@example.edu"), "FAILED: the key has a NUL "
		    "or is too long" },
	};

	(void)state;
	check_answers("regexp", SPAN(
	    "/^(al[a-z]+)@example\\.org$/ $1, ${1}.private\n"
	    "/^a(x)?c@example\\.org$/ none: $(1).\n"), cases, COUNT(cases));
}

static void
test_cidr(void **state)
{
	static const struct answer_case cases[] = {
		{ SPAN("198.51.100.1"), "NOT FOUND" },
		{ SPAN("2001:db9::1"), "NOT FOUND" },
		{ SPAN("alice@example.org"), "NOT FOUND" },
		{ SPAN(""), "NOT FOUND" },
		{ SPAN("192.0.2.77"), "costs $1" },
		{ SPAN("::ffff:192.0.2.77"), "costs $1" },
		{ SPAN("2001:db8:0::1"), "six" },
	};

	(void)state;
	check_answers("cidr", SPAN("192.0.2.0/24 costs $1\n"
	    "2001:db8::/32 six\n"), cases, COUNT(cases));
}

/* --- no key hangs a pattern ----------------------------------------------- */

static void
test_pcre_limit(void **state)
{
	struct arena *arena = arena_new(1u << 20, NULL);
	int64_t begin = deadline_now();
	char key[300], want[512], *error;
	struct table *table;

	(void)state;
	assert_non_null(arena);
	if (!is_built("pcre")) {
		arena_free(&arena);
		return;
	}
	memset(key, 'a', sizeof(key));
	table = open_rules("pcre", SPAN("/never/ x\n"
	    "/^(a+)+$(?<!a)/ y\n"), &error);
	assert_non_null(table);
	(void)snprintf(want, sizeof(want),
	    "FAILED: %s:2: match limit exceeded", path);
	check_text("a...", ask(table, (struct span){ key, sizeof(key) },
	    DEADLINE_NEVER, arena), want);
	if (deadline_now() - begin > 2000)
		fail_msg("got %d ms, want at most 2000",
		    (int)(deadline_now() - begin));
	table_free(&table);
	arena_free(&arena);
}

static void
test_regexp_long_key(void **state)
{
	struct arena *arena = arena_new(1u << 20, NULL);
	int64_t begin = deadline_now();
	char key[300], *error;
	struct table *table;

	(void)state;
	assert_non_null(arena);
	memset(key, 'a', sizeof(key));
	table = open_rules("regexp", SPAN("/^((a|aa)+)+(a*)*b$/ $1\n"),
	    &error);
	assert_non_null(table);
	check_text("a...", ask(table, (struct span){ key, sizeof(key) },
	    DEADLINE_NEVER, arena), "NOT FOUND");
	if (deadline_now() - begin > 5000)
		fail_msg("got %d ms, want at most 5000",
		    (int)(deadline_now() - begin));
	table_free(&table);
	arena_free(&arena);
}

/* The clock is looked at between patterns. */
static void
test_deadline(void **state)
{
	struct arena *arena = arena_new(1u << 20, NULL);
	char text[64 * 20], want[512], *error;
	struct table *table;
	int len = 0;

	(void)state;
	assert_non_null(arena);
	for (int i = 0; i < 64; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
		    "/row%d@/ %d\n", i, i);
	table = open_rules("regexp", (struct span){ text, (size_t)len },
	    &error);
	assert_non_null(table);
	check_text("late", ask(table, SPAN("row1@example.org"),
	    deadline_now() - 1, arena), "1");
	(void)snprintf(want, sizeof(want), "FAILED: %s:16: there was no time "
	    "for this pattern", path);
	check_text("late", ask(table, SPAN("row63@example.org"),
	    deadline_now() - 1, arena), want);
	check_text("in time", ask(table, SPAN("row63@example.org"),
	    DEADLINE_NEVER, arena), "63");
	table_free(&table);
	arena_free(&arena);
}

/* The arena of a message ends a look-up, not the process. */
static void
test_no_memory(void **state)
{
	struct arena *arena = arena_new(1u << 15, NULL);
	char *error;
	struct table *table = open_rules("regexp", SPAN("/(.*)/ $1\n"),
	    &error);
	struct span value;
	const char *why = NULL;

	(void)state;
	assert_non_null(arena);
	assert_non_null(table);
	while (arena_alloc(arena, 8) != NULL)
		continue;
	assert_int_equal(table_lookup(table, SPAN("a@example.org"),
	    DEADLINE_NEVER, arena, &value, &why), LOOKUP_FAILED);
	assert_string_equal(why, "out of memory");
	table_free(&table);
	arena_free(&arena);
}

/* --- what kind of keys ---------------------------------------------------- */

static void
test_keys(void **state)
{
	static const struct {
		const char *type;
		struct span rules;
		enum table_keys want;
	} cases[] = {
		{ "texthash", SPAN("a b\n"), TABLE_KEYS_ANY },
		{ "pcre", SPAN("/a/ b\n"), TABLE_KEYS_WHOLE },
		{ "regexp", SPAN("/a/ b\n"), TABLE_KEYS_WHOLE },
		{ "cidr", SPAN("192.0.2.1 b\n"), TABLE_KEYS_IP },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct table *table;
		char *error;

		if (!is_built(cases[i].type))
			continue;
		table = open_rules(cases[i].type, cases[i].rules, &error);
		assert_non_null(table);
		assert_int_equal(table_keys(table), cases[i].want);
		table_free(&table);
	}
}

/* A type is in this build, or it is told why not. */
static void
test_types(void **state)
{
	static const char *const types[] = { "inline", "texthash", "hash",
	    "btree", "lmdb", "cdb", "pcre", "regexp", "cidr", "sqlite",
	    "fail" };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct table_spec spec = {
			.name = "t",
			.type = types[i],
			.file = path,
		};
		const char *why = NULL, *type;
		char *error = NULL, want[256];
		size_t k = 0;

		while ((type = table_type_missing(k, &why)) != NULL &&
		    strcmp(type, types[i]) != 0)
			k++;
		if ((type == NULL) != (table_type_exists(types[i]) != 0))
			fail_msg("%s: got both or neither", types[i]);
		if (type == NULL)
			continue;
		assert_null(table_open(&spec, &error));
		(void)snprintf(want, sizeof(want), "this build has no %s "
		    "tables: %s", type, why);
		check_text(type, error, want);
		free(error);
	}
	assert_false(table_type_exists("carrier-pigeon"));
}

/* --- results -------------------------------------------------------------- */

static struct span
letter(const void *context, unsigned number)
{
	return (struct span){ (const char *)context + number - 1, 1 };
}

static void
test_substitute(void **state)
{
	static const struct {
		const char *text, *want;	/* NULL: an error */
		unsigned want_highest;
		bool want_plain;
	} cases[] = {
		{ "$", NULL, 0, false },
		{ "$0", NULL, 0, false },
		{ "$01", NULL, 0, false },
		{ "$100", NULL, 0, false },
		{ "$a", NULL, 0, false },
		{ "$1_", NULL, 0, false },
		{ "${1", NULL, 0, false },
		{ "$(1}", NULL, 0, false },
		{ "${}", NULL, 0, false },
		{ "${1x}", NULL, 0, false },
		{ "a $ b", NULL, 0, false },
		{ "", "", 0, true },
		{ "plain", "plain", 0, true },
		{ "$$", "$", 0, false },
		{ "$$1", "$1", 0, false },
		{ "$1", "a", 1, false },
		{ "x$2-$1.y", "xb-a.y", 2, false },
		{ "${1}${2}$(3)", "abc", 3, false },
		{ "${26}x", "zx", 26, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span text = span_of(cases[i].text), got;
		unsigned highest = 0;
		bool is_plain = false;
		const char *why = substitute_check(text, &highest, &is_plain);
		struct sbuf out;

		if ((why == NULL) != (cases[i].want != NULL))
			fail_msg("%s: got %s", cases[i].text,
			    why == NULL ? "no error" : why);
		if (why != NULL)
			continue;
		assert_int_equal(highest, cases[i].want_highest);
		assert_int_equal(is_plain, cases[i].want_plain);
		sbuf_init(&out, NULL, 100);
		substitute_expand(text, letter, "abcdefghijklmnopqrstuvwxyz",
		    &out);
		assert_int_equal(sbuf_done(&out, &got), 0);
		check_text(cases[i].text, got.ptr, cases[i].want);
		sbuf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcre_faults),
		cmocka_unit_test(test_regexp_faults),
		cmocka_unit_test(test_cidr_faults),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_pcre),
		cmocka_unit_test(test_regexp),
		cmocka_unit_test(test_cidr),
		cmocka_unit_test(test_pcre_limit),
		cmocka_unit_test(test_regexp_long_key),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_substitute),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
