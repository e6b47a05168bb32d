/*
 * fix.c - see fix.h.
 */
#include "edit/fix.h"

/*
 * The new value: the address of the identity, with the display name that
 * stood there if it was a plain one.
 */
static struct span
new_value(struct facts *facts, struct header_field *from, struct span address)
{
	const struct header_addresses *a = header_addresses(&facts->leaving,
	    from);
	struct span name = { NULL, 0 };

	if (a != NULL && a->is_valid && a->list.n == 1)
		name = a->list.v[0].name;
	/* A name that holds an address would deceive as the address did. */
	if (span_find(name, '@') < name.len || span_find(name, '\n') < name.len)
		name.len = 0;
	if (name.len == 0)
		return address;
	return arena_printf(facts->arena, "%.*s <%.*s>", SPAN_ARG(name),
	    SPAN_ARG(address));
}

enum completion_status
fix_from(struct facts *facts, struct edit_list *list, const char **error_r)
{
	struct header *header = &facts->leaving;
	struct header_field *from = header_first(header, FIELD_FROM);
	struct span address, old, value;

	if (!facts->is_from_to_fix || from == NULL)
		return COMPLETION_OK;
	switch (rights_primary(facts->rights, &facts->resolver,
	    &facts->identity, &address, error_r)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		*error_r = "the primary address is gone";
		return COMPLETION_LOOKUP_FAILED;
	case LOOKUP_FAILED:
		return COMPLETION_LOOKUP_FAILED;
	}
	old = span_trim(from->value);
	value = new_value(facts, from, address);
	if (value.ptr == NULL || edit_replace(list, header,
	    (size_t)(from - header->v), value, "from") != 0)
		return COMPLETION_NO_MEMORY;
	if (edit_add(list, header, "X-Original-From", old, "from") != 0)
		return COMPLETION_NO_MEMORY;
	if (header_count(header, FIELD_REPLY_TO) == 0 &&
	    edit_add(list, header, "Reply-To", old, "from") != 0)
		return COMPLETION_NO_MEMORY;
	return COMPLETION_OK;
}
