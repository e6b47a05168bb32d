/*
 * trace_print.c - see trace.h: answers for people and for programs.
 */
#include <config.h>

#include "ctl/trace.h"

#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "ctl/ctl.h"

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

static void
put(const char *text)
{
	ctl_put(stdout, span_of(text));
}

/* "  NAME      " */
static void
put_head(const char *name)
{
	(void)printf("  %-10s ", name);
}

static void
put_line(const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	put_head(name);
	put(text);
	(void)putchar('\n');
}

/* " (TEXT)", or nothing. */
static void
put_aside(const char *before, const char *text, const char *after)
{
	if (text[0] == '\0')
		return;
	(void)fputs(before, stdout);
	put(text);
	(void)fputs(after, stdout);
}

/* "2026-11-21 10:00:00 UTC" */
static void
put_time(const char *time)
{
	(void)printf("%.10s %.8s UTC", time, strlen(time) > 19 ? time + 11 :
	    "");
}

/* --- a record ------------------------------------------------------------- */

static void
put_client(const json_t *record)
{
	const json_t *client = json_object_get(record, "client");
	const json_t *tls = json_object_get(record, "tls");
	const json_t *port = json_object_get(client, "port");

	put_head("client");
	put(text_of(client, "address"));
	if (json_is_integer(port))
		(void)printf(" port %d", (int)json_integer_value(port));
	put_aside(" (", text_of(client, "name"), ")");
	put_aside(", said ", text_of(client, "helo"), "");
	if (json_is_object(tls))
		put_aside(", ", text_of(tls, "version"), "");
	else
		(void)fputs(", in the clear", stdout);
	(void)putchar('\n');
}

static void
put_from(const json_t *record)
{
	const json_t *from = json_object_get(record, "from");

	for (size_t i = 0; i < json_array_size(from); i++)
		put_line(i == 0 ? "From" : "", json_string_value(
		    json_array_get(from, i)));
}

static void
put_recipients(const json_t *record)
{
	const json_t *list = json_object_get(json_object_get(record,
	    "envelope"), "recipients");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *to = json_array_get(list, i);
		const char *result = text_of(to, "result");

		put_head(i == 0 ? "recipient" : "");
		put(text_of(to, "address"));
		if (strcmp(result, "accepted") != 0)
			put_aside("  ", result, "");
		put_aside(": ", text_of(to, "reason"), "");
		put_aside(": ", text_of(to, "mta_reply"), "");
		(void)putchar('\n');
	}
}

static void
put_reply(const json_t *record)
{
	const json_t *reply = json_object_get(record, "reply");

	if (!json_is_object(reply))
		return;
	put_head("reply");
	(void)printf("%d ", (int)json_integer_value(json_object_get(reply,
	    "code")));
	put(text_of(reply, "enhanced"));
	put_aside(" ", text_of(reply, "text"), "");
	put_aside(" (", text_of(reply, "reason"), ")");
	(void)putchar('\n');
}

static void
put_queue(const json_t *record)
{
	if (text_of(record, "queue_id")[0] == '\0')
		return;
	put_head("queue id");
	put(text_of(record, "queue_id"));
	put_aside(" on ", text_of(record, "host"), "");
	(void)putchar('\n');
}

static void
put_deliveries(const struct trace_answer *answer)
{
	size_t n = json_array_size(answer->deliveries);

	if (answer->deliveries == NULL)
		return;
	if (n == 0)
		put_line("delivery", "the MTA's log has nothing of it");
	for (size_t i = 0; i < n; i++) {
		const json_t *d = json_array_get(answer->deliveries, i);

		put_head(i == 0 ? "delivery" : "");
		put(text_of(d, "time"));
		put_aside("  ", text_of(d, "recipient"), "");
		put_aside("  ", text_of(d, "status"), "");
		put_aside(" ", text_of(d, "dsn"), "");
		put_aside("  by ", text_of(d, "relay"), "");
		put_aside(" (", text_of(d, "said"), ")");
		put_aside("  [", text_of(d, "queue_id"), "]");
		(void)putchar('\n');
	}
}

static void
put_answer(const struct trace_answer *answer)
{
	const json_t *record = answer->record;
	const json_t *envelope = json_object_get(record, "envelope");
	const char *who = text_of(record, "identity");

	put_time(text_of(record, "time"));
	put_aside("  ", text_of(record, "result"), "\n");
	put_line("submitter", who[0] == '\0' ?
	    "nobody (had not authenticated)" : who);
	put_client(record);
	put_head("sender");
	put(text_of(envelope, "sender")[0] == '\0' ? "<>" :
	    text_of(envelope, "sender"));
	(void)putchar('\n');
	put_from(record);
	put_recipients(record);
	put_line("Message-ID", text_of(record, "message_id"));
	put_queue(record);
	put_line("profile", text_of(record, "profile"));
	put_line("record", text_of(record, "id"));
	put_reply(record);
	put_deliveries(answer);
}

void
trace_print(const struct trace_answers *answers)
{
	for (size_t i = 0; i < answers->n; i++) {
		if (i > 0)
			(void)putchar('\n');
		put_answer(&answers->v[i]);
	}
	if (answers->has_more)
		(void)printf("\nThere are more; --limit tells how many to "
		    "show.\n");
	if (answers->n == 0)
		(void)printf("No message was found.\n");
}

/* --- tokens --------------------------------------------------------------- */

void
trace_print_token(const struct token *token)
{
	char time[UTC_SIZE];

	utc_print(token->time_ms / 1000, time);
	(void)printf("The token says: ");
	put_time(time);
	(void)printf("\n");
	put_line("submitter", token->identity[0] == '\0' ?
	    "nobody (had not authenticated)" : token->identity);
	if (token->is_cut)
		put_line("", "(cut: the name was longer)");
	put_line("record", token->uid);
	(void)putchar('\n');
}

int
trace_print_json(const struct trace_answers *answers,
    const struct token *token)
{
	json_t *root = json_object(), *list = json_array(), *said = NULL;
	char time[UTC_SIZE];
	int status = 0;

	for (size_t i = 0; i < answers->n; i++) {
		json_t *answer = json_object();

		status |= json_object_set(answer, "record",
		    answers->v[i].record);
		if (answers->v[i].deliveries != NULL)
			status |= json_object_set(answer, "deliveries",
			    answers->v[i].deliveries);
		status |= json_array_append_new(list, answer);
	}
	if (token != NULL) {
		utc_print(token->time_ms / 1000, time);
		said = json_pack("{s:s, s:s, s:s, s:b}", "id", token->uid,
		    "time", time, "identity", token->identity, "is_cut",
		    token->is_cut);
		status |= json_object_set_new(root, "token", said);
	}
	status |= json_object_set_new(root, "answers", list);
	status |= json_object_set_new(root, "more",
	    json_boolean(answers->has_more));
	status |= json_object_set_new(root, "partial",
	    json_boolean(answers->is_partial));
	if (status == 0)
		status = json_dumpf(root, stdout, JSON_ENSURE_ASCII |
		    JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(root);
	return status == 0 ? 0 : -1;
}
