/*
 * test_sqltemplate.c - queries with places for the key: X44. What they are
 * made of (template.h), and that a key never becomes SQL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "table/sqltemplate.h"
#include "table/template.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define INSIDE "the query has a place for the key within quotes or a " \
	"comment; it must stand alone, as in \"address = %s\""
#define UNCLOSED "the query has a quote that is not closed"
#define NO_PLACE "the query has no place for the key (%s, %u or %d)"
#define PERCENT "the query " TEMPLATE_FAULT
#define P8 "%s%s%s%s%s%s%s%s"

static const struct {
	const char *query;
	const char *want;
} refusals[] = {
	{ "", NO_PLACE },
	{ "SELECT 1", NO_PLACE },
	{ "SELECT '%%s'", NO_PLACE },
	{ "SELECT a FROM t WHERE b = %", PERCENT },
	{ "SELECT a FROM t WHERE b = %s%", PERCENT },
	{ "SELECT a FROM t WHERE b = %S", PERCENT },
	{ "SELECT a FROM t WHERE b = %1", PERCENT },
	{ "SELECT a FROM t WHERE b = %n", PERCENT },
	{ "SELECT a FROM t WHERE b = '%s", INSIDE },
	{ "SELECT a FROM t WHERE b = '%s' AND c = '", UNCLOSED },
	{ "SELECT a FROM \"t WHERE b = 1", UNCLOSED },
	{ "SELECT a FROM t WHERE b = '%%%s'", INSIDE },
	{ "SELECT a FROM t WHERE b LIKE '%s%%'", INSIDE },
	{ "SELECT a FROM t WHERE b = '%u@%d'", INSIDE },
	{ "SELECT a FROM t WHERE b = '%s''", INSIDE },
	{ "SELECT a FROM t WHERE b = '''%s'", INSIDE },
	{ "SELECT a FROM t WHERE b = 'it''s %s'", INSIDE },
	{ "SELECT \"%s\" FROM t", INSIDE },
	{ "SELECT a FROM `%d`", INSIDE },
	{ "SELECT a -- %s\n", INSIDE },
	{ "SELECT a /* %s */ FROM t", INSIDE },
	{ "SELECT a /*/ %s */ FROM t", INSIDE },
	{ P8 P8 P8 P8 "%s",
	    "the query has more than 32 places for the key" },
};

static const struct {
	const char *query;
	const char *want_question;
	const char *want_dollar;
	size_t want_count;
} statements[] = {
	{ "%s", "?", "$1", 1 },
	{ "SELECT a FROM t WHERE b = %s",
	    "SELECT a FROM t WHERE b = ?",
	    "SELECT a FROM t WHERE b = $1", 1 },
	{ "SELECT a FROM t WHERE b = '%s'",
	    "SELECT a FROM t WHERE b = ?",
	    "SELECT a FROM t WHERE b = $1", 1 },
	{ "SELECT a FROM t WHERE u='%u' AND d=%d OR s IN ('%s')",
	    "SELECT a FROM t WHERE u=? AND d=? OR s IN (?)",
	    "SELECT a FROM t WHERE u=$1 AND d=$2 OR s IN ($3)", 3 },
	{ "SELECT a FROM t WHERE b = '%s' OR c = 'x'",
	    "SELECT a FROM t WHERE b = ? OR c = 'x'",
	    "SELECT a FROM t WHERE b = $1 OR c = 'x'", 1 },
	{ "SELECT a FROM t WHERE b LIKE 'x%%' AND c = %s",
	    "SELECT a FROM t WHERE b LIKE 'x%' AND c = ?",
	    "SELECT a FROM t WHERE b LIKE 'x%' AND c = $1", 1 },
	{ "SELECT 'it''s' FROM \"a'b\" WHERE c = %s",
	    "SELECT 'it''s' FROM \"a'b\" WHERE c = ?",
	    "SELECT 'it''s' FROM \"a'b\" WHERE c = $1", 1 },
	{ "SELECT '' FROM t WHERE c = '%s'",
	    "SELECT '' FROM t WHERE c = ?",
	    "SELECT '' FROM t WHERE c = $1", 1 },
	{ "SELECT a -- it's\nFROM t /* it's ** */ WHERE b = %s - -1",
	    "SELECT a -- it's\nFROM t /* it's ** */ WHERE b = ? - -1",
	    "SELECT a -- it's\nFROM t /* it's ** */ WHERE b = $1 - -1", 1 },
	{ "%s%%%s", "?%?", "$1%$2", 2 },
	{ P8 P8 P8 P8, "????????????????????????????????",
	    "$1$2$3$4$5$6$7$8$9$10$11$12$13$14$15$16$17$18$19$20$21$22$23"
	    "$24$25$26$27$28$29$30$31$32", 32 },
};

static const struct {
	const char *query;
	struct span key;
	const char *want;	/* values joined by "|"; NULL: not asked */
} bindings[] = {
	{ "%s", { "", 0 }, NULL },
	{ "%u", { "@b.example", 10 }, NULL },
	{ "%d", { "a", 1 }, NULL },
	{ "%d", { "a@", 2 }, NULL },
	{ "%s %d", { "a", 1 }, NULL },
	{ "%s", { "a@b.example", 11 }, "a@b.example" },
	{ "%u %d", { "a@b.example", 11 }, "a|b.example" },
	{ "%d %u %s", { "a@b.example", 11 }, "b.example|a|a@b.example" },
	{ "%u %d", { "\"x@y\"@b.example", 15 }, "\"x@y\"|b.example" },
	{ "%u", { "a", 1 }, "a" },
	{ "%s %d", { "@b.example", 10 }, "@b.example|b.example" },
	{ "%s", { "' OR '1'='1", 11 }, "' OR '1'='1" },
	{ "'%s'", { "'; DROP TABLE t; --", 19 }, "'; DROP TABLE t; --" },
	{ "%u %d", { "%s@%d", 5 }, "%s|%d" },
	{ "%s", { "a\0b", 3 }, "a\0b" },
};

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		char *error = NULL;
		struct sqltemplate *sql = sqltemplate_new(refusals[i].query,
		    SQLTEMPLATE_QUESTION, &error);

		if (sql != NULL)
			fail_msg("\"%s\": got %s, want %s",
			    refusals[i].query, sqltemplate_statement(sql),
			    refusals[i].want);
		assert_non_null(error);
		assert_string_equal(error, refusals[i].want);
		free(error);
		sqltemplate_free(&sql);
	}
}

static void
check_statement(const char *query, enum sqltemplate_style style,
    const char *want, size_t want_count)
{
	char *error = NULL;
	struct sqltemplate *sql = sqltemplate_new(query, style, &error);

	if (sql == NULL)
		fail_msg("\"%s\": got %s, want %s", query, error, want);
	assert_string_equal(sqltemplate_statement(sql), want);
	assert_int_equal(sqltemplate_count(sql), want_count);
	sqltemplate_free(&sql);
	assert_null(sql);
}

static void
test_statements(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(statements); i++) {
		check_statement(statements[i].query, SQLTEMPLATE_QUESTION,
		    statements[i].want_question, statements[i].want_count);
		check_statement(statements[i].query, SQLTEMPLATE_DOLLAR,
		    statements[i].want_dollar, statements[i].want_count);
	}
}

/* Is WANT the COUNT values, joined by "|"? */
static bool
is_joined(const struct span *values, size_t count, const char *want)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && *want++ != '|')
			return false;
		if (memcmp(want, values[i].ptr, values[i].len) != 0)
			return false;
		want += values[i].len;
	}
	return *want == '\0';
}

static void
test_bindings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bindings); i++) {
		struct span values[SQLTEMPLATE_PARAMETERS];
		char *error = NULL;
		struct sqltemplate *sql = sqltemplate_new(bindings[i].query,
		    SQLTEMPLATE_DOLLAR, &error);
		bool is_bound;

		assert_non_null(sql);
		is_bound = sqltemplate_bind(sql, bindings[i].key, values);
		if (is_bound != (bindings[i].want != NULL) ||
		    (is_bound && !is_joined(values, sqltemplate_count(sql),
		    bindings[i].want)))
			fail_msg("\"%s\", key \"%.*s\": %s, want %s",
			    bindings[i].query, SPAN_ARG(bindings[i].key),
			    is_bound ? "got other values" : "got none",
			    bindings[i].want == NULL ? "none" :
			    bindings[i].want);
		sqltemplate_free(&sql);
	}
}

static void
test_nothing(void **state)
{
	struct sqltemplate *sql = NULL;

	(void)state;
	sqltemplate_free(&sql);
	assert_null(sql);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_bindings),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
