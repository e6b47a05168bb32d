/*
 * record.c - see record.h. Names and meanings are those of
 * submit-milter-audit(5); a test compares them.
 *
 * jansson's setters take NULL for a value that could not be made and then
 * return -1, so each function here adds up what they return and looks once.
 */
#include "audit/record.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "audit/text.h"
#include "base/sbuf.h"

#define FORMAT_VERSION 1
/* An address field that cannot be read is shown so far and no further. */
#define RAW_MOST 1000u
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
static json_t *
time_text(int64_t us)
{
	time_t seconds = (time_t)(us / 1000000);
	int fraction = (int)(us % 1000000);
	struct tm tm;

	if (fraction < 0) {
		fraction += 1000000;
		seconds--;
	}
	if (gmtime_r(&seconds, &tm) == NULL)
		return NULL;
	return json_sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, fraction);
}

/* VALUE, or NULL when something was lost on the way. */
static json_t *
finished(json_t *value, int status)
{
	if (status == 0)
		return value;
	json_decref(value);
	return NULL;
}

/* --- where it came from --------------------------------------------------- */

static json_t *
listener(const struct facts_listener *from)
{
	json_t *o = json_object();
	int status = 0;

	status |= json_object_set_new(o, "daemon_name",
	    json_text_or_null(from->daemon_name));
	status |= json_object_set_new(o, "daemon_addr",
	    json_text_or_null(from->daemon_addr));
	status |= json_object_set_new(o, "daemon_port",
	    json_text_or_null(from->daemon_port));
	return finished(o, status);
}

static json_t *
client(const struct facts_client *from)
{
	json_t *o = json_object();
	int status = 0;

	status |= json_object_set_new(o, "address",
	    json_text_or_null(from->address));
	status |= json_object_set_new(o, "port",
	    from->port == 0 ? json_null() : json_integer(from->port));
	status |= json_object_set_new(o, "name",
	    json_text_or_null(from->name));
	status |= json_object_set_new(o, "helo",
	    json_text_or_null(from->helo));
	return finished(o, status);
}

static json_t *
tls(const struct facts_tls *from)
{
	json_t *o;
	int status = 0;

	if (!from->is_on)
		return json_null();
	o = json_object();
	status |= json_object_set_new(o, "version",
	    json_text_or_null(from->version));
	status |= json_object_set_new(o, "cipher",
	    json_text_or_null(from->cipher));
	status |= json_object_set_new(o, "bits", json_integer(from->bits));
	return finished(o, status);
}

/* --- envelope ------------------------------------------------------------- */

/* Without angle brackets and route; as it came when it could not be read. */
static json_t *
address(const struct facts_path *path)
{
	if (path->status != PATH_OK)
		return json_text(path->text);
	if (path->path.is_null)
		return json_string("");
	return json_text(path->path.mailbox.whole);
}

static json_t *
params(const struct facts_path *path)
{
	json_t *array = json_array();
	int status = 0;

	for (size_t i = 0; i < path->param_count; i++)
		status |= json_array_append_new(array,
		    json_text(path->params[i]));
	return finished(array, status);
}

static const char *
recipient_result(const struct facts_recipient *recipient)
{
	if (recipient->is_refused_by_mta)
		return "refused-by-mta";
	if (recipient->mode != RULE_ENFORCE)
		return "accepted";
	switch (recipient->verdict.action) {
	case ACTION_REFUSE:
		return "refused";
	case ACTION_TEMPFAIL:
		return "deferred";
	case ACTION_PASS:
	default:
		return "accepted";
	}
}

static json_t *
recipient(const struct facts_recipient *from)
{
	json_t *o = json_object();
	int status = 0;

	status |= json_object_set_new(o, "address", address(&from->path));
	status |= json_object_set_new(o, "params", params(&from->path));
	status |= json_object_set_new(o, "result",
	    json_string(recipient_result(from)));
	if (from->mode == RULE_ENFORCE && !from->is_refused_by_mta &&
	    from->verdict.action != ACTION_PASS)
		status |= json_object_set_new(o, "reason", json_string(
		    reason_info(from->verdict.reason)->name));
	if (from->is_refused_by_mta)
		status |= json_object_set_new(o, "mta_reply",
		    json_text(from->mta_reply));
	return finished(o, status);
}

static json_t *
envelope(const struct facts *facts)
{
	json_t *o = json_object(), *array = json_array();
	int status = 0;

	for (size_t i = 0; i < facts->recipient_count; i++)
		status |= json_array_append_new(array,
		    recipient(&facts->recipients[i]));
	status |= json_object_set_new(o, "sender", address(&facts->sender));
	status |= json_object_set_new(o, "sender_params",
	    params(&facts->sender));
	status |= json_object_set_new(o, "recipients", array);
	return finished(o, status);
}

/* --- the message ---------------------------------------------------------- */

static int
append_addresses(json_t *array, const struct address_list *list)
{
	int status = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct address *a = &list->v[i];
		struct sbuf out;
		struct span whole;

		sbuf_init(&out, NULL, a->local.len + 1 + a->domain.len);
		sbuf_add(&out, a->local);
		if (a->kind != DOMAIN_NONE) {
			sbuf_addc(&out, '@');
			sbuf_add(&out, a->domain);
		}
		status |= sbuf_done(&out, &whole) != 0 ||
		    json_array_append_new(array, json_text(whole)) != 0;
		sbuf_free(&out);
	}
	return status;
}

static int
append_raw(json_t *array, struct span value)
{
	value = span_trim(value);
	if (value.len > RAW_MOST)
		value.len = RAW_MOST;
	return json_array_append_new(array, json_text(value));
}

/* A From field that no rule has read so far. */
static int
append_unread(json_t *array, struct span value)
{
	struct arena *arena = arena_new(ADDRESSES_MOST, NULL);
	struct address_list list;
	struct address_error error;
	int status;

	if (arena == NULL)
		return -1;
	if (address_parse(value, ADDRESS_MAILBOX_LIST, arena, &list,
	    &error) == 1)
		status = append_addresses(array, &list);
	else
		status = append_raw(array, value);
	arena_free(&arena);
	return status;
}

static json_t *
from_fields(const struct header *header)
{
	json_t *array = json_array();
	int status = 0;

	for (size_t i = 0; i < header->n; i++) {
		const struct header_field *field = &header->v[i];
		const struct header_addresses *known = field->addresses;

		if (field->id != FIELD_FROM)
			continue;
		if (known == NULL)
			status |= append_unread(array, field->value);
		else if (known->is_valid)
			status |= append_addresses(array, &known->list);
		else
			status |= append_raw(array, field->value);
	}
	return finished(array, status);
}

static json_t *
message_id(const struct facts *facts)
{
	const struct header *header = facts->leaving.n > 0 ?
	    &facts->leaving : &facts->submitted;
	const struct header_field *field = header_first(header,
	    FIELD_MESSAGE_ID);

	return field == NULL ? json_null() : json_text(span_trim(field->value));
}

static const char *
edit_name(enum edit_kind kind)
{
	static const char *const names[] = {
		[EDIT_ADD] = "add",
		[EDIT_PREPEND] = "prepend",
		[EDIT_REPLACE] = "replace",
		[EDIT_DELETE] = "delete",
	};

	return names[kind];
}

static json_t *
edits(const struct edit_list *list)
{
	json_t *array = json_array();
	int status = 0;

	for (size_t i = 0; list != NULL && i < list->n; i++) {
		json_t *o = json_object();

		status |= json_object_set_new(o, "edit",
		    json_string(edit_name(list->v[i].kind)));
		status |= json_object_set_new(o, "field",
		    json_text(list->v[i].name));
		status |= json_object_set_new(o, "cause",
		    json_text(span_of(list->v[i].cause)));
		status |= json_array_append_new(array, o);
	}
	return finished(array, status);
}

static json_t *
signatures(const struct signature *v, size_t n)
{
	json_t *array = json_array();
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		status |= json_object_set_new(o, "domain",
		    json_text(span_of(signing_key_domain(v[i].key))));
		status |= json_object_set_new(o, "selector",
		    json_text(span_of(signing_key_selector(v[i].key))));
		status |= json_object_set_new(o, "algorithm",
		    json_string(signing_key_algorithm_name(v[i].key)));
		status |= json_array_append_new(array, o);
	}
	return finished(array, status);
}

/* --- what was decided ----------------------------------------------------- */

static json_t *
verdict(const struct verdict_entry *entry)
{
	const struct verdict *from = &entry->verdict;
	json_t *o = json_object();
	int status = 0;

	status |= json_object_set_new(o, "rule",
	    json_string(rule_info(entry->rule)->name));
	status |= json_object_set_new(o, "stage",
	    json_string(stage_name(entry->stage)));
	status |= json_object_set_new(o, "mode",
	    json_string(rule_mode_name(entry->mode)));
	status |= json_object_set_new(o, "action",
	    json_string(action_name(from->action)));
	if (from->reason != REASON_NONE)
		status |= json_object_set_new(o, "reason",
		    json_string(reason_info(from->reason)->name));
	if (!span_is_empty(from->shown))
		status |= json_object_set_new(o, "shown",
		    json_text(from->shown));
	if (!span_is_empty(from->detail))
		status |= json_object_set_new(o, "detail",
		    json_text(from->detail));
	return finished(o, status);
}

static json_t *
verdicts(const struct verdict_log *log)
{
	json_t *array = json_array();
	int status = 0;

	for (size_t i = 0; log != NULL && i < log->n; i++)
		status |= json_array_append_new(array, verdict(&log->v[i]));
	return finished(array, status);
}

static json_t *
reply(const struct reply *from)
{
	json_t *o;
	int status = 0;

	if (from->code == 0)
		return json_null();
	o = json_object();
	status |= json_object_set_new(o, "code", json_integer(from->code));
	status |= json_object_set_new(o, "enhanced", json_sprintf("%d.%d.%d",
	    from->enhanced.class, from->enhanced.subject,
	    from->enhanced.detail));
	status |= json_object_set_new(o, "reason",
	    json_string(reason_info(from->reason)->name));
	status |= json_object_set_new(o, "text", json_text(from->text));
	return finished(o, status);
}

/* --- the whole ------------------------------------------------------------ */

static int
put_origin(json_t *o, const struct record *record)
{
	const struct facts *facts = record->facts;
	bool is_known = facts->identity.route != ROUTE_NONE;
	int status = 0;

	status |= json_object_set_new(o, "v", json_integer(FORMAT_VERSION));
	status |= json_object_set_new(o, "id", json_text(facts->id));
	status |= json_object_set_new(o, "time", time_text(record->time_us));
	status |= json_object_set_new(o, "duration_us",
	    json_integer(record->duration_us));
	status |= json_object_set_new(o, "host",
	    json_text_or_null(facts->host));
	status |= json_object_set_new(o, "queue_id",
	    json_text_or_null(record->queue_id));
	status |= json_object_set_new(o, "session", json_text(record->session));
	status |= json_object_set_new(o, "listener",
	    listener(&facts->listener));
	status |= json_object_set_new(o, "profile",
	    json_text(span_of(record->profile)));
	status |= json_object_set_new(o, "client", client(&facts->client));
	status |= json_object_set_new(o, "tls", tls(&facts->tls));
	status |= json_object_set_new(o, "identity",
	    is_known ? json_text(facts->identity.name) : json_null());
	status |= json_object_set_new(o, "route", is_known ?
	    json_string(identity_route_name(facts->identity.route)) :
	    json_null());
	return status;
}

static int
put_message(json_t *o, const struct record *record)
{
	const struct facts *facts = record->facts;
	int status = 0;

	status |= json_object_set_new(o, "envelope", envelope(facts));
	status |= json_object_set_new(o, "from",
	    from_fields(&facts->submitted));
	status |= json_object_set_new(o, "message_id", message_id(facts));
	status |= json_object_set_new(o, "size",
	    json_integer((json_int_t)facts->header_size +
	    (json_int_t)facts->body.size));
	status |= json_object_set_new(o, "edits", edits(record->edits));
	status |= json_object_set_new(o, "signatures",
	    signatures(record->signatures, record->signature_count));
	if (record->unsigned_because != NULL)
		status |= json_object_set_new(o, "unsigned",
		    json_text(span_of(record->unsigned_because)));
	return status;
}

static int
put_decision(json_t *o, const struct record *record)
{
	int status = 0;

	status |= json_object_set_new(o, "verdicts",
	    verdicts(record->verdicts));
	status |= json_object_set_new(o, "result",
	    json_string(record_result_name(record->result)));
	status |= json_object_set_new(o, "stage",
	    json_string(stage_name(record->stage)));
	status |= json_object_set_new(o, "reply", reply(&record->reply));
	return status;
}

char *
record_json(const struct record *record)
{
	json_t *o = json_object();
	char *line = NULL;
	int status = 0;

	status |= put_origin(o, record);
	status |= put_message(o, record);
	status |= put_decision(o, record);
	if (status == 0)
		line = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	return line;
}
