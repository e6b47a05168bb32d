/*
 * facts_fixture - facts and profiles for unit tests of policy and edit.
 */
#ifndef T_UNIT_FACTS_FIXTURE_H
#define T_UNIT_FACTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "policy/facts.h"
#include "policy/policy.h"
#include "policy/profile.h"
#include "policy/site.h"

struct fixture {
	struct arena *arena;
	struct profile profile;
	struct rights rights;
	struct site site;
	struct facts facts;
	struct verdict_log log;
};

/* One row of a fake table. */
struct fixture_row {
	const char *table;
	const char *key;
	const char *value;	/* NULL: the look-up fails */
};

/* Strict submission by alice@example.org over TLS 1.3; nothing submitted. */
void fixture_setup(struct fixture *f);
void fixture_teardown(struct fixture *f);

/* Who submits; NULL: nobody. */
void fixture_login(struct fixture *f, const char *login);
void fixture_mail(struct fixture *f, const char *path, const char *param);
/* Adds the recipient and runs STAGE_RCPT. */
struct verdict fixture_rcpt(struct fixture *f, const char *path);

/* Runs a stage under the modes of the profile. */
struct verdict fixture_run(struct fixture *f, enum stage stage);

/*
 * Takes "Name: value" fields, one a line of TEXT (LF; folded lines begin
 * with a blank), then the body that follows an empty line.
 */
void fixture_message(struct fixture *f, const char *text);

/* Puts fake tables in the place of real ones: rows end with a NULL table. */
void fixture_tables(struct fixture *f, const struct fixture_row *rows);

/* A handle for a fake table of that name. */
const struct table *fixture_table(const char *name);

/* The header that leaves as "Name: value\n" lines; to be freed. */
char *fixture_leaving(struct fixture *f);

#endif
