/*
 * session - one connection of a client, as the MTA tells of it.
 *
 * Keeps what is true of the connection, hands each message to a
 * transaction, and bears callbacks in any order. No libmilter types: the
 * macros of the MTA come through a function. One thread at a time.
 */
#ifndef SUBMIT_SESSION_H
#define SUBMIT_SESSION_H

#include <stddef.h>

#include "edit/edit.h"
#include "policy/verdict.h"
#include "runtime.h"
#include "transaction.h"

struct session;

/* The value of a macro ("i", "{auth_authen}"); NULL when it is not known. */
typedef const char *session_macro(void *context, const char *name);

struct session_macros {
	session_macro *get;
	void *context;
};

/* NULL when there is no memory. */
struct session *session_new(struct runtime *runtime);

/* Takes NULL; leaves NULL. Ends what is under way. */
void session_free(struct session **session);

/*
 * The client has connected. ADDRESS is its IP address in text form, NULL
 * when it has none (local submission).
 */
void session_connect(struct session *session, const char *host_name,
    const char *address, unsigned port, const struct session_macros *macros);

void session_helo(struct session *session, const char *name);

/*
 * Each returns the reply to give; code 0: go on. The text lives until the
 * next call.
 */
struct reply session_mail(struct session *session, char *const *argv,
    const struct session_macros *macros);
struct reply session_rcpt(struct session *session, char *const *argv,
    const struct session_macros *macros);
struct reply session_end(struct session *session,
    const struct session_macros *macros, transaction_apply *apply,
    void *context);

void session_data(struct session *session);
void session_field(struct session *session, const char *name,
    const char *value);
void session_end_header(struct session *session);
void session_body(struct session *session, struct span octets);

/* The transaction is broken off; the connection goes on. */
void session_abort(struct session *session);

/* Macros wanted at each stage, separated by blanks. */
extern const char session_connect_macros[];
extern const char session_helo_macros[];
extern const char session_mail_macros[];
extern const char session_rcpt_macros[];
extern const char session_data_macros[];
extern const char session_end_macros[];

#endif
