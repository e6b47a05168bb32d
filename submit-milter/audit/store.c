/*
 * store.c - see store.h: the folder, and writing.
 */
#include "audit/store_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/utc.h"

#define ARENA_MOST (256u << 20)	/* a record has at most 64 MB of text */
#define DAY_SECONDS 86400
#define FILE_MODE 0640
#define FOLDER_MODE 0750
/* A clock that is wrong must not make days that nobody ever cleans. */
#define DAYS_AHEAD 2

struct store *
store_new(const struct store_settings *settings)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return NULL;
	store->settings = *settings;
	store->arena = arena_new(ARENA_MOST, NULL);
	if (store->arena == NULL)
		store_free(&store);
	return store;
}

static void
close_slots(struct store *store)
{
	for (size_t i = 0; i < STORE_OPEN_MOST; i++)
		partition_close(&store->slots[i].partition);
}

void
store_free(struct store **store)
{
	if (*store == NULL)
		return;
	close_slots(*store);
	arena_free(&(*store)->arena);
	free(*store);
	*store = NULL;
}

const char *
store_error(const struct store *store)
{
	return store->error;
}

/* Keeps what is said for store_error(). -1. */
static int __attribute__((format(printf, 2, 3)))
fail(struct store *store, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(store->error, sizeof(store->error), format, ap);
	va_end(ap);
	return -1;
}

void
store_tell(struct store *store, const char *format, ...)
{
	char text[sizeof(store->error)];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	store->settings.notice(store->settings.context, text);
}

/* --- files ---------------------------------------------------------------- */

bool
store_file(const struct store *store, int64_t day, char file_r[PATH_MAX])
{
	char time[UTC_SIZE];
	int n;

	utc_print(day * DAY_SECONDS, time);
	n = snprintf(file_r, PATH_MAX, "%s/audit-%.10s.db",
	    store->settings.directory, time);
	return n > 0 && n < PATH_MAX;
}

/* "audit-2026-11-21.db": its day; -1 when it is no such name. */
static int64_t
day_of_name(const char *name)
{
	struct span s = span_of(name);
	int64_t us;

	if (s.len != strlen("audit-2026-11-21.db") ||
	    !span_starts_nocase(s, SPAN("audit-")) ||
	    strcmp(name + 16, ".db") != 0 ||
	    utc_parse(span_slice(s, 6, 16), &us) != 0)
		return -1;
	return us / DAY_US;
}

static int
compare_days(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

int
store_days(struct store *store, int64_t **days_r, size_t *count_r)
{
	DIR *folder = opendir(store->settings.directory);
	const struct dirent *entry;
	int64_t *days = NULL;
	size_t n = 0, room = 0;

	if (folder == NULL)
		return fail(store, "%s: %s", store->settings.directory,
		    strerror(errno));
	while ((entry = readdir(folder)) != NULL) {
		int64_t day = day_of_name(entry->d_name);

		if (day < 0)
			continue;
		if (n == room) {
			int64_t *more = reallocarray(days, room + 64,
			    sizeof(*days));

			if (more == NULL)
				break;
			days = more;
			room += 64;
		}
		days[n++] = day;
	}
	(void)closedir(folder);
	if (entry != NULL) {
		free(days);
		return fail(store, "out of memory");
	}
	if (n > 0)
		qsort(days, n, sizeof(*days), compare_days);
	*days_r = days;
	*count_r = n;
	return 0;
}

/* Moves a damaged partition out of the way, and says why. */
static void
set_aside(struct store *store, int64_t day, const char *why)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char file[PATH_MAX], from[PATH_MAX + 8], to[PATH_MAX + 64];
	long now = (long)time(NULL);

	if (!store_file(store, day, file))
		return;
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(from, sizeof(from), "%s%s", file, suffixes[i]);
		(void)snprintf(to, sizeof(to), "%s.damaged-%ld%s", file, now,
		    suffixes[i]);
		if (rename(from, to) != 0 && i == 0)
			store_tell(store, "%s: cannot be set aside: %s",
			    file, strerror(errno));
	}
	store_tell(store, "%s: damaged (%s); set aside as %s.damaged-%ld: "
	    "\"submitctl store import\" brings its records back from the "
	    "audit files", file, why, file, now);
}

int
store_prepare(struct store *store)
{
	const char *folder = store->settings.directory;

	if (mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST)
		return fail(store, "%s: %s", folder, strerror(errno));
	if (access(folder, R_OK | W_OK | X_OK) != 0)
		return fail(store, "%s: %s", folder, strerror(errno));
	return 0;
}

/* --- partitions that are written ------------------------------------------ */

static enum store_status
commit_slot(struct store *store, struct store_slot *slot, size_t *added_r)
{
	char why[200];

	*added_r = 0;
	switch (partition_commit(slot->partition, added_r)) {
	case PARTITION_OK:
		return STORE_OK;
	case PARTITION_DAMAGED:
		(void)snprintf(why, sizeof(why), "%s",
		    partition_error(slot->partition));
		partition_close(&slot->partition);
		set_aside(store, slot->day, why);
		return STORE_DAMAGED;
	case PARTITION_END:
	case PARTITION_SEALED:
	case PARTITION_FAILED:
	default:
		(void)fail(store, "%s: %s", store->settings.directory,
		    partition_error(slot->partition));
		return STORE_FAILED;
	}
}

/* The slot that was used least lately, committed and closed. */
static enum store_status
make_slot(struct store *store, struct store_slot **slot_r)
{
	struct store_slot *slot = &store->slots[0];
	enum store_status status = STORE_OK;
	size_t added;

	for (size_t i = 0; i < STORE_OPEN_MOST; i++) {
		if (store->slots[i].partition == NULL) {
			*slot_r = &store->slots[i];
			return STORE_OK;
		}
		if (store->slots[i].used < slot->used)
			slot = &store->slots[i];
	}
	status = commit_slot(store, slot, &added);
	if (status != STORE_OK)
		return status;
	partition_close(&slot->partition);
	*slot_r = slot;
	return STORE_OK;
}

/*
 * Made with its mode before SQLite, and the files beside it, see it. What
 * root makes for the service belongs to whom the folder belongs to.
 */
static int
touch(const char *file, const char *folder)
{
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY,
	    FILE_MODE);
	struct stat st, mine;
	int status = 0;

	if (fd < 0)
		return -1;
	/* The daemon, which may not change owners, never has to. */
	if (geteuid() == 0 && stat(folder, &st) == 0 && fstat(fd,
	    &mine) == 0 && (st.st_uid != mine.st_uid ||
	    st.st_gid != mine.st_gid))
		status = fchown(fd, st.st_uid, st.st_gid);
	(void)close(fd);
	return status;
}

static enum store_status
open_slot(struct store *store, struct store_slot *slot, int64_t day)
{
	const struct partition_settings settings = {
		.vault = store->settings.vault,
		.day_us = day * DAY_US,
		.is_writer = true,
		.cache_kib = store->settings.cache_kib,
	};
	char file[PATH_MAX], why[200];
	enum partition_status status;

	if (!store_file(store, day, file) || touch(file,
	    store->settings.directory) != 0) {
		(void)fail(store, "%s: %s", file, strerror(errno));
		return STORE_FAILED;
	}
	status = partition_open(file, &settings, &slot->partition);
	slot->day = day;
	if (status == PARTITION_OK)
		return STORE_OK;
	(void)snprintf(why, sizeof(why), "%s", slot->partition == NULL ?
	    "out of memory" : partition_error(slot->partition));
	partition_close(&slot->partition);
	if (status == PARTITION_DAMAGED) {
		set_aside(store, day, why);
		return STORE_DAMAGED;
	}
	(void)fail(store, "%s: %s", file, why);
	return STORE_FAILED;
}

static enum store_status
slot_for(struct store *store, int64_t day, struct store_slot **slot_r)
{
	struct store_slot *slot = NULL;
	enum store_status status;

	for (size_t i = 0; i < STORE_OPEN_MOST; i++)
		if (store->slots[i].partition != NULL &&
		    store->slots[i].day == day)
			slot = &store->slots[i];
	if (slot == NULL) {
		status = make_slot(store, &slot);
		if (status == STORE_OK)
			status = open_slot(store, slot, day);
		if (status != STORE_OK)
			return status;
	}
	slot->used = ++store->clock;
	*slot_r = slot;
	return STORE_OK;
}

/* --- writing -------------------------------------------------------------- */

enum store_status
store_add(struct store *store, struct span line, int64_t now)
{
	int64_t today = now / DAY_SECONDS, day;
	struct store_slot *slot;
	enum store_status status;
	struct words words;

	arena_reset(store->arena);
	switch (words_read(line, store->arena, &words)) {
	case 1:
		break;
	case -2:
		(void)fail(store, "out of memory");
		return STORE_FAILED;
	default:
		return STORE_NO_RECORD;
	}
	day = words.time_us / DAY_US;
	if (day > today + DAYS_AHEAD)
		return STORE_NO_RECORD;
	if (day < today - store->settings.days)
		return STORE_OLD;
	status = slot_for(store, day, &slot);
	if (status != STORE_OK)
		return status;
	if (partition_add(slot->partition, &words, line) == 0)
		return STORE_OK;
	(void)fail(store, "out of memory");
	return STORE_FAILED;
}

size_t
store_pending(const struct store *store)
{
	size_t n = 0;

	for (size_t i = 0; i < STORE_OPEN_MOST; i++)
		if (store->slots[i].partition != NULL)
			n += partition_pending(store->slots[i].partition);
	return n;
}

enum store_status
store_commit(struct store *store, size_t *added_r)
{
	enum store_status status = STORE_OK;

	*added_r = 0;
	for (size_t i = 0; i < STORE_OPEN_MOST; i++) {
		enum store_status one;
		size_t added;

		if (store->slots[i].partition == NULL)
			continue;
		one = commit_slot(store, &store->slots[i], &added);
		*added_r += added;
		if (one == STORE_DAMAGED || status == STORE_OK)
			status = one;
	}
	return status;
}

int
store_clean(struct store *store, int64_t now, size_t *removed_r)
{
	static const char *const suffixes[] = { "-wal", "-shm", "" };
	int64_t oldest = now / DAY_SECONDS - store->settings.days;
	char file[PATH_MAX], name[PATH_MAX + 8];
	size_t count;
	int64_t *days;

	*removed_r = 0;
	if (store_days(store, &days, &count) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (days[i] >= oldest || !store_file(store, days[i], file))
			continue;
		for (size_t k = 0; k < STORE_OPEN_MOST; k++)
			if (store->slots[k].day == days[i])
				partition_close(&store->slots[k].partition);
		for (size_t k = 0; k < 3; k++) {
			(void)snprintf(name, sizeof(name), "%s%s", file,
			    suffixes[k]);
			if (unlink(name) == 0)
				*removed_r += k == 2;
			else if (k == 2)
				store_tell(store, "%s: %s", file,
				    strerror(errno));
		}
	}
	free(days);
	return 0;
}
