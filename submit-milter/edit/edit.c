/*
 * edit.c - see edit.h.
 */
#include "edit/edit.h"

#include "base/sbuf.h"

#define FIRST_ROOM 8u

void
edit_list_init(struct edit_list *list, struct arena *arena)
{
	*list = (struct edit_list){ .arena = arena };
}

static int
note(struct edit_list *list, struct edit edit)
{
	if (list->n == list->room) {
		size_t room = list->room == 0 ? FIRST_ROOM : list->room * 2;
		struct edit *v = arena_calloc(list->arena, room, sizeof(*v));

		if (v == NULL)
			return -1;
		if (list->n > 0)
			memcpy(v, list->v, list->n * sizeof(*v));
		list->v = v;
		list->room = room;
	}
	list->v[list->n++] = edit;
	return 0;
}

bool
edit_is_of_envelope(enum edit_kind kind)
{
	return kind == EDIT_SENDER || kind == EDIT_ADD_RECIPIENT ||
	    kind == EDIT_DELETE_RECIPIENT;
}

const char *
edit_kind_name(enum edit_kind kind)
{
	static const char *const names[] = {
		[EDIT_ADD] = "add",
		[EDIT_PREPEND] = "prepend",
		[EDIT_REPLACE] = "replace",
		[EDIT_DELETE] = "delete",
		[EDIT_BODY] = "body",
		[EDIT_SENDER] = "change-sender",
		[EDIT_ADD_RECIPIENT] = "add-recipient",
		[EDIT_DELETE_RECIPIENT] = "delete-recipient",
	};

	return names[kind];
}

int
edit_envelope(struct edit_list *list, enum edit_kind kind, struct span path,
    struct span params, const char *cause)
{
	return note(list, (struct edit){ .kind = kind, .value = path,
		.params = params, .cause = cause });
}

/* A value as it stands in a field: with the blank after the colon. */
static struct span
with_blank(struct edit_list *list, struct span value)
{
	struct sbuf out;
	struct span text = { NULL, 0 };

	sbuf_init(&out, list->arena, value.len + 1);
	sbuf_addc(&out, ' ');
	sbuf_add(&out, value);
	return sbuf_done(&out, &text) == 0 ? text : (struct span){ NULL, 0 };
}

int
edit_add(struct edit_list *list, struct header *header, const char *name,
    struct span value, const char *cause)
{
	struct edit edit = {
		.kind = EDIT_ADD,
		.name = span_of(name),
		.value = with_blank(list, value),
		.cause = cause,
	};

	if (edit.value.ptr == NULL)
		return -1;
	if (header_append(header, edit.name, edit.value) != 0)
		return -1;
	return note(list, edit);
}

/* Puts VALUE, which begins with its blank, into a field of the header. */
static void
set_value(struct header *header, struct header_field *field,
    struct span value)
{
	header->size -= header_field_size(field->name, field->value);
	header->size += header_field_size(field->name, value);
	field->value = value;
	field->addresses = NULL;
}

/* VALUE is as it stands in a field; ptr NULL: there was no memory for it. */
static int
replace(struct edit_list *list, struct header *header, size_t index,
    struct span value, const char *cause)
{
	struct header_field *field = &header->v[index];
	struct edit edit = {
		.kind = EDIT_REPLACE,
		.name = field->name,
		.value = value,
		.occurrence = field->occurrence,
		.cause = cause,
	};

	if (value.ptr == NULL)
		return -1;
	set_value(header, field, value);
	return note(list, edit);
}

int
edit_replace(struct edit_list *list, struct header *header, size_t index,
    struct span value, const char *cause)
{
	return replace(list, header, index, with_blank(list, value), cause);
}

int
edit_respell(struct edit_list *list, struct header *header, size_t index,
    struct span value, const char *cause)
{
	struct header_field *field = &header->v[index];

	if (value.ptr == NULL)
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		struct edit *edit = &list->v[i];

		/* The value of a field of ours is that of its edit. */
		if (edit->value.ptr != field->value.ptr)
			continue;
		edit->value = value;
		set_value(header, field, value);
		return 0;
	}
	return replace(list, header, index, value, cause);
}

int
edit_reword(struct edit_list *list, struct header *header, size_t index,
    struct span value, const char *cause)
{
	return edit_respell(list, header, index, with_blank(list, value),
	    cause);
}

int
edit_delete(struct edit_list *list, struct header *header, size_t index,
    const char *cause)
{
	struct edit edit = {
		.kind = EDIT_DELETE,
		.name = header->v[index].name,
		.occurrence = header->v[index].occurrence,
		.cause = cause,
	};

	header_remove(header, index);
	return note(list, edit);
}

int
edit_prepend(struct edit_list *list, struct span name, struct span value,
    const char *cause)
{
	struct edit edit = {
		.kind = EDIT_PREPEND,
		.name = name,
		.value = with_blank(list, value),
		.cause = cause,
	};

	return edit.value.ptr == NULL ? -1 : note(list, edit);
}

static struct edit *
find_body(const struct edit_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].kind == EDIT_BODY)
			return &list->v[i];
	return NULL;
}

int
edit_body(struct edit_list *list, struct spool *body, const char *cause)
{
	struct edit *edit = find_body(list);

	if (edit == NULL)
		return note(list, (struct edit){ .kind = EDIT_BODY,
		    .cause = cause, .body = body });
	edit->body = body;
	edit->cause = cause;
	return 0;
}

struct spool *
edit_new_body(const struct edit_list *list)
{
	const struct edit *edit = find_body(list);

	return edit == NULL ? NULL : edit->body;
}
