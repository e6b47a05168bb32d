/*
 * resolver - all questions that rules ask of tables, in one place.
 *
 * Remembers its answers for the transaction, so that MAIL FROM and From are
 * judged alike even if a table changes in between. Tests put a fake in its
 * place, "explain" one that records. One thread at a time.
 */
#ifndef SUBMIT_POLICY_RESOLVER_H
#define SUBMIT_POLICY_RESOLVER_H

#include "base/arena.h"
#include "base/deadline.h"
#include "base/span.h"
#include "dns/names.h"
#include "policy/watch.h"
#include "table/table.h"

typedef enum lookup resolver_ask(void *context, const struct table *table,
    struct span key, int64_t deadline, struct arena *arena,
    struct span *value_r, const char **error_r);

/* As dns_names_ask(). */
typedef enum lookup resolver_ask_name(void *context, struct dns_names *names,
    struct span name, int64_t deadline, struct arena *arena,
    struct dns_name *name_r, const char **error_r);

struct resolver_answer;
struct resolver_name;

struct resolver {
	const struct watch *watch;	/* or NULL */
	resolver_ask *ask;	/* table_lookup(), or what stands for it */
	enum table_keys (*keys)(const struct table *table);
	resolver_ask_name *ask_name;	/* dns_names_ask(), or ... */
	struct dns_names *names;	/* NULL: the DNS is not asked */
	void *context;
	struct arena *arena;	/* of the transaction */
	int64_t deadline;	/* of the stage; DEADLINE_NEVER at first */
	struct resolver_answer *answers;
	struct resolver_name *known_names;
};

void resolver_init(struct resolver *resolver, struct arena *arena);

/* As table_lookup(), with memory. */
enum lookup resolver_lookup(struct resolver *resolver,
    const struct table *table, struct span key, struct span *value_r,
    const char **error_r) __attribute__((warn_unused_result));

/* What the DNS knows of a folded domain: as dns_names_ask(), with memory. */
enum lookup resolver_domain(struct resolver *resolver, struct span domain,
    struct dns_name *name_r, const char **error_r)
    __attribute__((warn_unused_result));

#endif
