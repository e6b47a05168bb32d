/*
 * mtaform.c - see mtaform.h.
 */
#include "edit/mtaform.h"

#include "base/ascii.h"
#include "syntax/listform.h"

/*
 * Those that Sendmail takes for address fields, as seen of 8.17, but for
 * Bcc, Resent-Bcc and Apparently-To, which no signature covers.
 */
static const enum field_id rewritten[] = {
	FIELD_FROM, FIELD_SENDER, FIELD_REPLY_TO, FIELD_TO, FIELD_CC,
	FIELD_RESENT_FROM, FIELD_RESENT_SENDER, FIELD_RESENT_REPLY_TO,
	FIELD_RESENT_TO, FIELD_RESENT_CC, FIELD_DISPOSITION_NOTIFICATION_TO,
	FIELD_ERRORS_TO,
};

static bool
is_rewritten(enum field_id id)
{
	for (size_t i = 0; i < sizeof(rewritten) / sizeof(rewritten[0]); i++)
		if (rewritten[i] == id)
			return true;
	return false;
}

static bool
is_fws(struct span s, size_t i)
{
	return i < s.len && (ascii_is_wsp((unsigned char)s.ptr[i]) ||
	    s.ptr[i] == '\r' || s.ptr[i] == '\n');
}

/* The same but for the amount of white space? (RFC 6376, section 3.4.2) */
static bool
is_same_relaxed(struct span a, struct span b)
{
	size_t i = 0, j = 0;

	a = span_trim(a);
	b = span_trim(b);
	while (i < a.len && j < b.len) {
		if (is_fws(a, i) && is_fws(b, j)) {
			while (is_fws(a, i))
				i++;
			while (is_fws(b, j))
				j++;
		} else if (a.ptr[i++] != b.ptr[j++]) {
			return false;
		}
	}
	return i == a.len && j == b.len;
}

static bool
is_same(const struct header_field *field, struct span text, bool is_exact)
{
	struct span value = field->value;

	if (!is_exact)
		return is_same_relaxed(value, text);
	return value.len == text.len + 1 && value.ptr[0] == ' ' &&
	    span_eq(span_slice(value, 1, value.len), text);
}

static enum mtaform_status
write_field(struct facts *facts, struct edit_list *list, size_t index,
    bool is_exact)
{
	struct header_field *field = &facts->leaving.v[index];
	const struct header_addresses *a = header_addresses(&facts->leaving,
	    field);
	struct span text;

	if (a == NULL)
		return MTAFORM_NO_MEMORY;
	if (!a->is_valid)
		return MTAFORM_UNKNOWN;
	switch (listform_print(field->name, field->value, &a->list,
	    facts->arena, &text)) {
	case 0:
		return MTAFORM_NO_MEMORY;
	case 1:
		break;
	default:
		return MTAFORM_UNKNOWN;
	}
	if (is_same(field, text, is_exact))
		return MTAFORM_OK;
	return edit_reword(list, &facts->leaving, index, text,
	    "mta-form") == 0 ? MTAFORM_OK : MTAFORM_NO_MEMORY;
}

enum mtaform_status
mtaform_run(struct facts *facts, struct edit_list *list,
    const struct mtaform_signature *signature)
{
	enum mtaform_status status = MTAFORM_OK;

	if (!mta_is_sendmail(facts->mta_version))
		return MTAFORM_OK;
	for (size_t i = 0; i < facts->leaving.n && status == MTAFORM_OK; i++) {
		const struct header_field *field = &facts->leaving.v[i];

		if (is_rewritten(field->id) &&
		    signature->covers(signature->context, field->name))
			status = write_field(facts, list, i,
			    signature->is_exact);
	}
	return status;
}
