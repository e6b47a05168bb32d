/*
 * message.c - the rule about form and size of the message.
 *
 * RFC 6409 section 6.3; RFC 5322 sections 2.2, 3.6; RFC 5321 section 2.3.8
 * (CR and LF); RFC 6532 (UTF-8 in fields). The limits lie below those of
 * the MTAs, which cut or refuse by themselves in ways that users cannot
 * understand.
 */
#include "policy/rules.h"
#include "syntax/encword.h"

static struct span
none(void)
{
	return (struct span){ NULL, 0 };
}

static struct span
number(struct facts *facts, int n)
{
	return arena_printf(facts->arena, "%d", n);
}

static struct verdict
check_sizes(const struct profile *profile, struct facts *facts)
{
	const struct profile_limits *limits = &profile->limits;

	if (facts->header_size > (size_t)limits->header_size)
		return verdict_refuse(REASON_HEADER_TOO_LARGE,
		    number(facts, limits->header_size), none());
	if (facts->longest_field > (size_t)limits->field_size)
		return verdict_refuse(REASON_FIELD_TOO_LARGE,
		    number(facts, limits->field_size), none());
	if (facts->field_count > (size_t)limits->fields)
		return verdict_refuse(REASON_FIELDS_TOO_MANY,
		    number(facts, limits->fields), none());
	return verdict_pass();
}

/* A NUL, or a CR or LF that is no folding. */
static bool
has_stray_octet(struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == '\0')
			return true;
		if (c == '\r' && (i + 1 == value.len ||
		    value.ptr[i + 1] != '\n'))
			return true;
		if (c == '\n' && (i + 1 == value.len ||
		    (value.ptr[i + 1] != ' ' && value.ptr[i + 1] != '\t')))
			return true;
	}
	return false;
}

/* Will it leave without octets above 127? (edit/reencode.h) */
static bool
is_encodable(const struct profile *profile, struct facts *facts,
    const struct header_field *field)
{
	const struct encword_style style = { profile->encode.charset, "\n" };
	struct span text;

	return profile->encode.header && !facts->is_smtputf8 &&
	    encword_encode(field->name, field->value, &style, facts->arena,
	    &text) == 1;
}

static struct verdict
check_field(const struct profile *profile, struct facts *facts,
    const struct header_field *field)
{
	bool is_8bit = span_has_8bit(field->value);

	if (!field_name_is_valid(field->name))
		return verdict_refuse(REASON_FIELD_NAME, none(), field->name);
	if (has_stray_octet(field->value))
		return verdict_refuse(REASON_FIELD_CONTROL, field->name,
		    none());
	if (is_8bit && (!facts->is_smtputf8 || !span_is_utf8(field->value)) &&
	    !is_encodable(profile, facts, field))
		return verdict_refuse(REASON_FIELD_UTF8, field->name, none());
	return verdict_pass();
}

/* RFC 5322 section 3.6: From must be there; some fields come only once. */
static struct verdict
check_counts(const struct header *header)
{
	size_t counts[FIELD_COUNT] = { 0 };

	for (size_t i = 0; i < header->n; i++)
		counts[header->v[i].id]++;
	if (counts[FIELD_FROM] == 0)
		return verdict_refuse(REASON_FROM_MISSING, none(), none());
	for (int id = 0; id < FIELD_COUNT; id++)
		if (counts[id] > 1 && field_info((enum field_id)id)->is_once)
			return verdict_refuse(REASON_FIELD_REPEATED,
			    span_of(field_info((enum field_id)id)->name),
			    none());
	return verdict_pass();
}

/*
 * Postfix silently drops what lies beyond its header_address_token_limit
 * (10240) when it rewrites an address field.
 */
static struct verdict
check_tokens(const struct profile *profile, struct facts *facts)
{
	struct header *header = &facts->leaving;
	size_t limit = (size_t)profile->limits.address_tokens;

	for (size_t i = 0; i < header->n; i++) {
		struct header_field *field = &header->v[i];
		const struct header_addresses *a;

		if (!field_info(field->id)->is_address)
			continue;
		a = header_addresses(header, field);
		if (a == NULL)
			return verdict_tempfail(REASON_MEMORY,
			    SPAN("out of memory"));
		if (a->is_valid && a->list.tokens > limit)
			return verdict_refuse(REASON_ADDRESSES_TOO_MANY,
			    field->name, number(facts, (int)limit));
	}
	return verdict_pass();
}

struct verdict
rule_header_form(const struct profile *profile, struct facts *facts)
{
	const struct header *header = &facts->submitted;
	struct verdict v = check_sizes(profile, facts);

	for (size_t i = 0; v.action == ACTION_PASS && i < header->n; i++)
		v = check_field(profile, facts, &header->v[i]);
	if (v.action == ACTION_PASS)
		v = check_counts(header);
	if (v.action == ACTION_PASS)
		v = check_tokens(profile, facts);
	return v;
}

struct verdict
rule_body_form(const struct profile *profile, struct facts *facts)
{
	const struct octets *body = &facts->body;
	int depth = profile->limits.mime_depth;

	if (body->has_nul)
		return verdict_refuse(REASON_BODY_NUL, none(), none());
	if (body->has_bare_cr)
		return verdict_refuse(REASON_BODY_BARE_CR, none(), none());
	if (body->has_bare_lf)
		return verdict_refuse(REASON_BODY_BARE_LF, none(), none());
	if (facts->mime != NULL &&
	    mime_scan_depth(facts->mime) > (size_t)depth)
		return verdict_refuse(REASON_MIME_TOO_DEEP,
		    number(facts, depth), none());
	return verdict_pass();
}
