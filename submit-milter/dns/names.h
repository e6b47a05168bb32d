/*
 * names - what the DNS knows of mail domains, asked by all threads at once.
 *
 * Does a domain exist, does it take mail (RFC 7505), what is its canonical
 * name (RFC 5321 section 5.1)? All threads share one resolver and its cache,
 * which keeps answers as long as their TTL says, in bounded memory, and
 * outlives a reload that leaves the settings as they are. A question is asked
 * once, however many wait for its answer; who waits does so until its own
 * deadline, and more than a fixed number never wait. Any thread.
 */
#ifndef SUBMIT_DNS_NAMES_H
#define SUBMIT_DNS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "table/table.h"

struct dns_names;

struct dns_settings {
	const char **servers;	/* "ADDRESS", "ADDRESS:PORT" */
	size_t server_count;	/* 0: those that the system asks */
	int waiting;		/* threads that may wait at a time */
};

/*
 * The resolver with these settings: that which is open already, or a new one.
 * NULL and *error_r (static) when it cannot be used.
 */
struct dns_names *dns_names_open(const struct dns_settings *settings,
    const char **error_r) __attribute__((warn_unused_result));

/* Gives it back; the last one closes it. Takes NULL; leaves NULL. */
void dns_names_close(struct dns_names **names);

struct dns_name {
	bool takes_no_mail;	/* its only MX is "." */
	struct span canonical;	/* in the arena; empty: its own name */
};

/*
 * Asks about NAME, folded as domain_fold() does. LOOKUP_NOT_FOUND: there is no
 * such name. *error_r after LOOKUP_FAILED is static.
 */
enum lookup dns_names_ask(struct dns_names *names, struct span name,
    int64_t deadline, struct arena *arena, struct dns_name *name_r,
    const char **error_r) __attribute__((warn_unused_result));

#endif
