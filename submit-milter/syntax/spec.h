/*
 * spec - local part and domain as header fields write them.
 *
 * RFC 5322 sections 3.4.1 and 4.4 (addr-spec and its obsolete forms). For
 * the other files of syntax/ only: addresses and message ids consist of
 * these. Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_SPEC_H
#define SUBMIT_SYNTAX_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "syntax/domain.h"
#include "syntax/lex.h"

/* A run of words and dots; what it is, only the octet after it says. */
struct spec_words {
	size_t begin, end;
	size_t n;		/* words */
	bool is_phrase;		/* it begins with a word */
	bool is_local;		/* words and dots take turns, words outside */
	bool has_dot;
	bool has_quoted;
	bool has_space;		/* between two of its tokens */
	bool has_fold;		/* within a quoted-string */
};

/*
 * Reads the words and dots from the token at hand on; none is right as
 * well. 0, or -1 and the error in *lex.
 */
int spec_words(struct lex *lex, struct spec_words *words_r)
    __attribute__((warn_unused_result));

/*
 * The local part that WORDS (is_local) make: a dot-atom or one
 * quoted-string, without comments and folding; a span of the field where
 * it stands there so, and else in the arena. 1, or 0 without memory.
 */
int spec_local(const struct lex *lex, const struct spec_words *words,
    struct arena *arena, struct span *local_r)
    __attribute__((warn_unused_result));

/* True when it takes obs-local-part to write it so. */
bool spec_local_is_obsolete(const struct spec_words *words);

/*
 * Reads a domain from the token at hand on, and makes it one span in the
 * same way. A literal that RFC 5321 does not know is DOMAIN_GENERAL. With
 * a NULL arena it is only read, and *domain_r and *kind_r are left alone.
 * 1, -1 and the error in *lex, 0 without memory.
 */
int spec_domain(struct lex *lex, struct arena *arena,
    struct span *domain_r, enum domain_kind *kind_r)
    __attribute__((warn_unused_result));

#endif
