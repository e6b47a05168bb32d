/*
 * status.c - the verb "status": what runs here, since when, with what.
 */
#include <config.h>

#include "control/verbs.h"

#include <time.h>
#include <unistd.h>

static void
put_configuration(struct jsonline *reply, struct runtime *runtime)
{
	struct config *config = runtime_config(runtime);

	jsonline_open_object(reply, "configuration");
	jsonline_text(reply, "file", span_of(config->file));
	jsonline_number(reply, "loaded", config->loaded);
	jsonline_text(reply, "socket", span_of(config->socket));
	jsonline_close_object(reply);
	config_unref(&config);
}

static void
put_counts(struct jsonline *reply, struct runtime *runtime)
{
	jsonline_open_object(reply, "counts");
	for (int i = 0; i < COUNT_COUNT; i++)
		jsonline_number(reply, runtime_count_name((enum count)i),
		    (int64_t)runtime_counted(runtime, (enum count)i));
	jsonline_close_object(reply);
}

static void
put_messages(struct jsonline *reply, struct runtime *runtime)
{
	const struct metrics *metrics = runtime_metrics(runtime);

	jsonline_open_object(reply, "messages");
	for (int i = 0; i <= RECORD_ABORTED; i++)
		jsonline_number(reply,
		    record_result_name((enum record_result)i), (int64_t)
		    metrics_messages(metrics, (enum record_result)i));
	jsonline_close_object(reply);
}

const char *
control_status(const struct control_request *request, struct jsonline *reply)
{
	struct runtime *runtime = request->runtime;

	if (request->arguments.len > 0)
		return "status wants no arguments";
	jsonline_word(reply, "version", PACKAGE_VERSION);
	jsonline_number(reply, "pid", getpid());
	jsonline_number(reply, "started", runtime_started(runtime));
	jsonline_number(reply, "now", time(NULL));
	jsonline_bool(reply, "stopping", runtime_is_stopping(runtime));
	control_put_mode(reply, runtime);
	put_configuration(reply, runtime);
	jsonline_number(reply, "transactions", runtime_transactions(runtime));
	put_counts(reply, runtime);
	put_messages(reply, runtime);
	return NULL;
}
