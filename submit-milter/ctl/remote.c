/*
 * remote.c - see remote.h.
 */
#include <config.h>

#include "ctl/remote.h"

#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#include "control/client.h"

void
ctl_remote_init(struct ctl_remote *remote)
{
	*remote = (struct ctl_remote){ .socket = NULL };
	ctl_source_init(&remote->source);
}

int
ctl_remote_option(struct ctl_remote *remote, int c, char *argument)
{
	switch (c) {
	case 'c':
		remote->source.file = argument;
		return 0;
	case 'o':
		return ctl_source_override(&remote->source, argument);
	case 'S':
		remote->socket = argument;
		return 0;
	case 'j':
		remote->is_json = true;
		return 0;
	default:
		return EX_USAGE;
	}
}

static int
status_of(enum control_result result)
{
	switch (result) {
	case CONTROL_ANSWERED:
		return 0;
	case CONTROL_FORBIDDEN:
		return EX_NOPERM;
	case CONTROL_MISUSED:
		return EX_USAGE;
	case CONTROL_UNREACHABLE:
	default:
		return EX_UNAVAILABLE;
	}
}

/* Takes over LINE. */
static int
read_answer(const struct ctl_remote *remote, char *line, json_t **answer_r)
{
	json_t *answer = json_loads(line, 0, NULL);
	const char *error = json_string_value(json_object_get(answer,
	    "error"));
	int status = EX_UNAVAILABLE;

	if (json_is_true(json_object_get(answer, "ok"))) {
		if (remote->is_json)
			(void)puts(line);
		*answer_r = answer;
		free(line);
		return 0;
	}
	(void)ctl_fail(status, "the daemon says: %s",
	    error == NULL ? "what is no answer" : error);
	json_decref(answer);
	free(line);
	return status;
}

static int
ask(const struct ctl_remote *remote, const char *socket, struct span request,
    json_t **answer_r)
{
	char *line = NULL, *error = NULL;
	int status;

	if (socket[0] == '\0')
		return ctl_fail(EX_CONFIG, "control.socket is empty: the "
		    "daemon cannot be asked");
	status = status_of(control_ask(socket, request, &line, &error));
	if (status == 0)
		return read_answer(remote, line, answer_r);
	(void)ctl_fail(status, "%s", error == NULL ? "out of memory" : error);
	free(error);
	return status;
}

int
ctl_remote_ask(const struct ctl_remote *remote, struct span request,
    json_t **answer_r)
{
	struct config *config;
	int status;

	if (remote->socket != NULL)
		return ask(remote, remote->socket, request, answer_r);
	config = ctl_source_load(&remote->source, CTL_OPTIONS);
	if (config == NULL)
		return ctl_fail(EX_CONFIG, "--socket PATH reaches the daemon "
		    "without the configuration");
	status = ask(remote, config->control.socket, request, answer_r);
	config_unref(&config);
	return status;
}

/* --- for people ----------------------------------------------------------- */

void
ctl_put_line(const char *name, const char *text)
{
	(void)printf("%-14s ", name);
	ctl_put(stdout, span_of(text));
	(void)putchar('\n');
}

/* "2026-11-22 10:00:00 +0100" */
void
ctl_put_time(const char *name, const json_t *seconds)
{
	time_t when = (time_t)json_integer_value(seconds);
	char text[64] = "";
	struct tm tm;

	if (localtime_r(&when, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%F %T %z", &tm);
	ctl_put_line(name, text);
}

void
ctl_put_mode(const json_t *answer)
{
	const char *mode = json_string_value(json_object_get(answer, "mode"));
	const json_t *panic = json_object_get(answer, "panic");
	const char *reason = json_string_value(json_object_get(panic,
	    "reason"));

	ctl_put_line("mode", mode == NULL ? "" : mode);
	if (!json_is_object(panic))
		return;
	ctl_put_time("  since", json_object_get(panic, "since"));
	ctl_put_time("  until", json_object_get(panic, "until"));
	(void)printf("%-14s %lld\n", "  by user id", (long long)
	    json_integer_value(json_object_get(panic, "user")));
	if (reason != NULL)
		ctl_put_line("  reason", reason);
}
