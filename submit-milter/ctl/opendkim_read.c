/*
 * opendkim_read.c - opendkim.conf and the files of its data sets.
 */
#include "ctl/opendkim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "ctl/ctl.h"

#define INCLUDE_DEPTH 5
#define FIRST_ROOM 16

int
opendkim_no_memory(void)
{
	return ctl_fail(EX_OSERR, "import: out of memory");
}

/* Room for one more element in an array of the arena. */
static void *
grow(struct arena *arena, void *v, size_t n, size_t *room, size_t size)
{
	void *more;

	if (n < *room)
		return v;
	more = arena_calloc(arena, *room == 0 ? FIRST_ROOM : *room * 2, size);
	if (more == NULL)
		return NULL;
	if (n > 0)
		memcpy(more, v, n * size);
	*room = *room == 0 ? FIRST_ROOM : *room * 2;
	return more;
}

/* --- lines ---------------------------------------------------------------- */

/* A visitor of lines: the first word and the rest. 0 goes on. */
typedef int line_visit(void *context, struct span word, struct span rest,
    const char *file, unsigned line);

static bool
is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && is_white(s.ptr[0]))
		s = span_slice(s, 1, s.len);
	while (s.len > 0 && is_white(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

/* Comments go to the end of the line; each line stands for itself. */
static int
visit_line(struct span text, line_visit *visit, void *context,
    const char *file, unsigned line)
{
	size_t end = 0;

	text = trim(span_slice(text, 0, span_find(text, '#')));
	if (text.len == 0)
		return 0;
	while (end < text.len && !is_white(text.ptr[end]))
		end++;
	return visit(context, span_slice(text, 0, end),
	    trim(span_slice(text, end, text.len)), file, line);
}

static int
visit_file(const char *file, line_visit *visit, void *context)
{
	FILE *in = fopen(file, "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t got;
	int status = 0;

	if (in == NULL)
		return ctl_fail(EX_NOINPUT, "%s: %m", file);
	for (unsigned line = 1; status == 0 &&
	    (got = getline(&text, &room, in)) >= 0; line++)
		status = visit_line((struct span){ text, (size_t)got },
		    visit, context, file, line);
	if (status == 0 && ferror(in))
		status = ctl_fail(EX_IOERR, "%s: %m", file);
	free(text);
	(void)fclose(in);
	return status;
}

/* --- the configuration ---------------------------------------------------- */

struct reading {
	struct opendkim_conf *conf;
	int depth;
};

static int
add_setting(void *context, struct span word, struct span rest,
    const char *file, unsigned line)
{
	struct reading *reading = context;
	struct opendkim_conf *conf = reading->conf;
	struct reading below = { conf, reading->depth + 1 };
	struct opendkim_setting *v = grow(conf->arena, conf->v, conf->n,
	    &conf->room, sizeof(*v));
	struct opendkim_setting setting = {
		.name = arena_span(conf->arena, word),
		.value = arena_span(conf->arena, rest),
		.file = file,
		.line = line,
	};
	const char *path;

	if (v == NULL || setting.name.ptr == NULL)
		return opendkim_no_memory();
	conf->v = v;
	if (!span_eq_nocase(word, SPAN("Include"))) {
		conf->v[conf->n++] = setting;
		return 0;
	}
	if (below.depth > INCLUDE_DEPTH)
		return ctl_fail(EX_CONFIG, "%s:%u: Include is nested too deep",
		    file, line);
	path = arena_strdup(conf->arena, rest);
	return path == NULL ? opendkim_no_memory() :
	    visit_file(path, add_setting, &below);
}

int
opendkim_read(const char *file, struct opendkim_conf *conf)
{
	struct reading reading = { conf, 0 };

	return visit_file(file, add_setting, &reading);
}

const struct opendkim_setting *
opendkim_find(const struct opendkim_conf *conf, const char *name)
{
	for (size_t i = conf->n; i > 0; i--)
		if (span_eq_nocase(conf->v[i - 1].name, span_of(name)))
			return &conf->v[i - 1];
	return NULL;
}

bool
opendkim_is_on(const struct opendkim_conf *conf, const char *name)
{
	const struct opendkim_setting *setting = opendkim_find(conf, name);

	/* As opendkim reads it: by the first letter or digit. */
	return setting != NULL && setting->value.len > 0 &&
	    strchr("TtYy1", setting->value.ptr[0]) != NULL;
}

/* --- data sets ------------------------------------------------------------ */

struct filling {
	struct arena *arena;
	struct opendkim_set *set;
};

static int
add_row(void *context, struct span word, struct span rest, const char *file,
    unsigned line)
{
	struct filling *filling = context;
	struct opendkim_set *set = filling->set;
	struct opendkim_row *v = grow(filling->arena, set->v, set->n,
	    &set->room, sizeof(*v));

	if (v == NULL)
		return opendkim_no_memory();
	set->v = v;
	v[set->n++] = (struct opendkim_row){
		.key = arena_span(filling->arena, word),
		.value = arena_span(filling->arena, rest),
		.file = file,
		.line = line,
	};
	return v[set->n - 1].key.ptr == NULL ? opendkim_no_memory() : 0;
}

/* "a,b" or "a=1,b=2". */
static int
add_list(struct filling *filling, struct span list, unsigned line)
{
	int status = 0;

	while (status == 0 && list.len > 0) {
		size_t comma = span_find(list, ',');
		struct span item = trim(span_slice(list, 0, comma));
		size_t equals = span_find(item, '=');
		struct span value = { NULL, 0 };

		if (equals < item.len)
			value = trim(span_slice(item, equals + 1, item.len));
		if (item.len > 0)
			status = add_row(filling, trim(span_slice(item, 0,
			    equals)), value, NULL, line);
		list = comma < list.len ?
		    span_slice(list, comma + 1, list.len) : SPAN("");
	}
	return status;
}

/* "file:x" becomes "x". */
static bool
take_prefix(struct span *text, struct span prefix)
{
	if (!span_starts_nocase(*text, prefix))
		return false;
	*text = trim(span_slice(*text, prefix.len, text->len));
	return true;
}

static bool
is_database(struct span text)
{
	static const char *const types[] = {
		"bdb:", "db:", "dsn:", "erlang:", "ldap:", "ldapi:", "ldaps:",
		"lua:", "mdb:", "memcache:", "repute:", "socket:",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (span_starts_nocase(text, span_of(types[i])))
			return true;
	return false;
}

int
opendkim_read_set(struct arena *arena, const struct opendkim_setting *setting,
    struct opendkim_set *set)
{
	struct filling filling = { arena, set };
	struct span text = setting->value;
	const char *path;

	*set = (struct opendkim_set){ .kind = OPENDKIM_FILE };
	if (is_database(text)) {
		set->kind = OPENDKIM_OTHER;
		return 0;
	}
	if (take_prefix(&text, SPAN("refile:"))) {
		set->kind = OPENDKIM_PATTERNS;
	} else if (!take_prefix(&text, SPAN("file:")) && (text.len == 0 ||
	    (text.ptr[0] != '/' && text.ptr[0] != '.'))) {
		set->kind = OPENDKIM_LIST;
		(void)take_prefix(&text, SPAN("csl:"));
		return add_list(&filling, text, setting->line);
	}
	path = arena_strdup(arena, text);
	return path == NULL ? opendkim_no_memory() :
	    visit_file(path, add_row, &filling);
}

void
opendkim_remark(FILE *out, const struct opendkim_row *row, const char *why)
{
	(void)fputs("# NOT IMPORTED: ", out);
	if (row->file != NULL)
		(void)fprintf(out, "%s:%u: ", row->file, row->line);
	ctl_put(out, row->key);
	(void)fprintf(out, ": %s\n", why);
}
