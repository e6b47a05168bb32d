/*
 * pick - what looks like chance, for tests of things made at random. The order
 * is always the same.
 */
#ifndef SUBMIT_UNIT_PICK_H
#define SUBMIT_UNIT_PICK_H

#include <stddef.h>
#include <stdint.h>

/* From 0 to N - 1. */
static inline size_t
pick(size_t n)
{
	static uint32_t seed = 20261122;

	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* An index of the array. */
#define PICK(array) pick(sizeof(array) / sizeof((array)[0]))

#endif
