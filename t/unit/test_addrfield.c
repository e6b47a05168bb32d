/*
 * test_addrfield - other addresses in a field, all else to the octet.
 * Proves: D8.8 (display names, comments, groups and order stay), D4.2c, X6 (a
 * second pass changes nothing).
 *
 * Fields are made at random from parts of which it is known what becomes of
 * them; the order of the random numbers is always the same.
 */
#include "facts_fixture.h"

#include "base/sbuf.h"
#include "edit/addrfield.h"
#include "pick.h"

#define FIELDS 4000
#define ELEMENTS_MOST 12u

/* An address, how it is written, and how it leaves. */
static const struct {
	const char *from, *to;
} specs[] = {
	{ "a@keep.example", "a@keep.example" },
	{ "a@old.example", "a@new.example" },
	{ "A.B@OLD.example", "A.B@new.example" },
	{ "\"a b\"@old.example", "\"a b\"@new.example" },
	{ "\"old.example\"@keep.example", "\"old.example\"@keep.example" },
	{ "jru@keep.example", "J.Random.User@keep.example" },
	{ "jru@old.example", "J.Random.User@new.example" },
	{ "a (old.example) @ (a) old.example",
	    "a (old.example) @ (a) new.example" },
	{ "jru(jru)@keep.example(jru)", "J.Random.User(jru)@keep.example(jru)" },
	{ "a . b @ keep . example", "a . b @ keep . example" },
	{ "a@[192.0.2.1]", "a@[192.0.2.1]" },
	{ "bare", "bare@new.example" },
	{ "\"ba re\"", "\"ba re\"@new.example" },
	{ "jru", "J.Random.User@new.example" },
};

/* Before and after an address: a display name is more than it seems. */
static const struct {
	const char *before, *after;
} frames[] = {
	{ "", "" },
	{ "<", ">" },
	{ "Old Example <", ">" },
	{ "\"jru@old.example, bare\" <", "> (jru@old.example)" },
	{ "(bare) =?utf-8?q?jru?= (x) <", ">(\\) old.example)" },
	{ "=?utf-8?b?YUBvbGQuZXhhbXBsZQ==?=\n <", ">" },
	{ "\tjru (\"bare)\n\t<", " > " },
	{ "  ", " (bare)" },
};

static const char *const separators[] = {
	",", ", ", " ,\n ", ",\n\t", ", (jru@old.example),", ",,",
};

static const char *const group_begins[] = {
	"jru: ", "\"bare, a@old.example\" : ", "old(old.example):\n ",
};

static int
change(void *context, const struct address *address,
    struct address_change *change_r)
{
	size_t *count = context;

	if (span_eq_nocase(address->local, SPAN("jru")))
		change_r->local = SPAN("J.Random.User");
	if (address->kind == DOMAIN_NONE ||
	    span_eq_nocase(address->domain, SPAN("old.example")))
		change_r->domain = SPAN("new.example");
	if (change_r->local.ptr == NULL && change_r->domain.ptr == NULL)
		return 0;
	++*count;
	return 1;
}

static const char *const cause = "test";

struct pair {
	struct sbuf in, want;
	size_t due;		/* addresses that are to change */
	size_t n;
};

static void
both(struct pair *pair, const char *text)
{
	sbuf_adds(&pair->in, text);
	sbuf_adds(&pair->want, text);
}

static void
add_address(struct pair *pair)
{
	size_t spec = PICK(specs), frame = PICK(frames);

	both(pair, frames[frame].before);
	sbuf_adds(&pair->in, specs[spec].from);
	sbuf_adds(&pair->want, specs[spec].to);
	both(pair, frames[frame].after);
	pair->due += strcmp(specs[spec].from, specs[spec].to) != 0;
	pair->n++;
}

static void
add_element(struct pair *pair)
{
	if (pick(5) > 0) {
		add_address(pair);
		return;
	}
	both(pair, group_begins[PICK(group_begins)]);
	for (size_t i = pick(3); i > 0; i--) {
		add_address(pair);
		if (i > 1)
			both(pair, separators[PICK(separators)]);
	}
	both(pair, pick(2) == 0 ? ";" : " ; (bare)");
}

static void
make_field(struct fixture *f, struct pair *pair)
{
	*pair = (struct pair){ .due = 0 };
	sbuf_init(&pair->in, f->arena, 10000);
	sbuf_init(&pair->want, f->arena, 10000);
	both(pair, pick(8) == 0 ? "" : " ");
	for (size_t i = 1 + pick(ELEMENTS_MOST); i > 0; i--) {
		add_element(pair);
		if (i > 1)
			both(pair, separators[PICK(separators)]);
	}
}

/* Another pass over FIELD 0 finds nothing due. */
static void
check_second_pass(struct fixture *f, struct edit_list *list)
{
	size_t edits = list->n, count = 0;

	assert_int_equal(addrfield_change(list, &f->facts.leaving, 0, change,
	    &count, &cause), 0);
	assert_int_equal(count, 0);
	assert_int_equal(list->n, edits);
}

static void
check_field(void)
{
	struct fixture f;
	struct edit_list list;
	struct pair pair;
	struct span in, want;
	struct header *header = &f.facts.leaving;
	size_t count = 0;

	fixture_setup(&f);
	edit_list_init(&list, f.arena);
	make_field(&f, &pair);
	assert_int_equal(sbuf_done(&pair.in, &in), 0);
	assert_int_equal(sbuf_done(&pair.want, &want), 0);
	assert_int_equal(header_add(header, SPAN("To"), in), 0);
	if (!header_addresses(header, &header->v[0])->is_valid)
		fail_msg("not a field: %s", in.ptr);
	assert_int_equal(addrfield_change(&list, header, 0, change, &count,
	    &cause), 0);
	if (!span_eq(header->v[0].value, want) || count != pair.due ||
	    list.n != (pair.due > 0))
		fail_msg("%s\nbecame\n%.*s\nwant\n%s", in.ptr,
		    SPAN_ARG(header->v[0].value), want.ptr);
	assert_int_equal(header_addresses(header, &header->v[0])->list.n,
	    pair.n);
	check_second_pass(&f, &list);
	fixture_teardown(&f);
}

static void
test_random_fields(void **state)
{
	(void)state;
	for (int i = 0; i < FIELDS; i++)
		check_field();
}

/* What cannot be read is not touched. */
static void
test_unreadable(void **state)
{
	static const char *const fields[] = {
		" a@old.example b", " <a@old.example", " a@old.example, (",
		" jru:", "", " ", " a@old..example",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct fixture f;
		struct edit_list list;
		size_t count = 0;

		fixture_setup(&f);
		edit_list_init(&list, f.arena);
		assert_int_equal(header_add(&f.facts.leaving, SPAN("To"),
		    span_of(fields[i])), 0);
		assert_int_equal(addrfield_change(&list, &f.facts.leaving, 0,
		    change, &count, &cause), 0);
		assert_int_equal(list.n, 0);
		fixture_teardown(&f);
	}
}

/* An edit of ours is reworded, not joined by a second one. */
static void
test_field_of_ours(void **state)
{
	struct fixture f;
	struct edit_list list;
	size_t count = 0;

	(void)state;
	fixture_setup(&f);
	edit_list_init(&list, f.arena);
	assert_int_equal(edit_add(&list, &f.facts.leaving, "Sender",
	    SPAN("jru@keep.example"), "sender"), 0);
	assert_int_equal(addrfield_change(&list, &f.facts.leaving, 0, change,
	    &count, &cause), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.v[0].kind, EDIT_ADD);
	assert_string_equal(list.v[0].value.ptr,
	    " J.Random.User@keep.example");
	fixture_teardown(&f);
}

static int
refuse(void *context, const struct address *address,
    struct address_change *change_r)
{
	(void)context;
	(void)address;
	(void)change_r;
	return -1;
}

static void
test_failure(void **state)
{
	struct fixture f;
	struct edit_list list;

	(void)state;
	fixture_setup(&f);
	edit_list_init(&list, f.arena);
	assert_int_equal(header_add(&f.facts.leaving, SPAN("To"),
	    SPAN(" a@old.example")), 0);
	assert_int_equal(addrfield_change(&list, &f.facts.leaving, 0, refuse,
	    NULL, &cause), -1);
	assert_int_equal(list.n, 0);
	fixture_teardown(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_fields),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_field_of_ours),
		cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
