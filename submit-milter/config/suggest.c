/*
 * suggest.c - see suggest.h. Distance of Damerau and Levenshtein, in the
 * form that edits no part of a word twice.
 */
#include "config/suggest.h"

#include <stdint.h>
#include <string.h>

#define WORD_MAX 63

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

size_t
suggest_distance(const char *a, const char *b)
{
	size_t d[3][WORD_MAX + 1];	/* rows i - 2, i - 1 and i, in turn */
	size_t m = strlen(a), n = strlen(b);

	if (m > WORD_MAX || n > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t *row = d[i % 3];
		const size_t *above = d[(i + 2) % 3];
		const size_t *above2 = d[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = least(above[j] + 1, row[j - 1] + 1,
			    above[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && above2[j - 2] + 1 < row[j])
				row[j] = above2[j - 2] + 1;
		}
	}
	return d[m % 3][n];
}

size_t
suggest_limit(const char *word)
{
	size_t len = strlen(word);

	return len < 4 ? 1 : len < 9 ? 2 : 3;
}
