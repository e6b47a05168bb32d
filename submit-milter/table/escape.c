/*
 * escape.c - see escape.h.
 */
#include "table/escape.h"

#include "base/ascii.h"
#include "table/template.h"

/* valueencoding = 0*(normal / escaped); escaped = "\" HEX HEX */
void
escape_filter(struct sbuf *out, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (c == '*' || c == '(' || c == ')' || c == '\\' ||
		    ascii_is_cntrl(c))
			sbuf_addf(out, "\\%02x", c);
		else
			sbuf_addc(out, (char)c);
	}
}

/*
 * The RFC allows most signs to be escaped by a backslash alone; two digits
 * do for all of them, and for a space or "#" wherever it stands.
 */
void
escape_dn(struct sbuf *out, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		bool is_end = i == 0 || i + 1 == value.len;

		if (ascii_is_cntrl(c) || strchr("\"+,;<>\\=#", c) != NULL ||
		    (c == ' ' && is_end))
			sbuf_addf(out, "\\%02x", c);
		else
			sbuf_addc(out, (char)c);
	}
}

int
escape_expand(struct sbuf *out, const char *template,
    void (*escape)(struct sbuf *out, struct span value), struct span key)
{
	struct span rest = span_of(template), text;
	enum template_part part;
	int rc;

	while ((rc = template_next(&rest, &part, &text)) == 1) {
		if (part == TEMPLATE_TEXT)
			sbuf_add(out, text);
		else if (template_value(part, key, &text))
			escape(out, text);
		else
			return 0;
	}
	return rc < 0 ? -1 : 1;
}
