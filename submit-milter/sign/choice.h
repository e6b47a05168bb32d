/*
 * choice - with which keys a message is signed, or why with none.
 *
 * Our own rule, stricter than RFC 6376 asks: a domain vouches for a message
 * only if who submitted it may use every address in From, whatever the
 * rules of the profile let pass. Pure but for the resolver of facts.
 */
#ifndef SUBMIT_SIGN_CHOICE_H
#define SUBMIT_SIGN_CHOICE_H

#include "policy/facts.h"
#include "policy/profile.h"
#include "sign/keyring.h"

struct sign_choice {
	struct key_list keys;	/* none: the message leaves unsigned */
	/*
	 * Why the author's domain does not sign; NULL when it does. With a
	 * fallback domain there are keys all the same.
	 */
	const char *unsigned_because;
};

/*
 * Chooses for facts->leaving. 0, or -1 and *error_r when it cannot be told.
 */
int sign_choose(const struct profile *profile, struct facts *facts,
    const struct keyring *keyring, struct sign_choice *choice_r,
    const char **error_r) __attribute__((warn_unused_result));

#endif
