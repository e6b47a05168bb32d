/*
 * keyfile.c - see keyfile.h.
 *
 * The way to the file is walked by hand, link by link: once each folder and
 * each link on it is known to be in the hands of root and the service alone,
 * nobody else can exchange anything between the look and the use.
 */
#include "sign/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/sbuf.h"

#define SIZE_MOST 65536u	/* an RSA key of 16384 bits takes 13 kB */
#define LINKS_MOST 40		/* as the kernel has it */
#define MODE_BITS 07777u

struct walk {
	const char *file;	/* as configured */
	const struct key_owner *owner;
	char done[PATH_MAX];	/* looked at: no links, no dots */
	char rest[PATH_MAX];	/* still to go */
	int links;
	char **error_r;
};

int
keyfile_fail(char **error_r, const char *file, const char *format, ...)
{
	char text[1024];
	struct sbuf sbuf;
	struct span done;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	sbuf_init(&sbuf, NULL, PATH_MAX + sizeof(text));
	sbuf_addf(&sbuf, "key file %s: %s", file, text);
	if (sbuf_done(&sbuf, &done) != 0)
		sbuf_free(&sbuf);
	*error_r = sbuf.ptr;
	return -1;
}

static int
fail_errno(const struct walk *walk, int error)
{
	return keyfile_fail(walk->error_r, walk->file, "%s", strerror(error));
}

static bool
is_trusted(const struct key_owner *owner, uid_t user)
{
	return user == 0 || user == owner->user;
}

/*
 * A folder that others can write lets them exchange what is in it, unless
 * its sticky bit keeps them to their own.
 */
static int
check_folder(const struct walk *walk, const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return keyfile_fail(walk->error_r, walk->file, "%s: %s",
		    path, strerror(errno));
	if (!is_trusted(walk->owner, st.st_uid))
		return keyfile_fail(walk->error_r, walk->file,
		    "folder %s belongs to user %lu: chown it to root", path,
		    (unsigned long)st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	    (st.st_mode & S_ISVTX) == 0)
		return keyfile_fail(walk->error_r, walk->file,
		    "folder %s is writable by others (mode %04o): "
		    "chmod go-w it", path, (unsigned)st.st_mode & MODE_BITS);
	return 0;
}

/* The target of link DONE goes in front of what is still to go. */
static int
follow_link(struct walk *walk, const struct stat *st)
{
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t len;
	int n;

	if (!is_trusted(walk->owner, st->st_uid))
		return keyfile_fail(walk->error_r, walk->file,
		    "link %s belongs to user %lu", walk->done,
		    (unsigned long)st->st_uid);
	len = readlink(walk->done, target, sizeof(target) - 1);
	if (len < 0 || ++walk->links > LINKS_MOST)
		return keyfile_fail(walk->error_r, walk->file,
		    "link %s: %s", walk->done,
		    strerror(len < 0 ? errno : ELOOP));
	target[len] = '\0';
	n = snprintf(joined, sizeof(joined), "%s/%s", target, walk->rest);
	if (n < 0 || (size_t)n >= sizeof(joined))
		return fail_errno(walk, ENAMETOOLONG);
	memcpy(walk->rest, joined, (size_t)n + 1);
	if (target[0] == '/')
		walk->done[0] = '\0';
	else
		*strrchr(walk->done, '/') = '\0';
	return 0;
}

/* Takes the next name off REST, which must not be at its end. */
static struct span
next_name(struct walk *walk)
{
	size_t skip = strspn(walk->rest, "/");
	size_t len = strcspn(walk->rest + skip, "/");

	return (struct span){ walk->rest + skip, len };
}

/* One step: the next name of REST is looked at and moved to DONE. */
static int
step(struct walk *walk)
{
	struct span name = next_name(walk);
	size_t len = strlen(walk->done);
	struct stat st;
	const char *after = name.ptr + name.len;

	if (span_eq(name, SPAN("..")) && len > 0)
		*strrchr(walk->done, '/') = '\0';
	if (!span_is_empty(name) && !span_eq(name, SPAN(".")) &&
	    !span_eq(name, SPAN(".."))) {
		if (check_folder(walk, len == 0 ? "/" : walk->done) != 0)
			return -1;
		if (len + 1 + name.len >= sizeof(walk->done))
			return fail_errno(walk, ENAMETOOLONG);
		walk->done[len] = '/';
		memcpy(walk->done + len + 1, name.ptr, name.len);
		walk->done[len + 1 + name.len] = '\0';
	}
	memmove(walk->rest, after, strlen(after) + 1);
	if (walk->done[0] == '\0')
		return 0;
	if (lstat(walk->done, &st) != 0)
		return fail_errno(walk, errno);
	return S_ISLNK(st.st_mode) ? follow_link(walk, &st) : 0;
}

/* Walks to the file; afterwards DONE is its real path. */
static int
walk_to(struct walk *walk)
{
	int n;

	if (walk->file[0] == '/') {
		n = snprintf(walk->rest, sizeof(walk->rest), "%s",
		    walk->file);
	} else {
		char here[PATH_MAX];

		if (getcwd(here, sizeof(here)) == NULL)
			return fail_errno(walk, errno);
		n = snprintf(walk->rest, sizeof(walk->rest), "%s/%s", here,
		    walk->file);
	}
	if (n < 0 || (size_t)n >= sizeof(walk->rest))
		return fail_errno(walk, ENAMETOOLONG);
	while (walk->rest[strspn(walk->rest, "/")] != '\0')
		if (step(walk) != 0)
			return -1;
	return 0;
}

static unsigned long
little_endian(const unsigned char *p, size_t n)
{
	unsigned long number = 0;

	while (n-- > 0)
		number = number << 8 | p[n];
	return number;
}

/*
 * Where a file has an access control list, the group bits of its mode are
 * only the list's mask; who is in it stands in this attribute: a version
 * (4 octets), then entries of tag (2), permissions (2) and id (4).
 * True when the list lets somebody read who should not.
 */
static bool
acl_lets_others_read(int fd, const struct stat *st,
    const struct key_owner *owner, bool *has_acl_r)
{
	enum { USER = 2, GROUP_OBJ = 4, GROUP = 8 };
	unsigned char acl[4096];
	ssize_t size = fgetxattr(fd, "system.posix_acl_access", acl,
	    sizeof(acl));

	*has_acl_r = size > 4;
	if (size < 0)
		return errno == ERANGE;
	for (ssize_t i = 4; i + 8 <= size; i += 8) {
		unsigned long tag = little_endian(acl + i, 2);
		unsigned long id = little_endian(acl + i + 4, 4);

		if ((little_endian(acl + i + 2, 2) & 4) == 0)
			continue;
		if (tag == USER && !is_trusted(owner, (uid_t)id))
			return true;
		if (tag == GROUP_OBJ)
			id = st->st_gid;
		if ((tag == GROUP || tag == GROUP_OBJ) && id != 0 &&
		    id != owner->group)
			return true;
	}
	return false;
}

/* Is the file that is open as FD a safe one? */
static int
check_file(const struct walk *walk, int fd)
{
	const struct key_owner *owner = walk->owner;
	struct stat st;
	unsigned mode;
	bool has_acl = false, is_open = false;

	if (fstat(fd, &st) != 0)
		return fail_errno(walk, errno);
	mode = (unsigned)st.st_mode & MODE_BITS;
	if (!S_ISREG(st.st_mode))
		return keyfile_fail(walk->error_r, walk->file,
		    "not a regular file");
	if (!is_trusted(owner, st.st_uid))
		return keyfile_fail(walk->error_r, walk->file,
		    "belongs to user %lu: chown it to root or to the "
		    "service's user", (unsigned long)st.st_uid);
	if ((mode & (S_IWGRP | S_IWOTH)) != 0)
		return keyfile_fail(walk->error_r, walk->file,
		    "writable by others (mode %04o): chmod go-w it", mode);
	if ((mode & S_IRGRP) != 0) {
		is_open = acl_lets_others_read(fd, &st, owner, &has_acl);
		if (!has_acl && st.st_gid != 0 && st.st_gid != owner->group)
			is_open = true;
	}
	if (has_acl && is_open)
		return keyfile_fail(walk->error_r, walk->file,
		    "readable by others through its access control list: "
		    "setfacl -b it");
	if (is_open || (mode & S_IROTH) != 0)
		return keyfile_fail(walk->error_r, walk->file,
		    "readable by others (mode %04o): chmod go-rwx it", mode);
	return 0;
}

/* 0, or an error number. */
static int
read_all(int fd, char *octets, size_t room, size_t *size_r)
{
	size_t size = 0;

	while (size < room) {
		ssize_t n = read(fd, octets + size, room - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0) {
			*size_r = size;
			return 0;
		}
		size += (size_t)n;
	}
	return EFBIG;
}

int
keyfile_read(const char *file, const struct key_owner *owner,
    char **octets_r, size_t *size_r, char **error_r)
{
	struct walk walk = { .file = file, .owner = owner,
		.error_r = error_r };
	char *octets = NULL;
	size_t size = 0;
	int fd;

	*error_r = NULL;
	if (walk_to(&walk) != 0)
		return -1;
	/* O_NONBLOCK: a FIFO must not hold us. */
	fd = open(walk.done, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
	    O_NOFOLLOW);
	if (fd < 0)
		return fail_errno(&walk, errno);
	if (check_file(&walk, fd) == 0) {
		int error;

		octets = calloc(1, SIZE_MOST);
		error = octets == NULL ? ENOMEM :
		    read_all(fd, octets, SIZE_MOST, &size);
		if (error != 0) {
			keyfile_wipe(&octets, SIZE_MOST);
			(void)fail_errno(&walk, error);
		}
	}
	(void)close(fd);
	if (octets == NULL)
		return -1;
	*octets_r = octets;
	*size_r = size;
	return 0;
}

void
keyfile_wipe(char **octets, size_t size)
{
	if (*octets == NULL)
		return;
	explicit_bzero(*octets, size);
	free(*octets);
	*octets = NULL;
}
