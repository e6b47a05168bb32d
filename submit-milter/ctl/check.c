/*
 * check.c - submitctl check: what submit-milter -t does, under another name.
 */
#include <config.h>

#include <sysexits.h>

#include "ctl/ctl.h"

static void
print_usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: submitctl check [-c FILE] [-o NAME=VALUE]...\n"
	    "\n"
	    "  -c, --config FILE        read FILE instead of\n"
	    "                           %s\n"
	    "  -o, --option NAME=VALUE  override an option of the file\n",
	    CTL_CONFIG_FILE);
}

int
ctl_check(int argc, char **argv)
{
	static const struct option names[] = {
		CTL_NAMES,
		{ NULL, 0, NULL, 0 },
	};
	static const struct ctl_syntax syntax = { "check", CTL_LETTERS, names,
		print_usage, NULL };
	struct ctl_source source;
	int status = ctl_options(&syntax, argc, argv, &source, NULL);
	struct config *config;

	if (status >= 0)
		return status;
	if (optind < argc)
		return ctl_fail(EX_USAGE, "check: what is \"%s\"?",
		    argv[optind]);
	config = ctl_source_load(&source, CTL_ALL);
	if (config == NULL)
		return EX_CONFIG;
	config_print(config, stdout);
	config_unref(&config);
	return 0;
}
