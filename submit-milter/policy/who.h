/*
 * who - finds out who submits, and what holds for that one.
 *
 * RFC 6409 section 3.3: SMTP AUTH, else a certificate, else a client address
 * seen elsewhere, else a sender that the MTA vouches for, else a network.
 * Asked once, when MAIL comes.
 * Pure but for the resolver; one thread at a time.
 */
#ifndef SUBMIT_POLICY_WHO_H
#define SUBMIT_POLICY_WHO_H

#include "policy/facts.h"
#include "policy/profile.h"

/*
 * Once facts->sender is there: fills facts->identity with its groups,
 * facts->account and facts->modes.
 * An identity that FACTS have already is kept.
 * What could not be told for want of an answer is noted in
 * facts->identity_error: then rule auth-required is undecided. -1 when
 * there is no memory.
 */
int who_identify(struct facts *facts, const struct profile *profile,
    struct span login) __attribute__((warn_unused_result));

#endif
