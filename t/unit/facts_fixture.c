/*
 * facts_fixture.c - see facts_fixture.h.
 */
#include "facts_fixture.h"

#include "base/sbuf.h"

void
fixture_setup(struct fixture *f)
{
	*f = (struct fixture){ .arena = arena_new(1 << 22, NULL) };
	assert_non_null(f->arena);
	f->profile = (struct profile){
		.name = "test",
		.tls = { 12, 128 },
		.limits = { 32000, 28000, 500, 30, 10000 },
		.complete = { .date = true, .message_id = true,
			.sender = true, .destination = true },
	};
	f->rights = (struct rights){
		.self = true,
		.delimiters = "+",
		.fold_local_part = true,
		.identity = { .realm = "", .fold_case = true },
	};
	facts_init(&f->facts, f->arena, &f->rights, &f->site);
	f->facts.now = 1795252800;	/* 2026-11-21T09:20:00Z */
	f->facts.id = SPAN("01TESTTESTTESTTESTTESTTEST");
	f->facts.host = SPAN("mx.example.org");
	f->facts.tls = (struct facts_tls){ true, SPAN("TLSv1.3"),
		SPAN("TLS_AES_256_GCM_SHA384"), 256 };
	fixture_login(f, "alice@example.org");
}

void
fixture_teardown(struct fixture *f)
{
	arena_free(&f->arena);
}

void
fixture_login(struct fixture *f, const char *login)
{
	f->facts.identity = (struct identity){ .route = ROUTE_NONE };
	if (login != NULL)
		assert_int_equal(identity_make(ROUTE_SASL, span_of(login),
		    &f->rights.identity, f->arena, &f->facts.identity), 0);
}

void
fixture_mail(struct fixture *f, const char *path, const char *param)
{
	char *argv[] = { (char *)(uintptr_t)path, (char *)(uintptr_t)param,
		NULL };

	assert_int_equal(facts_set_sender(&f->facts, argv), 0);
}

struct verdict
fixture_rcpt(struct fixture *f, const char *path)
{
	char *argv[] = { (char *)(uintptr_t)path, NULL };
	struct verdict v;

	assert_int_equal(facts_add_recipient(&f->facts, argv), 0);
	v = fixture_run(f, STAGE_RCPT);
	facts_recipient(&f->facts)->verdict = v;
	return v;
}

struct verdict
fixture_run(struct fixture *f, enum stage stage)
{
	memcpy(f->facts.modes, f->profile.rules, sizeof(f->facts.modes));
	if (stage == STAGE_MAIL)
		f->facts.is_transfer = policy_is_transfer(&f->profile,
		    &f->facts);
	return policy_run(stage, &f->profile, &f->facts, &f->log);
}

/* Where the field that begins at P ends: at an LF that folds nothing. */
static const char *
field_end(const char *p)
{
	for (; *p != '\0'; p++)
		if (*p == '\n' && p[1] != ' ' && p[1] != '\t')
			break;
	return p;
}

void
fixture_message(struct fixture *f, const char *text)
{
	while (*text != '\0' && *text != '\n') {
		const char *end = field_end(text);
		struct span field = { text, (size_t)(end - text) };
		size_t colon = span_find(field, ':');
		char *name = arena_strdup(f->arena,
		    span_slice(field, 0, colon));
		char *value = arena_strdup(f->arena, colon == field.len ?
		    SPAN("") : span_slice(field, colon + 1, field.len));

		assert_int_equal(facts_add_field(&f->facts, &f->profile, name,
		    value), 0);
		text = *end == '\0' ? end : end + 1;
	}
	assert_int_equal(facts_end_header(&f->facts, &f->profile), 0);
	if (*text == '\n')
		facts_feed_body(&f->facts, span_of(text + 1));
	octets_end(&f->facts.body);
}

const struct table *
fixture_table(const char *name)
{
	/* Never looked into: the fake resolver knows it by its address. */
	return (const struct table *)(const void *)name;
}

static enum lookup
ask_rows(void *context, const struct table *table, struct span key,
    int64_t deadline, struct arena *arena, struct span *value_r,
    const char **error_r)
{
	const struct fixture_row *row = context;

	(void)deadline;
	(void)arena;
	for (; row->table != NULL; row++) {
		if (strcmp(row->table, (const char *)(const void *)table) !=
		    0 || !span_eq(span_of(row->key), key))
			continue;
		if (row->value == NULL) {
			*error_r = "table is down";
			return LOOKUP_FAILED;
		}
		*value_r = span_of(row->value);
		return LOOKUP_FOUND;
	}
	return LOOKUP_NOT_FOUND;
}

/* A fake table can be asked for any key. */
static enum table_keys
any_keys(const struct table *table)
{
	(void)table;
	return TABLE_KEYS_ANY;
}

void
fixture_tables(struct fixture *f, const struct fixture_row *rows)
{
	f->facts.resolver.ask = ask_rows;
	f->facts.resolver.keys = any_keys;
	f->facts.resolver.context = (void *)(uintptr_t)rows;
}

char *
fixture_leaving(struct fixture *f)
{
	const struct header *header = &f->facts.leaving;
	struct sbuf out;
	struct span text;

	sbuf_init(&out, NULL, 1 << 20);
	for (size_t i = 0; i < header->n; i++)
		sbuf_addf(&out, "%.*s:%.*s\n", SPAN_ARG(header->v[i].name),
		    SPAN_ARG(header->v[i].value));
	sbuf_adds(&out, "");
	assert_int_equal(sbuf_done(&out, &text), 0);
	return out.ptr;
}
