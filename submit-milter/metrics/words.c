/*
 * words.c - see words.h. Places are taken from the first on and never given
 * back, so the first that is free ends every search.
 */
#include "metrics/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *
name_at(const struct words *words, size_t row)
{
	return atomic_load_explicit(&words->names[row],
	    memory_order_acquire);
}

/* The row of WORD, or the first that is free; WORDS_MOST: there is none. */
static size_t
find(const struct words *words, const char *word, bool *is_known_r)
{
	size_t row;

	*is_known_r = false;
	for (row = 0; row < WORDS_MOST; row++) {
		const char *name = name_at(words, row);

		if (name == NULL)
			break;
		*is_known_r = strcmp(name, word) == 0;
		if (*is_known_r)
			break;
	}
	return row;
}

static void
count(struct words *words, size_t row, int column)
{
	(void)atomic_fetch_add_explicit(&words->counts[row][column], 1,
	    memory_order_relaxed);
}

void
words_count(struct words *words, const char *word, int column)
{
	const char *nobody = NULL;
	bool is_known;
	size_t row = find(words, word, &is_known);

	while (!is_known && row < WORDS_MOST) {
		nobody = NULL;
		if (atomic_compare_exchange_strong(&words->names[row],
		    &nobody, word))
			break;
		row = find(words, word, &is_known);
	}
	count(words, row, column);
}

void
words_count_known(struct words *words, const char *word, int column)
{
	bool is_known;
	size_t row = find(words, word, &is_known);

	count(words, is_known ? row : WORDS_MOST, column);
}

void
words_learn(struct words *words, const char *word)
{
	const char *nobody = NULL;
	bool is_known;
	size_t row = find(words, word, &is_known);
	char *copy;

	if (is_known || row == WORDS_MOST)
		return;
	copy = strdup(word);
	if (copy != NULL && !atomic_compare_exchange_strong(
	    &words->names[row], &nobody, copy))
		free(copy);
}

void
words_forget(struct words *words)
{
	for (size_t row = 0; row < WORDS_MOST; row++)
		free((void *)(uintptr_t)name_at(words, row));
}

const char *
words_name(const struct words *words, size_t row)
{
	return row < WORDS_MOST ? name_at(words, row) : NULL;
}

uint64_t
words_counted(const struct words *words, size_t row, int column)
{
	return atomic_load_explicit(&words->counts[row][column],
	    memory_order_relaxed);
}
