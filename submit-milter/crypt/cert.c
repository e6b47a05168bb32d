/*
 * cert.c - see cert.h.
 */
#define _GNU_SOURCE	/* memmem() */
#include "crypt/cert.h"

#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#define TEXT_MAX ((size_t)256 * 1024)

static void
free_cert(void *cert)
{
	X509_free(cert);
}

/*
 * DER up to its end, or to the comma of a list. 1, 0: it is no certificate,
 * -1.
 */
static int
parse(struct span der, struct arena *arena, X509 **cert_r)
{
	const unsigned char *p = (const unsigned char *)der.ptr;
	const unsigned char *end;
	X509 *cert;
	int status = 0;

	if (der.len == 0 || der.len > TEXT_MAX)
		return 0;
	end = p + der.len;
	cert = d2i_X509(NULL, &p, (long)der.len);
	ERR_clear_error();
	if (cert == NULL)
		return 0;
	if (p == end || *p == ',')
		status = arena_adopt(arena, cert, free_cert) == 0 ? 1 : -1;
	if (status == 1)
		*cert_r = cert;
	else
		X509_free(cert);
	return status;
}

/* What is between the lines of PEM; all of it if it has none. */
static struct span
inside_of(struct span text)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	static const char end[] = "-----END CERTIFICATE-----";
	const char *from = text.len == 0 ? NULL :
	    memmem(text.ptr, text.len, begin, strlen(begin));
	const char *to;

	if (from == NULL)
		return text;
	from += strlen(begin);
	text = span_slice(text, (size_t)(from - text.ptr), text.len);
	to = text.len == 0 ? NULL :
	    memmem(text.ptr, text.len, end, strlen(end));
	return span_slice(text, 0, to == NULL ? 0 : (size_t)(to - text.ptr));
}

/* 1, 0: it is no base64, -1. */
static int
decode(struct span base64, struct arena *arena, struct span *der_r)
{
	unsigned char *packed = arena_alloc(arena, base64.len + 1);
	unsigned char *der = arena_alloc(arena, base64.len + 1);
	size_t n = 0;
	int len;

	if (packed == NULL || der == NULL)
		return -1;
	for (size_t i = 0; i < base64.len; i++)
		if (memchr(" \t\r\n", base64.ptr[i], 4) == NULL)
			packed[n++] = (unsigned char)base64.ptr[i];
	len = EVP_DecodeBlock(der, packed, (int)n);
	/* Padding comes out as NUL. */
	for (; n > 0 && len > 0 && packed[n - 1] == '='; n--)
		len--;
	if (len <= 0)
		return 0;
	*der_r = (struct span){ (const char *)der, (size_t)len };
	return 1;
}

int
cert_read(struct span text, struct arena *arena, X509 **cert_r)
{
	struct span base64 = inside_of(text), der;
	int status;

	if (text.len > TEXT_MAX)
		return 0;
	status = parse(text, arena, cert_r);
	if (status != 0)
		return status;
	base64 = span_slice(base64, 0, span_find(base64, ','));
	status = decode(base64, arena, &der);
	return status == 1 ? parse(der, arena, cert_r) : status;
}

const char *
cert_refuse(X509 *cert, int64_t now)
{
	time_t at = (time_t)now;
	uint32_t flags = X509_get_extension_flags(cert);

	if (X509_cmp_time(X509_get0_notBefore(cert), &at) >= 0)
		return "the certificate is not yet valid";
	if (X509_cmp_time(X509_get0_notAfter(cert), &at) <= 0)
		return "the certificate has expired";
	if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(cert) &
	    (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)) == 0)
		return "the certificate is not for encryption";
	if ((flags & EXFLAG_XKUSAGE) != 0 &&
	    (X509_get_extended_key_usage(cert) &
	    (XKU_SMIME | XKU_ANYEKU)) == 0)
		return "the certificate is not for mail";
	return NULL;
}
