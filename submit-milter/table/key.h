/*
 * key - keys of tables in the form in which they are compared.
 *
 * For the backends of table/, and for who asks a table for a name that is
 * no mail address. Pure; any thread.
 */
#ifndef SUBMIT_TABLE_KEY_H
#define SUBMIT_TABLE_KEY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

/*
 * The folded form of a key as an administrator writes it:
 *
 *	user@domain	as mailbox_fold()
 *	@domain		"@" and the domain as domain_fold()
 *	@.domain	"@." and the domain as domain_fold()
 *	user		as mailbox_fold() without domain
 *	type:key	the type in lower case, ":", the key as above
 *
 * Letters of local parts keep their case if IS_CASE_KEPT. 0 and the result
 * in ARENA, or -1 when there is no memory.
 */
int key_fold(struct span key, bool is_case_kept, struct arena *arena,
    struct span *folded_r) __attribute__((warn_unused_result));

#endif
