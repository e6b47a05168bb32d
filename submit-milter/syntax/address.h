/*
 * address - address fields of a message header.
 *
 * RFC 5322 sections 3.4 and 4.4 (obsolete forms accepted), RFC 6854
 * (groups in From and Sender), RFC 6532 (UTF-8). The parser reads octets
 * as they came, folding included, and never guesses: what does not fit
 * the grammar is an error with its place.
 * Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_ADDRESS_H
#define SUBMIT_SYNTAX_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "syntax/domain.h"

/* One mailbox of an address field. */
struct address {
	struct span name;	/* display-name as written, or empty */
	struct span local;	/* without comments and folding; quotes kept */
	struct span domain;	/* likewise; empty when there is none */
	enum domain_kind kind;
	bool has_angle;		/* written as angle-addr */
	bool is_obsolete;	/* obs-route, CFWS inside, obs-phrase ... */
	bool is_in_group;
	size_t begin, end;	/* where it stands in the field's value */
	size_t spec_begin, spec_end;	/* where its addr-spec stands */
};

struct address_list {
	struct address *v;	/* in the arena given to address_parse() */
	size_t n;
	size_t groups;
	size_t tokens;		/* atoms, quoted strings and specials */
	bool is_obsolete;	/* anything obsolete, empty elements included */
};

enum address_form {
	ADDRESS_MAILBOX,	/* Sender, Resent-Sender */
	ADDRESS_MAILBOX_LIST,	/* From, Resent-From */
	ADDRESS_LIST,		/* To, Cc, Reply-To ... */
	ADDRESS_LIST_OR_EMPTY,	/* Bcc */
};

struct address_error {
	const char *what;	/* a few ASCII words */
	size_t offset;		/* in the value */
};

/*
 * Parses VALUE, the octets after the colon of a field. Groups are accepted
 * in every form (RFC 6854) and counted, for the caller to judge. A mailbox
 * without domain ("To: sales") is accepted with kind DOMAIN_NONE, if it is
 * a dot-atom or a quoted-string. Octets above 127 must be UTF-8, but
 * whether they are allowed is the caller's to say. For ADDRESS_MAILBOX one
 * mailbox or one group is right, and no empty elements. Controls other
 * than folding are errors, except where obs-NO-WS-CTL allows them. Line
 * ends are CRLF or LF, and nothing but white space may follow them.
 *
 * A local part is a dot-atom or one quoted-string: obs-local-part comes
 * out as the one that means the same. A domain keeps the quoted pairs that
 * a literal may have. The spans point into VALUE or into the arena. Takes
 * time and memory in proportion to the length of VALUE.
 *
 * 1 and the list, -1 and the error, 0 when there was no memory.
 */
int address_parse(struct span value, enum address_form form,
    struct arena *arena, struct address_list *list_r,
    struct address_error *error_r)
    __attribute__((warn_unused_result));

#endif
