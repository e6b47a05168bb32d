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
	{ STAGE_MAIL, RULE_ACCOUNT, rule_account },
	{ STAGE_MAIL, RULE_TLS_REQUIRED, rule_tls_required },
	{ STAGE_MAIL, RULE_ENVELOPE_SYNTAX, rule_sender_syntax },
	{ STAGE_MAIL, RULE_ENVELOPE_FQDN, rule_sender_fqdn },
	{ STAGE_MAIL, RULE_RETURN_PATH, rule_return_path },
	{ STAGE_MAIL, RULE_SENDER_RIGHTS, rule_sender_rights },
	{ STAGE_MAIL, RULE_PARAMETERS, rule_sender_parameters },

	{ STAGE_RCPT, RULE_RELAY, rule_relay },
	{ STAGE_RCPT, RULE_POSTMASTER, rule_postmaster },
	{ STAGE_RCPT, RULE_ENVELOPE_SYNTAX, rule_recipient_syntax },
	{ STAGE_RCPT, RULE_ENVELOPE_FQDN, rule_recipient_fqdn },
	{ STAGE_RCPT, RULE_RECIPIENT_RIGHTS, rule_recipient_rights },
	{ STAGE_RCPT, RULE_PARAMETERS, rule_recipient_parameters },
	{ STAGE_RCPT, RULE_ENCRYPT, rule_encrypt },

	{ STAGE_HEADER, RULE_FROM_RIGHTS, rule_from_rights },
	{ STAGE_HEADER, RULE_HEADER_SYNTAX, rule_header_syntax },
	{ STAGE_HEADER, RULE_HEADER_FQDN, rule_header_fqdn },
	{ STAGE_HEADER, RULE_MESSAGE_SYNTAX, rule_header_form },
	{ STAGE_HEADER, RULE_POLICY, rule_policy_header },

	{ STAGE_MESSAGE, RULE_MESSAGE_SYNTAX, rule_body_form },
	{ STAGE_MESSAGE, RULE_POLICY, rule_policy_files },
	{ STAGE_MESSAGE, RULE_TRANSFER_ENCODING, rule_transfer_encoding },
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

/*
 * May a refusal wait for the recipients? One for want of standing may, where
 * the profile opens postmaster's mailbox; rule "postmaster" then meets it.
 */
static bool
can_park(const struct profile *profile, const struct facts *facts,
    enum rule rule, const struct verdict *v)
{
	return (rule == RULE_AUTH_REQUIRED || rule == RULE_ACCOUNT) &&
	    v->action == ACTION_REFUSE &&
	    v->reason != REASON_ACCOUNT_UNKNOWN &&
	    profile->postmaster.domain_count > 0 &&
	    facts->modes[RULE_POSTMASTER] == RULE_ENFORCE;
}

bool
policy_is_transfer(const struct profile *profile, const struct facts *facts)
{
	return profile->mixed && facts->identity.route == ROUTE_NONE &&
	    facts->identity_error == NULL;
}

/*
 * Mail from outside is left alone, but for the one rule that keeps us from
 * being an open relay: nothing can switch that one off.
 */
static enum rule_mode
mode_of(const struct facts *facts, enum rule rule)
{
	if (rule == RULE_RELAY)
		return RULE_ENFORCE;
	return facts->is_transfer ? RULE_OFF : facts->modes[rule];
}

static void
tell_rule(const struct watch *watch, const struct verdict_entry *entry)
{
	if (watch != NULL)
		watch->rule(watch->context, entry);
}

static void
decide(const struct profile *profile, struct facts *facts, enum rule rule,
    const struct verdict *v, struct verdict *decision)
{
	if (v->action == ACTION_PASS || decision->action != ACTION_PASS)
		return;
	if (can_park(profile, facts, rule, v)) {
		if (facts->parked.action == ACTION_PASS)
			facts->parked = *v;
	} else {
		*decision = *v;
	}
}

struct verdict
policy_run(enum stage stage, const struct profile *profile,
    struct facts *facts, struct verdict_log *log)
{
	struct verdict decision = verdict_pass();

	for (size_t i = 0; i < CHECK_COUNT; i++) {
		struct verdict_entry e = {
			.rule = checks[i].rule,
			.stage = stage,
			.mode = mode_of(facts, checks[i].rule),
			.verdict = verdict_pass(),
		};

		if (checks[i].stage != stage)
			continue;
		if (e.mode != RULE_OFF)
			e.verdict = checks[i].check(profile, facts);
		if (mode_forgives(facts->mode, e.rule, &e.verdict))
			e.mode = RULE_WARN;
		tell_rule(facts->resolver.watch, &e);
		if (e.mode == RULE_ENFORCE)
			decide(profile, facts, e.rule, &e.verdict, &decision);
		/* A thousand recipients that pass say nothing. */
		if (e.mode == RULE_OFF)
			continue;
		if (stage == STAGE_RCPT && e.verdict.action == ACTION_PASS) {
			log->passed[e.rule][e.mode]++;
			continue;
		}
		if (record(log, facts->arena, e) != 0)
			return verdict_tempfail(REASON_MEMORY,
			    SPAN("out of memory"));
	}
	return decision;
}
