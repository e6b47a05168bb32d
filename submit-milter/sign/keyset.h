/*
 * keyset - the keys of one name, as they were found in files.
 *
 * From a folder with SELECTOR.key for each key, or from a list of selectors
 * and files. Beside a key FILE.key may stand FILE.dates (schedule.h). A
 * keyset does not change; when files do, another is made of it. It is
 * counted, and wiped when nobody holds it. For files of sign/ and for
 * submitctl. Any thread.
 */
#ifndef SUBMIT_SIGN_KEYSET_H
#define SUBMIT_SIGN_KEYSET_H

#include <stdbool.h>
#include <stddef.h>

#include "sign/keyring.h"

struct keyset;

struct keyset_source {
	const char *name;	/* domain, or a pattern */
	const char *folder;	/* NULL: a list */
	/* list = selector file *( selector file ), blanks between */
	const char *list;
};

/*
 * Reads what SOURCE says, by name alone when IS_NOMINAL. What cannot be
 * used is told by keyset_fault(); where BEFORE, which may be NULL, has a
 * key of the same file, that one is kept. NULL when there is no memory.
 */
struct keyset *keyset_read(const struct keyset_source *source,
    const struct key_limits *limits, bool is_nominal,
    const struct keyset *before);

struct keyset *keyset_ref(struct keyset *set);
/* Takes NULL; leaves NULL. */
void keyset_unref(struct keyset **set);

/* True as long as the files are what they were. */
bool keyset_is_current(const struct keyset *set);

/*
 * NULL when there is no key at INDEX that can be used; keyset_count() is
 * that of the files.
 */
size_t keyset_count(const struct keyset *set);
const struct signing_key *keyset_key(const struct keyset *set, size_t index);

/* What cannot be used, and why; NULL: nothing. */
const char *keyset_fault(const struct keyset *set);

#endif
