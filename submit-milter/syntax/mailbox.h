/*
 * mailbox - the arguments of MAIL FROM and RCPT TO.
 *
 * RFC 5321 section 4.1.2 (Reverse-path, Forward-path, Mailbox), section
 * 4.5.3.1 (64, 255 and 256 octets), RFC 6531 section 3.3 (UTF-8).
 * Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_MAILBOX_H
#define SUBMIT_SYNTAX_MAILBOX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"
#include "syntax/domain.h"

struct mailbox {
	struct span whole;	/* local@domain as written, no <>, no route */
	struct span local;	/* as written, quotes included */
	struct span domain;	/* as written; empty when there is none */
	enum domain_kind kind;
	bool is_quoted;		/* local part is a quoted-string */
	bool is_utf8;		/* some octet is above 127 */
};

struct path {
	bool is_null;		/* <> */
	bool has_route;		/* <@a,@b:user@c>: accepted and ignored */
	struct mailbox mailbox;	/* unless is_null */
};

enum path_flag {
	/* RFC 6531: octets above 127 are allowed in local part and domain. */
	PATH_UTF8 = 1 << 0,
	/* <Postmaster> in any case, without domain (RFC 5321, 4.1.1.3). */
	PATH_POSTMASTER = 1 << 1,
	/* Reverse-path: <> is allowed. */
	PATH_NULL = 1 << 2,
	/* Tolerate a missing domain (local conventions complete it). */
	PATH_BARE = 1 << 3,
};

enum path_status {
	PATH_OK,
	PATH_SYNTAX,		/* no path of RFC 5321 */
	PATH_NEEDS_UTF8,	/* would be right with PATH_UTF8 */
};

/*
 * Parses a path with its angle brackets, as MAIL and RCPT carry it. The
 * spans of *path_r point into S. A quoted local part that need not be
 * quoted is right all the same. *error_r says in a few ASCII words what is
 * wrong ("local part is longer than 64 octets").
 */
enum path_status path_parse(struct span s, unsigned flags,
    struct path *path_r, const char **error_r)
    __attribute__((warn_unused_result));

/*
 * The same without angle brackets: local@domain.
 */
enum path_status mailbox_parse(struct span s, unsigned flags,
    struct mailbox *mailbox_r, const char **error_r)
    __attribute__((warn_unused_result));

/*
 * The form in which mailboxes are compared and looked up: quoting that is
 * not needed is removed (RFC 5321 section 4.1.2: semantically the same),
 * UTF-8 in NFC, domain as domain_fold(), local part in lower case (Unicode
 * simple case folding) when IS_LOCAL_FOLDED. Quotes remain where the local
 * part needs them, so that "a b"@example.org cannot look like another.
 * Without a domain it is a name rather than a mailbox, and gets quotes only
 * if it has an "@", so that it cannot look like one.
 * 0, or -1 when there is no memory.
 */
int mailbox_fold(struct span local, struct span domain, bool is_local_folded,
    struct arena *arena, struct span *folded_r)
    __attribute__((warn_unused_result));

#endif
