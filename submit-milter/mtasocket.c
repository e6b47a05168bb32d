/*
 * mtasocket.c - see mtasocket.h.
 *
 * poll(), read(), accept() and close() below are found by the dynamic linker
 * before those of the C library (ELF symbol interposition), for every shared
 * library of the process. Only calls out of libmilter's own code are treated;
 * others go straight on to whom they were meant for.
 *
 * What libmilter does, and what is relied on:
 * - A worker asks poll() for one descriptor whether there is another command,
 *   then reads the command by poll() and read() of its head and of its body,
 *   all in one thread, until poll() has none; only then, between commands,
 *   does it give the connection back. So what was read ahead belongs to the
 *   thread, and is used up when the thread leaves the connection, or it is
 *   dropped as the thread closes it.
 * - The controller asks poll() for all connections that no worker has, and
 *   the listener asks accept() for new ones. They give each connection to an
 *   idle worker when a count says that there is one, and else to a new one;
 *   but the count goes down only as the worker wakes up. Many connections
 *   given away at once may so all fall to one worker. Therefore they are told
 *   of one connection at a time, and of the next when a worker has come.
 * - The worker gives a connection back when there was no command for a
 *   millisecond, which is soon for an MTA that has a client to wait for, and
 *   for each such the controller wakes up twice. We have it stay longer: with
 *   the above, a connection that is ready finds another worker.
 * - Where a connection is at its end and still has commands, libmilter takes
 *   POLLHUP for an error and leaves them unread: it is told of the commands
 *   first.
 */
#define _GNU_SOURCE	/* for RTLD_NEXT and dl_iterate_phdr() */

#include "mtasocket.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define AHEAD 16384		/* octets; commands of one message's header */
#define HEAD 5			/* of a command: four of length, its letter */
#define GLANCE 1	/* ms that libmilter waits for the next command, */
#define STAY 50		/* and ms that we do */
#define PICK_UP_NS 5000000	/* how long a worker may take to come */

/* --- the functions whose place is taken ----------------------------------- */

typedef int poll_function(struct pollfd *, nfds_t, int);
typedef ssize_t read_function(int, void *, size_t);
typedef int accept_function(int, struct sockaddr *, socklen_t *);
typedef int close_function(int);

static poll_function *next_poll;
static read_function *next_read;
static accept_function *next_accept;
static close_function *next_close;

static int
real_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	return next_poll != NULL ? next_poll(fds, n, timeout) :
	    (int)syscall(SYS_poll, fds, n, timeout);
}

static ssize_t
real_read(int fd, void *to, size_t n)
{
	return next_read != NULL ? next_read(fd, to, n) :
	    (ssize_t)syscall(SYS_read, fd, to, n);
}

static int
real_accept(int fd, struct sockaddr *address, socklen_t *size)
{
	return next_accept != NULL ? next_accept(fd, address, size) :
	    (int)syscall(SYS_accept, fd, address, size);
}

static int
real_close(int fd)
{
	return next_close != NULL ? next_close(fd) :
	    (int)syscall(SYS_close, fd);
}

/* --- who calls ------------------------------------------------------------ */

static uintptr_t code_start, code_end;	/* libmilter's */

/* CONTEXT: an address in the code that is looked for. */
static int
look_at_object(struct dl_phdr_info *info, size_t size, void *context)
{
	const uintptr_t *known = context;

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0 &&
		    *known - start < part->p_memsz) {
			code_start = start;
			code_end = start + part->p_memsz;
			return 1;
		}
	}
	return 0;
}

/* Before there is any thread; but somebody may have called already. */
__attribute__((constructor)) static void
find_all(void)
{
	uintptr_t known = (uintptr_t)dlsym(RTLD_DEFAULT, "smfi_main");

	*(void **)&next_poll = dlsym(RTLD_NEXT, "poll");
	*(void **)&next_read = dlsym(RTLD_NEXT, "read");
	*(void **)&next_accept = dlsym(RTLD_NEXT, "accept");
	*(void **)&next_close = dlsym(RTLD_NEXT, "close");
	(void)dl_iterate_phdr(look_at_object, &known);
}

/* Of the function that has it in its body. */
#define IS_LIBMILTER() \
	((uintptr_t)__builtin_return_address(0) - code_start < \
	code_end - code_start)

/* --- reading ahead -------------------------------------------------------- */

/* What a thread has read of the connection that it serves. */
struct ahead {
	bool is_used;
	int fd;
	size_t at, end;			/* what libmilter has not had yet */
	uint32_t left;			/* of the command that it is at */
	size_t head_size;
	unsigned char head[HEAD];
	char command;
	char octets[AHEAD];
};

static _Thread_local struct ahead ahead;

char
mtasocket_command(void)
{
	return ahead.is_used ? ahead.command : '\0';
}

static bool
has_octets(int fd)
{
	return ahead.is_used && ahead.fd == fd && ahead.at < ahead.end;
}

/* Follows the commands through the N octets that libmilter gets. */
static void
follow(const unsigned char *p, size_t n)
{
	while (n > 0) {
		size_t step = 1;

		if (ahead.left > 0) {
			step = ahead.left < n ? ahead.left : n;
			ahead.left -= (uint32_t)step;
		} else {
			ahead.head[ahead.head_size++] = *p;
		}
		if (ahead.head_size == HEAD) {
			const unsigned char *h = ahead.head;

			/* The length counts the letter. */
			ahead.left = ((uint32_t)h[0] << 24 |
			    (uint32_t)h[1] << 16 | (uint32_t)h[2] << 8 |
			    h[3]) - 1;
			ahead.command = (char)h[4];
			ahead.head_size = 0;
		}
		p += step;
		n -= step;
	}
}

/* Reads what is there, if FD is a connection at all. */
static void
read_ahead(int fd)
{
	ssize_t n = recv(fd, ahead.octets, sizeof(ahead.octets),
	    MSG_DONTWAIT);

	if (n <= 0)
		return;		/* libmilter will see for itself */
	if (!ahead.is_used || ahead.fd != fd) {
		ahead.is_used = true;
		ahead.fd = fd;
		ahead.left = 0;
		ahead.head_size = 0;
	}
	ahead.at = 0;
	ahead.end = (size_t)n;
}

/* --- handing connections to workers --------------------------------------- */

#define NOBODY (-1)

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	atomic_int fd;		/* given to a worker that has not come yet */
} handed = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
	.fd = NOBODY,
};

/* Once a worker has come for the one before; or has not, in all this time. */
static void
hand_out(int fd)
{
	struct timespec until;
	int status = 0;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += PICK_UP_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void)pthread_mutex_lock(&handed.lock);
	while (handed.fd != NOBODY && status == 0)
		status = pthread_cond_timedwait(&handed.changed, &handed.lock,
		    &until);
	handed.fd = fd;
	(void)pthread_mutex_unlock(&handed.lock);
}

/* A worker is at FD. */
static void
pick_up(int fd)
{
	if (atomic_load_explicit(&handed.fd, memory_order_relaxed) != fd)
		return;
	(void)pthread_mutex_lock(&handed.lock);
	handed.fd = NOBODY;
	(void)pthread_cond_signal(&handed.changed);
	(void)pthread_mutex_unlock(&handed.lock);
}

/* The first of FDS is the controller's own pipe; of others, it gets one. */
static int
tell_of_one(struct pollfd *fds, nfds_t n)
{
	bool has_one = false;

	for (nfds_t i = 1; i < n; i++) {
		if (fds[i].revents == 0)
			continue;
		if (has_one)
			fds[i].revents = 0;
		else
			hand_out(fds[i].fd);
		has_one = true;
	}
	return (fds[0].revents != 0) + has_one;
}

/* --- the functions -------------------------------------------------------- */

static int
poll_for_worker(struct pollfd *fd, int timeout)
{
	int ready;

	pick_up(fd->fd);
	if (has_octets(fd->fd)) {
		fd->revents = POLLIN;
		return 1;
	}
	ready = real_poll(fd, 1, timeout == GLANCE ? STAY : timeout);
	if (ready > 0 && (fd->revents & POLLIN) != 0) {
		read_ahead(fd->fd);
		if (has_octets(fd->fd))
			fd->revents = POLLIN;
	}
	return ready;
}

/* <poll.h> says that poll() reads nothing of what it is given. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
	if (!IS_LIBMILTER())
		return real_poll(fds, n, timeout);
	if (n > 1) {
		int ready = real_poll(fds, n, timeout);

		return ready > 0 ? tell_of_one(fds, n) : ready;
	}
	if (n == 1 && (fds->events & POLLIN) != 0)
		return poll_for_worker(fds, timeout);
	return real_poll(fds, n, timeout);
}
#pragma GCC diagnostic pop

ssize_t
read(int fd, void *to, size_t size)
{
	ssize_t n;

	if (!IS_LIBMILTER())
		return real_read(fd, to, size);
	if (has_octets(fd)) {
		n = (ssize_t)(ahead.end - ahead.at < size ?
		    ahead.end - ahead.at : size);
		memcpy(to, ahead.octets + ahead.at, (size_t)n);
		ahead.at += (size_t)n;
	} else {
		n = real_read(fd, to, size);
	}
	if (n > 0 && ahead.is_used && ahead.fd == fd)
		follow(to, (size_t)n);
	return n;
}

int
accept(int fd, struct sockaddr *address, socklen_t *size)
{
	int connection = real_accept(fd, address, size);

	if (IS_LIBMILTER() && connection >= 0)
		hand_out(connection);
	return connection;
}

int
close(int fd)
{
	if (IS_LIBMILTER() && ahead.fd == fd)
		ahead.is_used = false;
	return real_close(fd);
}
