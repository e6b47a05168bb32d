/*
 * tracing - the keys of store and trace token, as the options want them.
 *
 * For the files of config/ only.
 */
#ifndef SUBMIT_CONFIG_TRACING_H
#define SUBMIT_CONFIG_TRACING_H

#include "config/schema.h"

/*
 * Reads the key files, and has the field of the token signed. 0, or -1 and
 * *error_r as config_load().
 */
int tracing_open(struct settings *settings, char **error_r)
    __attribute__((warn_unused_result));

/* Also what was opened half. */
void tracing_close(struct config *config);

/* Before the signers are made: the field of the token is signed, too. 0/-1. */
int tracing_sign_field(struct settings *settings)
    __attribute__((warn_unused_result));

#endif
