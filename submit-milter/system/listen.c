/*
 * listen.c - see listen.h.
 */
#include "system/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/span.h"

#define BACKLOG 16

static int
make_address(const char *path, struct sockaddr_un *address_r)
{
	*address_r = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address_r->sun_path))
		return -1;
	memcpy(address_r->sun_path, path, strlen(path) + 1);
	return 0;
}

static int
make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

bool
listen_is_served(const char *path)
{
	struct sockaddr_un address;
	bool is_served;
	int fd;

	if (make_address(path, &address) != 0)
		return false;
	fd = make_socket();
	if (fd < 0)
		return false;
	/* EAGAIN: there is one, and others wait for it. */
	is_served = connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)) == 0 || errno == EAGAIN;
	(void)close(fd);
	return is_served;
}

int
listen_give(const char *path, const struct listen_access *access,
    char **error_r)
{
	if ((access->user != (uid_t)-1 || access->group != (gid_t)-1) &&
	    chown(path, access->user, access->group) != 0)
		return fault(error_r, "%s: cannot set its owner and group: "
		    "%s", path, strerror(errno));
	if (chmod(path, access->mode) != 0)
		return fault(error_r, "%s: cannot set its mode: %s", path,
		    strerror(errno));
	return 0;
}

/* Makes room for the socket. */
static int
clear_way(const char *path, char **error_r)
{
	struct stat st;

	if (listen_is_served(path))
		return fault(error_r, "%s: another process listens there",
		    path);
	if (lstat(path, &st) != 0)
		return 0;	/* bind() tells what else there may be */
	if (!S_ISSOCK(st.st_mode))
		return fault(error_r, "%s: there is something else than a "
		    "socket", path);
	if (unlink(path) != 0)
		return fault(error_r, "%s: cannot remove what another "
		    "process left: %s", path, strerror(errno));
	return 0;
}

/* Until owner and mode are set, the umask keeps all others out. */
static int
bind_socket(int fd, const char *path, const struct sockaddr_un *address,
    const struct listen_access *access, char **error_r)
{
	mode_t mask = umask(0177);
	int status = bind(fd, (const struct sockaddr *)address,
	    sizeof(*address));
	int error = errno;

	(void)umask(mask);
	if (status != 0)
		return fault(error_r, "%s: %s", path, strerror(error));
	if (listen_give(path, access, error_r) == 0) {
		if (listen(fd, BACKLOG) == 0)
			return 0;
		(void)fault(error_r, "%s: %s", path, strerror(errno));
	}
	(void)unlink(path);
	return -1;
}

int
listen_open(const char *path, const struct listen_access *access,
    char **error_r)
{
	struct sockaddr_un address;
	int fd;

	if (make_address(path, &address) != 0)
		return fault(error_r, "%s: is too long for a socket", path);
	if (clear_way(path, error_r) != 0)
		return -1;
	fd = make_socket();
	if (fd < 0)
		return fault(error_r, "%s: %s", path, strerror(errno));
	if (bind_socket(fd, path, &address, access, error_r) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* --- UNIX or TCP ---------------------------------------------------------- */

#define UNIX_PREFIX "unix:"

union tcp_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

const char *
listen_path(const char *address)
{
	size_t n = strlen(UNIX_PREFIX);

	return strncmp(address, UNIX_PREFIX, n) == 0 ? address + n : NULL;
}

/* The size of the address, or 0 when there is none. */
static socklen_t
parse_tcp(const char *text, union tcp_address *address_r)
{
	struct span all = span_of(text);
	size_t colon = span_find_last(all, ':');
	char host[INET6_ADDRSTRLEN + 2];
	int64_t number;
	in_port_t port;

	if (colon >= all.len || colon == 0 || colon >= sizeof(host))
		return 0;
	number = span_number(span_slice(all, colon + 1, all.len), 65535);
	if (number <= 0)
		return 0;
	port = htons((in_port_t)number);
	*address_r = (union tcp_address){ .v6 = { .sin6_port = port } };
	if (text[0] == '[' && text[colon - 1] == ']') {
		memcpy(host, text + 1, colon - 2);
		host[colon - 2] = '\0';
		address_r->v6.sin6_family = AF_INET6;
		return inet_pton(AF_INET6, host, &address_r->v6.sin6_addr) ==
		    1 ? sizeof(address_r->v6) : 0;
	}
	memcpy(host, text, colon);
	host[colon] = '\0';
	address_r->v4 = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = port };
	return inet_pton(AF_INET, host, &address_r->v4.sin_addr) == 1 ?
	    sizeof(address_r->v4) : 0;
}

const char *
listen_fault(const char *address)
{
	const char *path = listen_path(address);
	struct sockaddr_un local;
	union tcp_address tcp;

	if (path == NULL)
		return parse_tcp(address, &tcp) != 0 ? NULL :
		    "is not ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH";
	if (path[0] != '/')
		return "has a path that does not begin with \"/\"";
	return make_address(path, &local) == 0 ? NULL :
	    "has a path that is too long for a socket";
}

static int
open_tcp(const char *text, char **error_r)
{
	union tcp_address address;
	socklen_t size = parse_tcp(text, &address);
	int on = 1, fd;

	if (size == 0)
		return fault(error_r, "%s: is no address", text);
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fault(error_r, "%s: %s", text, strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, &address.any, size) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	(void)fault(error_r, "%s: %s", text, strerror(errno));
	(void)close(fd);
	return -1;
}

int
listen_open_any(const char *address, const struct listen_access *access,
    char **error_r)
{
	const char *path = listen_path(address);

	return path != NULL ? listen_open(path, access, error_r) :
	    open_tcp(address, error_r);
}
