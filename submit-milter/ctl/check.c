/*
 * check.c - submitctl check: what submit-milter -t does, under another name.
 */
#include <config.h>

#include <getopt.h>
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
		{ "config", required_argument, NULL, 'c' },
		{ "option", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct ctl_source source;
	struct config *config;
	int c;

	ctl_source_init(&source);
	while ((c = getopt_long(argc, argv, "c:o:h", names, NULL)) != -1) {
		if (c == 'c') {
			source.file = optarg;
		} else if (c == 'o') {
			if (ctl_source_override(&source, optarg) != 0)
				return EX_USAGE;
		} else {
			print_usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : EX_USAGE;
		}
	}
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
