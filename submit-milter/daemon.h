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
 * From here on signals end nobody: they wait for daemon_run(). To be called
 * before the configuration is read, which may take a while. 0 or -1.
 */
int daemon_catch_signals(void) __attribute__((warn_unused_result));

/*
 * After daemon_catch_signals(): runs with CONFIG, whose reference it takes
 * over, until a signal ends it. The exit status: 0, or 3 when it could not
 * start or libmilter failed.
 */
int daemon_run(const struct daemon_options *options, struct config *config);

#endif
