/*
 * daemon - the process: start, signals, reload, end. Nothing about mail.
 */
#ifndef SUBMIT_DAEMON_H
#define SUBMIT_DAEMON_H

#include <stddef.h>

#include "config/config.h"

struct daemon_options {
	const char *config_file;
	const struct config_override *overrides;
	size_t override_count;
};

/*
 * Runs with CONFIG, whose reference it takes over, until a signal ends it.
 * The exit status: 0, or 3 when it could not start or libmilter failed.
 */
int daemon_run(const struct daemon_options *options, struct config *config);

#endif
