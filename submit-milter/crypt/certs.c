/*
 * certs.c - see certs.h.
 */
#define _GNU_SOURCE	/* asprintf() */
#include "crypt/certs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#define SUFFIX ".pem"

struct cert {
	char *name;		/* of the file, without its suffix */
	struct span der;
};

struct certs {
	struct cert *v;
	size_t n;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct cert *)a)->name,
	    ((const struct cert *)b)->name);
}

/* The DER, from OPENSSL_malloc(); ptr NULL when there is none. */
static struct span
read_file(const char *directory, const char *name)
{
	unsigned char *der = NULL;
	char *path;
	X509 *x509;
	FILE *in;
	int len = 0;

	if (asprintf(&path, "%s/%s" SUFFIX, directory, name) < 0)
		return (struct span){ NULL, 0 };
	in = fopen(path, "re");
	free(path);
	if (in == NULL)
		return (struct span){ NULL, 0 };
	x509 = PEM_read_X509(in, NULL, NULL, NULL);
	(void)fclose(in);
	if (x509 != NULL)
		len = i2d_X509(x509, &der);
	X509_free(x509);
	ERR_clear_error();
	return (struct span){ len > 0 ? (const char *)der : NULL,
	    len > 0 ? (size_t)len : 0 };
}

static int
add(struct certs *certs, const char *directory, const char *file,
    char **error_r)
{
	size_t len = strlen(file) - strlen(SUFFIX);
	struct cert *v = realloc(certs->v, (certs->n + 1) * sizeof(*v));
	struct cert *cert;

	if (v == NULL)
		return -1;
	certs->v = v;
	cert = &v[certs->n];
	*cert = (struct cert){ .name = strndup(file, len) };
	if (cert->name == NULL)
		return -1;
	certs->n++;
	cert->der = read_file(directory, cert->name);
	if (cert->der.ptr != NULL)
		return 0;
	if (asprintf(error_r, "%s/%s: is no certificate in PEM form that we "
	    "can read", directory, file) < 0)
		*error_r = NULL;
	return -1;
}

static int
read_all(struct certs *certs, DIR *from, const char *directory,
    char **error_r)
{
	const struct dirent *entry;

	while ((entry = readdir(from)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len <= strlen(SUFFIX) || entry->d_name[0] == '.' ||
		    strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		if (add(certs, directory, entry->d_name, error_r) != 0)
			return -1;
	}
	if (certs->n > 0)
		qsort(certs->v, certs->n, sizeof(*certs->v), compare);
	return 0;
}

struct certs *
certs_open(const char *directory, char **error_r)
{
	struct certs *certs = calloc(1, sizeof(*certs));
	DIR *from;
	int status;

	*error_r = NULL;
	if (certs == NULL)
		return NULL;
	from = opendir(directory);
	if (from == NULL) {
		if (asprintf(error_r, "%s: %s", directory,
		    strerror(errno)) < 0)
			*error_r = NULL;
		certs_free(&certs);
		return NULL;
	}
	status = read_all(certs, from, directory, error_r);
	(void)closedir(from);
	if (status != 0)
		certs_free(&certs);
	return certs;
}

void
certs_free(struct certs **certs)
{
	if (*certs == NULL)
		return;
	for (size_t i = 0; i < (*certs)->n; i++) {
		free((*certs)->v[i].name);
		OPENSSL_free((void *)(uintptr_t)(*certs)->v[i].der.ptr);
	}
	free((*certs)->v);
	free(*certs);
	*certs = NULL;
}

/* The file for NAME, or NULL. */
static const struct cert *
find(const struct certs *certs, struct span name)
{
	size_t low = 0, high = certs->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct span have = span_of(certs->v[middle].name);
		size_t n = have.len < name.len ? have.len : name.len;
		int order = memcmp(name.ptr, have.ptr, n);

		if (order == 0 && name.len == have.len)
			return &certs->v[middle];
		if (order > 0 || (order == 0 && name.len > have.len))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool
certs_find(const struct certs *certs, struct span address,
    struct span domain, struct span *der_r)
{
	const struct cert *cert = find(certs, address);

	if (cert == NULL)
		cert = find(certs, domain);
	if (cert == NULL)
		return false;
	*der_r = cert->der;
	return true;
}
