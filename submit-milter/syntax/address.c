/*
 * address.c - see address.h.
 *
 * One loop over the elements of the list, one token of look-ahead, no
 * recursion: groups do not nest, and comments are counted by lex.c.
 */
#include "syntax/address.h"

#include "syntax/lex.h"
#include "syntax/spec.h"

#define FIRST_ROOM 4u

struct parser {
	struct lex lex;
	struct arena *arena;
	struct address_list list;
	size_t room;		/* addresses that list.v has room for */
	bool is_in_group;
};

/* Room for one more, zeroed; NULL when there is no memory. */
static struct address *
list_add(struct parser *p)
{
	if (p->list.n == p->room) {
		size_t room = p->room == 0 ? FIRST_ROOM : p->room * 2;
		struct address *v = arena_calloc(p->arena, room, sizeof(*v));

		if (v == NULL)
			return NULL;
		if (p->list.n > 0)
			memcpy(v, p->list.v, p->list.n * sizeof(*v));
		p->list.v = v;
		p->room = room;
	}
	return &p->list.v[p->list.n++];
}

/* A local part, or one that stands alone and is not obsolete as well. */
static bool
is_local(const struct lex *lex, const struct spec_words *words)
{
	return words->is_local &&
	    (lex_is(lex, '@') || !spec_local_is_obsolete(words));
}

/*
 * addr-spec = local-part "@" domain
 *
 * WORDS (is_local()) were read; the token after them is at hand.
 */
static int
read_spec(struct parser *p, const struct spec_words *words,
    struct address *address)
{
	struct lex *lex = &p->lex;
	bool has_space = lex->token.has_space;
	int rc;

	address->spec_begin = words->begin;
	address->spec_end = words->end;
	if (spec_local_is_obsolete(words))
		lex->is_obsolete = true;
	rc = spec_local(lex, words, p->arena, &address->local);
	if (rc != 1 || !lex_is(lex, '@'))
		return rc;
	if (lex_next(lex) != 0)
		return -1;
	/* The grammar has room for it, but only to read old mail. */
	if (has_space || lex->token.has_space)
		lex->is_obsolete = true;
	rc = spec_domain(lex, p->arena, &address->domain, &address->kind);
	address->spec_end = lex->last_end;
	return rc;
}

/*
 * obs-route       = obs-domain-list ":"
 * obs-domain-list = *(CFWS / ",") "@" domain
 *                   *("," [CFWS] ["@" domain])
 *
 * Read and forgotten. The token at hand is the first "," or "@".
 */
static int
skip_route(struct lex *lex)
{
	bool has_domain = false, is_after_domain = false;

	lex->is_obsolete = true;
	while (!lex_is(lex, ':')) {
		bool is_comma = lex_is(lex, ',');

		if (!is_comma && (is_after_domain || !lex_is(lex, '@')))
			return lex_fail(lex, "source route is malformed",
			    lex->token.begin);
		if (lex_next(lex) != 0)
			return -1;
		if (!is_comma && spec_domain(lex, NULL, NULL, NULL) != 1)
			return -1;
		is_after_domain = !is_comma;
		if (is_after_domain)
			has_domain = true;
	}
	if (!has_domain)
		return lex_fail(lex, "source route is malformed",
		    lex->token.begin);
	return lex_next(lex);
}

/*
 * angle-addr     = [CFWS] "<" addr-spec ">" [CFWS] / obs-angle-addr
 * obs-angle-addr = [CFWS] "<" obs-route addr-spec ">" [CFWS]
 *
 * "<" is at hand.
 */
static int
read_angle(struct parser *p, struct address *address)
{
	struct lex *lex = &p->lex;
	struct spec_words words;
	int rc;

	if (lex_next(lex) != 0)
		return -1;
	if ((lex_is(lex, '@') || lex_is(lex, ',')) && skip_route(lex) != 0)
		return -1;
	if (spec_words(lex, &words) != 0)
		return -1;
	if (!is_local(lex, &words))
		return lex_fail(lex, "local part is missing or malformed",
		    words.begin);
	rc = read_spec(p, &words, address);
	if (rc != 1)
		return rc;
	if (!lex_is(lex, '>'))
		return lex_fail(lex, "closing angle bracket expected",
		    lex->token.begin);
	address->has_angle = true;
	return lex_next(lex) == 0 ? 1 : -1;
}

/* display-name = phrase; group = display-name ":" [group-list] ";" */
static int
begin_group(struct parser *p, const struct spec_words *words)
{
	if (p->is_in_group)
		return lex_fail(&p->lex, "group within a group",
		    p->lex.token.begin);
	if (!words->is_phrase)
		return lex_fail(&p->lex, "group name is missing or malformed",
		    words->begin);
	if (words->has_dot)
		p->lex.is_obsolete = true;
	p->is_in_group = true;
	p->list.groups++;
	return lex_next(&p->lex) == 0 ? 1 : -1;
}

/*
 * mailbox      = name-addr / addr-spec
 * name-addr    = [display-name] angle-addr
 * display-name = phrase
 */
static int
read_mailbox(struct parser *p, const struct spec_words *words,
    struct address *address)
{
	struct lex *lex = &p->lex;

	address->begin = words->begin;
	if (lex_is(lex, '<')) {
		if (!words->is_phrase && words->end != words->begin)
			return lex_fail(lex, "display name begins with a dot",
			    words->begin);
		if (words->has_dot)
			lex->is_obsolete = true;
		address->name = span_slice(lex->s, words->begin, words->end);
		return read_angle(p, address);
	}
	if (words->begin == words->end)
		return lex_fail(lex, "address expected", words->begin);
	if (!is_local(lex, words))
		return lex_fail(lex, lex_is(lex, '@') ?
		    "local part is missing or malformed" :
		    "display name without an address", words->begin);
	return read_spec(p, words, address);
}

/*
 * address = mailbox / group
 *
 * A mailbox, or the beginning of a group up to its ":". *is_whole_r: it
 * was a mailbox.
 */
static int
read_element(struct parser *p, bool *is_whole_r)
{
	struct lex *lex = &p->lex;
	bool was_obsolete = lex->is_obsolete;
	struct spec_words words;
	int rc;

	lex->is_obsolete = lex->token.is_obsolete;
	if (spec_words(lex, &words) != 0)
		return -1;
	*is_whole_r = !lex_is(lex, ':');
	if (!*is_whole_r) {
		rc = begin_group(p, &words);
	} else {
		struct address *address = list_add(p);

		if (address == NULL)
			return 0;
		rc = read_mailbox(p, &words, address);
		address->end = lex->last_end;
		address->is_obsolete = lex->is_obsolete;
		address->is_in_group = p->is_in_group;
	}
	if (was_obsolete)
		lex->is_obsolete = true;
	return rc;
}

/*
 * A comma, or the end of a group. *is_done: a mailbox or group stands
 * complete before the token at hand, so that only a separator may follow.
 */
static int
read_separator(struct parser *p, enum address_form form, bool *is_done)
{
	struct lex *lex = &p->lex;

	if (lex_is(lex, ',')) {
		if (form == ADDRESS_MAILBOX && !p->is_in_group)
			return lex_fail(lex, "only one address is allowed",
			    lex->token.begin);
		if (!*is_done)
			lex->is_obsolete = true;
		*is_done = false;
		return lex_next(lex);
	}
	if (lex_is(lex, ';') && p->is_in_group) {
		p->is_in_group = false;
		*is_done = true;
		return lex_next(lex);
	}
	return lex_fail(lex, *is_done ? "comma expected" : "address expected",
	    lex->token.begin);
}

/*
 * address-list   = (address *("," address)) / obs-addr-list
 * obs-addr-list  = *([CFWS] ",") address *("," [address / CFWS])
 * group-list     = mailbox-list / CFWS / obs-group-list
 * obs-group-list = 1*([CFWS] ",") [CFWS]
 *
 * The first token is at hand.
 */
static int
read_list(struct parser *p, enum address_form form)
{
	struct lex *lex = &p->lex;
	bool is_done = false, is_after_comma = false;
	int rc;

	while (lex->token.kind != LEX_END) {
		if (lex_is(lex, ';') && is_after_comma)
			lex->is_obsolete = true;
		if (is_done || lex_is(lex, ',') || lex_is(lex, ';')) {
			is_after_comma = lex_is(lex, ',');
			if (read_separator(p, form, &is_done) != 0)
				return -1;
			continue;
		}
		is_after_comma = false;
		rc = read_element(p, &is_done);
		if (rc != 1)
			return rc;
	}
	if (is_after_comma)
		lex->is_obsolete = true;
	if (p->is_in_group)
		return lex_fail(lex, "group without end", lex->s.len);
	if (p->list.n == 0 && p->list.groups == 0 &&
	    form != ADDRESS_LIST_OR_EMPTY)
		return lex_fail(lex, "address expected", lex->s.len);
	return 1;
}

int
address_parse(struct span value, enum address_form form,
    struct arena *arena, struct address_list *list_r,
    struct address_error *error_r)
{
	struct parser p = { .arena = arena };
	int rc = -1;

	if (lex_init(&p.lex, value) == 0 && lex_next(&p.lex) == 0)
		rc = read_list(&p, form);
	if (rc == -1) {
		error_r->what = p.lex.error;
		error_r->offset = p.lex.error_at;
	} else if (rc == 1) {
		p.list.tokens = p.lex.tokens;
		p.list.is_obsolete = p.lex.is_obsolete;
		*list_r = p.list;
	}
	return rc;
}
