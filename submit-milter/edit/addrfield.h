/*
 * addrfield - other addresses in an address field.
 *
 * Changes local parts and domains and leaves all else as it is, to the octet:
 * display names, comments, groups, order, folding. Only a comment or a blank
 * within an obsolete addr-spec (RFC 5322 section 4.4) may go with it, and a
 * line that is too long is folded (refold.h). Pure; one thread at a time.
 */
#ifndef SUBMIT_EDIT_ADDRFIELD_H
#define SUBMIT_EDIT_ADDRFIELD_H

#include "edit/edit.h"

/* What is to stand there; ptr NULL: what stands there now. */
struct address_change {
	struct span local;
	struct span domain;
};

/* 1 and *change_r (zeroed before); 0: it stays; -1: not to be told. */
typedef int address_changer(void *context, const struct address *address,
    struct address_change *change_r);

/*
 * Asks CHANGE about each address of field INDEX. A field that cannot be read
 * is left alone. *CAUSE is read after the last question. 0; -1 when CHANGE
 * said so; -2 without memory.
 */
int addrfield_change(struct edit_list *list, struct header *header,
    size_t index, address_changer *change, void *context,
    const char *const *cause)
    __attribute__((warn_unused_result));

#endif
