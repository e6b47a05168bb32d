/*
 * test_field.c - what is known of header fields: D6.3 (message-syntax,
 * fields that may appear once), D5.1b (header-syntax, address fields).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "syntax/field.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define NO_FORM 99

static const struct {
	const char *name;
	enum field_id want;
	bool want_once;
	int want_form;
} rows[] = {
	{ "Date", FIELD_DATE, true, NO_FORM },
	{ "From", FIELD_FROM, true, ADDRESS_MAILBOX_LIST },
	{ "Sender", FIELD_SENDER, true, ADDRESS_MAILBOX },
	{ "Reply-To", FIELD_REPLY_TO, true, ADDRESS_LIST },
	{ "To", FIELD_TO, true, ADDRESS_LIST },
	{ "Cc", FIELD_CC, true, ADDRESS_LIST },
	{ "Bcc", FIELD_BCC, true, ADDRESS_LIST_OR_EMPTY },
	{ "Message-ID", FIELD_MESSAGE_ID, true, NO_FORM },
	{ "In-Reply-To", FIELD_IN_REPLY_TO, true, NO_FORM },
	{ "References", FIELD_REFERENCES, true, NO_FORM },
	{ "Subject", FIELD_SUBJECT, true, NO_FORM },
	{ "Resent-Date", FIELD_RESENT_DATE, false, NO_FORM },
	{ "Resent-From", FIELD_RESENT_FROM, false, ADDRESS_MAILBOX_LIST },
	{ "Resent-Sender", FIELD_RESENT_SENDER, false, ADDRESS_MAILBOX },
	{ "Resent-Reply-To", FIELD_RESENT_REPLY_TO, false, ADDRESS_LIST },
	{ "Resent-To", FIELD_RESENT_TO, false, ADDRESS_LIST },
	{ "Resent-Cc", FIELD_RESENT_CC, false, ADDRESS_LIST },
	{ "Resent-Bcc", FIELD_RESENT_BCC, false, ADDRESS_LIST_OR_EMPTY },
	{ "Resent-Message-ID", FIELD_RESENT_MESSAGE_ID, false, NO_FORM },
	{ "Received", FIELD_RECEIVED, false, NO_FORM },
	{ "Return-Path", FIELD_RETURN_PATH, false, NO_FORM },
	{ "Disposition-Notification-To", FIELD_DISPOSITION_NOTIFICATION_TO,
	    false, ADDRESS_MAILBOX_LIST },
	{ "Return-Receipt-To", FIELD_RETURN_RECEIPT_TO, false,
	    ADDRESS_LIST },
	{ "Errors-To", FIELD_ERRORS_TO, false, ADDRESS_LIST },
	{ "Content-Type", FIELD_CONTENT_TYPE, false, NO_FORM },
	{ "Content-Transfer-Encoding", FIELD_CONTENT_TRANSFER_ENCODING,
	    false, NO_FORM },
	{ "MIME-Version", FIELD_MIME_VERSION, false, NO_FORM },
	{ "DKIM-Signature", FIELD_DKIM_SIGNATURE, false, NO_FORM },
	{ "X-Original-Date", FIELD_X_ORIGINAL_DATE, false, NO_FORM },
	{ "X-Original-Message-ID", FIELD_X_ORIGINAL_MESSAGE_ID, false,
	    NO_FORM },
	{ "X-Original-From", FIELD_X_ORIGINAL_FROM, false, NO_FORM },
	{ "X-Original-Sender", FIELD_X_ORIGINAL_SENDER, false, NO_FORM },
};

static void
test_unknown(void **state)
{
	static const char *const names[] = { "", "F", "Fro", "From ", " From",
		"From:", "Fromm", "X-From", "Resent", "Comments" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(field_find(span_of(names[i])), FIELD_OTHER);
	assert_int_equal(field_find((struct span){ "From\0", 5 }),
	    FIELD_OTHER);
	assert_string_equal(field_info(FIELD_OTHER)->name, "");
	assert_false(field_info(FIELD_OTHER)->is_once);
	assert_false(field_info(FIELD_OTHER)->is_address);
}

/* Every row of the table stands here, and every one here is in the table. */
static void
test_every_field(void **state)
{
	unsigned wrong = 0;

	(void)state;
	assert_int_equal(COUNT(rows), FIELD_COUNT - 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum field_id got = field_find(span_of(rows[i].name));
		const struct field_info *info = field_info(got);
		int form = info->is_address ? (int)info->form : NO_FORM;

		if (got == rows[i].want && info->is_once == rows[i].want_once &&
		    form == rows[i].want_form &&
		    strcmp(info->name, rows[i].name) == 0)
			continue;
		print_error("%s: got %d once %d form %d, want %d once %d form "
		    "%d\n", rows[i].name, (int)got, info->is_once, form,
		    (int)rows[i].want, rows[i].want_once, rows[i].want_form);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
test_any_case(void **state)
{
	(void)state;
	assert_int_equal(field_find(SPAN("from")), FIELD_FROM);
	assert_int_equal(field_find(SPAN("FROM")), FIELD_FROM);
	assert_int_equal(field_find(SPAN("message-id")), FIELD_MESSAGE_ID);
	assert_int_equal(field_find(SPAN("Message-Id")), FIELD_MESSAGE_ID);
	assert_int_equal(field_find(SPAN("BCC")), FIELD_BCC);
}

static void
test_names(void **state)
{
	(void)state;
	assert_false(field_name_is_valid(SPAN("")));
	assert_false(field_name_is_valid(SPAN("a b")));
	assert_false(field_name_is_valid(SPAN("a ")));
	assert_false(field_name_is_valid(SPAN("a\t")));
	assert_false(field_name_is_valid(SPAN("a:")));
	assert_false(field_name_is_valid(SPAN(":")));
	assert_false(field_name_is_valid(SPAN("a\x7f")));
	assert_false(field_name_is_valid(SPAN("a\r")));
	assert_false(field_name_is_valid(SPAN("\xc3\xa9")));
	assert_false(field_name_is_valid((struct span){ "a\0b", 3 }));
	assert_true(field_name_is_valid(SPAN("a")));
	assert_true(field_name_is_valid(SPAN("X-Y")));
	assert_true(field_name_is_valid(SPAN("!\"#()<>@,;.[]\\~9")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_every_field),
		cmocka_unit_test(test_any_case),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
