/*
 * letter - a message from a file, cut as an MTA hands it to a milter.
 *
 * RFC 5322 section 2. The first line end tells the form of the file: after
 * CR LF all octets are taken as they are, else every LF is sent as CR LF.
 * The header ends at the first line that is neither a field nor the
 * continuation of one (Postfix and Sendmail do so); a "From " line on
 * top, which only mailboxes have, is left out. One thread.
 */
#ifndef SUBMIT_CTL_LETTER_H
#define SUBMIT_CTL_LETTER_H

#include <stddef.h>

#include "base/span.h"

struct letter_field {
	char *name;
	char *value;	/* after the colon; folding is LF and white space */
};

struct letter {
	struct letter_field *fields;
	size_t field_count;
	struct span body;	/* as sent: lines end in CR LF */
	char *octets;		/* the whole; letter_free() */
};

/*
 * Reads FILE, standard input if it is "-". 0; or an exit status after a
 * complaint on standard error. letter_free() must follow either way.
 */
int letter_read(const char *file, struct letter *letter_r)
    __attribute__((warn_unused_result));

void letter_free(struct letter *letter);

#endif
