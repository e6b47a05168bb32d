/*
 * mode.c - the verb "mode": the panic switch.
 *
 * mode			says what holds
 * mode MODE SECONDS [REASON]	switches; 0 seconds: as the configuration says
 */
#include "control/verbs.h"

#include <limits.h>

#include "panic.h"

static void
put_since(struct jsonline *reply, const struct panic_state *state)
{
	jsonline_open_object(reply, "panic");
	jsonline_number(reply, "since", state->since);
	jsonline_number(reply, "until", state->until);
	jsonline_number(reply, "user", state->user);
	jsonline_text_or_null(reply, "reason", span_of(state->reason));
	jsonline_bool(reply, "kept", state->is_kept);
	jsonline_close_object(reply);
}

void
control_put_mode(struct jsonline *reply, struct runtime *runtime)
{
	struct panic_state state;

	panic_state(runtime_panic(runtime), &state);
	jsonline_word(reply, "mode", mode_name(state.mode));
	if (state.mode == MODE_ENFORCE)
		jsonline_null(reply, "panic");
	else
		put_since(reply, &state);
}

static const char *
switch_to(const struct control_request *request, enum mode mode,
    struct span rest)
{
	struct config *config = runtime_config(request->runtime);
	struct config_panic limits = config->panic;
	int seconds = (int)span_number(span_take_word(&rest), INT_MAX);

	config_unref(&config);
	if (mode == MODE_COUNT)
		return "there is no such mode";
	if (seconds < 0)
		return "mode wants a number of seconds";
	if (mode == MODE_ENFORCE && seconds > 0)
		return "mode enforce has no end";
	if (seconds > limits.maximum)
		return "that is longer than panic.maximum";
	if (rest.len >= PANIC_REASON_SIZE)
		return "the reason is too long";
	panic_switch(runtime_panic(request->runtime), mode,
	    seconds == 0 ? limits.time : seconds, (long)request->user, rest);
	return NULL;
}

const char *
control_mode(const struct control_request *request, struct jsonline *reply)
{
	struct span rest = request->arguments;
	const char *error = NULL;

	if (rest.len > 0) {
		struct span name = span_take_word(&rest);

		error = switch_to(request, mode_find(name), rest);
	}
	if (error == NULL)
		control_put_mode(reply, request->runtime);
	return error;
}
