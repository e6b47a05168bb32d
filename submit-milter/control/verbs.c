/*
 * verbs.c - see verbs.h.
 */
#include "control/verbs.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "control/protocol.h"

static const struct {
	const char *name;
	control_verb *run;
} verbs[] = {
	{ "identities", control_identities },
	{ "metrics", control_metrics },
	{ "mode", control_mode },
	{ "status", control_status },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

char *
control_refusal(const char *error)
{
	struct jsonline line;

	jsonline_init(&line, CONTROL_REPLY_MOST);
	jsonline_open_object(&line, NULL);
	jsonline_bool(&line, "ok", false);
	jsonline_word(&line, "error", error);
	jsonline_close_object(&line);
	return jsonline_done(&line);
}

static char *
run(control_verb *verb, const struct control_request *request)
{
	struct jsonline line;
	const char *error;
	char *text;

	jsonline_init(&line, CONTROL_REPLY_MOST);
	jsonline_open_object(&line, NULL);
	jsonline_bool(&line, "ok", true);
	error = verb(request, &line);
	jsonline_close_object(&line);
	text = jsonline_done(&line);
	if (error == NULL)
		return text;
	free(text);
	return control_refusal(error);
}

static bool
is_text(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (ascii_is_cntrl((unsigned char)s.ptr[i]))
			return false;
	return span_is_utf8(s);
}

char *
control_answer(struct runtime *runtime, struct span line, uid_t user)
{
	struct span rest = line, name = span_take_word(&rest);
	struct control_request request = {
		.runtime = runtime,
		.arguments = rest,
		.user = user,
	};

	if (!is_text(line))
		return control_refusal("the request is no text");
	for (size_t i = 0; i < VERBS; i++)
		if (span_eq(name, span_of(verbs[i].name)))
			return run(verbs[i].run, &request);
	return control_refusal("there is no such verb");
}
