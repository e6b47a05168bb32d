/*
 * key.c - see key.h.
 */
#include "table/key.h"

#include "base/ascii.h"
#include "syntax/domain.h"
#include "syntax/mailbox.h"

/*
 * Octets of "type:" at the front of KEY, colon included; 0 when there are
 * none. No address has a colon there: it is no atext.
 */
static size_t
type_len(struct span key)
{
	size_t i = 0;

	while (i < key.len && ascii_is_alpha((unsigned char)key.ptr[i]))
		i++;
	return i > 0 && i < key.len && key.ptr[i] == ':' ? i + 1 : 0;
}

/* "@domain" and "@.domain" */
static int
fold_domain_key(struct span domain, struct arena *arena,
    struct span *folded_r)
{
	bool has_dot = domain.len > 0 && domain.ptr[0] == '.';
	struct span name = span_slice(domain, has_dot ? 1 : 0, domain.len);
	struct span folded = { "", 0 };

	if (name.len > 0 && domain_fold(name, arena, &folded) != 0)
		return -1;
	*folded_r = arena_printf(arena, "@%s%.*s", has_dot ? "." : "",
	    SPAN_ARG(folded));
	return folded_r->ptr == NULL ? -1 : 0;
}

static int
fold_untyped(struct span key, bool is_case_kept, struct arena *arena,
    struct span *folded_r)
{
	size_t at = span_find_last(key, '@');
	struct span domain = { NULL, 0 };

	if (at < key.len)
		domain = span_slice(key, at + 1, key.len);
	if (at == 0 && key.len > 0)
		return fold_domain_key(domain, arena, folded_r);
	return mailbox_fold(span_slice(key, 0, at), domain, !is_case_kept,
	    arena, folded_r);
}

int
key_fold(struct span key, bool is_case_kept, struct arena *arena,
    struct span *folded_r)
{
	size_t cut = type_len(key);
	struct span rest;
	char *whole;

	if (cut == 0)
		return fold_untyped(key, is_case_kept, arena, folded_r);
	if (fold_untyped(span_slice(key, cut, key.len), is_case_kept, arena,
	    &rest) != 0)
		return -1;
	whole = arena_alloc(arena, cut + rest.len + 1);
	if (whole == NULL)
		return -1;
	for (size_t i = 0; i < cut; i++)
		whole[i] = (char)ascii_lower((unsigned char)key.ptr[i]);
	if (rest.len > 0)
		memcpy(whole + cut, rest.ptr, rest.len);
	*folded_r = (struct span){ whole, cut + rest.len };
	return 0;
}
