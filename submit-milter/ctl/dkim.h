/*
 * dkim - what the files of "submitctl dkim" share.
 *
 * Keys live in dkim.key_directory as DOMAIN/SELECTOR.key, with the time at
 * which they sign in SELECTOR.dates. Each change of a file is one rename or
 * link: who is stopped at any point leaves a state that signs, and the next
 * run goes on from there.
 */
#ifndef SUBMIT_CTL_DKIM_H
#define SUBMIT_CTL_DKIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "ctl/ctl.h"
#include "dns/dns.h"
#include "sign/keyset.h"

/* Exit status beyond 0 and those of <sysexits.h>. */
enum { DKIM_NOT_WELL = 1 };

struct dkim_options {
	struct ctl_source source;
	const char *server;
	const char *form;
	const char *selector;
	const char *algorithm;	/* "rsa", "ed25519" */
	int bits;
	int timeout;		/* ms for one answer of the DNS */
	int lifetime;		/* days a key signs */
	int keep;		/* days its record stays afterwards */
	bool is_forced;
	bool is_now;
	bool is_all;
	char **names;		/* what follows the options */
	int name_count;
};

/* The folder of keys of a loaded configuration, and who owns them. */
struct dkim_place {
	const char *folder;
	struct key_limits limits;
};

typedef int dkim_run(const struct dkim_options *options,
    const struct config *config);

dkim_run dkim_keygen;
dkim_run dkim_record;
dkim_run dkim_check;
dkim_run dkim_list;
dkim_run dkim_rotate;

/* 0, or EX_CONFIG after a complaint. */
int dkim_find_place(const struct config *config, struct dkim_place *place_r)
    __attribute__((warn_unused_result));

/*
 * Keeps other runs that change keys out of the folder until this process
 * ends. Waits a while for one that is at work. 0, or an exit status after a
 * complaint.
 */
int dkim_lock(const struct dkim_place *place)
    __attribute__((warn_unused_result));

/*
 * Makes a key that waits ("not-before: never"), or signs at once. 0, or an
 * exit status after a complaint.
 */
int dkim_make_key(const struct dkim_place *place,
    const struct dkim_options *options, const char *domain,
    const char *selector, bool is_waiting)
    __attribute__((warn_unused_result));

/* "rsa20261121", or with a letter behind it if that one exists. */
int dkim_new_selector(const struct dkim_place *place, const char *domain,
    const char *algorithm, int64_t now, char *selector_r, size_t size)
    __attribute__((warn_unused_result));

/* Writes SELECTOR.dates in one step. */
int dkim_write_dates(const struct dkim_place *place, const char *domain,
    const char *selector, const struct schedule *schedule)
    __attribute__((warn_unused_result));

/* The record of a key as --form wants it. */
int dkim_print_record(const struct dkim_options *options,
    const struct signing_key *key) __attribute__((warn_unused_result));

/*
 * Asks the DNS for the record of a key: 1 it matches, 0 it does not, -1 no
 * answer. *text_r, in the arena, tells.
 */
int dkim_ask(const struct dkim_options *options, struct dns *dns,
    const struct signing_key *key, struct arena *arena,
    const char **text_r) __attribute__((warn_unused_result));

#endif
