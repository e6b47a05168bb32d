/*
 * test_jsonscan - strings and numbers of JSON, and the way to each.
 * Proves: A8 (records are read as they were written), X47.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/jsonline.h"
#include "base/jsonscan.h"

static struct sbuf told;

static int
tell(void *context, const struct jsonscan_way *way, struct span value,
    bool is_string)
{
	(void)context;
	for (size_t i = 0; i < way->depth; i++)
		sbuf_addf(&told, "%s%.*s", i == 0 ? "" : ".",
		    SPAN_ARG(way->name[i]));
	sbuf_addf(&told, is_string ? "='%.*s' " : "=%.*s ", SPAN_ARG(value));
	return span_eq(value, SPAN("enough"));
}

static int
scan(struct span text, const char **told_r)
{
	struct sbuf scratch;
	struct span all;
	int status;

	sbuf_free(&told);
	sbuf_init(&told, NULL, 10000);
	sbuf_init(&scratch, NULL, 1000);
	status = jsonscan_object(text, &scratch, tell, NULL);
	sbuf_free(&scratch);
	assert_int_equal(sbuf_done(&told, &all), 0);
	*told_r = all.ptr;
	return status;
}

static void
test_values(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "{}", "" },
		{ " { \"a\" : 1 } ", "a=1 " },
		{ "{\"a\":{\"b\":[\"c\",{\"d\":null}]},\"e\":-1.5e+3}",
		    "a.b.='c' e=-1.5e+3 " },
		{ "{\"a\":\"\\\"\\\\\\/\\n\\u00e9\\ud83d\\ude00\"}",
		    "a='\"\\/\n\xc3\xa9\xf0\x9f\x98\x80' " },
		{ "{\"a\":true,\"b\":false,\"c\":[],\"d\":0}", "d=0 " },
		{ "{\"a\\\"b\":\"x\"}", "a\\\"b='x' " },
	};
	const char *got;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status = scan(span_of(rows[i].text), &got);

		if (status != 1 || strcmp(got, rows[i].want) != 0)
			fail_msg("%s: got %d %s, want 1 %s", rows[i].text,
			    status, got, rows[i].want);
	}
	assert_int_equal(scan(SPAN("{\"a\":\"enough\",\"b\":1}"), &got), 0);
	assert_string_equal(got, "a='enough' ");
}

static void
test_no_json(void **state)
{
	static const char *const rows[] = {
		"", "{", "}", "[]", "1", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
		"{\"a\":01}", "{\"a\":1.}", "{\"a\":-}", "{\"a\":1e}",
		"{\"a\":\"b}", "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}",
		"{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\"}",
		"{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\udc00\"}",
		"{\"a\":[1}", "{\"a\":tru}", "{\"a\":1}x", "{\"a\":1}{",
		"{a:1}", "{\"a\\", "{\"a\":\"\\",
		"{\"a\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}",
	};
	const char *got;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (scan(span_of(rows[i]), &got) != -1)
			fail_msg("%s: was taken for JSON", rows[i]);
	assert_int_equal(scan(SPAN("{\"a\":1}\0"), &got), -1);
}

/* What jsonline writes is what jsonscan reads, cut short anywhere or not. */
static void
test_round_trip(void **state)
{
	struct jsonline line;
	const char *got;
	char *text;

	(void)state;
	jsonline_init(&line, 1000);
	jsonline_open_object(&line, NULL);
	jsonline_text(&line, "a", SPAN("\x01\"\\\xc3\xa9\xff\xf0\x9f\x98\x80"));
	jsonline_number(&line, "n", -7);
	jsonline_null(&line, "z");
	jsonline_close_object(&line);
	text = jsonline_done(&line);
	assert_non_null(text);
	assert_int_equal(scan(span_of(text), &got), 1);
	assert_string_equal(got,
	    "a='\x01\"\\\xc3\xa9\\xFF\xf0\x9f\x98\x80' n=-7 ");
	for (size_t n = 0; n < strlen(text); n++) {
		char *part = malloc(n + 1);

		/* On the heap to its octet, for the sanitizers. */
		assert_non_null(part);
		memcpy(part, text, n);
		assert_int_equal(scan((struct span){ part, n }, &got), -1);
		free(part);
	}
	free(text);
	sbuf_free(&told);
}

static void
test_paths(void **state)
{
	struct jsonscan_way way = { .depth = 3 };

	(void)state;
	way.name[0] = SPAN("a");
	way.name[1] = SPAN("");
	way.name[2] = SPAN("bc");
	assert_true(jsonscan_is_at(&way, "a..bc"));
	assert_false(jsonscan_is_at(&way, "a..b"));
	assert_false(jsonscan_is_at(&way, "a."));
	assert_false(jsonscan_is_at(&way, "a..bc."));
	assert_false(jsonscan_is_at(&way, "a..bc.d"));
	way.depth = 1;
	assert_true(jsonscan_is_at(&way, "a"));
	assert_false(jsonscan_is_at(&way, "ab"));
	/* A dot, or NUL, in a name is none of the path. */
	way.name[0] = SPAN("a.b");
	assert_false(jsonscan_is_at(&way, "a.b"));
	way.name[0] = (struct span){ "a\0", 2 };
	assert_false(jsonscan_is_at(&way, "a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_no_json),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
