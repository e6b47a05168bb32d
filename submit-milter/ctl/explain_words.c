/*
 * explain_words.c - see explain.h: words that both printers use.
 */
#include <config.h>

#include "ctl/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/sbuf.h"

#define COMMAND_MOST (16u << 20)

struct reply
explain_reply(const struct explanation *x, const struct verdict *verdict)
{
	return verdict_reply(verdict, &x->config->replies, x->arena);
}

/* A new one may be in a file. */
char *
explain_body(const struct explanation *x, struct span *body_r)
{
	struct spool *changed = edit_new_body(x->record->edits);
	size_t n = 0, size = changed == NULL ? 0 : spool_size(changed);
	struct span piece;
	const char *error;
	char *memory;

	*body_r = changed == NULL ? x->letter->body : (struct span){ NULL, 0 };
	if (changed == NULL)
		return NULL;
	memory = malloc(size + 1);
	while (memory != NULL && n < size &&
	    spool_read(changed, n, &piece, &error) == 0) {
		memcpy(memory + n, piece.ptr, piece.len);
		n += piece.len;
	}
	if (n == size)
		*body_r = (struct span){ memory, n };
	return memory;
}

static struct span
path_command(const struct explanation *x, const char *verb,
    const struct submission_path *path)
{
	struct sbuf out;
	struct span text = { NULL, 0 };

	sbuf_init(&out, x->arena, COMMAND_MOST);
	sbuf_adds(&out, verb);
	for (size_t i = 0; i < path->n; i++)
		sbuf_addf(&out, "%s%s", i == 0 ? "" : " ", path->argv[i]);
	return sbuf_done(&out, &text) == 0 ? text : span_of(verb);
}

struct span
explain_command(const struct explanation *x, enum stage stage, size_t rcpt)
{
	switch (stage) {
	case STAGE_MAIL:
		return path_command(x, "MAIL FROM:",
		    &x->submission->sender);
	case STAGE_RCPT:
		return path_command(x, "RCPT TO:",
		    &x->submission->recipients[rcpt]);
	case STAGE_HEADER:
		return SPAN("header");
	case STAGE_MESSAGE:
	case STAGE_COUNT:
		break;
	}
	return SPAN("whole message");
}

const char *
explain_route(enum identity_route route)
{
	static const char *const names[] = {
		[ROUTE_NONE] = "nothing",
		[ROUTE_SASL] = "SMTP AUTH",
		[ROUTE_CERT] = "a certificate that the MTA verified",
		[ROUTE_CLIENT] = "the client's address, seen elsewhere",
		[ROUTE_LOCAL] = "the envelope sender, for which the MTA "
		    "vouches",
		[ROUTE_NET] = "the client's network",
	};

	return names[route];
}

const char *
explain_account_name(enum account_state state)
{
	static const char *const names[] = {
		[ACCOUNT_ACTIVE] = "active",
		[ACCOUNT_SUSPENDED] = "suspended",
		[ACCOUNT_POSTMASTER_ONLY] = "postmaster-only",
		[ACCOUNT_UNKNOWN] = "unknown",
	};

	return names[state];
}

const char *
explain_lookup_name(enum lookup answer)
{
	static const char *const names[] = {
		[LOOKUP_FOUND] = "found",
		[LOOKUP_NOT_FOUND] = "not-found",
		[LOOKUP_FAILED] = "failed",
	};

	return names[answer];
}

struct span
explain_source(const struct table *table)
{
	return table == NULL ? SPAN("DNS") : span_of(table_name(table));
}
