/*
 * token - the trace token: a header field that tells the operator who
 * submitted a message and when, and nobody else anything.
 *
 * RFC 5068 section 3.1. Name of the transaction, which has the time in it,
 * and identity are sealed by AES-256-SIV (RFC 5297) under a key that is
 * derived from those of a vault. All tokens have the same length; no two are
 * alike, as no two names are. An identity that is too long is cut, which is
 * told when it is opened. Keys are made ready once; any thread.
 */
#ifndef SUBMIT_AUDIT_TOKEN_H
#define SUBMIT_AUDIT_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/vault.h"
#include "base/arena.h"
#include "base/span.h"
#include "base/uid.h"

#define TOKEN_NAME_MOST 79	/* octets of an identity */

struct token_maker;

/* VAULT, whose keys are taken, may go. NULL: no memory or no AES-SIV. */
struct token_maker *token_maker_new(const struct vault *vault);

/* Wipes. Takes NULL; leaves NULL. */
void token_maker_free(struct token_maker **maker);

/*
 * The value of the field: two lines, folded, under the current key. IDENTITY
 * may be empty: nobody had authenticated. 0 or -1.
 */
int token_make(const struct token_maker *maker, const char *uid,
    struct span identity, struct arena *arena, struct span *value_r)
    __attribute__((warn_unused_result));

struct token {
	char uid[UID_SIZE];
	int64_t time_ms;		/* since 1970 */
	char identity[TOKEN_NAME_MOST + 1];	/* empty: nobody */
	bool is_cut;			/* the identity was longer */
};

enum token_status {
	TOKEN_OK,
	TOKEN_NONE,		/* it does not look like one */
	TOKEN_KEY_UNKNOWN,	/* the key it was made with is not there */
	TOKEN_FORGED,		/* damaged, or made up */
};

/* Blanks within TEXT do not count. */
enum token_status token_open(const struct token_maker *maker,
    struct span text, struct token *token_r)
    __attribute__((warn_unused_result));

#endif
