/*
 * sendmail-shim.c - lets Sendmail run in the lab, preloaded into it.
 *
 * Of its functions, two have no setting: at start it waits a minute for a
 * host name with a dot, before it reads its configuration; and it logs by
 * syslog(3) alone, to which nobody may listen. Here the name of the host is
 * that in LAB_HOST_NAME, and the log is the file LAB_MAIL_LOG. Both are read
 * at once, because Sendmail clears its environment; the file is opened for
 * each line, because it closes descriptors that it does not know.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static char host_name[256];
static char log_path[256];

static void
keep(char *to, size_t room, const char *variable)
{
	const char *value = getenv(variable);

	if (value != NULL && strlen(value) < room)
		memcpy(to, value, strlen(value) + 1);
}

__attribute__((constructor)) static void
begin(void)
{
	keep(host_name, sizeof(host_name), "LAB_HOST_NAME");
	keep(log_path, sizeof(log_path), "LAB_MAIL_LOG");
}

int
gethostname(char *name, size_t len)
{
	if (strlen(host_name) >= len) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, host_name, strlen(host_name) + 1);
	return 0;
}

static void
write_line(const char *format, va_list ap)
{
	char line[8192];
	time_t now = time(NULL);
	struct tm tm;
	size_t n;
	int fd, printed;

	if (gmtime_r(&now, &tm) == NULL)
		return;
	n = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ ", &tm);
	n += (size_t)snprintf(line + n, sizeof(line) - n, "sendmail[%d]: ",
	    (int)getpid());
	printed = vsnprintf(line + n, sizeof(line) - n, format, ap);
	if (printed < 0)
		return;
	n += (size_t)printed;
	if (n > sizeof(line) - 1)
		n = sizeof(line) - 1;
	line[n++] = '\n';
	fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	if (write(fd, line, n) < 0)
		(void)fputs("sendmail-shim: cannot write the log\n", stderr);
	(void)close(fd);
}

void
syslog(int priority, const char *format, ...)
{
	va_list ap;

	(void)priority;
	va_start(ap, format);
	write_line(format, ap);
	va_end(ap);
}

void
vsyslog(int priority, const char *format, va_list ap)
{
	(void)priority;
	write_line(format, ap);
}

/* What a program that was built with _FORTIFY_SOURCE calls instead. */
void __syslog_chk(int priority, int flag, const char *format, ...);
void __vsyslog_chk(int priority, int flag, const char *format, va_list ap);

void
__syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list ap;

	(void)priority;
	(void)flag;
	va_start(ap, format);
	write_line(format, ap);
	va_end(ap);
}

void
__vsyslog_chk(int priority, int flag, const char *format, va_list ap)
{
	(void)priority;
	(void)flag;
	write_line(format, ap);
}

void
openlog(const char *ident, int option, int facility)
{
	(void)ident;
	(void)option;
	(void)facility;
}

void
closelog(void)
{
}
