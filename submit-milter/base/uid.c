/*
 * uid.c - see uid.h.
 */
#include "base/uid.h"

#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#define TIME_CHARS 10	/* 50 bits, of which 48 are used */
#define RANDOM_OCTETS 10	/* 80 bits: 16 characters */

static void
print(uint64_t time, const unsigned char octets[RANDOM_OCTETS],
    char uid_r[UID_SIZE])
{
	unsigned bits = 0, have = 0;
	int n = TIME_CHARS;

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
}

int
uid_make(int64_t now_ms, char uid_r[UID_SIZE])
{
	unsigned char octets[RANDOM_OCTETS];

	if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets))
		return -1;
	print((uint64_t)now_ms & 0xffffffffffffu, octets, uid_r);
	return 0;
}

static int
value_of(char c)
{
	const char *p = c == '\0' ? NULL : strchr(alphabet, c);

	return p == NULL ? -1 : (int)(p - alphabet);
}

int
uid_pack(const char *uid, unsigned char octets_r[UID_OCTETS])
{
	unsigned char octets[UID_OCTETS];
	uint64_t time = 0;
	unsigned bits = 0, have = 0;
	size_t n = UID_OCTETS - RANDOM_OCTETS;

	if (strlen(uid) != UID_SIZE - 1)
		return -1;
	for (int i = 0; i < UID_SIZE - 1; i++) {
		int value = value_of(uid[i]);

		if (value < 0)
			return -1;
		if (i < TIME_CHARS) {
			time = time << 5 | (unsigned)value;
			continue;
		}
		bits = bits << 5 | (unsigned)value;
		have += 5;
		if (have >= 8) {
			have -= 8;
			octets[n++] = (unsigned char)(bits >> have);
		}
	}
	if (time >> 48 != 0)
		return -1;
	for (int i = 0; i < UID_OCTETS - RANDOM_OCTETS; i++)
		octets[i] = (unsigned char)(time >> (40 - 8 * i));
	memcpy(octets_r, octets, UID_OCTETS);
	return 0;
}

void
uid_unpack(const unsigned char octets[UID_OCTETS], char uid_r[UID_SIZE])
{
	uint64_t time = 0;

	for (int i = 0; i < UID_OCTETS - RANDOM_OCTETS; i++)
		time = time << 8 | octets[i];
	print(time, octets + UID_OCTETS - RANDOM_OCTETS, uid_r);
}

int64_t
uid_time_ms(const unsigned char octets[UID_OCTETS])
{
	int64_t time = 0;

	for (int i = 0; i < UID_OCTETS - RANDOM_OCTETS; i++)
		time = time << 8 | octets[i];
	return time;
}
