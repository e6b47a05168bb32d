/*
 * uid.c - see uid.h.
 */
#include "base/uid.h"

#include <sys/random.h>
#include <sys/types.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#define TIME_CHARS 10	/* 50 bits, of which 48 are used */
#define RANDOM_OCTETS 10	/* 80 bits: 16 characters */

int
uid_make(int64_t now_ms, char uid_r[UID_SIZE])
{
	unsigned char octets[RANDOM_OCTETS];
	uint64_t time = (uint64_t)now_ms & 0xffffffffffffu;
	unsigned bits = 0, have = 0;
	int n = TIME_CHARS;

	if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets))
		return -1;
	for (int i = TIME_CHARS - 1; i >= 0; i--) {
		uid_r[i] = alphabet[time & 31];
		time >>= 5;
	}
	for (int i = 0; i < RANDOM_OCTETS; i++) {
		bits = bits << 8 | octets[i];
		have += 8;
		while (have >= 5) {
			have -= 5;
			uid_r[n++] = alphabet[bits >> have & 31];
		}
	}
	uid_r[n] = '\0';
	return 0;
}
