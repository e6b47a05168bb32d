/*
 * reencode - content that would not survive the way, encoded before it is
 * signed.
 *
 * RFC 6409 section 8.4, RFC 2045, RFC 6152. A body is looked at as it comes;
 * when parts of it need an encoding, it is written anew from where it was
 * kept, every other octet as it was. What is signed or encrypted is never
 * touched. One thread at a time.
 */
#ifndef SUBMIT_EDIT_REENCODE_H
#define SUBMIT_EDIT_REENCODE_H

#include "base/spool.h"
#include "edit/edit.h"

struct reencode;

/* May a body need it, as PROFILE has it? */
bool reencode_is_wanted(const struct profile *profile);

/*
 * Fields of facts->leaving with octets above 127 as encoded words, where
 * PROFILE says so and the message is to be without. 0 or -1 (no memory).
 */
int reencode_header(const struct profile *profile, struct facts *facts,
    struct edit_list *list) __attribute__((warn_unused_result));

/*
 * Begins to look at the body of FACTS. Lines longer than LONGEST_LINE are
 * too long. In facts->arena; NULL without memory.
 */
struct reencode *reencode_new(const struct profile *profile,
    struct facts *facts, size_t longest_line);

void reencode_feed(struct reencode *reencode, struct span octets);

/*
 * The body is over: facts->encoding then says whether there is something to
 * encode, and what stands against it. 0 or -1 (no memory).
 */
int reencode_end(struct reencode *reencode)
    __attribute__((warn_unused_result));

/*
 * Writes the body, read from FROM, anew into TO, and notes the edits of the
 * header. FORM is what octets_feed() finds in it. 0, or -1 and *error_r.
 */
int reencode_write(struct reencode *reencode, struct edit_list *list,
    struct spool *from, struct spool *to, struct octets *form,
    const char **error_r) __attribute__((warn_unused_result));

#endif
