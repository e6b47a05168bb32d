/*
 * partheader - the header of a part within a message, written anew.
 *
 * RFC 2045 section 6. Fields that need nothing stay to the octet. Pure; any
 * thread.
 */
#ifndef SUBMIT_EDIT_PARTHEADER_H
#define SUBMIT_EDIT_PARTHEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

enum part_encoding {
	PART_7BIT,		/* or not said */
	PART_8BIT,		/* or binary */
	PART_QP,
	PART_BASE64,
	PART_UNKNOWN,
};

/* What the value of a Content-Transfer-Encoding field says. */
enum part_encoding part_encoding_parse(struct span value);

struct part_change {
	const char *encoding;	/* NULL: Content-Transfer-Encoding stays */
	const char *charset;	/* not NULL: add a Content-Type with it */
	bool add_version;	/* add MIME-Version */
	bool is_mended;		/* as the rules have it */
};

struct part_rules {
	bool is_7bit;		/* no octet above 127 */
	bool may_encode;	/* by encoded words */
	const char *charset;	/* of what is not UTF-8 */
	size_t longest_line;
};

bool partheader_is_changed(const struct part_change *change);

/* All that either wants. */
void partheader_join(struct part_change *change,
    const struct part_change *other);

/*
 * HEADER, with the empty line after it if there is one, with CHANGE made to
 * it; *text_r is in ARENA. 1; 0 when a field cannot be mended by RULES; -1
 * without memory.
 */
int partheader_write(struct span header, const struct part_change *change,
    const struct part_rules *rules, struct arena *arena,
    struct span *text_r) __attribute__((warn_unused_result));

/* Can all its fields be mended? As above. */
int partheader_can_mend(struct span header, const struct part_rules *rules,
    struct arena *arena) __attribute__((warn_unused_result));

#endif
