/*
 * sinks.c - see sinks.h.
 */
#include "audit/sinks.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "audit/entry.h"
#include "audit/lane.h"
#include "audit/sink.h"
#include "base/deadline.h"
#include "base/sbuf.h"

static const struct sink_kind *const kinds[SINK_COUNT] = {
	[SINK_FILE] = &sink_file,
	[SINK_SYSLOG] = &sink_syslog,
	[SINK_JOURNAL] = &sink_journal,
};

struct audit {
	struct lane_calls calls;
	struct lane *lanes[SINK_COUNT];
	/* Sets of sinks, as bits: */
	atomic_uint required;		/* an entry goes to these first */
	atomic_uint others;		/* and to these after them */
	atomic_int timeout;
	struct histogram waits;		/* of audit_commit() */
};

static bool
has(unsigned sinks, int sink)
{
	return (sinks & 1u << sink) != 0;
}

/* To those that need not have it. Takes over the reference. */
static void
pass_on(void *context, struct audit_entry *entry)
{
	struct audit *audit = context;
	unsigned sinks = atomic_load(&audit->others);

	/* What they lose, they count. */
	for (int i = 0; i < SINK_COUNT; i++)
		if (has(sinks, i))
			(void)lane_push(audit->lanes[i],
			    audit_entry_ref(entry));
	audit_entry_unref(&entry);
}

struct audit *
audit_new(audit_notice *notice)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (audit == NULL)
		return NULL;
	audit->calls = (struct lane_calls){ notice, pass_on, audit };
	for (int i = 0; i < SINK_COUNT; i++) {
		audit->lanes[i] = lane_new((enum sink_id)i, kinds[i],
		    &audit->calls);
		if (audit->lanes[i] == NULL)
			audit_free(&audit);
		if (audit == NULL)
			return NULL;
	}
	return audit;
}

void
audit_free(struct audit **audit)
{
	struct audit *a = *audit;
	unsigned required;

	*audit = NULL;
	if (a == NULL)
		return;
	/* First those that pass on to others. */
	required = atomic_load(&a->required);
	for (int i = 0; i < SINK_COUNT; i++)
		if (has(required, i))
			lane_free(&a->lanes[i]);
	for (int i = 0; i < SINK_COUNT; i++)
		lane_free(&a->lanes[i]);
	free(a);
}

/* --- settings ------------------------------------------------------------- */

static void
close_all(void *sinks[SINK_COUNT])
{
	for (int i = 0; i < SINK_COUNT; i++)
		if (sinks[i] != NULL)
			kinds[i]->close(sinks[i]);
}

static int
fail(const char *sink, const struct sink_note *note, char **error_r)
{
	struct sbuf text;
	struct span done;

	sbuf_init(&text, NULL, sizeof(note->text) + 100);
	sbuf_addf(&text, "audit %s: %s", sink, note->text);
	if (sbuf_done(&text, &done) != 0)
		sbuf_free(&text);
	*error_r = text.ptr;
	return -1;
}

static int
open_all(struct audit *audit, const struct audit_settings *settings,
    void *sinks[SINK_COUNT], char **error_r)
{
	for (int i = 0; i < SINK_COUNT; i++) {
		struct sink_note note = { "" };

		if (!kinds[i]->is_wanted(settings))
			continue;
		if (kinds[i]->open(settings, &sinks[i], &note) != 0)
			return fail(kinds[i]->name, &note, error_r);
		lane_tell(kinds[i], &audit->calls, false, &note);
	}
	return 0;
}

int
audit_configure(struct audit *audit, const struct audit_settings *settings,
    char **error_r)
{
	void *sinks[SINK_COUNT] = { NULL };
	unsigned required = 0, others = 0;

	if (open_all(audit, settings, sinks, error_r) != 0) {
		close_all(sinks);
		return -1;
	}
	for (int i = 0; i < SINK_COUNT; i++) {
		if (sinks[i] != NULL && lane_start(audit->lanes[i]) != 0) {
			close_all(sinks);
			return fail(kinds[i]->name, &(struct sink_note){
			    "cannot start a thread" }, error_r);
		}
	}
	for (int i = 0; i < SINK_COUNT; i++) {
		bool is_required = sinks[i] != NULL && kinds[i]->is_keeper;

		lane_change(audit->lanes[i], &(struct lane_state){
		    sinks[i], is_required });
		if (is_required)
			required |= 1u << i;
		else if (sinks[i] != NULL)
			others |= 1u << i;
	}
	atomic_store(&audit->timeout, settings->timeout);
	atomic_store(&audit->others, others);
	atomic_store(&audit->required, required);
	return 0;
}

/* --- records -------------------------------------------------------------- */

/* To those that must have it. The caller keeps its reference. */
static int
send_out(struct audit *audit, struct audit_entry *entry, bool is_waited)
{
	unsigned sinks = atomic_load(&audit->required);
	int status = 0;

	audit_entry_expect(entry, sinks, is_waited);
	if (sinks == 0)
		pass_on(audit, audit_entry_ref(entry));
	for (int i = 0; i < SINK_COUNT; i++)
		if (has(sinks, i) && lane_push(audit->lanes[i],
		    audit_entry_ref(entry)) != 0)
			status = -1;
	return status;
}

int
audit_commit(struct audit *audit, struct audit_entry *entry)
{
	int64_t deadline = deadline_in(atomic_load(&audit->timeout));
	int64_t began = histogram_now();
	int status;

	if (entry == NULL)
		return -1;
	(void)send_out(audit, entry, true);
	status = audit_entry_wait(entry, deadline);
	histogram_add(&audit->waits, histogram_now() - began);
	if (status != 0)
		for (int i = 0; i < SINK_COUNT; i++)
			lane_withdraw(audit->lanes[i], entry);
	audit_entry_unref(&entry);
	return status;
}

int
audit_post(struct audit *audit, struct audit_entry *entry)
{
	int status;

	if (entry == NULL)
		return -1;
	status = send_out(audit, entry, false);
	audit_entry_unref(&entry);
	return status;
}

bool
audit_drain(struct audit *audit, int64_t deadline)
{
	unsigned required = atomic_load(&audit->required);
	bool is_empty = true;

	/* First those that pass on to others. */
	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < SINK_COUNT; i++)
			if (has(required, i) == (turn == 0) &&
			    !lane_drain(audit->lanes[i], deadline))
				is_empty = false;
	return is_empty;
}

bool
audit_close(struct audit *audit, int64_t deadline)
{
	bool is_empty = audit_drain(audit, deadline);

	for (int i = 0; i < SINK_COUNT; i++)
		lane_change(audit->lanes[i],
		    &(struct lane_state){ .sink = NULL });
	return audit_drain(audit, deadline) && is_empty;
}

bool
audit_usage(struct audit *audit, int index, struct audit_usage *usage_r)
{
	if (index >= SINK_COUNT)
		return false;
	lane_usage(audit->lanes[index], usage_r);
	usage_r->name = kinds[index]->name;
	return true;
}

void
audit_waits(const struct audit *audit, struct histogram_view *view_r)
{
	histogram_read(&audit->waits, view_r);
}
