/*
 * follow.c - see follow.h.
 */
#include "audit/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/rotated.h"
#include "table/siphash.h"

#define PIECE 262144u
#define LINE_MOST (64u << 20)	/* as long as a record may be */
#define CHECKED 64u		/* octets that tell a file from another */

struct follow {
	const char *file;
	int fd;			/* -1: none open */
	uint64_t inode;
	int64_t offset;		/* behind the last line that was given */
	char *octets;		/* read and not yet given */
	size_t from, len, room;
	int error;
	bool is_last_look;	/* another file has its name and content */
	uint64_t check;		/* while it waits: of what was read */
};

struct follow *
follow_new(const char *file)
{
	struct follow *follow = calloc(1, sizeof(*follow));

	if (follow == NULL)
		return NULL;
	follow->file = file;
	follow->fd = -1;
	return follow;
}

static void
let_go(struct follow *follow)
{
	if (follow->fd >= 0)
		(void)close(follow->fd);
	follow->fd = -1;
	follow->inode = 0;
	follow->offset = 0;
	follow->from = follow->len = 0;
	follow->is_last_look = false;
	follow->check = 0;
}

void
follow_free(struct follow **follow)
{
	if (*follow == NULL)
		return;
	let_go(*follow);
	free((*follow)->octets);
	free(*follow);
	*follow = NULL;
}

int
follow_error(const struct follow *follow)
{
	return follow->error;
}

static int
open_at(struct follow *follow, const char *file, int64_t offset)
{
	struct stat st;

	let_go(follow);
	follow->fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (follow->fd < 0 || fstat(follow->fd, &st) != 0 ||
	    !S_ISREG(st.st_mode)) {
		follow->error = follow->fd < 0 ? errno : EINVAL;
		let_go(follow);
		return -1;
	}
	follow->inode = (uint64_t)st.st_ino;
	follow->offset = offset;
	return 0;
}

/* --- places --------------------------------------------------------------- */

static uint64_t
check_of(int fd, int64_t offset)
{
	static const struct siphash_key key;
	char octets[CHECKED];
	size_t n = offset < (int64_t)CHECKED ? (size_t)offset : CHECKED;
	ssize_t got = pread(fd, octets, n, (off_t)(offset - (int64_t)n));

	return got != (ssize_t)n ? 0 : siphash(&key,
	    (struct span){ octets, n });
}

struct follow_place
follow_place(const struct follow *follow)
{
	struct follow_place place = {
		.inode = follow->inode,
		.offset = follow->offset,
	};

	if (follow->fd >= 0)
		place.check = check_of(follow->fd, follow->offset);
	return place;
}

static bool
place_file(const char *directory, const char *suffix, char file_r[PATH_MAX])
{
	int n = snprintf(file_r, PATH_MAX, "%s/position%s", directory,
	    suffix);

	return n > 0 && n < PATH_MAX;
}

struct follow_place
follow_read_place(const char *directory)
{
	const struct follow_place none = { 0, 0, 0 };
	struct follow_place place = none;
	char file[PATH_MAX];
	FILE *in;

	if (!place_file(directory, "", file) ||
	    (in = fopen(file, "re")) == NULL)
		return none;
	if (fscanf(in, "%" SCNu64 " %" SCNd64 " %" SCNx64, &place.inode,
	    &place.offset, &place.check) != 3 || place.offset < 0)
		place = none;
	(void)fclose(in);
	return place;
}

void
follow_write_place(const char *directory, const struct follow_place *place)
{
	char file[PATH_MAX], new[PATH_MAX];
	FILE *out;
	bool is_written;

	if (place->inode == 0 || !place_file(directory, "", file) ||
	    !place_file(directory, ".new", new) ||
	    (out = fopen(new, "we")) == NULL)
		return;
	is_written = fprintf(out, "%" PRIu64 " %" PRId64 " %" PRIx64 "\n",
	    place->inode, place->offset, place->check) > 0;
	if (fclose(out) == 0 && is_written)
		(void)rename(new, file);
}

void
follow_forget_place(const char *directory)
{
	char file[PATH_MAX];

	if (place_file(directory, "", file))
		(void)unlink(file);
}

/* Is that the file in which PLACE was read? */
static bool
is_at(const char *file, const struct follow_place *place)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool is_same;

	if (fd < 0)
		return false;
	is_same = check_of(fd, place->offset) == place->check;
	(void)close(fd);
	return is_same;
}

bool
follow_seek(struct follow *follow, const struct follow_place *place)
{
	char path[PATH_MAX];

	let_go(follow);
	if (place->inode == 0)
		return true;
	return rotated_find(follow->file, place->inode, path) &&
	    is_at(path, place) && open_at(follow, path, place->offset) == 0;
}

/*
 * Was what had been read cut off, and other lines written there? (A batch
 * that could not be synced is taken back.) Then all is read again.
 */
static bool
is_changed(struct follow *follow)
{
	bool is_changed = follow->offset > 0 && follow->len == 0 &&
	    follow->check != 0 &&
	    check_of(follow->fd, follow->offset) != follow->check;

	follow->check = 0;
	return is_changed;
}

/* --- lines ---------------------------------------------------------------- */

/* A line that is whole; the rest waits. */
static bool
take_line(struct follow *follow, size_t looked, struct span *line_r)
{
	const char *begin = follow->octets + follow->from;
	const char *end;

	if (follow->len == 0)
		return false;
	end = memchr(begin + looked, '\n', follow->len - looked);
	if (end == NULL)
		return false;
	*line_r = (struct span){ begin, (size_t)(end - begin) };
	follow->from += line_r->len + 1;
	follow->len -= line_r->len + 1;
	follow->offset += (int64_t)line_r->len + 1;
	return true;
}

/* Reads on. 1; 0 at the end; -1. */
static int
read_more(struct follow *follow)
{
	ssize_t n;

	if (follow->from > 0 && follow->len > 0)
		memmove(follow->octets, follow->octets + follow->from,
		    follow->len);
	follow->from = 0;
	if (follow->room - follow->len < PIECE) {
		size_t room = follow->room == 0 ? 2 * PIECE :
		    follow->room * 2;
		char *octets = room > LINE_MOST * 2 ? NULL :
		    realloc(follow->octets, room);

		if (octets == NULL) {
			follow->error = ENOMEM;
			return -1;
		}
		follow->octets = octets;
		follow->room = room;
	}
	do
		n = pread(follow->fd, follow->octets + follow->len, PIECE,
		    (off_t)(follow->offset + (int64_t)follow->len));
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		follow->error = errno;
		return -1;
	}
	follow->len += (size_t)n;
	return n > 0;
}

/*
 * At the end: has the file been cut, or another one its name? 1: look again;
 * 0: wait.
 */
static int
look_around(struct follow *follow)
{
	struct stat mine, named;

	if (fstat(follow->fd, &mine) == 0 && mine.st_size < follow->offset)
		return open_at(follow, follow->file, 0) == 0;
	if (stat(follow->file, &named) != 0 || named.st_size == 0 ||
	    (uint64_t)named.st_ino == follow->inode)
		return 0;
	/* Nothing comes to the old one now; but it may have come since. */
	if (!follow->is_last_look) {
		follow->is_last_look = true;
		return 1;
	}
	return open_at(follow, follow->file, 0) == 0;
}

enum follow_status
follow_line(struct follow *follow, struct span *line_r)
{
	size_t looked = 0;
	int got;

	if (follow->fd < 0 && open_at(follow, follow->file, 0) != 0)
		return follow->error == ENOENT ? FOLLOW_WAIT : FOLLOW_FAILED;
	if (is_changed(follow) && open_at(follow, follow->file, 0) != 0)
		return FOLLOW_FAILED;
	for (;;) {
		if (take_line(follow, looked, line_r))
			return FOLLOW_LINE;
		looked = follow->len;
		got = read_more(follow);
		if (got < 0)
			return FOLLOW_FAILED;
		if (got == 0 && !look_around(follow)) {
			follow->check = check_of(follow->fd, follow->offset);
			return FOLLOW_WAIT;
		}
		if (follow->len < looked)
			looked = 0;
	}
}
