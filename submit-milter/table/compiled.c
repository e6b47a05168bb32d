/*
 * compiled.c - see compiled.h.
 */
#include "table/compiled.h"

enum live_answer
compiled_ask(compiled_get *get, void *context, struct span key,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	const char *terminated = arena_strdup(arena, key);
	struct span value, copy;
	enum live_answer answer;

	*error_r = "out of memory";
	if (terminated == NULL)
		return LIVE_FAILED;
	answer = get(context, (struct span){ terminated, key.len + 1 }, arena,
	    &value, error_r);
	if (answer == LIVE_NOT_FOUND)
		answer = get(context, (struct span){ terminated, key.len },
		    arena, &value, error_r);
	if (answer != LIVE_FOUND)
		return answer;
	if (value.len > 0 && value.ptr[value.len - 1] == '\0')
		value.len--;
	copy = arena_span(arena, value);
	if (copy.ptr == NULL)
		return LIVE_FAILED;
	*value_r = copy;
	return LIVE_FOUND;
}
