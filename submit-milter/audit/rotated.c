/*
 * rotated.c - see rotated.h.
 */
#include "audit/rotated.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool
has_inode(const char *path, uint64_t inode)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_ino == inode;
}

bool
rotated_find(const char *file, uint64_t inode, char path_r[PATH_MAX])
{
	const char *slash = strrchr(file, '/');
	const char *name = slash == NULL ? file : slash + 1;
	const struct dirent *entry;
	char path[PATH_MAX];
	bool is_found = has_inode(file, inode);
	DIR *folder;

	(void)snprintf(path_r, PATH_MAX, "%s", file);
	if (is_found)
		return true;
	/* With its slash, so that "/" is one, too. */
	(void)snprintf(path, sizeof(path), "%.*s", slash == NULL ? 2 :
	    (int)(name - file), slash == NULL ? "./" : file);
	folder = opendir(path);
	if (folder == NULL)
		return false;
	while (!is_found && (entry = readdir(folder)) != NULL) {
		if (strncmp(entry->d_name, name, strlen(name)) != 0)
			continue;
		is_found = snprintf(path_r, PATH_MAX, "%s%s", path,
		    entry->d_name) < PATH_MAX && has_inode(path_r, inode);
	}
	(void)closedir(folder);
	return is_found;
}
