/*
 * trace_log.c - see trace.h: what became of messages, by the MTA's log.
 *
 * Logs are read from the oldest file on for the queue ids of the answers. A
 * content filter gives a message back to the MTA under another id, and the
 * line that says so may come after those about the new one: then they are
 * read once more, with that id.
 */
#include <config.h>

#include "ctl/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/utc.h"
#include "ctl/ctl.h"
#include "ctl/logfile.h"
#include "ctl/mtalog.h"

#define PASSES_MOST 8		/* so often may a message be queued anew */
#define ID_MOST 41
/* The MTA may have begun before MAIL, and clocks are read apart. */
#define EARLY 120

/* A queue id that is looked for. */
struct watched {
	char id[ID_MOST];
	size_t answer;
	int64_t since;
	bool is_over;		/* gone from the queue: ids come again */
};

struct watches {
	struct watched *v;
	size_t n, room;
	int64_t oldest, newest;	/* of the answers */
	bool has_new;
	struct trace_answers *answers;
};

static int
add_watch(struct watches *w, struct span id, size_t answer, int64_t since)
{
	struct watched *v;

	if (id.len == 0 || id.len >= ID_MOST)
		return 0;
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].answer == answer &&
		    span_eq(span_of(w->v[i].id), id))
			return 0;
	if (w->n == w->room) {
		size_t room = w->room == 0 ? 64 : w->room * 2;

		v = reallocarray(w->v, room, sizeof(*v));
		if (v == NULL)
			return -1;
		w->v = v;
		w->room = room;
	}
	v = &w->v[w->n++];
	*v = (struct watched){ .answer = answer, .since = since };
	memcpy(v->id, id.ptr, id.len);
	w->has_new = true;
	return 0;
}

/* --- what was found ------------------------------------------------------- */

static int
set_text(json_t *object, const char *name, struct span text)
{
	json_t *value;

	if (text.len == 0)
		return 0;
	value = json_stringn(text.ptr, text.len);
	/* Octets that are no UTF-8: they stand in the log. */
	if (value == NULL)
		value = json_string("(not UTF-8)");
	return json_object_set_new(object, name, value);
}

static int
add_delivery(struct trace_answer *answer, const struct mtalog_line *l)
{
	json_t *delivery = json_object();
	struct span status = l->status;
	char time[UTC_SIZE];
	int failed = 0;

	if (l->kind == MTALOG_BOUNCE)
		status = SPAN("sender was told");
	else if (l->kind == MTALOG_REFUSED)
		status = SPAN("refused");
	utc_print(l->time, time);
	failed |= set_text(delivery, "time", span_of(time));
	failed |= set_text(delivery, "queue_id", l->queue_id);
	failed |= set_text(delivery, "recipient", l->recipient);
	failed |= set_text(delivery, "relay", l->relay);
	failed |= set_text(delivery, "dsn", l->dsn);
	failed |= set_text(delivery, "status", status);
	failed |= set_text(delivery, "said", l->said);
	failed |= json_array_append_new(answer->deliveries, delivery);
	return failed == 0 ? 0 : -1;
}

static int
see(struct watches *w, size_t index, const struct mtalog_line *l)
{
	const struct watched watch = w->v[index];

	switch (l->kind) {
	case MTALOG_DELIVERY:
		if (add_watch(w, l->next_id, watch.answer, watch.since) != 0)
			return -1;
		return add_delivery(&w->answers->v[watch.answer], l);
	case MTALOG_BOUNCE:
		/* Where the bounce went is part of the answer. */
		if (add_watch(w, l->said, watch.answer, watch.since) != 0)
			return -1;
		return add_delivery(&w->answers->v[watch.answer], l);
	case MTALOG_REFUSED:
		return add_delivery(&w->answers->v[watch.answer], l);
	case MTALOG_END:
		w->v[index].is_over = true;
		return 0;
	case MTALOG_REQUEUED:
	case MTALOG_OTHER:
	default:
		return 0;
	}
}

/* "NEW: client=..., orig_queue_id=OLD": OLD may be watched. */
static int
see_requeued(struct watches *w, const struct mtalog_line *l)
{
	for (size_t i = 0; i < w->n; i++)
		if (!w->v[i].is_over && l->time >= w->v[i].since &&
		    span_eq(span_of(w->v[i].id), l->said))
			return add_watch(w, l->queue_id, w->v[i].answer,
			    w->v[i].since);
	return 0;
}

static int
read_lines(struct watches *w, struct logfile *lines, const char *name)
{
	struct span line;
	int got;

	while ((got = logfile_next(lines, &line)) == 1) {
		struct mtalog_line l;

		if (!mtalog_parse(line, w->newest, &l))
			continue;
		if (l.kind == MTALOG_REQUEUED && see_requeued(w, &l) != 0)
			return ctl_fail(-1, "out of memory");
		for (size_t i = 0; i < w->n; i++)
			if (!w->v[i].is_over && l.time >= w->v[i].since &&
			    span_eq(span_of(w->v[i].id), l.queue_id) &&
			    see(w, i, &l) != 0)
				return ctl_fail(-1, "out of memory");
	}
	return got == 0 ? 0 : ctl_fail(-1, "%s: %s", name,
	    logfile_error(lines));
}

/* --- logs ----------------------------------------------------------------- */

static int
read_file(struct watches *w, const char *file)
{
	struct logfile *lines;
	struct stat st;
	int status;

	/* What was written to last before the message tells nothing of it. */
	if (stat(file, &st) == 0 && (int64_t)st.st_mtime < w->oldest - EARLY)
		return 0;
	lines = logfile_open(file);
	if (lines == NULL)
		return ctl_fail(-1, "%s: %s", file, strerror(errno));
	status = read_lines(w, lines, file);
	logfile_close(&lines);
	return status;
}

static int
read_files(struct watches *w, const char *log)
{
	size_t count = 0;
	char **files = logfile_rotated(log, &count);
	int status = 0;

	if (files == NULL)
		return ctl_fail(-1, "out of memory");
	if (count == 0)
		status = ctl_fail(-1, "%s: %s", log, strerror(ENOENT));
	for (size_t i = 0; i < count && status == 0; i++)
		status = read_file(w, files[i]);
	logfile_forget(files, count);
	return status;
}

static void
become_journalctl(int out, int64_t since)
{
	char text[40];

	(void)snprintf(text, sizeof(text), "--since=@%lld",
	    (long long)since);
	if (dup2(out, STDOUT_FILENO) >= 0)
		(void)execlp("journalctl", "journalctl", "--quiet",
		    "--no-pager", "--facility=mail", "--utc",
		    "--output=short-iso-precise", text, (char *)NULL);
	_exit(127);
}

static int
read_journal(struct watches *w)
{
	struct logfile *lines;
	int ends[2], status, wait_status = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return ctl_fail(-1, "pipe: %m");
	child = fork();
	if (child == 0)
		become_journalctl(ends[1], w->oldest - EARLY);
	(void)close(ends[1]);
	lines = child < 0 ? NULL : logfile_open_fd(ends[0]);
	if (lines == NULL) {
		(void)close(ends[0]);
		status = ctl_fail(-1, "journalctl: %m");
	} else {
		status = read_lines(w, lines, "journalctl");
	}
	logfile_close(&lines);
	if (child > 0 && waitpid(child, &wait_status, 0) == child &&
	    wait_status != 0 && status == 0)
		status = ctl_fail(-1, "journalctl failed");
	return status;
}

static int
read_logs(struct watches *w, char *const *logs, size_t count)
{
	int status = 0;

	for (size_t i = 0; i < w->answers->n; i++) {
		json_decref(w->answers->v[i].deliveries);
		w->answers->v[i].deliveries = json_array();
	}
	for (size_t i = 0; i < w->n; i++)
		w->v[i].is_over = false;
	w->has_new = false;
	for (size_t i = 0; i < count; i++)
		if ((strcmp(logs[i], "journal") == 0 ? read_journal(w) :
		    read_files(w, logs[i])) != 0)
			status = -1;
	return status;
}

/* --- all ------------------------------------------------------------------ */

static int
watch_answers(struct watches *w)
{
	for (size_t i = 0; i < w->answers->n; i++) {
		const json_t *record = w->answers->v[i].record;
		const char *id = json_string_value(json_object_get(record,
		    "queue_id"));
		const char *time = json_string_value(json_object_get(record,
		    "time"));
		int64_t us;

		if (id == NULL || time == NULL ||
		    utc_parse(span_of(time), &us) != 0)
			continue;
		us /= 1000000;
		if (w->n == 0 || us < w->oldest)
			w->oldest = us;
		if (w->n == 0 || us > w->newest)
			w->newest = us;
		if (add_watch(w, span_of(id), i, us - EARLY) != 0)
			return ctl_fail(-1, "out of memory");
	}
	return 0;
}

int
trace_deliveries(char *const *logs, size_t count,
    struct trace_answers *answers)
{
	struct watches w = { .answers = answers };
	int status = watch_answers(&w);

	for (int pass = 0; pass < PASSES_MOST && status == 0 && w.n > 0;
	    pass++) {
		status = read_logs(&w, logs, count);
		if (!w.has_new)
			break;
	}
	free(w.v);
	return status;
}
