/*
 * glob - patterns with "*" (any octets) and "?" (one octet).
 *
 * Letters match in any case. Pure; any thread.
 */
#ifndef SUBMIT_BASE_GLOB_H
#define SUBMIT_BASE_GLOB_H

#include <stdbool.h>

#include "base/span.h"

bool glob_matches(struct span pattern, struct span s);

/* The first of N patterns that matches, or NULL. */
const char *glob_first(const char *const *patterns, size_t n, struct span s);

#endif
