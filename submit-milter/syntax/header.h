/*
 * header - the fields of a message, in order, octets as they came.
 *
 * RFC 5322 section 2.2. Each address field is parsed once, by the first who
 * asks. A header belongs to one thread and lives in the arena that it was
 * given; a copy of the struct shares nothing that changes.
 */
#ifndef SUBMIT_SYNTAX_HEADER_H
#define SUBMIT_SYNTAX_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "syntax/address.h"
#include "syntax/field.h"

/* An address field as read; see header_addresses(). */
struct header_addresses {
	bool is_valid;
	struct address_list list;	/* when valid */
	struct address_error error;	/* when not */
};

struct header_field {
	enum field_id id;
	struct span name;
	/*
	 * All after the colon, the blank that usually follows it included;
	 * folding is LF and white space, as MTAs hand it to filters.
	 */
	struct span value;
	/*
	 * Place among the fields of that name in the submitted header,
	 * counted from 1 as the milter protocol counts; 0: not submitted.
	 */
	size_t occurrence;
	struct header_addresses *addresses;	/* NULL until asked for */
};

struct header {
	struct header_field *v;
	size_t n;
	size_t room;
	size_t size;		/* octets on the wire, colons and CRLFs too */
	struct arena *arena;
};

/* Octets of a field on the wire: colon and CRLF, LF counted as CRLF. */
size_t header_field_size(struct span name, struct span value);

void header_init(struct header *header, struct arena *arena);

/*
 * Appends a field; name and value must live as long as the arena.
 * 0, or -1 when there is no memory.
 */
int header_add(struct header *header, struct span name, struct span value)
    __attribute__((warn_unused_result));

/* As header_add(), for a field that was not submitted: occurrence 0. */
int header_append(struct header *header, struct span name, struct span value)
    __attribute__((warn_unused_result));

/* A header of its own with the same fields. 0 or -1. */
int header_copy(const struct header *from, struct header *copy_r)
    __attribute__((warn_unused_result));

/* How many fields of that kind there are. */
size_t header_count(const struct header *header, enum field_id id);

/* The first field of that kind; NULL if there is none. */
struct header_field *header_first(const struct header *header,
    enum field_id id);

/* Takes the field at INDEX away; those behind it move up. */
void header_remove(struct header *header, size_t index);

/*
 * The addresses of an address field, parsed at the first call. NULL only
 * when there is no memory. FIELD must be one whose field_info() says
 * is_address.
 */
const struct header_addresses *header_addresses(struct header *header,
    struct header_field *field) __attribute__((warn_unused_result));

#endif
