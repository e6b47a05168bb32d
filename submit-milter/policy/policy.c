/*
 * policy.c - see policy.h. The table below is the order in which rules are
 * asked, and so the order in which they decide.
 */
#include "policy/policy.h"

#include "policy/rules.h"

#define FIRST_ROOM 32u

static const struct {
	enum stage stage;
	enum rule rule;
	rule_check *check;
} checks[] = {
	{ STAGE_MAIL, RULE_AUTH_REQUIRED, rule_auth_required },
	{ STAGE_MAIL, RULE_TLS_REQUIRED, rule_tls_required },
	{ STAGE_MAIL, RULE_ENVELOPE_SYNTAX, rule_sender_syntax },
	{ STAGE_MAIL, RULE_ENVELOPE_FQDN, rule_sender_fqdn },
	{ STAGE_MAIL, RULE_RETURN_PATH, rule_return_path },
	{ STAGE_MAIL, RULE_SENDER_RIGHTS, rule_sender_rights },

	{ STAGE_RCPT, RULE_ENVELOPE_SYNTAX, rule_recipient_syntax },
	{ STAGE_RCPT, RULE_ENVELOPE_FQDN, rule_recipient_fqdn },

	{ STAGE_MESSAGE, RULE_FROM_RIGHTS, rule_from_rights },
	{ STAGE_MESSAGE, RULE_HEADER_SYNTAX, rule_header_syntax },
	{ STAGE_MESSAGE, RULE_HEADER_FQDN, rule_header_fqdn },
	{ STAGE_MESSAGE, RULE_MESSAGE_SYNTAX, rule_message_syntax },
};

#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))

static int
record(struct verdict_log *log, struct arena *arena,
    struct verdict_entry entry)
{
	if (log->n == log->room) {
		size_t room = log->room == 0 ? FIRST_ROOM : log->room * 2;
		struct verdict_entry *v = arena_calloc(arena, room,
		    sizeof(*v));

		if (v == NULL)
			return -1;
		if (log->n > 0)
			memcpy(v, log->v, log->n * sizeof(*v));
		log->v = v;
		log->room = room;
	}
	log->v[log->n++] = entry;
	return 0;
}

struct verdict
policy_run(enum stage stage, const struct profile *profile,
    struct facts *facts, struct verdict_log *log)
{
	struct verdict decision = verdict_pass();

	for (size_t i = 0; i < CHECK_COUNT; i++) {
		enum rule_mode mode = profile->rules[checks[i].rule];
		struct verdict v;

		if (checks[i].stage != stage || mode == RULE_OFF)
			continue;
		v = checks[i].check(profile, facts);
		if (v.action != ACTION_PASS && mode == RULE_ENFORCE &&
		    decision.action == ACTION_PASS)
			decision = v;
		/* A thousand recipients that pass say nothing. */
		if (stage == STAGE_RCPT && v.action == ACTION_PASS)
			continue;
		if (record(log, facts->arena, (struct verdict_entry){
		    checks[i].rule, stage, mode, v }) != 0)
			return verdict_tempfail(REASON_MEMORY,
			    SPAN("out of memory"));
	}
	return decision;
}
