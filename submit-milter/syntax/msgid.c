/*
 * msgid.c - see msgid.h.
 */
#include "syntax/msgid.h"

#include "syntax/lex.h"
#include "syntax/spec.h"

/*
 * msg-id       = [CFWS] "<" id-left "@" id-right ">" [CFWS]
 * id-left      = dot-atom-text / obs-id-left
 * id-right     = dot-atom-text / no-fold-literal / obs-id-right
 * obs-id-left  = local-part
 * obs-id-right = domain
 */
bool
msgid_is_valid(struct span value, struct span *id_r)
{
	struct spec_words left;
	struct lex lex;
	size_t begin;

	if (lex_init(&lex, value) != 0 || lex_next(&lex) != 0 ||
	    !lex_is(&lex, '<'))
		return false;
	begin = lex.token.begin;
	if (lex_next(&lex) != 0 || spec_words(&lex, &left) != 0 ||
	    !left.is_local || !lex_is(&lex, '@') || lex_next(&lex) != 0 ||
	    spec_domain(&lex, NULL, NULL, NULL) != 1 || !lex_is(&lex, '>') ||
	    lex_next(&lex) != 0 || lex.token.kind != LEX_END)
		return false;
	if (id_r != NULL)
		*id_r = span_slice(value, begin, lex.last_end);
	return true;
}
