/*
 * dkim_rotate.c - submitctl dkim rotate.
 *
 * For each algorithm of a domain, by the dates of its keys:
 *
 *	a key waits, is published	it signs from now on
 *	a key waits, is not published	it waits on, the record is shown
 *	none waits, the newest is old	a new one is made, and waits
 *	one signs that a newer one
 *	has taken the place of		it ends now
 *	one has ended long ago		it is set aside as SELECTOR.retired
 *
 * Activation is the renaming of one file, after which the signer takes the
 * newer key; only then does the old one end. So at no time is there no key.
 */
#include <config.h>

#include "ctl/dkim.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "sign/key.h"

#define DAY 86400
/*
 * Seconds that an old key stays good beside the new one: a signer that reads
 * the dates while they are written sees at least one of them.
 */
#define OVERLAP 5
#define ARENA_CEILING (1u << 20)

struct rotation {
	const struct dkim_options *options;
	struct dkim_place place;
	struct dns *dns;	/* NULL: forced */
	struct arena *arena;
	int64_t now;
	const char *domain;
	struct keyset *set;
};

static int
key_path(const struct rotation *r, const struct signing_key *key,
    const char *suffix, char path_r[PATH_MAX])
{
	int n = snprintf(path_r, PATH_MAX, "%s/%s/%s%s", r->place.folder,
	    r->domain, signing_key_selector(key), suffix);

	return n < 0 || n >= PATH_MAX ? -1 : 0;
}

/* When it began to sign; a key without that date, when it was made. */
static int64_t
began(const struct rotation *r, const struct signing_key *key)
{
	int64_t from = signing_key_schedule(key)->not_before;
	char path[PATH_MAX];
	struct stat st;

	if (from != SCHEDULE_ALWAYS.not_before)
		return from;
	return key_path(r, key, ".key", path) == 0 && stat(path, &st) == 0 ?
	    (int64_t)st.st_mtime : r->now;
}

static const struct signing_key *
key_at(const struct rotation *r, size_t index, enum key_algorithm algorithm)
{
	const struct signing_key *key = keyset_key(r->set, index);

	return key != NULL && signing_key_algorithm(key) == algorithm ? key :
	    NULL;
}

/* The first that waits. */
static const struct signing_key *
find_waiting(const struct rotation *r, enum key_algorithm algorithm)
{
	for (size_t i = 0; i < keyset_count(r->set); i++) {
		const struct signing_key *key = key_at(r, i, algorithm);

		if (key != NULL && signing_key_schedule(key)->not_before ==
		    SCHEDULE_NEVER)
			return key;
	}
	return NULL;
}

/* The one that signs, as keystore.h has it. */
static const struct signing_key *
find_newest(const struct rotation *r, enum key_algorithm algorithm)
{
	const struct signing_key *newest = NULL;

	for (size_t i = 0; i < keyset_count(r->set); i++) {
		const struct signing_key *key = key_at(r, i, algorithm);

		if (key == NULL || !schedule_holds(signing_key_schedule(key),
		    r->now))
			continue;
		if (newest == NULL || signing_key_schedule(key)->not_before >
		    signing_key_schedule(newest)->not_before)
			newest = key;
	}
	return newest;
}

static void
say(const struct rotation *r, const struct signing_key *key,
    const char *what)
{
	(void)printf("%s %s: %s\n", r->domain, signing_key_selector(key),
	    what);
}

/* --- one step each -------------------------------------------------------- */

static int
activate(struct rotation *r, const struct signing_key *key)
{
	const struct schedule schedule = { r->now,
		signing_key_schedule(key)->not_after };
	const char *text = "not asked for";
	int status = r->options->is_forced ? 1 : dkim_ask(r->options, r->dns,
	    key, r->arena, &text);

	if (status == 1) {
		status = dkim_write_dates(&r->place, r->domain,
		    signing_key_selector(key), &schedule);
		if (status == 0)
			say(r, key, "activated: it signs from now on");
		return status;
	}
	(void)printf("%s %s: waits: its record %s%s\n", r->domain,
	    signing_key_selector(key), status < 0 ? "is not known: " : "",
	    text);
	if (status < 0)
		return EX_TEMPFAIL;
	status = dkim_print_record(r->options, key);
	return status != 0 ? status : DKIM_NOT_WELL;
}

static int
make(struct rotation *r, enum key_algorithm algorithm)
{
	struct dkim_options options = *r->options;
	char selector[80];
	int status;

	options.algorithm = algorithm == KEY_RSA_SHA256 ? "rsa" : "ed25519";
	status = dkim_new_selector(&r->place, r->domain, options.algorithm,
	    r->now, selector, sizeof(selector));
	if (status == 0)
		status = dkim_make_key(&r->place, &options, r->domain,
		    selector, true);
	if (status == 0)
		(void)printf("%s %s: made: it waits until its record is "
		    "published\n", r->domain, selector);
	return status;
}

static int
end(struct rotation *r, const struct signing_key *key)
{
	const struct schedule schedule = {
		signing_key_schedule(key)->not_before, r->now + OVERLAP };
	int status = dkim_write_dates(&r->place, r->domain,
	    signing_key_selector(key), &schedule);

	if (status == 0)
		(void)printf("%s %s: ended: leave its record published for "
		    "%d days\n", r->domain, signing_key_selector(key),
		    r->options->keep);
	return status;
}

/* It can still be read by who needs its record, but is no key any more. */
static int
retire(struct rotation *r, const struct signing_key *key)
{
	char from[PATH_MAX], to[PATH_MAX], dates[PATH_MAX];

	if (key_path(r, key, ".key", from) != 0 ||
	    key_path(r, key, ".retired", to) != 0 ||
	    key_path(r, key, ".dates", dates) != 0)
		return ctl_fail(EX_CANTCREAT, "%s: %s", r->domain,
		    strerror(ENAMETOOLONG));
	if (rename(from, to) != 0)
		return ctl_fail(EX_CANTCREAT, "%s: %s", from,
		    strerror(errno));
	(void)unlink(dates);
	say(r, key, "retired: its record may be removed from the DNS");
	return 0;
}

/* --- in order ------------------------------------------------------------- */

static int
read_keys(struct rotation *r)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", r->place.folder,
	    r->domain);

	keyset_unref(&r->set);
	if (n < 0 || (size_t)n >= sizeof(path))
		return ctl_fail(EX_CANTCREAT, "%s: %s", r->domain,
		    strerror(ENAMETOOLONG));
	r->set = keyset_read(&(struct keyset_source){ .name = r->domain,
		.folder = path }, &r->place.limits, false, NULL);
	if (r->set == NULL)
		return ctl_fail(EX_OSERR, "out of memory");
	/* Who cannot see all keys must not decide about them. */
	if (keyset_fault(r->set) != NULL)
		return ctl_fail(DKIM_NOT_WELL, "%s", keyset_fault(r->set));
	return 0;
}

/* Ends and sets aside what its time is over for. */
static int
clean(struct rotation *r, enum key_algorithm algorithm)
{
	const struct signing_key *newest = find_newest(r, algorithm);
	int status = 0;

	for (size_t i = 0; i < keyset_count(r->set) && status == 0; i++) {
		const struct signing_key *key = key_at(r, i, algorithm);
		const struct schedule *schedule;

		if (key == NULL || key == newest)
			continue;
		schedule = signing_key_schedule(key);
		if (newest != NULL && schedule_holds(schedule, r->now) &&
		    schedule->not_after > r->now + OVERLAP &&
		    schedule->not_before <
		    signing_key_schedule(newest)->not_before)
			status = end(r, key);
		else if (schedule->not_after < r->now -
		    (int64_t)r->options->keep * DAY)
			status = retire(r, key);
	}
	return status;
}

static int
rotate_algorithm(struct rotation *r, enum key_algorithm algorithm)
{
	const struct signing_key *waiting = find_waiting(r, algorithm);
	const struct signing_key *newest = find_newest(r, algorithm);
	bool is_old = newest != NULL && (r->options->is_now ||
	    began(r, newest) + (int64_t)r->options->lifetime * DAY <= r->now);
	int status = 0;

	if (waiting == NULL && is_old) {
		status = make(r, algorithm);
		if (status == 0)
			status = read_keys(r);
		waiting = status == 0 ? find_waiting(r, algorithm) : NULL;
	}
	if (waiting != NULL) {
		int waits = activate(r, waiting);

		if (waits > DKIM_NOT_WELL)
			return waits;
		status = read_keys(r);
		if (status == 0)
			status = clean(r, algorithm);
		return status != 0 ? status : waits;
	}
	return status != 0 ? status : clean(r, algorithm);
}

static int
rotate_domain(struct rotation *r)
{
	int worst, status;

	if (!key_is_name(r->domain))
		return ctl_fail(EX_USAGE, "dkim: \"%s\" is no domain",
		    r->domain);
	worst = read_keys(r);
	if (worst == 0 && keyset_count(r->set) == 0)
		worst = ctl_fail(DKIM_NOT_WELL, "%s has no keys: submitctl "
		    "dkim keygen", r->domain);
	if (worst == 0) {
		worst = rotate_algorithm(r, KEY_RSA_SHA256);
		status = worst > DKIM_NOT_WELL ? worst :
		    rotate_algorithm(r, KEY_ED25519_SHA256);
		worst = status > worst ? status : worst;
	}
	keyset_unref(&r->set);
	arena_reset(r->arena);
	return worst;
}

static int
is_domain(const struct dirent *file)
{
	return file->d_name[0] != '.' && key_is_name(file->d_name) &&
	    strchr(file->d_name, '.') != NULL;
}

static int
rotate_all(struct rotation *r)
{
	struct dirent **folders;
	int worst = 0, n = scandir(r->place.folder, &folders, is_domain,
	    alphasort);

	if (n < 0)
		return ctl_fail(EX_NOINPUT, "%s: %s", r->place.folder,
		    strerror(errno));
	for (int i = 0; i < n; i++) {
		int status;

		r->domain = folders[i]->d_name;
		status = rotate_domain(r);
		worst = status > worst ? status : worst;
		free(folders[i]);
	}
	free(folders);
	return worst;
}

static int
rotate(struct rotation *r)
{
	int worst = 0;

	if (r->options->is_all)
		return rotate_all(r);
	for (int i = 0; i < r->options->name_count; i++) {
		int status;

		r->domain = r->options->names[i];
		status = rotate_domain(r);
		worst = status > worst ? status : worst;
	}
	return worst;
}

int
dkim_rotate(const struct dkim_options *options, const struct config *config)
{
	struct rotation r = { .options = options,
		.now = (int64_t)time(NULL) };
	const char *error;
	int status = dkim_find_place(config, &r.place);

	if (status != 0)
		return status;
	if (options->is_all == (options->name_count > 0))
		return ctl_fail(EX_USAGE, "dkim rotate: domains or --all");
	status = dkim_lock(&r.place);
	if (status != 0)
		return status;
	r.arena = arena_new(ARENA_CEILING, NULL);
	if (r.arena == NULL)
		return ctl_fail(EX_OSERR, "out of memory");
	if (!options->is_forced) {
		r.dns = dns_open(options->server, &error);
		if (r.dns == NULL)
			status = ctl_fail(EX_UNAVAILABLE, "%s", error);
	}
	if (status == 0)
		status = rotate(&r);
	dns_close(&r.dns);
	arena_free(&r.arena);
	return status;
}
