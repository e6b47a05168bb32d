/*
 * pemhook - hands libopendkim a key that is parsed already.
 *
 * A loan is one handing-over of a key. It is offered around the one call of
 * libopendkim that reads the key, in the thread that makes the call, and
 * settled when that DKIM handle is gone. Only signer.c may call it.
 */
#ifndef SUBMIT_SIGN_PEMHOOK_H
#define SUBMIT_SIGN_PEMHOOK_H

#include <openssl/types.h>

struct pemhook_loan {
	EVP_PKEY *key;
	BIO *bio;		/* NULL: was not taken */
};

/* To be given to libopendkim in place of the text of a key. */
extern const char pemhook_handle[];

/*
 * From now on whoever reads pemhook_handle in this thread is given KEY. The
 * loan must stay where it is until pemhook_withdraw().
 */
void pemhook_offer(struct pemhook_loan *loan, EVP_PKEY *key);
void pemhook_withdraw(void);

#endif
