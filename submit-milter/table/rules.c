/*
 * rules.c - see rules.h.
 */
#include "table/rules.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/deadline.h"
#include "table/lines.h"
#include "table/substitute.h"

#define ARENA_CEILING (1u << 29)
#define FIRST_RULES 64u
#define RESULT_CEILING 65536u	/* octets, with groups in their places */
#define LOOK_AT_CLOCK 16u	/* after so many patterns */

struct rule {
	void *pattern;
	struct span result;
	/*
	 * Of an "if": the rule after its "endif"; while it is open, 1 + the
	 * place of the open one around it.
	 */
	size_t end;
	unsigned line;
	bool is_if;
	bool is_negated;
	bool is_plain;		/* the result is a value as it stands */
};

struct rules {
	const struct rules_engine *engine;
	const char *file;
	struct arena *arena;
	struct rule *list;
	size_t count, size;
	unsigned groups;
};

struct reader {
	struct rules *rules;
	struct lines *lines;
	size_t open_if;		/* 1 + the place of the innermost; 0: none */
	char **error_r;
};

/* --- reading -------------------------------------------------------------- */

static int
fault(struct reader *reader, const char *what)
{
	return lines_fault(reader->lines, what, reader->error_r);
}

static int
fault_memory(struct reader *reader)
{
	*reader->error_r = NULL;
	return -1;
}

/* Room for one more, which is all zero. */
static struct rule *
add_rule(struct reader *reader)
{
	struct rules *rules = reader->rules;
	size_t size = rules->size == 0 ? FIRST_RULES : rules->size * 2;
	struct rule *rule;

	if (rules->count == rules->size) {
		rule = reallocarray(rules->list, size, sizeof(*rule));
		if (rule == NULL)
			return NULL;
		rules->list = rule;
		rules->size = size;
	}
	rule = &rules->list[rules->count++];
	*rule = (struct rule){ .line = lines_number(reader->lines) };
	return rule;
}

/* Any number of "!", then the pattern. 0 or -1. */
static int
read_pattern(struct reader *reader, struct rule *rule, struct span *rest,
    unsigned *groups_r)
{
	char *why = NULL;

	while (rest->len > 0 && (rest->ptr[0] == '!' ||
	    lines_is_space(rest->ptr[0]))) {
		if (rest->ptr[0] == '!')
			rule->is_negated = !rule->is_negated;
		*rest = span_slice(*rest, 1, rest->len);
	}
	if (rest->len == 0)
		return fault(reader, "there is no pattern");
	rule->pattern = reader->rules->engine->parse(rest, groups_r, &why);
	if (rule->pattern != NULL) {
		*rest = lines_trim(*rest);
		return 0;
	}
	if (why == NULL)
		return fault_memory(reader);
	(void)fault(reader, why);
	free(why);
	return -1;
}

/* What the result wants of the pattern. NULL, or what is wrong. */
static const char *
check_result(struct rules *rules, struct rule *rule, unsigned groups)
{
	unsigned highest;
	const char *why;

	rule->is_plain = true;
	if (!rules->engine->has_groups)
		return NULL;
	why = substitute_check(rule->result, &highest, &rule->is_plain);
	if (why != NULL)
		return why;
	if (highest > 0 && rule->is_negated)
		return "a pattern after ! has no groups for the result";
	if (highest > groups)
		return "the result wants a group that the pattern does not "
		    "have";
	if (highest > rules->groups)
		rules->groups = highest;
	return NULL;
}

static int
read_rule(struct reader *reader, struct span rest)
{
	struct rule *rule = add_rule(reader);
	unsigned groups = 0;
	const char *why;

	if (rule == NULL)
		return fault_memory(reader);
	if (read_pattern(reader, rule, &rest, &groups) != 0)
		return -1;
	if (rest.len == 0)
		return fault(reader, "a pattern without result");
	rule->result = arena_span(reader->rules->arena, rest);
	if (rule->result.ptr == NULL)
		return fault_memory(reader);
	why = check_result(reader->rules, rule, groups);
	return why == NULL ? 0 : fault(reader, why);
}

static int
read_if(struct reader *reader, struct span rest)
{
	struct rule *rule = add_rule(reader);
	unsigned groups;

	if (rule == NULL)
		return fault_memory(reader);
	rule->is_if = true;
	rule->end = reader->open_if;
	reader->open_if = reader->rules->count;
	if (read_pattern(reader, rule, &rest, &groups) != 0)
		return -1;
	return rest.len == 0 ? 0 : fault(reader,
	    "there is text after the pattern of an \"if\"");
}

static int
read_endif(struct reader *reader, struct span rest)
{
	struct rule *rule;

	if (lines_trim(rest).len > 0)
		return fault(reader, "there is text after \"endif\"");
	if (reader->open_if == 0)
		return fault(reader, "\"endif\" without \"if\"");
	rule = &reader->rules->list[reader->open_if - 1];
	reader->open_if = rule->end;
	rule->end = reader->rules->count;
	return 0;
}

/* Cuts WORD off *LINE if it stands there as a word. */
static bool
cut_keyword(struct span *line, struct span word)
{
	if (!span_starts_nocase(*line, word) || (line->len > word.len &&
	    ascii_is_alnum((unsigned char)line->ptr[word.len])))
		return false;
	*line = span_slice(*line, word.len, line->len);
	return true;
}

static int
read_all(struct reader *reader)
{
	struct rules *rules = reader->rules;
	struct span line;
	int rc;

	while ((rc = lines_next(reader->lines, &line, reader->error_r)) == 1) {
		if (cut_keyword(&line, SPAN("if")))
			rc = read_if(reader, line);
		else if (cut_keyword(&line, SPAN("endif")))
			rc = read_endif(reader, line);
		else
			rc = read_rule(reader, line);
		if (rc != 0)
			return -1;
	}
	if (rc == 0 && reader->open_if > 0) {
		*reader->error_r = backend_error("%s:%u: \"if\" without "
		    "\"endif\"", rules->file,
		    rules->list[reader->open_if - 1].line);
		return -1;
	}
	return rc;
}

static struct rules *
rules_new(const struct rules_engine *engine, const char *file)
{
	struct rules *rules = calloc(1, sizeof(*rules));

	if (rules == NULL)
		return NULL;
	rules->engine = engine;
	rules->arena = arena_new(ARENA_CEILING, NULL);
	if (rules->arena != NULL)
		rules->file = arena_strdup(rules->arena, span_of(file));
	if (rules->file != NULL)
		return rules;
	rules_close(rules);
	return NULL;
}

void *
rules_open(const void *engine, const struct table_spec *spec, char **error_r)
{
	struct reader reader = {
		.rules = rules_new(engine, spec->file),
		.error_r = error_r,
	};
	int rc = -1;

	*error_r = NULL;
	if (reader.rules == NULL)
		return NULL;
	reader.lines = lines_open(spec->file, error_r);
	if (reader.lines != NULL)
		rc = read_all(&reader);
	lines_close(&reader.lines);
	if (rc == 0)
		return reader.rules;
	rules_close(reader.rules);
	return NULL;
}

void
rules_close(void *handle)
{
	struct rules *rules = handle;

	for (size_t i = 0; i < rules->count; i++)
		if (rules->list[i].pattern != NULL)
			rules->engine->free(rules->list[i].pattern);
	free(rules->list);
	arena_free(&rules->arena);
	free(rules);
}

const char *
rules_cut_regex(struct span *rest, struct span *regex_r,
    struct span *flags_r)
{
	struct span s = *rest;
	char delimiter = s.ptr[0];
	size_t end = 1, flags;

	if (ascii_is_alnum((unsigned char)delimiter) || delimiter == '\\')
		return "a pattern must stand between two signs, as in "
		    "/pattern/";
	while (end < s.len && s.ptr[end] != delimiter)
		end += s.ptr[end] == '\\' ? 2 : 1;
	if (end >= s.len)
		return "the end of the pattern is missing";
	for (flags = end + 1; flags < s.len; flags++)
		if (lines_is_space(s.ptr[flags]))
			break;
	*regex_r = span_slice(s, 1, end);
	*flags_r = span_slice(s, end + 1, flags);
	*rest = span_slice(s, flags, s.len);
	return NULL;
}

/* --- looking up ----------------------------------------------------------- */

struct groups {
	const struct rules_engine *engine;
	const struct matcher *matcher;
};

static struct span
get_group(const void *context, unsigned number)
{
	const struct groups *groups = context;

	return groups->engine->group(groups->matcher, number);
}

static enum lookup
make_value(const struct rules *rules, const struct rule *rule,
    const struct matcher *matcher, struct span *value_r,
    const char **error_r)
{
	const struct groups groups = { rules->engine, matcher };
	struct sbuf out;

	if (rule->is_plain) {
		*value_r = rule->result;
		return LOOKUP_FOUND;
	}
	sbuf_init(&out, matcher->arena, RESULT_CEILING);
	substitute_expand(rule->result, get_group, &groups, &out);
	if (sbuf_done(&out, value_r) == 0)
		return LOOKUP_FOUND;
	*error_r = "the result of a pattern is too long";
	return LOOKUP_FAILED;
}

static enum lookup
fail_at(const struct rules *rules, const struct rule *rule,
    const char *what, struct arena *arena, const char **error_r)
{
	struct span text = arena_printf(arena, "%s:%u: %s", rules->file,
	    rule->line, what);

	*error_r = text.ptr == NULL ? what : text.ptr;
	return LOOKUP_FAILED;
}

static enum lookup
try_all(const struct rules *rules, struct matcher *matcher,
    int64_t deadline, struct span *value_r, const char **error_r)
{
	unsigned tried = 0;
	size_t i = 0;

	while (i < rules->count) {
		const struct rule *rule = &rules->list[i++];
		const char *what = NULL;
		enum match match;

		if (++tried % LOOK_AT_CLOCK == 0 &&
		    deadline_left(deadline) == 0)
			return fail_at(rules, rule, "there was no time for "
			    "this pattern", matcher->arena, error_r);
		match = rules->engine->match(rule->pattern, matcher, &what);
		if (match == MATCH_FAILED)
			return fail_at(rules, rule, what, matcher->arena,
			    error_r);
		if (match != (rule->is_negated ? MATCH_NO : MATCH_YES)) {
			if (rule->is_if)
				i = rule->end;
		} else if (!rule->is_if) {
			return make_value(rules, rule, matcher, value_r,
			    error_r);
		}
	}
	return LOOKUP_NOT_FOUND;
}

enum lookup
rules_lookup(const void *handle, struct span key, int64_t deadline,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	const struct rules *rules = handle;
	struct matcher matcher = {
		.key = key.ptr == NULL ? SPAN("") : key,
		.arena = arena,
		.groups = rules->groups,
	};
	enum lookup answer;
	int rc = rules->engine->begin(&matcher, error_r);

	if (rc <= 0)
		return rc < 0 ? LOOKUP_FAILED : LOOKUP_NOT_FOUND;
	answer = try_all(rules, &matcher, deadline, value_r, error_r);
	rules->engine->end(&matcher);
	return answer;
}
