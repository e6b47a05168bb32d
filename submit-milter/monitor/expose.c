/*
 * expose.c - see expose.h.
 */
#include <config.h>

#include "monitor/expose.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "audit/feed.h"
#include "limit/meter.h"
#include "metrics/exposition.h"

#define SECOND 1000000u		/* microseconds */

static uint64_t
seconds(int64_t since_1970)
{
	return since_1970 < 0 ? 0 : (uint64_t)since_1970;
}

/* --- the process ---------------------------------------------------------- */

/* 0: it cannot be told. */
static uint64_t
resident_octets(void)
{
	unsigned long long all = 0, resident = 0;
	FILE *in = fopen("/proc/self/statm", "re");

	if (in == NULL)
		return 0;
	if (fscanf(in, "%llu %llu", &all, &resident) != 2)
		resident = 0;
	(void)fclose(in);
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void
expose_process(struct runtime *runtime, struct sbuf *out)
{
	struct timespec cpu = { 0, 0 };

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	exposition_family(out, FAMILY_BUILD);
	exposition_number(out, FAMILY_BUILD, LABELS(PACKAGE_VERSION), 1);
	exposition_single(out, FAMILY_STARTED,
	    seconds(runtime_started(runtime)));
	exposition_family(out, FAMILY_CPU);
	exposition_time(out, FAMILY_CPU, LABELS(NULL),
	    (uint64_t)cpu.tv_sec * SECOND + (uint64_t)cpu.tv_nsec / 1000);
	exposition_single(out, FAMILY_RESIDENT, resident_octets());
	exposition_single(out, FAMILY_STOPPING,
	    runtime_is_stopping(runtime) ? 1 : 0);
}

/* --- the runtime ---------------------------------------------------------- */

static void
expose_mode(struct runtime *runtime, struct sbuf *out)
{
	enum mode mode = panic_mode(runtime_panic(runtime));

	exposition_family(out, FAMILY_MODE);
	for (int i = 0; i < MODE_COUNT; i++)
		exposition_number(out, FAMILY_MODE,
		    LABELS(mode_name((enum mode)i)), i == (int)mode ? 1 : 0);
}

static void
expose_configuration(struct runtime *runtime, const struct config *config,
    struct sbuf *out)
{
	exposition_single(out, FAMILY_GENERATION,
	    runtime_generation(runtime));
	exposition_single(out, FAMILY_LOADED, seconds(config->loaded));
}

static void
expose_work(struct runtime *runtime, struct sbuf *out)
{
	const struct arena_budget *budget = runtime_budget(runtime);
	uint64_t taken, refused;

	exposition_single(out, FAMILY_NO_MAIL,
	    runtime_counted(runtime, COUNT_CONNECTIONS));
	exposition_single(out, FAMILY_TRANSACTIONS,
	    runtime_transactions(runtime));
	exposition_single(out, FAMILY_TRANSFERS,
	    runtime_counted(runtime, COUNT_TRANSFERS));
	exposition_single(out, FAMILY_PANIC,
	    runtime_counted(runtime, COUNT_PANIC));
	exposition_single(out, FAMILY_MEMORY, atomic_load(&budget->used));
	exposition_single(out, FAMILY_MEMORY_LIMIT, budget->ceiling);
	meter_usage(runtime_meter(runtime), &taken, &refused);
	exposition_family(out, FAMILY_POSTMASTER);
	exposition_number(out, FAMILY_POSTMASTER, LABELS("taken"), taken);
	exposition_number(out, FAMILY_POSTMASTER, LABELS("over-limit"),
	    refused);
}

static void
expose_keys(const struct config *config, struct sbuf *out)
{
	uint64_t hits, misses;

	keystore_usage(config->keystore, &hits, &misses);
	exposition_family(out, FAMILY_KEY_CACHE);
	exposition_number(out, FAMILY_KEY_CACHE, LABELS("hit"), hits);
	exposition_number(out, FAMILY_KEY_CACHE, LABELS("miss"), misses);
	exposition_single(out, FAMILY_KEY_CACHE_NAMES,
	    keystore_cached(config->keystore));
}

/* --- tables: one family after the other, as the format wants it ----------- */

static void
expose_lookups(struct sbuf *out, const char *name,
    const struct table_usage *usage)
{
	static const char *const answers[] = {
		[LOOKUP_FOUND] = "found",
		[LOOKUP_NOT_FOUND] = "not-found",
		[LOOKUP_FAILED] = "failed",
	};

	for (int i = 0; i <= LOOKUP_FAILED; i++)
		exposition_number(out, FAMILY_LOOKUPS,
		    LABELS(name, answers[i]), usage->answers[i]);
}

static void
expose_time(struct sbuf *out, const char *name,
    const struct table_usage *usage)
{
	exposition_histogram(out, FAMILY_LOOKUP_TIME, LABELS(name),
	    &usage->time);
}

static void
expose_cache(struct sbuf *out, const char *name,
    const struct table_usage *usage)
{
	if (!usage->has_cache)
		return;
	exposition_number(out, FAMILY_CACHE, LABELS(name, "hit"),
	    usage->hits);
	exposition_number(out, FAMILY_CACHE, LABELS(name, "miss"),
	    usage->misses);
}

static void
expose_pool(struct sbuf *out, const char *name,
    const struct table_usage *usage)
{
	if (usage->has_server)
		exposition_number(out, FAMILY_POOL, LABELS(name),
		    usage->connections);
}

static void
expose_waits(struct sbuf *out, const char *name,
    const struct table_usage *usage)
{
	if (usage->has_server)
		exposition_number(out, FAMILY_POOL_WAITS, LABELS(name),
		    usage->waits);
}

static void
expose_tables(const struct config *config, struct sbuf *out)
{
	static const struct {
		enum family family;
		void (*expose)(struct sbuf *out, const char *name,
		    const struct table_usage *usage);
	} all[] = {
		{ FAMILY_LOOKUPS, expose_lookups },
		{ FAMILY_LOOKUP_TIME, expose_time },
		{ FAMILY_CACHE, expose_cache },
		{ FAMILY_POOL, expose_pool },
		{ FAMILY_POOL_WAITS, expose_waits },
	};
	struct table_usage usage;

	for (size_t f = 0; f < sizeof(all) / sizeof(all[0]); f++) {
		exposition_family(out, all[f].family);
		for (size_t i = 0; i < config->table_count; i++) {
			table_usage(config->tables[i], &usage);
			all[f].expose(out, table_name(config->tables[i]),
			    &usage);
		}
	}
}

/* --- the audit ------------------------------------------------------------ */

static uint64_t
audit_value(const struct audit_usage *usage, enum family family)
{
	switch ((int)family) {
	case FAMILY_AUDIT_UP:
		return usage->is_down ? 0 : 1;
	case FAMILY_AUDIT_QUEUE:
		return usage->records;
	case FAMILY_AUDIT_OCTETS:
		return usage->octets;
	case FAMILY_AUDIT_RECORDS:
		return usage->written;
	case FAMILY_AUDIT_FAILURES:
		return usage->failures;
	default:
		return usage->lost;
	}
}

/* Those that are configured, or once were. */
static bool
is_shown(const struct audit_usage *usage)
{
	return usage->is_on || usage->written > 0 || usage->lost > 0;
}

static void
expose_audit(struct audit *audit, struct sbuf *out)
{
	static const enum family all[] = { FAMILY_AUDIT_UP,
		FAMILY_AUDIT_QUEUE, FAMILY_AUDIT_OCTETS,
		FAMILY_AUDIT_RECORDS, FAMILY_AUDIT_FAILURES,
		FAMILY_AUDIT_LOST };
	struct audit_usage usage;
	struct histogram_view waits;

	for (size_t f = 0; f < sizeof(all) / sizeof(all[0]); f++) {
		exposition_family(out, all[f]);
		for (int i = 0; audit_usage(audit, i, &usage); i++)
			if (is_shown(&usage))
				exposition_number(out, all[f],
				    LABELS(usage.name),
				    audit_value(&usage, all[f]));
	}
	audit_waits(audit, &waits);
	exposition_family(out, FAMILY_AUDIT_WAIT);
	exposition_histogram(out, FAMILY_AUDIT_WAIT, LABELS(NULL), &waits);
	exposition_family(out, FAMILY_AUDIT_COMMIT);
	for (int i = 0; audit_usage(audit, i, &usage); i++)
		if (is_shown(&usage))
			exposition_histogram(out, FAMILY_AUDIT_COMMIT,
			    LABELS(usage.name), &usage.commit);
}

static void
expose_store(struct runtime *runtime, struct sbuf *out)
{
	uint64_t failures;
	int64_t lag;
	bool is_fed = feed_usage(runtime_feed(runtime), &lag, &failures);

	exposition_family(out, FAMILY_STORE_UP);
	if (is_fed)
		exposition_number(out, FAMILY_STORE_UP, LABELS(NULL),
		    runtime_store_fails(runtime) ? 0 : 1);
	exposition_family(out, FAMILY_STORE_LAG);
	if (is_fed)
		exposition_number(out, FAMILY_STORE_LAG, LABELS(NULL),
		    seconds(lag));
	exposition_family(out, FAMILY_STORE_FAILURES);
	if (is_fed)
		exposition_number(out, FAMILY_STORE_FAILURES, LABELS(NULL),
		    failures);
}

/* -------------------------------------------------------------------------- */

void
monitor_expose(struct runtime *runtime, struct sbuf *out)
{
	struct config *config = runtime_config(runtime);

	expose_process(runtime, out);
	expose_mode(runtime, out);
	expose_configuration(runtime, config, out);
	metrics_expose(runtime_metrics(runtime), out);
	expose_work(runtime, out);
	expose_keys(config, out);
	expose_tables(config, out);
	expose_audit(runtime_audit(runtime), out);
	expose_store(runtime, out);
	config_unref(&config);
}
