/*
 * mode.c - submitctl mode: the panic switch, and what it stands at.
 */
#include <config.h>

#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/sbuf.h"
#include "control/protocol.h"
#include "ctl/remote.h"
#include "policy/mode.h"

static const char usage[] =
    "usage: submitctl mode [OPTION]... [enforce | sign-only | pass]\n"
    "\n"
    "  enforce    rules count, as the configuration says\n"
    "  sign-only  rules are asked and recorded, but refuse nothing\n"
    "  pass       nothing is asked, edited or signed\n"
    "\n"
    "Without a mode: says which one holds. None lets in who may not submit.\n"
    "\n"
    "      --for TIME           it ends after 30m, 2h, 1d; else after\n"
    "                           panic.time of the configuration\n"
    "      --reason TEXT        for log and status\n"
    CTL_REMOTE_HELP;

struct mode_options {
	struct ctl_remote remote;
	long seconds;		/* 0: as the configuration says */
	const char *reason;	/* NULL: none */
};

enum { OPT_FOR = 256, OPT_REASON };

static void
print_usage(FILE *out)
{
	(void)fputs(usage, out);
}

static int
take_option(void *context, int id, char *value)
{
	struct mode_options *o = context;

	switch (id) {
	case OPT_FOR:
		o->seconds = ctl_duration(value);
		return o->seconds > 0 ? 0 :
		    ctl_fail(EX_USAGE, "--for %s: a time such as 30m, 2h or "
		    "1d is needed", value);
	case OPT_REASON:
		o->reason = value;
		return 0;
	default:
		return ctl_remote_option(&o->remote, id, value);
	}
}

static int
check_arguments(const struct mode_options *o, int count, const char *name)
{
	if (count > 1)
		return ctl_fail(EX_USAGE, "mode: one mode is enough");
	if (name != NULL && mode_find(span_of(name)) == MODE_COUNT)
		return ctl_fail(EX_USAGE, "mode: enforce, sign-only or pass "
		    "is needed, not \"%s\"", name);
	if ((name == NULL || strcmp(name, "enforce") == 0) &&
	    (o->seconds > 0 || o->reason != NULL))
		return ctl_fail(EX_USAGE, "mode: --for and --reason go with "
		    "sign-only and pass");
	return 0;
}

/* Complains, too, when a restart would not find the mode. */
static void
print(const json_t *answer)
{
	const json_t *panic = json_object_get(answer, "panic");

	ctl_put_mode(answer);
	if (json_is_object(panic) &&
	    !json_is_true(json_object_get(panic, "kept")))
		(void)ctl_fail(0, "warning: a restart would end this mode: "
		    "the daemon cannot keep it in its state_directory");
}

static int
ask(const struct mode_options *o, const char *name)
{
	struct sbuf request;
	struct span done;
	json_t *answer = NULL;
	int status;

	sbuf_init(&request, NULL, CONTROL_REQUEST_MOST);
	sbuf_adds(&request, "mode");
	if (name != NULL)
		sbuf_addf(&request, " %s %ld %s", name, o->seconds,
		    o->reason == NULL ? "" : o->reason);
	if (sbuf_done(&request, &done) != 0)
		status = ctl_fail(EX_USAGE, "--reason: is too long");
	else
		status = ctl_remote_ask(&o->remote, done, &answer);
	sbuf_free(&request);
	if (status == 0 && !o->remote.is_json)
		print(answer);
	json_decref(answer);
	return status;
}

int
ctl_mode(int argc, char **argv)
{
	static const struct option names[] = {
		CTL_REMOTE_NAMES,
		{ "for", required_argument, NULL, OPT_FOR },
		{ "reason", required_argument, NULL, OPT_REASON },
		{ NULL, 0, NULL, 0 },
	};
	static const struct ctl_syntax syntax = { "mode", CTL_LETTERS, names,
		print_usage, take_option };
	struct mode_options o = { .seconds = 0 };
	int status = ctl_options(&syntax, argc, argv, &o.remote.source, &o);
	const char *name;

	if (status >= 0)
		return status;
	name = optind < argc ? argv[optind] : NULL;
	status = check_arguments(&o, argc - optind, name);
	return status == 0 ? ask(&o, name) : status;
}
