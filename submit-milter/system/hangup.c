/*
 * hangup.c - see hangup.h.
 *
 * An accepted connection has the name of the socket that it came to: the
 * same path, or the same port.
 */
#include "system/hangup.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKETS_CEILING 8
#define DESCRIPTORS_CEILING 65536

union name {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static bool
get_name(int fd, union name *name_r)
{
	socklen_t len = sizeof(*name_r);

	memset(name_r, 0, sizeof(*name_r));
	return getsockname(fd, &name_r->any, &len) == 0;
}

static bool
is_listening(int fd)
{
	int answer = 0;
	socklen_t len = sizeof(answer);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &answer, &len) ==
	    0 && answer != 0;
}

static bool
is_same(const union name *a, const union name *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	switch (a->any.sa_family) {
	case AF_UNIX:
		return a->un.sun_path[0] != '\0' &&
		    strncmp(a->un.sun_path, b->un.sun_path,
		    sizeof(a->un.sun_path)) == 0;
	case AF_INET:
		return a->in.sin_port == b->in.sin_port;
	case AF_INET6:
		return a->in6.sin6_port == b->in6.sin6_port;
	default:
		return false;
	}
}

static int
descriptors(void)
{
	long n = sysconf(_SC_OPEN_MAX);

	return n > 0 && n < DESCRIPTORS_CEILING ? (int)n :
	    DESCRIPTORS_CEILING;
}

void
hangup_accepted(void)
{
	union name ours[SOCKETS_CEILING], name;
	size_t count = 0;
	int most = descriptors();

	for (int fd = 0; fd < most && count < SOCKETS_CEILING; fd++)
		if (is_listening(fd) && get_name(fd, &ours[count]))
			count++;
	for (int fd = 0; fd < most; fd++) {
		if (!get_name(fd, &name) || is_listening(fd))
			continue;
		for (size_t i = 0; i < count; i++)
			if (is_same(&name, &ours[i]))
				(void)shutdown(fd, SHUT_RD);
	}
}
