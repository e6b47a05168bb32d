/*
 * test_cidr.c - networks and addresses of clients: D3.3 (auth-required,
 * client networks).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mutate.h"
#include "syntax/cidr.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *in;
	const char *want;
} refusals[] = {
	{ "", "not an IPv4 or IPv6 address" },
	{ "/", "not an IPv4 or IPv6 address" },
	{ "/24", "not an IPv4 or IPv6 address" },
	{ "localhost", "not an IPv4 or IPv6 address" },
	{ "192.0.2", "not an IPv4 or IPv6 address" },
	{ "192.0.2.", "not an IPv4 or IPv6 address" },
	{ "192.0.2.0.0", "not an IPv4 or IPv6 address" },
	{ "192.0.2.256", "not an IPv4 or IPv6 address" },
	{ "192.0.2.01", "not an IPv4 or IPv6 address" },
	{ "192.0.2.1 ", "not an IPv4 or IPv6 address" },
	{ " 192.0.2.1", "not an IPv4 or IPv6 address" },
	{ "192.0.2.1.example", "not an IPv4 or IPv6 address" },
	{ "0x7f000001", "not an IPv4 or IPv6 address" },
	{ "2130706433", "not an IPv4 or IPv6 address" },
	{ "[192.0.2.1]", "not an IPv4 or IPv6 address" },
	{ "[2001:db8::1]", "not an IPv4 or IPv6 address" },
	{ "IPv6:2001:db8::1", "not an IPv4 or IPv6 address" },
	{ "2001:db8", "not an IPv4 or IPv6 address" },
	{ "2001:db8:::1", "not an IPv4 or IPv6 address" },
	{ "1::2::3", "not an IPv4 or IPv6 address" },
	{ "1:2:3:4:5:6:7:8:9", "not an IPv4 or IPv6 address" },
	{ "12345::", "not an IPv4 or IPv6 address" },
	{ "g::", "not an IPv4 or IPv6 address" },
	{ "fe80::1%eth0", "not an IPv4 or IPv6 address" },
	{ "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff:0000:1111:2222",
	    "not an IPv4 or IPv6 address" },
	/* one octet longer than any address */
	{ "2001:0db8:0000:0000:0000:0000:255.255.255.2550",
	    "not an IPv4 or IPv6 address" },
	{ "192.0.2.0/", "prefix length is no number in range" },
	{ "192.0.2.0/33", "prefix length is no number in range" },
	{ "192.0.2.0/-1", "prefix length is no number in range" },
	{ "192.0.2.0/+8", "prefix length is no number in range" },
	{ "192.0.2.0/08", "prefix length is no number in range" },
	{ "192.0.2.0/024", "prefix length is no number in range" },
	{ "192.0.2.0/24 ", "prefix length is no number in range" },
	{ "192.0.2.0/24/24", "prefix length is no number in range" },
	{ "192.0.2.0/255.255.255.0", "prefix length is no number in range" },
	{ "192.0.2.0/2a", "prefix length is no number in range" },
	{ "2001:db8::/129", "prefix length is no number in range" },
	{ "2001:db8::/999", "prefix length is no number in range" },
	{ "2001:db8::/4294967328", "prefix length is no number in range" },
	{ "192.0.2.1/24", "bits are set beyond the prefix" },
	{ "192.0.2.0/22", "bits are set beyond the prefix" },
	{ "192.0.2.1/0", "bits are set beyond the prefix" },
	{ "192.0.2.1/31", "bits are set beyond the prefix" },
	{ "8000::/0", "bits are set beyond the prefix" },
	{ "2001:db8::1/32", "bits are set beyond the prefix" },
	{ "2001:db8::/28", "bits are set beyond the prefix" },
	{ "::1/127", "bits are set beyond the prefix" },
};

static const struct {
	const char *network, *address;
	bool want;
} matches[] = {
	{ "192.0.2.0/24", "192.0.1.255", false },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.0/24", "192.0.2.0", true },
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "::ffff:192.0.2.7", true },
	{ "192.0.2.0/24", "::192.0.2.7", false },
	{ "192.0.2.0/24", "2001:db8::192.0.2.7", false },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.4/30", "192.0.2.3", false },
	{ "192.0.2.4/30", "192.0.2.7", true },
	{ "192.0.2.4/30", "192.0.2.8", false },
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "192.0.2.1/32", "192.0.2.1", true },
	{ "10.0.0.0/8", "10.255.255.255", true },
	{ "10.0.0.0/8", "11.0.0.0", false },
	{ "0.0.0.0/0", "255.255.255.255", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "128.0.0.0/1", "127.255.255.255", false },
	{ "128.0.0.0/1", "128.0.0.0", true },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::1", false },
	{ "2001:db8::/32", "192.0.2.1", false },
	{ "2001:DB8::1", "2001:db8:0:0:0:0:0:1", true },
	{ "2001:db8::1", "2001:db8::2", false },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "2001:db8::/33", "2001:db8:7fff::", true },
	{ "::1", "::1", true },
	{ "::1", "127.0.0.1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "192.0.2.1", true },
	{ "::ffff:192.0.2.0/120", "192.0.2.9", true },
	{ "::ffff:192.0.2.0/120", "192.0.3.9", false },
};

static void
test_refused(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct cidr cidr = { .prefix = 999 };
		const char *error = "";
		int got = cidr_parse(span_of(refusals[i].in), &cidr, &error);

		if (got == -1 && strcmp(error, refusals[i].want) == 0 &&
		    cidr.prefix == 999)
			continue;
		print_error("%s: got %d \"%s\", want -1 \"%s\"\n",
		    refusals[i].in, got, error, refusals[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
test_nul_is_refused(void **state)
{
	static const char text[] = "192.0.2.1\0.example";
	struct ip ip;
	struct cidr cidr;
	const char *error;

	(void)state;
	assert_int_equal(ip_parse((struct span){ text, sizeof(text) - 1 },
	    &ip), -1);
	assert_int_equal(cidr_parse((struct span){ text, 10 }, &cidr, &error),
	    -1);
	assert_int_equal(ip_parse((struct span){ text, 9 }, &ip), 1);
}

static void
test_networks_contain(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(matches); i++) {
		struct cidr cidr;
		struct ip ip;
		const char *error = "";
		bool got;

		if (cidr_parse(span_of(matches[i].network), &cidr, &error) != 1)
			fail_msg("%s: %s", matches[i].network, error);
		assert_int_equal(ip_parse(span_of(matches[i].address), &ip), 1);
		got = cidr_contains(&cidr, &ip);
		if (got == matches[i].want)
			continue;
		print_error("%s in %s: got %d, want %d\n", matches[i].address,
		    matches[i].network, got, matches[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
test_mapped_is_ipv4(void **state)
{
	struct ip plain, mapped;

	(void)state;
	assert_int_equal(ip_parse(SPAN("192.0.2.1"), &plain), 1);
	assert_int_equal(ip_parse(SPAN("::ffff:c000:201"), &mapped), 1);
	assert_memory_equal(plain.octets, mapped.octets, sizeof(plain.octets));
}

/* A network that was read contains its own address, as often as it says. */
static void
try_cidr(struct span s, void *context)
{
	struct cidr cidr;
	struct ip ip;
	const char *error = NULL;

	(void)context;
	if (cidr_parse(s, &cidr, &error) != 1) {
		assert_non_null(error);
		assert_int_equal(ip_parse(s, &ip), -1);
		return;
	}
	assert_true(cidr.prefix <= 128);
	assert_true(cidr_contains(&cidr, &cidr.network));
	ip = cidr.network;
	for (unsigned bit = 0; bit < 128; bit++) {
		ip.octets[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
		assert_int_equal(cidr_contains(&cidr, &ip),
		    bit >= cidr.prefix);
		ip.octets[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
	}
}

static void
test_near_misses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++)
		mutate_all(span_of(refusals[i].in), try_cidr, NULL);
	for (size_t i = 0; i < COUNT(matches); i++)
		mutate_all(span_of(matches[i].network), try_cidr, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul_is_refused),
		cmocka_unit_test(test_networks_contain),
		cmocka_unit_test(test_mapped_is_ipv4),
		cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
