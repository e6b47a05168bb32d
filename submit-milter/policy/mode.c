/*
 * mode.c - see mode.h.
 */
#include "policy/mode.h"

static const char *const names[] = {
	[MODE_ENFORCE] = "enforce",
	[MODE_SIGN_ONLY] = "sign-only",
	[MODE_PASS] = "pass",
};

const char *
mode_name(enum mode mode)
{
	return names[mode];
}

enum mode
mode_find(struct span name)
{
	int mode = 0;

	while (mode < MODE_COUNT && !span_eq(name, span_of(names[mode])))
		mode++;
	return (enum mode)mode;
}

/*
 * Some MTAs relay for whoever the milter does not turn away (submitctl
 * relay-map): without these it would be an open relay.
 */
static bool
is_about_access(int rule)
{
	return rule == RULE_AUTH_REQUIRED || rule == RULE_ACCOUNT ||
	    rule == RULE_RELAY || rule == RULE_POSTMASTER;
}

void
mode_apply(enum mode mode, enum rule_mode modes[RULE_COUNT])
{
	for (int rule = 0; rule < RULE_COUNT; rule++) {
		if (is_about_access(rule))
			continue;
		if (mode == MODE_PASS)
			modes[rule] = RULE_OFF;
		else if (mode == MODE_SIGN_ONLY &&
		    modes[rule] == RULE_ENFORCE)
			modes[rule] = RULE_WARN;
	}
}

/*
 * Who logged in is known; a table of accounts that gives no answer is no
 * reason to keep that one waiting.
 */
bool
mode_forgives(enum mode mode, enum rule rule, const struct verdict *verdict)
{
	return mode != MODE_ENFORCE && rule == RULE_ACCOUNT &&
	    verdict->action == ACTION_TEMPFAIL;
}
