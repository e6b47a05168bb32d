/*
 * envelope.c - see envelope.h. A path that is deleted is never added again:
 * whether the second undoes the first is a matter of the MTA.
 */
#include "edit/envelope.h"

#include "base/sbuf.h"

#define PARAMS_MOST 1100u	/* ORCPT has 500 octets at most (RFC 3461) */

static bool
is_of_client(const struct facts_recipient *recipient)
{
	return recipient->replaces == 0 && !recipient->is_refused_by_mta &&
	    recipient->verdict.action == ACTION_PASS;
}

/* Did the client name it? */
static bool
is_submitted(const struct facts *facts, struct span path)
{
	for (size_t i = 0; i < facts->recipient_count; i++)
		if (is_of_client(&facts->recipients[i]) &&
		    span_eq(facts->recipients[i].path.text, path))
			return true;
	return false;
}

/* Was it named, and replaced, before number END too? */
static bool
is_replaced_before(const struct facts *facts, struct span path, size_t end)
{
	for (size_t i = 0; i < end; i++)
		if (is_of_client(&facts->recipients[i]) &&
		    facts->recipients[i].is_replaced &&
		    span_eq(facts->recipients[i].path.text, path))
			return true;
	return false;
}

/* Does one before number END leave as PATH? */
static bool
is_leaving(const struct facts *facts, struct span path, size_t end)
{
	for (size_t i = 0; i < end; i++)
		if (facts_is_leaving(&facts->recipients[i]) &&
		    span_eq(facts->recipients[i].path.text, path))
			return true;
	return false;
}

static struct span
params_text(const struct facts_path *path, struct arena *arena)
{
	struct span text = { NULL, 0 };
	struct sbuf out;

	sbuf_init(&out, arena, PARAMS_MOST);
	for (size_t i = 0; i < path->param_count; i++)
		sbuf_addf(&out, "%s%.*s", i == 0 ? "" : " ",
		    SPAN_ARG(path->params[i]));
	return sbuf_done(&out, &text) == 0 ? text : (struct span){ NULL, 0 };
}

static int
add(const struct facts_path *path, struct edit_list *list)
{
	struct span params = params_text(path, list->arena);

	return params.ptr == NULL ? -1 : edit_envelope(list,
	    EDIT_ADD_RECIPIENT, path->text, params, path->cause);
}

/* Why the recipient does not leave as the client wrote it. */
static const char *
cause_of(const struct facts *facts, size_t index)
{
	for (size_t i = index + 1; i < facts->recipient_count; i++)
		if (facts->recipients[i].replaces == index + 1)
			return facts->recipients[i].path.cause;
	return "envelope";
}

static int
change_recipient(const struct facts *facts, size_t i, struct edit_list *list)
{
	const struct facts_recipient *r = &facts->recipients[i];
	struct span path = r->path.text;

	if (is_of_client(r) && r->is_replaced &&
	    !is_replaced_before(facts, path, i) &&
	    !is_leaving(facts, path, facts->recipient_count))
		return edit_envelope(list, EDIT_DELETE_RECIPIENT, path,
		    (struct span){ NULL, 0 }, cause_of(facts, i));
	if (r->replaces > 0 && facts_is_leaving(r) &&
	    !is_submitted(facts, path) && !is_leaving(facts, path, i))
		return add(&r->path, list);
	return 0;
}

int
envelope_run(const struct facts *facts, struct edit_list *list)
{
	const struct facts_path *sender = &facts->leaving_sender;

	if (!span_eq(sender->text, facts->sender.text) &&
	    edit_envelope(list, EDIT_SENDER, sender->text,
	    (struct span){ NULL, 0 }, sender->cause) != 0)
		return -1;
	for (size_t i = 0; i < facts->recipient_count; i++)
		if (change_recipient(facts, i, list) != 0)
			return -1;
	return 0;
}
