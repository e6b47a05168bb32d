/*
 * test_token - who and when, for the operator alone.
 * Proves: A9 (opaque, constant size, no two equal, old keys still open what
 * they made), X14 (key files that others can read are refused).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "audit/token.h"

#define KEY1 "00112233445566778899aabbccddeeff" \
	"00112233445566778899AABBCCDDEEFF"
#define KEY2 "ffeeddccbbaa99887766554433221100" \
	"ffeeddccbbaa99887766554433221100"

static char folder[40], file[64];

static struct vault *
read_text(const char *text, mode_t mode, char **error_r)
{
	const struct key_owner owner = { geteuid(), getegid() };
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(file, mode), 0);
	return vault_read(file, &owner, error_r);
}

static struct token_maker *
maker_of(const char *text)
{
	char *error = NULL;
	struct vault *vault = read_text(text, 0600, &error);
	struct token_maker *maker;

	if (vault == NULL)
		fail_msg("%s", error);
	maker = token_maker_new(vault);
	vault_free(&vault);
	assert_non_null(maker);
	return maker;
}

static void
test_files(void **state)
{
	static const struct {
		const char *text, *want;
		mode_t mode;
	} rows[] = {
		{ "", "there is no key in it", 0600 },
		{ "# none\n\n", "there is no key in it", 0600 },
		{ "abc\n", "line 1: a key of 64 hexadecimal digits", 0600 },
		{ "#\n" KEY1 "0\n", "line 2: a key of 64", 0600 },
		{ KEY1 "\n" KEY1 "\n", "line 2: the same key again", 0600 },
		{ KEY1 "\n", "readable by others", 0644 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *error = NULL;
		struct vault *vault = read_text(rows[i].text, rows[i].mode,
		    &error);

		assert_null(vault);
		assert_non_null(error);
		if (strstr(error, rows[i].want) == NULL ||
		    strstr(error, file) == NULL)
			fail_msg("got %s, want %s", error, rows[i].want);
		free(error);
	}
}

static void
test_uid(void **state)
{
	unsigned char octets[UID_OCTETS];
	char uid[UID_SIZE], again[UID_SIZE];

	(void)state;
	assert_int_equal(uid_make(1763719200123, uid), 0);
	assert_int_equal(uid_pack(uid, octets), 0);
	uid_unpack(octets, again);
	assert_string_equal(again, uid);
	assert_int_equal(uid_time_ms(octets), 1763719200123);
	assert_int_equal(uid_pack("", octets), -1);
	assert_int_equal(uid_pack("ZZZZZZZZZZZZZZZZZZZZZZZZZZ", octets), -1);
	assert_int_equal(uid_pack("0000000000000000000000000U", octets), -1);
}

static void
test_there_and_back(void **state)
{
	static const char *const names[] = {
		"", "sasl:alice@example.org", "net:a",
		"sasl:12345678901234567890123456789012345678901234567890"
		    "123456789012345678901234",
	};
	struct token_maker *maker = maker_of(KEY1 "\n");
	struct arena *arena = arena_new(65536, NULL);
	size_t size = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct span value;
		struct token token;
		char uid[UID_SIZE];

		assert_int_equal(uid_make(1763719200000 + (int64_t)i, uid),
		    0);
		assert_int_equal(token_make(maker, uid, span_of(names[i]),
		    arena, &value), 0);
		/* The same size for all, and nothing of it to be seen. */
		assert_true(size == 0 || value.len == size);
		size = value.len;
		assert_null(strstr(value.ptr, "alice"));
		assert_int_equal(token_open(maker, value, &token), TOKEN_OK);
		assert_string_equal(token.uid, uid);
		assert_string_equal(token.identity, names[i]);
		assert_int_equal(token.time_ms, 1763719200000 + (int64_t)i);
		assert_false(token.is_cut);
	}
	arena_free(&arena);
	token_maker_free(&maker);
}

static void
test_long_name(void **state)
{
	struct token_maker *maker = maker_of(KEY1 "\n");
	struct arena *arena = arena_new(65536, NULL);
	struct span value;
	struct token token;
	char uid[UID_SIZE], name[200];

	(void)state;
	memset(name, 'x', sizeof(name));
	assert_int_equal(uid_make(1, uid), 0);
	assert_int_equal(token_make(maker, uid, (struct span){ name,
	    sizeof(name) }, arena, &value), 0);
	assert_int_equal(token_open(maker, value, &token), TOKEN_OK);
	assert_true(token.is_cut);
	assert_int_equal(strlen(token.identity), TOKEN_NAME_MOST);
	arena_free(&arena);
	token_maker_free(&maker);
}

static void
test_keys(void **state)
{
	struct token_maker *old = maker_of(KEY1 "\n");
	struct token_maker *both = maker_of(KEY2 "\n" KEY1 "\n");
	struct token_maker *new = maker_of(KEY2 "\n");
	struct arena *arena = arena_new(65536, NULL);
	struct span first, second;
	struct token token;
	char uid[UID_SIZE];

	(void)state;
	assert_int_equal(uid_make(5, uid), 0);
	assert_int_equal(token_make(old, uid, SPAN("sasl:a"), arena, &first),
	    0);
	assert_int_equal(token_make(both, uid, SPAN("sasl:a"), arena,
	    &second), 0);
	assert_false(span_eq(first, second));
	assert_int_equal(token_open(both, first, &token), TOKEN_OK);
	assert_int_equal(token_open(both, second, &token), TOKEN_OK);
	assert_int_equal(token_open(new, second, &token), TOKEN_OK);
	assert_int_equal(token_open(new, first, &token), TOKEN_KEY_UNKNOWN);
	arena_free(&arena);
	token_maker_free(&old);
	token_maker_free(&both);
	token_maker_free(&new);
}

/* Every octet of it counts, and nothing else is taken for one. */
static void
test_forged(void **state)
{
	struct token_maker *maker = maker_of(KEY1 "\n");
	struct arena *arena = arena_new(65536, NULL);
	struct span value;
	struct token token;
	char uid[UID_SIZE], copy[300];

	(void)state;
	assert_int_equal(uid_make(5, uid), 0);
	assert_int_equal(token_make(maker, uid, SPAN("sasl:a"), arena,
	    &value), 0);
	assert_true(value.len < sizeof(copy));
	/* The last digit has bits that mean nothing. */
	for (size_t i = 0; i + 1 < value.len; i++) {
		memcpy(copy, value.ptr, value.len);
		if (copy[i] == '\n' || copy[i] == '\t')
			continue;
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		assert_int_not_equal(token_open(maker, (struct span){ copy,
		    value.len }, &token), TOKEN_OK);
	}
	assert_int_equal(token_open(maker, SPAN(""), &token), TOKEN_NONE);
	assert_int_equal(token_open(maker, SPAN("a b"), &token), TOKEN_NONE);
	assert_int_equal(token_open(maker, (struct span){ value.ptr,
	    value.len - 1 }, &token), TOKEN_NONE);
	arena_free(&arena);
	token_maker_free(&maker);
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/submit-token.XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(file, sizeof(file), "%s/keys", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(file);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_uid),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_forged),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
