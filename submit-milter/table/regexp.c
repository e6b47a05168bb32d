/*
 * regexp.c - POSIX regular expressions and what they mean, as in Postfix's
 * regexp_table(5).
 *
 *	pattern = "/" regex "/" *flag
 *	flag    = "i" / "m" / "x"	each turns its option: upper and lower
 *		case differ; lines within the key; basic expressions
 *
 * regexec(3) has no limit, and with back-references ("\1" in the pattern)
 * a key could keep it busy for years. They are not POSIX in extended
 * expressions, and refused here in all; pcre tables have them, and a limit.
 *
 * The regexec(3) of glibc says "no match" where memory is short. There its
 * own re_search() is asked first, which can tell.
 */
#include <config.h>

#include "table/backend.h"

#include <regex.h>
#include <stdlib.h>

#include "table/rules.h"

#define ERROR_MAX 128u
#define KEY_MAX 65536u		/* what regexec(3) counts in is an int */

static const char *
read_flags(struct span flags, int *options_r)
{
	int options = REG_EXTENDED | REG_ICASE;

	for (size_t i = 0; i < flags.len; i++)
		switch (flags.ptr[i]) {
		case 'i':
			options ^= REG_ICASE;
			break;
		case 'm':
			options ^= REG_NEWLINE;
			break;
		case 'x':
			options ^= REG_EXTENDED;
			break;
		default:
			return "an unknown flag after the pattern (there "
			    "are i, m and x)";
		}
	*options_r = options;
	return NULL;
}

/* Where the bracket expression that begins at FROM ends, or the regex. */
static size_t
bracket_end(struct span regex, size_t from)
{
	size_t i = from + 1;

	if (i < regex.len && regex.ptr[i] == '^')
		i++;
	if (i < regex.len && regex.ptr[i] == ']')
		i++;
	for (; i < regex.len && regex.ptr[i] != ']'; i++) {
		char sign;

		/* [:alpha:], [.x.], [=x=] */
		if (regex.ptr[i] != '[' || i + 1 == regex.len)
			continue;
		sign = regex.ptr[i + 1];
		if (sign != ':' && sign != '.' && sign != '=')
			continue;
		for (i += 2; i + 1 < regex.len; i++)
			if (regex.ptr[i] == sign && regex.ptr[i + 1] == ']')
				break;
		i++;
	}
	return i;
}

static bool
has_back_reference(struct span regex)
{
	for (size_t i = 0; i < regex.len; i++) {
		if (regex.ptr[i] == '[') {
			i = bracket_end(regex, i);
		} else if (regex.ptr[i] == '\\' && i + 1 < regex.len) {
			i++;
			if (regex.ptr[i] >= '1' && regex.ptr[i] <= '9')
				return true;
		}
	}
	return false;
}

static regex_t *
compile(struct span text, int options, char **why_r)
{
	char *terminated = strndup(text.ptr, text.len);
	regex_t *regex = malloc(sizeof(*regex));
	char why[ERROR_MAX];
	int rc = REG_ESPACE;

	if (terminated != NULL && regex != NULL)
		rc = regcomp(regex, terminated, options);
	free(terminated);
	if (rc == 0)
		return regex;
	if (rc != REG_ESPACE) {
		(void)regerror(rc, regex, why, sizeof(why));
		*why_r = backend_error("wrong pattern: %s", why);
	}
	free(regex);
	return NULL;
}

static void *
parse(struct span *rest, unsigned *groups_r, char **why_r)
{
	struct span text, flags;
	const char *why = rules_cut_regex(rest, &text, &flags);
	regex_t *regex;
	int options = 0;

	if (why == NULL)
		why = read_flags(flags, &options);
	if (why == NULL && has_back_reference(text))
		why = "no back-references in regexp tables: use a pcre table";
	if (why != NULL) {
		*why_r = backend_error("%s", why);
		return NULL;
	}
	regex = compile(text, options, why_r);
	if (regex != NULL)
		*groups_r = (unsigned)regex->re_nsub;
	return regex;
}

static void
free_pattern(void *pattern)
{
	regfree(pattern);
	free(pattern);
}

/* The state: the key with a NUL, and where groups matched. */
struct state {
	const char *key;
	size_t count;
	regmatch_t groups[];
};

static int
begin(struct matcher *matcher, const char **error_r)
{
	size_t count = matcher->groups == 0 ? 0 : matcher->groups + 1u;
	struct state *state;

	if (matcher->key.len > KEY_MAX ||
	    memchr(matcher->key.ptr, '\0', matcher->key.len) != NULL) {
		*error_r = "the key has a NUL or is too long";
		return -1;
	}
	state = arena_alloc(matcher->arena, sizeof(*state) +
	    count * sizeof(state->groups[0]));
	if (state != NULL) {
		state->count = count;
		state->key = arena_strdup(matcher->arena, matcher->key);
	}
	if (state == NULL || state->key == NULL) {
		*error_r = "out of memory";
		return -1;
	}
	matcher->state = state;
	return 1;
}

#ifdef __GLIBC__

#define NO_MATCH (-1)

/* re_search() locks what it changes, as regexec(3) does. */
static enum match
search(const void *pattern, struct state *state, size_t len)
{
	regoff_t place = re_search((regex_t *)(uintptr_t)pattern, state->key,
	    (regoff_t)len, 0, (regoff_t)len, NULL);

	if (place == NO_MATCH)
		return MATCH_NO;
	if (place < 0)
		return MATCH_FAILED;
	return state->count == 0 || regexec(pattern, state->key,
	    state->count, state->groups, 0) == 0 ? MATCH_YES : MATCH_FAILED;
}

#else

static enum match
search(const void *pattern, struct state *state, size_t len)
{
	(void)len;
	switch (regexec(pattern, state->key, state->count, state->groups, 0)) {
	case 0:
		return MATCH_YES;
	case REG_NOMATCH:
		return MATCH_NO;
	default:
		return MATCH_FAILED;
	}
}

#endif

static enum match
match(const void *pattern, struct matcher *matcher, const char **error_r)
{
	enum match answer = search(pattern, matcher->state,
	    matcher->key.len);

	if (answer == MATCH_FAILED)
		*error_r = "out of memory for a pattern";
	return answer;
}

static struct span
group(const struct matcher *matcher, unsigned number)
{
	const struct state *state = matcher->state;
	const regmatch_t *where = &state->groups[number];

	if (where->rm_so < 0)
		return (struct span){ NULL, 0 };
	return (struct span){ state->key + where->rm_so,
		(size_t)(where->rm_eo - where->rm_so) };
}

static void
end(struct matcher *matcher)
{
	(void)matcher;
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

const struct table_backend table_regexp = {
	.type = "regexp",
	.keys = TABLE_KEYS_WHOLE,
	RULES_BACKEND(&engine),
};
