/*
 * glob.c - see glob.h.
 */
#include "base/glob.h"

#include "base/ascii.h"

bool
glob_matches(struct span pattern, struct span s)
{
	size_t p = 0, i = 0;
	/* After the last star, and where its run ends so far. */
	size_t star = pattern.len + 1, run = 0;

	while (i < s.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = ++p;
			run = i;
		} else if (p < pattern.len && (pattern.ptr[p] == '?' ||
		    ascii_lower((unsigned char)pattern.ptr[p]) ==
		    ascii_lower((unsigned char)s.ptr[i]))) {
			p++;
			i++;
		} else if (star <= pattern.len) {
			p = star;
			i = ++run;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

const char *
glob_first(const char *const *patterns, size_t n, struct span s)
{
	for (size_t i = 0; i < n; i++)
		if (glob_matches(span_of(patterns[i]), s))
			return patterns[i];
	return NULL;
}
