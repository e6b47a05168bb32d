/*
 * test_record - what an audit record says, and that the manual says so too.
 * Proves: A6 (one record with all of it, one line, documented and versioned),
 * X20 (no subject, no content).
 */
#include "facts_fixture.h"

#include <jansson.h>
#include <unistd.h>

#include "audit/record.h"
#include "edit/edit.h"
#include "sign_fixture.h"

#define NAMES_MOST 200

struct record_fixture {
	struct fixture f;
	struct edit_list edits;
	struct record record;
	json_t *json;
};

static void
record_setup(struct record_fixture *r)
{
	fixture_setup(&r->f);
	edit_list_init(&r->edits, r->f.arena);
	r->json = NULL;
	r->record = (struct record){
		.facts = &r->f.facts,
		.profile = "default",
		.session = SPAN("S1"),
		.time_us = INT64_C(1795252800000042),
		.duration_us = 1234,
		.result = RECORD_PASSED,
		.stage = STAGE_MESSAGE,
		.verdicts = &r->f.log,
		.edits = &r->edits,
	};
}

static void
record_teardown(struct record_fixture *r)
{
	json_decref(r->json);
	fixture_teardown(&r->f);
}

/* Makes the record and reads it again. */
static char *
make(struct record_fixture *r)
{
	char *line = record_json(&r->record);
	json_error_t error;

	assert_non_null(line);
	json_decref(r->json);
	r->json = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	if (r->json == NULL)
		fail_msg("%s: %s", error.text, line);
	for (const char *p = line; *p != '\0'; p++)
		assert_true(*p >= ' ' && *p < 0x7f);
	return line;
}

/* The value at PATH: "client.address", "edits[0].field"; NULL: absent. */
static const json_t *
at(const json_t *json, const char *path)
{
	while (json != NULL && *path != '\0') {
		size_t len = strcspn(path, ".[");
		char name[64];

		if (*path == '[') {
			json = json_array_get(json,
			    strtoul(path + 1, NULL, 10));
			path = strchr(path, ']') + 1;
		} else {
			(void)snprintf(name, sizeof(name), "%.*s", (int)len,
			    path);
			json = json_object_get(json, name);
			path += len;
		}
		path += *path == '.';
	}
	return json;
}

static void
want(const struct record_fixture *r, const char *path, const char *want_text)
{
	const json_t *got = at(r->json, path);
	char *text = got == NULL ? NULL :
	    json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);

	if (want_text == NULL && text != NULL)
		fail_msg("%s: got %s, want nothing", path, text);
	if (want_text != NULL && (text == NULL ||
	    strcmp(text, want_text) != 0))
		fail_msg("%s: got %s, want %s", path, text, want_text);
	free(text);
}

/* --- little known --------------------------------------------------------- */

/* A connection that never came to MAIL: nothing is said of a message. */
static void
test_connection(void **state)
{
	struct record_fixture r;
	char *line;

	(void)state;
	record_setup(&r);
	r.f.facts.id = SPAN("S1");
	r.f.facts.listener.daemon_name = SPAN("MX");
	r.f.facts.client.address = SPAN("192.0.2.1");
	line = record_connection_json(&r.record);
	assert_non_null(line);
	assert_string_equal(line, "{\"v\":1,\"id\":\"S1\","
	    "\"time\":\"2026-11-21T09:20:00.000042Z\",\"duration_us\":1234,"
	    "\"host\":\"mx.example.org\",\"session\":\"S1\","
	    "\"listener\":{\"daemon_name\":\"MX\",\"daemon_addr\":null,"
	    "\"daemon_port\":null},\"profile\":\"default\","
	    "\"client\":{\"address\":\"192.0.2.1\",\"port\":null,"
	    "\"name\":null,\"helo\":null},\"result\":\"no-mail\"}");
	free(line);
	record_teardown(&r);
}

static void
test_bare(void **state)
{
	struct record_fixture r;
	char *line;

	(void)state;
	record_setup(&r);
	fixture_login(&r.f, NULL);
	r.f.facts.tls = (struct facts_tls){ .is_on = false };
	r.f.facts.host = SPAN("");
	fixture_mail(&r.f, "<>", NULL);
	r.record.result = RECORD_ABORTED;
	r.record.stage = STAGE_MAIL;
	r.record.verdicts = NULL;
	r.record.edits = NULL;
	line = make(&r);
	assert_string_equal(line, "{\"v\":1,"
	    "\"id\":\"01TESTTESTTESTTESTTESTTEST\","
	    "\"time\":\"2026-11-21T09:20:00.000042Z\",\"duration_us\":1234,"
	    "\"host\":null,\"session\":\"S1\","
	    "\"listener\":{\"daemon_name\":null,\"daemon_addr\":null,"
	    "\"daemon_port\":null},\"profile\":\"default\","
	    "\"client\":{\"address\":null,\"port\":null,\"name\":null,"
	    "\"helo\":null},\"queue_id\":null,\"tls\":null,"
	    "\"identity\":null,\"route\":null,"
	    "\"envelope\":{\"sender\":\"\",\"sender_params\":[],"
	    "\"recipients\":[]},\"from\":[],\"message_id\":null,\"size\":0,"
	    "\"edits\":[],\"signatures\":[],\"verdicts\":[],"
	    "\"result\":\"aborted\",\"stage\":\"mail\",\"reply\":null}");
	free(line);
	record_teardown(&r);
}

struct time_case {
	int64_t us;
	const char *want;
};

static void
test_time(void **state)
{
	static const struct time_case cases[] = {
		{ 0, "\"1970-01-01T00:00:00.000000Z\"" },
		{ 1, "\"1970-01-01T00:00:00.000001Z\"" },
		{ -1, "\"1969-12-31T23:59:59.999999Z\"" },
		{ INT64_C(1709251199999999),
		    "\"2024-02-29T23:59:59.999999Z\"" },
		{ INT64_C(4102444800000000),
		    "\"2100-01-01T00:00:00.000000Z\"" },
	};
	struct record_fixture r;

	(void)state;
	record_setup(&r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r.record.time_us = cases[i].us;
		free(make(&r));
		want(&r, "time", cases[i].want);
	}
	record_teardown(&r);
}

/* --- everything ----------------------------------------------------------- */

static const char message[] =
    "From: Alice <alice@example.org>,\n \"Bob B\" <bob@Example.ORG> (x)\n"
    "From: broken <\n"
    "Subject: secret words\n"
    "Message-ID:  <1@example.org> \n"
    "user-agent: Mailer 1.0\n"
    "X-Mailer: another\n"
    "DKIM-Signature: v=1; a=secret; d = other.example ; b=secret\n"
    "DKIM-Signature: broken\n"
    "\n"
    "secret content\r\n";

static void
fill(struct record_fixture *r, const struct signature *signatures, size_t n)
{
	struct facts *facts = &r->f.facts;

	facts->mode = MODE_SIGN_ONLY;
	facts->listener = (struct facts_listener){ SPAN("MSA"),
		SPAN("192.0.2.1"), SPAN("587") };
	facts->client.address = SPAN("192.0.2.9");
	facts->client.port = 50000;
	facts->client.name = SPAN("client.example");
	facts->client.helo = SPAN("laptop");
	r->record.queue_id = SPAN("4bX1");
	fixture_mail(&r->f, "<@relay.example:alice@example.org>",
	    "SIZE=1000");
	(void)fixture_rcpt(&r->f, "<bob@example.com>");
	(void)fixture_rcpt(&r->f, "<bob@example>");
	(void)fixture_rcpt(&r->f, "<bro ken>");
	(void)fixture_rcpt(&r->f, "<full@example.com>");
	facts->recipients[3].is_refused_by_mta = true;
	facts->recipients[3].mta_reply = SPAN("552 5.2.2 full");
	(void)fixture_rcpt(&r->f, "<later@example.com>");
	facts->recipients[4].verdict = verdict_tempfail(REASON_TEMPORARY,
	    SPAN("table is down"));
	(void)fixture_rcpt(&r->f, "<trial@example.com>");
	facts->recipients[5].verdict = facts->recipients[1].verdict;
	facts->recipients[5].mode = RULE_WARN;
	(void)fixture_rcpt(&r->f, "<old@example.com>");
	assert_int_equal(facts_replace_recipient(facts,
	    SPAN("<new@example.com>"), "test"), 0);
	assert_int_equal(facts_replace_sender(facts,
	    SPAN("<other@example.org>"), "test"), 0);
	fixture_message(&r->f, message);
	assert_int_equal(edit_add(&r->edits, &facts->leaving, "Date",
	    SPAN("secret date"), "date"), 0);
	assert_int_equal(edit_delete(&r->edits, &facts->leaving, 0, "test"),
	    0);
	assert_int_equal(edit_replace(&r->edits, &facts->leaving, 0,
	    SPAN("secret"), "fix"), 0);
	assert_int_equal(edit_prepend(&r->edits, SPAN("DKIM-Signature"),
	    SPAN("secret"), "dkim"), 0);
	assert_int_equal(edit_body(&r->edits, NULL, "earlier"), 0);
	assert_int_equal(edit_body(&r->edits, NULL, "test"), 0);
	assert_int_equal(edit_envelope(&r->edits, EDIT_ADD_RECIPIENT,
	    SPAN("<new@example.com>"), SPAN("NOTIFY=NEVER"), "test"), 0);
	r->record.signatures = signatures;
	r->record.signature_count = n;
	r->record.unsigned_because = "no-key";
	(void)fixture_run(&r->f, STAGE_MESSAGE);
	r->record.reply = (struct reply){ 550, { 5, 7, 1 },
		SPAN("You may not\nask us"), REASON_FROM_NOT_ALLOWED };
	r->record.result = RECORD_REFUSED;
}

static void
want_origin(const struct record_fixture *r)
{
	want(r, "v", "1");
	want(r, "host", "\"mx.example.org\"");
	want(r, "queue_id", "\"4bX1\"");
	want(r, "listener", "{\"daemon_name\":\"MSA\","
	    "\"daemon_addr\":\"192.0.2.1\",\"daemon_port\":\"587\"}");
	want(r, "client", "{\"address\":\"192.0.2.9\",\"port\":50000,"
	    "\"name\":\"client.example\",\"helo\":\"laptop\"}");
	want(r, "tls", "{\"version\":\"TLSv1.3\","
	    "\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"bits\":256}");
	want(r, "identity", "\"sasl:alice@example.org\"");
	want(r, "route", "\"sasl\"");
}

static void
want_envelope(const struct record_fixture *r)
{
	want(r, "envelope.sender", "\"alice@example.org\"");
	want(r, "envelope.sender_params", "[\"SIZE=1000\"]");
	want(r, "envelope.recipients[0]", "{\"address\":\"bob@example.com\","
	    "\"params\":[],\"result\":\"accepted\"}");
	want(r, "envelope.recipients[1]", "{\"address\":\"bob@example\","
	    "\"params\":[],\"result\":\"refused\","
	    "\"reason\":\"recipient-domain\"}");
	want(r, "envelope.recipients[2]", "{\"address\":\"<bro ken>\","
	    "\"params\":[],\"result\":\"refused\","
	    "\"reason\":\"recipient-syntax\"}");
	want(r, "envelope.recipients[3]", "{\"address\":\"full@example.com\","
	    "\"params\":[],\"result\":\"refused-by-mta\","
	    "\"mta_reply\":\"552 5.2.2 full\"}");
	want(r, "envelope.recipients[4]",
	    "{\"address\":\"later@example.com\",\"params\":[],"
	    "\"result\":\"deferred\",\"reason\":\"temporary\"}");
	want(r, "envelope.recipients[5]",
	    "{\"address\":\"trial@example.com\",\"params\":[],"
	    "\"result\":\"accepted\"}");
	want(r, "envelope.recipients[6]", "{\"address\":\"old@example.com\","
	    "\"params\":[],\"result\":\"replaced\"}");
	want(r, "envelope.recipients[7]", "{\"address\":\"new@example.com\","
	    "\"for\":\"old@example.com\",\"cause\":\"test\","
	    "\"params\":[],\"result\":\"accepted\"}");
	want(r, "envelope.recipients[8]", NULL);
	want(r, "envelope.leaving_sender", "\"other@example.org\"");
}

static void
want_message(const struct record_fixture *r)
{
	char size[24];

	want(r, "from", "[\"alice@example.org\",\"bob@Example.ORG\","
	    "\"broken <\"]");
	want(r, "message_id", "\"<1@example.org>\"");
	(void)snprintf(size, sizeof(size), "%zu", r->f.facts.header_size +
	    strlen("secret content\r\n"));
	want(r, "size", size);
	want(r, "edits", "[{\"edit\":\"add\",\"field\":\"Date\","
	    "\"cause\":\"date\"},{\"edit\":\"delete\",\"field\":\"From\","
	    "\"cause\":\"test\"},{\"edit\":\"replace\",\"field\":\"From\","
	    "\"cause\":\"fix\"},{\"edit\":\"prepend\","
	    "\"field\":\"DKIM-Signature\",\"cause\":\"dkim\"},"
	    "{\"edit\":\"body\",\"cause\":\"test\"},"
	    "{\"edit\":\"add-recipient\",\"path\":\"<new@example.com>\","
	    "\"cause\":\"test\"}]");
	want(r, "signatures", "[{\"domain\":\"example.org\","
	    "\"selector\":\"rsa\",\"algorithm\":\"rsa-sha256\"},"
	    "{\"domain\":\"example.org\",\"selector\":\"ed\","
	    "\"algorithm\":\"ed25519-sha256\"}]");
	want(r, "signed_before", "[\"other.example\",\"\"]");
	want(r, "unsigned", "\"no-key\"");
}

static void
want_decision(const struct record_fixture *r)
{
	want(r, "verdicts[0]", "{\"rule\":\"envelope-fqdn\","
	    "\"stage\":\"rcpt\",\"mode\":\"enforce\",\"action\":\"refuse\","
	    "\"reason\":\"recipient-domain\","
	    "\"detail\":\"bob@example\"}");
	assert_non_null(at(r->json, "verdicts[1].shown"));
	want(r, "mode", "\"sign-only\"");
	want(r, "result", "\"refused\"");
	want(r, "stage", "\"message\"");
	want(r, "reply", "{\"code\":550,\"enhanced\":\"5.7.1\","
	    "\"reason\":\"from-not-allowed\","
	    "\"text\":\"You may not\\nask us\"}");
}

static void
test_full(void **state)
{
	struct record_fixture r;
	struct sign_fixture keys;
	struct signature signatures[2];
	char *line;

	(void)state;
	sign_fixture_setup(&keys);
	for (size_t i = 0; i < 2; i++)
		signatures[i] = (struct signature){ keys.keys.v[i],
			SPAN("secret") };
	record_setup(&r);
	fill(&r, signatures, 2);
	line = make(&r);
	want_origin(&r);
	want_envelope(&r);
	want_message(&r);
	want_decision(&r);
	if (strstr(line, "secret") != NULL)
		fail_msg("got content in the record: %s", line);
	free(line);
	record_teardown(&r);
	sign_fixture_teardown(&keys);
}

static void
test_results(void **state)
{
	static const char *const wants[] = { "\"passed\"", "\"refused\"",
		"\"deferred\"", "\"aborted\"" };
	struct record_fixture r;

	(void)state;
	record_setup(&r);
	for (int i = 0; i < 4; i++) {
		r.record.result = (enum record_result)i;
		free(make(&r));
		want(&r, "result", wants[i]);
		want(&r, "unsigned", NULL);
		want(&r, "mode", NULL);
	}
	record_teardown(&r);
}

/* --- octets --------------------------------------------------------------- */

struct octets_case {
	struct span value;
	const char *want;
};

/* What a client sends must stay on its line and be JSON. */
static void
test_octets(void **state)
{
	static const struct octets_case cases[] = {
		{ SPAN("a\xff" "b"), "\"a\\\\xFFb\"" },
		{ SPAN("\xc3"), "\"\\\\xC3\"" },
		{ SPAN("\xc0\xaf"), "\"\\\\xC0\\\\xAF\"" },
		{ SPAN("\xed\xa0\x80"), "\"\\\\xED\\\\xA0\\\\x80\"" },
		{ SPAN("a\0b"), "\"a\\\\x00b\"" },
		{ SPAN("\0"), "\"\\\\x00\"" },
		{ SPAN("\xc3\xbc\xff\xf0\x9f\x98\x80"),
		    "\"\xc3\xbc\\\\xFF\xf0\x9f\x98\x80\"" },
		{ SPAN("J\xc3\xbcrgen"), "\"J\xc3\xbcrgen\"" },
		{ SPAN("a\r\nb\t\"\\\x1b"), "\"a\\r\\nb\\t\\\"\\\\\\u001B\"" },
	};
	struct record_fixture r;

	(void)state;
	record_setup(&r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r.f.facts.client.helo = cases[i].value;
		free(make(&r));
		want(&r, "client.helo", cases[i].want);
	}
	record_teardown(&r);
}

/* An unreadable From of any size does not blow the record up. */
static void
test_long_from(void **state)
{
	char *text = malloc(20000);
	struct record_fixture r;

	(void)state;
	assert_non_null(text);
	memset(text, '(', 20000);
	memcpy(text, "From:", 5);
	memcpy(text + 19997, "\n\n", 3);
	record_setup(&r);
	fixture_message(&r.f, text);
	free(make(&r));
	assert_int_equal(json_string_length(at(r.json, "from[0]")), 1000);
	record_teardown(&r);
	free(text);
}

/* --- the manual ----------------------------------------------------------- */

struct names {
	char v[NAMES_MOST][64];
	int n;
};

static void
collect(const json_t *json, const char *prefix, struct names *names)
{
	const char *key;
	const json_t *value;
	char path[64];

	if (json_is_array(json)) {
		(void)snprintf(path, sizeof(path), "%s[]", prefix);
		for (size_t i = 0; i < json_array_size(json); i++)
			collect(json_array_get(json, i), path, names);
	}
	json_object_foreach((json_t *)(uintptr_t)json, key, value) {
		bool is_known = false;

		(void)snprintf(path, sizeof(path), "%s%s%s", prefix,
		    *prefix == '\0' ? "" : ".", key);
		for (int i = 0; i < names->n; i++)
			is_known |= strcmp(names->v[i], path) == 0;
		assert_true(names->n < NAMES_MOST);
		if (!is_known)
			memcpy(names->v[names->n++], path, sizeof(path));
		collect(value, path, names);
	}
}

static void
read_manual(struct names *names)
{
	const char *top = getenv("srcdir");
	char line[256], path[4096];
	FILE *in;

	(void)snprintf(path, sizeof(path),
	    "%s/submit-milter/submit-milter-audit.5", top == NULL ? "." : top);
	in = fopen(path, "re");
	if (in == NULL)
		fail_msg("cannot read %s", path);
	while (fgets(line, sizeof(line), in) != NULL) {
		if (strncmp(line, ".It Cm ", 7) != 0)
			continue;
		assert_true(names->n < NAMES_MOST);
		(void)snprintf(names->v[names->n++], 64, "%.*s",
		    (int)strcspn(line + 7, "\n"), line + 7);
	}
	(void)fclose(in);
}

static void
want_all(const struct names *names, const struct names *in, const char *what)
{
	for (int i = 0; i < names->n; i++) {
		bool is_there = false;

		for (int k = 0; k < in->n; k++)
			is_there |= strcmp(names->v[i], in->v[k]) == 0;
		if (!is_there)
			fail_msg("%s is not in the %s", names->v[i], what);
	}
}

/* Every name of a record is in the manual, and the other way round. */
/* What is only told when it was asked for. */
static void
test_asked(void **state)
{
	struct record_fixture r;

	(void)state;
	record_setup(&r);
	fill(&r, NULL, 0);
	free(make(&r));
	want(&r, "subject", NULL);
	want(&r, "software", NULL);
	r.record.shows_subject = true;
	r.record.shows_software = true;
	free(make(&r));
	want(&r, "subject", "\"secret words\"");
	want(&r, "software", "\"Mailer 1.0\"");
	record_teardown(&r);
}

static struct veil *
make_veil(void)
{
	static const char keys[] = "00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff\n"
	    "ff112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff\n";
	const struct key_owner owner = { geteuid(), getegid() };
	char file[] = "/tmp/submit-record.XXXXXX";
	struct vault *vault;
	struct veil *veil;
	char *error = NULL;
	int fd = mkstemp(file);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, keys, sizeof(keys) - 1), sizeof(keys) - 1);
	assert_int_equal(close(fd), 0);
	vault = vault_read(file, &owner, &error);
	assert_int_equal(unlink(file), 0);
	if (vault == NULL)
		fail_msg("%s", error);
	veil = veil_new(vault);
	vault_free(&vault);
	assert_non_null(veil);
	return veil;
}

/* No recipient is to be seen, wherever its address could stand. */
static void
test_veil(void **state)
{
	static const char *const hidden[] = { "bob@example", "full@", "later@",
		"trial@", "old@", "new@", "bro ken" };
	struct record_fixture r;
	char one[VEIL_SIZE], other[VEIL_SIZE], want_text[VEIL_SIZE + 2];
	struct veil *veil = make_veil();
	struct audit_entry *entry;
	char *line;

	(void)state;
	record_setup(&r);
	fill(&r, NULL, 0);
	r.f.facts.recipients[3].mta_reply =
	    SPAN("552 5.2.2 <full@example.com>: full");
	r.record.reply.text = SPAN("not to bob@example.com, 5");
	r.record.veil = veil;
	line = make(&r);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (strstr(line, hidden[i]) != NULL)
			fail_msg("%s is seen: %s", hidden[i], line);
	free(line);
	want(&r, "envelope.recipients[3].mta_reply",
	    "\"552 5.2.2 <***>: full\"");
	want(&r, "reply.text", "\"not to ***, 5\"");
	want(&r, "envelope.sender", "\"alice@example.org\"");
	/* the same for all ways to write it, and for each key another */
	assert_int_equal(veil_count(veil), 2);
	assert_int_equal(veil_address(veil, 0, SPAN("Bob@Example.COM"), one),
	    0);
	(void)snprintf(want_text, sizeof(want_text), "\"%s\"", one);
	want(&r, "envelope.recipients[0].address", want_text);
	assert_int_equal(veil_address(veil, 1, SPAN("bob@example.com"),
	    other), 0);
	assert_string_not_equal(one, other);
	assert_int_equal(strlen(one), VEIL_SIZE - 1);
	entry = record_entry(&r.record);
	assert_non_null(entry);
	assert_true(span_eq(entry->keys.recipients[0], span_of(one)));
	audit_entry_unref(&entry);
	record_teardown(&r);
	veil_free(&veil);
	assert_null(veil);
}

static void
test_manual(void **state)
{
	static struct names in_record, in_manual;
	struct record_fixture r;
	struct sign_fixture keys;
	struct signature signature;

	(void)state;
	sign_fixture_setup(&keys);
	signature = (struct signature){ keys.keys.v[0], SPAN("") };
	record_setup(&r);
	fill(&r, &signature, 1);
	r.record.shows_subject = true;
	r.record.shows_software = true;
	assert_true(r.f.log.n > 0);
	free(make(&r));
	collect(r.json, "", &in_record);
	read_manual(&in_manual);
	assert_true(in_manual.n > 40);
	want_all(&in_record, &in_manual, "manual");
	want_all(&in_manual, &in_record, "record");
	record_teardown(&r);
	sign_fixture_teardown(&keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_connection),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_long_from),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_veil),
		cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
