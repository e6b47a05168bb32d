/*
 * keyset.c - see keyset.h.
 */
#include "sign/keyset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbuf.h"
#include "sign/key.h"
#include "sign/schedule.h"

#define KEYS_MOST 64u		/* of one name */
#define FAULT_MOST 4096u
#define DATES_MOST 4096u

/* By what a change is noticed. */
struct mark {
	bool is_there;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct entry {
	char *selector;
	char *file;
	char *dates;
	struct mark file_mark, dates_mark;
	struct signing_key *key;	/* NULL: cannot be used */
};

struct keyset {
	atomic_uint references;
	char *name;
	char *folder;
	struct mark folder_mark;
	struct entry *v;
	size_t n;
	struct sbuf fault;
};

/* A keyset in the making. */
struct reading {
	struct keyset *set;
	const struct keyset *before;
	const struct key_limits *limits;
	bool is_nominal;
};

static struct mark
mark_of(const char *path)
{
	struct mark mark = { .is_there = false };
	struct stat st;

	if (stat(path, &st) != 0)
		return mark;
	mark.is_there = true;
	mark.device = st.st_dev;
	mark.inode = st.st_ino;
	mark.size = st.st_size;
	mark.modified = st.st_mtim;
	mark.changed = st.st_ctim;
	return mark;
}

static bool
is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool
is_same(const struct mark *a, const struct mark *b)
{
	return a->is_there == b->is_there && a->device == b->device &&
	    a->inode == b->inode && a->size == b->size &&
	    is_same_time(a->modified, b->modified) &&
	    is_same_time(a->changed, b->changed);
}

static void
add_fault(struct keyset *set, const char *text)
{
	if (set->fault.len > 0)
		sbuf_adds(&set->fault, "; ");
	sbuf_adds(&set->fault, text);
}

static void
add_file_fault(struct keyset *set, const char *file, const char *why)
{
	char text[PATH_MAX + 256];

	(void)snprintf(text, sizeof(text), "%s: %s", file, why);
	add_fault(set, text);
}

/* --- dates ---------------------------------------------------------------- */

/* NULL, or why nobody should believe the open file. */
static const char *
distrust(int fd, const struct key_owner *owner)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (st.st_uid != 0 && st.st_uid != owner->user)
		return "belongs to another user: chown it to root";
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "writable by others: chmod go-w it";
	return st.st_size > (off_t)DATES_MOST ? "too large" : NULL;
}

/* Without the file a key may always sign. NULL, or what is wrong. */
static const char *
read_dates(const char *file, const struct key_owner *owner,
    struct schedule *schedule_r)
{
	char text[DATES_MOST];
	const char *why;
	ssize_t len;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
	    O_NOFOLLOW);

	*schedule_r = SCHEDULE_ALWAYS;
	if (fd < 0)
		return errno == ENOENT ? NULL : strerror(errno);
	why = distrust(fd, owner);
	len = why == NULL ? read(fd, text, sizeof(text)) : 0;
	(void)close(fd);
	if (len < 0)
		return strerror(errno);
	if (why == NULL && schedule_parse((struct span){ text, (size_t)len },
	    schedule_r, &why) != 0)
		return why;
	return why;
}

/* --- one key -------------------------------------------------------------- */

/* "/keys/a.key" has its dates in "/keys/a.dates". */
static char *
dates_name(const char *file)
{
	size_t len = strlen(file);
	char *name = malloc(len + sizeof(".dates"));

	if (name == NULL)
		return NULL;
	if (len > 4 && memcmp(file + len - 4, ".key", 4) == 0)
		len -= 4;
	memcpy(name, file, len);
	memcpy(name + len, ".dates", sizeof(".dates"));
	return name;
}

static const struct entry *
find_before(const struct keyset *before, const struct entry *entry)
{
	for (size_t i = 0; before != NULL && i < before->n; i++)
		if (strcmp(before->v[i].file, entry->file) == 0 &&
		    strcmp(before->v[i].selector, entry->selector) == 0)
			return &before->v[i];
	return NULL;
}

/* The key of the file, or the one that was there before it broke. */
static struct signing_key *
take_key(struct reading *reading, struct entry *entry)
{
	const struct entry *before = find_before(reading->before, entry);
	struct signing_key *key;
	char *why = NULL;

	if (reading->is_nominal)
		return key_new(reading->set->name, entry->selector);
	if (before != NULL && before->key != NULL &&
	    is_same(&before->file_mark, &entry->file_mark))
		return key_copy(before->key);
	key = key_read(reading->set->name, entry->selector, entry->file,
	    reading->limits, &why);
	if (key != NULL)
		return key;
	add_fault(reading->set, why == NULL ? "out of memory" : why);
	free(why);
	/* Its old mark stays, so that it is tried again. */
	if (before == NULL || before->key == NULL)
		return NULL;
	add_fault(reading->set, "the key read before stays");
	entry->file_mark = before->file_mark;
	return key_copy(before->key);
}

static void
load(struct reading *reading, struct entry *entry)
{
	const struct entry *before = find_before(reading->before, entry);
	struct schedule schedule;
	const char *why;

	entry->file_mark = mark_of(entry->file);
	entry->dates_mark = mark_of(entry->dates);
	why = read_dates(entry->dates, &reading->limits->owner, &schedule);
	if (why != NULL)
		add_file_fault(reading->set, entry->dates, why);
	if (why != NULL && before != NULL && before->key != NULL) {
		schedule = before->key->schedule;
		entry->dates_mark = before->dates_mark;
		why = NULL;
	}
	/* Who knows when it may sign: not now. */
	if (why != NULL)
		return;
	entry->key = take_key(reading, entry);
	if (entry->key != NULL)
		entry->key->schedule = schedule;
}

/* A key of the set; 0, or -1 when there is no memory. */
static int
add_entry(struct reading *reading, struct span selector, const char *file)
{
	struct keyset *set = reading->set;
	struct entry *v, *entry;

	if (set->n == KEYS_MOST) {
		add_file_fault(set, file, "too many keys for one domain");
		return 0;
	}
	v = realloc(set->v, (set->n + 1) * sizeof(*v));
	if (v == NULL)
		return -1;
	set->v = v;
	entry = &v[set->n];
	*entry = (struct entry){ .selector = strndup(selector.ptr,
	    selector.len), .file = strdup(file), .dates = dates_name(file) };
	set->n++;
	if (entry->selector == NULL || entry->file == NULL ||
	    entry->dates == NULL)
		return -1;
	if (!key_is_name(entry->selector))
		add_file_fault(set, file, "its selector is none");
	else
		load(reading, entry);
	return 0;
}

/* --- many ----------------------------------------------------------------- */

static int
is_key_file(const struct dirent *file)
{
	size_t len = strlen(file->d_name);

	return len > 4 && file->d_name[0] != '.' &&
	    memcmp(file->d_name + len - 4, ".key", 4) == 0;
}

static int
read_folder(struct reading *reading)
{
	struct keyset *set = reading->set;
	struct dirent **files;
	int status = 0, n;

	set->folder_mark = mark_of(set->folder);
	n = scandir(set->folder, &files, is_key_file, alphasort);
	if (n < 0 && errno != ENOENT && errno != ENOTDIR)
		add_file_fault(set, set->folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *name = files[i]->d_name;
		char path[PATH_MAX];
		int len = snprintf(path, sizeof(path), "%s/%s", set->folder,
		    name);

		if (len > 0 && (size_t)len < sizeof(path) && status == 0)
			status = add_entry(reading, (struct span){ name,
			    strlen(name) - 4 }, path);
		free(files[i]);
	}
	if (n >= 0)
		free(files);
	return status;
}

static int
read_list(struct reading *reading, struct span list)
{
	int status = 0;

	while (status == 0) {
		struct span selector = span_take_word(&list);
		struct span word = span_take_word(&list);
		char *file;

		if (selector.len == 0)
			break;
		if (word.len == 0 || word.ptr[0] != '/') {
			add_file_fault(reading->set, reading->set->name,
			    "wants a selector and the absolute path of its "
			    "key, and so on");
			break;
		}
		file = strndup(word.ptr, word.len);
		status = file == NULL ? -1 :
		    add_entry(reading, selector, file);
		free(file);
	}
	return status;
}

struct keyset *
keyset_read(const struct keyset_source *source,
    const struct key_limits *limits, bool is_nominal,
    const struct keyset *before)
{
	struct keyset *set = calloc(1, sizeof(*set));
	struct reading reading = { set, before, limits, is_nominal };
	int status = -1;

	if (set == NULL)
		return NULL;
	atomic_init(&set->references, 1);
	sbuf_init(&set->fault, NULL, FAULT_MOST);
	set->name = strdup(source->name);
	if (source->folder != NULL)
		set->folder = strdup(source->folder);
	if (set->name != NULL &&
	    (set->folder != NULL) == (source->folder != NULL))
		status = set->folder != NULL ? read_folder(&reading) :
		    read_list(&reading, span_of(source->list));
	if (status != 0)
		keyset_unref(&set);
	return set;
}

struct keyset *
keyset_ref(struct keyset *set)
{
	atomic_fetch_add(&set->references, 1);
	return set;
}

void
keyset_unref(struct keyset **set)
{
	struct keyset *s = *set;

	*set = NULL;
	if (s == NULL || atomic_fetch_sub(&s->references, 1) != 1)
		return;
	for (size_t i = 0; i < s->n; i++) {
		key_free(s->v[i].key);
		free(s->v[i].selector);
		free(s->v[i].file);
		free(s->v[i].dates);
	}
	free(s->v);
	free(s->name);
	free(s->folder);
	sbuf_free(&s->fault);
	free(s);
}

bool
keyset_is_current(const struct keyset *set)
{
	struct mark mark;

	if (set->folder != NULL) {
		mark = mark_of(set->folder);
		if (!is_same(&mark, &set->folder_mark))
			return false;
	}
	for (size_t i = 0; i < set->n; i++) {
		mark = mark_of(set->v[i].file);
		if (!is_same(&mark, &set->v[i].file_mark))
			return false;
		mark = mark_of(set->v[i].dates);
		if (!is_same(&mark, &set->v[i].dates_mark))
			return false;
	}
	/* The way to a file may be mended where the file stays. */
	return keyset_fault(set) == NULL;
}

size_t
keyset_count(const struct keyset *set)
{
	return set->n;
}

const struct signing_key *
keyset_key(const struct keyset *set, size_t index)
{
	return set->v[index].key;
}

const char *
keyset_fault(const struct keyset *set)
{
	return set->fault.len == 0 && !set->fault.is_failed ? NULL :
	    set->fault.len == 0 ? "out of memory" : set->fault.ptr;
}
