/*
 * words - what a record can be found by.
 *
 * Reads a line as record writes it (submit-milter-audit(5)) and gives its
 * words: each a kind and a text in the one form in which words of that kind
 * are compared. Who looks for something brings it into the same form. Pure;
 * any thread, one at a time for an object.
 */
#ifndef SUBMIT_AUDIT_WORDS_H
#define SUBMIT_AUDIT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "syntax/cidr.h"

/* Numbers stand in files of the store: never change one. */
enum word_kind {
	WORD_ID = 1,		/* name of the transaction */
	WORD_MESSAGE_ID = 2,
	WORD_QUEUE_ID = 3,
	WORD_SESSION = 4,
	WORD_IDENTITY = 5,	/* with its type */
	WORD_CLIENT = 6,	/* network around the client: word_network() */
	WORD_SENDER = 7,	/* envelope sender or mailbox of From */
	WORD_RECIPIENT = 8,	/* of the envelope */
};

struct word {
	enum word_kind kind;
	struct span text;
};

struct words {
	int64_t time_us;	/* of MAIL, since 1970 */
	struct word *v;
	size_t n;
	struct span id;		/* the text of WORD_ID */
	struct ip client;
	bool has_client;
	/* Inside. */
	size_t room;
	struct arena *arena;
	bool is_short;		/* of memory */
};

/*
 * Reads LINE. 1: *words_r holds until the arena, which must outlive it, is
 * reset. 0: a record that is none of a message (of a connection that never
 * came to MAIL). -1: no record. -2: no memory.
 */
int words_read(struct span line, struct arena *arena, struct words *words_r)
    __attribute__((warn_unused_result));

/*
 * TEXT in the form in which words of KIND are compared: a Message-ID without
 * angle brackets, addresses folded, identities in lower case. Empty: there
 * is nothing to compare. 0, or -1 without memory.
 */
int word_fold(enum word_kind kind, struct span text, struct arena *arena,
    struct span *folded_r) __attribute__((warn_unused_result));

/* Prefixes, counted in 128 bits, that clients have words for; 0 ends. */
const unsigned *word_prefixes(const struct ip *ip);

#define WORD_NETWORK_SIZE 17

/* The word of the network of PREFIX bits around an address. */
struct span word_network(const struct ip *ip, unsigned prefix,
    char text_r[WORD_NETWORK_SIZE]);

#endif
