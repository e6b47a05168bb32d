/*
 * pemhook.c - see pemhook.h.
 *
 * libopendkim wants the text of a private key and parses it at each
 * signature, which costs more than the signature. It has no call that takes
 * a parsed key, but it parses by PEM_read_bio_PrivateKey(), a function of
 * another shared library. The definition below, in the program itself, is
 * found first by the dynamic linker and takes its place (ELF symbol
 * interposition). The link editor exports it without being told, because a
 * shared library on its command line refers to it, and takes this object
 * out of libsubmit.a because signer.c refers to it. libcrypto's own calls
 * are not affected; other users of the function get what libcrypto would
 * have given them.
 *
 * The handle below is no secret and carries no address: it means "the key
 * that this thread is offered now", and nothing is offered but during the
 * one call that signs with that key. In a key file it would mean nothing:
 * key files are read by the function's "_ex" form.
 *
 * Where this does not work (a static libopendkim, a linker that binds
 * otherwise) the loan is simply not taken; signer_library_init() tries.
 */
#include "sign/pemhook.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

/* libopendkim takes for PEM what begins like this. */
const char pemhook_handle[] = "-----SUBMIT-MILTER KEY-----";

static _Thread_local struct pemhook_loan *offered;

void
pemhook_offer(struct pemhook_loan *loan, EVP_PKEY *key)
{
	*loan = (struct pemhook_loan){ .key = key };
	offered = loan;
}

void
pemhook_withdraw(void)
{
	offered = NULL;
}

static bool
is_handle(BIO *bio)
{
	char *p = NULL;
	long len;

	if (BIO_method_type(bio) != BIO_TYPE_MEM)
		return false;
	len = BIO_get_mem_data(bio, &p);
	return len == (long)strlen(pemhook_handle) && p != NULL &&
	    memcmp(p, pemhook_handle, (size_t)len) == 0;
}

static long
note_free(BIO *bio, int operation, const char *p, size_t size, int i, long l,
    int result, size_t *processed)
{
	(void)p;
	(void)size;
	(void)i;
	(void)l;
	(void)processed;
	if (operation == BIO_CB_FREE)
		((struct pemhook_loan *)(void *)
		    BIO_get_callback_arg(bio))->bio = NULL;
	return result;
}

/*
 * libopendkim may forget the BIO, free it, or (after a failure) free it
 * twice. So it gets a second reference here, and nobody else has one: once
 * the handle is gone the BIO is freed until it says that it is gone too.
 */
void
pemhook_settle(struct pemhook_loan *loan)
{
	while (loan->bio != NULL)
		BIO_free(loan->bio);
}

/* See above. */
__attribute__((visibility("default"), used)) EVP_PKEY *
PEM_read_bio_PrivateKey(BIO *bio, EVP_PKEY **key_r, pem_password_cb *cb,
    void *u)
{
	struct pemhook_loan *loan = offered;

	if (loan == NULL || loan->is_taken || !is_handle(bio))
		return PEM_read_bio_PrivateKey_ex(bio, key_r, cb, u, NULL,
		    NULL);
	if (EVP_PKEY_up_ref(loan->key) != 1)
		return NULL;
	if (BIO_up_ref(bio) != 1) {
		EVP_PKEY_free(loan->key);
		return NULL;
	}
	BIO_set_callback_arg(bio, (char *)loan);
	BIO_set_callback_ex(bio, note_free);
	loan->bio = bio;
	loan->is_taken = true;
	if (key_r != NULL)
		*key_r = loan->key;
	return loan->key;
}
