/*
 * folder - can others forge what we keep in a folder, or go by? Is it on the
 * disk? Any thread.
 */
#ifndef SUBMIT_SYSTEM_FOLDER_H
#define SUBMIT_SYSTEM_FOLDER_H

#include <sys/stat.h>

/*
 * The folder PATH must be ours or root's, be writable to us and not to
 * everybody. 0; or -1 and *error_r (malloc'ed, the caller's to free; NULL
 * when there was no memory).
 */
int folder_check(const char *path, char **error_r)
    __attribute__((warn_unused_result));

/*
 * The file PATH, if it is there, and the folder it is in must not be
 * writable to everybody; a folder such as /tmp, where only owners may
 * remove what is theirs, will do. 0 or -1, as above.
 */
int folder_check_place(const char *path, char **error_r)
    __attribute__((warn_unused_result));

/*
 * The file PATH, of which ST tells, is one that we go by: why we should
 * not, since others can write to it or, as above, put another in its place;
 * or NULL.
 */
const char *folder_doubt(const char *path, const struct stat *st)
    __attribute__((warn_unused_result));

/*
 * That the file PATH is found again after a loss of power wants the folder
 * that it is in on the disk. 0, or -1 and errno; a file system that has no
 * notion of it is content.
 */
int folder_sync(const char *path) __attribute__((warn_unused_result));

#endif
