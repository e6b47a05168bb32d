/*
 * field.c - see field.h.
 */
#include "syntax/field.h"

#include "base/ascii.h"

#define ONCE .is_once = true
#define FORM(f) .is_address = true, .form = ADDRESS_##f

static const struct field_info fields[FIELD_COUNT] = {
	[FIELD_OTHER] = { .name = "" },
	[FIELD_DATE] = { .name = "Date", ONCE },
	[FIELD_FROM] = { .name = "From", ONCE, FORM(MAILBOX_LIST) },
	[FIELD_SENDER] = { .name = "Sender", ONCE, FORM(MAILBOX) },
	[FIELD_REPLY_TO] = { .name = "Reply-To", ONCE, FORM(LIST) },
	[FIELD_TO] = { .name = "To", ONCE, FORM(LIST) },
	[FIELD_CC] = { .name = "Cc", ONCE, FORM(LIST) },
	[FIELD_BCC] = { .name = "Bcc", ONCE, FORM(LIST_OR_EMPTY) },
	[FIELD_MESSAGE_ID] = { .name = "Message-ID", ONCE },
	[FIELD_IN_REPLY_TO] = { .name = "In-Reply-To", ONCE },
	[FIELD_REFERENCES] = { .name = "References", ONCE },
	[FIELD_SUBJECT] = { .name = "Subject", ONCE },
	[FIELD_RESENT_DATE] = { .name = "Resent-Date" },
	[FIELD_RESENT_FROM] = { .name = "Resent-From", FORM(MAILBOX_LIST) },
	[FIELD_RESENT_SENDER] = { .name = "Resent-Sender", FORM(MAILBOX) },
	[FIELD_RESENT_REPLY_TO] = { .name = "Resent-Reply-To",
		FORM(LIST) },
	[FIELD_RESENT_TO] = { .name = "Resent-To", FORM(LIST) },
	[FIELD_RESENT_CC] = { .name = "Resent-Cc", FORM(LIST) },
	[FIELD_RESENT_BCC] = { .name = "Resent-Bcc", FORM(LIST_OR_EMPTY) },
	[FIELD_RESENT_MESSAGE_ID] = { .name = "Resent-Message-ID" },
	[FIELD_RECEIVED] = { .name = "Received" },
	[FIELD_RETURN_PATH] = { .name = "Return-Path" },
	[FIELD_DISPOSITION_NOTIFICATION_TO] = {
		.name = "Disposition-Notification-To", FORM(MAILBOX_LIST) },
	[FIELD_RETURN_RECEIPT_TO] = { .name = "Return-Receipt-To",
		FORM(LIST) },
	[FIELD_ERRORS_TO] = { .name = "Errors-To", FORM(LIST) },
	[FIELD_CONTENT_TYPE] = { .name = "Content-Type" },
	[FIELD_CONTENT_TRANSFER_ENCODING] = {
		.name = "Content-Transfer-Encoding" },
	[FIELD_MIME_VERSION] = { .name = "MIME-Version" },
	[FIELD_DKIM_SIGNATURE] = { .name = "DKIM-Signature" },
	[FIELD_X_ORIGINAL_DATE] = { .name = "X-Original-Date" },
	[FIELD_X_ORIGINAL_MESSAGE_ID] = { .name = "X-Original-Message-ID" },
	[FIELD_X_ORIGINAL_FROM] = { .name = "X-Original-From" },
	[FIELD_X_ORIGINAL_SENDER] = { .name = "X-Original-Sender" },
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
