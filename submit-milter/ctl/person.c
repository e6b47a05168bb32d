/*
 * person.c - see person.h.
 */
#include <config.h>

#include "ctl/person.h"

#include <stdlib.h>
#include <sysexits.h>

#include <jansson.h>

#include "base/ascii.h"
#include "ctl/ctl.h"
#include "policy/identity.h"

#define TEXT_MOST (64u << 20)
#define IN_PLACE "(erased)"

static int
add(struct person *person, enum word_kind kind, const char *name)
{
	struct query query;
	const char *error;

	query_init(&query, person->arena);
	query.veil = person->veil;
	if (query_add(&query, kind, name, &error) != 0)
		return ctl_fail(EX_USAGE, "--person %s: %s", name, error);
	person->criteria[person->criterion_count++] = query.v[0];
	return 0;
}

int
person_prepare(struct person *person, struct arena *arena)
{
	int status = 0;

	person->arena = arena;
	person->criterion_count = 0;
	for (size_t i = 0; i < person->n && status == 0; i++) {
		const char *name = person->names[i];

		if (name[0] == '\0')
			return ctl_fail(EX_USAGE, "--person is empty");
		status = add(person, WORD_IDENTITY, name);
		if (status == 0 && span_find(span_of(name), '@') <
		    span_of(name).len) {
			status = add(person, WORD_SENDER, name);
			if (status == 0)
				status = add(person, WORD_RECIPIENT, name);
		}
	}
	return status;
}

enum person_share
person_share(const struct person *person, const struct words *words)
{
	enum person_share share = PERSON_NONE;

	for (size_t i = 0; i < person->criterion_count; i++) {
		const struct criterion *c = &person->criteria[i];

		if (!criterion_matches(c, words))
			continue;
		if (c->kind == WORD_IDENTITY)
			return PERSON_OWN;
		share = PERSON_NAMED;
	}
	return share;
}

/* --- taking out ----------------------------------------------------------- */

static bool
is_part_of_word(char c)
{
	unsigned char o = (unsigned char)c;

	return ascii_is_atext(o) || o == '.' || o == '@';
}

/* Does NAME stand at AT, and not within a longer address? */
static bool
stands_at(struct span text, size_t at, struct span name)
{
	size_t end = at + name.len;

	if (end > text.len || !span_eq_nocase(span_slice(text, at, end),
	    name) || (at > 0 && is_part_of_word(text.ptr[at - 1])))
		return false;
	if (end == text.len)
		return true;
	if (text.ptr[end] == '.')	/* of a sentence, or a longer domain */
		return end + 1 == text.len ||
		    !ascii_is_alnum((unsigned char)text.ptr[end + 1]);
	return !ascii_is_alnum((unsigned char)text.ptr[end]) &&
	    text.ptr[end] != '-';
}

/* Without the type of an identity. */
static struct span
address_of(const char *name)
{
	struct span s = span_of(name);
	size_t colon = span_find(s, ':');

	return identity_has_type(s) ? span_slice(s, colon + 1, s.len) : s;
}

static void
replace(const struct person *person, struct span text, struct sbuf *out)
{
	for (size_t i = 0; i < text.len;) {
		size_t skip = 0;

		for (size_t k = 0; k < person->n && skip == 0; k++) {
			struct span name = address_of(person->names[k]);

			if (name.len > 0 && stands_at(text, i, name))
				skip = name.len;
		}
		if (skip > 0)
			sbuf_adds(out, IN_PLACE);
		else
			sbuf_addc(out, text.ptr[i]);
		i += skip > 0 ? skip : 1;
	}
}

/* An address that is written otherwise (quotes, U-labels) is one as well. */
static bool
is_name(const struct person *person, struct span text)
{
	struct span folded;

	if (word_fold(WORD_RECIPIENT, text, person->arena, &folded) != 0)
		return false;
	for (size_t i = 0; i < person->criterion_count; i++)
		for (size_t k = 0; k < person->criteria[i].n; k++)
			if (person->criteria[i].kind != WORD_CLIENT &&
			    span_eq(person->criteria[i].any[k].text, folded))
				return true;
	return false;
}

static json_t *
redact_string(const struct person *person, const json_t *value)
{
	struct span text = { json_string_value(value),
		json_string_length(value) };
	json_t *new = NULL;
	struct sbuf out;
	struct span done;

	if (is_name(person, text))
		return json_string(IN_PLACE);
	sbuf_init(&out, NULL, TEXT_MOST);
	replace(person, text, &out);
	if (sbuf_done(&out, &done) == 0)
		new = json_stringn(done.ptr, done.len);
	sbuf_free(&out);
	return new;
}

static int
redact(const struct person *person, json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;
	int status = 0;

	if (json_is_object(value))
		json_object_foreach(value, key, member)
			status |= json_is_string(member) ?
			    json_object_set_new(value, key,
			    redact_string(person, member)) :
			    redact(person, member);
	if (json_is_array(value))
		json_array_foreach(value, i, member)
			status |= json_is_string(member) ?
			    json_array_set_new(value, i,
			    redact_string(person, member)) :
			    redact(person, member);
	return status;
}

int
person_redact(const struct person *person, struct span line,
    struct sbuf *out)
{
	json_t *record = json_loadb(line.ptr, line.len, 0, NULL);
	char *text = NULL;

	if (record != NULL && redact(person, record) == 0)
		text = json_dumps(record, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(record);
	if (text == NULL)
		return -1;
	sbuf_adds(out, text);
	free(text);
	return out->is_failed ? -1 : 0;
}
