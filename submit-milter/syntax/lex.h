/*
 * lex - the tokens of structured header fields.
 *
 * RFC 5322 sections 3.2 and 4.1 (white space, comments, atoms, quoted
 * strings), 3.4.1 (domain literals); RFC 6532 (UTF-8). For the other files
 * of syntax/ only. Reads each octet once and needs no memory.
 * Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_LEX_H
#define SUBMIT_SYNTAX_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* Comments within comments deeper than this are an error. */
#define LEX_COMMENT_DEPTH 128

enum lex_kind {
	LEX_END,		/* nothing is left */
	LEX_ATOM,
	LEX_QUOTED,		/* a quoted-string, quotes included */
	LEX_LITERAL,		/* a domain-literal, brackets included */
	LEX_SPECIAL,		/* one octet of , : ; < > @ . */
};

struct lex_token {
	enum lex_kind kind;
	char special;		/* which, or NUL */
	bool has_space;		/* white space or comments came before it */
	bool has_fold;		/* a line end within it */
	bool is_obsolete;	/* something obsolete in it or before it */
	size_t begin, end;
};

struct lex {
	struct span s;
	size_t pos;		/* after the token */
	struct lex_token token;	/* the one at hand */
	size_t last_end;	/* where the one before it ended */
	size_t tokens;		/* read so far */
	bool is_obsolete;	/* obs-FWS, obs-ctext ... read so far */
	const char *error;	/* what is wrong, when a function failed */
	size_t error_at;
};

/* An octet of FWS. */
static inline bool
lex_is_fws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * Begins to read S: refuses NUL, a CR without LF, a line end that is not
 * followed by white space, and what is not UTF-8, wherever they stand. No
 * token is at hand yet. 0, or -1 and the error in *lex.
 */
int lex_init(struct lex *lex, struct span s)
    __attribute__((warn_unused_result));

/* Goes on to the next token. 0, or -1 and the error in *lex. */
int lex_next(struct lex *lex) __attribute__((warn_unused_result));

/*
 * Skips [CFWS] at pos; *has_fws_r: the last thing skipped was white space,
 * *has_comment_r: there was a comment. Either may be NULL. As lex_next().
 */
int lex_skip(struct lex *lex, bool *has_fws_r, bool *has_comment_r)
    __attribute__((warn_unused_result));

/* Records an error at offset AT; returns -1. */
int lex_fail(struct lex *lex, const char *what, size_t at);

/* True when the token at hand is this special. */
bool lex_is(const struct lex *lex, char special);

/* True when the token at hand is a word: atom or quoted-string. */
bool lex_is_word(const struct lex *lex);

#endif
