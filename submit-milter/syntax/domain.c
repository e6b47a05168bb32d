/*
 * domain.c - see domain.h.
 */
#include "syntax/domain.h"

#include <stdlib.h>

#include <idn2.h>

#include "base/ascii.h"
#include "base/sbuf.h"
#include "syntax/unicode.h"

#define LABEL_MAX 63		/* RFC 1035 section 2.3.4 */
#define DOMAIN_MAX 255		/* RFC 5321 section 4.5.3.1.2 */

static bool
is_let_dig_hyp(unsigned char c)
{
	return ascii_is_alnum(c) || c == '-';
}

/*
 * sub-domain = Let-dig [Ldh-str]
 * Ldh-str    = *( ALPHA / DIGIT / "-" ) Let-dig
 */
static int
ldh_check(struct span label, const char **error_r)
{
	for (size_t i = 0; i < label.len; i++)
		if (!is_let_dig_hyp((unsigned char)label.ptr[i])) {
			*error_r = "domain has a character that is "
			    "not allowed";
			return -1;
		}
	if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-') {
		*error_r = "domain label begins or ends with a hyphen";
		return -1;
	}
	if (label.len > LABEL_MAX) {
		*error_r = "domain label is longer than 63 octets";
		return -1;
	}
	return 1;
}

/*
 * The A-label of a label with octets above 127, in lower case. The label
 * is first put in lower case and NFC (RFC 5895 section 2), as users and
 * programs type names so; what comes of it must be a U-label by all rules
 * of RFC 5891 section 4 (hyphens, combining marks, context, direction).
 * 1, -1 when it is none, 0 when there is no memory.
 */
static int
ulabel_to_ascii(struct span label, char alabel_r[LABEL_MAX + 1])
{
	unsigned char *alabel = NULL;
	const char *ignored;
	int rc, result = -1;
	struct span mapped;
	char *text;
	size_t len;

	if (label.len > DOMAIN_MAX || memchr(label.ptr, '\0', label.len))
		return -1;
	text = unicode_map(label, UNICODE_LOWER, &len);
	if (text == NULL)
		return 0;
	mapped = (struct span){ text, len };
	if (!span_has_8bit(mapped)) {
		/* Only of letters like the Kelvin sign, which NFC replaces. */
		if (ldh_check(mapped, &ignored) == 1) {
			memcpy(alabel_r, text, len + 1);
			result = 1;
		}
		goto out;
	}
	rc = idn2_register_u8((const unsigned char *)text, NULL, &alabel, 0);
	if (rc == IDN2_MALLOC) {
		result = 0;
	} else if (rc == IDN2_OK) {
		len = strlen((const char *)alabel);
		if (len <= LABEL_MAX) {
			memcpy(alabel_r, alabel, len + 1);
			result = 1;
		}
	}
	idn2_free(alabel);
out:
	free(text);
	return result;
}

/* One label; *len_r is the length of its ASCII form. */
static int
label_check(struct span label, bool is_utf8_allowed, size_t *len_r,
    const char **error_r)
{
	char alabel[LABEL_MAX + 1];

	if (label.len == 0) {
		*error_r = "domain has an empty label";
		return -1;
	}
	*len_r = label.len;
	if (!is_utf8_allowed || !span_has_8bit(label))
		return ldh_check(label, error_r);
	switch (ulabel_to_ascii(label, alabel)) {
	case 1:
		*len_r = strlen(alabel);
		return 1;
	case 0:
		*error_r = "no memory to check a domain label";
		return -1;
	default:
		*error_r = "domain label is no valid U-label";
		return -1;
	}
}

/*
 * Domain = sub-domain *("." sub-domain)
 * sub-domain =/ U-label			; RFC 6531 section 3.3
 */
static int
name_check(struct span s, bool is_utf8_allowed, const char **error_r)
{
	size_t ascii_len = 0;

	for (;;) {
		size_t dot = span_find(s, '.'), len;

		if (label_check(span_slice(s, 0, dot), is_utf8_allowed, &len,
		    error_r) != 1)
			return -1;
		ascii_len += len;
		if (dot == s.len)
			break;
		ascii_len++;
		s = span_slice(s, dot + 1, s.len);
	}
	if (ascii_len > DOMAIN_MAX) {
		*error_r = "domain is longer than 255 octets";
		return -1;
	}
	return 1;
}

/*
 * IPv4-address-literal = Snum 3("."  Snum)
 * Snum = 1*3DIGIT			; a value from 0 through 255
 */
static bool
is_ipv4(struct span s)
{
	size_t i = 0;

	for (int part = 0; part < 4; part++) {
		size_t digits = 0;
		unsigned value = 0;

		if (part > 0 && (i == s.len || s.ptr[i++] != '.'))
			return false;
		while (i < s.len && digits < 3 &&
		    ascii_is_digit((unsigned char)s.ptr[i])) {
			value = value * 10 + (unsigned)(s.ptr[i] - '0');
			digits++;
			i++;
		}
		if (digits == 0 || value > 255)
			return false;
	}
	return i == s.len;
}

static size_t
hex_run(struct span s, size_t from)
{
	size_t i = from;

	while (i < s.len && ascii_is_xdigit((unsigned char)s.ptr[i]))
		i++;
	return i - from;
}

/*
 * IPv6-addr      = IPv6-full / IPv6-comp / IPv6v4-full / IPv6v4-comp
 * IPv6-hex       = 1*4HEXDIG
 * IPv6-full      = IPv6-hex 7(":" IPv6-hex)
 * IPv6-comp      = [IPv6-hex *5(":" IPv6-hex)] "::"
 *                  [IPv6-hex *5(":" IPv6-hex)]
 *                  ; no more than 6 groups beside the "::"
 * IPv6v4-full    = IPv6-hex 5(":" IPv6-hex) ":" IPv4-address-literal
 * IPv6v4-comp    = [IPv6-hex *3(":" IPv6-hex)] "::"
 *                  [IPv6-hex *3(":" IPv6-hex) ":"]
 *                  IPv4-address-literal
 *                  ; no more than 4 groups beside both
 */
static bool
is_ipv6(struct span s)
{
	unsigned groups = 0;
	bool has_gap = false, has_ipv4 = false;
	size_t i = 0;

	if (s.len >= 2 && s.ptr[0] == ':' && s.ptr[1] == ':') {
		has_gap = true;
		i = 2;
	}
	while (i < s.len) {
		size_t run = hex_run(s, i);

		if (run > 0 && i + run < s.len && s.ptr[i + run] == '.') {
			has_ipv4 = is_ipv4(span_slice(s, i, s.len));
			if (!has_ipv4)
				return false;
			break;
		}
		if (run == 0 || run > 4 || ++groups > 8)
			return false;
		i += run;
		if (i == s.len)
			break;
		if (s.ptr[i++] != ':' || i == s.len)
			return false;
		if (s.ptr[i] == ':') {
			if (has_gap)
				return false;
			has_gap = true;
			i++;
		}
	}
	if (has_gap)
		return groups <= (has_ipv4 ? 4 : 6);
	return groups == (has_ipv4 ? 6 : 8);
}

/*
 * General-address-literal = Standardized-tag ":" 1*dcontent
 * Standardized-tag        = Ldh-str
 * dcontent                = %d33-90 / %d94-126
 */
static bool
is_general(struct span s)
{
	size_t colon = span_find(s, ':');

	if (colon == 0 || s.len - colon < 2 ||
	    !ascii_is_alnum((unsigned char)s.ptr[colon - 1]))
		return false;
	for (size_t i = 0; i < colon; i++)
		if (!is_let_dig_hyp((unsigned char)s.ptr[i]))
			return false;
	for (size_t i = colon + 1; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (!ascii_is_vchar(c) || (c >= '[' && c <= ']'))
			return false;
	}
	return true;
}

/*
 * Hexadecimal digits, colons and dots alone: an IPv6 address whose tag is
 * missing. The grammar has room for it ("2001" may be a Standardized-tag),
 * but no such tag was ever registered, and nobody means one.
 */
static bool
is_untagged_ipv6(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_xdigit((unsigned char)s.ptr[i]) &&
		    s.ptr[i] != ':' && s.ptr[i] != '.')
			return false;
	return true;
}

/*
 * address-literal = "[" ( IPv4-address-literal / IPv6-address-literal /
 *                   General-address-literal ) "]"
 * IPv6-address-literal = "IPv6:" IPv6-addr
 *
 * The tag IPv6 has one meaning; with another content it is an error and
 * no General-address-literal.
 */
static int
literal_parse(struct span s, enum domain_kind *kind_r, const char **error_r)
{
	struct span tag = SPAN("IPv6:");
	struct span inner;

	if (s.len < 2 || s.ptr[s.len - 1] != ']') {
		*error_r = "address literal does not end with a bracket";
		return -1;
	}
	inner = span_slice(s, 1, s.len - 1);
	if (is_ipv4(inner)) {
		*kind_r = DOMAIN_IPV4;
		return 1;
	}
	if (span_starts_nocase(inner, tag)) {
		if (is_ipv6(span_slice(inner, tag.len, inner.len))) {
			*kind_r = DOMAIN_IPV6;
			return 1;
		}
	} else if (is_general(inner) && !is_untagged_ipv6(inner)) {
		*kind_r = DOMAIN_GENERAL;
		return 1;
	}
	*error_r = "address literal is malformed";
	return -1;
}

int
domain_parse(struct span s, bool is_utf8_allowed, enum domain_kind *kind_r,
    const char **error_r)
{
	if (s.len == 0) {
		*error_r = "domain is empty";
		return -1;
	}
	if (s.len > DOMAIN_MAX) {
		*error_r = "domain is longer than 255 octets";
		return -1;
	}
	if (s.ptr[0] == '[')
		return literal_parse(s, kind_r, error_r);
	if (s.ptr[s.len - 1] == '.') {
		*error_r = "domain ends with a dot";
		return -1;
	}
	if (is_utf8_allowed && !span_is_utf8(s)) {
		*error_r = "domain is not UTF-8";
		return -1;
	}
	if (name_check(s, is_utf8_allowed, error_r) != 1)
		return -1;
	*kind_r = DOMAIN_NAME;
	return 1;
}

bool
domain_is_qualified(struct span name)
{
	size_t dot = span_find_last(name, '.');
	bool has_other = false;

	if (dot == name.len || dot + 1 == name.len || name.ptr[0] == '.' ||
	    name.ptr[0] == '[')
		return false;
	for (size_t i = 1; i < name.len; i++)
		if (name.ptr[i] == '.' && name.ptr[i - 1] == '.')
			return false;
	for (size_t i = dot + 1; i < name.len; i++)
		if (!ascii_is_digit((unsigned char)name.ptr[i]))
			has_other = true;
	return has_other;
}

static void
add_lower(struct sbuf *sbuf, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		sbuf_addc(sbuf, (char)ascii_lower((unsigned char)s.ptr[i]));
}

/* The common case: nothing but ASCII to change. */
static int
fold_ascii(struct span s, struct arena *arena, struct span *folded_r)
{
	char *copy = arena_strdup(arena, s);

	if (copy == NULL)
		return -1;
	for (size_t i = 0; i < s.len; i++)
		copy[i] = (char)ascii_lower((unsigned char)copy[i]);
	*folded_r = (struct span){ copy, s.len };
	return 0;
}

/* 0, or -1 when there was no memory to look at the label. */
static int
add_folded_label(struct sbuf *sbuf, struct span label)
{
	char alabel[LABEL_MAX + 1];
	int rc = -1;

	if (span_has_8bit(label) && span_is_utf8(label))
		rc = ulabel_to_ascii(label, alabel);
	if (rc == 0)
		return -1;
	if (rc == 1)
		sbuf_adds(sbuf, alabel);
	else
		add_lower(sbuf, label);
	return 0;
}

int
domain_fold(struct span s, struct arena *arena, struct span *folded_r)
{
	struct sbuf sbuf;

	if (!span_has_8bit(s) || s.ptr[0] == '[')
		return fold_ascii(s, arena, folded_r);
	/* An A-label of 63 octets may come of a label much shorter. */
	sbuf_init(&sbuf, arena, (s.len + 1) * LABEL_MAX);
	for (;;) {
		size_t dot = span_find(s, '.');

		if (add_folded_label(&sbuf, span_slice(s, 0, dot)) != 0)
			return -1;
		if (dot == s.len)
			break;
		sbuf_addc(&sbuf, '.');
		s = span_slice(s, dot + 1, s.len);
	}
	return sbuf_done(&sbuf, folded_r);
}
