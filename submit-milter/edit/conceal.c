/*
 * conceal.c - see conceal.h.
 */
#include "edit/conceal.h"

#include "base/ascii.h"
#include "base/glob.h"
#include "policy/site.h"
#include "syntax/lex.h"
#include "syntax/rawfield.h"

/* --- what others could forge ---------------------------------------------- */

static bool
is_ours(const struct facts *facts, struct span id)
{
	const struct site *site = facts->site;

	if (span_eq_nocase(id, facts->host) ||
	    span_eq_nocase(id, facts->mta_host))
		return true;
	for (size_t i = 0; i < site->authserv_id_count; i++)
		if (span_eq_nocase(id, span_of(site->authserv_ids[i])))
			return true;
	return false;
}

/* authres-payload = [CFWS] authserv-id [CFWS authres-version] ";" ... */
static bool
is_own_result(const struct facts *facts, const struct header_field *field)
{
	struct lex lex = { .s = field->value };
	struct span id;
	size_t begin;

	if (!span_eq_nocase(field->name, SPAN("Authentication-Results")))
		return false;
	/* One that cannot be read might be read as ours by somebody. */
	if (lex_skip(&lex, NULL, NULL) != 0)
		return true;
	begin = lex.pos;
	while (lex.pos < lex.s.len && lex.s.ptr[lex.pos] != ';' &&
	    lex.s.ptr[lex.pos] != '(' && !lex_is_fws(lex.s.ptr[lex.pos]))
		lex.pos++;
	id = span_slice(lex.s, begin, lex.pos);
	if (id.len > 1 && id.ptr[0] == '"' && id.ptr[id.len - 1] == '"')
		id = span_slice(id, 1, id.len - 1);
	return is_ours(facts, id);
}

/* NULL, or the cause for which the field goes. */
static const char *
is_forgery(const struct profile *profile, const struct facts *facts,
    const struct header_field *field)
{
	const struct profile_trust *trust = &profile->trust;

	if (trust->trace && (field->id == FIELD_RETURN_PATH ||
	    is_own_result(facts, field)))
		return "trace";
	if (trust->dkim == FOREIGN_REMOVE &&
	    (field->id == FIELD_DKIM_SIGNATURE ||
	    span_eq_nocase(field->name, SPAN("DomainKey-Signature"))))
		return "foreign-dkim";
	if (trust->arc == FOREIGN_REMOVE &&
	    span_starts_nocase(field->name, SPAN("ARC-")))
		return "foreign-arc";
	return NULL;
}

/* --- what tells of client and user ---------------------------------------- */

/* Is TEXT in S, with no letter or digit right before or after it? */
static bool
tells(struct span s, struct span text)
{
	for (size_t i = 0; text.len > 0 && i + text.len <= s.len; i++) {
		size_t end = i + text.len;

		if (span_eq_nocase(span_slice(s, i, end), text) &&
		    (i == 0 ||
		    !ascii_is_alnum((unsigned char)s.ptr[i - 1])) &&
		    (end == s.len ||
		    !ascii_is_alnum((unsigned char)s.ptr[end])))
			return true;
	}
	return false;
}

static bool
tells_client(const struct facts *facts, const struct header_field *field)
{
	return span_starts_nocase(field->name, SPAN("X-")) &&
	    (tells(field->value, facts->client.address) ||
	    tells(field->value, facts->client.name) ||
	    tells(field->value, facts->identity.bare));
}

static const char *
is_private(const struct profile *profile, const struct facts *facts,
    const struct header_field *field)
{
	const struct profile_privacy *privacy = &profile->privacy;

	if (glob_first(privacy->remove, privacy->remove_count,
	    field->name) != NULL)
		return "privacy";
	if (privacy->client && tells_client(facts, field))
		return "client";
	return NULL;
}

/* The value that the table has for the field, or "REMOVE", or nothing. */
static enum completion_status
revise(const struct profile *profile, struct facts *facts,
    struct edit_list *list, size_t index, const char **error_r)
{
	const struct header_field *field = &facts->leaving.v[index];
	struct span value = rawfield_unfold(field->value, facts->arena), key;
	int status = 0;

	if (value.ptr == NULL)
		return COMPLETION_NO_MEMORY;
	key = arena_printf(facts->arena, "%.*s: %.*s", SPAN_ARG(field->name),
	    SPAN_ARG(value));
	if (key.ptr == NULL)
		return COMPLETION_NO_MEMORY;
	switch (resolver_lookup(&facts->resolver,
	    profile->privacy.values.table, key, &value, error_r)) {
	case LOOKUP_FOUND:
		break;
	case LOOKUP_NOT_FOUND:
		return COMPLETION_OK;
	case LOOKUP_FAILED:
		return COMPLETION_LOOKUP_FAILED;
	}
	value = span_trim(value);
	if (span_eq(value, SPAN("REMOVE")))
		status = edit_delete(list, &facts->leaving, index, "privacy");
	else if (!span_eq(span_trim(field->value), value))
		status = edit_replace(list, &facts->leaving, index, value,
		    "privacy");
	return status == 0 ? COMPLETION_OK : COMPLETION_NO_MEMORY;
}

enum completion_status
conceal_run(const struct profile *profile, struct facts *facts,
    struct edit_list *list, const char **error_r)
{
	struct header *header = &facts->leaving;
	enum completion_status status = COMPLETION_OK;

	for (size_t i = header->n; i > 0 && status == COMPLETION_OK; i--) {
		const struct header_field *field = &header->v[i - 1];
		const char *cause = is_forgery(profile, facts, field);

		if (cause == NULL)
			cause = is_private(profile, facts, field);
		if (cause != NULL)
			status = edit_delete(list, header, i - 1, cause) == 0 ?
			    COMPLETION_OK : COMPLETION_NO_MEMORY;
		else if (profile->privacy.values.table != NULL)
			status = revise(profile, facts, list, i - 1, error_r);
	}
	return status;
}
