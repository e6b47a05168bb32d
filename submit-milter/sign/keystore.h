/*
 * keystore - finds the keys for a domain, wherever they are.
 *
 * For author's domain a.example.org it asks, until one has keys:
 *
 *	a.example.org		signs with d=a.example.org
 *	.example.org		d=a.example.org: all below share keys
 *	example.org		d=example.org, where subdomains are allowed
 *	.org, org		likewise
 *	*			d=a.example.org: keys shared by all
 *
 * and for each of these names: the keyring of the configuration, the folder
 * (plain domains only), the table. Of the keys found, those sign whose
 * schedule holds at the time of the message; where some of one algorithm
 * have a not-before, only the latest of them. RSA comes first. Any thread.
 */
#ifndef SUBMIT_SIGN_KEYSTORE_H
#define SUBMIT_SIGN_KEYSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "policy/resolver.h"
#include "sign/keyring.h"
#include "table/table.h"

/* All that it points to must outlive the keystore. */
struct keystore_settings {
	const struct keyring *keyring;
	const char *folder;		/* DOMAIN/SELECTOR.key; empty: none */
	const struct table *table;	/* or NULL */
	struct key_limits limits;
	size_t cache_size;		/* names whose keys are kept */
	struct key_rule rule;		/* for names that have none */
};

struct keystore;
struct keyset;

/* Reads no key. NULL when there is no memory. */
struct keystore *keystore_new(const struct keystore_settings *settings);
/* Takes NULL; leaves NULL. */
void keystore_free(struct keystore **store);

/*
 * Before STORE is used: takes over what OLD has read, if it was read from
 * the same place by the same rules. OLD may be in use.
 */
void keystore_adopt(struct keystore *store, const struct keystore *old);

struct key_question {
	struct span domain;		/* the author's, folded; may be empty */
	struct span address;		/* the author's, or empty */
	int64_t now;			/* seconds since 1970 */
	struct resolver *resolver;	/* for the table */
	struct arena *arena;
};

struct key_answer {
	struct key_list keys;		/* in the arena */
	/* There are keys, but none of them may sign now. */
	bool is_out_of_schedule;
	struct signer *signer;		/* to sign with */
	/* NULL, or what was found wrong just now: for the log, in the arena */
	const char *fault;
	struct keyset *held;		/* keystore_release() */
};

/*
 * 0 and the answer, which is good until keystore_release(); or -1 and
 * *error_r, in the arena or static: nothing can be said.
 */
int keystore_find(struct keystore *store, const struct key_question *question,
    struct key_answer *answer_r, const char **error_r)
    __attribute__((warn_unused_result));

void keystore_release(struct key_answer *answer);

/* One key, or something wrong; either is NULL. */
typedef void keystore_visit(void *context, const struct signing_key *key,
    const char *fault);

/*
 * Reads every key of keyring, folder and table. *is_all_r is false when the
 * table cannot tell its rows: its keys are read when they are first needed.
 * 0, or -1 when something was wrong.
 */
int keystore_check(struct keystore *store, keystore_visit *visit,
    void *context, bool *is_all_r) __attribute__((warn_unused_result));

const struct keystore_settings *keystore_settings(
    const struct keystore *store);

/* How many names of folder and table it holds keys of. */
size_t keystore_cached(const struct keystore *store);

/* How often such a name was asked for: it held the keys, or had to read. */
void keystore_usage(const struct keystore *store, uint64_t *hits_r,
    uint64_t *misses_r);

/* True when no domain has a key. */
bool keystore_is_empty(const struct keystore *store);

#endif
