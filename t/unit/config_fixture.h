/*
 * config_fixture - a folder with configuration files for unit tests.
 *
 * In texts, "@DIR@" stands for the folder.
 */
#ifndef T_UNIT_CONFIG_FIXTURE_H
#define T_UNIT_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/config.h"

/* For cmocka: makes the folder; with a key "key" and rows "rows" in it. */
int folder_setup(void **state);
int folder_teardown(void **state);

/* The path of a file in the folder; static, for the next call to reuse. */
const char *folder_path(const char *name);

/* Writes LEN octets, or the text with "@DIR@" replaced. */
void folder_write_octets(const char *name, const char *octets, size_t len);
void folder_write(const char *name, const char *text);

/* "@DIR@" replaced; the caller frees. */
char *folder_expand(const char *text);

/* Loads "main.conf" of the folder. */
struct config *folder_load(const struct config_override *overrides,
    size_t override_count, char **error_r);

/* What config_print() says; the caller frees. */
char *folder_print(const struct config *config);

/* A configuration that uses everything. */
extern const char folder_everything[];

#endif
