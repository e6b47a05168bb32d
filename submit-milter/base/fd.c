/*
 * fd.c - see fd.h.
 */
#include "base/fd.h"

#include <errno.h>
#include <unistd.h>

int
fd_write(int fd, struct span octets)
{
	while (octets.len > 0) {
		ssize_t n = write(fd, octets.ptr, octets.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		octets = span_slice(octets, (size_t)n, octets.len);
	}
	return 0;
}
