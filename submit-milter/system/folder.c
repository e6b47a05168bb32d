/*
 * folder.c - see folder.h.
 */
#include "system/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

int
folder_check(const char *path, char **error_r)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return fault(error_r, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fault(error_r, "%s: is no folder", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return fault(error_r, "%s: belongs to user id %ld, neither "
		    "to root nor to us", path, (long)st.st_uid);
	if ((st.st_mode & S_IWOTH) != 0)
		return fault(error_r, "%s: everybody can write to it", path);
	if (faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) != 0)
		return fault(error_r, "%s: we cannot write to it: %s", path,
		    strerror(errno));
	return 0;
}

/* The folder of PATH, malloc'ed; NULL: no memory. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Can everybody put something else in the place of PATH? -1: no memory. */
static int
is_open_place(const char *path)
{
	char *folder = folder_of(path);
	struct stat st;
	bool is_open;

	if (folder == NULL)
		return -1;
	/* What is not there the one who wants to open it tells of. */
	is_open = stat(folder, &st) == 0 && (st.st_mode & S_IWOTH) != 0 &&
	    (st.st_mode & S_ISVTX) == 0;
	free(folder);
	return is_open ? 1 : 0;
}

int
folder_check_place(const char *path, char **error_r)
{
	int is_open = is_open_place(path);
	struct stat st;

	if (is_open < 0)
		return fault(error_r, NULL);
	if (is_open > 0)
		return fault(error_r, "%s: everybody can write to its "
		    "folder", path);
	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & S_IWOTH) != 0)
		return fault(error_r, "%s: everybody can write to it", path);
	return 0;
}

/* Is that group the owner's own, as most systems give one to each user? */
static bool
is_group_of(uid_t user, gid_t group)
{
	char octets[4096];
	struct passwd row, *found = NULL;

	return getpwuid_r(user, &row, octets, sizeof(octets), &found) == 0 &&
	    found != NULL && found->pw_gid == group;
}

const char *
folder_doubt(const char *path, const struct stat *st)
{
	int is_open = is_open_place(path);

	if (is_open != 0)
		return is_open < 0 ? strerror(ENOMEM) :
		    "everybody can write to its folder: chmod o-w that";
	if ((st->st_mode & S_IWOTH) != 0)
		return "everybody can write to it: chmod o-w it";
	if ((st->st_mode & S_IWGRP) != 0 && st->st_gid != 0 &&
	    !is_group_of(st->st_uid, st->st_gid))
		return "a group can write to it that is neither root's nor "
		    "its owner's: chmod g-w it";
	return NULL;
}

int
folder_sync(const char *path)
{
	char *folder = folder_of(path);
	int fd, error;

	if (folder == NULL)
		return -1;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return -1;
	error = fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
	(void)close(fd);
	errno = error;
	return error == 0 ? 0 : -1;
}
