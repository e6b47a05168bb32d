/*
 * fd.c - see fd.h.
 */
#include "base/fd.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

/* What a write that returned N has left of OCTETS; false and errno. */
static bool
is_written(ssize_t n, struct span *octets)
{
	if (n < 0)
		return errno == EINTR;
	if (n == 0)
		errno = EIO;
	*octets = span_slice(*octets, (size_t)n, octets->len);
	return n > 0;
}

int
fd_write(int fd, struct span octets)
{
	while (octets.len > 0)
		if (!is_written(write(fd, octets.ptr, octets.len), &octets))
			return -1;
	return 0;
}

int
fd_write_at(int fd, struct span octets, int64_t offset)
{
	const int64_t end = offset + (int64_t)octets.len;

	while (octets.len > 0)
		if (!is_written(pwrite(fd, octets.ptr, octets.len,
		    (off_t)(end - (int64_t)octets.len)), &octets))
			return -1;
	return 0;
}

ssize_t
fd_read_at(int fd, char *octets, size_t n, int64_t offset)
{
	size_t done = 0;

	while (done < n) {
		ssize_t some = pread(fd, octets + done, n - done,
		    (off_t)(offset + (int64_t)done));

		if (some < 0 && errno == EINTR)
			continue;
		if (some < 0)
			return -1;
		if (some == 0)
			break;
		done += (size_t)some;
	}
	return (ssize_t)done;
}
