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

struct file {
	char *name;		/* without its suffix */
	X509 *cert;
};

struct certs {
	struct file *v;
	size_t n;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name,
	    ((const struct file *)b)->name);
}

static X509 *
read_file(const char *directory, const char *name)
{
	char *path;
	X509 *x509 = NULL;
	FILE *in;

	if (asprintf(&path, "%s/%s" SUFFIX, directory, name) < 0)
		return NULL;
	in = fopen(path, "re");
	free(path);
	if (in == NULL)
		return NULL;
	x509 = PEM_read_X509(in, NULL, NULL, NULL);
	(void)fclose(in);
	ERR_clear_error();
	return x509;
}

static int
add(struct certs *certs, const char *directory, const char *file,
    char **error_r)
{
	size_t len = strlen(file) - strlen(SUFFIX);
	struct file *v = realloc(certs->v, (certs->n + 1) * sizeof(*v));
	struct file *new;

	if (v == NULL)
		return -1;
	certs->v = v;
	new = &v[certs->n];
	*new = (struct file){ .name = strndup(file, len) };
	if (new->name == NULL)
		return -1;
	certs->n++;
	new->cert = read_file(directory, new->name);
	if (new->cert != NULL)
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
		X509_free((*certs)->v[i].cert);
	}
	free((*certs)->v);
	free(*certs);
	*certs = NULL;
}

/* The file for NAME, or NULL. */
static X509 *
find(const struct certs *certs, struct span name)
{
	size_t low = 0, high = certs->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct span have = span_of(certs->v[middle].name);
		size_t n = have.len < name.len ? have.len : name.len;
		int order = memcmp(name.ptr, have.ptr, n);

		if (order == 0 && name.len == have.len)
			return certs->v[middle].cert;
		if (order > 0 || (order == 0 && name.len > have.len))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

X509 *
certs_find(const struct certs *certs, struct span address, struct span domain)
{
	X509 *cert = find(certs, address);

	return cert == NULL ? find(certs, domain) : cert;
}
