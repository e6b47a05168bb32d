/*
 * signing - keys, rules and signers as the options want them.
 *
 * For the files of config/ only.
 */
#ifndef SUBMIT_CONFIG_SIGNING_H
#define SUBMIT_CONFIG_SIGNING_H

#include <stdbool.h>

#include "config/schema.h"

/*
 * Reads the keys that the file names, or only their names, and makes ready
 * to find the others; TABLE is that of dkim.key_table, or NULL. 0, or -1
 * and *error_r as config_load().
 */
int signing_open(struct settings *settings, const struct table *table,
    bool is_nominal, char **error_r) __attribute__((warn_unused_result));

/* Also what was opened half. */
void signing_close(struct config *config);

#endif
