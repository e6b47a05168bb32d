/*
 * dns.c - see dns.h.
 */
#include <config.h>

#include "dns/dns.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"

struct span
dns_text(struct span record, struct arena *arena)
{
	char *text = arena_alloc(arena, record.len + 1);
	size_t n = 0;

	for (size_t i = 0; text != NULL && i < record.len; ) {
		size_t len = (unsigned char)record.ptr[i++];

		if (len > record.len - i)
			return (struct span){ NULL, 0 };
		memcpy(text + n, record.ptr + i, len);
		n += len;
		i += len;
	}
	return (struct span){ text, text == NULL ? 0 : n };
}

#ifdef HAVE_UNBOUND

#include "dns/context.h"

struct dns {
	struct ub_ctx *context;
};

/* An answer on its way. */
struct waiting {
	bool is_done;
	int status;
	struct ub_result *result;
};

const char *
dns_library(const char **why_r)
{
	*why_r = NULL;
	return ub_version();
}

struct dns *
dns_open(const char *server, const char **error_r)
{
	struct dns *dns = calloc(1, sizeof(*dns));

	*error_r = "out of memory";
	if (dns == NULL)
		return NULL;
	dns->context = context_open(&server, server == NULL ? 0 : 1, error_r);
	if (dns->context == NULL) {
		free(dns);
		return NULL;
	}
	return dns;
}

void
dns_close(struct dns **dns)
{
	if (*dns == NULL)
		return;
	ub_ctx_delete((*dns)->context);
	free(*dns);
	*dns = NULL;
}

static void
take_result(void *context, int status, struct ub_result *result)
{
	struct waiting *waiting = context;

	waiting->is_done = true;
	waiting->status = status;
	waiting->result = result;
}

/* NULL, or why there is no answer. */
static const char *
wait_for(struct dns *dns, const char *name, enum dns_type type,
    int64_t deadline, struct waiting *waiting)
{
	int id;

	if (ub_resolve_async(dns->context, name, (int)type, 1, waiting,
	    take_result, &id) != 0)
		return "the question cannot be asked";
	while (!waiting->is_done) {
		struct pollfd fd = { .fd = ub_fd(dns->context),
			.events = POLLIN };

		if (poll(&fd, 1, deadline_left(deadline)) < 0 &&
		    errno != EINTR)
			break;
		if (ub_process(dns->context) != 0)
			break;
		if (!waiting->is_done && deadline_left(deadline) == 0)
			break;
	}
	if (!waiting->is_done) {
		(void)ub_cancel(dns->context, id);
		return "no answer in time";
	}
	if (waiting->status != 0)
		return ub_strerror(waiting->status);
	return waiting->result->rcode == 0 || waiting->result->nxdomain ?
	    NULL : "the server failed";
}

static int
copy(const struct ub_result *result, struct arena *arena,
    struct dns_answer *answer)
{
	while (result->data[answer->n] != NULL)
		answer->n++;
	answer->v = arena_calloc(arena, answer->n, sizeof(*answer->v));
	for (size_t i = 0; answer->v != NULL && i < answer->n; i++) {
		answer->v[i] = arena_span(arena, (struct span){
		    result->data[i], (size_t)result->len[i] });
		if (answer->v[i].ptr == NULL)
			return -1;
	}
	return answer->v == NULL ? -1 : 0;
}

enum lookup
dns_ask(struct dns *dns, const char *name, enum dns_type type,
    int64_t deadline, struct arena *arena, struct dns_answer *answer_r,
    const char **error_r)
{
	struct waiting waiting = { .is_done = false };
	struct dns_answer answer = { NULL, 0 };
	enum lookup found = LOOKUP_NOT_FOUND;
	const char *error = wait_for(dns, name, type, deadline, &waiting);

	if (error == NULL && waiting.result->havedata) {
		found = LOOKUP_FOUND;
		if (copy(waiting.result, arena, &answer) != 0)
			error = "out of memory";
	}
	ub_resolve_free(waiting.result);
	if (error != NULL) {
		*error_r = error;
		return LOOKUP_FAILED;
	}
	*answer_r = answer;
	return found;
}

#else

const char *
dns_library(const char **why_r)
{
	*why_r = MISSING_UNBOUND;
	return NULL;
}

struct dns *
dns_open(const char *server, const char **error_r)
{
	(void)server;
	*error_r = "this build cannot ask the DNS: " MISSING_UNBOUND;
	return NULL;
}

void
dns_close(struct dns **dns)
{
	*dns = NULL;
}

enum lookup
dns_ask(struct dns *dns, const char *name, enum dns_type type,
    int64_t deadline, struct arena *arena, struct dns_answer *answer_r,
    const char **error_r)
{
	(void)dns;
	(void)name;
	(void)type;
	(void)deadline;
	(void)arena;
	(void)answer_r;
	*error_r = "this build cannot ask the DNS: " MISSING_UNBOUND;
	return LOOKUP_FAILED;
}

#endif
