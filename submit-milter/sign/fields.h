/*
 * fields - which fields a signature covers, and in which octets.
 *
 * RFC 6376 section 5.4. Only files of sign/ see it. Pure; any thread.
 */
#ifndef SUBMIT_SIGN_FIELDS_H
#define SUBMIT_SIGN_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "syntax/header.h"

/* Names of fields of which none may be added later; ends with NULL. */
extern const char *const fields_oversigned[];

/* Is a field of that name signed where it is there? */
bool fields_is_signed(struct span name);

/*
 * Writes "Name: value" as it is on the wire, without the line end, to TO,
 * or nothing when TO is NULL. The number of octets.
 */
size_t fields_wire(const struct header_field *field, char *to);

/* See signer_refuses_header(). */
const char *fields_refuse(const struct header *header);

#endif
