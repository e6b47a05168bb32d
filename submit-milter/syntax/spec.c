/*
 * spec.c - see spec.h.
 */
#include "syntax/spec.h"

/*
 * word           = atom / quoted-string
 * phrase         = 1*word / obs-phrase
 * obs-phrase     = word *(word / "." / CFWS)
 * local-part     = dot-atom / quoted-string / obs-local-part
 * obs-local-part = word *("." word)
 *
 * All of them begin alike, so they are read as one.
 */
int
spec_words(struct lex *lex, struct spec_words *words_r)
{
	struct spec_words words = { .begin = lex->token.begin,
		.end = lex->token.begin, .is_phrase = lex_is_word(lex),
		.is_local = true };
	bool is_word_next = true;

	while (lex_is_word(lex) || lex_is(lex, '.')) {
		bool is_word = lex_is_word(lex);

		if (is_word != is_word_next)
			words.is_local = false;
		is_word_next = !is_word;
		if (lex->token.begin != words.begin && lex->token.has_space)
			words.has_space = true;
		if (lex->token.has_fold)
			words.has_fold = true;
		if (lex->token.kind == LEX_QUOTED)
			words.has_quoted = true;
		if (is_word)
			words.n++;
		else
			words.has_dot = true;
		words.end = lex->token.end;
		if (lex_next(lex) != 0)
			return -1;
	}
	if (is_word_next)
		words.is_local = false;
	*words_r = words;
	return 0;
}

bool
spec_local_is_obsolete(const struct spec_words *words)
{
	return words->n > 1 && (words->has_quoted || words->has_space);
}

/* Copies what is between the quotes, line ends left out; the new length. */
static size_t
copy_quoted(struct span s, char *to, size_t n)
{
	for (size_t i = 1; i < s.len - 1; i++)
		if (s.ptr[i] != '\r' && s.ptr[i] != '\n')
			to[n++] = s.ptr[i];
	return n;
}

/*
 * Puts the words and dots of FROM together, within one pair of quotes when
 * IS_QUOTED. FROM was read before, so it has no error.
 */
static int
join(struct span from, bool is_quoted, struct arena *arena,
    struct span *joined_r)
{
	struct lex lex = { .s = from };
	char *to = arena_alloc(arena, from.len + 2);
	size_t n = 0;

	if (to == NULL)
		return 0;
	if (is_quoted)
		to[n++] = '"';
	while (lex_next(&lex) == 0 && lex.token.kind != LEX_END) {
		struct span token = span_slice(from, lex.token.begin,
		    lex.token.end);

		if (lex.token.kind == LEX_QUOTED) {
			n = copy_quoted(token, to, n);
		} else {
			memcpy(to + n, token.ptr, token.len);
			n += token.len;
		}
	}
	if (is_quoted)
		to[n++] = '"';
	*joined_r = (struct span){ to, n };
	return 1;
}

int
spec_local(const struct lex *lex, const struct spec_words *words,
    struct arena *arena, struct span *local_r)
{
	struct span whole = span_slice(lex->s, words->begin, words->end);

	if (spec_local_is_obsolete(words) || words->has_fold)
		return join(whole, words->has_quoted, arena, local_r);
	*local_r = whole;
	return 1;
}

/*
 * A domain-literal without its folding white space. Quoted pairs stay: a
 * bracket that one of them holds must not look like the closing one.
 */
static int
read_literal(struct lex *lex, struct arena *arena, struct span *domain_r,
    enum domain_kind *kind_r)
{
	struct span s = span_slice(lex->s, lex->token.begin, lex->token.end);
	const char *ignored;
	size_t n = 0;
	char *to;

	if (lex_next(lex) != 0)
		return -1;
	if (arena == NULL)
		return 1;
	to = arena_alloc(arena, s.len);
	if (to == NULL)
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		bool is_pair = s.ptr[i] == '\\';

		if (lex_is_fws(s.ptr[i]))
			continue;
		to[n++] = s.ptr[i];
		if (is_pair)
			to[n++] = s.ptr[++i];
	}
	*domain_r = (struct span){ to, n };
	if (domain_parse(*domain_r, false, kind_r, &ignored) != 1)
		*kind_r = DOMAIN_GENERAL;
	return 1;
}

/*
 * domain     = dot-atom / domain-literal / obs-domain
 * obs-domain = atom *("." atom)
 */
int
spec_domain(struct lex *lex, struct arena *arena, struct span *domain_r,
    enum domain_kind *kind_r)
{
	size_t begin = lex->token.begin, end;
	bool has_space = false;
	struct span whole;

	if (lex->token.kind == LEX_LITERAL)
		return read_literal(lex, arena, domain_r, kind_r);
	for (;;) {
		if (lex->token.kind != LEX_ATOM)
			return lex_fail(lex, "domain expected",
			    lex->token.begin);
		if (lex->token.begin != begin && lex->token.has_space)
			has_space = true;
		end = lex->token.end;
		if (lex_next(lex) != 0)
			return -1;
		if (!lex_is(lex, '.'))
			break;
		if (lex->token.has_space)
			has_space = true;
		if (lex_next(lex) != 0)
			return -1;
	}
	if (has_space)
		lex->is_obsolete = true;
	if (arena == NULL)
		return 1;
	*kind_r = DOMAIN_NAME;
	whole = span_slice(lex->s, begin, end);
	if (has_space)
		return join(whole, false, arena, domain_r);
	*domain_r = whole;
	return 1;
}
