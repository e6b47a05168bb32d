/*
 * test_jsonline - octets of any kind as one line of JSON.
 * Proves: A6 (a record is one line of JSON, whatever mail holds).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "base/jsonline.h"

#define CEILING 100000u

static const struct {
	struct span text;
	const char *want;
} texts[] = {
	{ SPAN(""), "[\"\"]" },
	{ SPAN("plain ~"), "[\"plain ~\"]" },
	{ SPAN("\"\\/"), "[\"\\\"\\\\/\"]" },
	{ SPAN("\b\f\n\r\t"), "[\"\\b\\f\\n\\r\\t\"]" },
	{ SPAN("\x01\x1f\x7f"), "[\"\\u0001\\u001F\\u007F\"]" },
	{ SPAN("a\0b"), "[\"a\\\\x00b\"]" },
	{ SPAN("\xc3\xa4\xe2\x82\xac"), "[\"\\u00E4\\u20AC\"]" },
	{ SPAN("\xef\xbf\xbf"), "[\"\\uFFFF\"]" },
	{ SPAN("\xf0\x90\x80\x80"), "[\"\\uD800\\uDC00\"]" },
	{ SPAN("\xf0\x9f\x93\xa7!"), "[\"\\uD83D\\uDCE7!\"]" },
	{ SPAN("\xf4\x8f\xbf\xbf"), "[\"\\uDBFF\\uDFFF\"]" },
	/* no UTF-8: cut off, overlong, surrogate, too high, lone */
	{ SPAN("\xe2\x82"), "[\"\\\\xE2\\\\x82\"]" },
	{ SPAN("\xc0\xaf"), "[\"\\\\xC0\\\\xAF\"]" },
	{ SPAN("\xed\xa0\x80"), "[\"\\\\xED\\\\xA0\\\\x80\"]" },
	{ SPAN("\xf4\x90\x80\x80"), "[\"\\\\xF4\\\\x90\\\\x80\\\\x80\"]" },
	{ SPAN("\x80x\xff"), "[\"\\\\x80x\\\\xFF\"]" },
	{ SPAN("\xc3\xa4\xc3"), "[\"\\u00E4\\\\xC3\"]" },
};

static char *
line_of(struct span text)
{
	struct jsonline line;

	jsonline_init(&line, CEILING);
	jsonline_open_array(&line, NULL);
	jsonline_text(&line, NULL, text);
	jsonline_close_array(&line);
	return jsonline_done(&line);
}

static void
test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *got = line_of(texts[i].text);

		assert_non_null(got);
		if (strcmp(got, texts[i].want) != 0)
			fail_msg("%zu: got %s, want %s", i, got,
			    texts[i].want);
		free(got);
	}
}

/* Whatever it is made of, another reader takes it, and it is ASCII. */
static void
test_any_octets(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char octets[12];
		json_t *json;
		char *got;

		for (size_t i = 0; i < sizeof(octets); i++) {
			random = random * UINT64_C(6364136223846793005) + 1;
			octets[i] = (char)(random >> 56);
		}
		got = line_of((struct span){ octets, sizeof(octets) });
		assert_non_null(got);
		for (const char *p = got; *p != '\0'; p++)
			assert_true(*p >= ' ' && *p < 0x7f);
		json = json_loads(got, 0, NULL);
		if (json == NULL)
			fail_msg("no JSON: %s", got);
		json_decref(json);
		free(got);
	}
}

static void
test_structure(void **state)
{
	struct jsonline line;
	char *got;

	(void)state;
	jsonline_init(&line, CEILING);
	jsonline_open_object(&line, NULL);
	jsonline_number(&line, "n", INT64_MIN);
	jsonline_null(&line, "z");
	jsonline_open_array(&line, "empty");
	jsonline_close_array(&line);
	jsonline_open_array(&line, "two");
	jsonline_word(&line, NULL, "a");
	jsonline_open_object(&line, NULL);
	jsonline_text_or_null(&line, "x", SPAN(""));
	jsonline_text_or_null(&line, "y", SPAN("b"));
	jsonline_close_object(&line);
	jsonline_close_array(&line);
	jsonline_word(&line, "none", NULL);
	jsonline_close_object(&line);
	got = jsonline_done(&line);
	assert_string_equal(got, "{\"n\":-9223372036854775808,\"z\":null,"
	    "\"empty\":[],\"two\":[\"a\",{\"x\":null,\"y\":\"b\"}],"
	    "\"none\":\"\"}");
	free(got);
}

static void
test_ceiling(void **state)
{
	struct jsonline line;

	(void)state;
	for (size_t ceiling = 0; ceiling < 14; ceiling++) {
		char *got;

		jsonline_init(&line, ceiling);
		jsonline_open_object(&line, NULL);
		jsonline_text(&line, "key", SPAN("abc"));
		jsonline_close_object(&line);
		got = jsonline_done(&line);
		if ((got != NULL) != (ceiling >= 13))
			fail_msg("%zu: got %s", ceiling, got);
		free(got);
	}
	jsonline_init(&line, CEILING);
	assert_null(jsonline_done(&line));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_any_octets),
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
