/*
 * main.c - options of the command line.
 *
 * Exit status: 0 when all is well, 1 for an error in the configuration,
 * 2 for wrong usage, 3 when the daemon could not start.
 */
#include <config.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "daemon.h"
#include "milter.h"
#include "monitor/http.h"

enum { EXIT_CONFIG = 1, EXIT_USAGE = 2, EXIT_RUNTIME = 3 };

#define DEFAULT_CONFIG SYSCONFDIR "/submit-milter/submit-milter.conf"
#define OVERRIDES_CEILING 64

struct options {
	struct daemon_options daemon;
	struct config_override overrides[OVERRIDES_CEILING];
	bool is_test;
	bool has_keys_test;
};

static void
print_usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: submit-milter [-t [--keys]] [-c FILE] [-o NAME=VALUE]...\n"
	    "\n"
	    "  -c, --config FILE        read FILE instead of\n"
	    "                           %s\n"
	    "  -o, --option NAME=VALUE  override an option of the file, as\n"
	    "                           in -o audit.file=/tmp/audit.jsonl\n"
	    "  -t, --test               check the configuration, say what\n"
	    "                           is effective, and end\n"
	    "      --keys               with -t: read every private key, too\n"
	    "  -V, --version            say what this is made of, and end\n"
	    "  -h, --help               this text\n"
	    "\n"
	    "It stays in the foreground. SIGHUP reloads, SIGTERM ends it.\n"
	    "See submit-milter(8) and submit-milter.conf(5).\n",
	    DEFAULT_CONFIG);
}

static void
print_version(void)
{
	const char *why, *http = http_library(&why);

	(void)printf("%s %s\n", PACKAGE_NAME, PACKAGE_VERSION);
	(void)printf("libraries: libmilter %s\n", milter_version());
	if (http != NULL)
		(void)printf("metrics by HTTP: libmicrohttpd %s\n", http);
	else
		(void)printf("no metrics by HTTP: %s\n", why);
	config_print_build(stdout);
}

/* "NAME=VALUE": the name is cut off in place. 0 or -1. */
static int
add_override(struct options *options, char *text)
{
	char *equals = strchr(text, '=');
	size_t n = options->daemon.override_count;

	if (equals == NULL || equals == text || n == OVERRIDES_CEILING)
		return -1;
	*equals = '\0';
	options->overrides[n] = (struct config_override){ text, equals + 1 };
	options->daemon.override_count++;
	return 0;
}

/* Of getopt_long(). -1: go on; else the exit status. */
static int
take_option(struct options *options, int c)
{
	switch (c) {
	case 'c':
		options->daemon.config_file = optarg;
		return -1;
	case 'o':
		if (add_override(options, optarg) == 0)
			return -1;
		(void)fprintf(stderr, "submit-milter: -o %s: NAME=VALUE is "
		    "needed (at most %d of them)\n", optarg,
		    OVERRIDES_CEILING);
		return EXIT_USAGE;
	case 't':
		options->is_test = true;
		return -1;
	case 'k':
		options->has_keys_test = true;
		return -1;
	case 'V':
		print_version();
		return 0;
	case 'h':
		print_usage(stdout);
		return 0;
	default:
		print_usage(stderr);
		return EXIT_USAGE;
	}
}

/* Likewise. */
static int
parse_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "option", required_argument, NULL, 'o' },
		{ "test", no_argument, NULL, 't' },
		{ "keys", no_argument, NULL, 'k' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, status = -1;

	while (status < 0 &&
	    (c = getopt_long(argc, argv, "c:o:tVh", names, NULL)) != -1)
		status = take_option(options, c);
	if (status >= 0)
		return status;
	if (options->has_keys_test && !options->is_test) {
		(void)fputs("submit-milter: --keys wants -t\n", stderr);
		return EXIT_USAGE;
	}
	if (optind == argc)
		return -1;
	(void)fprintf(stderr, "submit-milter: what is \"%s\"?\n",
	    argv[optind]);
	print_usage(stderr);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	struct options options = {
		.daemon = { .config_file = DEFAULT_CONFIG },
	};
	struct config *config;
	char *error = NULL;
	int status = parse_options(argc, argv, &options);

	if (status >= 0)
		return status;
	options.daemon.overrides = options.overrides;
	if (!options.is_test && daemon_catch_signals() != 0) {
		perror("submit-milter");
		return EXIT_RUNTIME;
	}
	config = config_load(options.daemon.config_file,
	    options.daemon.overrides, options.daemon.override_count, &error);
	if (config == NULL) {
		(void)fprintf(stderr, "submit-milter: %s\n",
		    error == NULL ? "out of memory" : error);
		free(error);
		return EXIT_CONFIG;
	}
	if (!options.is_test)
		return daemon_run(&options.daemon, config);
	config_print(config, stdout);
	status = options.has_keys_test ?
	    config_print_keys(config, stdout) : 0;
	config_unref(&config);
	return fflush(stdout) == 0 && status == 0 ? 0 : EXIT_CONFIG;
}
