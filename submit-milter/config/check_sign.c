/*
 * check_sign.c - see check.h: values of options about signatures.
 */
#include "config/check.h"

#include <string.h>

#include "base/ascii.h"
#include "sign/fields.h"
#include "sign/schedule.h"

const char *
check_key_domain(struct check *check, const char **value)
{
	if (strcmp(*value, "*") == 0)
		return NULL;
	if ((*value)[0] == '\0' || strcmp(*value, ".") == 0)
		return "must not be empty";
	return check_local_domain(check, value);
}

const char *
check_time(struct check *check, const char **value)
{
	int64_t ignored;

	(void)check;
	if (**value == '\0' ||
	    schedule_parse_time(span_of(*value), false, &ignored) == 1)
		return NULL;
	return "must be a time like 2026-12-01 or 2026-12-01T00:00:00Z";
}

/* field-name = 1*ftext		; RFC 5322 section 3.6.8 */
static const char *
check_field_name(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!ascii_is_vchar((unsigned char)*p) || *p == ':' ||
		    *p == ';')
			return "must be the name of a field";
	return *name == '\0' ? "must be the name of a field" : NULL;
}

const char *
check_signed_field(struct check *check, const char **value)
{
	const char *why = check_field_name(*value);

	(void)check;
	if (why != NULL)
		return why;
	return fields_may_sign(span_of(*value)) ? NULL :
	    "must not be signed: the field changes on the way";
}

const char *
check_unsigned_field(struct check *check, const char **value)
{
	(void)check;
	if (span_eq_nocase(span_of(*value), SPAN("From")))
		return "must not be From: RFC 6376 wants it signed";
	return check_field_name(*value);
}

/* Nothing that a client or another program gives a meaning. */
const char *
check_token_field(struct check *check, const char **value)
{
	const char *why = check_field_name(*value);

	(void)check;
	if (why != NULL)
		return why;
	return field_find(span_of(*value)) == FIELD_OTHER &&
	    fields_may_sign(span_of(*value)) ? NULL :
	    "must be a field that has no other meaning";
}
