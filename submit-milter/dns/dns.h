/*
 * dns - questions to the DNS, each with a deadline of ours.
 *
 * Found, not found and failed are three answers, as with tables. The only
 * user of libunbound. A resolver belongs to one thread at a time.
 */
#ifndef SUBMIT_DNS_DNS_H
#define SUBMIT_DNS_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "table/table.h"

struct dns;

/* "1.17.1"; NULL: this build cannot ask the DNS, and *why_r tells why. */
const char *dns_library(const char **why_r);

enum dns_type { DNS_TXT = 16 };

/*
 * SERVER is "ADDRESS" or "ADDRESS:PORT" ("[ADDRESS]:PORT" for IPv6), or
 * NULL: those that the system asks. NULL and *error_r (static) when it
 * cannot be used.
 */
struct dns *dns_open(const char *server, const char **error_r)
    __attribute__((warn_unused_result));

/* Takes NULL; leaves NULL. */
void dns_close(struct dns **dns);

struct dns_answer {
	struct span *v;		/* octets of each record, in the arena */
	size_t n;
};

/* *error_r after LOOKUP_FAILED is static. */
enum lookup dns_ask(struct dns *dns, const char *name, enum dns_type type,
    int64_t deadline, struct arena *arena, struct dns_answer *answer_r,
    const char **error_r) __attribute__((warn_unused_result));

/* The strings of a TXT record, joined. ptr NULL: no memory, or malformed. */
struct span dns_text(struct span record, struct arena *arena);

#endif
