/*
 * sign_fixture.c - see sign_fixture.h.
 */
#include "sign_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dkim.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/sbuf.h"
#include "sign/key.h"

/* --- files ---------------------------------------------------------------- */

char *
fixture_folder(void)
{
	char *path = strdup("/tmp/submit-milter-test.XXXXXX");

	assert_non_null(path);
	assert_non_null(mkdtemp(path));
	return path;
}

char *
fixture_path(const char *path, const char *name)
{
	struct sbuf text;

	sbuf_init(&text, NULL, 4096);
	sbuf_addf(&text, "%s/%s", path, name);
	assert_non_null(text.ptr);
	return text.ptr;
}

void
fixture_remove(char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		char *file;

		if (entry->d_name[0] == '.')
			continue;
		file = fixture_path(path, entry->d_name);
		if (unlink(file) == 0)
			free(file);
		else
			fixture_remove(file);
	}
	(void)closedir(folder);
	assert_int_equal(rmdir(path), 0);
	free(path);
}

static FILE *
open_file(const char *file, unsigned mode)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *out;

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, (mode_t)mode), 0);
	out = fdopen(fd, "w");
	assert_non_null(out);
	return out;
}

void
fixture_write(const char *file, const char *text, unsigned mode)
{
	FILE *out = open_file(file, mode);

	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

void
fixture_write_key(const char *file, EVP_PKEY *key, unsigned mode)
{
	FILE *out = open_file(file, mode);

	assert_non_null(key);
	assert_int_equal(PEM_write_PKCS8PrivateKey(out, key, NULL, NULL, 0,
	    NULL, NULL), 1);
	assert_int_equal(fclose(out), 0);
}

/* --- keys ----------------------------------------------------------------- */

static void
add_key(struct sign_fixture *f, const char *selector, EVP_PKEY *key)
{
	char *file = fixture_path(f->folder, selector), *error = NULL;

	fixture_write_key(file, key, 0600);
	EVP_PKEY_free(key);
	if (keyring_add(f->keyring, "example.org", selector, file, 1024,
	    &f->owner, &error) != 0)
		fail_msg("%s", error);
	free(file);
}

void
sign_fixture_setup(struct sign_fixture *f)
{
	const char *warning;

	assert_int_equal(signer_library_init(&warning), 0);
	*f = (struct sign_fixture){ .owner = { getuid(), getgid() } };
	f->folder = fixture_folder();
	f->keyring = keyring_new();
	assert_non_null(f->keyring);
	add_key(f, "rsa", EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
	    (size_t)2048));
	add_key(f, "ed", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
	f->keys = keyring_find(f->keyring, SPAN("example.org"));
	assert_int_equal(f->keys.n, 2);
}

void
sign_fixture_teardown(struct sign_fixture *f)
{
	keyring_free(&f->keyring);
	fixture_remove(f->folder);
}

struct sign_fixture fixture;

int
sign_fixture_begin(void **state)
{
	(void)state;
	sign_fixture_setup(&fixture);
	return 0;
}

int
sign_fixture_end(void **state)
{
	(void)state;
	sign_fixture_teardown(&fixture);
	return 0;
}

/* --- messages ------------------------------------------------------------- */

static size_t
field_end(const char *text)
{
	size_t i = 0;

	while (text[i] != '\0' &&
	    !(text[i] == '\n' && text[i + 1] != ' ' && text[i + 1] != '\t'))
		i++;
	return i;
}

void
fixture_header(struct header *header, const char *text)
{
	while (*text != '\0') {
		struct span line = { text, field_end(text) };
		size_t colon = span_find(line, ':');

		assert_true(colon < line.len);
		assert_int_equal(header_add(header, span_slice(line, 0,
		    colon), span_slice(line, colon + 1, line.len)), 0);
		text += line.len + (text[line.len] == '\n');
	}
}

static void
put_wire(struct sbuf *out, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '\n')
			sbuf_addc(out, '\r');
		sbuf_addc(out, value.ptr[i]);
	}
	sbuf_adds(out, "\r\n");
}

char *
fixture_wire(struct span signature, const struct header *header,
    struct span body, size_t *size_r)
{
	struct sbuf out;

	sbuf_init(&out, NULL, 1u << 26);
	if (!span_is_empty(signature)) {
		sbuf_adds(&out, "DKIM-Signature: ");
		put_wire(&out, signature);
	}
	for (size_t i = 0; i < header->n; i++) {
		sbuf_add(&out, header->v[i].name);
		sbuf_addc(&out, ':');
		put_wire(&out, header->v[i].value);
	}
	sbuf_adds(&out, "\r\n");
	sbuf_add(&out, body);
	if (body.len > 0 && (body.len < 2 ||
	    memcmp(body.ptr + body.len - 2, "\r\n", 2) != 0))
		sbuf_adds(&out, "\r\n");
	assert_false(out.is_failed);
	*size_r = out.len;
	return out.ptr;
}

/* --- the verifier --------------------------------------------------------- */

/* The TXT record of the key that is being verified with. */
static _Thread_local char record[4096];

static DKIM_CBSTAT
look_up(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *buf, size_t size)
{
	(void)dkim;
	(void)sig;
	(void)snprintf((char *)buf, size, "%s", record);
	return DKIM_CBSTAT_CONTINUE;
}

static void
make_record(const struct signing_key *key)
{
	unsigned char *der = NULL, raw[32], base64[3000];
	size_t size = sizeof(raw);
	int len;

	if (key->algorithm == KEY_RSA_SHA256) {
		len = i2d_PUBKEY(key->pkey, &der);
		assert_true(len > 0);
		(void)EVP_EncodeBlock(base64, der, len);
		OPENSSL_free(der);
	} else {
		assert_int_equal(EVP_PKEY_get_raw_public_key(key->pkey, raw,
		    &size), 1);
		(void)EVP_EncodeBlock(base64, raw, (int)size);
	}
	(void)snprintf(record, sizeof(record), "v=DKIM1; k=%s; p=%s",
	    key->algorithm == KEY_RSA_SHA256 ? "rsa" : "ed25519",
	    (char *)base64);
}

/* End of the field that begins at P, its CRLF not included. */
static const char *
wire_field_end(const char *p)
{
	for (;;) {
		p = strstr(p, "\r\n");
		assert_non_null(p);
		if (p[2] != ' ' && p[2] != '\t')
			return p;
		p += 2;
	}
}

/* Field by field: dkim_chunk() cuts those above 64 kB. */
static DKIM_STAT
feed(DKIM *dkim, char *p, const char *end)
{
	DKIM_STAT status = DKIM_STAT_OK;

	while (status == DKIM_STAT_OK && memcmp(p, "\r\n", 2) != 0) {
		const char *to = wire_field_end(p);

		status = dkim_header(dkim, (unsigned char *)p,
		    (size_t)(to - p));
		p += to - p + 2;
	}
	p += 2;
	if (status == DKIM_STAT_OK)
		status = dkim_eoh(dkim);
	if (status == DKIM_STAT_OK && p < end)
		status = dkim_body(dkim, (unsigned char *)p,
		    (size_t)(end - p));
	return status == DKIM_STAT_OK ? dkim_eom(dkim, NULL) : status;
}

bool
fixture_verifies(const char *message, size_t size,
    const struct signing_key *key)
{
	DKIM_LIB *lib = dkim_init(NULL, NULL);
	DKIM_STAT status = DKIM_STAT_INTERNAL;
	char *copy = calloc(1, size + 1);
	DKIM *dkim;

	assert_non_null(lib);
	assert_non_null(copy);
	memcpy(copy, message, size);
	make_record(key);
	(void)dkim_set_key_lookup(lib, look_up);
	dkim = dkim_verify(lib, (const unsigned char *)"test", NULL,
	    &status);
	assert_non_null(dkim);
	status = feed(dkim, copy, copy + size);
	(void)dkim_free(dkim);
	dkim_close(lib);
	free(copy);
	return status == DKIM_STAT_OK;
}
