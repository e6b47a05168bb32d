/*
 * health.c - see health.h.
 */
#include "monitor/health.h"

static bool
look_at_audit(struct runtime *runtime, struct sbuf *faults,
    struct sbuf *warnings)
{
	struct audit *audit = runtime_audit(runtime);
	struct audit_usage usage;
	bool is_well = true;

	for (int i = 0; audit_usage(audit, i, &usage); i++) {
		if (!usage.is_on || !usage.is_down)
			continue;
		sbuf_addf(usage.is_required ? faults : warnings,
		    "%s: audit %s cannot be written\n",
		    usage.is_required ? "fault" : "warning", usage.name);
		is_well = is_well && !usage.is_required;
	}
	return is_well;
}

static bool
look_at_store(struct runtime *runtime, struct sbuf *faults,
    struct sbuf *warnings)
{
	struct config *config = runtime_config(runtime);
	bool is_required = config->store.is_required;

	config_unref(&config);
	if (!runtime_store_fails(runtime))
		return true;
	sbuf_addf(is_required ? faults : warnings,
	    "%s: the audit store takes no records\n",
	    is_required ? "fault" : "warning");
	return !is_required;
}

static void
look_at_rest(struct runtime *runtime, struct sbuf *warnings)
{
	enum mode mode = panic_mode(runtime_panic(runtime));

	if (mode != MODE_ENFORCE)
		sbuf_addf(warnings, "warning: mode %s\n", mode_name(mode));
	if (!metrics_last_reload_ok(runtime_metrics(runtime)))
		sbuf_adds(warnings, "warning: the last reload failed, the "
		    "old configuration is in force\n");
}

bool
monitor_health(struct runtime *runtime, struct sbuf *out)
{
	struct sbuf warnings;
	struct span text;
	bool is_well = !runtime_is_stopping(runtime);

	sbuf_init(&warnings, NULL, 4096);
	if (!is_well)
		sbuf_adds(out, "fault: stopping\n");
	is_well = look_at_audit(runtime, out, &warnings) && is_well;
	is_well = look_at_store(runtime, out, &warnings) && is_well;
	look_at_rest(runtime, &warnings);
	if (is_well)
		sbuf_adds(out, "ok\n");
	if (sbuf_done(&warnings, &text) == 0)
		sbuf_add(out, text);
	sbuf_free(&warnings);
	return is_well;
}
