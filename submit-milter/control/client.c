/*
 * client.c - see client.h.
 */
#include "control/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/fault.h"
#include "base/sbuf.h"
#include "control/protocol.h"

static enum control_result
fail(const char *path, int error, char **error_r)
{
	(void)fault(error_r, "%s: %s", path, strerror(error));
	return error == EACCES || error == EPERM ? CONTROL_FORBIDDEN :
	    CONTROL_UNREACHABLE;
}

/* To connect and to send take PATIENCE at most, each: then EAGAIN. */
static int
connect_to(const char *path, int patience)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval limit = { patience / 1000,
		patience % 1000 * 1000L };
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit,
	    sizeof(limit)) == 0 && connect(fd,
	    (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = errno == EAGAIN ? ETIMEDOUT : errno;
	(void)close(fd);
	errno = error;
	return -1;
}

static int
send_all(int fd, struct span s)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		s = span_slice(s, (size_t)n, s.len);
	}
	return 0;
}

/* A line, without its end. 0, or -1 and errno. */
static int
receive_line(int fd, int patience, struct sbuf *line)
{
	int64_t deadline = deadline_in(patience);
	char piece[4096];

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int ready = poll(&p, 1, deadline_left(deadline));
		ssize_t n;

		if (ready == 0)
			errno = ETIMEDOUT;
		if (ready == 0 || (ready < 0 && errno != EINTR))
			return -1;
		n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
		if (n == 0)
			errno = ECONNRESET;
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return -1;
		if (n < 0)
			continue;
		if (piece[n - 1] == '\n') {
			sbuf_add(line, (struct span){ piece, (size_t)n - 1 });
			return 0;
		}
		sbuf_add(line, (struct span){ piece, (size_t)n });
		if (line->is_failed) {
			errno = EMSGSIZE;
			return -1;
		}
	}
}

enum control_result
control_ask(const char *path, struct span request, int patience,
    char **reply_r, char **error_r)
{
	enum control_result result = CONTROL_ANSWERED;
	struct sbuf line;
	struct span done;
	int fd;

	*error_r = NULL;
	if (request.len >= CONTROL_REQUEST_MOST ||
	    span_find(request, '\n') < request.len) {
		(void)fault(error_r, "the request is too long or has a line "
		    "end in it");
		return CONTROL_MISUSED;
	}
	fd = connect_to(path, patience);
	if (fd < 0)
		return fail(path, errno, error_r);
	sbuf_init(&line, NULL, CONTROL_REPLY_MOST);
	/* Whom it turns away it does not hear out: only its answer counts. */
	if (send_all(fd, request) == 0)
		(void)send_all(fd, SPAN("\n"));
	if (receive_line(fd, patience, &line) != 0)
		result = fail(path, errno, error_r);
	else if (sbuf_done(&line, &done) != 0)
		result = fail(path, ENOMEM, error_r);
	else
		*reply_r = line.ptr;
	if (result != CONTROL_ANSWERED)
		sbuf_free(&line);
	(void)close(fd);
	return result;
}
