/*
 * test_config_memory - config_load() when memory ends, at each place.
 * Proves: X43 (a configuration that cannot be read leaves the old one as it
 * was; here: it fails cleanly), X41.
 *
 * Allocations of our own code go through the functions below, by the
 * linker's --wrap; libraries have their own. Run under the address sanitizer
 * it finds what is not given back.
 */
#include "config_fixture.h"

#include <limits.h>
#include <string.h>

static unsigned countdown = UINT_MAX;	/* allocations that still work */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);

/* Once memory has ended, it stays so for one allocation only. */
static bool
is_over(void)
{
	if (countdown == UINT_MAX)
		return false;
	return countdown-- == 0;
}

void *
__wrap_malloc(size_t size)
{
	return is_over() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return is_over() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return is_over() ? NULL : __real_realloc(p, size);
}

char *
__wrap_strdup(const char *s)
{
	return is_over() ? NULL : __real_strdup(s);
}

static const struct config_override overrides[] = {
	{ "stop_timeout", "7" },
	{ "replies.texts.memory", "Full" },
};

/*
 * Lets the allocations fail one after the other until none is left that
 * fails. How many there were; *loaded_r counts those that did no harm.
 */
static unsigned
sweep(unsigned *loaded_r)
{
	*loaded_r = 0;
	for (unsigned i = 0; i < 100000; i++) {
		struct config *config;
		char *error = NULL;
		bool was_over;

		countdown = i;
		config = folder_load(overrides, 2, &error);
		was_over = countdown == UINT_MAX;
		countdown = UINT_MAX;
		if (config != NULL && error != NULL)
			fail_msg("allocation %u: got both", i);
		if (config != NULL && config->stop_timeout != 7)
			fail_msg("allocation %u: got half", i);
		if (config != NULL && was_over)
			++*loaded_r;
		free(error);
		config_unref(&config);
		if (!was_over)
			return i;
	}
	fail_msg("it never ended");
	return 0;
}

static void
test_right(void **state)
{
	unsigned count, loaded;

	(void)state;
	folder_write("main.conf", folder_everything);
	count = sweep(&loaded);
	print_message("%u allocations, %u of them can be done without\n",
	    count, loaded);
	assert_true(count > 50);
	assert_true(loaded < count / 10);
}

/* No memory for the words that say what is wrong. */
static void
test_wrong(void **state)
{
	static const char *const texts[] = {
		"sockt = 5;",
		"log: { level = \"x\"; };",
		"/* @include */ @include \"x\"",
		"\n@include \"none\"\n",
		"tables: { t: { type = \"x\"; }; };",
		"tables: { t: { type = \"texthash\"; file = \"@DIR@/no\"; }; };",
		"tables: { t: { type = \"texthash\"; file = \"@DIR@/bad\"; }; };",
		"default_profile: { trusted_networks = [ \"1.2.3.4/5\" ]; };",
		"dkim: { domains = ( { domain = \"a.example\"; keys = ("
		    " { selector = \"a\"; file = \"@DIR@/rows\"; } ); } ); };",
	};

	(void)state;
	folder_write("bad", "a b\nA c\nc\n");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		folder_write("main.conf", texts[i]);
		for (unsigned k = 0; k < 1000; k++) {
			struct config *config;
			char *error = NULL;
			bool was_over;

			countdown = k;
			config = folder_load(NULL, 0, &error);
			was_over = countdown == UINT_MAX;
			countdown = UINT_MAX;
			if (config != NULL)
				fail_msg("%s: %u: got no fault", texts[i], k);
			free(error);
			if (!was_over)
				break;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
