/*
 * lex.c - see lex.h.
 */
#include "syntax/lex.h"

#include "base/ascii.h"
#include "syntax/unicode.h"

int
lex_fail(struct lex *lex, const char *what, size_t at)
{
	lex->error = what;
	lex->error_at = at;
	return -1;
}

/* A line end at I: CRLF or LF, with white space after it. */
static int
check_line_end(struct lex *lex, size_t i)
{
	struct span s = lex->s;
	size_t at = i;

	if (s.ptr[i] == '\r' && (++i == s.len || s.ptr[i] != '\n'))
		return lex_fail(lex, "bare CR", at);
	if (++i == s.len || !ascii_is_wsp((unsigned char)s.ptr[i]))
		return lex_fail(lex, "line end without folding", at);
	return 0;
}

int
lex_init(struct lex *lex, struct span s)
{
	size_t broken = unicode_find_broken(s);

	*lex = (struct lex){ .s = s };
	for (size_t i = 0; i < broken; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c == '\0')
			return lex_fail(lex, "NUL", i);
		if (c != '\r' && c != '\n')
			continue;
		if (check_line_end(lex, i) != 0)
			return -1;
	}
	if (broken != s.len)
		return lex_fail(lex, "not UTF-8", broken);
	return 0;
}

/*
 * FWS     = ([*WSP CRLF] 1*WSP) / obs-FWS
 * obs-FWS = 1*WSP *(CRLF 1*WSP)
 *
 * lex_init() saw that white space follows each line end. More than one of
 * them in a row, with nothing but white space between, is obsolete.
 */
static void
skip_fws(struct lex *lex)
{
	unsigned folds = 0;

	while (lex->pos < lex->s.len) {
		char c = lex->s.ptr[lex->pos];

		if (c == '\n')
			folds++;
		else if (c != ' ' && c != '\t' && c != '\r')
			break;
		lex->pos++;
	}
	if (folds > 1)
		lex->is_obsolete = true;
}

/*
 * quoted-pair = ("\" (VCHAR / WSP)) / obs-qp
 * obs-qp      = "\" (%d0 / obs-NO-WS-CTL / LF / CR)
 *
 * NUL, CR and LF are refused all the same: no program agrees with another
 * on what they mean here. pos is at the backslash.
 */
static int
skip_pair(struct lex *lex)
{
	size_t at = lex->pos++;
	unsigned char c;

	if (lex->pos == lex->s.len)
		return lex_fail(lex, "backslash at the end", at);
	c = (unsigned char)lex->s.ptr[lex->pos];
	if (c == '\r' || c == '\n')
		return lex_fail(lex, "backslash before a line end", at);
	if (ascii_is_cntrl(c) && c != '\t')
		lex->is_obsolete = true;
	lex->pos++;
	return 0;
}

/*
 * comment  = "(" *([FWS] ccontent) [FWS] ")"
 * ccontent = ctext / quoted-pair / comment
 * ctext    = %d33-39 / %d42-91 / %d93-126 / UTF8-non-ascii / obs-ctext
 *
 * pos is at the parenthesis.
 */
static int
skip_comment(struct lex *lex)
{
	size_t at = lex->pos;
	unsigned depth = 0;

	while (lex->pos < lex->s.len) {
		unsigned char c = (unsigned char)lex->s.ptr[lex->pos];

		if (lex_is_fws((char)c)) {
			skip_fws(lex);
			continue;
		}
		if (c == '\\') {
			if (skip_pair(lex) != 0)
				return -1;
			continue;
		}
		if (c == '(' && ++depth > LEX_COMMENT_DEPTH)
			return lex_fail(lex, "comments nested too deep",
			    lex->pos);
		if (ascii_is_cntrl(c))
			lex->is_obsolete = true;
		lex->pos++;
		if (c == ')' && --depth == 0)
			return 0;
	}
	return lex_fail(lex, "comment without end", at);
}

/* CFWS = (1*([FWS] comment) [FWS]) / FWS */
int
lex_skip(struct lex *lex, bool *has_fws_r, bool *has_comment_r)
{
	bool has_fws = false, has_comment = false;

	while (lex->pos < lex->s.len) {
		char c = lex->s.ptr[lex->pos];

		if (c == '(') {
			if (skip_comment(lex) != 0)
				return -1;
			has_comment = true;
			has_fws = false;
		} else if (lex_is_fws(c)) {
			skip_fws(lex);
			has_fws = true;
		} else {
			break;
		}
	}
	if (has_fws_r != NULL)
		*has_fws_r = has_fws;
	if (has_comment_r != NULL)
		*has_comment_r = has_comment;
	return 0;
}

/*
 * quoted-string  = DQUOTE *([FWS] qcontent) [FWS] DQUOTE
 * qcontent       = qtext / quoted-pair
 * qtext          = %d33 / %d35-91 / %d93-126 / UTF8-non-ascii / obs-qtext
 *
 * domain-literal = "[" *([FWS] dtext) [FWS] "]"
 * dtext          = %d33-90 / %d94-126 / UTF8-non-ascii / obs-dtext
 * obs-dtext      = obs-NO-WS-CTL / quoted-pair
 *
 * pos is at the opening octet; CLOSE is the other one.
 */
static int
read_enclosed(struct lex *lex, char close)
{
	size_t at = lex->pos++;

	while (lex->pos < lex->s.len) {
		unsigned char c = (unsigned char)lex->s.ptr[lex->pos];

		if (lex_is_fws((char)c)) {
			size_t from = lex->pos;

			skip_fws(lex);
			if (memchr(lex->s.ptr + from, '\n', lex->pos - from))
				lex->token.has_fold = true;
			continue;
		}
		if (c == '\\') {
			if (close == ']')
				lex->is_obsolete = true;
			if (skip_pair(lex) != 0)
				return -1;
			continue;
		}
		if (close == ']' && c == '[')
			return lex_fail(lex, "bracket within a domain literal",
			    lex->pos);
		if (ascii_is_cntrl(c))
			lex->is_obsolete = true;
		lex->pos++;
		if (c == (unsigned char)close)
			return 0;
	}
	return lex_fail(lex, close == '"' ? "quoted string without end" :
	    "domain literal without end", at);
}

/* atom = [CFWS] 1*atext [CFWS]; atext =/ UTF8-non-ascii */
static void
read_atom(struct lex *lex)
{
	while (lex->pos < lex->s.len) {
		unsigned char c = (unsigned char)lex->s.ptr[lex->pos];

		if (!ascii_is_atext(c) && c <= 0x7f)
			break;
		lex->pos++;
	}
}

/* The token at pos, whose first octet is there. 0 or -1. */
static int
read_token(struct lex *lex)
{
	char c = lex->s.ptr[lex->pos];

	switch (c) {
	case ',': case ':': case ';': case '<': case '>': case '@': case '.':
		lex->token.kind = LEX_SPECIAL;
		lex->token.special = c;
		lex->pos++;
		return 0;
	case '"':
		lex->token.kind = LEX_QUOTED;
		return read_enclosed(lex, '"');
	case '[':
		lex->token.kind = LEX_LITERAL;
		return read_enclosed(lex, ']');
	default:
		lex->token.kind = LEX_ATOM;
		read_atom(lex);
		if (lex->pos == lex->token.begin)
			return lex_fail(lex, "character not allowed here",
			    lex->pos);
		return 0;
	}
}

int
lex_next(struct lex *lex)
{
	bool was_obsolete = lex->is_obsolete;
	size_t from = lex->pos;

	lex->last_end = lex->token.end;
	lex->is_obsolete = false;
	if (lex_skip(lex, NULL, NULL) != 0)
		return -1;
	lex->token = (struct lex_token){ .kind = LEX_END,
		.begin = lex->pos, .has_space = lex->pos != from };
	if (lex->pos < lex->s.len) {
		if (read_token(lex) != 0)
			return -1;
		lex->tokens++;
	}
	lex->token.end = lex->pos;
	lex->token.is_obsolete = lex->is_obsolete;
	if (was_obsolete)
		lex->is_obsolete = true;
	return 0;
}

bool
lex_is(const struct lex *lex, char special)
{
	return lex->token.kind == LEX_SPECIAL && lex->token.special == special;
}

bool
lex_is_word(const struct lex *lex)
{
	return lex->token.kind == LEX_ATOM || lex->token.kind == LEX_QUOTED;
}
