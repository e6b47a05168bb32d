/*
 * signer - DKIM signatures over the header that leaves.
 *
 * RFC 6376, RFC 8463. The only user of libopendkim. A signer holds the
 * library handle of one configuration and may be used by any number of
 * threads; a signing belongs to one message and one thread.
 */
#ifndef SUBMIT_SIGN_SIGNER_H
#define SUBMIT_SIGN_SIGNER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "sign/fields.h"
#include "sign/keyring.h"
#include "syntax/header.h"

enum canonicalization { CANON_SIMPLE, CANON_RELAXED };

struct signer_settings {
	/* Ed25519 signatures are relaxed in any case: see signer.c. */
	enum canonicalization header;
	enum canonicalization body;
	struct field_settings fields;
	int expires;		/* x=, seconds after t=; 0: there is none */
};

struct signer;
struct signing;

/*
 * Call once, at start, before any other thread. Proves that libopendkim
 * takes parsed keys from us (see pemhook.c); when it does not, keys are
 * given as text and *warning_r says so in static text; else it is NULL.
 * 0, or -1 when the library cannot be used at all.
 */
int signer_library_init(const char **warning_r)
    __attribute__((warn_unused_result));

/*
 * NULL when the library or memory fails. The settings are copied, but for
 * names of fields, which must outlive the signer.
 */
struct signer *signer_new(const struct signer_settings *settings);

/* No signing may be under way. Takes NULL; leaves NULL. */
void signer_free(struct signer **signer);

/*
 * Begins a signature for each of KEYS over HEADER as it leaves (values as
 * in header_field: folding is LF, signed as CRLF). Fields that an MTA
 * changes or removes later (Bcc, Return-Path, Received ...) are left out.
 * Signatures say "t=" NOW. All memory of libopendkim comes from ARENA, which
 * must outlive the signing. ID names the message in faults.
 * 0, or -1 and *error_r.
 */
int signing_begin(struct signer *signer, struct key_list keys,
    const struct header *header, struct span id, struct arena *arena,
    struct signing **signing_r, const char **error_r)
    __attribute__((warn_unused_result));

/* Is white space between tokens of the header signed as it stands? */
bool signer_is_exact(const struct signer *signer);

/* Is a field of that name signed where it is there? */
bool signer_covers(const struct signer *signer, struct span name);

/* The next octets of the body, cut anywhere. 0, or -1 and *error_r. */
int signing_body(struct signing *signing, struct span octets,
    const char **error_r) __attribute__((warn_unused_result));

struct signature {
	const struct signing_key *key;
	/* Value of the DKIM-Signature field: no leading blank, folds are LF
	 * and a tab. */
	struct span value;
};

/*
 * The body is complete. 0 and one signature a key, in the order of the
 * keys, in the arena; or -1 and *error_r.
 */
int signing_end(struct signing *signing, const struct signature **v_r,
    size_t *n_r, const char **error_r) __attribute__((warn_unused_result));

/* Ends it, finished or not. Takes NULL; leaves NULL. */
void signing_free(struct signing **signing);

/*
 * NULL, or a word (static; for the audit) why libopendkim could make no valid
 * signature over such a header:
 *	"header-control"	NUL, VT, FF, or CR or LF on its own
 *	"header-name"		a blank in front of a field's colon
 *	"header-line-too-long"	a line of more than LONGEST octets, which
 *				the MTA will break
 *	"header-too-many-fields"
 */
const char *signer_refuses_header(const struct signer *signer,
    const struct header *header, size_t longest);

#endif
