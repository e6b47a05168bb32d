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

/* How many octets of the front of DER are a certificate; 0: none. */
static size_t
measure(struct span der, X509 **x509_r)
{
	const unsigned char *p = (const unsigned char *)der.ptr;

	*x509_r = NULL;
	if (der.len > 0 && der.len <= TEXT_MAX)
		*x509_r = d2i_X509(NULL, &p, (long)der.len);
	ERR_clear_error();
	return *x509_r == NULL ? 0 :
	    (size_t)(p - (const unsigned char *)der.ptr);
}

X509 *
cert_parse(struct span der)
{
	X509 *x509;
	size_t n = measure(der, &x509);

	if (n == der.len)
		return x509;
	X509_free(x509);
	return NULL;
}

/* 1 and all up to the end, or to the comma of a list; 0: it is none. */
static int
read_der(struct span text, struct span *der_r)
{
	X509 *x509;
	size_t n = measure(text, &x509);

	X509_free(x509);
	if (n == 0 || (n < text.len && text.ptr[n] != ','))
		return 0;
	*der_r = span_slice(text, 0, n);
	return 1;
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
cert_read(struct span text, struct arena *arena, struct span *der_r)
{
	struct span base64 = inside_of(text), der;
	int status;

	if (text.len > TEXT_MAX)
		return 0;
	if (read_der(text, &der) == 1) {
		*der_r = arena_span(arena, der);
		return der_r->ptr == NULL ? -1 : 1;
	}
	base64 = span_slice(base64, 0, span_find(base64, ','));
	status = decode(base64, arena, &der);
	if (status == 1)
		status = read_der(der, der_r);
	return status;
}

static const char *
refuse(X509 *x509, int64_t now)
{
	time_t at = (time_t)now;
	uint32_t flags = X509_get_extension_flags(x509);

	if (X509_cmp_time(X509_get0_notBefore(x509), &at) >= 0)
		return "the certificate is not yet valid";
	if (X509_cmp_time(X509_get0_notAfter(x509), &at) <= 0)
		return "the certificate has expired";
	if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(x509) &
	    (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)) == 0)
		return "the certificate is not for encryption";
	if ((flags & EXFLAG_XKUSAGE) != 0 &&
	    (X509_get_extended_key_usage(x509) &
	    (XKU_SMIME | XKU_ANYEKU)) == 0)
		return "the certificate is not for mail";
	return NULL;
}

const char *
cert_refuse(struct span der, int64_t now)
{
	X509 *x509 = cert_parse(der);
	const char *why = x509 == NULL ? "the certificate cannot be read" :
	    refuse(x509, now);

	X509_free(x509);
	return why;
}
