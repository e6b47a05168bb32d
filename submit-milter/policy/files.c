/*
 * files.c - see files.h.
 */
#include "policy/files.h"

#include "base/ascii.h"
#include "base/sbuf.h"
#include "syntax/content.h"
#include "syntax/encword.h"
#include "syntax/rawfield.h"

#define FIRST_ROOM 8u

static int
add(struct facts *facts, struct span name)
{
	struct facts_files *files = &facts->files;

	if (files->n == files->room) {
		size_t room = files->room == 0 ? FIRST_ROOM : files->room * 2;
		struct span *v = arena_calloc(facts->arena, room, sizeof(*v));

		if (v == NULL)
			return -1;
		if (files->n > 0)
			memcpy(v, files->v, files->n * sizeof(*v));
		files->v = v;
		files->room = room;
	}
	files->v[files->n++] = name;
	return 0;
}

/*
 * As a system that opens the file would see it: no controls, and none of
 * the dots and blanks at the end that some systems drop.
 */
static struct span
bare_name(struct facts *facts, struct span name)
{
	struct span text;
	struct sbuf out;

	sbuf_init(&out, facts->arena, name.len);
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_cntrl((unsigned char)name.ptr[i]))
			sbuf_addc(&out, name.ptr[i]);
	if (sbuf_done(&out, &text) != 0)
		return (struct span){ NULL, 0 };
	while (text.len > 0 && (text.ptr[text.len - 1] == '.' ||
	    text.ptr[text.len - 1] == ' '))
		text.len--;
	return text;
}

static int
take_form(struct facts *facts, const struct content *content,
    enum content_form form)
{
	size_t len = content_write(content, form, NULL);
	char *name;
	struct span text;

	if (len == 0)
		return 0;
	name = arena_alloc(facts->arena, len);
	if (name == NULL)
		return -1;
	(void)content_write(content, form, name);
	text = encword_decode((struct span){ name, len }, facts->arena);
	if (text.ptr != NULL)
		text = bare_name(facts, text);
	if (text.ptr == NULL)
		return -1;
	return text.len == 0 ? 0 : add(facts, text);
}

static int
take_names(struct facts *facts, struct span value, struct span parameter)
{
	struct content content;

	if (value.len == 0 || content_parse(value, parameter, &content) != 1)
		return 0;
	if (take_form(facts, &content, CONTENT_WHOLE) != 0 ||
	    take_form(facts, &content, CONTENT_EXTENDED) != 0)
		return -1;
	return take_form(facts, &content, CONTENT_SECTIONED);
}

static void
take_field(struct facts *facts, struct span name, struct span value)
{
	int status = 0;

	if (span_eq_nocase(name, SPAN("Content-Disposition")))
		status = take_names(facts, value, SPAN("filename"));
	else if (span_eq_nocase(name, SPAN("Content-Type")))
		status = take_names(facts, value, SPAN("name"));
	if (status != 0)
		facts->files.is_cut = true;
}

static void
take_part(void *context, const struct mime_part *part)
{
	struct facts *facts = context;
	const struct header *header = &facts->submitted;
	struct span rest = part->header;
	struct rawfield field;

	for (size_t i = 0; part->is_whole && i < header->n; i++)
		take_field(facts, header->v[i].name, header->v[i].value);
	while (rawfield_next(&rest, &field) == 1)
		take_field(facts, field.name, field.value);
	/* A header that could not be kept may have had any name in it. */
	if (part->kind == MIME_OPAQUE && part->header.len == 0 &&
	    !part->is_whole)
		facts->files.is_cut = true;
}

struct mime_events
files_events(struct facts *facts)
{
	return (struct mime_events){ .part = take_part, .context = facts };
}
