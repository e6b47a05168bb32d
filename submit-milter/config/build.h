/*
 * build - what this build has. For the files of config/ only.
 */
#ifndef SUBMIT_CONFIG_BUILD_H
#define SUBMIT_CONFIG_BUILD_H

#include <stdio.h>

/* The types of tables, separated by commas. */
void build_print_tables(FILE *out);

#endif
