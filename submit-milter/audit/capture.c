/*
 * capture.c - a record as an entry for the sinks: its line, and the keys by
 * which it is found again. See record.h.
 */
#include "audit/record.h"

#include <stdlib.h>

static struct audit_keys
common_keys(const struct record *record, const char *result)
{
	return (struct audit_keys){
		.time_us = record->time_us,
		.id = record->facts->id,
		.session = record->session,
		.result = span_of(result),
		.client = record->facts->client.address,
	};
}

static struct audit_entry *
take_line(char *line, const struct audit_keys *keys)
{
	struct audit_entry *entry = NULL;

	if (line != NULL)
		entry = audit_entry_new(span_of(line), keys);
	free(line);
	return entry;
}

/* HASHES has room for one of each recipient. */
static void
list_recipients(const struct record *record, struct span *list,
    char (*hashes)[VEIL_SIZE])
{
	const struct facts *facts = record->facts;

	for (size_t i = 0; i < facts->recipient_count; i++) {
		list[i] = record_path(&facts->recipients[i].path);
		if (record->veil != NULL)
			list[i] = veil_address(record->veil, 0, list[i],
			    hashes[i]) == 0 ? span_of(hashes[i]) :
			    SPAN("hash:");
	}
}

struct audit_entry *
record_entry(const struct record *record)
{
	const struct facts *facts = record->facts;
	struct audit_keys keys = common_keys(record,
	    record_result_name(record->result));
	struct span *recipients = calloc(facts->recipient_count + 1,
	    sizeof(*recipients) + VEIL_SIZE);
	struct audit_entry *entry;

	if (recipients == NULL)
		return NULL;
	list_recipients(record, recipients, (char (*)[VEIL_SIZE])
	    (recipients + facts->recipient_count + 1));
	keys.recipients = recipients;
	keys.recipient_count = facts->recipient_count;
	keys.queue_id = record->queue_id;
	if (facts->identity.route != ROUTE_NONE)
		keys.identity = facts->identity.name;
	keys.sender = record_path(&facts->sender);
	keys.message_id = record_message_id(facts);
	entry = take_line(record_json(record), &keys);
	free(recipients);
	return entry;
}

struct audit_entry *
record_connection_entry(const struct record *record)
{
	struct audit_keys keys = common_keys(record, "no-mail");

	return take_line(record_connection_json(record), &keys);
}
