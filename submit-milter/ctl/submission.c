/*
 * submission.c - see submission.h.
 */
#include "ctl/submission.h"

#include "syntax/address.h"
#include "syntax/field.h"

#define CHUNK 65535u		/* of a body, as libmilter hands it over */

void
submission_init(struct submission *submission, struct arena *arena)
{
	*submission = (struct submission){
		.arena = arena,
		.peer = {
			.session = SPAN("explain"),
			.host = SPAN("localhost"),
		},
	};
}

/* --- the envelope --------------------------------------------------------- */

/* A longer copy of the N pointers at V; NULL without memory. */
static char **
grown(struct arena *arena, char **v, size_t n)
{
	char **longer = arena_calloc(arena, n + 2, sizeof(*longer));

	if (longer != NULL && n > 0)
		memcpy(longer, v, n * sizeof(*v));
	return longer;
}

int
submission_add_param(struct submission *submission,
    struct submission_path *path, char *param)
{
	char **argv = grown(submission->arena, path->argv, path->n);

	if (argv == NULL)
		return -1;
	argv[path->n] = param;
	path->argv = argv;
	path->n++;
	return 0;
}

static int
set_path(struct submission *submission, struct submission_path *path,
    struct span address)
{
	bool is_bare = address.len == 0 || address.ptr[0] != '<';
	struct span text = arena_printf(submission->arena, "%s%.*s%s",
	    is_bare ? "<" : "", SPAN_ARG(address), is_bare ? ">" : "");
	char *first;

	if (text.ptr == NULL)
		return -1;
	first = arena_strdup(submission->arena, text);
	*path = (struct submission_path){ NULL, 0 };
	return first == NULL ? -1 :
	    submission_add_param(submission, path, first);
}

int
submission_set_sender(struct submission *submission, struct span address)
{
	return set_path(submission, &submission->sender, address);
}

int
submission_add_recipient(struct submission *submission, struct span address)
{
	size_t n = submission->recipient_count;
	struct submission_path *v = submission->recipients;

	/* Room for a power of two of them. */
	if ((n & (n - 1)) == 0) {
		v = arena_calloc(submission->arena, n == 0 ? 1 : 2 * n,
		    sizeof(*v));
		if (v == NULL)
			return -1;
		if (n > 0)
			memcpy(v, submission->recipients, n * sizeof(*v));
		submission->recipients = v;
	}
	if (set_path(submission, &v[n], address) != 0)
		return -1;
	submission->recipient_count++;
	return 0;
}

/* --- from the header ------------------------------------------------------ */

static struct span
whole(struct submission *submission, const struct address *a)
{
	return arena_printf(submission->arena, "%.*s%s%.*s",
	    SPAN_ARG(a->local), a->kind == DOMAIN_NONE ? "" : "@",
	    SPAN_ARG(a->domain));
}

/* The addresses of a field; none when it cannot be read. -1: no memory. */
static int
read_field(struct submission *submission, const struct letter_field *field,
    struct address_list *list_r)
{
	struct address_error error;

	*list_r = (struct address_list){ .n = 0 };
	return address_parse(span_of(field->value), ADDRESS_LIST_OR_EMPTY,
	    submission->arena, list_r, &error) == 0 ? -1 : 0;
}

static int
take_sender(struct submission *submission, const struct letter *letter)
{
	struct address_list list;

	for (size_t i = 0; i < letter->field_count; i++) {
		if (field_find(span_of(letter->fields[i].name)) != FIELD_FROM)
			continue;
		if (read_field(submission, &letter->fields[i], &list) != 0)
			return -1;
		return list.n == 0 ? 0 : submission_set_sender(submission,
		    whole(submission, &list.v[0]));
	}
	return 0;
}

static bool
is_destination(const struct letter_field *field)
{
	enum field_id id = field_find(span_of(field->name));

	return id == FIELD_TO || id == FIELD_CC || id == FIELD_BCC;
}

static int
take_recipients(struct submission *submission, const struct letter *letter)
{
	for (size_t i = 0; i < letter->field_count; i++) {
		struct address_list list;

		if (!is_destination(&letter->fields[i]))
			continue;
		if (read_field(submission, &letter->fields[i], &list) != 0)
			return -1;
		for (size_t k = 0; k < list.n; k++)
			if (submission_add_recipient(submission,
			    whole(submission, &list.v[k])) != 0)
				return -1;
	}
	return 0;
}

const char *
submission_fill(struct submission *submission, const struct letter *letter)
{
	if (submission->sender.n == 0) {
		submission->is_sender_assumed = true;
		if (take_sender(submission, letter) != 0)
			return "out of memory";
		if (submission->sender.n == 0)
			return "no --sender, and From has no address that "
			    "could stand for it";
	}
	if (submission->recipient_count == 0) {
		submission->are_recipients_assumed = true;
		if (take_recipients(submission, letter) != 0)
			return "out of memory";
		if (submission->recipient_count == 0)
			return "no --rcpt, and To, Cc and Bcc have no "
			    "address that could stand for it";
	}
	return NULL;
}

/* --- the run -------------------------------------------------------------- */

/* No MTA: the edits are only looked at. */
static int
apply_nowhere(void *context, const struct edit_list *edits)
{
	(void)context;
	(void)edits;
	return 0;
}

static void
run_message(struct transaction *transaction, const struct letter *letter)
{
	struct span body = letter->body;

	for (size_t i = 0; i < letter->field_count; i++)
		transaction_field(transaction, letter->fields[i].name,
		    letter->fields[i].value);
	transaction_end_header(transaction);
	while (body.len > 0) {
		size_t n = body.len < CHUNK ? body.len : CHUNK;

		transaction_body(transaction, span_slice(body, 0, n));
		body = span_slice(body, n, body.len);
	}
	(void)transaction_end(transaction, apply_nowhere, NULL);
}

int
submission_run(const struct submission *submission,
    const struct letter *letter, struct runtime *runtime)
{
	struct span none = { NULL, 0 };
	size_t accepted = 0;
	struct reply reply;
	struct transaction *transaction = transaction_begin(runtime,
	    &submission->peer, submission->sender.argv, &reply);

	if (transaction == NULL)
		return -1;
	for (size_t i = 0; reply.code == 0 &&
	    i < submission->recipient_count; i++)
		if (transaction_recipient(transaction,
		    submission->recipients[i].argv, none).code == 0)
			accepted++;
	if (accepted > 0)
		run_message(transaction, letter);
	transaction_free(&transaction);
	return 0;
}
