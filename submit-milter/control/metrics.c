/*
 * metrics.c - the verbs "metrics" and "identities": what is counted, and
 * who submits most just now.
 */
#include "control/verbs.h"

#include "control/protocol.h"
#include "monitor/expose.h"

#define IDENTITIES 20u

const char *
control_metrics(const struct control_request *request,
    struct jsonline *reply)
{
	const char *error = NULL;
	struct sbuf out;
	struct span text;

	if (request->arguments.len > 0)
		return "metrics wants no arguments";
	sbuf_init(&out, NULL, EXPOSE_MOST);
	monitor_expose(request->runtime, &out);
	if (sbuf_done(&out, &text) == 0)
		jsonline_text(reply, "text", text);
	else
		error = "out of memory";
	sbuf_free(&out);
	return error;
}

const char *
control_identities(const struct control_request *request,
    struct jsonline *reply)
{
	struct metrics *metrics = runtime_metrics(request->runtime);
	struct frequent_one v[IDENTITIES];
	int64_t seconds;
	size_t n;

	if (request->arguments.len > 0)
		return "identities wants no arguments";
	n = frequent_top(metrics_frequent(metrics),
	    histogram_now() / 1000000, v, IDENTITIES, &seconds);
	jsonline_number(reply, "seconds", seconds);
	jsonline_open_array(reply, "identities");
	for (size_t i = 0; i < n; i++) {
		jsonline_open_object(reply, NULL);
		jsonline_text(reply, "name", span_of(v[i].name));
		jsonline_number(reply, "messages", (int64_t)v[i].count);
		jsonline_number(reply, "turned_away",
		    (int64_t)v[i].turned_away);
		jsonline_close_object(reply);
	}
	jsonline_close_array(reply);
	return NULL;
}
