/*
 * fields - which fields a signature covers, and in which octets.
 *
 * RFC 6376 section 5.4. Pure; any thread.
 */
#ifndef SUBMIT_SIGN_FIELDS_H
#define SUBMIT_SIGN_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "syntax/header.h"

struct name_list {
	const char *const *v;
	size_t n;
};

/* What a site wants otherwise than it is by default; empty: nothing. */
struct field_settings {
	struct name_list also;		/* sign these, too */
	struct name_list not;		/* leave these out */
	struct name_list oversigned;	/* instead of the default */
};

/*
 * False for fields that change on the way or that nobody else should see:
 * no signature must cover them.
 */
bool fields_may_sign(struct span name);

/*
 * Names of fields of which none may be added later, From among them. At
 * most ROOM, which must be above FIELDS_OVERSIGNED and the number in
 * SETTINGS; then NULL. Returns how many.
 */
size_t fields_oversigned(const struct field_settings *settings,
    const char **names_r, size_t room);
#define FIELDS_OVERSIGNED 7u

/* Is a field of that name signed where it is there? */
bool fields_is_signed(const struct field_settings *settings,
    struct span name);

/*
 * Writes "Name: value" as it is on the wire, without the line end, to TO,
 * or nothing when TO is NULL. The number of octets.
 */
size_t fields_wire(const struct header_field *field, char *to);

/* See signer_refuses_header(). */
const char *fields_refuse(const struct field_settings *settings,
    const struct header *header, size_t longest);

#endif
