/*
 * transaction - one message, from MAIL FROM to its end.
 *
 * Runs the pipeline of the design in order: rules on what was submitted,
 * completion, rights on what leaves, signature, edits, audit, reply. Holds
 * one configuration from beginning to end. Knows no libmilter. A
 * transaction belongs to one thread at a time.
 */
#ifndef SUBMIT_TRANSACTION_H
#define SUBMIT_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "edit/edit.h"
#include "policy/facts.h"
#include "policy/verdict.h"
#include "runtime.h"

struct transaction;

/* What a connection knows when MAIL comes; spans outlive the transaction. */
struct transaction_peer {
	struct span session;		/* id of the connection */
	struct span host;		/* the MTA's own name */
	struct facts_listener listener;
	struct facts_client client;
	struct facts_tls tls;
	struct facts_certificate certificate;
	struct span mta_version;	/* the macro "v" */
	struct span login;		/* of SMTP AUTH; empty: none */
	/* "explain" alone: who it is, taken as established by that route. */
	enum identity_route assumed_route;
	struct span assumed_name;
};

/* Tells the MTA of the edits. 0, or -1 when it did not take them all. */
typedef int transaction_apply(void *context, const struct edit_list *edits);

/*
 * Begins a transaction with the arguments of MAIL and judges it. Reply code
 * 0: the MTA may go on. With any other the transaction is decided and
 * recorded. Either way the caller ends it, after the reply was sent. NULL
 * when there is no memory for it; the reply then says so.
 */
struct transaction *transaction_begin(struct runtime *runtime,
    const struct transaction_peer *peer, char *const *argv,
    struct reply *reply_r);

/*
 * A recipient. MTA_REPLY, when not empty, is what the MTA itself refuses it
 * with: then it is only recorded. Code 0: go on.
 */
struct reply transaction_recipient(struct transaction *transaction,
    char *const *argv, struct span mta_reply);

/* The client came to DATA; the message may follow. */
void transaction_data(struct transaction *transaction);
void transaction_field(struct transaction *transaction, const char *name,
    const char *value);
void transaction_end_header(struct transaction *transaction);
void transaction_body(struct transaction *transaction, struct span octets);

/* The MTA's name for the message, as soon as it is known. */
void transaction_queue_id(struct transaction *transaction, struct span id);

/*
 * End of data: decides, edits by APPLY, signs, records. Code 0: the message
 * passes. The reply's text lives until transaction_free().
 */
struct reply transaction_end(struct transaction *transaction,
    transaction_apply *apply, void *context);

/*
 * Ends it: records it as broken off unless it is recorded already. Takes
 * NULL; leaves NULL.
 */
void transaction_free(struct transaction **transaction);

#endif
