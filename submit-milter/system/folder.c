/*
 * folder.c - see folder.h.
 */
#include "system/folder.h"

#include <errno.h>
#include <fcntl.h>
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
