/*
 * submission - a submission that "explain" was told of, run through the
 * transaction of the daemon.
 *
 * Its strings are those of the command line, or live in the arena that it
 * was given. One thread.
 */
#ifndef SUBMIT_CTL_SUBMISSION_H
#define SUBMIT_CTL_SUBMISSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "ctl/letter.h"
#include "runtime.h"
#include "transaction.h"

/* Arguments of MAIL or RCPT: the path, its parameters, then NULL. */
struct submission_path {
	char **argv;
	size_t n;
};

struct submission {
	struct arena *arena;
	struct transaction_peer peer;
	struct submission_path sender;
	struct submission_path *recipients;
	size_t recipient_count;
	/* Nobody named them: they were taken from the header. */
	bool is_sender_assumed;
	bool are_recipients_assumed;
};

void submission_init(struct submission *submission, struct arena *arena);

/* An address, with or without angle brackets. 0, or -1 without memory. */
int submission_set_sender(struct submission *submission,
    struct span address) __attribute__((warn_unused_result));
int submission_add_recipient(struct submission *submission,
    struct span address) __attribute__((warn_unused_result));

/* One more parameter. 0, or -1 without memory. */
int submission_add_param(struct submission *submission,
    struct submission_path *path, char *param)
    __attribute__((warn_unused_result));

/*
 * Takes from the header what nobody named: the sender from From, recipients
 * from To, Cc and Bcc. NULL, or what is missing, or "out of memory".
 */
const char *submission_fill(struct submission *submission,
    const struct letter *letter) __attribute__((warn_unused_result));

/*
 * Runs it, as an MTA would: it goes on as long as it is told to. The
 * observer of RUNTIME gets the record. 0, or -1 when there was not even the
 * memory to begin.
 */
int submission_run(const struct submission *submission,
    const struct letter *letter, struct runtime *runtime)
    __attribute__((warn_unused_result));

#endif
