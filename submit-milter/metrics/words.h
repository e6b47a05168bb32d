/*
 * words - counts by a word that is not known beforehand: a profile's name.
 *
 * Room for so many words; what comes beyond it is counted as "other". A
 * word that was seen once stays. Counting takes no lock and no memory. Any
 * thread.
 */
#ifndef SUBMIT_METRICS_WORDS_H
#define SUBMIT_METRICS_WORDS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_MOST 128
#define WORDS_COLUMNS 4

struct words {
	_Atomic(const char *) names[WORDS_MOST];
	/* The last row: other. */
	atomic_uint_least64_t counts[WORDS_MOST + 1][WORDS_COLUMNS];
};

/* One more of WORD. WORD, which outlives all, has a place if there is room. */
void words_count(struct words *words, const char *word, int column);

/* The same, if WORD has a place; it may go away. */
void words_count_known(struct words *words, const char *word, int column);

/* Gives WORD a place, a copy that stays. Nothing when there is no memory. */
void words_learn(struct words *words, const char *word);

/* Frees what words_learn() copied; all of its words must have come so. */
void words_forget(struct words *words);

/* Name of ROW; NULL after the last. */
const char *words_name(const struct words *words, size_t row);
uint64_t words_counted(const struct words *words, size_t row, int column);

#endif
