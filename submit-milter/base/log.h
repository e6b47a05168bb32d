/*
 * log - the one way to the operator's log: standard error or syslog.
 *
 * One line for one event. Layers below session never call it: they return
 * what happened. Any thread may log at any time; the target is set by the
 * main thread (start, reload) and read under a lock of this module's own,
 * which is a leaf: nothing else is locked while it is held.
 */
#ifndef SUBMIT_BASE_LOG_H
#define SUBMIT_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG };

enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG };

/*
 * From now on log to TARGET what is at least as urgent as LEVEL. FACILITY
 * is one of syslog(3)'s numbers (LOG_MAIL ...); it is ignored for stderr.
 */
void log_open(enum log_target target, int facility, enum log_level level);

/* Writes one line; line ends and controls in the text come out as "?". */
void log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
