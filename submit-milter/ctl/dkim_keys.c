/*
 * dkim_keys.c - submitctl dkim keygen: makes keys, and writes their dates.
 *
 * Files appear whole and with their final owner and mode: they are written
 * under another name first.
 */
#include <config.h>

#include "ctl/dkim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/utc.h"
#include "sign/key.h"

/* Milliseconds; how long to wait for another run. */
#define LOCK_PATIENCE 5000
#define LOCK_PAUSE 20

static int
fail_file(const char *path, int error)
{
	return ctl_fail(EX_CANTCREAT, "%s: %s", path, strerror(error));
}

int
dkim_lock(const struct dkim_place *place)
{
	const struct timespec pause = { 0, LOCK_PAUSE * 1000000 };
	int fd = open(place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return ctl_fail(EX_NOINPUT, "%s: %s", place->folder,
		    strerror(errno));
	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0;
	    waited += LOCK_PAUSE) {
		if (waited >= LOCK_PATIENCE || (errno != EWOULDBLOCK &&
		    errno != EINTR)) {
			(void)close(fd);
			return ctl_fail(EX_TEMPFAIL, "%s: another submitctl "
			    "is changing keys there", place->folder);
		}
		(void)nanosleep(&pause, NULL);
	}
	return 0;	/* FD stays open: the lock goes with the process */
}

/* FOLDER/DOMAIN/NAMESUFFIX; 0, or -1 when that is too long. */
static int
place_path(const struct dkim_place *place, const char *domain,
    const char *name, const char *suffix, char path_r[PATH_MAX])
{
	int n = snprintf(path_r, PATH_MAX, "%s/%s%s%s%s", place->folder,
	    domain, name[0] == '\0' ? "" : "/", name, suffix);

	return n < 0 || n >= PATH_MAX ? -1 : 0;
}

/*
 * The service reads by its group what root made; what it makes itself is
 * its own.
 */
static bool
is_shared(const struct dkim_place *place)
{
	return geteuid() == 0 && (place->limits.owner.user != 0 ||
	    place->limits.owner.group != 0);
}

static int
give_away(const struct dkim_place *place, int fd, mode_t alone, mode_t shared)
{
	if (!is_shared(place))
		return fchmod(fd, alone);
	return fchown(fd, 0, place->limits.owner.group) == 0 ?
	    fchmod(fd, shared) : -1;
}

static int
make_folder(const struct dkim_place *place, const char *domain)
{
	char path[PATH_MAX];
	int fd, status;

	if (place_path(place, domain, "", "", path) != 0)
		return fail_file(place->folder, ENAMETOOLONG);
	if (mkdir(path, 0700) != 0)
		return errno == EEXIST ? 0 : fail_file(path, errno);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	status = fd < 0 || give_away(place, fd, 0700, 0750) != 0 ?
	    fail_file(path, errno) : 0;
	if (fd >= 0)
		(void)close(fd);
	return status;
}

/* An open file beside PATH, "PATH.new", with owner and mode. NULL: errno. */
static FILE *
open_new(const struct dkim_place *place, const char *path, char new_r[PATH_MAX])
{
	FILE *file = NULL;
	int fd, n = snprintf(new_r, PATH_MAX, "%s.new", path);

	if (n < 0 || n >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	/* What an earlier run left; another run is kept out by a lock. */
	(void)unlink(new_r);
	fd = open(new_r, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && give_away(place, fd, 0600, 0640) == 0)
		file = fdopen(fd, "w");
	if (file == NULL && fd >= 0)
		(void)close(fd);
	return file;
}

static bool
is_written(FILE *file)
{
	bool is_good = fflush(file) == 0 && fsync(fileno(file)) == 0;

	return fclose(file) == 0 && is_good;
}

int
dkim_write_dates(const struct dkim_place *place, const char *domain,
    const char *selector, const struct schedule *schedule)
{
	char path[PATH_MAX], new[PATH_MAX], time[UTC_SIZE];
	FILE *file;

	if (place_path(place, domain, selector, ".dates", path) != 0)
		return fail_file(place->folder, ENAMETOOLONG);
	file = open_new(place, path, new);
	if (file == NULL)
		return fail_file(path, errno);
	if (schedule->not_before == SCHEDULE_NEVER) {
		(void)fputs("not-before: never\n", file);
	} else if (schedule->not_before != SCHEDULE_ALWAYS.not_before) {
		utc_print(schedule->not_before, time);
		(void)fprintf(file, "not-before: %s\n", time);
	}
	if (schedule->not_after != SCHEDULE_ALWAYS.not_after) {
		utc_print(schedule->not_after, time);
		(void)fprintf(file, "not-after: %s\n", time);
	}
	if (ferror(file) != 0 || !is_written(file) || rename(new, path) != 0)
		return fail_file(path, errno);
	return 0;
}

static EVP_PKEY *
generate(const struct dkim_options *options)
{
	if (options->algorithm != NULL &&
	    strcmp(options->algorithm, "ed25519") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)options->bits);
}

/* link() takes no name that is taken. */
static int
write_key(const struct dkim_place *place, const char *path, EVP_PKEY *key)
{
	char new[PATH_MAX];
	FILE *file = open_new(place, path, new);
	int status = 0;
	bool is_good;

	if (file == NULL)
		return fail_file(path, errno);
	is_good = PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL,
	    NULL) == 1;
	if (!is_written(file) || !is_good || link(new, path) != 0)
		status = fail_file(path, errno);
	(void)unlink(new);
	return status;
}

int
dkim_make_key(const struct dkim_place *place,
    const struct dkim_options *options, const char *domain,
    const char *selector, bool is_waiting)
{
	const struct schedule waiting = { SCHEDULE_NEVER, INT64_MAX };
	char path[PATH_MAX];
	EVP_PKEY *key;
	int status;

	if (!key_is_name(domain) || !key_is_name(selector))
		return ctl_fail(EX_USAGE, "dkim: \"%s\" is no %s",
		    key_is_name(domain) ? selector : domain,
		    key_is_name(domain) ? "selector" : "domain");
	if (place_path(place, domain, selector, ".key", path) != 0)
		return fail_file(place->folder, ENAMETOOLONG);
	if (access(path, F_OK) == 0)
		return fail_file(path, EEXIST);
	status = make_folder(place, domain);
	/* First the dates: no signer may see the key without. */
	if (status == 0 && is_waiting)
		status = dkim_write_dates(place, domain, selector, &waiting);
	if (status != 0)
		return status;
	key = generate(options);
	status = key == NULL ? ctl_fail(EX_SOFTWARE, "no key could be made") :
	    write_key(place, path, key);
	EVP_PKEY_free(key);
	return status;
}

int
dkim_new_selector(const struct dkim_place *place, const char *domain,
    const char *algorithm, int64_t now, char *selector_r, size_t size)
{
	char time[UTC_SIZE], path[PATH_MAX], retired[PATH_MAX];

	utc_print(now, time);
	for (char letter = 'a' - 1; letter <= 'z'; letter++) {
		int n = snprintf(selector_r, size, "%s%.4s%.2s%.2s%.*s",
		    algorithm, time, time + 5, time + 8,
		    letter < 'a' ? 0 : 1, &letter);

		if (n > 0 && (size_t)n < size && place_path(place, domain,
		    selector_r, ".key", path) == 0 && place_path(place,
		    domain, selector_r, ".retired", retired) == 0 &&
		    access(path, F_OK) != 0 && access(retired, F_OK) != 0)
			return 0;
	}
	return ctl_fail(EX_CANTCREAT, "%s: too many keys for one day",
	    domain);
}

/* --- keygen --------------------------------------------------------------- */

static int
show(const struct dkim_place *place, const struct dkim_options *options,
    const char *domain, const char *selector)
{
	char path[PATH_MAX], *why = NULL;
	struct signing_key *key;
	int status;

	if (place_path(place, domain, selector, ".key", path) != 0)
		return fail_file(place->folder, ENAMETOOLONG);
	(void)printf("%s: made; %s\n", path, options->is_now ?
	    "it signs from now on" : "it waits: submitctl dkim rotate");
	key = key_read(domain, selector, path, &place->limits, &why);
	if (key == NULL) {
		status = ctl_fail(DKIM_NOT_WELL, "%s", why == NULL ?
		    "out of memory" : why);
		free(why);
		return status;
	}
	status = dkim_print_record(options, key);
	key_free(key);
	return status;
}

int
dkim_keygen(const struct dkim_options *options, const struct config *config)
{
	struct dkim_place place;
	char selector[80];
	const char *name = options->selector;
	int status = dkim_find_place(config, &place);

	if (status != 0)
		return status;
	if (options->name_count != 1)
		return ctl_fail(EX_USAGE, "dkim keygen: one DOMAIN, please");
	if (!key_is_name(options->names[0]))
		return ctl_fail(EX_USAGE, "dkim: \"%s\" is no domain",
		    options->names[0]);
	status = dkim_lock(&place);
	if (status == 0 && name == NULL) {
		status = dkim_new_selector(&place, options->names[0],
		    options->algorithm == NULL ? "rsa" : options->algorithm,
		    (int64_t)time(NULL), selector, sizeof(selector));
		name = selector;
	}
	if (status == 0)
		status = dkim_make_key(&place, options, options->names[0],
		    name, !options->is_now);
	return status != 0 ? status :
	    show(&place, options, options->names[0], name);
}
