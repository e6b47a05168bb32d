/*
 * notify.c - see notify.h.
 */
#include "system/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/fault.h"

#define WORD_MOST 512

/* "@name" is one of the abstract namespace. 0 or -1. */
static int
connect_to(int fd, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2 ||
	    len >= sizeof(address.sun_path)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	return connect(fd, (const struct sockaddr *)&address, (socklen_t)
	    (offsetof(struct sockaddr_un, sun_path) + len));
}

/* Half the time that the manager waits. $WATCHDOG_PID may say: not for us. */
static int64_t
read_interval(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	long long n = usec == NULL ? 0 : strtoll(usec, NULL, 10);

	if (n <= 0 || (pid != NULL && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	return n < 2000 ? 1 : n / 2000;
}

int
notify_open(struct notify *notify, char **error_r)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int status = 0;

	*notify = (struct notify){ .fd = -1 };
	if (name == NULL || name[0] == '\0')
		return 0;
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify->fd < 0 || connect_to(notify->fd, name) != 0)
		status = fault(error_r, "NOTIFY_SOCKET: %s: %s", name,
		    strerror(errno));
	notify->interval = read_interval();
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	return status;
}

void
notify_send(const struct notify *notify, const char *format, ...)
{
	char text[WORD_MOST];
	va_list ap;

	if (notify->fd < 0)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	(void)send(notify->fd, text, strlen(text), MSG_NOSIGNAL |
	    MSG_DONTWAIT);
}

void
notify_reloading(const struct notify *notify)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	notify_send(notify, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

int
notify_due(const struct notify *notify, int most)
{
	int left = notify->interval == 0 ? most :
	    deadline_left(notify->next);

	return left < most ? left : most;
}

void
notify_alive(struct notify *notify)
{
	if (notify->interval == 0 || deadline_left(notify->next) > 0)
		return;
	notify->next = deadline_now() + notify->interval;
	notify_send(notify, "WATCHDOG=1");
}
