/*
 * names.c - see names.h.
 *
 * A question is for MX, whose answer tells all: NXDOMAIN, the null MX, and by
 * the way which name the aliases lead to; libunbound follows them itself and
 * ends loops. One thread of ours takes the answers; who asks waits for a
 * condition. A question whose askers have gone stays until its answer comes,
 * so that the cache has it for the next one.
 *
 * Locks: that of the list of resolvers, then none; that of one resolver, a
 * leaf but for libunbound's own.
 */
#include <config.h>

#include "dns/names.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/deadline.h"

#ifdef HAVE_UNBOUND

#include "dns/context.h"

#define TYPE_MX 15
#define CLASS_IN 1
#define QUESTIONS_MOST 1000	/* open at a time, awaited or not */
#define CACHE_OCTETS "4m"	/* each of libunbound's two caches */

struct question {
	struct question *next;
	struct dns_names *names;
	char *name;
	int waiting;
	bool is_done;
	const char *error;	/* NULL: there is an answer */
	bool exists;
	bool takes_no_mail;
	char *canonical;	/* NULL: its own name */
};

struct dns_names {
	struct dns_names *next;		/* in the list */
	int references;			/* under the lock of the list */
	struct dns_settings settings;
	struct ub_ctx *context;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	struct question *questions;
	int question_count;
	int waiting;
	pthread_t thread;
	bool has_thread;
	int wake[2];			/* a pipe: an octet ends the thread */
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct dns_names *list;

/* --- questions, all under the lock of their resolver ---------------------- */

static void
question_free(struct question *question)
{
	struct question **at = &question->names->questions;

	while (*at != NULL && *at != question)
		at = &(*at)->next;
	if (*at != NULL) {
		*at = question->next;
		question->names->question_count--;
	}
	free(question->name);
	free(question->canonical);
	free(question);
}

static struct question *
question_find(struct dns_names *names, struct span name)
{
	struct question *question = names->questions;

	while (question != NULL && !span_eq(span_of(question->name), name))
		question = question->next;
	return question;
}

/* A folded copy without the dot at the end; NULL without memory. */
static char *
plain_name(const char *name)
{
	size_t len = strlen(name);
	char *copy = strdup(name);

	if (copy == NULL)
		return NULL;
	if (len > 0 && copy[len - 1] == '.')
		copy[--len] = '\0';
	for (size_t i = 0; i < len; i++)
		copy[i] = (char)ascii_lower((unsigned char)copy[i]);
	return copy;
}

/* RFC 7505 section 3: preference 0 and the root, and nothing else. */
static bool
is_null_mx(const struct ub_result *result)
{
	return result->havedata && result->data[0] != NULL &&
	    result->data[1] == NULL && result->len[0] == 3 &&
	    result->data[0][2] == 0;
}

static void
read_answer(struct question *question, const struct ub_result *result)
{
	question->exists = !result->nxdomain;
	question->takes_no_mail = is_null_mx(result);
	if (result->canonname == NULL)
		return;
	question->canonical = plain_name(result->canonname);
	if (question->canonical == NULL)
		question->error = "out of memory";
}

/* By ub_process(), in the thread below. */
static void
take_answer(void *context, int status, struct ub_result *result)
{
	struct question *question = context;
	struct dns_names *names = question->names;

	(void)pthread_mutex_lock(&names->lock);
	question->is_done = true;
	if (status != 0)
		question->error = ub_strerror(status);
	else if (result->rcode != 0 && !result->nxdomain)
		question->error = "the DNS server failed";
	else
		read_answer(question, result);
	if (question->waiting == 0)
		question_free(question);
	else
		(void)pthread_cond_broadcast(&names->answered);
	(void)pthread_mutex_unlock(&names->lock);
	ub_resolve_free(result);
}

/* --- the thread that takes the answers ------------------------------------ */

static void *
take_answers(void *context)
{
	struct dns_names *names = context;
	struct pollfd fds[2] = {
		{ .fd = ub_fd(names->context), .events = POLLIN },
		{ .fd = names->wake[0], .events = POLLIN },
	};

	while ((fds[1].revents & POLLIN) == 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if ((fds[0].revents & POLLIN) != 0)
			(void)ub_process(names->context);
	}
	return NULL;
}

/* At the first question: a process that forks before has none to lose. */
static int
start_thread(struct dns_names *names)
{
	sigset_t all, old;
	int rc;

	if (names->has_thread)
		return 0;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old);
	rc = pthread_create(&names->thread, NULL, take_answers, names);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	names->has_thread = rc == 0;
	return rc == 0 ? 0 : -1;
}

/* --- asking --------------------------------------------------------------- */

static struct question *
question_new(struct dns_names *names, struct span name, const char **error_r)
{
	struct question *question;
	sigset_t all, old;
	int id, rc;

	*error_r = "too many questions to the DNS are open";
	if (names->question_count >= QUESTIONS_MOST)
		return NULL;
	*error_r = "out of memory";
	if (start_thread(names) != 0)
		return NULL;
	question = calloc(1, sizeof(*question));
	if (question == NULL)
		return NULL;
	question->names = names;
	question->name = strndup(name.ptr, name.len);
	if (question->name == NULL) {
		question_free(question);
		return NULL;
	}
	*error_r = "the DNS cannot be asked";
	/* libunbound makes its thread at the first question. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old);
	rc = ub_resolve_async(names->context, question->name, TYPE_MX,
	    CLASS_IN, question, take_answer, &id);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0) {
		question_free(question);
		return NULL;
	}
	question->next = names->questions;
	names->questions = question;
	names->question_count++;
	return question;
}

static struct timespec
time_of(int64_t deadline)
{
	int64_t at = deadline_now() + deadline_left(deadline);

	return (struct timespec){ .tv_sec = (time_t)(at / 1000),
		.tv_nsec = (long)(at % 1000) * 1000000 };
}

static enum lookup
read_question(const struct question *question, struct arena *arena,
    struct dns_name *name_r, const char **error_r)
{
	struct dns_name name = { .takes_no_mail = question->takes_no_mail };

	if (question->error != NULL) {
		*error_r = question->error;
		return LOOKUP_FAILED;
	}
	if (question->canonical != NULL &&
	    strcmp(question->canonical, question->name) != 0) {
		name.canonical = arena_span(arena,
		    span_of(question->canonical));
		if (name.canonical.ptr == NULL) {
			*error_r = "out of memory";
			return LOOKUP_FAILED;
		}
	}
	*name_r = name;
	return question->exists ? LOOKUP_FOUND : LOOKUP_NOT_FOUND;
}

/* With the lock held. */
static enum lookup
wait_for(struct dns_names *names, struct question *question,
    int64_t deadline, struct arena *arena, struct dns_name *name_r,
    const char **error_r)
{
	struct timespec until = time_of(deadline);
	enum lookup answer = LOOKUP_FAILED;

	question->waiting++;
	names->waiting++;
	while (!question->is_done && pthread_cond_timedwait(&names->answered,
	    &names->lock, &until) != ETIMEDOUT)
		continue;
	names->waiting--;
	question->waiting--;
	*error_r = "no answer from the DNS in time";
	if (!question->is_done)
		return LOOKUP_FAILED;
	answer = read_question(question, arena, name_r, error_r);
	if (question->waiting == 0)
		question_free(question);
	return answer;
}

enum lookup
dns_names_ask(struct dns_names *names, struct span name, int64_t deadline,
    struct arena *arena, struct dns_name *name_r, const char **error_r)
{
	enum lookup answer = LOOKUP_FAILED;
	struct question *question = NULL;

	(void)pthread_mutex_lock(&names->lock);
	if (names->waiting >= names->settings.waiting) {
		*error_r = "too many wait for the DNS";
	} else {
		question = question_find(names, name);
		if (question == NULL || question->is_done)
			question = question_new(names, name, error_r);
	}
	if (question != NULL)
		answer = wait_for(names, question, deadline, arena, name_r,
		    error_r);
	(void)pthread_mutex_unlock(&names->lock);
	return answer;
}

/* --- opening and closing -------------------------------------------------- */

static bool
is_same(const struct dns_settings *a, const struct dns_settings *b)
{
	if (a->server_count != b->server_count || a->waiting != b->waiting)
		return false;
	for (size_t i = 0; i < a->server_count; i++)
		if (strcmp(a->servers[i], b->servers[i]) != 0)
			return false;
	return true;
}

static int
copy_settings(const struct dns_settings *from, struct dns_settings *to)
{
	*to = (struct dns_settings){ .waiting = from->waiting };
	to->servers = calloc(from->server_count + 1, sizeof(*to->servers));
	if (to->servers == NULL)
		return -1;
	for (size_t i = 0; i < from->server_count; i++) {
		to->servers[i] = strdup(from->servers[i]);
		if (to->servers[i] == NULL)
			return -1;
		to->server_count++;
	}
	return 0;
}

static void
end_thread(struct dns_names *names)
{
	const char end = '.';

	if (!names->has_thread)
		return;
	while (write(names->wake[1], &end, 1) < 0 && errno == EINTR)
		continue;
	(void)pthread_join(names->thread, NULL);
}

static void
names_free(struct dns_names *names)
{
	end_thread(names);
	if (names->context != NULL)
		ub_ctx_delete(names->context);
	while (names->questions != NULL)
		question_free(names->questions);
	for (size_t i = 0; i < names->settings.server_count; i++)
		free((char *)(uintptr_t)names->settings.servers[i]);
	free(names->settings.servers);
	for (int i = 0; i < 2; i++)
		if (names->wake[i] >= 0)
			(void)close(names->wake[i]);
	(void)pthread_cond_destroy(&names->answered);
	(void)pthread_mutex_destroy(&names->lock);
	free(names);
}

static void
init_locks(struct dns_names *names)
{
	pthread_condattr_t attributes;

	(void)pthread_mutex_init(&names->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&names->answered, &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

/*
 * Names that are never answered for must not make libunbound take the whole
 * server for dead; not all its versions know how.
 */
static int
set_options(struct ub_ctx *context)
{
	(void)ub_ctx_set_option(context, "infra-cache-max-rtt:", "2000");
	(void)ub_ctx_set_option(context, "infra-keep-probing:", "yes");
	return ub_ctx_set_option(context, "msg-cache-size:", CACHE_OCTETS) ==
	    0 && ub_ctx_set_option(context, "rrset-cache-size:",
	    CACHE_OCTETS) == 0 ? 0 : -1;
}

static struct dns_names *
names_new(const struct dns_settings *settings, const char **error_r)
{
	struct dns_names *names = calloc(1, sizeof(*names));

	*error_r = "out of memory";
	if (names == NULL)
		return NULL;
	names->wake[0] = names->wake[1] = -1;
	init_locks(names);
	if (copy_settings(settings, &names->settings) != 0 ||
	    pipe2(names->wake, O_CLOEXEC) != 0)
		goto fail;
	names->context = context_open(names->settings.servers,
	    names->settings.server_count, error_r);
	if (names->context == NULL || set_options(names->context) != 0)
		goto fail;
	return names;
fail:
	names_free(names);
	return NULL;
}

struct dns_names *
dns_names_open(const struct dns_settings *settings, const char **error_r)
{
	struct dns_names *names;

	(void)pthread_mutex_lock(&list_lock);
	for (names = list; names != NULL; names = names->next)
		if (is_same(&names->settings, settings))
			break;
	if (names == NULL) {
		names = names_new(settings, error_r);
		if (names != NULL) {
			names->next = list;
			list = names;
		}
	}
	if (names != NULL)
		names->references++;
	(void)pthread_mutex_unlock(&list_lock);
	return names;
}

void
dns_names_close(struct dns_names **names)
{
	struct dns_names *n = *names, **at = &list;

	*names = NULL;
	if (n == NULL)
		return;
	(void)pthread_mutex_lock(&list_lock);
	if (--n->references > 0) {
		n = NULL;
	} else {
		while (*at != n)
			at = &(*at)->next;
		*at = n->next;
	}
	(void)pthread_mutex_unlock(&list_lock);
	if (n != NULL)
		names_free(n);
}

#else

struct dns_names *
dns_names_open(const struct dns_settings *settings, const char **error_r)
{
	(void)settings;
	*error_r = "this build cannot ask the DNS: " MISSING_UNBOUND;
	return NULL;
}

void
dns_names_close(struct dns_names **names)
{
	*names = NULL;
}

enum lookup
dns_names_ask(struct dns_names *names, struct span name, int64_t deadline,
    struct arena *arena, struct dns_name *name_r, const char **error_r)
{
	(void)names;
	(void)name;
	(void)deadline;
	(void)arena;
	(void)name_r;
	*error_r = "this build cannot ask the DNS: " MISSING_UNBOUND;
	return LOOKUP_FAILED;
}

#endif
