/*
 * sinks - where audit records go: a file of JSON lines, syslog, or both.
 *
 * Owned by the runtime and shared by all threads; a lock of its own (a
 * leaf) keeps lines whole. Settings change only through audit_configure().
 */
#ifndef SUBMIT_AUDIT_SINKS_H
#define SUBMIT_AUDIT_SINKS_H

#include <stdbool.h>
#include <sys/types.h>

struct audit_settings {
	const char *file;	/* NULL or empty: no file */
	mode_t file_mode;
	bool syslog;
	int facility;		/* of syslog(3) */
};

struct audit;

struct audit *audit_new(void);

/* Takes NULL; leaves NULL. */
void audit_free(struct audit **audit);

/*
 * Opens what SETTINGS name and, if all of it worked, closes what was open
 * before (so a rotated file is let go). 0; or -1 and *error_r (malloc'ed,
 * the caller's to free), and all stays as it was.
 */
int audit_configure(struct audit *audit,
    const struct audit_settings *settings, char **error_r)
    __attribute__((warn_unused_result));

/*
 * Writes LINE (without line end) to every sink, the file first. 0; or -1 and
 * errno when the file did not take all of it: then nothing of the line stays
 * in the file, syslog does not get it, and the message must not be accepted.
 * Syslog is never a reason to fail.
 */
int audit_write(struct audit *audit, const char *line)
    __attribute__((warn_unused_result));

#endif
