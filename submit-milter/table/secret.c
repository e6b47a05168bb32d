/*
 * secret.c - see secret.h.
 */
#include "table/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table/backend.h"

#define SECRET_MAX 1024u

static int
fail(char **error_r, const char *file, const char *what)
{
	*error_r = backend_error("%s: %s", file, what);
	return -1;
}

/* A descriptor, or -1 and the error. */
static int
open_file(const char *file, char **error_r)
{
	/* A FIFO without a writer must not hang us. */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *why = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		why = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		why = "is not a regular file";
	else if (st.st_mode & S_IRWXO)
		why = "everybody may use it; chmod o-rwx it";
	if (why == NULL)
		return fd;
	(void)fail(error_r, file, why);
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

int
secret_read(const char *file, char **secret_r, char **error_r)
{
	char text[SECRET_MAX + 1] = "";
	int fd = open_file(file, error_r), rc = -1;
	ssize_t len;

	if (fd < 0)
		return -1;
	len = read(fd, text, SECRET_MAX + 1);
	if (len < 0) {
		(void)fail(error_r, file, strerror(errno));
	} else if ((size_t)len > SECRET_MAX) {
		(void)fail(error_r, file, "is longer than 1024 octets");
	} else if (memchr(text, '\0', (size_t)len) != NULL ||
	    strcspn(text, "\r\n") == 0) {
		(void)fail(error_r, file, "has no password in its first "
		    "line");
	} else {
		text[strcspn(text, "\r\n")] = '\0';
		*secret_r = strdup(text);
		*error_r = NULL;
		rc = *secret_r == NULL ? -1 : 0;
	}
	explicit_bzero(text, sizeof(text));
	(void)close(fd);
	return rc;
}

void
secret_forget(char **secret)
{
	if (*secret == NULL)
		return;
	explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}
