/*
 * smime.c - see smime.h.
 */
#include "crypt/smime.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include "syntax/transfer.h"

/* Where the entity comes from and goes to. */
struct stream {
	struct span header;
	struct spool *from;
	uint64_t at;		/* of the body */
	struct spool *to;
	struct transfer transfer;
	const char *error;
};

const char *
smime_type(enum smime_cipher cipher)
{
	return cipher == SMIME_AES_256_CBC ? "enveloped-data" :
	    "authEnveloped-data";
}

/* --- ends for OpenSSL ----------------------------------------------------- */

static int
read_entity(BIO *bio, char *to, int room)
{
	struct stream *s = BIO_get_data(bio);
	struct span piece = s->header;
	size_t n;

	BIO_clear_retry_flags(bio);
	if (room <= 0 || s->error != NULL)
		return 0;
	if (piece.len == 0 && spool_read(s->from, s->at, &piece,
	    &s->error) != 0)
		return -1;
	n = piece.len < (size_t)room ? piece.len : (size_t)room;
	if (n > 0)
		memcpy(to, piece.ptr, n);
	if (s->header.len > 0)
		s->header = span_slice(s->header, n, s->header.len);
	else
		s->at += n;
	return (int)n;
}

static int
write_message(BIO *bio, const char *from, int len)
{
	struct stream *s = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (len > 0)
		transfer_feed(&s->transfer, (struct span){ from,
		    (size_t)len });
	return s->error == NULL ? len : -1;
}

static void
take_base64(void *context, struct span octets)
{
	struct stream *s = context;
	const char *error = NULL;

	if (s->error == NULL && spool_write(s->to, octets, &error) != 0)
		s->error = error;
}

static long
control(BIO *bio, int command, long number, void *p)
{
	const struct stream *s = BIO_get_data(bio);

	(void)number;
	(void)p;
	if (command == BIO_CTRL_EOF)
		return s->header.len == 0 && s->at == spool_size(s->from);
	return command == BIO_CTRL_FLUSH;
}

static int
begin(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

static BIO *
make_bio(BIO_METHOD **method_r, struct stream *stream)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "spool");
	BIO *bio;

	*method_r = method;
	if (method == NULL || BIO_meth_set_read(method, read_entity) != 1 ||
	    BIO_meth_set_write(method, write_message) != 1 ||
	    BIO_meth_set_ctrl(method, control) != 1 ||
	    BIO_meth_set_create(method, begin) != 1)
		return NULL;
	bio = BIO_new(method);
	if (bio != NULL)
		BIO_set_data(bio, stream);
	return bio;
}

/* -------------------------------------------------------------------------- */

static STACK_OF(X509) *
stack_of(X509 *const *certs, size_t n)
{
	STACK_OF(X509) *stack = sk_X509_new_null();

	for (size_t i = 0; stack != NULL && i < n; i++)
		if (sk_X509_push(stack, certs[i]) == 0) {
			sk_X509_free(stack);
			return NULL;
		}
	return stack;
}

static int
encrypt(BIO *bio, enum smime_cipher cipher, X509 *const *certs, size_t n)
{
	const unsigned flags = CMS_STREAM | CMS_BINARY;
	STACK_OF(X509) *to = stack_of(certs, n);
	CMS_ContentInfo *cms = NULL;
	int status = -1;

	if (to != NULL)
		cms = CMS_encrypt(to, NULL, cipher == SMIME_AES_256_CBC ?
		    EVP_aes_256_cbc() : EVP_aes_256_gcm(), flags);
	if (cms != NULL && i2d_CMS_bio_stream(bio, cms, bio,
	    (int)flags) == 1)
		status = 0;
	CMS_ContentInfo_free(cms);
	sk_X509_free(to);
	return status;
}

int
smime_encrypt(enum smime_cipher cipher, X509 *const *certs, size_t n,
    struct span header, struct spool *body, struct spool *to,
    const char **error_r)
{
	struct stream *s = calloc(1, sizeof(*s));
	BIO_METHOD *method = NULL;
	BIO *bio;
	int status = -1;

	*error_r = "the message could not be encrypted";
	if (s == NULL)
		return -1;
	s->header = header;
	s->from = body;
	s->to = to;
	transfer_begin(&s->transfer, TRANSFER_BASE64, take_base64, s);
	bio = make_bio(&method, s);
	if (bio != NULL)
		status = encrypt(bio, cipher, certs, n);
	transfer_end(&s->transfer);
	take_base64(s, SPAN("\r\n"));
	if (s->error != NULL) {
		*error_r = s->error;
		status = -1;
	}
	BIO_free(bio);
	BIO_meth_free(method);
	free(s);
	ERR_clear_error();
	return status;
}
