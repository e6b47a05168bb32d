/*
 * test_signer - signatures that other programs find good.
 * Proves: D8.5 (what leaves is signed), X10 (d= is the key's domain), X13
 * (list of fields, no l=), X15 (keys are parsed once, no memory stays).
 */
#include "sign_fixture.h"

#include <pthread.h>
#include <time.h>

#include "sign/key.h"

static const struct signer_settings settings[] = {
	{ CANON_SIMPLE, CANON_SIMPLE },
	{ CANON_SIMPLE, CANON_RELAXED },
	{ CANON_RELAXED, CANON_SIMPLE },
	{ CANON_RELAXED, CANON_RELAXED },
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* Everything of one message. */
struct job {
	struct arena *arena;
	struct signer *signer;
	struct header header;
	struct signing *signing;
	const struct signature *v;
	size_t n;
	const char *error;
};

static void
job_open(struct job *job, const struct signer_settings *how,
    const char *fields, size_t ceiling)
{
	*job = (struct job){ .arena = arena_new(ceiling, NULL) };
	assert_non_null(job->arena);
	job->signer = signer_new(how);
	assert_non_null(job->signer);
	header_init(&job->header, job->arena);
	fixture_header(&job->header, fields);
}

static void
job_close(struct job *job)
{
	signing_free(&job->signing);
	signer_free(&job->signer);
	arena_free(&job->arena);
}

/* Signs BODY cut at CUT, and after that each STEP octets. 0 or -1. */
static int
job_sign(struct job *job, struct span body, size_t cut, size_t step)
{
	size_t from = 0, to = cut < body.len ? cut : body.len;

	if (signing_begin(job->signer, fixture.keys, &job->header,
	    SPAN("test"), job->arena, &job->signing, &job->error) != 0)
		return -1;
	while (from < body.len) {
		if (signing_body(job->signing, span_slice(body, from, to),
		    &job->error) != 0)
			return -1;
		from = to;
		to = body.len - from < step ? body.len : from + step;
	}
	return signing_end(job->signing, &job->v, &job->n, &job->error);
}

static void
want_good(const char *name, const struct job *job, struct span body)
{
	assert_int_equal(job->n, fixture.keys.n);
	for (size_t i = 0; i < job->n; i++) {
		size_t size;
		char *wire = fixture_wire(job->v[i].value, &job->header,
		    body, &size);

		assert_ptr_equal(job->v[i].key, fixture.keys.v[i]);
		if (!fixture_verifies(wire, size, job->v[i].key))
			fail_msg("%s: bad signature:\n%.*s", name,
			    SPAN_ARG(job->v[i].value));
		free(wire);
	}
}

/* --- what is refused ------------------------------------------------------ */

static const char *
refusal(const struct job *job)
{
	return signer_refuses_header(job->signer, &job->header, 998);
}

struct refusal_case {
	const char *name;
	struct span field;	/* name */
	struct span value;
	const char *want;	/* NULL: signed */
};

static const struct refusal_case refusal_cases[] = {
	{ "NUL", SPAN("Subject"), SPAN(" a\0b"), "header-control" },
	{ "CR", SPAN("To"), SPAN(" a\rb"), "header-control" },
	{ "CR at the end", SPAN("To"), SPAN(" a\r"), "header-control" },
	{ "LF without fold", SPAN("Date"), SPAN(" a\nb"), "header-control" },
	{ "LF at the end", SPAN("Date"), SPAN(" a\n"), "header-control" },
	{ "CRLF without fold", SPAN("Date"), SPAN(" a\r\nb"),
	    "header-control" },
	{ "VT", SPAN("Cc"), SPAN(" a\vb"), "header-control" },
	{ "FF", SPAN("cc"), SPAN(" a\fb"), "header-control" },
	{ "blank before colon", SPAN("Subject "), SPAN(" a"),
	    "header-name" },
	{ "not signed, so no matter", SPAN("X-Other"), SPAN(" a\v\r\nb"),
	    NULL },
	{ "folded", SPAN("Subject"), SPAN(" a\n b\n\tc"), NULL },
	{ "folded with CRLF", SPAN("Subject"), SPAN(" a\r\n b"), NULL },
	{ "8-bit", SPAN("Subject"), SPAN(" \xff\x80"), NULL },
	{ "empty", SPAN("Reply-To"), SPAN(""), NULL },
};

static void
test_refusals(void **state)
{
	const size_t n = sizeof(refusal_cases) / sizeof(refusal_cases[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct refusal_case *c = &refusal_cases[i];
		struct job job;
		const char *got;

		job_open(&job, &settings[3], "From: a@example.org\n",
		    1u << 20);
		assert_int_equal(header_add(&job.header, c->field, c->value),
		    0);
		got = refusal(&job);
		if ((got == NULL) != (c->want == NULL) || (got != NULL &&
		    strcmp(got, c->want) != 0))
			fail_msg("%s: got %s, want %s", c->name, got, c->want);
		job_close(&job);
	}
}

/* As many as libopendkim can bear, and one more. */
static void
test_too_many_fields(void **state)
{
	const struct span name = SPAN("Resent-To");
	const size_t most = (4095 - 5) / (9 + 1);
	struct job job;

	(void)state;
	job_open(&job, &settings[3], "From: a@example.org\n", 1u << 22);
	for (size_t i = 0; i < most; i++)
		assert_int_equal(header_add(&job.header, name,
		    arena_printf(job.arena, " r%zu@example.com", i)), 0);
	assert_null(refusal(&job));
	assert_int_equal(job_sign(&job, SPAN("x\r\n"), 3, 3), 0);
	want_good("many fields", &job, SPAN("x\r\n"));
	assert_int_equal(header_add(&job.header, name, SPAN(" a@b")), 0);
	assert_string_equal(refusal(&job), "header-too-many-fields");
	job_close(&job);
}

static void
test_no_from(void **state)
{
	struct job job;

	(void)state;
	job_open(&job, &settings[3], "To: a@example.org\n", 1u << 20);
	assert_int_equal(job_sign(&job, SPAN(""), 0, 1), -1);
	if (strstr(job.error, "selector rsa of example.org") == NULL ||
	    strstr(job.error, "from") == NULL)
		fail_msg("got \"%s\", want key and reason", job.error);
	assert_null(job.signing);
	job_close(&job);
}

/* Whatever piece of memory is missing, the answer is -1 or a good one. */
static void
test_no_memory(void **state)
{
	static char line[30000];
	const struct span body = { line, sizeof(line) };
	bool is_signed = false;

	(void)state;
	memset(line, 'x', sizeof(line));
	for (size_t ceiling = 1u << 15; !is_signed; ceiling += 1u << 12) {
		struct job job;

		job_open(&job, &settings[3], "From: a@example.org\n"
		    "Subject: a\n b\n", ceiling);
		is_signed = job_sign(&job, body, 10, 1000) == 0;
		if (is_signed)
			want_good("just enough memory", &job, body);
		else
			assert_string_equal(job.error,
			    "no memory left to sign with");
		job_close(&job);
	}
}

/* --- signatures that are good --------------------------------------------- */

#define FROM "From: a@example.org\n"
#define USUAL FROM "To: b@example.com\nSubject: x\n" \
	"Date: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-ID: <a@example.org>\n"

struct message_case {
	const char *name;
	const char *fields;
	struct span body;
};

static const struct message_case message_cases[] = {
	{ "usual", USUAL, SPAN("Hello\r\nworld\r\n") },
	{ "no body", USUAL, SPAN("") },
	{ "one empty line", USUAL, SPAN("\r\n") },
	{ "empty lines", USUAL, SPAN("\r\n\r\n\r\n") },
	{ "no line end", USUAL, SPAN("Hello\r\nworld") },
	{ "no line end after blanks", USUAL, SPAN("Hello \r\n ") },
	{ "only blanks", USUAL, SPAN("   ") },
	{ "trailing blanks", USUAL,
	    SPAN("a \t \r\n b\t\tc \r\n \r\n\r\n \t\r\n") },
	{ "empty lines within", USUAL, SPAN("a\r\n\r\n\r\nb\r\n\r\n") },
	{ "dots", USUAL, SPAN(".\r\n..\r\n.a\r\n") },
	{ "8-bit", USUAL "Cc: \xff\xfe <b@example.com>\n",
	    SPAN("gr\xc3\xbc\xc3\x9f\x65\r\n\xff\xfe\r\n") },
	{ "controls in the body", USUAL, SPAN("a\v\f \x01\r\n\v\r\n") },
	{ "folded", FROM "References: <a@b>\n <c@d>\n\t<e@f>\n"
	    "Reply-To:\n\ta@example.org\nIn-Reply-To: \n <a@b>\n",
	    SPAN("x\r\n") },
	{ "line of blanks in a fold", FROM "Sender: a\n \n b\n",
	    SPAN("x\r\n") },
	{ "blanks around", FROM "Subject:  a   b\t \tc \t\n"
	    "Message-ID:<a@b>\nDate: \n", SPAN("x\r\n") },
	{ "empty fields", FROM "Reply-To:\nSender: \nCc:  \n",
	    SPAN("x\r\n") },
	{ "names in any case", "FROM: a@example.org\nsubJECT: a:b;c=d\n"
	    "mIME-version: 1.0\n", SPAN("x\r\n") },
	{ "fields that come again", FROM "Resent-From: a@b\nX: y\n"
	    "Resent-To: x@y\nResent-From: c@d\nResent-To: z@y\n"
	    "To: a\nto: b\n", SPAN("x\r\n") },
};

#define MESSAGES (sizeof(message_cases) / sizeof(message_cases[0]))

static void
test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGES * SETTINGS; i++) {
		const struct message_case *c = &message_cases[i / SETTINGS];
		struct job job;

		job_open(&job, &settings[i % SETTINGS], c->fields, 1u << 20);
		assert_null(refusal(&job));
		if (job_sign(&job, c->body, SIZE_MAX, 1) != 0)
			fail_msg("%s: got \"%s\"", c->name, job.error);
		want_good(c->name, &job, c->body);
		job_close(&job);
	}
}

/* The MTA cuts where it likes: all cuts give the same body hash. */
static void
test_cuts(void **state)
{
	const struct span body = SPAN("a \r\n\r\n \tb\r\nc\r\n\r\n\r\n \r\nd");

	(void)state;
	for (size_t i = 0; i < SETTINGS; i++) {
		for (size_t cut = 0; cut <= body.len; cut++) {
			struct job job;

			job_open(&job, &settings[i], USUAL, 1u << 20);
			assert_int_equal(job_sign(&job, body, cut,
			    cut % 3 + 1), 0);
			want_good("cut", &job, body);
			job_close(&job);
		}
	}
}

/* Lines and fields beyond every buffer of libopendkim. */
static void
test_large(void **state)
{
	const size_t size = 300000;
	char *body = malloc(size), *field = malloc(size);
	struct span all = { body, size };

	(void)state;
	assert_non_null(body);
	assert_non_null(field);
	memset(body, 'x', size);
	for (size_t i = 0; i < size; i += 70001)
		body[i] = ' ';
	memset(field, 'y', size);
	for (size_t i = 0; i + 2 < size; i += 65001)
		memcpy(field + i, "\n ", 2);
	for (size_t i = 0; i < SETTINGS; i++) {
		struct job job;

		job_open(&job, &settings[i], USUAL, 1u << 25);
		assert_int_equal(header_add(&job.header, SPAN("References"),
		    (struct span){ field, size }), 0);
		assert_int_equal(job_sign(&job, all, 1, 65535), 0);
		want_good("large", &job, all);
		job_close(&job);
	}
	free(body);
	free(field);
}

/* --- what is signed ------------------------------------------------------- */

/* The value of TAG, in static memory; NULL when it is not there. */
static const char *
tag(struct span value, const char *name)
{
	static char text[4096];
	size_t n = 0;
	char *p, *end;

	text[n++] = ';';
	for (size_t i = 0; i < value.len && n < sizeof(text) - 2; i++)
		if (strchr(" \t\n", value.ptr[i]) == NULL)
			text[n++] = value.ptr[i];
	text[n] = '\0';
	for (p = text; p != NULL; p = strchr(p, ';')) {
		p++;
		if (strncmp(p, name, strlen(name)) == 0 &&
		    p[strlen(name)] == '=') {
			p += strlen(name) + 1;
			end = strchr(p, ';');
			if (end != NULL)
				*end = '\0';
			return p;
		}
	}
	return NULL;
}

static void
test_tags(void **state)
{
	const time_t before = time(NULL);
	struct job job;

	(void)state;
	job_open(&job, &settings[2], "Return-Path: <x>\nReceived: by x\n"
	    "DKIM-Signature: v=1\nBcc: c@example.com\n" FROM
	    "X-Mailer: y\nto: b@example.com\nAuthentication-Results: z\n"
	    "X-Original-Date: 1\nDelivered-To: q\n", 1u << 20);
	assert_int_equal(job_sign(&job, SPAN("x\r\n"), 3, 3), 0);
	for (size_t i = 0; i < job.n; i++) {
		struct span v = job.v[i].value;

		assert_null(memchr(v.ptr, '\r', v.len));
		assert_memory_equal(v.ptr, "v=1;", 4);
		assert_string_equal(tag(v, "a"), i == 0 ? "rsa-sha256" :
		    "ed25519-sha256");
		assert_string_equal(tag(v, "d"), "example.org");
		assert_string_equal(tag(v, "s"), i == 0 ? "rsa" : "ed");
		assert_string_equal(tag(v, "c"), "relaxed/simple");
		assert_string_equal(tag(v, "h"), "From:to:X-Original-Date:"
		    "From:To:Cc:Subject:Date:Message-ID");
		assert_null(tag(v, "i"));
		assert_null(tag(v, "l"));
		assert_null(tag(v, "x"));
		assert_true(strtoll(tag(v, "t"), NULL, 10) >= before);
		assert_true(strtoll(tag(v, "t"), NULL, 10) <= time(NULL));
	}
	job_close(&job);
}

struct change_case {
	const char *name;
	const char *fields;	/* of the message that is verified */
	struct span body;
	bool want;
};

#define SIGNED USUAL "Received: by a\nBcc: c@example.com\n"
#define REST "To: b@example.com\nSubject: x\n" \
	"Date: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-ID: <a@example.org>\n"

static const struct change_case change_cases[] = {
	{ "another From in front", "From: z@example.net\n" SIGNED,
	    SPAN("x\r\n"), false },
	{ "another From behind", SIGNED "From: z@example.net\n",
	    SPAN("x\r\n"), false },
	{ "another Subject", "Subject: y\n" SIGNED, SPAN("x\r\n"), false },
	{ "another To", "To: y\n" SIGNED, SPAN("x\r\n"), false },
	{ "another Date", "Date: y\n" SIGNED, SPAN("x\r\n"), false },
	{ "another Message-ID", "Message-ID: <y>\n" SIGNED, SPAN("x\r\n"),
	    false },
	{ "a Cc where was none", "Cc: y\n" SIGNED, SPAN("x\r\n"), false },
	{ "changed From", "From: b@example.org\n" REST, SPAN("x\r\n"),
	    false },
	{ "From gone", REST, SPAN("x\r\n"), false },
	{ "changed body", SIGNED, SPAN("y\r\n"), false },
	{ "longer body", SIGNED, SPAN("x\r\ny\r\n"), false },
	{ "as it was", SIGNED, SPAN("x\r\n"), true },
	{ "another Received, no Bcc, Return-Path",
	    "Return-Path: <a>\nReceived: by b\n" USUAL "Received: by a\n",
	    SPAN("x\r\n"), true },
	{ "a list's fields", "List-Id: <l>\nSender: l@example.net\n"
	    "Reply-To: l@example.net\nPrecedence: list\n" SIGNED,
	    SPAN("x\r\n"), true },
	{ "blanks and empty lines, relaxed", "from:   a@example.org \n" REST,
	    SPAN("x  \r\n\r\n"), true },
};

static void
test_changes(void **state)
{
	const size_t n = sizeof(change_cases) / sizeof(change_cases[0]);
	struct job job;

	(void)state;
	job_open(&job, &settings[3], SIGNED, 1u << 20);
	assert_int_equal(job_sign(&job, SPAN("x\r\n"), 3, 3), 0);
	for (size_t i = 0; i < n * job.n; i++) {
		const struct change_case *c = &change_cases[i / job.n];
		const struct signature *s = &job.v[i % job.n];
		struct header header;
		size_t size;
		char *wire;

		header_init(&header, job.arena);
		fixture_header(&header, c->fields);
		wire = fixture_wire(s->value, &header, c->body, &size);
		if (fixture_verifies(wire, size, s->key) != c->want)
			fail_msg("%s: got %s, want the opposite", c->name,
			    c->want ? "bad" : "good");
		free(wire);
	}
	job_close(&job);
}

/* --- keys and memory ------------------------------------------------------ */

static void
note_gone(void *parent, void *counter, CRYPTO_EX_DATA *ex_data, int index,
    long l, void *p)
{
	(void)parent;
	(void)ex_data;
	(void)index;
	(void)l;
	(void)p;
	if (counter != NULL)
		++*(int *)counter;
}

/* Signed, broken off at any point, or failed: no reference stays. */
static void
test_references(void **state)
{
	int index = EVP_PKEY_get_ex_new_index(0, NULL, NULL, NULL, note_gone);
	struct sign_fixture own = fixture;
	int gone = 0;

	(void)state;
	sign_fixture_setup(&fixture);
	for (size_t i = 0; i < fixture.keys.n; i++)
		assert_int_equal(EVP_PKEY_set_ex_data(
		    fixture.keys.v[i]->pkey, index, &gone), 1);
	for (size_t i = 0; i < 60; i++) {
		struct job job;

		job_open(&job, &settings[i % SETTINGS], i % 6 == 0 ?
		    "To: nobody\n" : USUAL, 1u << 20);
		switch (i % 6) {
		case 1:
			assert_int_equal(signing_begin(job.signer,
			    fixture.keys, &job.header, SPAN("test"),
			    job.arena, &job.signing, &job.error), 0);
			break;
		default:
			assert_int_equal(job_sign(&job, SPAN("x"), 1, 1),
			    i % 6 == 0 ? -1 : 0);
			break;
		}
		job_close(&job);
	}
	assert_int_equal(gone, 0);
	sign_fixture_teardown(&fixture);
	assert_int_equal(gone, 2);
	fixture = own;
}

/* A body of any length takes no more memory than a short one. */
static void
test_memory(void **state)
{
	static char block[65536];
	const struct span octets = { block, sizeof(block) };
	size_t used;

	(void)state;
	for (size_t i = 0; i + 2 <= sizeof(block); i += 64)
		memcpy(block + i, "\r\n", 2);
	for (size_t i = 0; i < SETTINGS; i++) {
		struct job job;

		job_open(&job, &settings[i], USUAL, 1u << 20);
		assert_int_equal(signing_begin(job.signer, fixture.keys,
		    &job.header, SPAN("test"), job.arena, &job.signing,
		    &job.error), 0);
		assert_int_equal(signing_body(job.signing, octets,
		    &job.error), 0);
		used = arena_used(job.arena);
		for (int k = 0; k < 64; k++)
			assert_int_equal(signing_body(job.signing, octets,
			    &job.error), 0);
		assert_int_equal(arena_used(job.arena), used);
		assert_true(used < 100000);
		job_close(&job);
	}
}

/* No key at all is no fault of the signer. */
static void
test_no_keys(void **state)
{
	struct key_list all = fixture.keys;
	struct job job;

	(void)state;
	fixture.keys = keyring_find(fixture.keyring, SPAN("example.com"));
	job_open(&job, &settings[3], USUAL, 1u << 20);
	assert_int_equal(job_sign(&job, SPAN("x\r\n"), 3, 3), 0);
	assert_int_equal(job.n, 0);
	job_close(&job);
	fixture.keys = all;
}

static void
test_library(void **state)
{
	const char *warning = "not set";

	(void)state;
	assert_int_equal(signer_library_init(&warning), 0);
#ifdef WANT_PLAIN
	assert_non_null(warning);
#else
	/* parsed keys are taken, or all of this is slow: X15 */
	assert_null(warning);
#endif
}

/* --- threads -------------------------------------------------------------- */

#define THREADS 8
#define ROUNDS 50

static void *
run(void *signer)
{
	const struct span body = SPAN("Hello\r\n");

	for (int i = 0; i < ROUNDS; i++) {
		struct job job = { .arena = arena_new(1u << 20, NULL),
			.signer = signer };

		if (job.arena == NULL)
			return "no arena";
		header_init(&job.header, job.arena);
		fixture_header(&job.header, USUAL);
		if (job_sign(&job, body, 2, 2) != 0)
			return "not signed";
		for (size_t k = 0; k < job.n && i == ROUNDS - 1; k++) {
			size_t size;
			char *wire = fixture_wire(job.v[k].value,
			    &job.header, body, &size);
			bool is_good = fixture_verifies(wire, size,
			    job.v[k].key);

			free(wire);
			if (!is_good)
				return "not good";
		}
		signing_free(&job.signing);
		arena_free(&job.arena);
	}
	return NULL;
}

/* One signer and one keyring for many threads. */
static void
test_threads(void **state)
{
	struct signer *signer = signer_new(&settings[3]);
	pthread_t threads[THREADS];

	(void)state;
	assert_non_null(signer);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run,
		    signer), 0);
	for (int i = 0; i < THREADS; i++) {
		void *fault = NULL;

		assert_int_equal(pthread_join(threads[i], &fault), 0);
		if (fault != NULL)
			fail_msg("thread %d: %s", i, (char *)fault);
	}
	signer_free(&signer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_library),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_no_from),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_no_keys),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests_name("signer", tests, sign_fixture_begin,
	    sign_fixture_end);
}
