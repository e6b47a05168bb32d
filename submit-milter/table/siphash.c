/*
 * siphash.c - see siphash.h.
 */
#include "table/siphash.h"

struct state {
	uint64_t v[4];
};

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static void
rounds(struct state *s, unsigned count)
{
	while (count-- > 0) {
		s->v[0] += s->v[1];
		s->v[1] = rotate(s->v[1], 13) ^ s->v[0];
		s->v[0] = rotate(s->v[0], 32);
		s->v[2] += s->v[3];
		s->v[3] = rotate(s->v[3], 16) ^ s->v[2];
		s->v[0] += s->v[3];
		s->v[3] = rotate(s->v[3], 21) ^ s->v[0];
		s->v[2] += s->v[1];
		s->v[1] = rotate(s->v[1], 17) ^ s->v[2];
		s->v[2] = rotate(s->v[2], 32);
	}
}

/* COUNT octets, at most 8, the first the least significant. */
static uint64_t
load(const char *p, size_t count)
{
	uint64_t word = 0;

	for (size_t i = 0; i < count; i++)
		word |= (uint64_t)(unsigned char)p[i] << (8 * i);
	return word;
}

static void
absorb(struct state *s, uint64_t word)
{
	s->v[3] ^= word;
	rounds(s, 2);
	s->v[0] ^= word;
}

uint64_t
siphash(const struct siphash_key *key, struct span s)
{
	struct state state = { {
		key->v[0] ^ UINT64_C(0x736f6d6570736575),
		key->v[1] ^ UINT64_C(0x646f72616e646f6d),
		key->v[0] ^ UINT64_C(0x6c7967656e657261),
		key->v[1] ^ UINT64_C(0x7465646279746573),
	} };
	size_t i;

	for (i = 0; s.len - i >= 8; i += 8)
		absorb(&state, load(s.ptr + i, 8));
	absorb(&state, (s.len - i == 0 ? 0 : load(s.ptr + i, s.len - i)) |
	    (uint64_t)s.len << 56);
	state.v[2] ^= 0xff;
	rounds(&state, 4);
	return state.v[0] ^ state.v[1] ^ state.v[2] ^ state.v[3];
}
