/*
 * mode - what the whole filter does: its panic switch.
 *
 * A mode changes how rules apply, for every profile. It never lets in who
 * may not submit: rules auth-required, relay and postmaster stay as they
 * are, and so does what rule account refuses. Whether mail goes elsewhere
 * than to local domains is the MTA's to judge, here as ever. Pure; any
 * thread.
 */
#ifndef SUBMIT_POLICY_MODE_H
#define SUBMIT_POLICY_MODE_H

#include <stdbool.h>

#include "base/span.h"
#include "policy/verdict.h"

enum mode {
	MODE_ENFORCE,		/* as the configuration says */
	MODE_SIGN_ONLY,		/* rules judge, but refuse nothing */
	MODE_PASS,		/* nothing is judged, edited or signed */
	MODE_COUNT
};

/* "enforce", "sign-only", "pass" */
const char *mode_name(enum mode mode);

/* By name; MODE_COUNT when there is none of that name. */
enum mode mode_find(struct span name);

/* Makes MODES, those of an identity, what they are under MODE. */
void mode_apply(enum mode mode, enum rule_mode modes[RULE_COUNT]);

/* Is VERDICT, of RULE, one that does not count under MODE? */
bool mode_forgives(enum mode mode, enum rule rule,
    const struct verdict *verdict);

#endif
