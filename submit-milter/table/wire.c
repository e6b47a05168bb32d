/*
 * wire.c - see wire.h.
 */
#include "table/wire.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "base/deadline.h"

int
wire_wait(int fd, short events, int64_t deadline, struct failure *failure)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	for (;;) {
		int left = deadline_left(deadline), rc;

		/* Even if there is something: a drip must end as well. */
		if (left == 0) {
			failure_set(failure, "no answer in time");
			return -1;
		}
		rc = poll(&poll_fd, 1, left);
		if (rc > 0)
			return 0;
		if (rc < 0 && errno != EINTR) {
			failure_set(failure, "poll: %s", strerror(errno));
			return -1;
		}
	}
}

static int
finish_connect(int fd, int64_t deadline, struct failure *failure)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (wire_wait(fd, POLLOUT, deadline, failure) != 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error == 0)
		return 0;
	failure_set(failure, "cannot connect: %s", strerror(error));
	return -1;
}

int
wire_connect(const struct endpoint_address *address, int64_t deadline,
    struct failure *failure)
{
	int family = address->socket.any.sa_family, on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		failure_set(failure, "socket: %s", strerror(errno));
		return -1;
	}
	/* Better without these than not at all. */
	if (family != AF_UNIX) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on,
		    sizeof(on));
	}
	if (connect(fd, &address->socket.any, address->len) == 0)
		return fd;
	if (errno == EINPROGRESS) {
		if (finish_connect(fd, deadline, failure) == 0)
			return fd;
	} else {
		failure_set(failure, "cannot connect: %s", strerror(errno));
	}
	(void)close(fd);
	return -1;
}

int
wire_send(int fd, struct span octets, int64_t deadline,
    struct failure *failure)
{
	while (octets.len > 0) {
		ssize_t n = send(fd, octets.ptr, octets.len, MSG_NOSIGNAL);

		if (n >= 0) {
			octets = span_slice(octets, (size_t)n, octets.len);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (wire_wait(fd, POLLOUT, deadline, failure) != 0)
				return -1;
		} else if (errno != EINTR) {
			failure_set(failure, "send: %s", strerror(errno));
			return -1;
		}
	}
	return 0;
}

ssize_t
wire_receive(int fd, char *buffer, size_t size, int64_t deadline,
    struct failure *failure)
{
	for (;;) {
		ssize_t n;

		if (wire_wait(fd, POLLIN, deadline, failure) != 0)
			return -1;
		n = recv(fd, buffer, size, 0);
		if (n > 0)
			return n;
		if (n == 0) {
			failure_set(failure,
			    "the server closed the connection");
			return -1;
		}
		if (errno != EINTR && errno != EAGAIN &&
		    errno != EWOULDBLOCK) {
			failure_set(failure, "receive: %s", strerror(errno));
			return -1;
		}
	}
}
