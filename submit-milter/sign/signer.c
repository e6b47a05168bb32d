/*
 * signer.c - see signer.h.
 *
 * One DKIM handle of libopendkim a key and message; each is fed the same
 * header and body. What libopendkim does wrong, and where it is put right
 * or kept from happening:
 *
 *	parses the key at each signature	pemhook.c
 *	keeps memory, BIO and key reference
 *	of an Ed25519 signature			allocate(), pemhook.c,
 *						hand_close()
 *	frees BIO and RSA key twice when a
 *	signature fails				pemhook.c, guard()
 *	an Ed25519 signature with an RSA key	keyring.c
 *	folds the field of an Ed25519 signature
 *	otherwise than it has signed it; simple
 *	header canonicalization sees that	header_canon()
 *	goes on with what it has, or loses our
 *	key, when memory is short		is_short, spill()
 *	relaxed body without a CRLF at its end	signing_end()
 *	a bare CR in a relaxed body is lost	the caller
 *	VT and FF of a relaxed header field
 *	count as blanks				fields_refuse()
 *	a list of fields above 4095 octets
 *	is cut, and the order differs then	fields_refuse()
 *
 * So with two keys the body is hashed twice: 7 us more for 4 KB, 150 for
 * 100 KB. Handles share one pass by dkim_resign() alone, which libopendkim
 * has only where it was built with it, as Debian's was not.
 */
#define OPENSSL_SUPPRESS_DEPRECATED	/* EVP_PKEY_get1_RSA() in guard() */
#include "sign/signer.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <dkim.h>

#include "sign/fields.h"
#include "sign/key.h"
#include "sign/pemhook.h"

#define ALGORITHMS 2	/* of enum key_algorithm */
#define ALIGN sizeof(max_align_t)
#define SPILL_MOST 65536u
/* Octets of the line before the value; the folding depends on it. */
#define VALUE_COLUMN (sizeof("DKIM-Signature: ") - 1)

/*
 * What was found out about libopendkim. Written once, by whoever comes
 * first (pthread_once), and only read afterwards.
 */
static struct {
	pthread_once_t once;
	int status;		/* of signer_library_init() */
	bool is_plain;		/* parsed keys are not taken: give text */
	/* by algorithm: the reference to the key is not given back */
	bool keeps_key[ALGORITHMS];
} library = { .once = PTHREAD_ONCE_INIT };

struct signer {
	struct signer_settings settings;
	const char **oversigned;	/* ends with NULL */
	DKIM_LIB *lib;
};

/* One signature in the making. */
struct hand {
	const struct signing_key *key;
	DKIM *dkim;
	struct pemhook_loan loan;
};

/* Memory of a signing that did not fit its arena. */
struct spilt {
	struct spilt *next;
	max_align_t octets[];
};

struct signing {
	const struct signer *signer;
	struct arena *arena;
	struct hand *hands;
	size_t n;
	bool is_plain;		/* as in library, when it began */
	bool is_short;		/* the arena was full: this must fail */
	struct spilt *spilt;
	bool has_body;
	char last[2];		/* the newest octets of the body */
};

/*
 * The arena is full and the signing will fail, but only once libopendkim has
 * returned: refused memory in mid-call, it loses things.
 */
static void *
spill(struct signing *signing, size_t size)
{
	struct spilt *spilt = NULL;

	signing->is_short = true;
	if (size > 0 && size <= SPILL_MOST)
		spilt = malloc(sizeof(*spilt) + size);
	if (spilt == NULL)
		return NULL;
	spilt->next = signing->spilt;
	signing->spilt = spilt;
	return spilt->octets;
}

/*
 * libopendkim's memory is the message's: what it forgets to free goes with
 * the arena. When it is given keys as text, each piece carries its size so
 * that it can be wiped.
 */
static void *
allocate(void *closure, size_t size)
{
	struct signing *signing = closure;
	size_t head = signing->is_plain ? ALIGN : 0;
	char *p = size > SIZE_MAX - head ? NULL :
	    arena_alloc(signing->arena, size + head);

	if (p == NULL)
		p = spill(signing, size + head);
	if (p == NULL)
		return NULL;
	if (head > 0)
		memcpy(p, &size, sizeof(size));
	return p + head;
}

static void
release(void *closure, void *p)
{
	const struct signing *signing = closure;
	size_t size;

	if (p == NULL || !signing->is_plain)
		return;
	memcpy(&size, (char *)p - ALIGN, sizeof(size));
	explicit_bzero(p, size);
}

/* --- the library handle of a configuration ------------------------------ */

/* False when the library does not take them. */
static bool
set_options(struct signer *signer)
{
	uint64_t ttl = (uint64_t)signer->settings.expires;
	const struct field_settings *fields = &signer->settings.fields;
	size_t room = fields->oversigned.n + FIELDS_OVERSIGNED + 1;

	signer->oversigned = calloc(room, sizeof(*signer->oversigned));
	if (signer->oversigned == NULL)
		return false;
	(void)fields_oversigned(fields, signer->oversigned, room);
	if (dkim_options(signer->lib, DKIM_OP_SETOPT, DKIM_OPTS_OVERSIGNHDRS,
	    signer->oversigned, sizeof(signer->oversigned[0])) !=
	    DKIM_STAT_OK)
		return false;
	return ttl == 0 || dkim_options(signer->lib, DKIM_OP_SETOPT,
	    DKIM_OPTS_SIGNATURETTL, &ttl, sizeof(ttl)) == DKIM_STAT_OK;
}

static struct signer *
signer_make(const struct signer_settings *settings)
{
	struct signer *signer = calloc(1, sizeof(*signer));

	if (signer == NULL)
		return NULL;
	signer->settings = *settings;
	signer->lib = dkim_init(allocate, release);
	if (signer->lib == NULL ||
	    !dkim_libfeature(signer->lib, DKIM_FEATURE_SHA256) ||
	    !dkim_libfeature(signer->lib, DKIM_FEATURE_ED25519) ||
	    !set_options(signer))
		signer_free(&signer);
	return signer;
}

void
signer_free(struct signer **signer)
{
	if (*signer == NULL)
		return;
	if ((*signer)->lib != NULL)
		dkim_close((*signer)->lib);
	free((*signer)->oversigned);
	free(*signer);
	*signer = NULL;
}

bool
signer_is_exact(const struct signer *signer)
{
	return signer->settings.header == CANON_SIMPLE;
}

bool
signer_covers(const struct signer *signer, struct span name)
{
	return fields_is_signed(&signer->settings.fields, name);
}

const char *
signer_refuses_header(const struct signer *signer,
    const struct header *header, size_t longest)
{
	return fields_refuse(&signer->settings.fields, header, longest);
}

/* --- one signature ------------------------------------------------------ */

/* Why it failed, for the log. */
static const char *
explain(const struct signing *signing, const struct hand *hand,
    const char *step, DKIM_STAT status)
{
	const char *text = NULL;
	struct span s;

	ERR_clear_error();
	if (signing->is_short || status == DKIM_STAT_NORESOURCE)
		return "no memory left to sign with";
	if (hand->dkim != NULL)
		text = dkim_geterror(hand->dkim);
	if (text == NULL || *text == '\0')
		text = dkim_getresultstr(status);
	s = arena_printf(signing->arena, "DKIM %s with selector %s of %s: %s",
	    step, hand->key->selector, hand->key->domain,
	    text == NULL ? "unknown failure" : text);
	return s.ptr == NULL ? "no memory left to sign with" : s.ptr;
}

/* The key as text, NUL at its end; BIO_free() wipes it. NULL: no memory. */
static BIO *
plain_text(const struct signing_key *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());

	if (bio != NULL &&
	    (PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0,
	    NULL, NULL) != 1 || BIO_write(bio, "", 1) != 1)) {
		BIO_free(bio);
		bio = NULL;
	}
	return bio;
}

static dkim_canon_t
header_canon(const struct signing *signing, const struct hand *hand)
{
	return signing->signer->settings.header == CANON_RELAXED ||
	    hand->key->algorithm == KEY_ED25519_SHA256 ?
	    DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE;
}

static DKIM_STAT
hand_open(struct signing *signing, struct hand *hand, const char *id)
{
	const struct signer *signer = signing->signer;
	const char *text = pemhook_handle;
	DKIM_STAT status = DKIM_STAT_NORESOURCE;
	BIO *bio = NULL;

	if (hand->key->pkey == NULL)
		return DKIM_STAT_INVALID;	/* a nominal one */
	if (signing->is_plain) {
		char *p = NULL;

		bio = plain_text(hand->key);
		if (bio == NULL)
			return DKIM_STAT_NORESOURCE;
		(void)BIO_get_mem_data(bio, &p);
		text = p;
	}
	hand->dkim = dkim_sign(signer->lib, (const unsigned char *)id,
	    signing, (dkim_sigkey_t)(uintptr_t)text,
	    (const unsigned char *)hand->key->selector,
	    (const unsigned char *)hand->key->domain,
	    header_canon(signing, hand),
	    signer->settings.body == CANON_RELAXED ?
	    DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE,
	    hand->key->algorithm == KEY_RSA_SHA256 ?
	    DKIM_SIGN_RSASHA256 : DKIM_SIGN_ED25519SHA256, -1, &status);
	BIO_free(bio);
	if (hand->dkim == NULL)
		return status;
	return hand->key->identity == NULL ? DKIM_STAT_OK :
	    dkim_set_signer(hand->dkim,
	    (const unsigned char *)hand->key->identity);
}

/*
 * When an RSA operation fails, libopendkim frees the RSA object, which is
 * part of our key, at once and again with the handle. It gets one reference
 * more here; where only one is given back after all, our key lives on until
 * the process ends.
 */
static void
guard(struct hand *hand, DKIM_STAT status)
{
	if (status == DKIM_STAT_INTERNAL && hand->loan.is_taken &&
	    hand->key->algorithm == KEY_RSA_SHA256)
		(void)EVP_PKEY_get1_RSA(hand->key->pkey);
}

static void
hand_close(struct hand *hand)
{
	if (hand->dkim == NULL)
		return;
	(void)dkim_free(hand->dkim);
	hand->dkim = NULL;
	pemhook_settle(&hand->loan);
	if (hand->loan.is_taken && library.keeps_key[hand->key->algorithm])
		EVP_PKEY_free(hand->loan.key);
}

/* Gives every handle the fields to be signed. */
static int
feed_header(struct signing *signing, const struct header *header,
    const char **error_r)
{
	size_t most = 0;
	char *text;

	for (size_t i = 0; i < header->n; i++) {
		size_t size = fields_wire(&header->v[i], NULL);

		most = size > most ? size : most;
	}
	text = arena_alloc(signing->arena, most);
	signing->is_short = text == NULL;
	for (size_t i = 0; i < header->n && !signing->is_short; i++) {
		size_t size;

		if (!fields_is_signed(&signing->signer->settings.fields,
		    header->v[i].name))
			continue;
		size = fields_wire(&header->v[i], text);
		for (size_t k = 0; k < signing->n; k++) {
			struct hand *hand = &signing->hands[k];
			DKIM_STAT status = dkim_header(hand->dkim,
			    (unsigned char *)text, size);

			if (status != DKIM_STAT_OK || signing->is_short) {
				*error_r = explain(signing, hand, "header",
				    status);
				return -1;
			}
		}
	}
	if (signing->is_short)
		*error_r = "no memory left to sign with";
	return signing->is_short ? -1 : 0;
}

static int
begin(struct signing *signing, struct key_list keys,
    const struct header *header, struct span id, const char **error_r)
{
	char *name = arena_strdup(signing->arena, id);

	signing->hands = arena_calloc(signing->arena, keys.n,
	    sizeof(*signing->hands));
	if (name == NULL || signing->hands == NULL) {
		*error_r = "no memory left to sign with";
		return -1;
	}
	for (; signing->n < keys.n; signing->n++) {
		struct hand *hand = &signing->hands[signing->n];
		DKIM_STAT status;

		hand->key = keys.v[signing->n];
		status = hand_open(signing, hand, name);
		if (status != DKIM_STAT_OK || signing->is_short) {
			*error_r = explain(signing, hand, "start", status);
			hand_close(hand);
			return -1;
		}
	}
	if (feed_header(signing, header, error_r) != 0)
		return -1;
	for (size_t i = 0; i < signing->n; i++) {
		struct hand *hand = &signing->hands[i];
		DKIM_STAT status = dkim_eoh(hand->dkim);

		if (status != DKIM_STAT_OK || signing->is_short) {
			*error_r = explain(signing, hand, "end of header",
			    status);
			return -1;
		}
	}
	return 0;
}

int
signing_begin(struct signer *signer, struct key_list keys,
    const struct header *header, struct span id, struct arena *arena,
    struct signing **signing_r, const char **error_r)
{
	struct signing *signing = arena_alloc(arena, sizeof(*signing));

	if (signing == NULL) {
		*error_r = "no memory left to sign with";
		return -1;
	}
	signing->signer = signer;
	signing->arena = arena;
	signing->is_plain = library.is_plain;
	if (begin(signing, keys, header, id, error_r) != 0) {
		signing_free(&signing);
		return -1;
	}
	*signing_r = signing;
	return 0;
}

int
signing_body(struct signing *signing, struct span octets,
    const char **error_r)
{
	if (span_is_empty(octets))
		return 0;
	for (size_t i = 0; i < signing->n; i++) {
		struct hand *hand = &signing->hands[i];
		/* libopendkim only reads them */
		DKIM_STAT status = dkim_body(hand->dkim,
		    (unsigned char *)(uintptr_t)octets.ptr, octets.len);

		if (status != DKIM_STAT_OK || signing->is_short) {
			*error_r = explain(signing, hand, "body", status);
			return -1;
		}
	}
	signing->has_body = true;
	signing->last[0] = signing->last[1];
	if (octets.len > 1)
		signing->last[0] = octets.ptr[octets.len - 2];
	signing->last[1] = octets.ptr[octets.len - 1];
	return 0;
}

/* The value of the field with LF for CRLF, in the arena. */
static DKIM_STAT
take_value(struct signing *signing, struct hand *hand, struct span *value_r)
{
	unsigned char *text = NULL;
	size_t len = 0, n = 0;
	DKIM_STAT status;
	char *copy;

	status = dkim_getsighdr_d(hand->dkim, VALUE_COLUMN, &text, &len);
	if (status != DKIM_STAT_OK)
		return status;
	copy = arena_alloc(signing->arena, len + 1);
	if (copy == NULL)
		return DKIM_STAT_NORESOURCE;
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r')
			copy[n++] = (char)text[i];
	*value_r = (struct span){ copy, n };
	return DKIM_STAT_OK;
}

/* The key is offered for the one call that reads and uses it. */
static int
hand_sign(struct signing *signing, struct hand *hand, struct span *value_r,
    const char **error_r)
{
	DKIM_STAT status;

	pemhook_offer(&hand->loan, hand->key->pkey);
	status = dkim_eom(hand->dkim, NULL);
	pemhook_withdraw();
	guard(hand, status);
	if (status == DKIM_STAT_OK && !signing->is_short)
		status = take_value(signing, hand, value_r);
	if (status == DKIM_STAT_OK && !signing->is_short)
		return 0;
	*error_r = explain(signing, hand, "signature", status);
	return -1;
}

int
signing_end(struct signing *signing, const struct signature **v_r,
    size_t *n_r, const char **error_r)
{
	struct signature *v = arena_calloc(signing->arena, signing->n,
	    sizeof(*v));

	if (v == NULL) {
		*error_r = "no memory left to sign with";
		return -1;
	}
	/* The MTA will end the last line; libopendkim fails without. */
	if (signing->has_body &&
	    memcmp(signing->last, "\r\n", 2) != 0 &&
	    signing_body(signing, SPAN("\r\n"), error_r) != 0)
		return -1;
	for (size_t i = 0; i < signing->n; i++) {
		struct hand *hand = &signing->hands[i];

		v[i].key = hand->key;
		if (hand_sign(signing, hand, &v[i].value, error_r) != 0)
			return -1;
	}
	*v_r = v;
	*n_r = signing->n;
	return 0;
}

void
signing_free(struct signing **signing)
{
	if (*signing == NULL)
		return;
	for (size_t i = 0; i < (*signing)->n; i++)
		hand_close(&(*signing)->hands[i]);
	while ((*signing)->spilt != NULL) {
		struct spilt *spilt = (*signing)->spilt;

		(*signing)->spilt = spilt->next;
		free(spilt);
	}
	*signing = NULL;
}

/* --- what this libopendkim does with keys ------------------------------- */

static void
note_key(void *key, void *is_gone, CRYPTO_EX_DATA *ex_data, int index,
    long l, void *p)
{
	(void)key;
	(void)ex_data;
	(void)index;
	(void)l;
	(void)p;
	if (is_gone != NULL)
		*(bool *)is_gone = true;
}

/* Ends SIGNING, made with KEY, and sees whether KEY goes when we drop it. */
static int
learn(struct signing **signing, struct signing_key *key)
{
	bool is_gone = false;
	int index = EVP_PKEY_get_ex_new_index(0, NULL, NULL, NULL, note_key);

	if (index < 0 ||
	    EVP_PKEY_set_ex_data(key->pkey, index, &is_gone) != 1)
		return -1;
	signing_free(signing);
	EVP_PKEY_free(key->pkey);
	library.keeps_key[key->algorithm] = !is_gone;
	if (!is_gone)
		EVP_PKEY_free(key->pkey);
	key->pkey = NULL;
	(void)CRYPTO_free_ex_index(CRYPTO_EX_INDEX_EVP_PKEY, index);
	return 0;
}

/* Signs once with a throw-away key. 0, or -1 when that failed. */
static int
try_key(struct signer *signer, struct arena *arena, struct signing_key *key)
{
	const struct key_list keys = {
		(const struct signing_key *const[]){ key }, 1
	};
	const struct signature *v;
	struct signing *signing = NULL;
	struct header header;
	const char *error;
	size_t n;
	int status;

	header_init(&header, arena);
	status = header_append(&header, SPAN("From"), SPAN(" a@example.org"));
	if (status == 0)
		status = signing_begin(signer, keys, &header, SPAN("trial"),
		    arena, &signing, &error);
	if (status == 0)
		status = signing_end(signing, &v, &n, &error);
	if (signing != NULL && !signing->hands[0].loan.is_taken)
		library.is_plain = true;
	else if (status == 0)
		status = learn(&signing, key);
	signing_free(&signing);
	return status;
}

static int
try_algorithm(struct signer *signer, enum key_algorithm algorithm)
{
	char domain[] = "example.org", selector[] = "trial";
	struct signing_key key = { .domain = domain, .selector = selector,
		.algorithm = algorithm };
	struct arena *arena = arena_new(1u << 20, NULL);
	int status = -1;

	key.pkey = algorithm == KEY_RSA_SHA256 ?
	    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024) :
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (arena != NULL && key.pkey != NULL)
		status = try_key(signer, arena, &key);
	EVP_PKEY_free(key.pkey);
	arena_free(&arena);
	return status;
}

static void
try_library(void)
{
	const struct signer_settings settings = { CANON_RELAXED,
		CANON_RELAXED };
	struct signer *signer = signer_make(&settings);

	library.status = -1;
	if (signer == NULL)
		return;
	library.status = try_algorithm(signer, KEY_RSA_SHA256);
	/* Not taken? Then again with text. */
	if (library.is_plain)
		library.status = try_algorithm(signer, KEY_RSA_SHA256);
	if (library.status == 0)
		library.status = try_algorithm(signer, KEY_ED25519_SHA256);
	signer_free(&signer);
}

int
signer_library_init(const char **warning_r)
{
	*warning_r = NULL;
	if (pthread_once(&library.once, try_library) != 0)
		return -1;
	if (library.is_plain)
		*warning_r = "libopendkim does not take parsed keys here: "
		    "it will read the private key anew for each signature, "
		    "which is slow, and with Ed25519 keys may lose memory";
	return library.status;
}

struct signer *
signer_new(const struct signer_settings *settings)
{
	const char *warning;

	if (signer_library_init(&warning) != 0)
		return NULL;
	return signer_make(settings);
}
