/*
 * syslog.c - the sink that is syslog(3): one message a record. Syslog does
 * not tell whether it kept one, so this never fails.
 */
#include "audit/sink.h"

#include <stdlib.h>
#include <syslog.h>

struct syslog_sink {
	int facility;
};

static bool
syslog_is_wanted(const struct audit_settings *settings)
{
	return settings->syslog;
}

static int
syslog_open(const struct audit_settings *settings, void **sink_r,
    struct sink_note *note)
{
	struct syslog_sink *log = malloc(sizeof(*log));

	(void)note;
	if (log == NULL)
		return -1;
	log->facility = settings->facility;
	*sink_r = log;
	return 0;
}

static int
syslog_commit(void *sink, struct audit_entry *const *batch, size_t n,
    struct sink_note *note)
{
	const struct syslog_sink *log = sink;

	(void)note;
	for (size_t i = 0; i < n; i++)
		syslog(LOG_INFO | log->facility, "%.*s",
		    SPAN_ARG(batch[i]->line));
	return 0;
}

static int
syslog_reopen(void *sink, struct sink_note *note)
{
	(void)sink;
	(void)note;
	return 0;
}

const struct sink_kind sink_syslog = {
	.name = "syslog",
	.is_wanted = syslog_is_wanted,
	.open = syslog_open,
	.commit = syslog_commit,
	.reopen = syslog_reopen,
	.close = free,
};
