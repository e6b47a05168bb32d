/*
 * live.c - see live.h.
 */
#include "table/live.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/deadline.h"

#define LOOK_EVERY 1000		/* ms */
#define PAUSE 10		/* ms, while somebody else writes */
#define PATIENCE 10000		/* ms: no deadline may be longer */

/* Something that is open, while anybody needs it. */
struct opening {
	void *opened;
	unsigned users;		/* look-ups, and the struct live */
	struct stat file;	/* when it was opened */
};

/* What the lock is for. */
struct state {
	pthread_mutex_t lock;
	struct opening *current;	/* NULL: nothing right is there */
	char *error;			/* why, or NULL: no memory */
	int64_t look_at;		/* when to look at the file again */
};

struct live {
	const struct live_kind *kind;
	const void *context;
	char *path;
	struct state *state;
};

/* --- the file ------------------------------------------------------------- */

static bool
is_time_same(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
is_same(const struct live *live, const struct stat *a, const struct stat *b)
{
	if (a->st_dev != b->st_dev || a->st_ino != b->st_ino)
		return false;
	return live->kind->is_changed_in_place ||
	    (a->st_size == b->st_size &&
	    is_time_same(&a->st_mtim, &b->st_mtim) &&
	    is_time_same(&a->st_ctim, &b->st_ctim));
}

/* 0, or -1 and why not. */
static int
look_at_file(const char *path, struct stat *file_r, char **error_r)
{
	struct stat file;

	if (stat(path, &file) != 0) {
		*error_r = backend_error("%s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISREG(file.st_mode)) {
		*error_r = backend_error("%s: is not a regular file", path);
		return -1;
	}
	*file_r = file;
	return 0;
}

static void
unuse(const struct live *live, struct opening *opening)
{
	if (opening == NULL || --opening->users > 0)
		return;
	live->kind->close(opening->opened);
	free(opening);
}

/* Opens what FILE describes. It may become another while we do. */
static enum live_opened
open_file(const struct live *live, const struct stat *file,
    struct opening **opening_r, char **error_r)
{
	struct opening *opening = calloc(1, sizeof(*opening));
	struct stat after;
	enum live_opened result = LIVE_OPEN_FAILED;

	*error_r = NULL;
	if (opening == NULL)
		return LIVE_OPEN_FAILED;
	result = live->kind->open(live->context, live->path,
	    &opening->opened, error_r);
	if (result != LIVE_OPENED) {
		free(opening);
		return result;
	}
	opening->file = *file;
	opening->users = 1;
	if (stat(live->path, &after) != 0 || !is_same(live, file, &after)) {
		unuse(live, opening);
		return LIVE_OPEN_BUSY;
	}
	*opening_r = opening;
	return LIVE_OPENED;
}

/* Sees to it that "current" is the file, or that there is none. */
static enum live_opened
refresh(const struct live *live)
{
	struct state *state = live->state;
	struct opening *opening = NULL;
	enum live_opened result = LIVE_OPEN_FAILED;
	char *error = NULL;
	struct stat file;

	if (look_at_file(live->path, &file, &error) == 0) {
		if (state->current != NULL &&
		    is_same(live, &file, &state->current->file)) {
			state->look_at = deadline_in(LOOK_EVERY);
			return LIVE_OPENED;
		}
		result = open_file(live, &file, &opening, &error);
	}
	unuse(live, state->current);
	state->current = opening;
	free(state->error);
	state->error = error;
	state->look_at = result == LIVE_OPEN_BUSY ? 0 : deadline_in(LOOK_EVERY);
	return result;
}

/* --- looking up ----------------------------------------------------------- */

static enum live_opened
use(const struct live *live, struct arena *arena, struct opening **opening_r,
    const char **error_r)
{
	struct state *state = live->state;
	enum live_opened result = LIVE_OPENED;

	(void)pthread_mutex_lock(&state->lock);
	if (deadline_now() >= state->look_at)
		result = refresh(live);
	else if (state->current == NULL)
		result = LIVE_OPEN_FAILED;
	if (result == LIVE_OPENED) {
		state->current->users++;
		*opening_r = state->current;
	} else if (result == LIVE_OPEN_FAILED) {
		*error_r = state->error == NULL ? NULL :
		    arena_strdup(arena, span_of(state->error));
		if (*error_r == NULL)
			*error_r = "out of memory";
	}
	(void)pthread_mutex_unlock(&state->lock);
	return result;
}

static void
give_back(const struct live *live, struct opening *opening, bool is_over)
{
	struct state *state = live->state;

	(void)pthread_mutex_lock(&state->lock);
	if (is_over && state->current == opening) {
		opening->users--;
		state->current = NULL;
		state->look_at = 0;
	}
	unuse(live, opening);
	(void)pthread_mutex_unlock(&state->lock);
}

static void
pause_briefly(void)
{
	const struct timespec pause = { .tv_nsec = PAUSE * 1000000L };

	(void)nanosleep(&pause, NULL);
}

static enum live_answer
ask_once(const struct live *live, struct span key, int64_t deadline,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	struct opening *opening = NULL;
	enum live_answer answer;

	switch (use(live, arena, &opening, error_r)) {
	case LIVE_OPENED:
		break;
	case LIVE_OPEN_BUSY:
		return LIVE_BUSY;
	case LIVE_OPEN_FAILED:
		return LIVE_FAILED;
	}
	answer = live->kind->ask(opening->opened, key, deadline, arena,
	    value_r, error_r);
	/* What failed once may be broken inside: it is opened anew. */
	give_back(live, opening, answer == LIVE_STALE ||
	    answer == LIVE_FAILED);
	return answer;
}

enum lookup
live_lookup(const void *handle, struct span key, int64_t deadline,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	deadline = deadline_min(deadline, deadline_in(PATIENCE));
	for (;;) {
		switch (ask_once(handle, key, deadline, arena, value_r,
		    error_r)) {
		case LIVE_FOUND:
			return LOOKUP_FOUND;
		case LIVE_NOT_FOUND:
			return LOOKUP_NOT_FOUND;
		case LIVE_FAILED:
			return LOOKUP_FAILED;
		case LIVE_STALE:
		case LIVE_BUSY:
			break;
		}
		if (deadline_left(deadline) == 0)
			break;
		pause_briefly();
	}
	*error_r = "the file is being written, for too long";
	return LOOKUP_FAILED;
}

/* --- beginning and end ---------------------------------------------------- */

/*
 * Postfix puts the suffix behind any name; so do we, unless only the name
 * as it stands exists and has it already. NULL: no memory.
 */
static char *
find_path(const char *file, const char *suffix)
{
	struct span name = span_of(file), end = span_of(suffix);
	char *path = malloc(name.len + end.len + 1);
	struct stat st;

	if (path == NULL)
		return NULL;
	memcpy(path, file, name.len + 1);
	if (suffix == NULL)
		return path;
	memcpy(path + name.len, suffix, end.len + 1);
	if (stat(path, &st) != 0 && name.len > end.len &&
	    strcmp(file + name.len - end.len, suffix) == 0)
		path[name.len] = '\0';
	return path;
}

/* Opens it for the first time. 0, or -1 and why not. */
static int
open_first(const struct live *live, char **error_r)
{
	int64_t deadline = deadline_in(PATIENCE);
	enum live_opened result;

	while ((result = refresh(live)) == LIVE_OPEN_BUSY) {
		if (deadline_left(deadline) == 0) {
			*error_r = backend_error("%s: is being written, for "
			    "too long", live->path);
			return -1;
		}
		pause_briefly();
	}
	if (result == LIVE_OPENED)
		return 0;
	*error_r = live->state->error;
	live->state->error = NULL;
	return -1;
}

static struct state *
state_new(void)
{
	struct state *state = calloc(1, sizeof(*state));

	if (state != NULL && pthread_mutex_init(&state->lock, NULL) != 0) {
		free(state);
		return NULL;
	}
	return state;
}

struct live *
live_new(const struct live_kind *kind, const struct table_spec *spec,
    const void *context, char **error_r)
{
	struct live *live = calloc(1, sizeof(*live));

	*error_r = NULL;
	if (live == NULL)
		return NULL;
	live->kind = kind;
	live->context = context;
	live->state = state_new();
	live->path = find_path(spec->file, kind->suffix);
	if (live->state != NULL && live->path != NULL &&
	    open_first(live, error_r) == 0)
		return live;
	live_close(live);
	return NULL;
}

void *
live_open(const void *kind, const struct table_spec *spec, char **error_r)
{
	return live_new(kind, spec, NULL, error_r);
}

void
live_close(void *handle)
{
	struct live *live = handle;

	if (live->state != NULL) {
		unuse(live, live->state->current);
		(void)pthread_mutex_destroy(&live->state->lock);
		free(live->state->error);
		free(live->state);
	}
	free(live->path);
	free(live);
}
