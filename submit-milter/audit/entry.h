/*
 * entry - a record on its way to the sinks: its line, its keys, its fate.
 *
 * Made by the transaction, then shared by the lanes of all sinks, which
 * only read it. Its lock is a leaf and guards what became of it. Reference
 * counted; any thread.
 */
#ifndef SUBMIT_AUDIT_ENTRY_H
#define SUBMIT_AUDIT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* One for each sink there can be; the order of audit/sinks.c's table. */
enum sink_id { SINK_FILE, SINK_SYSLOG, SINK_JOURNAL, SINK_COUNT };

/*
 * By what a record is found again. Values are as the record shows them
 * (recipients hashed where it has them hashed), but as octets instead of
 * JSON text. Empty: there is none.
 */
struct audit_keys {
	int64_t time_us;		/* since 1970 */
	struct span id;			/* of the transaction, or connection */
	struct span session;
	struct span result;		/* "passed", "no-mail" ... */
	struct span queue_id;
	struct span identity;		/* with its type: "sasl:alice" */
	struct span client;		/* address */
	struct span sender;		/* of the envelope */
	struct span message_id;
	const struct span *recipients;	/* of the envelope */
	size_t recipient_count;
};

/*
 * The same id can come twice, when a sink took the record "passed" too late
 * and the message was deferred instead: the later record holds.
 */
struct audit_entry {
	struct span line;		/* JSON; a line end follows its end */
	struct audit_keys keys;
	/* the rest is for the lanes */
	struct entry_fate *fate;
	struct audit_entry *next[SINK_COUNT];
};

/*
 * Copies LINE (without line end) and all of KEYS. One reference, the
 * caller's. NULL when there is no memory.
 */
struct audit_entry *audit_entry_new(struct span line,
    const struct audit_keys *keys) __attribute__((warn_unused_result));

/* Octets of memory that it takes. */
size_t audit_entry_size(const struct audit_entry *entry);

struct audit_entry *audit_entry_ref(struct audit_entry *entry);

/* Gives a reference back. Takes NULL; leaves NULL. */
void audit_entry_unref(struct audit_entry **entry);

/*
 * The sinks of the set SINKS (bits 1 << sink_id) must have it; with
 * IS_WAITED somebody waits for them and none of them may keep it for later.
 * Before anybody else has the entry.
 */
void audit_entry_expect(struct audit_entry *entry, unsigned sinks,
    bool is_waited);

/* Does somebody wait for this sink to have it? */
bool audit_entry_is_waited(const struct audit_entry *entry,
    enum sink_id sink);

/*
 * SINK has it, or never will. True to the one who comes last of those that
 * must have it, when all do and nobody has given it up.
 */
bool audit_entry_settle(struct audit_entry *entry, enum sink_id sink,
    bool is_kept) __attribute__((warn_unused_result));

/*
 * Waits until all have it. 0; or -1 when one failed or DEADLINE (of
 * base/deadline.h) has passed: then it is given up.
 */
int audit_entry_wait(struct audit_entry *entry, int64_t deadline)
    __attribute__((warn_unused_result));

#endif
