/*
 * override.c - "-o NAME=VALUE": options of the command line, put into the
 * tree before it is checked. What comes from here carries its origin as the
 * hook of its setting.
 */
#include "config/loader.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fault.h"
#include "config/value.h"

#define NAME_CEILING 256u

/* On the way down the tree. */
struct walk {
	struct loader *loader;
	const char *value;
	char *where;			/* of the arena: the hook */
	config_setting_t *setting;	/* reached so far */
	enum section_id section;	/* of its members */
	const struct option *list;	/* not NULL: it is a list or a map */
};

static int
fail(const struct walk *walk, const char *what)
{
	return fault(walk->loader->error_r, "%s: %s", walk->where, what);
}

static int
fail_name(const struct walk *walk, const char *what, const char *name)
{
	return fault(walk->loader->error_r, "%s: %s \"%s\"", walk->where,
	    what, name);
}

static int
fail_unknown(const struct walk *walk, const char *name)
{
	const struct option *near = schema_suggest(walk->section, name);

	if (near == NULL)
		return fail_name(walk, "there is no option", name);
	return fault(walk->loader->error_r,
	    "%s: there is no option \"%s\", did you mean \"%s\"?",
	    walk->where, name, option_name(near));
}

/* Goes to an element: "[0]" of a list, a name of a map. */
static int
enter_element(struct walk *walk, const char *part)
{
	config_setting_t *element = NULL;
	unsigned long index;
	char *end;

	if (walk->list->type == OPTION_MAP) {
		element = config_setting_get_member(walk->setting, part);
	} else if (part[0] == '[' &&
	    ascii_is_digit((unsigned char)part[1])) {
		index = strtoul(part + 1, &end, 10);
		if (strcmp(end, "]") == 0 && index < INT_MAX)
			element = config_setting_get_elem(walk->setting,
			    (unsigned)index);
	}
	if (element == NULL)
		return fail_name(walk, "the file has no", part);
	if (config_setting_type(element) != CONFIG_TYPE_GROUP)
		return fail_name(walk, "no group in the file:", part);
	walk->setting = element;
	walk->section = walk->list->content;
	walk->list = NULL;
	return 0;
}

/* Goes to a group, list or map; groups are made where they are missing. */
static int
enter_option(struct walk *walk, const char *part)
{
	const struct option *option = schema_find(walk->section, part);
	config_setting_t *inner;
	int wanted;

	if (option == NULL)
		return fail_unknown(walk, part);
	if (option->type != OPTION_GROUP && option->type != OPTION_LIST &&
	    option->type != OPTION_MAP)
		return fail_name(walk, "there are no options within",
		    part);
	inner = config_setting_get_member(walk->setting, part);
	if (inner == NULL && option->type == OPTION_GROUP) {
		inner = config_setting_add(walk->setting, part,
		    CONFIG_TYPE_GROUP);
		if (inner == NULL)
			return fault(walk->loader->error_r, NULL);
		config_setting_set_hook(inner, walk->where);
	}
	if (inner == NULL)
		return fail_name(walk, "the file has no", part);
	wanted = option->type == OPTION_LIST ? CONFIG_TYPE_LIST :
	    CONFIG_TYPE_GROUP;
	if (config_setting_type(inner) != wanted)
		return fail_name(walk, "in the file, something else than "
		    "options is in", part);
	walk->setting = inner;
	walk->section = option->content;
	walk->list = option->type == OPTION_GROUP ? NULL : option;
	return 0;
}

static config_setting_t *
replace_setting(const struct walk *walk, const char *name, int type)
{
	config_setting_t *setting;

	(void)config_setting_remove(walk->setting, name);
	setting = config_setting_add(walk->setting, name, type);
	if (setting != NULL)
		config_setting_set_hook(setting, walk->where);
	return setting;
}

static int
set_bool(const struct walk *walk, const char *name)
{
	config_setting_t *setting;
	bool is_true = strcmp(walk->value, "true") == 0;

	if (!is_true && strcmp(walk->value, "false") != 0)
		return fail(walk, "the value must be true or false");
	setting = replace_setting(walk, name, CONFIG_TYPE_BOOL);
	return setting != NULL && config_setting_set_bool(setting, is_true) ==
	    CONFIG_TRUE ? 0 : fault(walk->loader->error_r, NULL);
}

static int
set_int(const struct walk *walk, const char *name)
{
	config_setting_t *setting;
	char *end;
	long value;

	errno = 0;
	value = strtol(walk->value, &end, 10);
	if (end == walk->value || *end != '\0' || errno != 0 ||
	    value < INT_MIN || value > INT_MAX)
		return fail(walk, "the value must be a number");
	setting = replace_setting(walk, name, CONFIG_TYPE_INT);
	return setting != NULL && config_setting_set_int(setting,
	    (int)value) == CONFIG_TRUE ? 0 :
	    fault(walk->loader->error_r, NULL);
}

static int
set_string(const struct walk *walk, const char *name)
{
	config_setting_t *setting = replace_setting(walk, name,
	    CONFIG_TYPE_STRING);

	return setting != NULL && config_setting_set_string(setting,
	    walk->value) == CONFIG_TRUE ? 0 :
	    fault(walk->loader->error_r, NULL);
}

static int
set_option(const struct walk *walk, const char *name)
{
	const struct option *option;

	if (walk->list != NULL)
		return fail_name(walk, "this is no option:", name);
	option = schema_find(walk->section, name);
	if (option == NULL)
		return fail_unknown(walk, name);
	if (!value_is_scalar(option))
		return fail(walk, "only options with a single value can be "
		    "set here");
	if (option->flags & OPTION_SECRET)
		strchr(walk->where, '=')[1] = '\0';
	if (option->type == OPTION_BOOL)
		return set_bool(walk, name);
	if (option->type == OPTION_INT)
		return set_int(walk, name);
	return set_string(walk, name);
}

int
override_apply(struct loader *loader, const struct config_override *override)
{
	struct walk walk = {
		.loader = loader,
		.value = override->value,
		.setting = config_root_setting(&loader->tree),
		.section = SECTION_ROOT,
	};
	struct span rest = span_of(override->name), text;

	text = arena_printf(loader->arena, "command line: -o %s=%s",
	    override->name, override->value);
	walk.where = arena_strdup(loader->arena, text);
	if (text.ptr == NULL || walk.where == NULL)
		return fault(loader->error_r, NULL);
	if (rest.len > NAME_CEILING)
		return fail(&walk, "the name is too long");
	for (;;) {
		size_t dot = span_find(rest, '.');
		const char *part = arena_strdup(loader->arena,
		    span_slice(rest, 0, dot));
		int rc;

		if (part == NULL)
			return fault(loader->error_r, NULL);
		if (dot == rest.len)
			return set_option(&walk, part);
		rc = walk.list != NULL ? enter_element(&walk, part) :
		    enter_option(&walk, part);
		if (rc != 0)
			return -1;
		rest = span_slice(rest, dot + 1, rest.len);
	}
}
