/*
 * test_refold - lines that are too long, folded.
 * Proves: D8.8 D4.2c (a field that grows leaves in lines that MTAs do not
 * break), X6 (a second pass changes nothing; addresses and all octets but
 * line ends stay).
 *
 * Fields are made at random; the order of the random numbers is always the
 * same.
 */
#include "facts_fixture.h"

#include "base/sbuf.h"
#include "edit/refold.h"
#include "mutate.h"
#include "pick.h"

#define FIELDS 3000
#define LONGEST 990u
#define NAME SPAN("Disposition-Notification-To")

static const char *const addresses[] = {
	"a@example.org", "A <a@example.org>", "A B <a@example.org>",
	"\"a, b (\\\" c\" <a@example.org>", "(a, (b) \\) c) a@example.org",
	"\"a, b\"@example.org", "a@[192.0.2.1]", "A <(x, y) a@example.org>",
	"a . b @ example . org", "=?utf-8?q?a,_b?= <a@example.org>",
	"team: a@example.org,b@example.org;", "a@example.org (it's, \" odd)",
};

static const char *const separators[] = {
	",", ",", ", ", " , ", ",\n ", " ,\n\t", ",,", ",  \t ",
};

static struct span
make_field(struct fixture *f)
{
	struct sbuf out;
	struct span value;
	size_t n = 1 + pick(90), kinds = pick(2) == 0 ? 4 : 8;

	sbuf_init(&out, f->arena, 100000);
	sbuf_adds(&out, pick(8) == 0 ? "" : " ");
	while (n-- > 0) {
		sbuf_adds(&out, addresses[PICK(addresses)]);
		if (n > 0)
			sbuf_adds(&out, separators[pick(kinds)]);
	}
	assert_int_equal(sbuf_done(&out, &value), 0);
	return value;
}

static size_t
longest_line(struct span value)
{
	size_t most = 0, n = NAME.len + 1;

	for (size_t i = 0; i < value.len; i++) {
		n = value.ptr[i] == '\n' ? 0 : n + 1;
		most = n > most ? n : most;
	}
	return most;
}

/* FOLDED is VALUE with line ends put in, and a blank each after commas. */
static bool
is_folded_of(struct span folded, struct span value)
{
	size_t i = 0;

	for (size_t k = 0; k < folded.len; k++) {
		char c = folded.ptr[k];

		if (i < value.len && c == value.ptr[i]) {
			i++;
			continue;
		}
		if (c != '\n' || k + 1 == folded.len || i == 0)
			return false;
		if (value.ptr[i] == ' ' || value.ptr[i] == '\t')
			continue;
		if (value.ptr[i - 1] != ',' || folded.ptr[++k] != ' ')
			return false;
	}
	return i == value.len;
}

static bool
has_blank_line(struct span value)
{
	size_t end;

	for (; value.len > 0; value = span_slice(value, end + 1, value.len)) {
		end = span_find(value, '\n');
		if (span_trim(span_slice(value, 0, end)).len == 0)
			return true;
		if (end == value.len)
			break;
	}
	return false;
}

static const struct address_list *
read_field(struct fixture *f, struct span value)
{
	struct header *header = &f->facts.leaving;

	assert_int_equal(header_add(header, SPAN("To"), value), 0);
	assert_true(header_addresses(header,
	    &header->v[header->n - 1])->is_valid);
	return &header->v[header->n - 1].addresses->list;
}

static void
check_same_addresses(struct fixture *f, struct span a, struct span b)
{
	const struct address_list *x = read_field(f, a), *y = read_field(f, b);

	assert_int_equal(x->n, y->n);
	assert_int_equal(x->groups, y->groups);
	for (size_t i = 0; i < x->n; i++)
		assert_true(span_eq(x->v[i].local, y->v[i].local) &&
		    span_eq(x->v[i].domain, y->v[i].domain));
}

static size_t folded_fields;

static void
check_field(void)
{
	struct fixture f;
	struct span value, folded, again;

	fixture_setup(&f);
	value = make_field(&f);
	assert_int_equal(refold_addresses(NAME, value, f.arena, &folded), 0);
	if (longest_line(value) <= LONGEST)
		assert_ptr_equal(folded.ptr, value.ptr);
	else
		folded_fields++;
	if (longest_line(folded) > LONGEST || !is_folded_of(folded, value) ||
	    (has_blank_line(folded) && !has_blank_line(value)))
		fail_msg("%.*s\nbecame\n%.*s", SPAN_ARG(value),
		    SPAN_ARG(folded));
	check_same_addresses(&f, value, folded);
	assert_int_equal(refold_addresses(NAME, folded, f.arena, &again), 0);
	assert_ptr_equal(again.ptr, folded.ptr);
	fixture_teardown(&f);
}

static void
test_random_fields(void **state)
{
	(void)state;
	for (int i = 0; i < FIELDS; i++)
		check_field();
	assert_in_range(folded_fields, FIELDS / 10, FIELDS);
}

/* Lines that are short enough stay, those beside a long one too. */
static void
test_only_what_is_long(void **state)
{
	char line[1100];
	struct fixture f;
	struct span value, folded;

	(void)state;
	fixture_setup(&f);
	memset(line, 'a', sizeof(line));
	memcpy(line, " first@example.org ,\n\tsecond@example.org,\n ", 42);
	line[900] = ',';
	memcpy(line + sizeof(line) - 26, "@example.org,\n x@example.org", 26);
	value = (struct span){ line, sizeof(line) };
	assert_int_equal(refold_addresses(NAME, value, f.arena, &folded), 0);
	assert_int_equal(folded.len, value.len + 2);
	assert_memory_equal(folded.ptr, line, 901);
	assert_memory_equal(folded.ptr + 901, "\n ", 2);
	assert_memory_equal(folded.ptr + 903, line + 901,
	    sizeof(line) - 901);
	fixture_teardown(&f);
}

/* Without a place to part it, a line stays as long as it is. */
static void
test_no_place(void **state)
{
	static const char *const ends[] = { "@example.org", "\" <a@b.example>",
		") a@b.example", ">" };
	static const char *const begins[] = { " ", " \"a, b ", " (a, b ",
		" <a@b.example, " };
	char text[1200];
	struct fixture f;
	struct span folded;

	(void)state;
	fixture_setup(&f);
	for (size_t i = 0; i < 4; i++) {
		size_t n = strlen(begins[i]);
		struct span value;

		memset(text, 'a', sizeof(text));
		memcpy(text, begins[i], n);
		memcpy(text + 1100, ends[i], strlen(ends[i]));
		value = (struct span){ text, 1100 + strlen(ends[i]) };
		assert_int_equal(refold_addresses(NAME, value, f.arena,
		    &folded), 0);
		assert_true(longest_line(folded) > LONGEST);
		assert_true(is_folded_of(folded, value));
	}
	fixture_teardown(&f);
}

static void
check_mutant(struct span value, void *context)
{
	struct fixture *f = context;
	struct span folded, again;

	arena_reset(f->arena);
	assert_int_equal(refold_addresses(NAME, value, f->arena, &folded), 0);
	assert_true(is_folded_of(folded, value));
	assert_int_equal(refold_addresses(NAME, folded, f->arena, &again), 0);
	assert_true(span_eq(again, folded));
}

/* Whatever the octets are, none but those are put in. */
static void
test_near_misses(void **state)
{
	static const char text[] = " \"a, b\" <a@b>,(x, \\) y)c d,e\n f,<g, h>";
	char value[1100];
	struct fixture f;

	(void)state;
	fixture_setup(&f);
	memset(value, ',', sizeof(value));
	memcpy(value, text, strlen(text));
	mutate_all((struct span){ value, strlen(text) }, check_mutant, &f);
	for (size_t i = 0; i < strlen(text); i++) {
		char kept = value[i];

		for (const char *c = "\"\\(),<>[] \n\ta"; *c != '\0'; c++) {
			value[i] = *c;
			check_mutant((struct span){ value, sizeof(value) },
			    &f);
		}
		value[i] = kept;
	}
	fixture_teardown(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_fields),
		cmocka_unit_test(test_only_what_is_long),
		cmocka_unit_test(test_no_place),
		cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
