/*
 * test_published - records of keys, as the DNS may answer for them.
 * Proves: X12 (the published record is checked against the key; keys are
 * made with safe modes, wait, and are never overwritten).
 *
 * The DNS is played by the test; submitctl's own files are linked in.
 */
#include "sign_fixture.h"

#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/sbuf.h"
#include "ctl/dkim.h"
#include "sign/key.h"
#include "sign/published.h"

/* What the DNS answers, and what it was asked for. */
static struct {
	enum lookup status;
	struct span records[2];
	size_t n;
	char name[300];
} resolver;

enum lookup __wrap_dns_ask(struct dns *dns, const char *name,
    enum dns_type type, int64_t deadline, struct arena *arena,
    struct dns_answer *answer_r, const char **error_r);

enum lookup
__wrap_dns_ask(struct dns *dns, const char *name, enum dns_type type,
    int64_t deadline, struct arena *arena, struct dns_answer *answer_r,
    const char **error_r)
{
	(void)dns;
	(void)deadline;
	(void)arena;
	assert_int_equal(type, DNS_TXT);
	(void)snprintf(resolver.name, sizeof(resolver.name), "%s", name);
	*error_r = "no answer in time";
	*answer_r = (struct dns_answer){ resolver.records, resolver.n };
	return resolver.status;
}

static const struct signing_key *
key_of(enum key_algorithm algorithm)
{
	for (size_t i = 0; i < fixture.keys.n; i++)
		if (fixture.keys.v[i]->algorithm == algorithm)
			return fixture.keys.v[i];
	fail_msg("no such key");
	return NULL;
}

/* --- records -------------------------------------------------------------- */

/* In TEXT, "@" stands for the key's own p=, "%" for another one. */
static const struct record_case {
	const char *text;
	enum published_state want;
	bool want_test, want_strict;
} record_cases[] = {
	/* of no use */
	{ "", PUBLISHED_MALFORMED, false, false },
	{ "v=DKIM1", PUBLISHED_MALFORMED, false, false },
	{ "v=DKIM1; k=rsa", PUBLISHED_MALFORMED, false, false },
	{ "v=DKIM2; p=@", PUBLISHED_MALFORMED, false, false },
	{ "v=dkim1; p=@", PUBLISHED_MALFORMED, false, false },
	{ "k=rsa; v=DKIM1; p=@", PUBLISHED_MALFORMED, false, false },
	{ "v=DKIM1; p", PUBLISHED_MALFORMED, false, false },
	{ "v=DKIM1; =x; p=@", PUBLISHED_MALFORMED, false, false },
	{ "v=DKIM1;; p=@", PUBLISHED_MALFORMED, false, false },
	{ "v=spf1 -all", PUBLISHED_MALFORMED, false, false },
	{ "v=DKIM1; k=rsa; p=", PUBLISHED_REVOKED, false, false },
	{ "p= \t;", PUBLISHED_REVOKED, false, false },
	{ "v=DKIM1; k=ed25519; p=@", PUBLISHED_WRONG_TYPE, false, false },
	{ "v=DKIM1; k=RSA; p=@", PUBLISHED_WRONG_TYPE, false, false },
	{ "v=DKIM1; k=; p=@", PUBLISHED_WRONG_TYPE, false, false },
	{ "v=DKIM1; h=sha1; p=@", PUBLISHED_WRONG_HASH, false, false },
	{ "v=DKIM1; h=; p=@", PUBLISHED_WRONG_HASH, false, false },
	{ "v=DKIM1; h=sha2567; p=@", PUBLISHED_WRONG_HASH, false, false },
	{ "v=DKIM1; s=tlsrpt; p=@", PUBLISHED_WRONG_USE, false, false },
	{ "v=DKIM1; p=%", PUBLISHED_DIFFERS, false, false },
	{ "v=DKIM1; p=@A", PUBLISHED_DIFFERS, false, false },
	{ "v=DKIM1; p=@ @", PUBLISHED_DIFFERS, false, false },
	{ "v=DKIM1; p=MII", PUBLISHED_DIFFERS, false, false },
	/* of use */
	{ "v=DKIM1; k=rsa; p=@", PUBLISHED_MATCH, false, false },
	{ "v=DKIM1;k=rsa;p=@;", PUBLISHED_MATCH, false, false },
	{ "p=@", PUBLISHED_MATCH, false, false },
	{ " v = DKIM1 ; p = @ ; ", PUBLISHED_MATCH, false, false },
	{ "v=DKIM1; p=\r\n\t@ ", PUBLISHED_MATCH, false, false },
	{ "v=DKIM1; h=sha1 : sha256; p=@", PUBLISHED_MATCH, false, false },
	{ "v=DKIM1; s=tlsrpt:email; p=@", PUBLISHED_MATCH, false, false },
	{ "v=DKIM1; s=*; p=@", PUBLISHED_MATCH, false, false },
	{ "v=DKIM1; n=a note, p=x; x=y; p=@", PUBLISHED_MATCH, false, false },
	{ "v=DKIM1; t=y; p=@", PUBLISHED_MATCH, true, false },
	{ "v=DKIM1; t=s; p=@", PUBLISHED_MATCH, false, true },
	{ "v=DKIM1; t=s : y:z; p=@", PUBLISHED_MATCH, true, true },
};

#define RECORDS (sizeof(record_cases) / sizeof(record_cases[0]))

/* The p= of a key. */
static struct span
public_of(enum key_algorithm algorithm, struct arena *arena)
{
	struct span text = published_text(key_of(algorithm), arena);
	size_t at = span_find_last(text, ' ');

	assert_non_null(text.ptr);
	return span_slice(text, at + 3, text.len);
}

static struct span
fill_in(const char *text, struct arena *arena)
{
	struct sbuf out;
	struct span made;

	sbuf_init(&out, arena, 1u << 14);
	for (; *text != '\0'; text++)
		if (*text == '@')
			sbuf_add(&out, public_of(KEY_RSA_SHA256, arena));
		else if (*text == '%')
			sbuf_add(&out, public_of(KEY_ED25519_SHA256, arena));
		else
			sbuf_addc(&out, *text);
	assert_int_equal(sbuf_done(&out, &made), 0);
	return made;
}

static void
test_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDS; i++) {
		const struct record_case *c = &record_cases[i];
		struct arena *arena = arena_new(1u << 20, NULL);
		struct published got = published_compare(
		    key_of(KEY_RSA_SHA256), fill_in(c->text, arena), arena);

		if (got.state != c->want || got.is_test != c->want_test ||
		    got.is_strict != c->want_strict)
			fail_msg("%s: got %s%s%s, want %s", c->text,
			    published_state_text(got.state),
			    got.is_test ? ", test" : "",
			    got.is_strict ? ", strict" : "",
			    published_state_text(c->want));
		arena_free(&arena);
	}
}

/* Cut anywhere, a record is worth nothing, and nothing breaks. */
static void
test_cut_records(void **state)
{
	struct arena *arena = arena_new(1u << 24, NULL);
	const struct signing_key *key = key_of(KEY_RSA_SHA256);
	struct span text = published_text(key, arena);

	(void)state;
	for (size_t len = 0; len < text.len; len++) {
		char *copy = malloc(len + 1);	/* for the sanitizer */

		assert_non_null(copy);
		memcpy(copy, text.ptr, len);
		assert_int_not_equal(published_compare(key,
		    (struct span){ copy, len }, arena).state,
		    PUBLISHED_MATCH);
		free(copy);
	}
	arena_free(&arena);
}

/* Ours are told so that they match, whatever the algorithm. */
static void
test_own_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < fixture.keys.n; i++) {
		struct arena *arena = arena_new(1u << 20, NULL);
		const struct signing_key *key = fixture.keys.v[i];

		assert_int_equal(published_compare(key, published_text(key,
		    arena), arena).state, PUBLISHED_MATCH);
		arena_free(&arena);
	}
}

/* --- the DNS -------------------------------------------------------------- */

static const struct dns_case {
	const char *name;
	enum lookup status;
	size_t n;
	const char *text;	/* of each record */
	size_t string;		/* octets of a string of it */
	int want;
	const char *want_text;
} dns_cases[] = {
	{ "outage", LOOKUP_FAILED, 0, "", 255, -1, "no answer in time" },
	{ "none", LOOKUP_NOT_FOUND, 0, "", 255, 0, "is missing" },
	{ "two", LOOKUP_FOUND, 2, "v=DKIM1; p=@", 255, 0,
	    "is not alone: there are several records" },
	{ "no strings", LOOKUP_FOUND, 1, "", 255, 0, "is malformed" },
	{ "revoked", LOOKUP_FOUND, 1, "v=DKIM1; p=", 255, 0,
	    "is revoked: p= is empty" },
	{ "missing p=", LOOKUP_FOUND, 1, "v=DKIM1; k=rsa", 255, 0,
	    "is malformed" },
	{ "wrong k=", LOOKUP_FOUND, 1, "v=DKIM1; k=ed25519; p=@", 255, 0,
	    "has the wrong k=" },
	{ "another key", LOOKUP_FOUND, 1, "v=DKIM1; p=%", 255, 0,
	    "differs: it has another key" },
	{ "split", LOOKUP_FOUND, 1, "v=DKIM1; k=rsa; p=@", 255, 1,
	    "matches" },
	{ "in short strings", LOOKUP_FOUND, 1, "v=DKIM1; k=rsa; p=@", 1, 1,
	    "matches" },
	{ "test", LOOKUP_FOUND, 1, "v=DKIM1; t=y; p=@", 100, 1,
	    "matches, but t=y says that it is a test" },
	{ "strict", LOOKUP_FOUND, 1, "v=DKIM1; t=s; p=@", 100, 1,
	    "matches; t=s: not for subdomains" },
};

/* As it comes: a length of one octet in front of each string. */
static struct span
rdata(struct span text, size_t string, struct arena *arena)
{
	struct sbuf out;
	struct span made;

	sbuf_init(&out, arena, 1u << 14);
	for (size_t i = 0; i < text.len; i += string) {
		struct span s = span_slice(text, i, i + string < text.len ?
		    i + string : text.len);

		sbuf_addc(&out, (char)s.len);
		sbuf_add(&out, s);
	}
	if (text.len == 0)
		sbuf_addc(&out, '\0');
	assert_int_equal(sbuf_done(&out, &made), 0);
	return made;
}

static const struct dkim_options options = { .timeout = 1000,
	.form = "plain", .bits = 2048 };

static void
test_dns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(dns_cases) / sizeof(dns_cases[0]);
	    i++) {
		const struct dns_case *c = &dns_cases[i];
		struct arena *arena = arena_new(1u << 20, NULL);
		const char *text = NULL;
		int got;

		resolver.status = c->status;
		resolver.n = c->n;
		for (size_t k = 0; k < 2; k++)
			resolver.records[k] = rdata(fill_in(c->text, arena),
			    c->string, arena);
		got = dkim_ask(&options, NULL, key_of(KEY_RSA_SHA256), arena,
		    &text);
		if (got != c->want || strcmp(text, c->want_text) != 0)
			fail_msg("%s: got %d %s, want %d %s", c->name, got,
			    text, c->want, c->want_text);
		assert_string_equal(resolver.name,
		    "rsa._domainkey.example.org");
		arena_free(&arena);
	}
}

/* A length that goes beyond the end. */
static void
test_broken_strings(void **state)
{
	static const struct span broken[] = { SPAN("\1"), SPAN("\5abcd"),
		SPAN("\2ab\3cd"), SPAN("\377") };
	struct arena *arena = arena_new(1u << 16, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		char *copy = malloc(broken[i].len);

		assert_non_null(copy);
		memcpy(copy, broken[i].ptr, broken[i].len);
		assert_null(dns_text((struct span){ copy, broken[i].len },
		    arena).ptr);
		free(copy);
	}
	assert_true(span_eq(dns_text(SPAN("\2ab\0\1c"), arena),
	    SPAN("abc")));
	arena_free(&arena);
}

/* No memory is no match. */
static void
test_no_memory(void **state)
{
	(void)state;
	resolver.status = LOOKUP_FOUND;
	resolver.n = 1;
	for (size_t ceiling = 64; ceiling < 4096; ceiling += 64) {
		struct arena *arena = arena_new(ceiling, NULL);
		struct arena *own = arena_new(1u << 20, NULL);
		const char *text = NULL;

		resolver.records[0] = rdata(published_text(
		    key_of(KEY_RSA_SHA256), own), 255, own);
		if (arena != NULL && dkim_ask(&options, NULL,
		    key_of(KEY_RSA_SHA256), arena, &text) == 1)
			assert_string_equal(text, "matches");
		else
			assert_true(arena == NULL || text != NULL);
		arena_free(&arena);
		arena_free(&own);
	}
}

/* --- making keys ---------------------------------------------------------- */

static void
want_file(const char *folder, const char *name, unsigned mode)
{
	char *path = fixture_path(folder, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
	free(path);
}

static void
test_make_key(void **state)
{
	char *folder = fixture_folder();
	const struct dkim_place place = { folder, { 2048, { getuid(),
		getgid() } } };
	struct dkim_options ed = options;
	char selector[80];

	(void)state;
	ed.algorithm = "ed25519";
	/* refusals */
	assert_int_equal(dkim_make_key(&place, &ed, "../x", "s", true),
	    EX_USAGE);
	assert_int_equal(dkim_make_key(&place, &ed, "example.org", "a/b",
	    true), EX_USAGE);
	assert_int_equal(dkim_make_key(&place, &ed, "example.org", "s",
	    true), 0);
	assert_int_equal(dkim_make_key(&place, &ed, "example.org", "s",
	    true), EX_CANTCREAT);
	want_file(folder, "example.org", 0700);
	want_file(folder, "example.org/s.key", 0600);
	want_file(folder, "example.org/s.dates", 0600);
	/* 2026-12-01; a name that is taken gets a letter */
	for (size_t i = 0; i < 3; i++) {
		static const char *const want[] = { "ed2551920261201",
			"ed2551920261201a", "ed2551920261201b" };

		assert_int_equal(dkim_new_selector(&place, "example.org",
		    "ed25519", 1796083200, selector, sizeof(selector)), 0);
		assert_string_equal(selector, want[i]);
		assert_int_equal(dkim_make_key(&place, &ed, "example.org",
		    selector, false), 0);
	}
	fixture_remove(folder);
}

/* Made keys wait, and dates are taken back as they were written. */
static void
test_dates(void **state)
{
	static const struct schedule dates[] = {
		{ SCHEDULE_NEVER, INT64_MAX },
		{ 1796083200, INT64_MAX },
		{ 1796083200, 1796169599 },
		{ INT64_MIN, 1796169599 },
	};
	char *folder = fixture_folder();
	const struct dkim_place place = { folder, { 2048, { getuid(),
		getgid() } } };
	struct dkim_options ed = options;
	char *path = fixture_path(folder, "example.org");

	(void)state;
	ed.algorithm = "ed25519";
	assert_int_equal(dkim_make_key(&place, &ed, "example.org", "s",
	    true), 0);
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		struct keyset *set;
		const struct schedule *got;

		if (i > 0)
			assert_int_equal(dkim_write_dates(&place,
			    "example.org", "s", &dates[i]), 0);
		set = keyset_read(&(struct keyset_source){
		    .name = "example.org", .folder = path },
		    &place.limits, false, NULL);
		assert_non_null(set);
		assert_int_equal(keyset_count(set), 1);
		got = signing_key_schedule(keyset_key(set, 0));
		assert_true(got->not_before == dates[i].not_before);
		assert_true(got->not_after == dates[i].not_after);
		keyset_unref(&set);
	}
	free(path);
	fixture_remove(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_cut_records),
		cmocka_unit_test(test_own_records),
		cmocka_unit_test(test_dns),
		cmocka_unit_test(test_broken_strings),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_make_key),
		cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests(tests, sign_fixture_begin,
	    sign_fixture_end);
}
