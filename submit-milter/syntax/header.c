/*
 * header.c - see header.h.
 */
#include "syntax/header.h"

#define FIRST_ROOM 32u

void
header_init(struct header *header, struct arena *arena)
{
	*header = (struct header){ .arena = arena };
}

static int
make_room(struct header *header)
{
	struct header_field *v;
	size_t room = header->room == 0 ? FIRST_ROOM : header->room * 2;

	if (header->n < header->room)
		return 0;
	v = arena_calloc(header->arena, room, sizeof(*v));
	if (v == NULL)
		return -1;
	if (header->n > 0)
		memcpy(v, header->v, header->n * sizeof(*v));
	header->v = v;
	header->room = room;
	return 0;
}

size_t
header_field_size(struct span name, struct span value)
{
	size_t size = name.len + 1 + value.len + 2;

	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] == '\n' &&
		    (i == 0 || value.ptr[i - 1] != '\r'))
			size++;
	return size;
}

int
header_append(struct header *header, struct span name, struct span value)
{
	if (make_room(header) != 0)
		return -1;
	header->v[header->n++] = (struct header_field){
		.id = field_find(name),
		.name = name,
		.value = value,
	};
	header->size += header_field_size(name, value);
	return 0;
}

int
header_add(struct header *header, struct span name, struct span value)
{
	struct header_field *field;
	size_t occurrence = 1;

	if (header_append(header, name, value) != 0)
		return -1;
	field = &header->v[header->n - 1];
	for (size_t i = header->n - 1; i > 0; i--) {
		const struct header_field *other = &header->v[i - 1];

		if (other->id == field->id &&
		    span_eq_nocase(other->name, name)) {
			occurrence = other->occurrence + 1;
			break;
		}
	}
	field->occurrence = occurrence;
	return 0;
}

int
header_copy(const struct header *from, struct header *copy_r)
{
	struct header copy = *from;

	copy.v = arena_calloc(from->arena, from->room + 8, sizeof(*copy.v));
	if (copy.v == NULL)
		return -1;
	if (from->n > 0)
		memcpy(copy.v, from->v, from->n * sizeof(*copy.v));
	copy.room = from->room + 8;
	*copy_r = copy;
	return 0;
}

size_t
header_count(const struct header *header, enum field_id id)
{
	size_t n = 0;

	for (size_t i = 0; i < header->n; i++)
		if (header->v[i].id == id)
			n++;
	return n;
}

struct header_field *
header_first(const struct header *header, enum field_id id)
{
	for (size_t i = 0; i < header->n; i++)
		if (header->v[i].id == id)
			return &header->v[i];
	return NULL;
}

void
header_remove(struct header *header, size_t index)
{
	const struct header_field *field = &header->v[index];

	header->size -= header_field_size(field->name, field->value);
	memmove(&header->v[index], &header->v[index + 1],
	    (header->n - index - 1) * sizeof(*header->v));
	header->n--;
}

const struct header_addresses *
header_addresses(struct header *header, struct header_field *field)
{
	struct header_addresses *a = field->addresses;

	if (a != NULL)
		return a;
	a = arena_alloc(header->arena, sizeof(*a));
	if (a == NULL)
		return NULL;
	switch (address_parse(field->value, field_info(field->id)->form,
	    header->arena, &a->list, &a->error)) {
	case 0:
		return NULL;
	case 1:
		a->is_valid = true;
		break;
	default:
		break;
	}
	field->addresses = a;
	return a;
}
