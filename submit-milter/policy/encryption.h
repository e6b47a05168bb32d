/*
 * encryption - to whom mail is encrypted, as a profile has it.
 */
#ifndef SUBMIT_POLICY_ENCRYPTION_H
#define SUBMIT_POLICY_ENCRYPTION_H

#include "policy/facts.h"

/*
 * Is it a recipient of the client's who was accepted? What stands for one
 * later gets what was decided for that one.
 */
bool encryption_counts(const struct facts_recipient *recipient);

/* Is the message, with the recipients that it has by now, to be encrypted? */
bool encryption_is_due(const struct profile *profile,
    const struct facts *facts);

#endif
