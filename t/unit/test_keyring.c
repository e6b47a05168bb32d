/*
 * test_keyring - key files that are safe, keys that are good.
 * Proves: X14 (unsafe files are refused, key memory is wiped), X11 (sizes
 * and kinds of keys, any number of domains).
 */
#include "sign_fixture.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#define NOBODY 65534u

/* Keys are slow to make: one of each kind for all tests. */
static struct {
	char *folder;
	EVP_PKEY *ed, *rsa;
} made;

static int
make_keys(void **state)
{
	(void)state;
	made.folder = fixture_folder();
	made.ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	made.rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	return made.ed == NULL || made.rsa == NULL ? -1 : 0;
}

static int
drop_keys(void **state)
{
	(void)state;
	fixture_remove(made.folder);
	EVP_PKEY_free(made.ed);
	EVP_PKEY_free(made.rsa);
	return 0;
}

/*
 * Adds FILE to a new keyring and compares. WANT: part of the error, or NULL
 * when the key is to be taken.
 */
static void
try_file(const char *name, const char *file, int minimum_bits,
    struct key_owner owner, const char *want)
{
	struct keyring *keyring = keyring_new();
	char *error = NULL;
	int status;

	assert_non_null(keyring);
	status = keyring_add(keyring, "example.org", "s", file, minimum_bits,
	    &owner, &error);
	if (status == 0 && want != NULL)
		fail_msg("%s: got the key, want \"%s\"", name, want);
	if (status != 0 && want == NULL)
		fail_msg("%s: got \"%s\", want the key", name, error);
	if (want != NULL && (error == NULL || strstr(error, want) == NULL))
		fail_msg("%s: got \"%s\", want \"%s\"", name, error, want);
	if (want != NULL && strncmp(error, "key file ", 9) != 0)
		fail_msg("%s: got \"%s\", want the file named", name, error);
	assert_int_equal(keyring_size(keyring), want == NULL ? 1 : 0);
	assert_int_equal(ERR_peek_error(), 0);
	free(error);
	keyring_free(&keyring);
}

/* --- who can read or write it --------------------------------------------- */

struct safety_case {
	const char *name;
	unsigned mode;		/* of the file */
	unsigned folder_mode;	/* of the folder it is in */
	bool is_others;		/* the file is of user 65534: root only */
	bool is_folder_others;	/* the folder likewise */
	bool is_group_others;	/* its group is not the owner's */
	bool has_link;		/* reached through a symbolic link */
	const char *want;
};

static const struct safety_case safety_cases[] = {
	/* refusals */
	{ .name = "readable by all", .mode = 0644, .folder_mode = 0700,
	    .want = "readable by others (mode 0644): chmod go-rwx it" },
	{ .name = "readable by others only", .mode = 0604,
	    .folder_mode = 0700, .want = "readable by others (mode 0604)" },
	{ .name = "readable by a strange group", .mode = 0640,
	    .folder_mode = 0700, .is_group_others = true,
	    .want = "readable by others (mode 0640)" },
	{ .name = "writable by all", .mode = 0602, .folder_mode = 0700,
	    .want = "writable by others (mode 0602): chmod go-w it" },
	{ .name = "writable by the group", .mode = 0620,
	    .folder_mode = 0700, .want = "writable by others (mode 0620)" },
	{ .name = "readable through a link", .mode = 0644,
	    .folder_mode = 0700, .has_link = true,
	    .want = "readable by others" },
	{ .name = "of another user", .mode = 0600, .folder_mode = 0700,
	    .is_others = true, .want = "belongs to user 65534" },
	{ .name = "in a folder that all can write", .mode = 0600,
	    .folder_mode = 0777,
	    .want = "is writable by others (mode 0777)" },
	{ .name = "in a folder that a group can write", .mode = 0600,
	    .folder_mode = 0770, .want = "chmod go-w it" },
	{ .name = "in such a folder behind a link", .mode = 0600,
	    .folder_mode = 0777, .has_link = true,
	    .want = "is writable by others (mode 0777)" },
	{ .name = "in another user's folder", .mode = 0600,
	    .folder_mode = 0755, .is_folder_others = true,
	    .want = "belongs to user 65534: chown it to root" },
	/* accepted */
	{ .name = "owner only", .mode = 0600, .folder_mode = 0755 },
	{ .name = "read-only", .mode = 0400, .folder_mode = 0700 },
	{ .name = "readable by the service's group", .mode = 0640,
	    .folder_mode = 0750 },
	{ .name = "in a folder with sticky bit", .mode = 0600,
	    .folder_mode = 01777 },
	{ .name = "through a link", .mode = 0600, .folder_mode = 0700,
	    .has_link = true },
};

static void
try_safety(const struct safety_case *c)
{
	struct key_owner owner = { getuid(), getgid() };
	char *folder = fixture_path(made.folder, "in");
	char *file = fixture_path(folder, "key.pem");
	char *link = fixture_path(made.folder, "link");
	gid_t group = c->is_group_others ? NOBODY : getgid();

	if ((c->is_others || c->is_folder_others) && getuid() != 0)
		goto out;
	if (c->is_group_others && getuid() != 0) {
		/* cannot give it away: let the service be of another */
		owner.group = getgid() + 1;
		group = getgid();
	}
	assert_int_equal(mkdir(folder, 0700), 0);
	fixture_write_key(file, made.ed, c->mode);
	assert_int_equal(chown(file, c->is_others ? NOBODY : getuid(),
	    group), 0);
	assert_int_equal(chmod(file, (mode_t)c->mode), 0);
	assert_int_equal(chown(folder, c->is_folder_others ? NOBODY :
	    getuid(), getgid()), 0);
	assert_int_equal(chmod(folder, (mode_t)c->folder_mode), 0);
	if (c->has_link)
		assert_int_equal(symlink("in/key.pem", link), 0);
	if (!c->is_group_others || group != 0)
		try_file(c->name, c->has_link ? link : file, 2048, owner,
		    c->want);
	(void)unlink(link);
	fixture_remove(folder);
	folder = NULL;
out:
	free(folder);
	free(file);
	free(link);
}

static void
test_safety(void **state)
{
	const size_t n = sizeof(safety_cases) / sizeof(safety_cases[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		try_safety(&safety_cases[i]);
}

/* A link in a folder that others can write could be bent to anything. */
static void
test_link_chain(void **state)
{
	struct key_owner owner = { getuid(), getgid() };
	char *loose = fixture_path(made.folder, "loose");
	char *middle = fixture_path(loose, "middle");
	char *first = fixture_path(made.folder, "first");
	char *file = fixture_path(made.folder, "end.pem");
	char *again = fixture_path(made.folder, "again");

	(void)state;
	fixture_write_key(file, made.ed, 0600);
	assert_int_equal(mkdir(loose, 0700), 0);
	assert_int_equal(symlink("../end.pem", middle), 0);
	assert_int_equal(symlink("./loose//middle", first), 0);
	assert_int_equal(symlink("again", again), 0);
	try_file("two links", first, 2048, owner, NULL);
	try_file("round and round", again, 2048, owner,
	    "Too many levels of symbolic links");
	assert_int_equal(chmod(loose, 0777), 0);
	try_file("loose link", first, 2048, owner,
	    "loose is writable by others (mode 0777)");
	(void)unlink(first);
	(void)unlink(again);
	(void)unlink(file);
	free(first);
	free(again);
	free(file);
	free(middle);
	fixture_remove(loose);
}

/* Relative names mean the same file; a service under another user's id. */
static void
test_owner(void **state)
{
	struct key_owner self = { getuid(), getgid() };
	struct key_owner stranger = { getuid() + 1, getgid() + 1 };
	char *file = fixture_path(made.folder, "own.pem");
	char here[4096];

	(void)state;
	fixture_write_key(file, made.ed, 0600);
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(made.folder), 0);
	try_file("relative", "./../../tmp/../tmp/./nowhere.pem", 2048, self,
	    strerror(ENOENT));
	try_file("relative", "own.pem", 2048, self, NULL);
	assert_int_equal(chdir(here), 0);
	if (getuid() != 0)
		try_file("of no service's user", file, 2048, stranger,
		    "belongs to user");
	else
		try_file("of root", file, 2048, stranger, NULL);
	(void)unlink(file);
	free(file);
}

/* An access control list can let in whom the mode does not show. */
static void
test_access_list(void **state)
{
	/* version; user::rw- user:65534:r-- group::--- mask::r-- other::--- */
	static const unsigned char acl[] = { 2, 0, 0, 0,
		1, 0, 6, 0, 0xff, 0xff, 0xff, 0xff,
		2, 0, 4, 0, 0xfe, 0xff, 0, 0,
		4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
		16, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
		32, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
	struct key_owner owner = { getuid(), getgid() };
	struct key_owner nobody = { NOBODY, getgid() };
	char *file = fixture_path(made.folder, "acl.pem");
	bool has_acl;

	(void)state;
	fixture_write_key(file, made.ed, 0600);
	has_acl = setxattr(file, "system.posix_acl_access", acl, sizeof(acl),
	    0) == 0;
	if (has_acl) {
		try_file("list", file, 2048, owner,
		    "readable by others through its access control list");
		if (getuid() == 0)
			try_file("list for the service", file, 2048, nobody,
			    NULL);
	}
	(void)unlink(file);
	free(file);
	if (!has_acl)
		skip();
}

/* --- what is in it -------------------------------------------------------- */

static char *
pem_of(EVP_PKEY *key, bool is_private, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL, *text;
	long len;

	assert_non_null(bio);
	assert_int_equal(is_private ?
	    PEM_write_bio_PKCS8PrivateKey(bio, key, passphrase == NULL ?
	    NULL : EVP_aes_256_cbc(), passphrase, passphrase == NULL ? 0 :
	    (int)strlen(passphrase), NULL, NULL) :
	    PEM_write_bio_PUBKEY(bio, key), 1);
	len = BIO_get_mem_data(bio, &p);
	text = strndup(p, (size_t)len);
	BIO_free(bio);
	assert_non_null(text);
	return text;
}

/* An RSA key with one bit of its modulus turned. */
static char *
pem_of_damaged(void)
{
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(made.rsa, &der);
	const unsigned char *p = der;
	EVP_PKEY *key;
	char *text;

	assert_true(len > 500);
	der[60] ^= 4;
	key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &p, len);
	assert_non_null(key);
	text = pem_of(key, true, NULL);
	EVP_PKEY_free(key);
	OPENSSL_free(der);
	return text;
}

static void
try_text(const char *name, char *text, int minimum_bits, const char *want)
{
	struct key_owner owner = { getuid(), getgid() };
	char *file = fixture_path(made.folder, "text.pem");

	fixture_write(file, text, 0600);
	try_file(name, file, minimum_bits, owner, want);
	assert_int_equal(unlink(file), 0);
	free(file);
	free(text);
}

static void
try_made(const char *name, EVP_PKEY *key, int minimum_bits, const char *want)
{
	assert_non_null(key);
	try_text(name, pem_of(key, true, NULL), minimum_bits, want);
	EVP_PKEY_free(key);
}

static void
test_content(void **state)
{
	char *many = malloc(70000);
	EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);

	(void)state;
	assert_non_null(many);
	assert_non_null(small);
	memset(many, '-', 69999);
	many[69999] = '\0';
	/* refusals */
	try_text("too large", many, 2048, strerror(EFBIG));
	try_text("empty", strdup(""), 2048, "no private key in PEM form");
	try_text("no PEM", strdup("MIIEvQIBADANBgkqhkiG9w0\n"), 2048,
	    "no private key in PEM form");
	try_text("handle", strdup("-----SUBMIT-MILTER KEY-----"), 2048,
	    "no private key in PEM form");
	try_text("public key", pem_of(made.rsa, false, NULL), 2048,
	    "no private key in PEM form");
	try_text("encrypted", pem_of(made.ed, true, "secret"), 2048,
	    "encrypted: store it without a passphrase");
	try_text("damaged", pem_of_damaged(), 2048, "damaged");
	try_text("1024 bits", pem_of(small, true, NULL), 2048,
	    "an RSA key of 1024 bits: at least 2048 are needed");
	try_text("2048 bits", pem_of(made.rsa, true, NULL), 3072,
	    "an RSA key of 2048 bits: at least 3072 are needed");
	try_made("512 bits", EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
	    (size_t)512), 512, "512 bits: at least 1024 are needed");
	try_made("P-256", EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), 2048,
	    "a key of type EC: DKIM knows RSA and Ed25519");
	try_made("Ed448", EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), 2048,
	    "a key of type ED448");
	/* accepted */
	try_text("1024 bits, asked for", pem_of(small, true, NULL), 1024,
	    NULL);
	try_text("RSA", pem_of(made.rsa, true, NULL), 2048, NULL);
	try_text("Ed25519", pem_of(made.ed, true, NULL), 4096, NULL);
	EVP_PKEY_free(small);
}

static void
test_no_file(void **state)
{
	struct key_owner owner = { getuid(), getgid() };
	char *fifo = fixture_path(made.folder, "fifo");

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	try_file("fifo", fifo, 2048, owner, "not a regular file");
	try_file("folder", made.folder, 2048, owner, "not a regular file");
	try_file("missing", "/nonexistent/key.pem", 2048, owner,
	    strerror(ENOENT));
	try_file("below a file", "/etc/passwd/key.pem", 2048, owner,
	    strerror(ENOTDIR));
	(void)unlink(fifo);
	free(fifo);
}

/* --- the ring ------------------------------------------------------------- */

static void
want_add(struct keyring *keyring, const char *domain, const char *selector,
    const char *file, const char *want)
{
	struct key_owner owner = { getuid(), getgid() };
	char *error = NULL;
	int status = keyring_add(keyring, domain, selector, file, 2048,
	    &owner, &error);

	if ((status == 0) != (want == NULL) ||
	    (want != NULL && strstr(error, want) == NULL))
		fail_msg("%s of %s: got \"%s\", want \"%s\"", selector,
		    domain, error, want);
	free(error);
}

static void
test_names(void **state)
{
	char *file = fixture_path(made.folder, "names.pem");
	struct keyring *keyring = keyring_new();

	(void)state;
	fixture_write_key(file, made.ed, 0600);
	want_add(keyring, "", "s", file, "\"\" is no domain");
	want_add(keyring, "example..org", "s", file, "is no domain");
	want_add(keyring, "example.org.", "s", file, "is no domain");
	want_add(keyring, "example.org", "", file, "\"\" is no selector");
	want_add(keyring, "example.org", "a; x=1", file, "is no selector");
	want_add(keyring, "example.org", ".a", file, "is no selector");
	want_add(keyring, "example.org", "2026._a.b-c", file, NULL);
	want_add(keyring, "example.org", "2026._A.B-c", file,
	    "a second key for selector 2026._A.B-c of example.org");
	want_add(keyring, "example.net", "2026._a.b-c", file, NULL);
	assert_int_equal(keyring_size(keyring), 2);
	keyring_free(&keyring);
	assert_null(keyring);
	keyring_free(&keyring);
	(void)unlink(file);
	free(file);
}

/* Two thousand domains are found, each by its own name alone. */
static void
test_many_domains(void **state)
{
	char *file = fixture_path(made.folder, "many.pem");
	struct keyring *keyring = keyring_new();
	char name[64];

	(void)state;
	fixture_write_key(file, made.ed, 0600);
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(name, sizeof(name), "d%d.example.org", i);
		want_add(keyring, name, "a", file, NULL);
		if (i % 2 == 0)
			want_add(keyring, name, "b", file, NULL);
	}
	assert_int_equal(keyring_size(keyring), 3000);
	for (int i = 0; i < 2000; i++) {
		struct key_list list;

		(void)snprintf(name, sizeof(name), "d%d.example.org", i);
		list = keyring_find(keyring, span_of(name));
		assert_int_equal(list.n, i % 2 == 0 ? 2 : 1);
		assert_string_equal(signing_key_domain(list.v[0]), name);
		assert_string_equal(signing_key_selector(list.v[0]), "a");
	}
	assert_int_equal(keyring_find(keyring, SPAN("example.org")).n, 0);
	assert_int_equal(keyring_find(keyring, SPAN("d2000.example.org")).n,
	    0);
	assert_int_equal(keyring_find(keyring, SPAN("")).n, 0);
	keyring_free(&keyring);
	(void)unlink(file);
	free(file);
}

static void
test_attributes(void **state)
{
	char *ed = fixture_path(made.folder, "ed.pem");
	char *rsa = fixture_path(made.folder, "rsa.pem");
	struct keyring *keyring = keyring_new();
	struct key_list list;

	(void)state;
	fixture_write_key(ed, made.ed, 0600);
	fixture_write_key(rsa, made.rsa, 0600);
	want_add(keyring, "example.org", "r", rsa, NULL);
	want_add(keyring, "example.org", "e", ed, NULL);
	list = keyring_find(keyring, SPAN("example.org"));
	assert_int_equal(list.n, 2);
	assert_int_equal(signing_key_algorithm(list.v[0]), KEY_RSA_SHA256);
	assert_string_equal(signing_key_algorithm_name(list.v[0]),
	    "rsa-sha256");
	assert_int_equal(signing_key_bits(list.v[0]), 2048);
	assert_int_equal(signing_key_algorithm(list.v[1]),
	    KEY_ED25519_SHA256);
	assert_string_equal(signing_key_algorithm_name(list.v[1]),
	    "ed25519-sha256");
	assert_int_equal(signing_key_bits(list.v[1]), 256);
	keyring_free(&keyring);
	(void)unlink(ed);
	(void)unlink(rsa);
	free(ed);
	free(rsa);
}

/* --- wiping --------------------------------------------------------------- */

/* What we look for, masked so that it does not find itself. */
struct needle {
	unsigned char masked[32];
};

#define MASK 0x55u

static size_t
count_in(const unsigned char *p, size_t size, const struct needle *needle)
{
	size_t found = 0;

	for (size_t i = 0; i + sizeof(needle->masked) <= size; i++) {
		size_t k = 0;

		while (k < sizeof(needle->masked) &&
		    (p[i + k] ^ MASK) == needle->masked[k])
			k++;
		found += k == sizeof(needle->masked);
	}
	return found;
}

/* How often it stands in memory that this process may write. */
static size_t
count_in_memory(const struct needle *needle)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	size_t found = 0;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		uintptr_t from, to;
		char mode[8];

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &to,
		    mode) == 3 && mode[0] == 'r' && mode[1] == 'w')
			found += count_in((const unsigned char *)from,
			    to - from, needle);
	}
	(void)fclose(maps);
	return found;
}

/* Of each key: octets of its private half, and of its text. */
enum { NEEDLE_OCTETS, NEEDLE_TEXT, NEEDLES };

static void
mask(struct needle *needle, const void *p)
{
	memcpy(needle->masked, p, sizeof(needle->masked));
	for (size_t i = 0; i < sizeof(needle->masked); i++)
		needle->masked[i] ^= MASK;
}

static void
make_ed25519(const char *file, struct needle needles_r[NEEDLES])
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char *text = pem_of(key, true, NULL);
	unsigned char raw[32];
	size_t size = sizeof(raw);

	fixture_write(file, text, 0600);
	assert_int_equal(EVP_PKEY_get_raw_private_key(key, raw, &size), 1);
	mask(&needles_r[NEEDLE_OCTETS], raw);
	/* one line of 64; the last 42 stand for the key */
	mask(&needles_r[NEEDLE_TEXT], strchr(text, '\n') + 1 + 22);
	EVP_PKEY_free(key);
	free(text);
}

static void
make_rsa(const char *file, struct needle needles_r[NEEDLES])
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	char *text = pem_of(key, true, NULL);
	BIGNUM *prime = NULL;
	unsigned char raw[128];

	fixture_write(file, text, 0600);
	assert_int_equal(EVP_PKEY_get_bn_param(key, "rsa-factor1", &prime),
	    1);
	/* as it stands in memory on a little-endian machine */
	assert_int_equal(BN_bn2lebinpad(prime, raw, sizeof(raw)), 128);
	mask(&needles_r[NEEDLE_OCTETS], raw + 48);
	mask(&needles_r[NEEDLE_TEXT], strstr(text, "\n-----END") - 32);
	BN_free(prime);
	EVP_PKEY_free(key);
	free(text);
}

/*
 * Another process makes the key, so that its private half comes into this
 * one by way of keyring_add() alone; it tells us the masked needles.
 */
static void
make_elsewhere(const char *file, bool is_rsa,
    struct needle needles_r[NEEDLES])
{
	struct needle needles[NEEDLES];
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (is_rsa)
			make_rsa(file, needles);
		else
			make_ed25519(file, needles);
		_exit(write(ends[1], needles, sizeof(needles)) !=
		    sizeof(needles));
	}
	assert_int_equal(read(ends[0], needles, sizeof(needles)),
	    sizeof(needles));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
	memcpy(needles_r, needles, sizeof(needles));
}

static void
try_wiped(bool is_rsa)
{
	char *file = fixture_path(made.folder, "wiped.pem");
	struct keyring *keyring = keyring_new();
	struct needle needles[NEEDLES];

	make_elsewhere(file, is_rsa, needles);
	assert_int_equal(count_in_memory(&needles[NEEDLE_OCTETS]), 0);
	want_add(keyring, "example.org", "s", file, NULL);
	/* there it is: so this way of looking finds it */
	assert_true(count_in_memory(&needles[NEEDLE_OCTETS]) > 0);
	assert_int_equal(count_in_memory(&needles[NEEDLE_TEXT]), 0);
	keyring_free(&keyring);
	assert_int_equal(count_in_memory(&needles[NEEDLE_OCTETS]), 0);
	assert_int_equal(count_in_memory(&needles[NEEDLE_TEXT]), 0);
	(void)unlink(file);
	free(file);
}

static void
test_wiped(void **state)
{
	const char *preload = getenv("LD_PRELOAD");

	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip();		/* their memory maps have no end */
#endif
	if (preload != NULL && strstr(preload, "vgpreload") != NULL)
		skip();	/* valgrind takes looking around for a fault */
	try_wiped(false);
	try_wiped(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safety),
		cmocka_unit_test(test_link_chain),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_access_list),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_many_domains),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_wiped),
	};

	return cmocka_run_group_tests_name("keyring", tests, make_keys,
	    drop_keys);
}
