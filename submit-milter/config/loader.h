/*
 * loader - the tree that libconfig reads, against the schema.
 *
 * Fills settings; opens no table and reads no key. With loader.c and
 * override.c the only users of libconfig. For the files of config/ only.
 */
#ifndef SUBMIT_CONFIG_LOADER_H
#define SUBMIT_CONFIG_LOADER_H

#include <libconfig.h>

#include "config/schema.h"
#include "config/source.h"

/*
 * Fills SETTINGS, whose arena is there, from FILE and OVERRIDES. 0, or -1
 * and *error_r as config_load().
 */
int loader_read(struct settings *settings, const char *file,
    const struct config_override *overrides, size_t override_count,
    char **error_r) __attribute__((warn_unused_result));

/* --- between loader.c and override.c -------------------------------------- */

struct loader {
	struct settings *settings;
	struct arena *arena;
	struct source source;
	config_t tree;
	char **error_r;
};

/* Changes the tree as the command line wants. 0, or -1 and the error. */
int override_apply(struct loader *loader,
    const struct config_override *override)
    __attribute__((warn_unused_result));

#endif
