/*
 * content.c - see content.h.
 */
#include "syntax/content.h"

#include "base/ascii.h"
#include "syntax/lex.h"

static bool
is_tspecial(char c)
{
	return c != '\0' && strchr("()<>@,;:\\\"/[]?=", c) != NULL;
}

/* token = 1*<any (US-ASCII) CHAR except SPACE, CTLs, or tspecials> */
static struct span
read_token(struct lex *lex)
{
	size_t begin = lex->pos;

	while (lex->pos < lex->s.len) {
		char c = lex->s.ptr[lex->pos];

		if (!ascii_is_vchar((unsigned char)c) || is_tspecial(c))
			break;
		lex->pos++;
	}
	return span_slice(lex->s, begin, lex->pos);
}

static bool
accept(struct lex *lex, char c)
{
	if (lex->pos == lex->s.len || lex->s.ptr[lex->pos] != c)
		return false;
	lex->pos++;
	return true;
}

/* pos is after the quote; a quoted-string without end goes to the end. */
static struct span
read_quoted(struct lex *lex)
{
	size_t begin = lex->pos, end;

	while (lex->pos < lex->s.len && lex->s.ptr[lex->pos] != '"') {
		if (lex->s.ptr[lex->pos] == '\\' && lex->pos + 1 < lex->s.len)
			lex->pos++;
		lex->pos++;
	}
	end = lex->pos;
	(void)accept(lex, '"');
	return span_slice(lex->s, begin, end);
}

/* value = token / quoted-string; tokens may hold all but the separators. */
static struct content_piece
read_value(struct lex *lex)
{
	struct content_piece piece = { .is_given = true };
	size_t begin;

	piece.is_quoted = accept(lex, '"');
	if (piece.is_quoted) {
		piece.raw = read_quoted(lex);
		return piece;
	}
	begin = lex->pos;
	while (lex->pos < lex->s.len) {
		char c = lex->s.ptr[lex->pos];

		if (c == ';' || c == '"' || c == '(' || lex_is_fws(c))
			break;
		lex->pos++;
	}
	piece.raw = span_slice(lex->s, begin, lex->pos);
	return piece;
}

/*
 * attribute = name [ "*" section ] [ "*" ]	; RFC 2231
 *
 * Where the value belongs, or NULL when it is none of ours or was given
 * before.
 */
static struct content_piece *
find_piece(struct content *content, struct span attribute)
{
	struct span rest;
	struct content_piece *piece = &content->whole;
	bool is_encoded;
	size_t i = 0, n = 0;

	if (!span_starts_nocase(attribute, content->parameter))
		return NULL;
	rest = span_slice(attribute, content->parameter.len, attribute.len);
	if (rest.len > 1 && rest.ptr[0] == '*' &&
	    ascii_is_digit((unsigned char)rest.ptr[1])) {
		for (i = 1; i < rest.len && n < CONTENT_SECTIONS &&
		    ascii_is_digit((unsigned char)rest.ptr[i]); i++)
			n = n * 10 + (size_t)(rest.ptr[i] - '0');
		if (n >= CONTENT_SECTIONS)
			return NULL;
		piece = &content->sections[n];
	}
	is_encoded = i < rest.len && rest.ptr[i] == '*';
	if (is_encoded && piece == &content->whole)
		piece = &content->extended;
	if (i + is_encoded != rest.len || piece->is_given)
		return NULL;
	piece->is_encoded = is_encoded;
	return piece;
}

/* parameter = attribute "=" value */
static void
read_parameter(struct lex *lex, struct content *content)
{
	struct content_piece *piece, value;
	struct span name;

	name = read_token(lex);
	if (lex_skip(lex, NULL, NULL) != 0 || !accept(lex, '=') ||
	    lex_skip(lex, NULL, NULL) != 0)
		return;
	value = read_value(lex);
	piece = find_piece(content, name);
	if (piece == NULL)
		return;
	value.is_encoded = piece->is_encoded;
	*piece = value;
}

/* To the next semicolon outside quotes and comments; false: no more. */
static bool
skip_to_semicolon(struct lex *lex)
{
	while (lex_skip(lex, NULL, NULL) == 0 && lex->pos < lex->s.len) {
		if (accept(lex, ';'))
			return true;
		if (accept(lex, '"'))
			(void)read_quoted(lex);
		else
			lex->pos++;
	}
	return false;
}

/*
 * content     := "Content-Type" ":" type "/" subtype *(";" parameter)
 * disposition := "Content-Disposition" ":" type *(";" parameter)
 */
int
content_parse(struct span value, struct span parameter,
    struct content *content_r)
{
	struct lex lex = { .s = value };

	*content_r = (struct content){ .parameter = parameter };
	if (lex_skip(&lex, NULL, NULL) != 0)
		return 0;
	content_r->type = read_token(&lex);
	if (content_r->type.len == 0 || lex_skip(&lex, NULL, NULL) != 0)
		return 0;
	if (accept(&lex, '/') && lex_skip(&lex, NULL, NULL) == 0)
		content_r->subtype = read_token(&lex);
	while (skip_to_semicolon(&lex) && lex_skip(&lex, NULL, NULL) == 0)
		read_parameter(&lex, content_r);
	return 1;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)ascii_lower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After charset'language', which the first encoded piece begins with. */
static struct span
skip_charset(struct span raw)
{
	size_t first = span_find(raw, '\''), second;

	if (first == raw.len)
		return raw;
	second = first + 1 + span_find(span_slice(raw, first + 1, raw.len),
	    '\'');
	return second == raw.len ? raw : span_slice(raw, second + 1, raw.len);
}

/* Writes what the piece stands for to TO + n, if TO is there; the new n. */
static size_t
piece_write(const struct content_piece *piece, bool is_first, char *to,
    size_t n)
{
	struct span s = piece->raw;

	if (piece->is_encoded && is_first)
		s = skip_charset(s);
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (piece->is_quoted && c == '\\' && i + 1 < s.len) {
			c = s.ptr[++i];
		} else if (piece->is_quoted && (c == '\r' || c == '\n')) {
			continue;
		} else if (piece->is_encoded && c == '%' && i + 2 < s.len &&
		    hex_value(s.ptr[i + 1]) >= 0 &&
		    hex_value(s.ptr[i + 2]) >= 0) {
			c = (char)(hex_value(s.ptr[i + 1]) * 16 +
			    hex_value(s.ptr[i + 2]));
			i += 2;
		}
		if (to != NULL)
			to[n] = c;
		n++;
	}
	return n;
}

size_t
content_write(const struct content *content, enum content_form form,
    char *to)
{
	size_t n = 0;

	switch (form) {
	case CONTENT_WHOLE:
		return piece_write(&content->whole, true, to, 0);
	case CONTENT_EXTENDED:
		return piece_write(&content->extended, true, to, 0);
	case CONTENT_SECTIONED:
		break;
	}
	for (int i = 0; i < CONTENT_SECTIONS; i++) {
		if (!content->sections[i].is_given)
			break;
		n = piece_write(&content->sections[i], i == 0, to, n);
	}
	return n;
}
