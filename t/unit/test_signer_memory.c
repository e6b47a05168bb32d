/*
 * test_signer_memory - each piece of memory of a signature refused in turn,
 * and the RSA operation itself made to fail.
 * Proves: X15, X47 (no crash, no false signature, keys live on).
 *
 * The arena of this program is not base/arena.c but the one below, which
 * fails where it is told to.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#define _GNU_SOURCE
#include "sign_fixture.h"

#include <dlfcn.h>

#include <openssl/rsa.h>

struct arena {
	void *v[1000];
	int n;
	int left;		/* allocations before one that fails; or -1 */
	bool has_failed;
};

struct arena *
arena_new(size_t ceiling, struct arena_budget *budget)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	(void)ceiling;
	(void)budget;
	assert_non_null(arena);
	arena->left = -1;
	return arena;
}

void
arena_free(struct arena **arena)
{
	if (*arena == NULL)
		return;
	for (int i = 0; i < (*arena)->n; i++)
		free((*arena)->v[i]);
	free(*arena);
	*arena = NULL;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	if (arena->left == 0) {
		arena->left = -1;
		arena->has_failed = true;
		return NULL;
	}
	if (arena->left > 0)
		arena->left--;
	assert_true(arena->n < 1000);
	return arena->v[arena->n++] = calloc(1, size + 1);
}

void *
arena_calloc(struct arena *arena, size_t count, size_t size)
{
	return arena_alloc(arena, count * size);
}

char *
arena_strdup(struct arena *arena, struct span s)
{
	char *copy = arena_alloc(arena, s.len + 1);

	if (copy != NULL && s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

struct span
arena_span(struct arena *arena, struct span s)
{
	char *copy = arena_strdup(arena, s);

	return (struct span){ copy, copy == NULL ? 0 : s.len };
}

struct span
arena_printf(struct arena *arena, const char *format, ...)
{
	char *text = arena_alloc(arena, 200);
	va_list ap;

	if (text == NULL)
		return (struct span){ NULL, 0 };
	va_start(ap, format);
	(void)vsnprintf(text, 200, format, ap);
	va_end(ap);
	return span_of(text);
}

size_t
arena_used(const struct arena *arena)
{
	return (size_t)arena->n;
}

bool
arena_is_exhausted(const struct arena *arena)
{
	return arena->has_failed;
}

void
arena_reset(struct arena *arena)
{
	arena->left = -1;
}

/* One message; the allocation after LEFT others fails. True: it came so far. */
static bool
try_message(struct signer *signer, struct key_list keys, struct span body,
    int left)
{
	struct arena *arena = arena_new(0, NULL);
	struct signing *signing = NULL;
	const struct signature *v = NULL;
	const char *error = NULL;
	struct header header;
	size_t n = 0;
	bool has_failed;
	int status;

	header_init(&header, arena);
	fixture_header(&header, "From: a@example.org\nSubject: a\n b\n");
	arena->left = left;
	status = signing_begin(signer, keys, &header, SPAN("test"), arena,
	    &signing, &error);
	if (status == 0)
		status = signing_body(signing, body, &error);
	if (status == 0)
		status = signing_end(signing, &v, &n, &error);
	has_failed = arena->has_failed;
	if (has_failed && status == 0)
		fail_msg("allocation %d failed: got a signature", left);
	if (has_failed)
		assert_string_equal(error, "no memory left to sign with");
	else
		assert_int_equal(status, 0);
	signing_free(&signing);
	arena_free(&arena);
	return has_failed;
}

static void
test_sweep(void **state)
{
	const struct signer_settings settings[] = {
		{ CANON_SIMPLE, CANON_SIMPLE },
		{ CANON_RELAXED, CANON_RELAXED },
	};
	static char octets[5000];
	struct sign_fixture fixture;

	(void)state;
	memset(octets, 'x', sizeof(octets));
	memcpy(octets, "a \r\n\tb\r\n", 8);
	sign_fixture_setup(&fixture);
	for (int i = 0; i < 2; i++) {
		struct signer *signer = signer_new(&settings[i]);
		int left = 0;

		assert_non_null(signer);
		while (try_message(signer, fixture.keys,
		    (struct span){ octets, sizeof(octets) }, left))
			left++;
		assert_true(left > 20);
		signer_free(&signer);
	}
	sign_fixture_teardown(&fixture);
}

/* --- the RSA operation ---------------------------------------------------- */

static bool is_rsa_broken;

/* In the place of libcrypto's, as libopendkim calls it. */
int
RSA_sign(int type, const unsigned char *digest, unsigned int size,
    unsigned char *value, unsigned int *value_size, RSA *rsa)
{
	int (*real)(int, const unsigned char *, unsigned int,
	    unsigned char *, unsigned int *, RSA *);
	void *symbol = dlsym(RTLD_NEXT, "RSA_sign");

	if (is_rsa_broken)
		return 0;
	memcpy(&real, &symbol, sizeof(real));
	return real(type, digest, size, value, value_size, rsa);
}

/* After a hundred failures both keys sign, and are freed with the ring. */
static void
test_broken_rsa(void **state)
{
	const struct signer_settings settings = { CANON_RELAXED,
		CANON_RELAXED };
	struct sign_fixture fixture;
	struct signer *signer;

	(void)state;
	sign_fixture_setup(&fixture);
	signer = signer_new(&settings);
	assert_non_null(signer);
	for (int i = 0; i < 100; i++) {
		struct arena *arena = arena_new(0, NULL);
		struct signing *signing = NULL;
		const struct signature *v = NULL;
		const char *error = NULL;
		struct header header;
		size_t n = 0;

		is_rsa_broken = true;
		header_init(&header, arena);
		fixture_header(&header, "From: a@example.org\n");
		assert_int_equal(signing_begin(signer, fixture.keys, &header,
		    SPAN("test"), arena, &signing, &error), 0);
		assert_int_equal(signing_end(signing, &v, &n, &error), -1);
		assert_non_null(strstr(error, "selector rsa of example.org"));
		signing_free(&signing);
		arena_free(&arena);
	}
	is_rsa_broken = false;
	assert_false(try_message(signer, fixture.keys, SPAN("x\r\n"), -1));
	signer_free(&signer);
	sign_fixture_teardown(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_broken_rsa),
	};

	return cmocka_run_group_tests_name("signer_memory", tests, NULL,
	    NULL);
}
