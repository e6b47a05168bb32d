/*
 * soak - signs message after message in one process and watches its memory.
 * Proves: X15 (no memory growth over a million signatures).
 *
 *	soak [SIGNATURES]
 *
 * RSA and Ed25519 signatures by turns, one message in eleven broken off
 * half way, and the keys read anew each 10000 messages, as a reload does.
 * Status 0 when resident memory has grown by less than GROWTH_MOST since a
 * tenth of the way; libopendkim's own leak would show after some 2000
 * Ed25519 signatures. 77 (skipped) under a sanitizer, which keeps freed
 * memory.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/arena.h"
#include "sign/keyring.h"
#include "sign/signer.h"

#define SIGNATURES 20000
#define RELOAD 10000
#define GROWTH_MOST 1024	/* kilobytes */
#define DOMAINS 2

static const char *const domains[DOMAINS] = { "rsa.example", "ed.example" };

struct soak {
	char folder[40];
	char files[DOMAINS][64];
	struct keyring *keyring;
	struct signer *signer;
	struct arena *arena;
};

static int
fail(const char *what)
{
	(void)fprintf(stderr, "soak: %s\n", what);
	return -1;
}

/* Kilobytes of this process in memory; -1: cannot be told. */
static long
resident(void)
{
	FILE *in = fopen("/proc/self/statm", "re");
	long all, pages = -1;

	if (in == NULL)
		return -1;
	if (fscanf(in, "%ld %ld", &all, &pages) != 2)
		pages = -1;
	(void)fclose(in);
	return pages < 0 ? -1 : pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int
write_key(const char *file, EVP_PKEY *key)
{
	FILE *out = fopen(file, "wxe");
	int status = -1;

	if (out != NULL && key != NULL && chmod(file, 0600) == 0 &&
	    PEM_write_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) ==
	    1)
		status = 0;
	if (out != NULL && fclose(out) != 0)
		status = -1;
	EVP_PKEY_free(key);
	return status;
}

static int
make_keys(struct soak *soak)
{
	(void)snprintf(soak->folder, sizeof(soak->folder),
	    "/tmp/submit-milter-soak.XXXXXX");
	if (mkdtemp(soak->folder) == NULL)
		return fail("no folder in /tmp");
	for (int i = 0; i < DOMAINS; i++)
		(void)snprintf(soak->files[i], sizeof(soak->files[i]),
		    "%s/%s", soak->folder, domains[i]);
	if (write_key(soak->files[0], EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
	    (size_t)2048)) != 0 || write_key(soak->files[1],
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")) != 0)
		return fail("cannot write keys");
	return 0;
}

/* What a reload does: everything anew, the old thrown away. */
static int
reload(struct soak *soak)
{
	const struct signer_settings settings = { CANON_RELAXED,
		CANON_SIMPLE };
	const struct key_owner owner = { getuid(), getgid() };

	keyring_free(&soak->keyring);
	signer_free(&soak->signer);
	soak->keyring = keyring_new();
	soak->signer = signer_new(&settings);
	if (soak->keyring == NULL || soak->signer == NULL)
		return fail("no memory");
	for (int i = 0; i < DOMAINS; i++) {
		char *error = NULL;
		int status = keyring_add(soak->keyring, domains[i], "s",
		    soak->files[i], 2048, &owner, &error);

		if (status != 0)
			(void)fail(error == NULL ? "no memory" : error);
		free(error);
		if (status != 0)
			return -1;
	}
	return 0;
}

static int
sign(struct soak *soak, const char *domain, bool is_broken_off)
{
	static const char line[] = "The quick brown fox jumps over the lazy "
	    "dog, again and again and again.\r\n";
	struct header header;
	struct signing *signing = NULL;
	const struct signature *v;
	const char *error = "no memory";
	size_t n;
	int status;

	arena_reset(soak->arena);
	header_init(&header, soak->arena);
	status = header_add(&header, SPAN("From"), SPAN(" a@example.org")) |
	    header_add(&header, SPAN("To"), SPAN(" b@example.com")) |
	    header_add(&header, SPAN("Subject"), SPAN(" a\n b"));
	if (status == 0)
		status = signing_begin(soak->signer, keyring_find(
		    soak->keyring, span_of(domain)), &header, SPAN("soak"),
		    soak->arena, &signing, &error);
	for (int i = 0; i < 50 && status == 0; i++)
		status = signing_body(signing, span_of(line), &error);
	if (status == 0 && !is_broken_off)
		status = signing_end(signing, &v, &n, &error);
	signing_free(&signing);
	return status == 0 ? 0 : fail(error);
}

static int
run(struct soak *soak, long count)
{
	long before = -1, after;

	for (long i = 0, signatures = 0; signatures < count; i++) {
		bool is_broken_off = i % 11 == 10;

		if (i % RELOAD == 0 && reload(soak) != 0)
			return -1;
		if (sign(soak, domains[i % DOMAINS], is_broken_off) != 0)
			return -1;
		if (is_broken_off)
			continue;
		if (++signatures == count / 10)
			before = resident();
	}
	after = resident();
	(void)printf("soak: %ld signatures, resident %ld kB after a tenth, "
	    "%ld kB at the end\n", count, before, after);
	if (before < 0 || after < 0)
		return fail("cannot tell the size of this process");
	return after - before < GROWTH_MOST ? 0 : fail("memory has grown");
}

static void
clean_up(struct soak *soak)
{
	keyring_free(&soak->keyring);
	signer_free(&soak->signer);
	arena_free(&soak->arena);
	for (int i = 0; i < DOMAINS; i++)
		(void)unlink(soak->files[i]);
	(void)rmdir(soak->folder);
}

int
main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : SIGNATURES;
	struct soak soak = { .keyring = NULL };
	const char *warning = NULL;
	int status;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return 77;
#endif
	if (count < 10) {
		(void)fputs("usage: soak [SIGNATURES], at least 10\n",
		    stderr);
		return 2;
	}
	if (signer_library_init(&warning) != 0 || warning != NULL) {
		(void)fail(warning == NULL ? "no libopendkim" : warning);
		return 1;
	}
	soak.arena = arena_new(1u << 20, NULL);
	status = soak.arena == NULL ? fail("no memory") : make_keys(&soak);
	if (status == 0)
		status = run(&soak, count);
	clean_up(&soak);
	return status == 0 ? 0 : 1;
}
