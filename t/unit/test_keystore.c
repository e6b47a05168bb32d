/*
 * test_keystore - keys in folders and tables, found when they are needed.
 * Proves: X11 (folder, table, parents, patterns, RSA first), X12 (schedule),
 * X14 (a broken new key keeps the old one, unsafe files, wiped when
 * dropped), X15 (bounded memory).
 */
#include "sign_fixture.h"

#include <malloc.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sign/key.h"
#include "sign/keystore.h"

#define NOW 1796083200	/* 2026-12-01 */

/* The clock of the cache is the test's. */
static time_t clock_seconds = 1000;

int __wrap_clock_gettime(clockid_t clock, struct timespec *now_r);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *now_r)
{
	(void)clock;
	*now_r = (struct timespec){ .tv_sec = clock_seconds };
	return 0;
}

static struct {
	EVP_PKEY *rsa, *ed, *other;
} made;

struct fixture {
	char *folder;
	struct keyring *keyring;
	struct keystore *store;
	struct keystore_settings settings;
	struct arena *arena;
	struct resolver resolver;
	const char *table_key, *table_value;	/* its only row */
	bool is_table_out;
	struct key_answer answer;
	const char *error;
};

static enum lookup
ask_table(void *context, const struct table *table, struct span key,
    int64_t deadline, struct arena *arena, struct span *value_r,
    const char **error_r)
{
	const struct fixture *f = context;

	(void)table;
	(void)deadline;
	(void)arena;
	if (f->is_table_out) {
		*error_r = "the table is out";
		return LOOKUP_FAILED;
	}
	if (!span_eq(key, span_of(f->table_key)))
		return LOOKUP_NOT_FOUND;
	*value_r = span_of(f->table_value);
	return LOOKUP_FOUND;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->folder = fixture_folder();
	f->keyring = keyring_new();
	f->arena = arena_new(1u << 24, NULL);
	f->settings = (struct keystore_settings){
		.keyring = f->keyring,
		.folder = f->folder,
		.limits = { 2048, { getuid(), getgid() } },
		.cache_size = 100,
	};
	resolver_init(&f->resolver, f->arena);
	f->resolver.ask = ask_table;
	f->resolver.context = f;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	keystore_release(&f->answer);
	keystore_free(&f->store);
	keyring_free(&f->keyring);
	arena_free(&f->arena);
	fixture_remove(f->folder);
	free(f);
	return 0;
}

/* DOMAIN/NAME.SUFFIX below the folder, to be freed. */
static char *
place(const struct fixture *f, const char *domain, const char *name)
{
	char *folder = fixture_path(f->folder, domain), *file;

	(void)mkdir(folder, 0700);
	file = fixture_path(folder, name);
	free(folder);
	return file;
}

static void
put_key(const struct fixture *f, const char *domain, const char *name,
    EVP_PKEY *key)
{
	char *file = place(f, domain, name);

	(void)unlink(file);
	fixture_write_key(file, key, 0600);
	free(file);
}

static void
put_text(const struct fixture *f, const char *domain, const char *name,
    const char *text)
{
	char *file = place(f, domain, name);

	(void)unlink(file);
	fixture_write(file, text, 0600);
	free(file);
}

static int
find_at(struct fixture *f, const char *domain, int64_t now)
{
	const struct key_question question = {
		.domain = span_of(domain), .now = now,
		.address = SPAN("alice@a.example.org"),
		.resolver = &f->resolver, .arena = f->arena };

	if (f->store == NULL)
		f->store = keystore_new(&f->settings);
	assert_non_null(f->store);
	keystore_release(&f->answer);
	f->error = NULL;
	return keystore_find(f->store, &question, &f->answer, &f->error);
}

/* "d/s d/s", in order; "" for none, "-" and the error when it fails. */
static void
expect_at(struct fixture *f, const char *domain, int64_t now,
    const char *want)
{
	int status = find_at(f, domain, now);
	char got[1024] = "";

	if (status != 0)
		(void)snprintf(got, sizeof(got), "-%s", f->error);
	for (size_t i = 0; status == 0 && i < f->answer.keys.n; i++) {
		const struct signing_key *key = f->answer.keys.v[i];

		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "%s%s/%s", i == 0 ? "" : " ", signing_key_domain(key),
		    signing_key_selector(key));
	}
	if (want[0] == '-' ? strstr(got, want + 1) == NULL :
	    strcmp(got, want) != 0)
		fail_msg("%s: got \"%s\", want \"%s\"", domain, got, want);
}

static void
expect(struct fixture *f, const char *domain, const char *want)
{
	expect_at(f, domain, NOW, want);
}

/* --- where keys are ------------------------------------------------------- */

static void
test_folder(void **state)
{
	struct fixture *f = *state;

	put_key(f, "example.org", "ed.key", made.ed);
	put_key(f, "example.org", "rsa.key", made.rsa);
	put_key(f, "example.org", "ignored.pem", made.rsa);
	put_key(f, "example.net", "a.key", made.ed);
	/* refusals */
	expect(f, "", "");
	expect(f, "example.com", "");
	expect(f, "a.example.org", "");
	expect(f, "org", "");
	expect(f, "../example.org", "");
	expect(f, "./example.org", "");
	expect(f, "example.org/", "");
	assert_int_equal(keystore_cached(f->store), 0);
	/* keys: RSA comes first */
	expect(f, "example.org", "example.org/rsa example.org/ed");
	expect(f, "example.net", "example.net/a");
	assert_int_equal(keystore_cached(f->store), 2);
	assert_null(f->answer.fault);
}

static void
test_table(void **state)
{
	struct fixture *f = *state;
	char *rsa = place(f, "x", "a.key"), *ed = place(f, "x", "b.key");
	char value[512];

	put_key(f, "x", "a.key", made.rsa);
	put_key(f, "x", "b.key", made.ed);
	/* Nothing asks the table itself. */
	f->settings.table = (const struct table *)(const void *)f;
	f->table_key = "example.org";
	(void)snprintf(value, sizeof(value), "e1 %s  r1\t%s", ed, rsa);
	f->table_value = "e1";
	expect(f, "example.org", "-wants a selector and the absolute path");
	arena_reset(f->arena);
	resolver_init(&f->resolver, f->arena);
	f->resolver.ask = ask_table;
	f->resolver.context = f;
	f->table_value = value;
	expect(f, "example.org", "example.org/r1 example.org/e1");
	expect(f, "example.net", "");
	f->is_table_out = true;
	expect(f, "example.com", "-the table is out");
	/* Within a transaction an answer stays what it was. */
	expect(f, "example.org", "example.org/r1 example.org/e1");
	free(rsa);
	free(ed);
}

static void
add_static(struct fixture *f, const char *domain, const char *selector,
    const char *file)
{
	char *error = NULL;

	if (keyring_add(f->keyring, domain, selector, file, 2048,
	    &f->settings.limits.owner, &error) != 0)
		fail_msg("%s", error);
}

static void
test_parents_and_patterns(void **state)
{
	static const struct key_rule with = { .name = "example.org",
		.has_subdomains = true, .identity = IDENTITY_DOMAIN };
	static const struct key_rule without = { .name = "example.net" };
	static const struct key_rule address = { .name = "example.com",
		.identity = IDENTITY_ADDRESS };
	struct fixture *f = *state;
	char *file = place(f, "example.org", "s.key");

	put_key(f, "example.org", "s.key", made.ed);
	put_key(f, "example.net", "s.key", made.ed);
	put_key(f, "own.example.org", "s.key", made.ed);
	add_static(f, ".example.com", "shared", file);
	add_static(f, "b.example.com", "b", file);
	assert_int_equal(keyring_set_rule(f->keyring, &with), 0);
	assert_int_equal(keyring_set_rule(f->keyring, &without), 0);
	assert_int_equal(keyring_set_rule(f->keyring, &address), 0);
	expect(f, "a.example.net", "");
	expect(f, "example.com", "");
	expect(f, "a.example.org", "example.org/s");
	assert_string_equal(f->answer.keys.v[0]->identity,
	    "@a.example.org");
	expect(f, "x.y.example.org", "example.org/s");
	expect(f, "own.example.org", "own.example.org/s");
	assert_null(f->answer.keys.v[0]->identity);
	expect(f, "a.example.com", "a.example.com/shared");
	expect(f, "x.a.example.com", "x.a.example.com/shared");
	expect(f, "b.example.com", "b.example.com/b");
	add_static(f, "*", "any", file);
	expect(f, "else.where", "else.where/any");
	expect(f, "example.com", "example.com/any");
	expect(f, "a.example.org", "example.org/s");
	free(file);
}

static void
test_identity_is_the_address(void **state)
{
	static const struct key_rule rule = { .name = "a.example.org",
		.identity = IDENTITY_ADDRESS };
	struct fixture *f = *state;

	put_key(f, "a.example.org", "s.key", made.ed);
	assert_int_equal(keyring_set_rule(f->keyring, &rule), 0);
	expect(f, "a.example.org", "a.example.org/s");
	assert_string_equal(f->answer.keys.v[0]->identity,
	    "alice@a.example.org");
}

/* --- when they sign ------------------------------------------------------- */

static void
test_schedule(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int64_t now;
		const char *want;
	} cases[] = {
		{ NOW - 1, "a.org/old a.org/ed" },
		{ NOW, "a.org/new a.org/ed" },
		{ NOW + 86399, "a.org/new a.org/ed" },
		{ NOW + 10 * 86400, "a.org/new a.org/ed" },
	};

	put_key(f, "a.org", "old.key", made.rsa);
	put_text(f, "a.org", "old.dates", "not-after: 2026-12-05\n");
	put_key(f, "a.org", "new.key", made.rsa);
	put_text(f, "a.org", "new.dates", "not-before: 2026-12-01\n");
	put_key(f, "a.org", "next.key", made.rsa);
	put_text(f, "a.org", "next.dates", "not-before: never\n");
	put_key(f, "a.org", "ed.key", made.ed);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_at(f, "a.org", cases[i].now, cases[i].want);
}

static void
test_out_of_schedule(void **state)
{
	struct fixture *f = *state;

	put_key(f, "a.org", "s.key", made.ed);
	put_text(f, "a.org", "s.dates", "not-before: 2026-12-02\n");
	put_key(f, "b.org", "s.key", made.ed);
	put_text(f, "b.org", "s.dates", "not-before: soon\n");
	expect(f, "a.org", "");
	assert_true(f->answer.is_out_of_schedule);
	expect_at(f, "a.org", NOW + 86400, "a.org/s");
	expect(f, "c.org", "");
	assert_false(f->answer.is_out_of_schedule);
	/* Who knows when: not at all. */
	expect(f, "b.org", "-s.dates: has a time that is not");
}

/* --- what changes --------------------------------------------------------- */

static void
test_changes_are_noticed(void **state)
{
	struct fixture *f = *state;
	char *file = place(f, "a.org", "s.key");

	put_key(f, "a.org", "s.key", made.ed);
	expect(f, "a.org", "a.org/s");
	assert_int_equal(f->answer.keys.v[0]->algorithm, KEY_ED25519_SHA256);
	put_key(f, "a.org", "s.key", made.rsa);
	/* not within the same second */
	expect(f, "a.org", "a.org/s");
	assert_int_equal(f->answer.keys.v[0]->algorithm, KEY_ED25519_SHA256);
	clock_seconds += 2;
	expect(f, "a.org", "a.org/s");
	assert_int_equal(f->answer.keys.v[0]->algorithm, KEY_RSA_SHA256);
	put_key(f, "a.org", "t.key", made.ed);
	clock_seconds += 2;
	expect(f, "a.org", "a.org/s a.org/t");
	assert_int_equal(unlink(file), 0);
	clock_seconds += 2;
	expect(f, "a.org", "a.org/t");
	free(file);
}

static void
test_broken_key_keeps_the_old_one(void **state)
{
	struct fixture *f = *state;
	struct keystore *next;

	put_key(f, "a.org", "s.key", made.rsa);
	expect(f, "a.org", "a.org/s");
	assert_null(f->answer.fault);
	put_text(f, "a.org", "s.key", "no key any more\n");
	clock_seconds += 2;
	expect(f, "a.org", "a.org/s");
	assert_non_null(f->answer.fault);
	assert_non_null(strstr(f->answer.fault, "s.key: there is no private"
	    " key"));
	assert_non_null(strstr(f->answer.fault, "the key read before stays"));
	/* It says so once. */
	clock_seconds += 2;
	expect(f, "a.org", "a.org/s");
	assert_null(f->answer.fault);
	/* A reload forgets nothing; another start would not know it. */
	next = keystore_new(&f->settings);
	assert_non_null(next);
	keystore_adopt(next, f->store);
	keystore_free(&f->store);
	f->store = next;
	clock_seconds += 2;
	expect(f, "a.org", "a.org/s");
	put_key(f, "a.org", "s.key", made.other);
	clock_seconds += 2;
	expect(f, "a.org", "a.org/s");
	assert_int_equal(EVP_PKEY_eq(f->answer.keys.v[0]->pkey, made.other),
	    1);
	keystore_free(&f->store);
	put_text(f, "a.org", "s.key", "no key any more\n");
	expect(f, "a.org", "-s.key: there is no private key");
}

static void
test_unsafe_key_is_refused(void **state)
{
	struct fixture *f = *state;
	char *file = place(f, "a.org", "s.key");

	put_key(f, "a.org", "s.key", made.ed);
	assert_int_equal(chmod(file, 0644), 0);
	expect(f, "a.org", "-readable by others (mode 0644): chmod go-rwx");
	/* One good key is enough; the fault is told. */
	put_key(f, "a.org", "t.key", made.rsa);
	clock_seconds += 2;
	expect(f, "a.org", "a.org/t");
	assert_int_equal(chmod(file, 0600), 0);
	clock_seconds += 2;
	expect(f, "a.org", "a.org/t a.org/s");
	free(file);
}

/* --- how much is kept ----------------------------------------------------- */

static void
test_cache_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct mallinfo2 before = { 0 }, after;

	for (int i = 0; i < 3000; i++) {
		char domain[32], want[64];

		(void)snprintf(domain, sizeof(domain), "d%d.example.org", i);
		(void)snprintf(want, sizeof(want), "%s/s", domain);
		put_key(f, domain, "s.key", made.ed);
		expect(f, domain, want);
		arena_reset(f->arena);
		resolver_init(&f->resolver, f->arena);
		assert_true(keystore_cached(f->store) <= 100);
		if (i == 1000)
			before = mallinfo2();
	}
	after = mallinfo2();
	assert_int_equal(keystore_cached(f->store), 100);
	if (after.uordblks > before.uordblks + 32768)
		fail_msg("memory: got %zu octets after 3000 domains, %zu "
		    "after 1000", after.uordblks, before.uordblks);
}

/* A message may still sign with what the cache has dropped. */
static void
test_dropped_key_lives_while_held(void **state)
{
	struct fixture *f = *state;
	struct key_answer held;

	f->settings.cache_size = 1;
	put_key(f, "a.org", "s.key", made.ed);
	put_key(f, "b.org", "s.key", made.ed);
	expect(f, "a.org", "a.org/s");
	held = f->answer;
	f->answer = (struct key_answer){ .held = NULL };
	expect(f, "b.org", "b.org/s");
	assert_int_equal(keystore_cached(f->store), 1);
	keystore_free(&f->store);
	assert_int_equal(EVP_PKEY_eq(held.keys.v[0]->pkey, made.ed), 1);
	keystore_release(&held);
}

/* --- all of them ---------------------------------------------------------- */

static void
visit(void *context, const struct signing_key *key, const char *fault)
{
	char *text = context;

	(void)snprintf(text + strlen(text), 1024 - strlen(text), "[%s]",
	    key == NULL ? fault : signing_key_domain(key));
}

static void
test_check(void **state)
{
	struct fixture *f = *state;
	char text[1024] = "";
	bool is_all = false;

	put_key(f, "a.org", "s.key", made.ed);
	put_key(f, "b.org", "s.key", made.ed);
	expect(f, "a.org", "a.org/s");
	assert_int_equal(keystore_check(f->store, visit, text, &is_all), 0);
	assert_string_equal(text, "[a.org][b.org]");
	assert_true(is_all);
	put_text(f, "b.org", "t.key", "");
	text[0] = '\0';
	assert_int_equal(keystore_check(f->store, visit, text, &is_all), -1);
	assert_non_null(strstr(text, "[a.org][b.org][key file "));
	assert_non_null(strstr(text, "/b.org/t.key: there is no private"));
}

static int
make_keys(void **state)
{
	(void)state;
	made.ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	made.rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	made.other = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	return made.ed == NULL || made.rsa == NULL || made.other == NULL ?
	    -1 : 0;
}

static int
drop_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(made.ed);
	EVP_PKEY_free(made.rsa);
	EVP_PKEY_free(made.other);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_folder),
		TEST(test_table),
		TEST(test_parents_and_patterns),
		TEST(test_identity_is_the_address),
		TEST(test_schedule),
		TEST(test_out_of_schedule),
		TEST(test_changes_are_noticed),
		TEST(test_broken_key_keeps_the_old_one),
		TEST(test_unsafe_key_is_refused),
		TEST(test_cache_is_bounded),
		TEST(test_dropped_key_lives_while_held),
		TEST(test_check),
	};

	return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
