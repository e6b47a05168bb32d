/*
 * choice - with which keys a message is signed, or why with none.
 *
 * Our own rule, stricter than RFC 6376 asks: a domain vouches for a message
 * only if who submitted it may use every address in From, whatever the
 * rules of the profile let pass. Asks the resolver of facts and the keystore.
 */
#ifndef SUBMIT_SIGN_CHOICE_H
#define SUBMIT_SIGN_CHOICE_H

#include "policy/facts.h"
#include "policy/profile.h"
#include "sign/keystore.h"

struct sign_choice {
	/* keys.n is 0: the message leaves unsigned */
	struct key_answer with;
	/*
	 * Why the author's domain does not sign; NULL when it does. With a
	 * fallback domain there are keys all the same.
	 */
	const char *unsigned_because;
};

/*
 * Chooses for facts->leaving. 0, and the choice is the caller's to give to
 * sign_choice_drop() once nothing signs with it; or -1 and *error_r when it
 * cannot be told.
 */
int sign_choose(const struct profile *profile, struct facts *facts,
    struct keystore *store, struct sign_choice *choice_r,
    const char **error_r) __attribute__((warn_unused_result));

/* From now on it is unsigned, because of that; keys are given back. */
void sign_choice_drop(struct sign_choice *choice, const char *because);

#endif
