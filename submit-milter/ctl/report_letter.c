/*
 * report_letter.c - what a help desk writes to a user whose program sends
 * mail that is not as it should be. Plain ASCII text with a Subject in front,
 * for any mail program.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>

#include "audit/problems.h"
#include "ctl/ctl.h"
#include "ctl/report.h"

/* Reasons have "{}" where the reply shows the case; a letter has many. */
static void
put_reason(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '{' && i + 1 < text.len &&
		    text.ptr[i + 1] == '}') {
			(void)fputs("...", stdout);
			i++;
		} else {
			(void)putchar(text.ptr[i]);
		}
	}
}

static void
put_row(const struct tally_row *row)
{
	const char *text = problem_text(row->rule);
	enum reason reason = reason_find(row->rule);

	if (text == NULL && reason != REASON_NONE)
		text = reason_info(reason)->text;
	(void)fputs("\n * ", stdout);
	if (text == NULL)
		ctl_put(stdout, row->rule);
	else
		put_reason(span_of(text));
	(void)printf("\n   %" PRIu64 " message%s, the last on %.10s",
	    row->count, row->count == 1 ? "" : "s", row->seen.last);
	if (row->reason.len > 0) {
		(void)fputs(", sent by\n   ", stdout);
		ctl_put(stdout, row->reason);
	}
	(void)fputs("\n   (", stdout);
	ctl_put(stdout, row->rule);
	(void)fputs(", for instance ", stdout);
	ctl_put(stdout, row->id);
	(void)puts(")");
}

void
report_letter(const struct report *report, const char *who)
{
	size_t n;
	const struct tally_row *const *rows = tally_sorted(report->problems,
	    &n);

	if (n == 0) {
		(void)fputs("Nothing is known of ", stderr);
		ctl_put(stderr, span_of(who));
		(void)fputs(" that a letter could tell.\n", stderr);
		return;
	}
	(void)printf("Subject: Your mail program needs your attention\n"
	    "\n"
	    "Hello,\n"
	    "\n"
	    "between %.10s and %.10s our mail server met the following in\n"
	    "messages that were sent with your account, ", report->seen.first,
	    report->seen.last);
	ctl_put(stdout, span_of(who));
	(void)puts(":");
	for (size_t i = 0; i < n; i++)
		put_row(rows[i]);
	(void)puts("\n"
	    "What was merely missing we have added; what could not be put\n"
	    "right was, or soon will be, refused. Please bring your mail\n"
	    "program (or the device that sends for you) up to date, and\n"
	    "look at its settings for your name and address. If you need\n"
	    "help, answer this mail and leave the words in brackets in it:\n"
	    "by them we find the messages.");
}
