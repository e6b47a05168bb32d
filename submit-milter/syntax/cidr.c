/*
 * cidr.c - see cidr.h.
 */
#include "syntax/cidr.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/ascii.h"

#define MAPPED_PREFIX 96	/* of ::ffff:0.0.0.0 */

/* 4, 6 for the notation that was used, or -1. */
static int
address_parse_text(struct span s, struct ip *ip_r)
{
	struct ip ip = { { [10] = 0xff, [11] = 0xff } };
	char text[INET6_ADDRSTRLEN];

	if (s.len == 0 || s.len >= sizeof(text) ||
	    memchr(s.ptr, '\0', s.len) != NULL)
		return -1;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	if (inet_pton(AF_INET, text, ip.octets + 12) == 1) {
		*ip_r = ip;
		return 4;
	}
	if (inet_pton(AF_INET6, text, ip.octets) == 1) {
		*ip_r = ip;
		return 6;
	}
	return -1;
}

int
ip_parse(struct span s, struct ip *ip_r)
{
	return address_parse_text(s, ip_r) < 0 ? -1 : 1;
}

/* 1*3DIGIT without leading zeros, at most MOST. 0 or -1. */
static int
prefix_parse(struct span s, unsigned most, unsigned *prefix_r)
{
	unsigned value = 0;

	if (s.len == 0 || s.len > 3 || (s.len > 1 && s.ptr[0] == '0'))
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_digit((unsigned char)s.ptr[i]))
			return -1;
		value = value * 10 + (unsigned)(s.ptr[i] - '0');
	}
	if (value > most)
		return -1;
	*prefix_r = value;
	return 0;
}

/* The bits of octet I that belong to a network of PREFIX bits. */
static uint8_t
octet_mask(unsigned prefix, unsigned i)
{
	if (prefix >= (i + 1) * 8)
		return 0xff;
	if (prefix <= i * 8)
		return 0;
	return (uint8_t)(0xff00u >> (prefix - i * 8));
}

int
cidr_parse(struct span s, struct cidr *cidr_r, const char **error_r)
{
	size_t slash = span_find(s, '/');
	struct cidr cidr = { .prefix = 128 };
	int version = address_parse_text(span_slice(s, 0, slash),
	    &cidr.network);
	unsigned most = version == 4 ? 32 : 128;

	if (version < 0) {
		*error_r = "not an IPv4 or IPv6 address";
		return -1;
	}
	if (slash < s.len) {
		if (prefix_parse(span_slice(s, slash + 1, s.len), most,
		    &cidr.prefix) != 0) {
			*error_r = "prefix length is no number in range";
			return -1;
		}
		if (version == 4)
			cidr.prefix += MAPPED_PREFIX;
	}
	for (unsigned i = 0; i < sizeof(cidr.network.octets); i++)
		if (cidr.network.octets[i] & ~octet_mask(cidr.prefix, i)) {
			*error_r = "bits are set beyond the prefix";
			return -1;
		}
	*cidr_r = cidr;
	return 1;
}

bool
cidr_contains(const struct cidr *cidr, const struct ip *ip)
{
	for (unsigned i = 0; i < sizeof(ip->octets); i++)
		if ((cidr->network.octets[i] ^ ip->octets[i]) &
		    octet_mask(cidr->prefix, i))
			return false;
	return true;
}
