/*
 * listen.c - see listen.h.
 */
#include "system/listen.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"

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
