/*
 * test_transfer - quoted-printable and base64, as octets stream by.
 * Proves: D8.4 (decoded content is the same; no line is too long), X6 (what is
 * right stays).
 *
 * Content is made at random, of octets that mean something; the order of the
 * random numbers is always the same. Decoders here are plain.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pick.h"
#include "syntax/transfer.h"

#define ROUNDS 3000
#define MOST 2000u

struct text {
	char v[MOST * 8];
	size_t n;
};

static void
take(void *context, struct span octets)
{
	struct text *text = context;

	assert_true(text->n + octets.len <= sizeof(text->v));
	memcpy(text->v + text->n, octets.ptr, octets.len);
	text->n += octets.len;
}

/* In pieces of at most MOST_PIECE octets. */
static void
encode(enum transfer_method method, const struct text *from, struct text *to,
    size_t most_piece)
{
	static struct transfer t;
	size_t n;

	to->n = 0;
	transfer_begin(&t, method, take, to);
	for (size_t i = 0; i < from->n; i += n) {
		n = 1 + pick(most_piece);
		n = n < from->n - i ? n : from->n - i;
		transfer_feed(&t, (struct span){ from->v + i, n });
	}
	transfer_end(&t);
	assert_int_equal(t.size, to->n);
}

static size_t
count(enum transfer_method method, const struct text *from)
{
	static struct transfer t;

	transfer_begin(&t, method, NULL, NULL);
	transfer_feed(&t, (struct span){ from->v, from->n });
	transfer_end(&t);
	return t.size;
}

static void
make(struct text *text)
{
	static const char *const pieces[] = { "\r\n", "\r\n", "\r", "\n", "=",
		" ", "\t", " \r\n", ".", "\r\n.\r\n", "From ", "word", "A",
		"\xc3\xa4", "\xff", "=\r\n", "=41", "0123456789abcdefghij" };
	size_t n = pick(200);

	text->n = 0;
	while (n-- > 0) {
		take(text, span_of(pieces[PICK(pieces)]));
		if (pick(40) == 0)
			take(text, (struct span){ "", 1 });
	}
}

static int
digit(char c, const char *digits)
{
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	return p == NULL ? -1 : (int)(p - digits);
}

static void
decode_qp(const struct text *from, struct text *to)
{
	static const char hex[] = "0123456789ABCDEF";

	to->n = 0;
	for (size_t i = 0; i < from->n; i++) {
		char c = from->v[i];

		if (c == '=' && from->v[i + 1] == '\r') {
			i += 2;
			continue;
		}
		if (c == '=') {
			int high = digit(from->v[i + 1], hex);
			int low = digit(from->v[i + 2], hex);

			assert_true(high >= 0 && low >= 0);
			c = (char)(high * 16 + low);
			i += 2;
		}
		take(to, (struct span){ &c, 1 });
	}
}

static void
decode_base64(const struct text *from, struct text *to)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	int n = 0;

	to->n = 0;
	for (size_t i = 0; i < from->n; i++) {
		int value = digit(from->v[i], digits);
		char c;

		if (value < 0) {
			assert_non_null(strchr("=\r\n", from->v[i]));
			continue;
		}
		bits = bits << 6 | (uint32_t)value;
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		c = (char)(bits >> n & 255);
		take(to, (struct span){ &c, 1 });
	}
}

/* Lines of 76 octets of ASCII, ended by CRLF, no blank before that in QP. */
static void
check_form(enum transfer_method method, const struct text *text)
{
	size_t column = 0;

	for (size_t i = 0; i < text->n; i++) {
		unsigned char c = (unsigned char)text->v[i];

		if (c == '\r') {
			assert_int_equal(text->v[i + 1], '\n');
			assert_true(column == 0 ||
			    method == TRANSFER_MEND_BASE64 ||
			    strchr(" \t", text->v[i - 1]) == NULL);
			i++;
			column = 0;
			continue;
		}
		assert_true(c == '\t' || (c >= ' ' && c <= '~'));
		assert_true(++column <= 76);
	}
}

static bool
is_same(const struct text *a, const struct text *b)
{
	return a->n == b->n && memcmp(a->v, b->v, a->n) == 0;
}

static void
check(enum transfer_method method, enum transfer_method mend,
    void (*decode)(const struct text *, struct text *))
{
	static struct text content, whole, other;

	for (int i = 0; i < ROUNDS; i++) {
		make(&content);
		encode(method, &content, &whole, MOST);
		check_form(method, &whole);
		encode(method, &content, &other, 3);
		assert_true(is_same(&whole, &other));
		assert_int_equal(count(method, &content), whole.n);
		decode(&whole, &other);
		if (!is_same(&content, &other))
			fail_msg("%.*s\nbecame\n%.*s", (int)content.n,
			    content.v, (int)whole.n, whole.v);
		encode(mend, &whole, &other, 3);
		assert_true(is_same(&whole, &other));
	}
}

static void
test_quoted_printable(void **state)
{
	(void)state;
	check(TRANSFER_QP, TRANSFER_MEND_QP, decode_qp);
}

static void
test_base64(void **state)
{
	(void)state;
	check(TRANSFER_BASE64, TRANSFER_MEND_BASE64, decode_base64);
}

/* Whatever is mended has the right form, however it comes, and stays so. */
static void
check_mended(enum transfer_method method)
{
	static struct text content, once, again;

	for (int i = 0; i < ROUNDS; i++) {
		make(&content);
		encode(method, &content, &once, MOST);
		check_form(method, &once);
		encode(method, &content, &again, 2);
		assert_true(is_same(&once, &again));
		encode(method, &once, &again, 7);
		if (!is_same(&once, &again))
			fail_msg("%.*s\nbecame\n%.*s", (int)once.n, once.v,
			    (int)again.n, again.v);
	}
}

static void
test_mended(void **state)
{
	(void)state;
	check_mended(TRANSFER_MEND_QP);
	check_mended(TRANSFER_MEND_BASE64);
}

static void
test_none(void **state)
{
	static struct text content, other;

	(void)state;
	for (int i = 0; i < 100; i++) {
		make(&content);
		encode(TRANSFER_NONE, &content, &other, 5);
		assert_true(is_same(&content, &other));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoted_printable),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_mended),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
