/*
 * pemhook - hands libopendkim a key that is parsed already.
 *
 * A loan is one handing-over of a key. It is offered around the one call of
 * libopendkim that reads the key, in the thread that makes the call, and
 * settled when that DKIM handle is gone. Only signer.c may call it.
 */
#ifndef SUBMIT_SIGN_PEMHOOK_H
#define SUBMIT_SIGN_PEMHOOK_H

#include <stdbool.h>

#include <openssl/types.h>

struct pemhook_loan {
	EVP_PKEY *key;
	bool is_taken;
	BIO *bio;		/* libopendkim's; NULL: gone, or never was */
};

/* To be given to libopendkim in place of the text of a key. */
extern const char pemhook_handle[];

/*
 * From now on whoever reads pemhook_handle in this thread is given KEY, with
 * a reference of its own. The loan must stay where it is until it is
 * settled.
 */
void pemhook_offer(struct pemhook_loan *loan, EVP_PKEY *key);
void pemhook_withdraw(void);

/*
 * The DKIM handle is gone: frees the BIO that the handle was read from,
 * however often libopendkim has done so itself. What became of the
 * reference to the key is the caller's to know.
 */
void pemhook_settle(struct pemhook_loan *loan);

#endif
