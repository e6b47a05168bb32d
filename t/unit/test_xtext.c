/*
 * test_xtext - logins and names of certificates as Sendmail tells them.
 * Proves: X40.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "syntax/xtext.h"

static const struct {
	const char *text;
	const char *want;	/* NULL: no xtext */
} cases[] = {
	{ "+", NULL },
	{ "a+", NULL },
	{ "a+2", NULL },
	{ "a+2b", NULL },
	{ "a+G0", NULL },
	{ "a+00", NULL },
	{ "alice+tag", NULL },
	{ "a+2B+", NULL },
	{ "", "" },
	{ "alice@example.org", "alice@example.org" },
	{ "alice+2Btag@example.org", "alice+tag@example.org" },
	{ "/O=Lab/CN=Lab+20CA", "/O=Lab/CN=Lab CA" },
	{ "+2B+3D+C3+A4", "+=\xc3\xa4" },
	{ "+2B2B", "+2B" },
};

static void
test_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *want = cases[i].want == NULL ? cases[i].text :
		    cases[i].want;
		char text[64];
		int rc;

		(void)snprintf(text, sizeof(text), "%s", cases[i].text);
		rc = xtext_decode(text);
		if (rc != (cases[i].want == NULL ? -1 : 1) ||
		    strcmp(text, want) != 0)
			fail_msg("%s: got %d %s, want %s", cases[i].text, rc,
			    text, want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
