/*
 * verbs - what the daemon can be asked: a table of verbs.
 *
 * A verb is a row in verbs.c and a function of its own. It runs in the
 * control thread and must not wait for anything.
 */
#ifndef SUBMIT_CONTROL_VERBS_H
#define SUBMIT_CONTROL_VERBS_H

#include <sys/types.h>

#include "base/jsonline.h"
#include "base/span.h"
#include "runtime.h"

struct control_request {
	struct runtime *runtime;
	struct span arguments;	/* UTF-8 without controls; may be empty */
	uid_t user;		/* who asks */
};

/*
 * Adds its members to the object REPLY. NULL; or in static text why it was
 * not done, and the members are thrown away.
 */
typedef const char *control_verb(const struct control_request *request,
    struct jsonline *reply);

control_verb control_identities;
control_verb control_metrics;
control_verb control_mode;
control_verb control_status;

/* Members "mode" and "panic" of an answer. */
void control_put_mode(struct jsonline *reply, struct runtime *runtime);

/*
 * The answer to LINE, which is a request without its end of line: one line
 * of JSON without end, malloc'ed, the caller's to free. NULL when there is
 * no memory.
 */
char *control_answer(struct runtime *runtime, struct span line, uid_t user);

/* The answer to who is told nothing else: {"ok":false,"error":ERROR}. */
char *control_refusal(const char *error);

#endif
