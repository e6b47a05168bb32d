/*
 * log.c - see log.h.
 */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "base/ascii.h"

#define LINE_MAX_OCTETS 2048

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	enum log_target target;
	int facility;
	enum log_level level;
} state = { LOG_TARGET_STDERR, LOG_MAIL, LOG_LEVEL_INFO }; /* under lock */

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

void
log_open(enum log_target target, int facility, enum log_level level)
{
	pthread_mutex_lock(&lock);
	if (target == LOG_TARGET_SYSLOG)
		openlog("submit-milter", LOG_PID | LOG_NDELAY, facility);
	state.target = target;
	state.facility = facility;
	state.level = level;
	pthread_mutex_unlock(&lock);
}

void
log_write(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_OCTETS];
	va_list ap;

	pthread_mutex_lock(&lock);
	if (level > state.level) {
		pthread_mutex_unlock(&lock);
		return;
	}
	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	for (char *p = line; *p != '\0'; p++)
		if (ascii_is_cntrl((unsigned char)*p))
			*p = '?';
	if (state.target == LOG_TARGET_SYSLOG)
		syslog(levels[level].priority | state.facility, "%s", line);
	else
		(void)fprintf(stderr, "submit-milter: %s: %s\n",
		    levels[level].name, line);
	pthread_mutex_unlock(&lock);
}
