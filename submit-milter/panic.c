/*
 * panic.c - see panic.h.
 *
 * The file is one line: "MODE SINCE UNTIL USER REASON". It is written whole
 * under another name first.
 */
#include "panic.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/utc.h"

#define FILE_NAME "mode"
#define NEW_NAME "mode.new"
#define NUMBER_MOST INT64_C(999999999999)
#define LINE_SIZE (PANIC_REASON_SIZE + 128u)

/* How often the log is reminded, in seconds. */
#define REMINDER 300

struct panic {
	/*
	 * Mode in the two lowest bits, above them the second of the clock
	 * that counts from boot at which it ends; 0: MODE_ENFORCE.
	 */
	atomic_uint_least64_t now;
	pthread_mutex_t lock;		/* guards all below */
	struct panic_state state;
	int64_t reminded;
	int folder;			/* descriptor; -1: none */
};

struct panic *
panic_new(void)
{
	struct panic *panic = calloc(1, sizeof(*panic));

	if (panic == NULL)
		return NULL;
	panic->folder = -1;
	(void)pthread_mutex_init(&panic->lock, NULL);
	return panic;
}

void
panic_free(struct panic **panic)
{
	if (*panic == NULL)
		return;
	if ((*panic)->folder >= 0)
		(void)close((*panic)->folder);
	(void)pthread_mutex_destroy(&(*panic)->lock);
	free(*panic);
	*panic = NULL;
}

/* --- time ----------------------------------------------------------------- */

/* Seconds of a clock that nobody can set. */
static int64_t
ticks(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

static uint64_t
pack(enum mode mode, int64_t end)
{
	return mode == MODE_ENFORCE ? 0 :
	    (uint64_t)end << 2 | (uint64_t)mode;
}

static void
log_state(const struct panic_state *state, const char *what)
{
	char until[UTC_SIZE];

	utc_print(state->until, until);
	log_warning("mode %s %s until %s, by user id %ld: %s",
	    mode_name(state->mode), what, until,
	    state->user, state->reason[0] == '\0' ? "no reason given" :
	    state->reason);
}

/* --- the file ------------------------------------------------------------- */

static bool
write_file(int folder, const char *text)
{
	int fd = openat(folder, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	bool is_written;

	if (fd < 0)
		return false;
	is_written = fd_write(fd, span_of(text)) == 0 && fsync(fd) == 0;
	if (close(fd) != 0 || !is_written)
		return false;
	return renameat(folder, NEW_NAME, folder, FILE_NAME) == 0 &&
	    fsync(folder) == 0;
}

static bool
remove_file(int folder)
{
	if (unlinkat(folder, FILE_NAME, 0) != 0)
		return errno == ENOENT;
	return fsync(folder) == 0;
}

/* Makes the file say what STATE says; sets is_kept. */
static void
keep(const struct panic *panic, struct panic_state *state)
{
	char line[LINE_SIZE];

	state->is_kept = false;
	if (panic->folder < 0)
		return;
	(void)snprintf(line, sizeof(line), "%s %" PRId64 " %" PRId64
	    " %ld %s\n", mode_name(state->mode), state->since, state->until,
	    state->user, state->reason);
	state->is_kept = state->mode == MODE_ENFORCE ?
	    remove_file(panic->folder) : write_file(panic->folder, line);
	if (!state->is_kept)
		log_error("state_directory: mode %s cannot be kept: %s",
		    mode_name(state->mode), strerror(errno));
}

static void
set_reason(struct panic_state *state, struct span reason)
{
	if (reason.len >= sizeof(state->reason))
		reason.len = sizeof(state->reason) - 1;
	while (reason.len > 0 && !span_is_utf8(reason))
		reason.len--;
	if (reason.len > 0)
		memcpy(state->reason, reason.ptr, reason.len);
	state->reason[reason.len] = '\0';
}

/* False when LINE has another form. */
static bool
parse(struct span line, struct panic_state *state_r)
{
	struct panic_state state = { .is_kept = true };

	if (line.len == 0 || line.ptr[line.len - 1] != '\n')
		return false;
	line.len--;
	state.mode = mode_find(span_take_word(&line));
	state.since = span_number(span_take_word(&line), NUMBER_MOST);
	state.until = span_number(span_take_word(&line), NUMBER_MOST);
	state.user = (long)span_number(span_take_word(&line), NUMBER_MOST);
	set_reason(&state, line);
	if (state.mode == MODE_COUNT || state.mode == MODE_ENFORCE ||
	    state.since < 0 || state.until < 0 || state.user < 0)
		return false;
	*state_r = state;
	return true;
}

/* 1 read, 0 there is none, -1 and errno (0: it has another form). */
static int
read_file(int folder, struct panic_state *state_r)
{
	char line[LINE_SIZE];
	int fd = openat(folder, FILE_NAME, O_RDONLY | O_NOFOLLOW |
	    O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	n = read(fd, line, sizeof(line));
	(void)close(fd);
	if (n < 0)
		return -1;
	errno = 0;
	return parse((struct span){ line, (size_t)n }, state_r) ? 1 : -1;
}

/* -------------------------------------------------------------------------- */

/* Under lock. */
static void
hold(struct panic *panic, const struct panic_state *state, int64_t seconds)
{
	panic->state = *state;
	panic->reminded = ticks();
	atomic_store(&panic->now, pack(state->mode,
	    panic->reminded + seconds));
}

void
panic_open(struct panic *panic, const char *folder, int maximum)
{
	int64_t now = time(NULL);
	struct panic_state state;
	int status;

	if (folder[0] == '\0')
		return;
	pthread_mutex_lock(&panic->lock);
	panic->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	status = panic->folder < 0 ? -1 : read_file(panic->folder, &state);
	if (status < 0)
		log_error("state_directory: %s/" FILE_NAME ": %s; mode "
		    "enforce holds", folder, errno == 0 ?
		    "is none of ours" : strerror(errno));
	if (status > 0 && state.until > now + maximum)
		state.until = now + maximum;
	if (status > 0 && state.until > now) {
		hold(panic, &state, state.until - now);
		log_state(&state, "holds on after the restart,");
	} else if (status > 0) {
		log_warning("mode %s has ended meanwhile: enforce",
		    mode_name(state.mode));
		(void)remove_file(panic->folder);
	}
	pthread_mutex_unlock(&panic->lock);
}

/* The one who notices that it has ended says so and clears up. */
static void
end(struct panic *panic, uint_least64_t seen)
{
	struct panic_state none = { .mode = MODE_ENFORCE };

	pthread_mutex_lock(&panic->lock);
	if (atomic_compare_exchange_strong(&panic->now, &seen, 0)) {
		log_warning("mode %s has ended: enforce",
		    mode_name(panic->state.mode));
		keep(panic, &none);
		panic->state = none;
	}
	pthread_mutex_unlock(&panic->lock);
}

enum mode
panic_mode(struct panic *panic)
{
	uint_least64_t seen = atomic_load(&panic->now);

	if (seen == 0)
		return MODE_ENFORCE;
	if (ticks() < (int64_t)(seen >> 2))
		return (enum mode)(seen & 3);
	end(panic, seen);
	return MODE_ENFORCE;
}

void
panic_switch(struct panic *panic, enum mode mode, int seconds, long user,
    struct span reason)
{
	struct panic_state state = { .mode = mode, .user = user };

	state.since = time(NULL);
	state.until = mode == MODE_ENFORCE ? 0 : state.since + seconds;
	set_reason(&state, reason);
	pthread_mutex_lock(&panic->lock);
	/* First of all it holds. */
	hold(panic, &state, seconds);
	if (mode == MODE_ENFORCE)
		log_warning("mode enforce from now on, by user id %ld", user);
	else
		log_state(&state, "from now on,");
	keep(panic, &panic->state);
	pthread_mutex_unlock(&panic->lock);
}

void
panic_state(struct panic *panic, struct panic_state *state_r)
{
	(void)panic_mode(panic);
	pthread_mutex_lock(&panic->lock);
	*state_r = panic->state;
	pthread_mutex_unlock(&panic->lock);
}

void
panic_tick(struct panic *panic)
{
	if (panic_mode(panic) == MODE_ENFORCE)
		return;
	pthread_mutex_lock(&panic->lock);
	if (panic->state.mode != MODE_ENFORCE &&
	    ticks() - panic->reminded >= REMINDER) {
		panic->reminded = ticks();
		log_state(&panic->state, "still holds,");
	}
	pthread_mutex_unlock(&panic->lock);
}
