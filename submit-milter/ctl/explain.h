/*
 * explain - what "submitctl explain" has to tell, for its two printers.
 */
#ifndef SUBMIT_CTL_EXPLAIN_H
#define SUBMIT_CTL_EXPLAIN_H

#include <stdbool.h>

#include "audit/record.h"
#include "ctl/submission.h"
#include "ctl/witness.h"

/* All of it lives as long as the transaction does. */
struct explanation {
	const struct config *config;
	const struct submission *submission;
	const struct letter *letter;
	const struct witness *witness;
	const struct record *record;
	struct arena *arena;	/* of the printers */
	/* Nobody named them; defaults were taken. */
	bool is_client_assumed;
	bool is_tls_assumed;
	bool is_body_wanted;
};

/* For people, on standard output. */
void explain_text(const struct explanation *explanation);

/* One JSON object on standard output. 0, or -1 without memory. */
int explain_json(const struct explanation *explanation)
    __attribute__((warn_unused_result));

/* --- for both ------------------------------------------------------------- */

/* The reply that VERDICT alone would have brought. */
struct reply explain_reply(const struct explanation *explanation,
    const struct verdict *verdict);

/*
 * "MAIL FROM:<a@example.org> SIZE=1" of the stage that event I begins, RCPT
 * being the number of the recipient.
 */
struct span explain_command(const struct explanation *explanation,
    enum stage stage, size_t rcpt);

/*
 * The body as it leaves; ptr NULL when it cannot be had. What is returned is
 * the caller's to free, or NULL.
 */
char *explain_body(const struct explanation *explanation,
    struct span *body_r) __attribute__((warn_unused_result));

const char *explain_route(enum identity_route route);	/* "SMTP AUTH" */
const char *explain_account_name(enum account_state state);
const char *explain_lookup_name(enum lookup answer);
/* The name of a table; "DNS" for NULL. */
struct span explain_source(const struct table *table);

#endif
