/*
 * keyring - the private keys of all domains, parsed once.
 *
 * RFC 6376, RFC 8301 (key sizes), RFC 8463 (Ed25519). A keyring is filled
 * while the configuration is read and never changes afterwards; any number
 * of threads may look into it. Key memory is wiped when it is freed.
 */
#ifndef SUBMIT_SIGN_KEYRING_H
#define SUBMIT_SIGN_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/span.h"
#include "sign/schedule.h"

enum key_algorithm { KEY_RSA_SHA256, KEY_ED25519_SHA256 };

/* What i= of a signature says. */
enum signing_identity {
	IDENTITY_NONE,		/* there is none */
	IDENTITY_DOMAIN,	/* the author's domain */
	IDENTITY_ADDRESS,	/* the author's address */
};

struct keyring;
struct signer;
struct signing_key;		/* one domain, selector and private key */

/* Keys of one domain, in the order of the configuration. */
struct key_list {
	const struct signing_key *const *v;
	size_t n;
};

/* Who besides root may own or share a key file. */
struct key_owner {
	uid_t user;
	gid_t group;
};

/* What any key must be like. */
struct key_limits {
	int minimum_rsa_bits;
	struct key_owner owner;
};

/* What holds for keys of one name, wherever they come from. */
struct key_rule {
	const char *name;	/* domain, ".example.org" or "*" */
	bool has_subdomains;	/* sign for domains below it too */
	enum signing_identity identity;
	struct signer *signer;
};

struct keyring *keyring_new(void);

/* Takes NULL; leaves NULL. */
void keyring_free(struct keyring **keyring);

/*
 * Reads a PEM private key from FILE for DOMAIN (folded; or ".DOMAIN" or "*":
 * see keystore.h) and SELECTOR.
 * Refuses a file that anyone but root, OWNER's user and OWNER's group could
 * read or anyone but root and OWNER's user could write (the file itself or,
 * by way of a folder without sticky bit, its path), a file that is not a
 * regular one, an RSA key below MINIMUM_RSA_BITS, a key that is neither RSA
 * nor Ed25519, and a second key of the same domain and selector.
 * 0, or -1 and *error_r: malloc'ed text, the caller's to free, without file
 * and line of the configuration; NULL if even that failed.
 */
int keyring_add(struct keyring *keyring, const char *domain,
    const char *selector, const char *file, int minimum_rsa_bits,
    const struct key_owner *owner, char **error_r)
    __attribute__((warn_unused_result));

/*
 * For who may not read private keys but would know which ones would sign:
 * adds a key by name alone. Such a keyring is "nominal": it cannot sign.
 * 0, or -1 when there is no memory.
 */
int keyring_add_name(struct keyring *keyring, const char *domain,
    const char *selector) __attribute__((warn_unused_result));

/* The same for keys that are elsewhere. */
void keyring_set_nominal(struct keyring *keyring);

bool keyring_is_nominal(const struct keyring *keyring);

/* The keys of exactly that domain (folded); n is 0 when it has none. */
struct key_list keyring_find(const struct keyring *keyring,
    struct span domain);

/* When a key that was added may sign; at first, always. */
void keyring_set_schedule(struct keyring *keyring, const char *domain,
    const char *selector, const struct schedule *schedule);

/* RULE must outlive the keyring. 0, or -1 when there is no memory. */
int keyring_set_rule(struct keyring *keyring, const struct key_rule *rule)
    __attribute__((warn_unused_result));

/* The rule of exactly that name, or NULL. */
const struct key_rule *keyring_rule(const struct keyring *keyring,
    struct span name);

typedef void keyring_visit(void *context, const struct signing_key *key);

/* Every key, in no order. */
void keyring_each(const struct keyring *keyring, keyring_visit *visit,
    void *context);

/* Number of keys. */
size_t keyring_size(const struct keyring *keyring);

const char *signing_key_domain(const struct signing_key *key);
const char *signing_key_selector(const struct signing_key *key);
enum key_algorithm signing_key_algorithm(const struct signing_key *key);
const struct schedule *signing_key_schedule(const struct signing_key *key);
/* "rsa-sha256", "ed25519-sha256" */
/* "rsa-sha256", as "a=" has it. */
const char *key_algorithm_name(enum key_algorithm algorithm);
const char *signing_key_algorithm_name(const struct signing_key *key);
/* Modulus size of an RSA key, 256 for Ed25519. */
int signing_key_bits(const struct signing_key *key);

#endif
