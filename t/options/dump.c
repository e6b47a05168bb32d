/*
 * dump - the options of the schema as JSON, one object a line, for
 * test_options, which holds sample file and manuals against them. With
 * "--reasons" and "--rules": the rows of reasons.def and rules.def. With
 * "--load FILE": whether FILE is a right configuration.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"
#include "policy/verdict.h"

/* A string of JSON, or null. */
static void
put(const char *name, const char *text)
{
	(void)printf(", \"%s\": ", name);
	if (text == NULL) {
		(void)fputs("null", stdout);
		return;
	}
	(void)putchar('"');
	for (; *text != '\0'; text++)
		(void)printf(*text == '"' || *text == '\\' ? "\\%c" : "%c",
		    *text);
	(void)putchar('"');
}

static void
put_option(const struct config_option *doc, const struct option *option)
{
	(void)printf("{\"min\": %d, \"max\": %d, \"required\": %s, "
	    "\"nonempty\": %s", option->min, option->max,
	    option->flags & OPTION_REQUIRED ? "true" : "false",
	    option->flags & OPTION_NONEMPTY ? "true" : "false");
	put("path", doc->path);
	put("type", doc->type);
	put("default", doc->default_text);
	put("help", doc->help);
	put("variants", option->variants);
	(void)fputs(", \"choices\": [", stdout);
	for (const struct choice *c = option->choices;
	    c != NULL && c->name != NULL; c++)
		(void)printf("%s\"%s\"", c == option->choices ? "" : ", ",
		    c->name);
	(void)puts("]}");
}

static void
put_reasons(void)
{
	for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		const struct reason_info *info = reason_info((enum reason)i);

		(void)printf("{\"code\": \"%d %d.%d.%d\"", info->code,
		    info->enhanced.class, info->enhanced.subject,
		    info->enhanced.detail);
		put("name", info->name);
		put("text", info->text);
		(void)puts("}");
	}
}

static void
put_rules(void)
{
	for (int i = 0; i < RULE_COUNT; i++) {
		const struct rule_info *info = rule_info((enum rule)i);

		(void)fputs("{\"rule\": true", stdout);
		put("name", info->name);
		put("must", info->must);
		put("help", info->help);
		(void)puts("}");
	}
}

static int
load(const char *file)
{
	char *error = NULL;
	struct config *config = config_load(file, NULL, 0, &error);

	if (config == NULL) {
		(void)puts(error == NULL ? "out of memory" : error);
		free(error);
		return 1;
	}
	config_print(config, stdout);
	config_unref(&config);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct config_option *doc;

	if (argc == 3 && strcmp(argv[1], "--load") == 0)
		return load(argv[2]);
	if (argc == 2 && strcmp(argv[1], "--reasons") == 0)
		put_reasons();
	else if (argc == 2 && strcmp(argv[1], "--rules") == 0)
		put_rules();
	else
		for (size_t i = 0; (doc = config_option(i)) != NULL; i++)
			put_option(doc, schema_option(i));
	return ferror(stdout) ? 1 : 0;
}
