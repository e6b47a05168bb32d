/*
 * addrfield.c - see addrfield.h.
 */
#include "edit/addrfield.h"

#include "base/sbuf.h"
#include "edit/refold.h"

#define ADDRESS_MOST 400u	/* a local part, "@", a domain, quotes */

/* A new value in the making: the old one up to DONE is in OUT. */
struct rewriting {
	struct span value;
	struct sbuf out;
	size_t done;
	size_t changes;
};

/* Does PART stand in the value as it is, or was it put together? */
static bool
is_within(struct span value, struct span part)
{
	return part.ptr != NULL && part.ptr >= value.ptr &&
	    part.ptr + part.len <= value.ptr + value.len;
}

/* TEXT instead of the octets from BEGIN to END. */
static void
put(struct rewriting *r, size_t begin, size_t end, struct span text)
{
	sbuf_add(&r->out, span_slice(r->value, r->done, begin));
	sbuf_add(&r->out, text);
	r->done = end;
}

static void
put_part(struct rewriting *r, struct span part, struct span text)
{
	size_t begin = (size_t)(part.ptr - r->value.ptr);

	if (text.ptr != NULL)
		put(r, begin, begin + part.len, text);
}

static void
put_whole(struct rewriting *r, const struct address *a,
    const struct address_change *change)
{
	struct span local = change->local.ptr != NULL ? change->local :
	    a->local;
	struct span domain = change->domain.ptr != NULL ? change->domain :
	    a->domain;

	put(r, a->spec_begin, a->spec_end, local);
	if (domain.len > 0) {
		sbuf_addc(&r->out, '@');
		sbuf_add(&r->out, domain);
	}
}

static void
put_change(struct rewriting *r, const struct address *a,
    const struct address_change *change)
{
	r->changes++;
	if (a->kind != DOMAIN_NONE && is_within(r->value, a->local) &&
	    is_within(r->value, a->domain)) {
		put_part(r, a->local, change->local);
		put_part(r, a->domain, change->domain);
	} else {
		put_whole(r, a, change);
	}
}

/* As addrfield_change(). */
static int
put_all(struct rewriting *r, const struct address_list *addresses,
    address_changer *change, void *context)
{
	for (size_t i = 0; i < addresses->n; i++) {
		struct address_change change_to = { .local = { NULL, 0 } };
		int rc = change(context, &addresses->v[i], &change_to);

		if (rc == -1)
			return -1;
		if (rc == 1)
			put_change(r, &addresses->v[i], &change_to);
	}
	if (r->changes > 0)
		put(r, r->value.len, r->value.len, (struct span){ NULL, 0 });
	return 0;
}

int
addrfield_change(struct edit_list *list, struct header *header, size_t index,
    address_changer *change, void *context, const char *const *cause)
{
	struct header_field *field = &header->v[index];
	const struct header_addresses *a = header_addresses(header, field);
	struct rewriting r = { .value = field->value };
	struct span value;

	if (a == NULL)
		return -2;
	if (!a->is_valid || a->list.n == 0)
		return 0;
	sbuf_init(&r.out, list->arena, field->value.len +
	    a->list.n * ADDRESS_MOST);
	if (put_all(&r, &a->list, change, context) != 0)
		return -1;
	if (r.changes == 0)
		return 0;
	if (sbuf_done(&r.out, &value) != 0 || refold_addresses(field->name,
	    value, list->arena, &value) != 0 || edit_respell(list, header,
	    index, value, *cause) != 0)
		return -2;
	return 0;
}
