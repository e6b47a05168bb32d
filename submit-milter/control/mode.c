/*
 * mode.c - the verb "mode": the panic switch.
 *
 * mode			says what holds
 * mode MODE SECONDS [REASON]	switches; 0 seconds: as the configuration says
 */
#include "control/verbs.h"

#include "base/ascii.h"
#include "panic.h"

#define DIGITS_MOST 9u

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

/* Cuts a word off the front of *REST. */
static struct span
next_word(struct span *rest)
{
	size_t end = span_find(*rest, ' ');
	struct span word = span_slice(*rest, 0, end);

	*rest = span_trim(span_slice(*rest, end, rest->len));
	return word;
}

/* -1: it is no number. */
static int
number(struct span word)
{
	int n = 0;

	if (word.len == 0 || word.len > DIGITS_MOST)
		return -1;
	for (size_t i = 0; i < word.len; i++) {
		if (!ascii_is_digit((unsigned char)word.ptr[i]))
			return -1;
		n = n * 10 + (word.ptr[i] - '0');
	}
	return n;
}

static const char *
switch_to(const struct control_request *request, enum mode mode,
    struct span rest)
{
	struct config *config = runtime_config(request->runtime);
	struct config_panic limits = config->panic;
	int seconds = number(next_word(&rest));

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
		struct span name = next_word(&rest);

		error = switch_to(request, mode_find(name), rest);
	}
	if (error == NULL)
		control_put_mode(reply, request->runtime);
	return error;
}
