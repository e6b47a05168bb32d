/*
 * suggest - how far a mistyped word is from one that exists.
 *
 * For the files of config/ only. Pure; any thread.
 */
#ifndef SUBMIT_CONFIG_SUGGEST_H
#define SUBMIT_CONFIG_SUGGEST_H

#include <stddef.h>

/*
 * Letters to insert, delete, replace or swap with their neighbour to make
 * one of the other; words longer than 63 octets are far from everything.
 */
size_t suggest_distance(const char *a, const char *b);

/* The greatest distance at which a word like WORD may have been meant. */
size_t suggest_limit(const char *word);

#endif
