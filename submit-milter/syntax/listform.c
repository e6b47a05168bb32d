/*
 * listform.c - see listform.h.
 *
 * What Sendmail does (8.17, headers.c, found out by trying and kept true by
 * t/e2e/test_mta_form.py):
 *
 *	a list is cut at its commas, empty elements are dropped, and the rest
 *	is joined with ", " in lines of 78 octets, continued with 8 blanks;
 *	a phrase with one of .@,;:\()[]' outside quotes is quoted as a whole;
 *	an address loses its blanks and its route, and comments in it move
 *	behind it;
 *	what stands behind ">" is kept as it is, other comments are set off
 *	by one blank;
 *	an element of more than 256 octets is cut off there.
 */
#include "syntax/listform.h"

#include "base/ascii.h"
#include "base/sbuf.h"

#define LINE_OCTETS 78u
#define ELEMENT_OCTETS 250u	/* a little less than it could be */

struct printer {
	struct span value;
	const struct address_list *list;
	size_t next;		/* the mailbox of the list that is to come */
	struct sbuf out;
	/* What Sendmail takes for one element: it knows no groups. */
	struct sbuf element;
	size_t column;
	size_t elements;	/* in out */
};

/* A part of the list between separators: VALUE from begin to end. */
struct part {
	size_t begin, end;
	char closed_by;		/* , ; : or NUL at the end of the list */
};

static bool
is_fws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The octet behind the quoted-string, comment, literal or octet at I. */
static size_t
skip_item(struct span s, size_t i)
{
	char open = s.ptr[i];
	char close = open == '(' ? ')' : open == '[' ? ']' : '"';
	size_t depth = 1;

	if (open != '(' && open != '[' && open != '"')
		return i + 1;
	for (i++; i < s.len && depth > 0; i++) {
		if (s.ptr[i] == '\\')
			i++;
		else if (s.ptr[i] == close)
			depth--;
		else if (s.ptr[i] == '(' && open == '(')
			depth++;
	}
	return i < s.len ? i : s.len;
}

/* Index of the first C outside quotes, comments and literals, or s.len. */
static size_t
find_item(struct span s, char c)
{
	size_t i = 0;

	while (i < s.len && s.ptr[i] != c)
		i = skip_item(s, i);
	return i;
}

static struct part
next_part(struct span s, size_t begin)
{
	struct part part = { .begin = begin, .end = begin };
	bool is_in_angle = false;

	while (part.end < s.len) {
		char c = s.ptr[part.end];

		if (c == '<' || c == '>')
			is_in_angle = c == '<';
		if (!is_in_angle && (c == ',' || c == ';' || c == ':')) {
			part.closed_by = c;
			return part;
		}
		part.end = skip_item(s, part.end);
	}
	return part;
}

/* Nothing but blanks and comments? */
static bool
is_cfws(struct span s)
{
	size_t i = 0;

	while (i < s.len && (is_fws(s.ptr[i]) || s.ptr[i] == '('))
		i = skip_item(s, i);
	return i == s.len;
}

/* Each comment of S, with a blank before or behind it. */
static void
add_comments(struct sbuf *out, struct span s, bool is_blank_before)
{
	size_t i = 0;

	while (i < s.len) {
		size_t end = skip_item(s, i);

		if (s.ptr[i] == '(') {
			if (is_blank_before)
				sbuf_addc(out, ' ');
			sbuf_add(out, span_slice(s, i, end));
			if (!is_blank_before)
				sbuf_addc(out, ' ');
		}
		i = end;
	}
}

/* Would Sendmail put quotes around the phrase? */
static bool
is_to_be_quoted(struct span phrase)
{
	const struct span reasons = SPAN(".@,;:\\)[]'");
	size_t i = 0;

	while (i < phrase.len) {
		if (span_find(reasons, phrase.ptr[i]) < reasons.len)
			return true;
		i = skip_item(phrase, i);
	}
	return false;
}

/* The words of a phrase as one quoted-string, comments left out. */
static void
add_quoted(struct sbuf *out, struct span phrase)
{
	bool has_text = false, has_blank = false;
	size_t i = 0;

	sbuf_addc(out, '"');
	while (i < phrase.len) {
		size_t end = skip_item(phrase, i);
		bool is_quoted = phrase.ptr[i] == '"';
		struct span item = span_slice(phrase, i, end);

		i = end;
		if (is_fws(item.ptr[0]) || item.ptr[0] == '(') {
			has_blank = true;
			continue;
		}
		if (has_blank && has_text)
			sbuf_addc(out, ' ');
		has_text = true;
		has_blank = false;
		sbuf_add(out, is_quoted ? span_slice(item, 1, item.len - 1) :
		    item);
	}
	sbuf_addc(out, '"');
}

static void
add_spec(struct sbuf *out, const struct address *a)
{
	sbuf_add(out, a->local);
	sbuf_addc(out, '@');
	sbuf_add(out, a->domain);
}

/* [display-name] angle-addr */
static void
add_angle(struct sbuf *out, struct span s, const struct address *a)
{
	size_t open = find_item(s, '<');
	struct span rest = span_slice(s, open, s.len);
	size_t close = find_item(rest, '>');
	struct span phrase = span_trim(span_slice(s, 0, open));
	bool is_quoted = is_to_be_quoted(phrase);

	if (is_quoted)
		add_quoted(out, phrase);
	else
		sbuf_add(out, phrase);
	if (phrase.len > 0 && (is_quoted || is_fws(s.ptr[open - 1])))
		sbuf_addc(out, ' ');
	sbuf_addc(out, '<');
	add_spec(out, a);
	sbuf_addc(out, '>');
	if (is_quoted)
		add_comments(out, phrase, true);
	add_comments(out, span_slice(rest, 0, close), true);
	sbuf_add(out, span_slice(rest, close + 1, rest.len));
}

/* addr-spec with comments around and in it */
static void
add_plain(struct sbuf *out, struct span s, size_t spec_begin,
    const struct address *a)
{
	add_comments(out, span_slice(s, 0, spec_begin), false);
	add_spec(out, a);
	add_comments(out, span_slice(s, spec_begin, s.len), true);
}

/* The same without what makes it too long. */
static void
add_bare(struct sbuf *out, const struct address *a)
{
	sbuf_addc(out, '<');
	add_spec(out, a);
	sbuf_addc(out, '>');
}

/* Puts the element behind those before it, on a new line if it must be. */
static void
end_element(struct printer *p)
{
	struct span text = { p->element.ptr, p->element.len };

	if (text.len == 0)
		return;
	p->column += text.len + (p->elements > 0 ? 2 : 0);
	if (p->elements > 0 && p->column > LINE_OCTETS) {
		sbuf_adds(&p->out, ",\n        ");
		p->column = 8 + text.len;
	} else if (p->elements > 0) {
		sbuf_adds(&p->out, ", ");
	}
	sbuf_add(&p->out, text);
	p->elements++;
	sbuf_clear(&p->element);
}

/* Each of these: 1, or -1 when it is not known how Sendmail writes it. */
static int
add_mailbox(struct printer *p, struct part part)
{
	struct span s = span_trim(span_slice(p->value, part.begin, part.end));
	size_t offset = (size_t)(s.ptr - p->value.ptr);
	size_t before = p->element.len;
	const struct address *a = &p->list->v[p->next++];

	/* A name of one label or a literal may become the host's own name. */
	if (a->kind != DOMAIN_NAME ||
	    span_find(a->domain, '.') == a->domain.len ||
	    before + a->local.len + a->domain.len + 4 > ELEMENT_OCTETS)
		return -1;
	if (a->has_angle)
		add_angle(&p->element, s, a);
	else
		add_plain(&p->element, s, a->spec_begin - offset, a);
	if (p->element.len > ELEMENT_OCTETS) {
		p->element.len = before;
		add_bare(&p->element, a);
	}
	return 1;
}

/* display-name ":" */
static int
begin_group(struct printer *p, struct part part)
{
	struct span s = span_slice(p->value, part.begin, part.end);
	struct span name = span_trim(s);
	size_t next = part.end + 1;

	if (!is_to_be_quoted(name))
		sbuf_add(&p->element, name);
	else if (find_item(name, '(') == name.len)
		add_quoted(&p->element, name);
	else
		return -1;
	sbuf_addc(&p->element, ':');
	if (next < p->value.len && is_fws(p->value.ptr[next]))
		sbuf_addc(&p->element, ' ');
	return 1;
}

static void
end_group(struct printer *p)
{
	if (p->element.len > 0)
		sbuf_addc(&p->element, ';');
	else if (p->elements > 0)
		sbuf_addc(&p->out, ';');	/* "name: a@b.example,;" */
}

static int
add_part(struct printer *p, struct part part)
{
	struct span s = span_slice(p->value, part.begin, part.end);

	if (part.closed_by == ':')
		return begin_group(p, part);
	if (!is_cfws(s)) {
		if (p->next == p->list->n || add_mailbox(p, part) != 1)
			return -1;
	} else if (find_item(s, '(') < s.len) {
		return -1;
	}
	if (part.closed_by == ';')
		end_group(p);
	else
		end_element(p);
	return 1;
}

int
listform_print(struct span name, struct span value,
    const struct address_list *list, struct arena *arena,
    struct span *text_r)
{
	struct printer p = {
		.value = value,
		.list = list,
		.column = name.len + 2,		/* the colon and a blank */
	};
	struct part part = { .closed_by = ',' };

	if (span_has_8bit(value))
		return -1;
	/* Commas, blanks and quotes that are not there yet, and folds. */
	sbuf_init(&p.out, arena, value.len * 4 + ELEMENT_OCTETS);
	sbuf_init(&p.element, arena, value.len * 4 + ELEMENT_OCTETS);
	for (size_t i = 0; part.closed_by != '\0'; i = part.end + 1) {
		part = next_part(value, i);
		if (add_part(&p, part) != 1)
			return -1;
	}
	if (p.element.is_failed || sbuf_done(&p.out, text_r) != 0)
		return 0;
	return 1;
}
