/*
 * folder.c - see folder.h.
 */
#include "system/folder.h"

#include <errno.h>
#include <fcntl.h>
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

static int
check_parent(const char *path, char **error_r)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL || slash == path ? 1 :
	    (size_t)(slash - path);
	char *folder = strndup(path, len);
	struct stat st;
	int status = 0;

	if (folder == NULL)
		return fault(error_r, NULL);
	/* What is not there the one who wants to open it tells of. */
	if (stat(folder, &st) == 0 && (st.st_mode & S_IWOTH) != 0 &&
	    (st.st_mode & S_ISVTX) == 0)
		status = fault(error_r, "%s: everybody can write to its "
		    "folder", path);
	free(folder);
	return status;
}

int
folder_check_place(const char *path, char **error_r)
{
	struct stat st;

	if (check_parent(path, error_r) != 0)
		return -1;
	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & S_IWOTH) != 0)
		return fault(error_r, "%s: everybody can write to it", path);
	return 0;
}
