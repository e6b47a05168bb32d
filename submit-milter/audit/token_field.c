/*
 * token_field.c - see token_field.h.
 */
#include "audit/token_field.h"

static int
drop(const char *name, struct header *header, struct edit_list *list)
{
	for (size_t i = header->n; i > 0; i--)
		if (span_eq_nocase(header->v[i - 1].name, span_of(name)) &&
		    edit_delete(list, header, i - 1, "token") != 0)
			return -1;
	return 0;
}

int
token_field(const struct token_maker *maker, const char *name,
    const struct profile *profile, struct facts *facts,
    struct edit_list *list)
{
	struct span value = SPAN("-");

	if (drop(name, &facts->leaving, list) != 0)
		return -1;
	if (!profile->trace_token)
		return 0;
	/* The id is followed by its NUL. */
	if (maker != NULL && token_make(maker, facts->id.ptr,
	    facts->identity.name, facts->arena, &value) != 0)
		return -2;
	return edit_add(list, &facts->leaving, name, value, "token");
}
