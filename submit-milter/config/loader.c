/*
 * loader.c - see loader.h.
 *
 * Two walks over the tree: the first fills structs and checks each value on
 * its own, the second looks at what refers to something else. The first
 * fault ends it.
 *
 * libconfig 1.5 does not look whether malloc() gave it anything: without
 * memory for the tree itself the process ends. All else survives that.
 */
#include "config/loader.h"

#include <limits.h>
#include <string.h>

#include "base/fault.h"
#include "config/value.h"
#include "syntax/cidr.h"

static int load_section(struct loader *loader, enum section_id section,
    const config_setting_t *group, void *base);

/* --- where and what ------------------------------------------------------- */

/* "FILE:LINE" or "command line: -o NAME=VALUE"; in the arena, never NULL. */
static const char *
where_of(struct loader *loader, const config_setting_t *setting)
{
	const char *file, *where;
	unsigned line;

	if (config_setting_get_hook(setting) != NULL)
		return config_setting_get_hook(setting);
	source_where(&loader->source, config_setting_source_line(setting),
	    &file, &line);
	where = arena_printf(loader->arena, "%s:%u", file, line).ptr;
	return where == NULL ? file : where;
}

/* "profiles.tls.minimum_bits"; in the arena, never NULL. */
static const char *
path_of(struct loader *loader, const config_setting_t *setting)
{
	const char *path = NULL;

	for (; setting != NULL; setting = config_setting_parent(setting)) {
		const char *name = config_setting_name(setting);

		if (name == NULL)
			continue;
		path = path == NULL ? name : arena_printf(loader->arena,
		    "%s.%s", name, path).ptr;
		if (path == NULL)
			break;
	}
	return path == NULL ? "?" : path;
}

static int
fail(struct loader *loader, const config_setting_t *setting, const char *what)
{
	return fault(loader->error_r, "%s: %s: %s",
	    where_of(loader, setting), path_of(loader, setting), what);
}

static const char *
type_name(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		return "a group { }";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_ARRAY:
		return "an array [ ]";
	case CONFIG_TYPE_LIST:
		return "a list ( )";
	default:
		return "something else";
	}
}

static int
want_type(struct loader *loader, const config_setting_t *setting, int type,
    const char *what)
{
	if (config_setting_type(setting) == type)
		return 0;
	return fault(loader->error_r, "%s: %s: must be %s, not %s",
	    where_of(loader, setting), path_of(loader, setting), what,
	    type_name(setting));
}

/* --- single values -------------------------------------------------------- */

static int
load_int(struct loader *loader, const struct option *option,
    const config_setting_t *setting, void *base)
{
	long long value;

	if (config_setting_type(setting) != CONFIG_TYPE_INT64 &&
	    want_type(loader, setting, CONFIG_TYPE_INT, "a whole number") != 0)
		return -1;
	value = config_setting_get_int64(setting);
	if (config_setting_type(setting) == CONFIG_TYPE_INT)
		value = config_setting_get_int(setting);
	if (value < option->min || value > option->max)
		return fault(loader->error_r,
		    "%s: %s: must be from %d to %d, not %lld",
		    where_of(loader, setting), path_of(loader, setting),
		    option->min, option->max, value);
	value_set_int(option, base, (int)value);
	return 0;
}

/* The text of a string setting. 0, or -1 and the error. */
static int
get_text(struct loader *loader, const config_setting_t *setting,
    const char **text_r)
{
	const char *text;

	if (want_type(loader, setting, CONFIG_TYPE_STRING,
	    "a string in quotes") != 0)
		return -1;
	text = config_setting_get_string(setting);
	if (!span_is_utf8(span_of(text)))
		return fail(loader, setting, "is not UTF-8");
	*text_r = text;
	return 0;
}

static int
load_string(struct loader *loader, const struct option *option,
    const config_setting_t *setting, void *base)
{
	struct check check = {
		.arena = loader->arena,
		.settings = loader->settings,
		.option = option,
	};
	const char *text, *why = NULL;

	if (get_text(loader, setting, &text) != 0)
		return -1;
	text = arena_strdup(loader->arena, span_of(text));
	if (text == NULL)
		return fault(loader->error_r, NULL);
	if (text[0] == '\0' && option->flags & OPTION_REQUIRED)
		why = "must not be empty";
	else if (option->check != NULL)
		why = option->check(&check, &text);
	if (why != NULL)
		return fail(loader, setting, why);
	value_set_string(option, base, text);
	return 0;
}

static int
fail_choice(struct loader *loader, const struct option *option,
    const config_setting_t *setting, const char *text)
{
	struct sbuf all;
	struct span names = { "", 0 };

	sbuf_init(&all, loader->arena, 1024);
	for (const struct choice *c = option->choices; c->name != NULL; c++)
		sbuf_addf(&all, "%s\"%s\"", c == option->choices ? "" :
		    c[1].name == NULL ? " or " : ", ", c->name);
	if (sbuf_done(&all, &names) != 0)
		return fault(loader->error_r, NULL);
	return fault(loader->error_r, "%s: %s: must be %.*s, not \"%s\"",
	    where_of(loader, setting), path_of(loader, setting),
	    SPAN_ARG(names), text);
}

static int
load_word(struct loader *loader, const struct option *option,
    const config_setting_t *setting, void *base)
{
	const char *text;

	if (get_text(loader, setting, &text) != 0)
		return -1;
	if (value_set_word(option, base, text) == 0)
		return 0;
	if (option->type == OPTION_MODE)
		return fault(loader->error_r, "%s: %s: must be permissions "
		    "in octal, such as \"0640\", not \"%s\"",
		    where_of(loader, setting), path_of(loader, setting),
		    text);
	return fail_choice(loader, option, setting, text);
}

/* --- many values ---------------------------------------------------------- */

/* Room for the elements of SETTING. 0, or -1 and the error. */
static int
make_room(struct loader *loader, const struct option *option,
    const config_setting_t *setting, size_t size, void **elements_r,
    size_t *count_r)
{
	size_t count = (size_t)config_setting_length(setting);
	void *elements = NULL;

	if (count == 0 && option->flags & OPTION_NONEMPTY)
		return fail(loader, setting, "must not be empty");
	if (count > 0) {
		elements = arena_calloc(loader->arena, count, size);
		if (elements == NULL)
			return fault(loader->error_r, NULL);
	}
	*elements_r = elements;
	*count_r = count;
	return 0;
}

static int
load_networks(struct loader *loader, const struct option *option,
    const config_setting_t *setting, void *base)
{
	struct cidr *networks;
	void *room;
	size_t count;

	if (want_type(loader, setting, CONFIG_TYPE_ARRAY,
	    "an array [ ] of networks") != 0 ||
	    make_room(loader, option, setting, sizeof(*networks), &room,
	    &count) != 0)
		return -1;
	networks = room;
	for (size_t i = 0; i < count; i++) {
		const config_setting_t *element =
		    config_setting_get_elem(setting, (unsigned)i);
		const char *text, *why;

		if (get_text(loader, element, &text) != 0)
			return -1;
		if (cidr_parse(span_of(text), &networks[i], &why) != 1)
			return fault(loader->error_r, "%s: %s: \"%s\": %s",
			    where_of(loader, element),
			    path_of(loader, setting), text, why);
	}
	value_set_many(option, base, networks, count);
	return 0;
}

static int
load_strings(struct loader *loader, const struct option *option,
    const config_setting_t *setting, void *base)
{
	struct check check = { loader->arena, loader->settings, option };
	const char **strings;
	void *room;
	size_t count;

	if (want_type(loader, setting, CONFIG_TYPE_ARRAY,
	    "an array [ ] of strings") != 0 ||
	    make_room(loader, option, setting, sizeof(*strings), &room,
	    &count) != 0)
		return -1;
	strings = room;
	for (size_t i = 0; i < count; i++) {
		const config_setting_t *element =
		    config_setting_get_elem(setting, (unsigned)i);
		const char *text, *why = NULL;

		if (get_text(loader, element, &text) != 0)
			return -1;
		strings[i] = arena_strdup(loader->arena, span_of(text));
		if (strings[i] == NULL)
			return fault(loader->error_r, NULL);
		if (text[0] == '\0')
			why = "must not be empty";
		else if (option->check != NULL)
			why = option->check(&check, &strings[i]);
		if (why != NULL)
			return fault(loader->error_r, "%s: %s: \"%s\": %s",
			    where_of(loader, element),
			    path_of(loader, setting), text, why);
	}
	value_set_many(option, base, strings, count);
	return 0;
}

/* [ "key", "value" ] */
static int
load_row(struct loader *loader, const config_setting_t *setting,
    struct table_row *row)
{
	const char *key = "", *value = "";

	if (want_type(loader, setting, CONFIG_TYPE_ARRAY,
	    "an array [ key, value ]") != 0)
		return -1;
	if (config_setting_length(setting) != 2)
		return fail(loader, setting,
		    "a row must be [ key, value ], two strings");
	if (get_text(loader, config_setting_get_elem(setting, 0),
	    &key) != 0 ||
	    get_text(loader, config_setting_get_elem(setting, 1),
	    &value) != 0)
		return -1;
	if (key[0] == '\0' || value[0] == '\0')
		return fail(loader, setting,
		    "key and value of a row must not be empty");
	row->key = arena_span(loader->arena, span_of(key));
	row->value = arena_span(loader->arena, span_of(value));
	if (row->key.ptr == NULL || row->value.ptr == NULL)
		return fault(loader->error_r, NULL);
	return 0;
}

static int
load_rows(struct loader *loader, const struct option *option,
    const config_setting_t *setting, void *base)
{
	struct table_row *rows;
	void *room;
	size_t count;

	if (want_type(loader, setting, CONFIG_TYPE_LIST,
	    "a list ( ) of rows") != 0 ||
	    make_room(loader, option, setting, sizeof(*rows), &room,
	    &count) != 0)
		return -1;
	rows = room;
	for (size_t i = 0; i < count; i++)
		if (load_row(loader, config_setting_get_elem(setting,
		    (unsigned)i), &rows[i]) != 0)
			return -1;
	value_set_many(option, base, rows, count);
	return 0;
}

/* --- groups, lists, maps -------------------------------------------------- */

/* Name and place of an element, where it has fields for them. */
static int
label_element(struct loader *loader, const struct section *section,
    const config_setting_t *setting, char *element)
{
	const char *text;

	if (section->where != SECTION_NOWHERE) {
		text = where_of(loader, setting);
		memcpy(element + section->where, &text, sizeof(text));
	}
	if (section->name != SECTION_NOWHERE) {
		text = arena_strdup(loader->arena,
		    span_of(config_setting_name(setting)));
		if (text == NULL)
			return fault(loader->error_r, NULL);
		memcpy(element + section->name, &text, sizeof(text));
	}
	return 0;
}

static int
load_element(struct loader *loader, const struct option *option,
    const config_setting_t *setting, void *element)
{
	const struct section *section = schema_section(option->content);

	if (want_type(loader, setting, CONFIG_TYPE_GROUP,
	    "a group { }") != 0)
		return -1;
	value_defaults(option->content, element);
	if (option->flags & OPTION_INHERITS)
		memcpy(element, (const char *)loader->settings +
		    option->model, option->model_size);
	if (label_element(loader, section, setting, element) != 0)
		return -1;
	return load_section(loader, option->content, setting, element);
}

static int
load_elements(struct loader *loader, const struct option *option,
    const config_setting_t *setting, void *base)
{
	size_t size = schema_section(option->content)->size, count;
	void *elements;

	if (option->type == OPTION_LIST ?
	    want_type(loader, setting, CONFIG_TYPE_LIST,
	    "a list ( ) of groups { }") != 0 :
	    want_type(loader, setting, CONFIG_TYPE_GROUP,
	    "a group { } of named groups") != 0)
		return -1;
	if (make_room(loader, option, setting, size, &elements, &count) != 0)
		return -1;
	value_set_many(option, base, elements, count);
	for (size_t i = 0; i < count; i++)
		if (load_element(loader, option, config_setting_get_elem(
		    setting, (unsigned)i), (char *)elements + i * size) != 0)
			return -1;
	return 0;
}

static int
load_option(struct loader *loader, const struct option *option,
    const config_setting_t *setting, void *base)
{
	switch (option->type) {
	case OPTION_BOOL:
		if (want_type(loader, setting, CONFIG_TYPE_BOOL,
		    "true or false") != 0)
			return -1;
		value_set_bool(option, base,
		    config_setting_get_bool(setting) == CONFIG_TRUE);
		return 0;
	case OPTION_INT:
		return load_int(loader, option, setting, base);
	case OPTION_STRING:
		return load_string(loader, option, setting, base);
	case OPTION_ENUM:
	case OPTION_MODE:
		return load_word(loader, option, setting, base);
	case OPTION_NETWORKS:
		return load_networks(loader, option, setting, base);
	case OPTION_STRINGS:
		return load_strings(loader, option, setting, base);
	case OPTION_ROWS:
		return load_rows(loader, option, setting, base);
	case OPTION_GROUP:
		if (want_type(loader, setting, CONFIG_TYPE_GROUP,
		    "a group { }") != 0)
			return -1;
		return load_section(loader, option->content, setting,
		    value_field(option, base));
	case OPTION_LIST:
	case OPTION_MAP:
		return load_elements(loader, option, setting, base);
	}
	return fail(loader, setting, "has no type in the schema");
}

/* --- sections ------------------------------------------------------------- */

static int
fail_unknown(struct loader *loader, enum section_id section,
    const config_setting_t *setting)
{
	const char *where = where_of(loader, setting);
	const struct option *near = schema_suggest(section,
	    config_setting_name(setting));

	if (near == NULL)
		return fault(loader->error_r,
		    "%s: there is no option \"%s\"", where,
		    path_of(loader, setting));
	return fault(loader->error_r,
	    "%s: there is no option \"%s\", did you mean \"%s\"?", where,
	    path_of(loader, setting), option_name(near));
}

static int
check_names(struct loader *loader, enum section_id section,
    const config_setting_t *group)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *setting =
		    config_setting_get_elem(group, (unsigned)i);

		if (schema_find(section, config_setting_name(setting)) ==
		    NULL)
			return fail_unknown(loader, section, setting);
	}
	return 0;
}

/* An option that is not there, or does not belong to this kind. */
static int
check_presence(struct loader *loader, const struct option *option,
    const config_setting_t *group, const config_setting_t *setting,
    const void *base)
{
	const struct section *section = schema_section(option->section);
	bool applies = option_applies(option, base);

	if (setting != NULL && !applies)
		return fault(loader->error_r,
		    "%s: %s: a %s of this %s has no such option",
		    where_of(loader, setting), path_of(loader, setting),
		    section->kind, section->variant);
	if (setting == NULL && applies && option->flags & OPTION_REQUIRED)
		return fault(loader->error_r, "%s: %s: \"%s\" is missing",
		    where_of(loader, group), path_of(loader, group),
		    option_name(option));
	return 0;
}

static int
load_section(struct loader *loader, enum section_id section,
    const config_setting_t *group, void *base)
{
	const struct option *option;
	size_t index = 0;

	if (check_names(loader, section, group) != 0)
		return -1;
	while ((option = schema_next(section, &index)) != NULL) {
		const config_setting_t *setting = config_setting_get_member(
		    group, option_name(option));

		if (check_presence(loader, option, group, setting,
		    base) != 0)
			return -1;
		if (setting != NULL &&
		    load_option(loader, option, setting, base) != 0)
			return -1;
	}
	return 0;
}

/* --- the second walk ------------------------------------------------------ */

static int verify_section(struct loader *loader, enum section_id section,
    const config_setting_t *group, void *base);

static int
verify_option(struct loader *loader, const struct option *option,
    const config_setting_t *setting, void *base)
{
	struct check check = {
		.arena = loader->arena,
		.settings = loader->settings,
		.option = option,
	};
	const char *why = NULL;

	if (option->verify != NULL)
		why = option->verify(&check, base,
		    value_const_field(option, base));
	if (why != NULL)
		return fail(loader, setting, why);
	if (option->type == OPTION_GROUP)
		return verify_section(loader, option->content, setting,
		    value_field(option, base));
	if (option->type != OPTION_LIST && option->type != OPTION_MAP)
		return 0;
	for (size_t i = 0; i < value_count(option, base); i++)
		if (verify_section(loader, option->content,
		    config_setting_get_elem(setting, (unsigned)i),
		    value_element(option, base, i)) != 0)
			return -1;
	return 0;
}

static int
verify_section(struct loader *loader, enum section_id section,
    const config_setting_t *group, void *base)
{
	const struct option *option;
	size_t index = 0;

	while ((option = schema_next(section, &index)) != NULL) {
		const config_setting_t *setting = config_setting_get_member(
		    group, option_name(option));

		if (setting != NULL && verify_option(loader, option, setting,
		    base) != 0)
			return -1;
	}
	return 0;
}

/* -------------------------------------------------------------------------- */

/* libconfig's words where they are good, better ones where not. */
static int
fail_parse(struct loader *loader)
{
	const char *text = config_error_text(&loader->tree), *file;
	unsigned line;

	source_where(&loader->source,
	    (unsigned)config_error_line(&loader->tree), &file, &line);
	if (text == NULL || strcmp(text, "syntax error") == 0)
		text = "syntax error here or just before";
	else if (strcmp(text, "duplicate setting name") == 0)
		text = "this name is set twice";
	else if (strcmp(text, "mismatched element type in array") == 0)
		text = "all elements of an array must be of one type";
	return fault(loader->error_r, "%s:%u: %s", file, line, text);
}

static int
read_tree(struct loader *loader, const struct config_override *overrides,
    size_t override_count)
{
	config_setting_t *root;
	struct span text;

	if (sbuf_done(&loader->source.text, &text) != 0)
		return fault(loader->error_r, NULL);
	if (config_read_string(&loader->tree, text.ptr) != CONFIG_TRUE)
		return fail_parse(loader);
	root = config_root_setting(&loader->tree);
	for (size_t i = 0; i < override_count; i++)
		if (override_apply(loader, &overrides[i]) != 0)
			return -1;
	value_defaults(SECTION_ROOT, loader->settings);
	if (load_section(loader, SECTION_ROOT, root, loader->settings) != 0)
		return -1;
	return verify_section(loader, SECTION_ROOT, root, loader->settings);
}

int
loader_read(struct settings *settings, const char *file,
    const struct config_override *overrides, size_t override_count,
    char **error_r)
{
	struct loader loader = {
		.settings = settings,
		.arena = settings->arena,
		.error_r = error_r,
	};
	int rc;

	config_init(&loader.tree);
	rc = source_read(file, settings->arena, &loader.source, error_r);
	if (rc == 0)
		rc = read_tree(&loader, overrides, override_count);
	config_destroy(&loader.tree);
	source_free(&loader.source);
	return rc;
}
