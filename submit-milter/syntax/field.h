/*
 * field - names and bodies of header fields.
 *
 * RFC 5322 sections 2.2 and 3.6; the table of fields that this program
 * knows is the only place where it knows them. Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_FIELD_H
#define SUBMIT_SYNTAX_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "syntax/address.h"

/* Fields that some part of the program looks for. */
enum field_id {
	FIELD_OTHER,
	FIELD_DATE,
	FIELD_FROM,
	FIELD_SENDER,
	FIELD_REPLY_TO,
	FIELD_TO,
	FIELD_CC,
	FIELD_BCC,
	FIELD_MESSAGE_ID,
	FIELD_IN_REPLY_TO,
	FIELD_REFERENCES,
	FIELD_SUBJECT,
	FIELD_RESENT_DATE,
	FIELD_RESENT_FROM,
	FIELD_RESENT_SENDER,
	FIELD_RESENT_REPLY_TO,
	FIELD_RESENT_TO,
	FIELD_RESENT_CC,
	FIELD_RESENT_BCC,
	FIELD_RESENT_MESSAGE_ID,
	FIELD_RECEIVED,
	FIELD_RETURN_PATH,
	FIELD_DISPOSITION_NOTIFICATION_TO,
	FIELD_RETURN_RECEIPT_TO,
	FIELD_ERRORS_TO,
	FIELD_CONTENT_TYPE,
	FIELD_CONTENT_TRANSFER_ENCODING,
	FIELD_MIME_VERSION,
	FIELD_DKIM_SIGNATURE,
	FIELD_X_ORIGINAL_DATE,
	FIELD_X_ORIGINAL_MESSAGE_ID,
	FIELD_X_ORIGINAL_FROM,
	FIELD_X_ORIGINAL_SENDER,
	FIELD_COUNT
};

struct field_info {
	const char *name;	/* as it is usually written */
	bool is_once;		/* at most one in a message (RFC 5322, 3.6) */
	bool is_address;	/* has the form below */
	enum address_form form;
};

/* What is known of a field; FIELD_OTHER has an empty name. */
const struct field_info *field_info(enum field_id id);

/* The id of a field name, in any case. */
enum field_id field_find(struct span name);

/* field-name = 1*ftext: printable ASCII but ":". */
bool field_name_is_valid(struct span name);

#endif
