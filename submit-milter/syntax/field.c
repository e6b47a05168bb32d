/*
 * field.c - see field.h.
 */
#include "syntax/field.h"

#include "base/ascii.h"

#define ONCE .is_once = true
#define ADDRESS(f) .is_address = true, .form = (f)

static const struct field_info fields[FIELD_COUNT] = {
	[FIELD_OTHER] = { "" },
	[FIELD_DATE] = { "Date", ONCE },
	[FIELD_FROM] = { "From", ONCE, ADDRESS(ADDRESS_MAILBOX_LIST) },
	[FIELD_SENDER] = { "Sender", ONCE, ADDRESS(ADDRESS_MAILBOX) },
	[FIELD_REPLY_TO] = { "Reply-To", ONCE, ADDRESS(ADDRESS_LIST) },
	[FIELD_TO] = { "To", ONCE, ADDRESS(ADDRESS_LIST) },
	[FIELD_CC] = { "Cc", ONCE, ADDRESS(ADDRESS_LIST) },
	[FIELD_BCC] = { "Bcc", ONCE, ADDRESS(ADDRESS_LIST_OR_EMPTY) },
	[FIELD_MESSAGE_ID] = { "Message-ID", ONCE },
	[FIELD_IN_REPLY_TO] = { "In-Reply-To", ONCE },
	[FIELD_REFERENCES] = { "References", ONCE },
	[FIELD_SUBJECT] = { "Subject", ONCE },
	[FIELD_RESENT_DATE] = { "Resent-Date" },
	[FIELD_RESENT_FROM] = { "Resent-From", ADDRESS(ADDRESS_MAILBOX_LIST) },
	[FIELD_RESENT_SENDER] = { "Resent-Sender", ADDRESS(ADDRESS_MAILBOX) },
	[FIELD_RESENT_REPLY_TO] = { "Resent-Reply-To",
	    ADDRESS(ADDRESS_LIST) },
	[FIELD_RESENT_TO] = { "Resent-To", ADDRESS(ADDRESS_LIST) },
	[FIELD_RESENT_CC] = { "Resent-Cc", ADDRESS(ADDRESS_LIST) },
	[FIELD_RESENT_BCC] = { "Resent-Bcc", ADDRESS(ADDRESS_LIST_OR_EMPTY) },
	[FIELD_RESENT_MESSAGE_ID] = { "Resent-Message-ID" },
	[FIELD_RECEIVED] = { "Received" },
	[FIELD_RETURN_PATH] = { "Return-Path" },
	[FIELD_DISPOSITION_NOTIFICATION_TO] = {
		"Disposition-Notification-To", ADDRESS(ADDRESS_MAILBOX_LIST) },
	[FIELD_RETURN_RECEIPT_TO] = { "Return-Receipt-To",
		ADDRESS(ADDRESS_LIST) },
	[FIELD_ERRORS_TO] = { "Errors-To", ADDRESS(ADDRESS_LIST) },
	[FIELD_CONTENT_TYPE] = { "Content-Type" },
	[FIELD_CONTENT_TRANSFER_ENCODING] = { "Content-Transfer-Encoding" },
	[FIELD_MIME_VERSION] = { "MIME-Version" },
	[FIELD_DKIM_SIGNATURE] = { "DKIM-Signature" },
	[FIELD_X_ORIGINAL_DATE] = { "X-Original-Date" },
	[FIELD_X_ORIGINAL_MESSAGE_ID] = { "X-Original-Message-ID" },
	[FIELD_X_ORIGINAL_FROM] = { "X-Original-From" },
	[FIELD_X_ORIGINAL_SENDER] = { "X-Original-Sender" },
};

const struct field_info *
field_info(enum field_id id)
{
	return &fields[id];
}

enum field_id
field_find(struct span name)
{
	if (name.len == 0)
		return FIELD_OTHER;
	for (size_t i = FIELD_OTHER + 1; i < FIELD_COUNT; i++)
		if (span_eq_nocase(name, span_of(fields[i].name)))
			return (enum field_id)i;
	return FIELD_OTHER;
}

/*
 * field-name = 1*ftext
 * ftext      = %d33-57 / %d59-126
 */
bool
field_name_is_valid(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_vchar((unsigned char)name.ptr[i]) ||
		    name.ptr[i] == ':')
			return false;
	return name.len > 0;
}
