/*
 * remote.c - see remote.h.
 */
#include <config.h>

#include "ctl/remote.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/fault.h"
#include "control/client.h"

int
ctl_remote_option(struct ctl_remote *remote, int id, char *value)
{
	if (id == 'S')
		remote->socket = value;
	else
		remote->is_json = true;
	return 0;
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

/* ANSWER, NULL for what is no JSON, is none. */
static int
refused(const json_t *answer, char **text_r)
{
	const char *error = json_string_value(json_object_get(answer,
	    "error"));

	(void)fault(text_r, "the daemon says: %s",
	    error == NULL ? "what is no answer" : error);
	return EX_UNAVAILABLE;
}

int
ctl_remote_try(const char *path, struct span request, int patience,
    json_t **answer_r, char **text_r)
{
	char *line = NULL;
	json_t *answer;
	int status;

	status = status_of(control_ask(path, request, patience, &line,
	    text_r));
	if (status != 0)
		return status;
	answer = json_loads(line, 0, NULL);
	if (json_is_true(json_object_get(answer, "ok"))) {
		*answer_r = answer;
		*text_r = line;
		return 0;
	}
	status = refused(answer, text_r);
	json_decref(answer);
	free(line);
	return status;
}

int
ctl_remote_find(const struct ctl_remote *remote, char **path_r)
{
	struct config *config;
	char *path;

	if (remote->socket != NULL) {
		path = strdup(remote->socket);
	} else {
		config = ctl_source_load(&remote->source, CTL_OPTIONS);
		if (config == NULL)
			return ctl_fail(EX_CONFIG, "--socket PATH reaches "
			    "the daemon without the configuration");
		path = strdup(config->control.socket);
		config_unref(&config);
	}
	if (path == NULL)
		return ctl_fail(EX_OSERR, "out of memory");
	if (path[0] != '\0') {
		*path_r = path;
		return 0;
	}
	free(path);
	return ctl_fail(EX_CONFIG, "control.socket is empty: the daemon "
	    "cannot be asked");
}

int
ctl_remote_ask(const struct ctl_remote *remote, struct span request,
    json_t **answer_r)
{
	char *path, *text = NULL;
	int status = ctl_remote_find(remote, &path);

	if (status != 0)
		return status;
	status = ctl_remote_try(path, request, CTL_REMOTE_PATIENCE, answer_r,
	    &text);
	if (status != 0)
		(void)ctl_fail(status, "%s",
		    text == NULL ? "out of memory" : text);
	else if (remote->is_json)
		(void)puts(text);
	free(text);
	free(path);
	return status;
}

/* --- for people ----------------------------------------------------------- */

const char *
ctl_text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

void
ctl_put_uptime(FILE *out, const json_t *answer)
{
	long long up = json_integer_value(json_object_get(answer, "now")) -
	    json_integer_value(json_object_get(answer, "started"));

	(void)fprintf(out, "%lldd %02lld:%02lld:%02lld", up / 86400,
	    up / 3600 % 24, up / 60 % 60, up % 60);
}

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
