/*
 * record.c - see record.h. Names and meanings are those of
 * submit-milter-audit(5); a test compares them.
 */
#include "audit/record.h"

#include <stdio.h>
#include <stdlib.h>

#include "audit/problems.h"
#include "audit/veiljson.h"
#include "base/jsonline.h"
#include "base/sbuf.h"
#include "base/utc.h"
#include "syntax/taglist.h"

#define FORMAT_VERSION 1
/* An address field that cannot be read is shown so far and no further. */
#define RAW_MOST 1000u
#define RECORD_MOST (64u << 20)
#define ADDRESSES_MOST 262144u

const char *
record_result_name(enum record_result result)
{
	static const char *const names[] = {
		[RECORD_PASSED] = "passed",
		[RECORD_REFUSED] = "refused",
		[RECORD_DEFERRED] = "deferred",
		[RECORD_ABORTED] = "aborted",
	};

	return names[result];
}

/* --- values --------------------------------------------------------------- */

/* RFC 3339 in UTC, with microseconds. */
static void
put_time(struct jsonline *line, const char *key, int64_t us)
{
	char text[UTC_SIZE];

	utc_print_us(us, text);
	jsonline_word(line, key, text);
}

/* --- where it came from --------------------------------------------------- */

static void
put_listener(struct jsonline *line, const struct facts_listener *from)
{
	jsonline_open_object(line, "listener");
	jsonline_text_or_null(line, "daemon_name", from->daemon_name);
	jsonline_text_or_null(line, "daemon_addr", from->daemon_addr);
	jsonline_text_or_null(line, "daemon_port", from->daemon_port);
	jsonline_close_object(line);
}

static void
put_client(struct jsonline *line, const struct facts_client *from)
{
	jsonline_open_object(line, "client");
	jsonline_text_or_null(line, "address", from->address);
	if (from->port == 0)
		jsonline_null(line, "port");
	else
		jsonline_number(line, "port", from->port);
	jsonline_text_or_null(line, "name", from->name);
	jsonline_text_or_null(line, "helo", from->helo);
	jsonline_close_object(line);
}

static void
put_tls(struct jsonline *line, const struct facts_tls *from)
{
	if (!from->is_on) {
		jsonline_null(line, "tls");
		return;
	}
	jsonline_open_object(line, "tls");
	jsonline_text_or_null(line, "version", from->version);
	jsonline_text_or_null(line, "cipher", from->cipher);
	jsonline_number(line, "bits", from->bits);
	jsonline_close_object(line);
}

/* --- envelope ------------------------------------------------------------- */

/* Without angle brackets and route; as it came when it could not be read. */
struct span
record_path(const struct facts_path *path)
{
	if (path->status != PATH_OK)
		return path->text;
	if (path->path.is_null)
		return SPAN("");
	return path->path.mailbox.whole;
}

static void
put_params(struct jsonline *line, const char *key,
    const struct facts_path *path, const struct veil *veil)
{
	jsonline_open_array(line, key);
	for (size_t i = 0; i < path->param_count; i++)
		veiljson_param(line, veil, path->params[i]);
	jsonline_close_array(line);
}

static const char *
recipient_result(const struct facts_recipient *recipient)
{
	if (recipient->is_refused_by_mta)
		return "refused-by-mta";
	if (recipient->is_replaced &&
	    recipient->verdict.action == ACTION_PASS)
		return "replaced";
	if (recipient->mode != RULE_ENFORCE)
		return "accepted";
	switch (recipient->verdict.action) {
	case ACTION_REFUSE:
	case ACTION_TEMPFAIL:
		/* A limit refuses with 450: the client is to come again. */
		return reason_info(recipient->verdict.reason)->code < 500 ?
		    "deferred" : "refused";
	case ACTION_PASS:
	default:
		return "accepted";
	}
}

static void
put_recipient(struct jsonline *line, const struct record *record,
    const struct facts_recipient *from)
{
	const struct facts_recipient *all = record->facts->recipients;

	jsonline_open_object(line, NULL);
	veiljson_address(line, "address", record->veil,
	    record_path(&from->path));
	if (from->replaces > 0) {
		veiljson_address(line, "for", record->veil,
		    record_path(&all[from->replaces - 1].path));
		jsonline_word(line, "cause", from->path.cause);
	}
	put_params(line, "params", &from->path, record->veil);
	jsonline_word(line, "result", recipient_result(from));
	if (from->mode == RULE_ENFORCE && !from->is_refused_by_mta &&
	    from->verdict.action != ACTION_PASS)
		jsonline_word(line, "reason",
		    reason_info(from->verdict.reason)->name);
	if (from->is_refused_by_mta)
		veiljson_text(line, "mta_reply", record->veil,
		    from->mta_reply);
	jsonline_close_object(line);
}

static void
put_envelope(struct jsonline *line, const struct record *record)
{
	const struct facts *facts = record->facts;

	jsonline_open_object(line, "envelope");
	jsonline_text(line, "sender", record_path(&facts->sender));
	if (facts->leaving_sender.cause != NULL)
		jsonline_text(line, "leaving_sender",
		    record_path(&facts->leaving_sender));
	put_params(line, "sender_params", &facts->sender, NULL);
	jsonline_open_array(line, "recipients");
	for (size_t i = 0; i < facts->recipient_count; i++)
		put_recipient(line, record, &facts->recipients[i]);
	jsonline_close_array(line);
	jsonline_close_object(line);
}

/* --- the message ---------------------------------------------------------- */

static int
put_addresses(struct jsonline *line, const struct address_list *list)
{
	int status = 0;

	for (size_t i = 0; i < list->n && status == 0; i++) {
		const struct address *a = &list->v[i];
		struct sbuf out;
		struct span whole;

		sbuf_init(&out, NULL, a->local.len + 1 + a->domain.len);
		sbuf_add(&out, a->local);
		if (a->kind != DOMAIN_NONE) {
			sbuf_addc(&out, '@');
			sbuf_add(&out, a->domain);
		}
		status = sbuf_done(&out, &whole);
		if (status == 0)
			jsonline_text(line, NULL, whole);
		sbuf_free(&out);
	}
	return status;
}

static void
put_raw(struct jsonline *line, const char *key, struct span value)
{
	value = span_trim(value);
	if (value.len > RAW_MOST)
		value.len = RAW_MOST;
	jsonline_text(line, key, value);
}

/* A From field that no rule has read so far. */
static int
put_unread(struct jsonline *line, struct span value)
{
	struct arena *arena = arena_new(ADDRESSES_MOST, NULL);
	struct address_list list;
	struct address_error error;
	int status = 0;

	if (arena == NULL)
		return -1;
	if (address_parse(value, ADDRESS_MAILBOX_LIST, arena, &list,
	    &error) == 1)
		status = put_addresses(line, &list);
	else
		put_raw(line, NULL, value);
	arena_free(&arena);
	return status;
}

static int
put_from(struct jsonline *line, const struct header *header)
{
	int status = 0;

	jsonline_open_array(line, "from");
	for (size_t i = 0; i < header->n && status == 0; i++) {
		const struct header_field *field = &header->v[i];
		const struct header_addresses *known = field->addresses;

		if (field->id != FIELD_FROM)
			continue;
		if (known == NULL)
			status = put_unread(line, field->value);
		else if (known->is_valid)
			status = put_addresses(line, &known->list);
		else
			put_raw(line, NULL, field->value);
	}
	jsonline_close_array(line);
	return status;
}

struct span
record_message_id(const struct facts *facts)
{
	const struct header *header = facts->leaving.n > 0 ?
	    &facts->leaving : &facts->submitted;
	const struct header_field *field = header_first(header,
	    FIELD_MESSAGE_ID);

	return field == NULL ? (struct span){ NULL, 0 } :
	    span_trim(field->value);
}

static void
put_message_id(struct jsonline *line, const struct facts *facts)
{
	struct span id = record_message_id(facts);

	if (id.ptr == NULL)
		jsonline_null(line, "message_id");
	else
		jsonline_text(line, "message_id", id);
}

static void
put_edit(struct jsonline *line, const struct edit *edit,
    const struct veil *veil)
{
	jsonline_open_object(line, NULL);
	jsonline_word(line, "edit", edit_kind_name(edit->kind));
	if (edit_is_of_envelope(edit->kind))
		veiljson_address(line, "path", edit->kind == EDIT_SENDER ?
		    NULL : veil, edit->value);
	else if (edit->name.len > 0)
		jsonline_text(line, "field", edit->name);
	jsonline_word(line, "cause", edit->cause);
	jsonline_close_object(line);
}

static void
put_edits(struct jsonline *line, const struct edit_list *list,
    const struct veil *veil)
{
	jsonline_open_array(line, "edits");
	for (size_t i = 0; list != NULL && i < list->n; i++)
		put_edit(line, &list->v[i], veil);
	jsonline_close_array(line);
}

/* Domains that have signed the message before us, as their fields say. */
static void
put_signed_before(struct jsonline *line, const struct header *header)
{
	jsonline_open_array(line, "signed_before");
	for (size_t i = 0; i < header->n; i++) {
		struct span domain;

		if (header->v[i].id != FIELD_DKIM_SIGNATURE)
			continue;
		domain = taglist_find(header->v[i].value, SPAN("d"));
		if (domain.len > RAW_MOST)
			domain.len = RAW_MOST;
		jsonline_text(line, NULL, domain);
	}
	jsonline_close_array(line);
}

static void
put_signatures(struct jsonline *line, const struct signature *v, size_t n)
{
	jsonline_open_array(line, "signatures");
	for (size_t i = 0; i < n; i++) {
		jsonline_open_object(line, NULL);
		jsonline_word(line, "domain", signing_key_domain(v[i].key));
		jsonline_word(line, "selector",
		    signing_key_selector(v[i].key));
		jsonline_word(line, "algorithm",
		    signing_key_algorithm_name(v[i].key));
		jsonline_close_object(line);
	}
	jsonline_close_array(line);
}

/* --- what was decided ----------------------------------------------------- */

/* What a rule says of a recipient may show it, in whatever form it came. */
static void
put_words(struct jsonline *line, const char *key, const struct veil *veil,
    enum stage stage, struct span text)
{
	if (span_is_empty(text))
		return;
	if (veil != NULL && stage == STAGE_RCPT)
		jsonline_word(line, key, VEIL_MASK);
	else
		veiljson_text(line, key, veil, text);
}

static void
put_verdict(struct jsonline *line, const struct verdict_entry *entry,
    const struct veil *veil)
{
	const struct verdict *from = &entry->verdict;

	jsonline_open_object(line, NULL);
	jsonline_word(line, "rule", rule_info(entry->rule)->name);
	jsonline_word(line, "stage", stage_name(entry->stage));
	jsonline_word(line, "mode", rule_mode_name(entry->mode));
	jsonline_word(line, "action", action_name(from->action));
	if (from->reason != REASON_NONE)
		jsonline_word(line, "reason", reason_info(from->reason)->name);
	put_words(line, "shown", veil, entry->stage, from->shown);
	put_words(line, "detail", veil, entry->stage, from->detail);
	jsonline_close_object(line);
}

static void
put_verdicts(struct jsonline *line, const struct verdict_log *log,
    const struct veil *veil)
{
	jsonline_open_array(line, "verdicts");
	for (size_t i = 0; log != NULL && i < log->n; i++)
		put_verdict(line, &log->v[i], veil);
	jsonline_close_array(line);
}

static void
put_reply(struct jsonline *line, const struct reply *from,
    const struct veil *veil)
{
	char enhanced[40];

	if (from->code == 0) {
		jsonline_null(line, "reply");
		return;
	}
	(void)snprintf(enhanced, sizeof(enhanced), "%d.%d.%d",
	    from->enhanced.class, from->enhanced.subject,
	    from->enhanced.detail);
	jsonline_open_object(line, "reply");
	jsonline_number(line, "code", from->code);
	jsonline_word(line, "enhanced", enhanced);
	jsonline_word(line, "reason", reason_info(from->reason)->name);
	veiljson_text(line, "text", veil, from->text);
	jsonline_close_object(line);
}

/* --- the whole ------------------------------------------------------------ */

/* What is known of a connection before MAIL. */
static void
put_connection(struct jsonline *line, const struct record *record)
{
	const struct facts *facts = record->facts;

	jsonline_number(line, "v", FORMAT_VERSION);
	jsonline_text(line, "id", facts->id);
	put_time(line, "time", record->time_us);
	jsonline_number(line, "duration_us", record->duration_us);
	jsonline_text_or_null(line, "host", facts->host);
	jsonline_text(line, "session", record->session);
	put_listener(line, &facts->listener);
	jsonline_word(line, "profile", record->profile);
	put_client(line, &facts->client);
}

static void
put_origin(struct jsonline *line, const struct record *record)
{
	const struct facts *facts = record->facts;

	put_connection(line, record);
	jsonline_text_or_null(line, "queue_id", record->queue_id);
	put_tls(line, &facts->tls);
	if (facts->identity.route == ROUTE_NONE) {
		jsonline_null(line, "identity");
		jsonline_null(line, "route");
		return;
	}
	jsonline_text(line, "identity", facts->identity.name);
	jsonline_word(line, "route",
	    identity_route_name(facts->identity.route));
}

/* What is only told when it was asked for. */
static void
put_asked(struct jsonline *line, const struct record *record)
{
	const struct header *header = &record->facts->submitted;
	const struct header_field *field = header_first(header,
	    FIELD_SUBJECT);

	if (record->shows_subject && field != NULL)
		put_raw(line, "subject", field->value);
	if (!record->shows_software)
		return;
	for (size_t i = 0; i < header->n; i++) {
		if (span_eq_nocase(header->v[i].name, SPAN("User-Agent")) ||
		    span_eq_nocase(header->v[i].name, SPAN("X-Mailer"))) {
			put_raw(line, "software", header->v[i].value);
			return;
		}
	}
}

static int
put_message(struct jsonline *line, const struct record *record)
{
	const struct facts *facts = record->facts;

	put_envelope(line, record);
	if (put_from(line, &facts->submitted) != 0)
		return -1;
	put_message_id(line, facts);
	jsonline_number(line, "size", (int64_t)facts->header_size +
	    (int64_t)facts->body.size);
	put_edits(line, record->edits, record->veil);
	if (header_count(&facts->submitted, FIELD_DKIM_SIGNATURE) > 0)
		put_signed_before(line, &facts->submitted);
	put_signatures(line, record->signatures, record->signature_count);
	if (record->unsigned_because != NULL)
		jsonline_word(line, "unsigned", record->unsigned_because);
	put_asked(line, record);
	return 0;
}

static void
put_problems(struct jsonline *line, const struct record *record)
{
	struct problem_list list;

	problems_find(record, &list);
	if (list.n == 0)
		return;
	jsonline_open_array(line, "problems");
	for (size_t i = 0; i < list.n; i++)
		jsonline_word(line, NULL, list.names[i]);
	jsonline_close_array(line);
}

static void
put_decision(struct jsonline *line, const struct record *record)
{
	put_problems(line, record);
	put_verdicts(line, record->verdicts, record->veil);
	if (record->facts->mode != MODE_ENFORCE)
		jsonline_word(line, "mode", mode_name(record->facts->mode));
	jsonline_word(line, "result", record_result_name(record->result));
	jsonline_word(line, "stage", stage_name(record->stage));
	put_reply(line, &record->reply, record->veil);
}

char *
record_json(const struct record *record)
{
	struct jsonline line;
	char *text;
	int status;

	jsonline_init(&line, RECORD_MOST);
	jsonline_open_object(&line, NULL);
	put_origin(&line, record);
	status = put_message(&line, record);
	put_decision(&line, record);
	jsonline_close_object(&line);
	text = jsonline_done(&line);
	if (status != 0) {
		free(text);
		return NULL;
	}
	return text;
}

char *
record_connection_json(const struct record *record)
{
	struct jsonline line;

	jsonline_init(&line, RECORD_MOST);
	jsonline_open_object(&line, NULL);
	put_connection(&line, record);
	jsonline_word(&line, "result", "no-mail");
	jsonline_close_object(&line);
	return jsonline_done(&line);
}
