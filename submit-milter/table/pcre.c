/*
 * pcre.c - Perl's regular expressions and what they mean, as in Postfix's
 * pcre_table(5). The only user of PCRE2.
 *
 *	pattern = "/" regex "/" *flag
 *	flag    = "i" / "m" / "s" / "x" / "A" / "E" / "U" / "X"
 *
 * Each flag turns its option; case makes no difference and "." is any
 * character without them. "X" does nothing: PCRE2 is always that strict.
 * Patterns and keys are UTF-8. Steps and memory of one match have a limit,
 * beyond which the look-up has failed: it neither matched nor did not.
 * The compiler to machine code is not used: sandboxes forbid it.
 */
#include <config.h>

#include "table/backend.h"

#if HAVE_PCRE2

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "table/rules.h"

/* Some milliseconds; patterns that people write need some hundreds. */
#define MATCH_STEPS 100000u
#define MATCH_DEPTH 10000u
#define MATCH_KIBIBYTES 8192u
#define ERROR_MAX 128u

static const char *
read_flags(struct span flags, uint32_t *options_r)
{
	static const struct {
		char flag;
		uint32_t option;
	} known[] = {
		{ 'i', PCRE2_CASELESS },
		{ 'm', PCRE2_MULTILINE },
		{ 's', PCRE2_DOTALL },
		{ 'x', PCRE2_EXTENDED },
		{ 'A', PCRE2_ANCHORED },
		{ 'E', PCRE2_DOLLAR_ENDONLY },
		{ 'U', PCRE2_UNGREEDY },
		{ 'X', 0 },
	};
	uint32_t options = PCRE2_CASELESS | PCRE2_DOTALL;

	for (size_t i = 0; i < flags.len; i++) {
		size_t k = 0;

		while (k < sizeof(known) / sizeof(known[0]) &&
		    known[k].flag != flags.ptr[i])
			k++;
		if (k == sizeof(known) / sizeof(known[0]))
			return "an unknown flag after the pattern (there "
			    "are i, m, s, x, A, E, U and X)";
		options ^= known[k].option;
	}
	*options_r = options;
	return NULL;
}

static void *
parse(struct span *rest, unsigned *groups_r, char **why_r)
{
	struct span text, flags;
	const char *why = rules_cut_regex(rest, &text, &flags);
	PCRE2_UCHAR said[ERROR_MAX];
	uint32_t options = 0, groups = 0;
	pcre2_code *code;
	PCRE2_SIZE at;
	int error;

	if (why == NULL)
		why = read_flags(flags, &options);
	if (why != NULL) {
		*why_r = backend_error("%s", why);
		return NULL;
	}
	code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len,
	    options | PCRE2_UTF, &error, &at, NULL);
	if (code == NULL) {
		(void)pcre2_get_error_message(error, said, sizeof(said));
		*why_r = backend_error("wrong pattern: %s at character %zu",
		    (const char *)said, at + 1);
		return NULL;
	}
	(void)pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	*groups_r = groups;
	return code;
}

static void
free_pattern(void *pattern)
{
	pcre2_code_free(pattern);
}

struct state {
	pcre2_match_context *limits;
	pcre2_match_data *match;
};

static void
end(struct matcher *matcher)
{
	struct state *state = matcher->state;

	pcre2_match_data_free(state->match);
	pcre2_match_context_free(state->limits);
}

static int
begin(struct matcher *matcher, const char **error_r)
{
	struct state *state = arena_alloc(matcher->arena, sizeof(*state));

	*error_r = "out of memory";
	if (state == NULL)
		return -1;
	matcher->state = state;
	state->limits = pcre2_match_context_create(NULL);
	state->match = pcre2_match_data_create(matcher->groups + 1, NULL);
	if (state->limits == NULL || state->match == NULL) {
		end(matcher);
		return -1;
	}
	(void)pcre2_set_match_limit(state->limits, MATCH_STEPS);
	(void)pcre2_set_depth_limit(state->limits, MATCH_DEPTH);
	(void)pcre2_set_heap_limit(state->limits, MATCH_KIBIBYTES);
	return 1;
}

static enum match
match(const void *pattern, struct matcher *matcher, const char **error_r)
{
	const struct state *state = matcher->state;
	char *said;
	int rc = pcre2_match(pattern, (PCRE2_SPTR)matcher->key.ptr,
	    matcher->key.len, 0, 0, state->match, state->limits);

	/* 0: more groups than anybody wants to know of */
	if (rc >= 0)
		return MATCH_YES;
	if (rc == PCRE2_ERROR_NOMATCH)
		return MATCH_NO;
	*error_r = "out of memory";
	said = arena_alloc(matcher->arena, ERROR_MAX);
	if (said != NULL && pcre2_get_error_message(rc, (PCRE2_UCHAR *)said,
	    ERROR_MAX) >= 0)
		*error_r = said;
	return MATCH_FAILED;
}

static struct span
group(const struct matcher *matcher, unsigned number)
{
	const struct state *state = matcher->state;
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(state->match) +
	    2 * (size_t)number;

	if (ends[0] == PCRE2_UNSET || ends[1] < ends[0])
		return (struct span){ NULL, 0 };
	return span_slice(matcher->key, ends[0], ends[1]);
}

static const struct rules_engine engine = {
	.has_groups = true,
	.parse = parse,
	.free = free_pattern,
	.begin = begin,
	.match = match,
	.group = group,
	.end = end,
};

const struct table_backend table_pcre = {
	.type = "pcre",
	.keys = TABLE_KEYS_WHOLE,
	RULES_BACKEND(&engine),
};

#else

const struct table_backend table_pcre = {
	.type = "pcre",
	.keys = TABLE_KEYS_WHOLE,
	.missing = MISSING_PCRE2,
};

#endif
