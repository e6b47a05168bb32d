/*
 * compiled - rows of files that postmap(1) made.
 *
 * Postfix writes keys and values with a NUL at their end, other makers of
 * such files do not; both are tried, and the NUL is no part of the value.
 * postmap folds keys to lower case (unless told "-f"), and our keys come
 * folded. For the backends of table/ only. Any thread.
 */
#ifndef SUBMIT_TABLE_COMPILED_H
#define SUBMIT_TABLE_COMPILED_H

#include "table/live.h"

/*
 * Gets the value of KEY as the file has it; it need live only until the next
 * call. LIVE_FAILED: *error_r lives in the arena or for ever.
 */
typedef enum live_answer compiled_get(void *context, struct span key,
    struct arena *arena, struct span *value_r, const char **error_r);

/* The answer of live_kind.ask(); the value is in the arena. */
enum live_answer compiled_ask(compiled_get *get, void *context,
    struct span key, struct arena *arena, struct span *value_r,
    const char **error_r) __attribute__((warn_unused_result));

#endif
