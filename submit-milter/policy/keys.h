/*
 * keys - the keys under which tables may name an address.
 *
 * Most specific first: user+ext@domain, user@domain, then user+ext and user
 * where bare users are looked up, @domain, @.parent, @.grandparent ...
 * For the files of policy/. Pure; any thread.
 */
#ifndef SUBMIT_POLICY_KEYS_H
#define SUBMIT_POLICY_KEYS_H

#include "base/arena.h"
#include "base/span.h"
#include "policy/rights.h"
#include "table/table.h"

/* An address in the forms under which rows may name it. */
struct address_keys {
	struct span full;	/* user+ext@domain */
	struct span base;	/* user@domain; empty when the same */
	struct span domain;
	struct span user;	/* user+ext; empty: bare users do not count */
	struct span base_user;	/* user; empty when the same */
};

/* Folds LOCAL and DOMAIN. 0, or -1 when there is no memory. */
int address_keys_make(const struct rights *rights, struct span local,
    struct span domain, struct arena *arena, struct address_keys *keys_r)
    __attribute__((warn_unused_result));

/* Any answer but LOOKUP_NOT_FOUND ends the visit. */
typedef enum lookup key_visitor(void *context, struct span key);

/*
 * Visits the keys that a table of KIND can be asked for. LOOKUP_FAILED also
 * when there is no memory.
 */
enum lookup address_keys_visit(const struct address_keys *keys,
    enum table_keys kind, struct arena *arena, key_visitor *visit,
    void *context) __attribute__((warn_unused_result));

struct resolver;

/* Asks TABLE for the row "group:GROUP". */
enum lookup group_key_ask(struct span group, const struct table *table,
    struct resolver *resolver, struct span *key_r, struct span *value_r,
    const char **error_r) __attribute__((warn_unused_result));

/*
 * Asks TABLE for the row of an identity: by its typed name ("sasl:a@b"), and
 * for a SASL login by the bare one too, without the realm if it has that.
 */
enum lookup identity_keys_ask(const struct identity *identity,
    const struct identity_rules *rules, const struct table *table,
    struct resolver *resolver, struct span *key_r, struct span *value_r,
    const char **error_r) __attribute__((warn_unused_result));

/*
 * The same; without such a row, that of the first of its groups that has one
 * ("group:staff").
 */
enum lookup identity_or_group_ask(const struct identity *identity,
    const struct identity_rules *rules, const struct table *table,
    struct resolver *resolver, struct span *key_r, struct span *value_r,
    const char **error_r) __attribute__((warn_unused_result));

/* Asks TABLE for the keys one by one: the first row found, and its key. */
enum lookup address_keys_ask(const struct address_keys *keys,
    const struct table *table, struct resolver *resolver,
    struct span *key_r, struct span *value_r, const char **error_r)
    __attribute__((warn_unused_result));

/* The same; is IDENTITY one of those that the row names? */
enum lookup address_keys_ask_list(const struct address_keys *keys,
    const struct table *table, struct resolver *resolver,
    const struct identity *identity, const struct identity_rules *rules,
    struct span *key_r, const char **error_r)
    __attribute__((warn_unused_result));

#endif
