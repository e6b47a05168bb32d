/*
 * content.c - the rule about what a site does not want in mail.
 *
 * RFC 6409 section 6.3 leaves that to the site: fields that must be there
 * or must not, by name or by what they say, and names of files.
 */
#include "base/glob.h"
#include "policy/rules.h"
#include "syntax/rawfield.h"

static struct span
none(void)
{
	return (struct span){ NULL, 0 };
}

static struct verdict
no_memory(void)
{
	return verdict_tempfail(REASON_MEMORY, SPAN("out of memory"));
}

/* What TABLE says of KEY becomes part of the reply. */
static struct verdict
ask(struct facts *facts, const struct table *table, struct span key,
    enum reason reason, struct span name)
{
	struct span words;
	const char *error;

	switch (resolver_lookup(&facts->resolver, table, key, &words,
	    &error)) {
	case LOOKUP_FOUND:
		return verdict_refuse(reason, words.len > 0 ? words : name,
		    key);
	case LOOKUP_NOT_FOUND:
		return verdict_pass();
	case LOOKUP_FAILED:
		break;
	}
	return verdict_tempfail(REASON_TEMPORARY, span_of(error));
}

static struct verdict
check_value(const struct profile *profile, struct facts *facts,
    const struct header_field *field)
{
	struct span value = rawfield_unfold(field->value, facts->arena), key;

	if (value.ptr == NULL)
		return no_memory();
	key = arena_printf(facts->arena, "%.*s: %.*s", SPAN_ARG(field->name),
	    SPAN_ARG(value));
	if (key.ptr == NULL)
		return no_memory();
	return ask(facts, profile->content.values.table, key,
	    REASON_VALUE_FORBIDDEN, field->name);
}

static bool
has_field(const struct header *header, const char *name)
{
	for (size_t i = 0; i < header->n; i++)
		if (span_eq_nocase(header->v[i].name, span_of(name)))
			return true;
	return false;
}

struct verdict
rule_policy_header(const struct profile *profile, struct facts *facts)
{
	const struct profile_content *content = &profile->content;
	const struct header *header = &facts->submitted;
	struct verdict v = verdict_pass();

	for (size_t i = 0; i < content->required_count; i++)
		if (!has_field(header, content->required[i]))
			return verdict_refuse(REASON_FIELD_REQUIRED,
			    span_of(content->required[i]), none());
	for (size_t i = 0; i < header->n; i++) {
		const char *pattern = glob_first(content->forbidden,
		    content->forbidden_count, header->v[i].name);

		if (pattern != NULL)
			return verdict_refuse(REASON_FIELD_FORBIDDEN,
			    header->v[i].name, span_of(pattern));
	}
	for (size_t i = 0; content->values.table != NULL && i < header->n &&
	    v.action == ACTION_PASS; i++)
		v = check_value(profile, facts, &header->v[i]);
	return v;
}

struct verdict
rule_policy_files(const struct profile *profile, struct facts *facts)
{
	const struct profile_content *content = &profile->content;
	const struct facts_files *files = &facts->files;
	struct verdict v = verdict_pass();

	if (!profile_names_files(profile))
		return v;
	if (files->is_cut)
		return arena_is_exhausted(facts->arena) ? no_memory() :
		    verdict_refuse(REASON_FILE_UNREADABLE, none(), none());
	for (size_t i = 0; i < files->n && v.action == ACTION_PASS; i++) {
		const char *pattern = glob_first(content->files,
		    content->file_count, files->v[i]);

		if (pattern != NULL)
			return verdict_refuse(REASON_FILE_FORBIDDEN,
			    files->v[i], span_of(pattern));
		if (content->file_table.table != NULL)
			v = ask(facts, content->file_table.table,
			    files->v[i], REASON_FILE_FORBIDDEN,
			    files->v[i]);
	}
	return v;
}
