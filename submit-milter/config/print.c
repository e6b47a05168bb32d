/*
 * print.c - what "-t" shows: every option as it is in force, in the syntax
 * of the file, then in comments what an administrator should know of it.
 * The output is itself a configuration that says the same.
 */
#include <string.h>

#include "base/deadline.h"
#include "config/build.h"
#include "config/config.h"
#include "config/value.h"

#define VALUE_CEILING (64u << 20)
#define PROBE_CEILING (1u << 20)

struct printer {
	FILE *out;
	struct sbuf value;	/* on the heap, used again and again */
	struct sbuf initial;
	const struct settings *settings;
	const struct option *within;	/* a list that inherits, or NULL */
};

static void print_section(struct printer *printer, enum section_id section,
    const void *base, unsigned depth);

static void
indent(struct printer *printer, unsigned depth)
{
	while (depth-- > 0)
		(void)fputc('\t', printer->out);
}

/* Does the option stand in the model of the list that it is in? */
static bool
is_inherited(const struct printer *printer, const struct option *option)
{
	return printer->within != NULL &&
	    option->section != SECTION_PROFILES &&
	    option->section != SECTION_LISTENERS &&
	    option->section != SECTION_DKIM_DOMAINS &&
	    option->section != SECTION_DKIM_KEYS;
}

/* What stands behind a value: where it comes from when not from the file. */
static const char *
origin(struct printer *printer, const struct option *option)
{
	bool is_copy = is_inherited(printer, option);
	struct span value, initial;

	sbuf_clear(&printer->initial);
	if (is_copy)
		value_format(option, (const char *)printer->settings +
		    printer->within->model, &printer->initial);
	else if (option->doc.default_text != NULL)
		value_format_default(option, &printer->initial);
	else
		return "";
	if (sbuf_done(&printer->value, &value) != 0 ||
	    sbuf_done(&printer->initial, &initial) != 0 ||
	    !span_eq(value, initial))
		return "";
	if (!is_copy)
		return "\t# default";
	return printer->within->content == SECTION_PROFILES ?
	    "\t# as default_profile" : "\t# as dkim";
}

static void
print_value(struct printer *printer, const struct option *option,
    const void *base, unsigned depth)
{
	struct span value;

	sbuf_clear(&printer->value);
	value_format(option, base, &printer->value);
	indent(printer, depth);
	if (sbuf_done(&printer->value, &value) != 0) {
		(void)fprintf(printer->out, "# %s: out of memory\n",
		    option_name(option));
		return;
	}
	if (option->flags & OPTION_SECRET && !span_eq(value, SPAN("\"\"")))
		(void)fprintf(printer->out, "# %s: not shown\n",
		    option_name(option));
	else
		(void)fprintf(printer->out, "%s = %.*s;%s\n",
		    option_name(option), SPAN_ARG(value),
		    origin(printer, option));
}

/* The name of an element of a map. */
static const char *
element_name(const struct section *section, const void *element)
{
	const char *name;

	memcpy(&name, (const char *)element + section->name, sizeof(name));
	return name;
}

static void
print_elements(struct printer *printer, const struct option *option,
    const void *base, unsigned depth)
{
	const struct section *section = schema_section(option->content);
	size_t count = value_count(option, base);
	bool is_map = option->type == OPTION_MAP;
	const struct option *outer = printer->within;

	if (option->flags & OPTION_INHERITS)
		printer->within = option;

	indent(printer, depth);
	(void)fprintf(printer->out, is_map ? "%s: {" : "%s = (",
	    option_name(option));
	for (size_t i = 0; i < count; i++) {
		const void *element = value_const_element(option, base, i);

		(void)fputs(i > 0 && !is_map ? ", " : "", printer->out);
		if (is_map) {
			(void)fputc('\n', printer->out);
			indent(printer, depth + 1);
			(void)fprintf(printer->out, "%s: ",
			    element_name(section, element));
		}
		(void)fputs("{\n", printer->out);
		print_section(printer, option->content, element,
		    depth + (is_map ? 2 : 1));
		indent(printer, depth + (is_map ? 1 : 0));
		(void)fputs(is_map ? "};" : "}", printer->out);
	}
	if (is_map && count > 0) {
		(void)fputc('\n', printer->out);
		indent(printer, depth);
	}
	(void)fprintf(printer->out, is_map ? "%s};%s\n" : "%s);%s\n",
	    count > 0 ? "" : " ", count > 0 ||
	    option->doc.default_text == NULL ? "" : "\t# default");
	printer->within = outer;
}

static void
print_option(struct printer *printer, const struct option *option,
    const void *base, unsigned depth)
{
	if (!option_applies(option, base) || value_is_unset(option, base))
		return;
	if (option->type == OPTION_GROUP) {
		indent(printer, depth);
		(void)fprintf(printer->out, "%s: {\n", option_name(option));
		print_section(printer, option->content,
		    value_const_field(option, base), depth + 1);
		indent(printer, depth);
		(void)fputs("};\n", printer->out);
	} else if (option->type == OPTION_LIST || option->type == OPTION_MAP) {
		print_elements(printer, option, base, depth);
	} else {
		print_value(printer, option, base, depth);
	}
}

static void
print_section(struct printer *printer, enum section_id section,
    const void *base, unsigned depth)
{
	const struct option *option;
	size_t index = 0;

	while ((option = schema_next(section, &index)) != NULL)
		print_option(printer, option, base, depth);
}

/* --- what to know --------------------------------------------------------- */

static bool
print_musts(const struct profile *profile, FILE *out)
{
	bool is_any = false;

	for (int i = 0; i < RULE_COUNT; i++) {
		const struct rule_info *info = rule_info((enum rule)i);

		if (info->must == NULL || profile->rules[i] == RULE_ENFORCE)
			continue;
		(void)fprintf(out, "#\t%s is %s in profile \"%s\": %s (%s)\n",
		    info->name, rule_mode_name(profile->rules[i]),
		    profile->name, info->help, info->must);
		is_any = true;
	}
	return is_any;
}

static void
print_identities(const struct rule_override *override, FILE *out)
{
	for (size_t i = 0; i < override->identity_count; i++)
		(void)fprintf(out, "%s%s", i == 0 ? "" : ", ",
		    override->identities[i]);
}

/* A MUST that is turned off for some is turned off. */
static bool
print_override_musts(const struct rule_override *override, FILE *out)
{
	bool is_any = false;

	for (int i = 0; i < RULE_COUNT; i++) {
		const struct rule_info *info = rule_info((enum rule)i);
		int mode = override->modes[i];

		if (info->must == NULL || mode == RULE_INHERIT ||
		    mode == RULE_ENFORCE)
			continue;
		(void)fprintf(out, "#\t%s is %s for ", info->name,
		    rule_mode_name((enum rule_mode)mode));
		print_identities(override, out);
		(void)fprintf(out, ": %s (%s)\n", info->help, info->must);
		is_any = true;
	}
	return is_any;
}

static void
print_all_musts(const struct config *config, FILE *out)
{
	bool is_any;

	(void)fputs("# MUSTs of the sources that this configuration turns "
	    "off:\n", out);
	is_any = print_musts(&config->default_profile, out);
	for (size_t i = 0; i < config->profile_count; i++)
		if (print_musts(&config->profiles[i], out))
			is_any = true;
	for (size_t i = 0; i < config->site.override_count; i++)
		if (print_override_musts(&config->site.overrides[i], out))
			is_any = true;
	if (!is_any)
		(void)fputs("#\tnone\n", out);
}

/* Is all that LATER matches matched by EARLIER? */
static bool
is_covered(const struct listener_match *earlier,
    const struct listener_match *later)
{
	if (earlier->daemon_name != NULL && (later->daemon_name == NULL ||
	    strcmp(earlier->daemon_name, later->daemon_name) != 0))
		return false;
	if (earlier->daemon_addr != NULL && (later->daemon_addr == NULL ||
	    strcmp(earlier->daemon_addr, later->daemon_addr) != 0))
		return false;
	return earlier->daemon_port == 0 ||
	    earlier->daemon_port == later->daemon_port;
}

static bool
is_covered_before(const struct config *config, size_t index,
    const struct listener_match *match)
{
	for (size_t i = 0; i < index; i++)
		for (size_t k = 0; k < config->profiles[i].listener_count; k++)
			if (is_covered(&config->profiles[i].listeners[k],
			    match))
				return true;
	return false;
}

static void
warn_unreachable(const struct config *config, FILE *out)
{
	for (size_t i = 0; i < config->profile_count; i++) {
		const struct profile *profile = &config->profiles[i];
		size_t covered = 0;

		for (size_t k = 0; k < profile->listener_count; k++)
			if (is_covered_before(config, i,
			    &profile->listeners[k]))
				covered++;
		if (covered == profile->listener_count)
			(void)fprintf(out, "# warning: profile \"%s\" is "
			    "never used: profiles before it match all of its "
			    "listeners\n", profile->name);
	}
}

static void
warn_profile(const struct config *config, const struct profile *profile,
    FILE *out)
{
	if (profile->sign == SIGN_AUTHENTICATED)
		(void)fprintf(out, "# warning: profile \"%s\" has sign = "
		    "\"authenticated\": mail is signed for domains that its "
		    "sender may have no right to\n", profile->name);
	if (profile->sign != SIGN_OFF && keystore_is_empty(config->keystore))
		(void)fprintf(out, "# warning: profile \"%s\" signs nothing: "
		    "dkim.domains is empty\n", profile->name);
	if (profile->postmaster.domain_count > 0 &&
	    profile->rules[RULE_POSTMASTER] != RULE_ENFORCE)
		(void)fprintf(out, "# warning: profile \"%s\" has "
		    "postmaster.domains, but rule postmaster is not enforced: "
		    "postmaster is not open\n", profile->name);
	if (profile->from == FROM_FIX &&
	    profile->rules[RULE_FROM_RIGHTS] != RULE_ENFORCE)
		(void)fprintf(out, "# warning: profile \"%s\" has from = "
		    "\"fix\", but rule from-rights is not enforced: only "
		    "where an override enforces it is From fixed\n",
		    profile->name);
}

static void
warn_site(const struct settings *settings, FILE *out)
{
	const struct config *config = &settings->config;

	if (config->site.accounts.table != NULL &&
	    !config->site.accounts.is_complete)
		(void)fprintf(out, "# warning: accounts.complete is false: "
		    "who is not in table \"%s\" counts as active\n",
		    settings->names.accounts);
	if (config->site.accounts.table == NULL &&
	    config->site.accounts.is_complete)
		(void)fputs("# warning: accounts.complete says nothing "
		    "without accounts.table\n", out);
	if (strchr(config->rights.delimiters, '.') != NULL)
		(void)fputs("# warning: rights.delimiters has \".\": who may "
		    "use john@ may use john.smith@, whoever that is\n", out);
}

static void
warn_tables(const struct settings *settings, FILE *out)
{
	for (size_t i = 0; i < settings->table_count; i++) {
		const struct table_entry *entry = &settings->tables[i];
		const char *text =
		    table_warning(settings->config.tables[i]);

		if (!entry->is_used)
			(void)fprintf(out, "# warning: table \"%s\" (%s) is "
			    "used nowhere\n", entry->spec.name, entry->where);
		if (text != NULL)
			(void)fprintf(out, "# warning: table \"%s\": %s\n",
			    entry->spec.name, text);
	}
}

/* Tables whose server gives no answer; that may be other in an hour. */
static void
warn_servers(const struct settings *settings, FILE *out)
{
	struct arena *arena = arena_new(PROBE_CEILING, NULL);

	for (size_t i = 0; arena != NULL && i < settings->table_count; i++) {
		const char *why;

		if (table_probe(settings->config.tables[i], DEADLINE_NEVER,
		    arena, &why) != 0)
			(void)fprintf(out, "# warning: table \"%s\" does not "
			    "answer: %s\n", settings->tables[i].spec.name,
			    why);
		arena_reset(arena);
	}
	arena_free(&arena);
}

static void
print_warnings(const struct settings *settings, FILE *out)
{
	const struct config *config = &settings->config;

	warn_tables(settings, out);
	warn_servers(settings, out);
	warn_site(settings, out);
	if (!config->rights.self && config->rights.table_count == 0)
		(void)fputs("# warning: nobody has a right to any address: "
		    "rights.self is false and rights.tables is empty\n",
		    out);
	if (config->audit.file[0] == '\0' && !config->audit.syslog)
		(void)fputs("# warning: no audit records are kept: audit.file "
		    "is empty and audit.syslog is false\n", out);
	warn_profile(config, &config->default_profile, out);
	for (size_t i = 0; i < config->profile_count; i++)
		warn_profile(config, &config->profiles[i], out);
	warn_unreachable(config, out);
}

void
config_print(const struct config *config, FILE *out)
{
	const struct settings *settings = config->memory_owner;
	struct printer printer = { .out = out, .settings = settings };

	sbuf_init(&printer.value, NULL, VALUE_CEILING);
	sbuf_init(&printer.initial, NULL, VALUE_CEILING);
	(void)fprintf(out, "# %s: what is in force\n", config->file);
	print_section(&printer, SECTION_ROOT, settings, 0);
	sbuf_free(&printer.value);
	sbuf_free(&printer.initial);
	print_all_musts(config, out);
	print_warnings(settings, out);
	(void)fputs("# This build has tables of these types: ", out);
	build_print_tables(out);
	(void)fputs("\n", out);
}
