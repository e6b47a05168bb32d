/*
 * transaction.c - see transaction.h.
 */
#include "transaction.h"

#include <stdlib.h>
#include <time.h>

#include "audit/record.h"
#include "audit/token_field.h"
#include "base/deadline.h"
#include "base/histogram.h"
#include "base/log.h"
#include "base/sbuf.h"
#include "base/uid.h"
#include "body.h"
#include "edit/mtaform.h"
#include "edit/qualify.h"
#include "edit/repair.h"
#include "judge.h"
#include "policy/policy.h"
#include "policy/who.h"
#include "recording.h"
#include "sign/choice.h"
#include "sign/signer.h"
#include "syntax/taglist.h"

/* For the record of a message that finds no room beside the others. */
#define SPARE_CEILING 65536u

struct transaction {
	struct runtime *runtime;
	struct config *config;		/* the one it began with */
	const struct profile *profile;
	struct arena *arena;
	struct facts facts;
	char id[UID_SIZE];
	struct span session;
	struct span queue_id;
	struct verdict_log verdicts;
	struct edit_list edits;
	struct body body;
	struct signing *signing;	/* NULL: not to be signed */
	struct sign_choice choice;
	const struct signature *signatures;
	size_t signature_count;
	int64_t signing_us;		/* spent on them */
	struct verdict header_verdict;	/* what STAGE_HEADER decided */
	/* The first fault of ours: mail that met one never passes. */
	struct verdict fault;
	int64_t began_us;		/* since 1970 */
	int64_t began_ticks;		/* monotonic, microseconds */
	enum stage stage;
	bool has_data;			/* the client came to DATA */
	bool has_header;		/* to its end */
	bool is_recorded;
	bool has_no_room;		/* memory.total is in use */
};

static int64_t
microseconds(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
note_fault(struct transaction *t, enum reason reason, struct span detail)
{
	/* Nothing that "pass" lets through depends on what we can. */
	if (t->fault.action != ACTION_PASS || t->facts.mode == MODE_PASS)
		return;
	/* Whatever failed: it was for want of memory. */
	if (arena_is_exhausted(t->arena))
		reason = REASON_MEMORY;
	t->fault = verdict_tempfail(reason, detail);
}

static struct reply
no_reply(void)
{
	return (struct reply){ .code = 0 };
}

/* --- the record ----------------------------------------------------------- */

static struct record
record_of(const struct transaction *t, enum record_result result,
    struct reply reply)
{
	return (struct record){
		.facts = &t->facts,
		.profile = t->profile->name,
		.session = t->session,
		.queue_id = t->queue_id,
		.time_us = t->began_us,
		.duration_us = microseconds(CLOCK_MONOTONIC) - t->began_ticks,
		.result = result,
		.stage = t->stage,
		.reply = reply,
		.verdicts = &t->verdicts,
		.edits = &t->edits,
		.keys = t->choice.with.keys,
		.signatures = t->signatures,
		.signature_count = t->signature_count,
		.unsigned_because = t->choice.unsigned_because,
		.veil = t->config->veil,
		.shows_subject = t->config->audit_subject,
		.shows_software = t->config->audit_software,
	};
}

static void
log_result(const struct transaction *t, enum record_result result,
    const struct verdict *decision)
{
	struct record record = record_of(t, result, no_reply());

	recording_log(t->runtime, t->config, &record, decision);
}

/* 0, or -1 when the record is not where it should be. */
static int
write_record(struct transaction *t, enum record_result result,
    struct reply reply)
{
	struct record record = record_of(t, result, reply);
	int status;

	t->is_recorded = true;
	status = recording_write(t->runtime, t->config, &record);
	/* Else it will not pass, and has another record. */
	if (result != RECORD_PASSED || status == 0 ||
	    t->facts.mode == MODE_PASS)
		metrics_message(runtime_metrics(t->runtime), &record,
		    t->signing_us);
	return status;
}

/*
 * Ends the transaction with a verdict that does not pass: reply and record.
 * That the record cannot be written changes nothing for the client, who is
 * turned away in any case; the log keeps it.
 */
static struct reply
turn_away(struct transaction *t, struct verdict verdict)
{
	struct reply reply = verdict_reply(&verdict, &t->config->replies,
	    t->arena);
	enum record_result result = reply.code < 500 ? RECORD_DEFERRED :
	    RECORD_REFUSED;

	metrics_reply(runtime_metrics(t->runtime), t->stage, &reply);
	if (write_record(t, result, reply) != 0)
		log_error("%.*s/%s: audit record not written",
		    SPAN_ARG(t->session), t->id);
	log_result(t, result, &verdict);
	return reply;
}

/* --- MAIL and RCPT -------------------------------------------------------- */

/* Look-ups of a stage share one deadline, below the patience of the MTA. */
static void
begin_stage(struct transaction *t, enum stage stage)
{
	t->stage = stage;
	t->facts.resolver.deadline = deadline_in(t->config->stage_timeout);
}

/* To the observer, the stage begins here: qualification belongs to it. */
static void
tell_stage(const struct transaction *t)
{
	const struct watch *watch = t->facts.resolver.watch;

	if (watch != NULL)
		watch->stage(watch->context, t->stage);
}

/* Lets an observer see look-ups, rights and rules. */
static void
watch(struct transaction *t)
{
	const struct observer *observer = runtime_observer(t->runtime);

	if (observer == NULL)
		return;
	t->facts.resolver.watch = &observer->watch;
}

static int
gather_facts(struct transaction *t, const struct transaction_peer *peer,
    char *const *argv)
{
	struct facts *facts = &t->facts;
	const struct rights *rights = &t->config->rights;

	facts_init(facts, t->arena, rights, &t->config->site);
	facts->mode = panic_mode(runtime_panic(t->runtime));
	if (facts->mode != MODE_ENFORCE)
		runtime_count(t->runtime, COUNT_PANIC);
	facts->now = t->began_us / 1000000;
	facts->id = span_of(t->id);
	facts->mta_host = peer->host;
	facts->host = span_of(t->config->host_name);
	if (facts->host.len == 0)
		facts->host = peer->host;
	facts->listener = peer->listener;
	facts->client = peer->client;
	facts->tls = peer->tls;
	facts->certificate = peer->certificate;
	facts->mta_version = peer->mta_version;
	facts->quota = runtime_quota;
	facts->quota_context = t->runtime;
	facts->resolver.names = t->config->dns;
	watch(t);
	begin_stage(t, STAGE_MAIL);
	if (peer->assumed_route != ROUTE_NONE && identity_make(
	    peer->assumed_route, peer->assumed_name, &rights->identity,
	    t->arena, &facts->identity) != 0)
		return -1;
	if (facts_set_sender(facts, argv) != 0)
		return -1;
	if (who_identify(facts, t->profile, peer->login) != 0)
		return -1;
	facts->is_transfer = policy_is_transfer(t->profile, facts);
	tell_stage(t);
	return 0;
}

static struct transaction *
transaction_new(struct runtime *runtime, const struct transaction_peer *peer)
{
	struct transaction *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->runtime = runtime;
	t->config = runtime_config(runtime);
	t->session = peer->session;
	t->began_us = microseconds(CLOCK_REALTIME);
	t->began_ticks = microseconds(CLOCK_MONOTONIC);
	t->arena = arena_new((size_t)t->config->memory.message,
	    runtime_budget(runtime));
	if (t->arena == NULL) {
		t->has_no_room = true;
		t->arena = arena_new(SPARE_CEILING, NULL);
	}
	if (t->arena == NULL || uid_make(t->began_us / 1000, t->id) != 0) {
		arena_free(&t->arena);
		config_unref(&t->config);
		free(t);
		return NULL;
	}
	edit_list_init(&t->edits, t->arena);
	/* Spans of the peer live as long as the connection. */
	t->profile = config_profile(t->config, peer->listener.daemon_name,
	    peer->listener.daemon_addr, peer->listener.daemon_port);
	return t;
}

struct transaction *
transaction_begin(struct runtime *runtime,
    const struct transaction_peer *peer, char *const *argv,
    struct reply *reply_r)
{
	struct transaction *t = transaction_new(runtime, peer);
	struct verdict verdict;
	bool may_begin;

	if (t == NULL) {
		const struct reason_info *info = reason_info(REASON_MEMORY);

		*reply_r = (struct reply){ info->code, info->enhanced,
			span_of(info->text), REASON_MEMORY };
		metrics_reply(runtime_metrics(runtime), STAGE_MAIL, reply_r);
		log_error("%.*s: no memory for a transaction",
		    SPAN_ARG(peer->session));
		return NULL;
	}
	may_begin = runtime_begin(runtime);
	if (gather_facts(t, peer, argv) != 0 || t->has_no_room)
		verdict = verdict_tempfail(REASON_MEMORY,
		    SPAN("out of memory"));
	else if (!may_begin)
		verdict = verdict_tempfail(REASON_STOPPING,
		    (struct span){ NULL, 0 });
	else
		verdict = judge_sender(t->profile, &t->facts, &t->verdicts);
	*reply_r = verdict.action == ACTION_PASS ? no_reply() :
	    turn_away(t, verdict);
	return t;
}

static struct reply
refuse_recipient(struct transaction *t, struct verdict verdict)
{
	struct reply reply = verdict_reply(&verdict, &t->config->replies,
	    t->arena);

	metrics_reply(runtime_metrics(t->runtime), STAGE_RCPT, &reply);
	return reply;
}

struct reply
transaction_recipient(struct transaction *t, char *const *argv,
    struct span mta_reply)
{
	struct facts_recipient *recipient;
	struct verdict verdict;

	begin_stage(t, STAGE_RCPT);
	if (facts_add_recipient(&t->facts, argv) != 0) {
		verdict = verdict_tempfail(REASON_MEMORY,
		    SPAN("out of memory"));
		return refuse_recipient(t, verdict);
	}
	recipient = &t->facts.recipients[t->facts.recipient_count - 1];
	if (mta_reply.len > 0) {
		recipient->is_refused_by_mta = true;
		recipient->mta_reply = arena_span(t->arena, mta_reply);
		return no_reply();
	}
	tell_stage(t);
	verdict = judge_recipient(t->profile, &t->facts, &t->verdicts);
	return verdict.action == ACTION_PASS ? no_reply() :
	    refuse_recipient(t, verdict);
}

void
transaction_queue_id(struct transaction *t, struct span id)
{
	if (id.len > 0 && !span_eq(id, t->queue_id))
		t->queue_id = arena_span(t->arena, id);
}

/* --- the message ---------------------------------------------------------- */

void
transaction_data(struct transaction *t)
{
	t->has_data = true;
}

void
transaction_field(struct transaction *t, const char *name, const char *value)
{
	if (facts_add_field(&t->facts, t->profile, name, value) != 0)
		note_fault(t, REASON_MEMORY, SPAN("out of memory"));
}

/* For a fault that only stands in the way of passing. */
static void
note_status(struct transaction *t, enum completion_status status,
    const char *error)
{
	struct verdict fault = judge_fault(status, error);

	if (fault.action != ACTION_PASS)
		note_fault(t, fault.reason, fault.detail);
}

static void
qualify(struct transaction *t)
{
	const char *error = NULL;

	note_status(t, qualify_header(t->profile, &t->facts, &t->edits,
	    &error), error);
}

/* All that is mended, but for what needs the body. */
static void
repair(struct transaction *t)
{
	const char *error = NULL;

	note_status(t, repair_run(t->profile, &t->facts, &t->edits, &error),
	    error);
}

/* A token that cannot be made is a fault: the field is not left out. */
static void
add_token(struct transaction *t)
{
	const struct config_token *token = &t->config->token;

	if (token->key_file[0] == '\0')
		return;
	switch (token_field(token->maker, token->field, t->profile, &t->facts,
	    &t->edits)) {
	case 0:
		break;
	case -1:
		note_fault(t, REASON_MEMORY, SPAN("out of memory"));
		break;
	default:
		note_fault(t, REASON_TEMPORARY,
		    SPAN("the trace token cannot be made"));
	}
}

static bool
covers(const void *signer, struct span name)
{
	return signer_covers(signer, name);
}

/* What is signed is to be what the MTA will write. */
static void
take_mta_form(struct transaction *t)
{
	const struct signer *signer = t->choice.with.signer;
	const struct mtaform_signature signature = {
		covers, signer, signer_is_exact(signer),
	};

	switch (mtaform_run(&t->facts, &t->edits, &signature)) {
	case MTAFORM_OK:
		break;
	case MTAFORM_UNKNOWN:
		sign_choice_drop(&t->choice, "header-mta-form");
		break;
	case MTAFORM_NO_MEMORY:
		note_fault(t, REASON_MEMORY, SPAN("out of memory"));
		break;
	}
}

/*
 * Has somebody signed for one of these domains already? Then there is another
 * signer between the client and us, which may be a mistake.
 */
static void
notice_other_signer(const struct transaction *t)
{
	const struct header *header = &t->facts.submitted;
	const struct key_list *keys = &t->choice.with.keys;

	for (size_t i = 0; i < header->n; i++) {
		struct span domain = taglist_find(header->v[i].value,
		    SPAN("d"));

		if (header->v[i].id != FIELD_DKIM_SIGNATURE)
			continue;
		for (size_t k = 0; k < keys->n; k++)
			if (span_eq_nocase(domain, span_of(
			    signing_key_domain(keys->v[k])))) {
				log_write(LOG_LEVEL_WARNING, "%.*s/%s: "
				    "another signer was here before, for "
				    "%.*s", SPAN_ARG(t->session), t->id,
				    SPAN_ARG(domain));
				return;
			}
	}
}

/* The header that leaves is complete, as far as is known. */
static void
start_signing(struct transaction *t)
{
	const char *error = NULL;

	if (keyring_is_nominal(t->config->keyring))
		return;
	if (signing_begin(t->choice.with.signer, t->choice.with.keys,
	    &t->facts.leaving, t->facts.id, t->arena,
	    &t->signing, &error) != 0)
		note_fault(t, REASON_SIGNING_FAILED, span_of(error));
}

/*
 * The signature begins here, so that the body is hashed as it comes in. It
 * is made anew, should the body leave otherwise.
 */
static void
begin_signature(struct transaction *t)
{
	const struct key_answer *with;
	const char *error = NULL;
	int64_t began;

	if (sign_choose(t->profile, &t->facts, t->config->keystore,
	    &t->choice, &error) != 0) {
		note_fault(t, REASON_TEMPORARY, span_of(error));
		return;
	}
	with = &t->choice.with;
	if (with->fault != NULL)
		log_error("%.*s/%s: %s", SPAN_ARG(t->session), t->id,
		    with->fault);
	if (with->keys.n > 0)
		take_mta_form(t);
	if (with->keys.n == 0 || t->fault.action != ACTION_PASS)
		return;
	notice_other_signer(t);
	error = signer_refuses_header(with->signer, &t->facts.leaving,
	    mta_longest_line(t->facts.mta_version));
	if (error != NULL) {
		sign_choice_drop(&t->choice, error);
		return;
	}
	began = histogram_now();
	start_signing(t);
	t->signing_us += histogram_now() - began;
}

/* Only passed on: neither edited nor signed. */
static bool
is_left_alone(const struct transaction *t)
{
	return t->facts.is_transfer || t->facts.mode == MODE_PASS;
}

void
transaction_end_header(struct transaction *t)
{
	begin_stage(t, STAGE_HEADER);
	t->has_header = true;
	runtime_saw_message(t->runtime, t->facts.listener.daemon_name);
	if (t->fault.action == ACTION_PASS &&
	    facts_end_header(&t->facts, t->profile) != 0)
		note_fault(t, REASON_MEMORY, SPAN("out of memory"));
	tell_stage(t);
	if (!t->facts.is_transfer && t->fault.action == ACTION_PASS)
		qualify(t);
	t->header_verdict = policy_run(STAGE_HEADER, t->profile, &t->facts,
	    &t->verdicts);
	if (is_left_alone(t))
		return;
	if (t->header_verdict.action == ACTION_PASS &&
	    t->fault.action == ACTION_PASS) {
		repair(t);
		add_token(t);
	}
	if (t->header_verdict.action == ACTION_PASS &&
	    t->fault.action == ACTION_PASS) {
		if (body_begin(&t->body, &t->config->spool, t->profile,
		    &t->facts) != 0)
			note_fault(t, REASON_MEMORY, SPAN("out of memory"));
		begin_signature(t);
	}
}

void
transaction_body(struct transaction *t, struct span octets)
{
	const char *error = NULL;
	int64_t began;

	facts_feed_body(&t->facts, octets);
	if (body_feed(&t->body, octets, &error) != 0)
		note_fault(t, REASON_TEMPORARY, span_of(error));
	if (t->signing == NULL)
		return;
	began = histogram_now();
	if (signing_body(t->signing, octets, &error) != 0) {
		note_fault(t, REASON_SIGNING_FAILED, span_of(error));
		signing_free(&t->signing);
	}
	t->signing_us += histogram_now() - began;
}

/* NULL, or why a signature over such a body would not survive the way. */
static const char *
body_defeats_signature(const struct octets *body, size_t longest_line)
{
	if (body->has_bare_cr || body->has_bare_lf || body->has_nul)
		return "body-stray-octets";
	if (body->longest_line > longest_line)
		return "body-line-too-long";
	return NULL;
}

/* The body leaves otherwise than it was hashed: all of it again. */
static void
sign_changed_body(struct transaction *t)
{
	const char *error = NULL;
	struct span piece;
	int status = 0;

	signing_free(&t->signing);
	start_signing(t);
	for (uint64_t at = 0; t->signing != NULL && status == 0 &&
	    at < spool_size(t->body.changed); at += piece.len) {
		status = spool_read(t->body.changed, at, &piece, &error);
		if (status == 0)
			status = signing_body(t->signing, piece, &error);
	}
	if (status != 0)
		note_fault(t, REASON_SIGNING_FAILED, span_of(error));
}

/* The last key comes first: each field goes above the one before. */
static void
end_signature(struct transaction *t)
{
	const char *why = body_defeats_signature(body_form(&t->body, &t->facts),
	    mta_longest_line(t->facts.mta_version));
	const char *error = NULL;

	if (t->choice.with.keys.n == 0)
		return;
	if (why != NULL) {
		signing_free(&t->signing);
		sign_choice_drop(&t->choice, why);
		return;
	}
	if (t->body.changed != NULL)
		sign_changed_body(t);
	if (t->signing == NULL || t->fault.action != ACTION_PASS)
		return;		/* keys by name alone, or a fault */
	if (signing_end(t->signing, &t->signatures, &t->signature_count,
	    &error) != 0) {
		note_fault(t, REASON_SIGNING_FAILED, span_of(error));
		return;
	}
	for (size_t i = t->signature_count; i > 0; i--)
		if (edit_prepend(&t->edits, SPAN("DKIM-Signature"),
		    t->signatures[i - 1].value, "dkim") != 0)
			note_fault(t, REASON_MEMORY, SPAN("out of memory"));
}

static bool
has_recipient(const struct transaction *t)
{
	for (size_t i = 0; i < t->facts.recipient_count; i++)
		if (facts_is_leaving(&t->facts.recipients[i]))
			return true;
	return false;
}

/*
 * What a fault of ours left undecided is deferred, but a refusal that was
 * certain all the same stands: a retry would meet it again. Without memory
 * nothing is certain, as parts of the message were not kept.
 */
static struct verdict
decide(struct transaction *t)
{
	struct verdict body, verdict;

	tell_stage(t);
	body = policy_run(STAGE_MESSAGE, t->profile, &t->facts,
	    &t->verdicts);
	verdict = t->header_verdict.action == ACTION_PASS ? body :
	    t->header_verdict;
	if (arena_is_exhausted(t->arena))
		note_fault(t, REASON_MEMORY, SPAN("out of memory"));
	if (t->fault.action != ACTION_PASS &&
	    (verdict.action != ACTION_REFUSE || arena_is_exhausted(t->arena)))
		return t->fault;
	return verdict;
}

/* The edits that need the whole body; then the signature. */
static void
change_and_sign(struct transaction *t)
{
	const char *error = NULL;
	int64_t began;
	int status = body_change(&t->body, &t->edits, &error);

	if (status != 0)
		note_fault(t, REASON_TEMPORARY, span_of(error));
	began = histogram_now();
	if (status == 0)
		end_signature(t);
	t->signing_us += histogram_now() - began;
	if (arena_is_exhausted(t->arena))
		note_fault(t, REASON_MEMORY, SPAN("out of memory"));
}

struct reply
transaction_end(struct transaction *t, transaction_apply *apply,
    void *context)
{
	struct verdict verdict;

	begin_stage(t, STAGE_MESSAGE);
	facts_end_body(&t->facts);
	if (body_end(&t->body) != 0)
		note_fault(t, REASON_MEMORY, SPAN("out of memory"));
	/* libmilter lets an MTA leave out either; then rules were not asked. */
	if (!t->has_header || !has_recipient(t))
		note_fault(t, REASON_TEMPORARY,
		    SPAN("the MTA told of no recipient or no header"));
	verdict = decide(t);
	/* Not even under "pass": nobody was asked whether they may. */
	if (verdict.action == ACTION_PASS && !has_recipient(t))
		verdict = verdict_tempfail(REASON_TEMPORARY,
		    SPAN("the MTA told of no recipient"));
	if (verdict.action == ACTION_PASS && t->config->store.is_required &&
	    runtime_store_fails(t->runtime) && t->facts.mode != MODE_PASS)
		verdict = verdict_tempfail(REASON_AUDIT_FAILED,
		    SPAN("the audit store fails"));
	if (verdict.action == ACTION_PASS) {
		change_and_sign(t);
		verdict = t->fault;
	}
	if (verdict.action == ACTION_PASS && apply(context, &t->edits) != 0)
		verdict = verdict_tempfail(REASON_EDIT_FAILED,
		    SPAN("the MTA did not take the edits"));
	if (verdict.action == ACTION_PASS && write_record(t, RECORD_PASSED,
	    no_reply()) != 0 && t->facts.mode != MODE_PASS)
		verdict = verdict_tempfail(REASON_AUDIT_FAILED,
		    SPAN("audit record not written"));
	if (verdict.action != ACTION_PASS) {
		t->signature_count = 0;
		return turn_away(t, verdict);
	}
	log_result(t, RECORD_PASSED, &verdict);
	return no_reply();
}

/* --- the end -------------------------------------------------------------- */

/*
 * The client came to DATA, and the MTA tells of no message: it is too large,
 * the client has gone, or, when that is so time after time, the MTA hands
 * mail to something else (Postfix's smtpd_proxy_filter) before any milter
 * sees it.
 */
static void
suspect_proxy_filter(const struct transaction *t)
{
	struct span name = t->facts.listener.daemon_name;
	unsigned count = runtime_missed_message(t->runtime, name);

	if (count == 0)
		return;
	log_error("%.*s/%s: the MTA showed none of the last %u messages on "
	    "listener \"%.*s\": if smtpd_proxy_filter is set there, mail "
	    "passes unchecked and unsigned", SPAN_ARG(t->session), t->id,
	    count, SPAN_ARG(name));
}

/*
 * Broken off: by a client that gave up after all its recipients were turned
 * away, then it is a refusal; or for reasons we are not told.
 */
static void
record_abort(struct transaction *t)
{
	const struct facts_recipient *refused = NULL;
	struct verdict verdict = verdict_pass();
	enum record_result result = RECORD_ABORTED;
	struct reply reply = no_reply();

	for (size_t i = 0; i < t->facts.recipient_count; i++)
		if (t->facts.recipients[i].verdict.action != ACTION_PASS)
			refused = &t->facts.recipients[i];
	if (refused != NULL && !has_recipient(t)) {
		verdict = refused->verdict;
		reply = verdict_reply(&verdict, &t->config->replies,
		    t->arena);
		result = reply.code < 500 ? RECORD_DEFERRED : RECORD_REFUSED;
	}
	if (write_record(t, result, reply) != 0)
		log_error("%.*s/%s: audit record not written",
		    SPAN_ARG(t->session), t->id);
	log_result(t, result, &verdict);
}

void
transaction_free(struct transaction **transaction)
{
	struct transaction *t = *transaction;

	if (t == NULL)
		return;
	if (!t->is_recorded)
		record_abort(t);
	if (t->has_data && !t->has_header && t->facts.field_count == 0)
		suspect_proxy_filter(t);
	signing_free(&t->signing);
	keystore_release(&t->choice.with);
	body_free(&t->body);
	runtime_end(t->runtime);
	arena_free(&t->arena);
	config_unref(&t->config);
	free(t);
	*transaction = NULL;
}
