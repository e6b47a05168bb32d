/*
 * test_mtalog - lines of real logs of Postfix and Sendmail.
 * Proves: X23.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "ctl/mtalog.h"

#define NEAR 1795305600		/* 2026-11-22T00:00:00Z */

struct row {
	const char *line;
	enum mtalog_kind kind;
	int64_t time;
	const char *queue_id, *recipient, *relay, *dsn, *status, *said, *next;
};

static const struct row rows[] = {
	/* Postfix */
	{ "Nov 22 01:36:36 mx postfix/smtp[23112]: 4jXBW70Sxhz1h7Vq: "
	    "to=<x@example.com>, relay=127.0.0.1[127.0.0.1]:14025, "
	    "delay=0.2, delays=0.1/0/0/0.1, dsn=2.0.0, status=sent "
	    "(250 2.0.0 Kept as 0001)", MTALOG_DELIVERY, NEAR + 5796,
	    "4jXBW70Sxhz1h7Vq", "x@example.com",
	    "127.0.0.1[127.0.0.1]:14025", "2.0.0", "sent",
	    "250 2.0.0 Kept as 0001", "" },
	{ "Nov 22 01:36:36 mx postfix/smtp[1]: ABCDEF1234: to=<x@example.com>,"
	    " relay=127.0.0.1[127.0.0.1]:10024, dsn=2.0.0, status=sent "
	    "(250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: "
	    "queued as 9F8E7D6C5B)", MTALOG_DELIVERY, NEAR + 5796,
	    "ABCDEF1234", "x@example.com", "127.0.0.1[127.0.0.1]:10024",
	    "2.0.0", "sent", "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): "
	    "250 2.0.0 Ok: queued as 9F8E7D6C5B", "9F8E7D6C5B" },
	/* A stranger's queue id is nothing to us. */
	{ "Nov 22 01:36:36 mx postfix/smtp[1]: ABCDEF1234: to=<x@example.com>,"
	    " relay=mx.example.com[192.0.2.9]:25, dsn=2.0.0, status=sent "
	    "(250 2.0.0 Ok: queued as 9F8E7D6C5B)", MTALOG_DELIVERY,
	    NEAR + 5796, "ABCDEF1234", "x@example.com",
	    "mx.example.com[192.0.2.9]:25", "2.0.0", "sent",
	    "250 2.0.0 Ok: queued as 9F8E7D6C5B", "" },
	{ "2026-11-22T02:36:36.123456+01:00 mx postfix-out/smtp[1]: "
	    "ABCDEF1234: to=<x@example.com>, relay=none, delay=1, "
	    "dsn=4.4.1, status=deferred (connect to mx[192.0.2.9]:25: "
	    "Connection refused)", MTALOG_DELIVERY, NEAR + 5796,
	    "ABCDEF1234", "x@example.com", "none", "4.4.1", "deferred",
	    "connect to mx[192.0.2.9]:25: Connection refused", "" },
	{ "Nov 22 01:36:36 mx postfix/bounce[1]: ABCDEF1234: sender "
	    "non-delivery notification: 0987654321", MTALOG_BOUNCE,
	    NEAR + 5796, "ABCDEF1234", "", "", "", "", "0987654321", "" },
	{ "Nov 22 01:36:36 mx postfix/qmgr[1]: ABCDEF1234: removed",
	    MTALOG_END, NEAR + 5796, "ABCDEF1234", "", "", "", "", "", "" },
	{ "Nov 22 01:36:36 mx postfix/smtpd[1]: 9F8E7D6C5B: "
	    "client=localhost[127.0.0.1], orig_queue_id=ABCDEF1234, "
	    "orig_client=unknown[192.0.2.3]", MTALOG_REQUEUED, NEAR + 5796,
	    "9F8E7D6C5B", "", "", "", "", "ABCDEF1234", "" },
	{ "Nov 22 01:36:35 mx postfix/submission/cleanup[1]: ABCDEF1234: "
	    "milter-reject: END-OF-MESSAGE from unknown[127.0.0.1]: 5.6.0 "
	    "No; from=<a@b> to=<c@d>", MTALOG_REFUSED, NEAR + 5795,
	    "ABCDEF1234", "", "", "", "",
	    "END-OF-MESSAGE from unknown[127.0.0.1]: 5.6.0 No; from=<a@b> "
	    "to=<c@d>", "" },
	{ "Nov 22 01:36:35 mx postfix/qmgr[1]: ABCDEF1234: from=<a@b>, "
	    "size=100, nrcpt=1 (queue active)", MTALOG_OTHER, NEAR + 5795,
	    "ABCDEF1234", "", "", "", "", "", "" },
	/* Sendmail */
	{ "Nov 22 01:36:44 mx sm-mta[23856]: 6AM1ahvF023856: "
	    "to=<x@example.com>, ctladdr=<alice@example.org> (1/1), "
	    "delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=30187, "
	    "relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent "
	    "(Kept as 0001)", MTALOG_DELIVERY, NEAR + 5804,
	    "6AM1ahvF023856", "x@example.com", "[127.0.0.1] [127.0.0.1]",
	    "2.0.0", "sent", "Kept as 0001", "" },
	{ "Nov 22 01:36:44 mx sendmail[5]: 6AM1ahvF023856: to=x@example.com, "
	    "mailer=relay, pri=1, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, "
	    "stat=Sent (6AM1aiaa023857 Message accepted for delivery)",
	    MTALOG_DELIVERY, NEAR + 5804, "6AM1ahvF023856", "x@example.com",
	    "[127.0.0.1] [127.0.0.1]", "2.0.0", "sent",
	    "6AM1aiaa023857 Message accepted for delivery",
	    "6AM1aiaa023857" },
	{ "2026-11-22T01:36:44Z sendmail[5]: 6AM1ahvF023856: "
	    "to=<x@example.com>, relay=mx.example.com., dsn=4.0.0, "
	    "stat=Deferred: Connection refused by mx.example.com.",
	    MTALOG_DELIVERY, NEAR + 5804, "6AM1ahvF023856", "x@example.com",
	    "mx.example.com.", "4.0.0", "deferred",
	    "Connection refused by mx.example.com.", "" },
	{ "Nov 22 01:36:44 mx sm-mta[5]: 6AM1ahvF023856: "
	    "to=<no@example.com>, relay=mx. [192.0.2.1], dsn=5.1.1, "
	    "stat=User unknown", MTALOG_DELIVERY, NEAR + 5804,
	    "6AM1ahvF023856", "no@example.com", "mx. [192.0.2.1]", "5.1.1",
	    "bounced", "User unknown", "" },
	{ "Nov 22 01:36:44 mx sm-mta[5]: 6AM1ahvF023856: 6AM1ahvG023856: "
	    "DSN: User unknown", MTALOG_BOUNCE, NEAR + 5804,
	    "6AM1ahvF023856", "", "", "", "", "6AM1ahvG023856", "" },
	/* The year is the one that comes nearest. */
	{ "Jan  2 00:00:00 mx postfix/qmgr[1]: ABCDEF1234: removed",
	    MTALOG_END, NEAR + 41 * 86400, "ABCDEF1234", "", "", "", "", "",
	    "" },
};

static void
want(size_t row, const char *what, struct span got, const char *text)
{
	if (!span_eq(got, span_of(text)))
		fail_msg("row %zu: %s: got %.*s, want %s", row, what,
		    SPAN_ARG(got), text);
}

static void
test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct mtalog_line got;

		if (!mtalog_parse(span_of(row->line), NEAR, &got))
			fail_msg("row %zu was not read", i);
		if (got.kind != row->kind || got.time != row->time)
			fail_msg("row %zu: got kind %d, time %lld", i,
			    got.kind, (long long)got.time);
		want(i, "queue id", got.queue_id, row->queue_id);
		want(i, "recipient", got.recipient, row->recipient);
		want(i, "relay", got.relay, row->relay);
		want(i, "dsn", got.dsn, row->dsn);
		want(i, "status", got.status, row->status);
		want(i, "said", got.said, row->said);
		want(i, "next id", got.next_id, row->next);
	}
}

static void
test_other_lines(void **state)
{
	static const char *const others[] = {
		"", "Nov", "Nov 22 01:36:36 ", "Nov 22 01:36:36 mx",
		"Nov 22 01:36:36 mx postfix/smtpd[1]: connect from a[1.2.3.4]",
		"Nov 22 01:36:36 mx postfix/smtpd[1]: NOQUEUE: reject: x",
		"Nov 22 01:36:36 mx sshd[1]: ABCDEF1234: to=<a@b>, stat=Sent",
		"Foo 22 01:36:36 mx postfix/qmgr[1]: ABCDEF1234: removed",
		"Nov x2 01:36:36 mx postfix/qmgr[1]: ABCDEF1234: removed",
		"2026-11-22T01:36 mx postfix/qmgr[1]: ABCDEF1234: removed",
	};
	struct mtalog_line got;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		bool is_line = mtalog_parse(span_of(others[i]), NEAR, &got);

		/* "NOQUEUE" looks like an id, and is nobody's. */
		if (is_line && !span_eq(got.queue_id, SPAN("NOQUEUE")))
			fail_msg("%s: was taken for a line of an MTA",
			    others[i]);
	}
}

/* A line that is cut anywhere harms nobody. */
static void
test_cut_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t n = 0; n < strlen(rows[i].line); n++) {
			char *part = malloc(n + 1);
			struct mtalog_line got;

			assert_non_null(part);
			memcpy(part, rows[i].line, n);
			(void)mtalog_parse((struct span){ part, n }, NEAR,
			    &got);
			free(part);
		}
}

static int
use_utc(void **state)
{
	(void)state;
	(void)setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_other_lines),
		cmocka_unit_test(test_cut_lines),
	};

	return cmocka_run_group_tests(tests, use_utc, NULL);
}
