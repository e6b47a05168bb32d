/*
 * logfile - the lines of a file, compressed (gzip) or not. One thread.
 */
#ifndef SUBMIT_CTL_LOGFILE_H
#define SUBMIT_CTL_LOGFILE_H

#include "base/span.h"

struct logfile;

/* FILE "-" is standard input. NULL and errno. */
struct logfile *logfile_open(const char *file);

/* Takes over FD, unless it fails. */
struct logfile *logfile_open_fd(int fd);

/*
 * The next line without its LF; it lives until the next call. 1; 0 at the
 * end; -1 when the file cannot be read or is damaged, see logfile_error().
 * What is longer than 64 MB is passed over.
 */
int logfile_next(struct logfile *lines, struct span *line_r)
    __attribute__((warn_unused_result));

const char *logfile_error(struct logfile *lines);

/* Takes NULL; leaves NULL. */
void logfile_close(struct logfile **lines);

/*
 * FILE and what logrotate made of it (FILE.1, FILE-20261121.gz), the oldest
 * first; malloc'ed, for logfile_forget(). NULL without memory.
 */
char **logfile_rotated(const char *file, size_t *count_r);
void logfile_forget(char **files, size_t count);

#endif
