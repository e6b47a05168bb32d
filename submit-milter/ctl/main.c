/*
 * main.c - submitctl: finds the subcommand and runs it.
 *
 * Exit status: see ctl.h and submitctl(8).
 */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"

static const struct {
	const char *name;
	const char *help;
	ctl_run *run;
} commands[] = {
	{ "check", "check the configuration, say what is in force",
	    ctl_check },
	{ "dkim", "make, publish and rotate the keys of signatures",
	    ctl_dkim },
	{ "erase", "take a person out of the records", ctl_erase },
	{ "export", "print the records of a person", ctl_export },
	{ "explain", "say what would become of a message, and why",
	    ctl_explain },
	{ "import", "make a configuration of that of opendkim", ctl_import },
	{ "mode", "the panic switch: enforce, sign-only or pass",
	    ctl_mode },
	{ "relay-map", "print what the MTA needs to relay for clients "
	    "without a login", ctl_relay_map },
	{ "report", "count what rules on trial would have refused",
	    ctl_report },
	{ "status", "say what the daemon does, since when, with what",
	    ctl_status },
	{ "store", "bring records into the store of the audit",
	    ctl_store },
	{ "top", "show what the daemon does just now", ctl_top },
	{ "trace", "say who submitted a message, and where it went",
	    ctl_trace },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
print_usage(FILE *out)
{
	(void)fprintf(out, "usage: submitctl COMMAND [OPTION]...\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		(void)fprintf(out, "  %-10s %s\n", commands[i].name,
		    commands[i].help);
	(void)fprintf(out, "\n"
	    "submitctl COMMAND --help tells the options of a command.\n"
	    "See submitctl(8).\n");
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		print_usage(stderr);
		return EX_USAGE;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return ctl_finish(commands[i].run(argc - 1, argv + 1));
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return ctl_finish(0);
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		(void)printf("submitctl %s\n", PACKAGE_VERSION);
		return ctl_finish(0);
	}
	(void)ctl_fail(EX_USAGE, "there is no command \"%s\"", argv[1]);
	print_usage(stderr);
	return EX_USAGE;
}
