/*
 * daemon.c - see daemon.h.
 *
 * libmilter runs a thread that waits for SIGHUP, SIGTERM and SIGINT and
 * takes each for an order to stop. While the main thread handles a signal,
 * the kernel would hand the next one to that thread; so what it waits with
 * is replaced, see sigwait() below. The main thread leaves these signals
 * open, all others block them, and libmilter itself is served by a thread.
 * The handlers only note what came and wake the main thread.
 *
 * libmilter is never asked to end: that takes it five seconds, now and then
 * it never comes back, and when it does, its threads run on. Once no
 * transaction is under way, or stop_timeout has passed, the process ends
 * with all of them.
 */
#include "daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/fault.h"
#include "base/log.h"
#include "control/server.h"
#include "milter.h"
#include "monitor/http.h"
#include "runtime.h"
#include "sign/signer.h"
#include "startup.h"
#include "system/hangup.h"
#include "system/notify.h"

enum { EXIT_RUNTIME = 3 };

/* How long a reply gets on its way to an MTA that says nothing more. */
#define GRACE_MS 2000
/* How long messages get that are cut off, to be recorded. */
#define CUT_MS 5000
/* How long records that nobody waits for get. */
#define DRAIN_MS 5000

/* How often the main thread looks after what ends by itself. */
#define TICK_MS 1000

static int wake_up = -1;	/* an eventfd */
static volatile sig_atomic_t must_reload, must_stop;

static void
wake(void)
{
	static const uint64_t one = 1;

	/* Full: then it is awake. */
	while (write(wake_up, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

static void
on_signal(int number)
{
	int saved = errno;

	if (number == SIGHUP)
		must_reload = 1;
	else
		must_stop = 1;
	wake();
	errno = saved;
}

/*
 * Takes the place of libc's. libmilter's signal thread is the only one in
 * this process that calls it, and shall see no signal.
 */
int
sigwait(const sigset_t *set, int *number)
{
	(void)set;
	(void)number;
	for (;;)
		(void)pause();
}

int
daemon_catch_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGTERM, SIGINT };
	/* The reading of files goes on after a signal. */
	struct sigaction action = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };

	wake_up = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_up < 0)
		return -1;
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], &action, NULL) != 0)
			return -1;
	action.sa_handler = SIG_IGN;
	/* As the first process of a container we inherit orphans. */
	if (sigaction(SIGCHLD, &action, NULL) != 0)
		return -1;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	/* A limit on file sizes shall be an error of write(), not the end. */
	if (sigaction(SIGXFSZ, &action, NULL) != 0)
		return -1;
	return sigaction(SIGPIPE, &action, NULL);
}

/* --- reload --------------------------------------------------------------- */

/* What no record tells, unless it is asked to. */
static void
log_counts(struct runtime *runtime)
{
	log_info("since the start: %" PRIu64 " connections without MAIL, "
	    "%" PRIu64 " messages from outside",
	    runtime_counted(runtime, COUNT_CONNECTIONS),
	    runtime_counted(runtime, COUNT_TRANSFERS));
	if (hush_held(runtime_hush(runtime)) > 0)
		log_info("problems of clients held back and not told of yet: "
		    "%" PRIu64, hush_held(runtime_hush(runtime)));
}

/* Takes CONFIG, which is gone afterwards. 0; or -1 and the old one stays. */
static int
take(struct runtime *runtime, struct config *config, char **error_r)
{
	struct config *old = runtime_config(runtime);
	const char *fixed = config_needs_restart(old, config);

	config_unref(&old);
	if (fixed != NULL)
		(void)fault(error_r, "%s: a change of \"%s\" needs a "
		    "restart", config->file, fixed);
	else if (startup_check(config, error_r) == 0)
		return runtime_reload(runtime, config, error_r);
	config_unref(&config);
	return -1;
}

static void
reload(const struct daemon_options *options, struct runtime *runtime)
{
	char *error = NULL;
	struct config *config = config_load(options->config_file,
	    options->overrides, options->override_count, &error);
	bool is_ok = config != NULL && take(runtime, config, &error) == 0;

	/* Who reads of it finds it counted. */
	metrics_reload(runtime_metrics(runtime), is_ok);
	if (is_ok) {
		log_info("configuration reloaded from %s",
		    options->config_file);
		log_counts(runtime);
	} else {
		log_error("configuration not reloaded, the old one stays: "
		    "%s", error == NULL ? "out of memory" : error);
	}
	free(error);
}

/* --- end ------------------------------------------------------------------ */

struct server {
	pthread_t thread;
	atomic_bool is_done;
	int status;
};

static void *
serve(void *context)
{
	struct server *server = context;

	server->status = milter_serve();
	atomic_store(&server->is_done, true);
	wake();
	return NULL;
}

/* libmilter's threads inherit what this one blocks. */
static int
start_server(struct server *server)
{
	sigset_t signals, before;
	int status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &signals, &before);
	status = pthread_create(&server->thread, NULL, serve, server);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return status == 0 ? 0 : -1;
}

static void
pause_a_moment(void)
{
	static const struct timespec moment = { 0, 5000000 };

	(void)nanosleep(&moment, NULL);
}

/* Each thread finds its connection at its end, and writes its record. */
static void
cut_off(struct runtime *runtime)
{
	const int64_t deadline = deadline_in(CUT_MS);

	log_warning("stopping with %u transactions under way",
	    runtime_transactions(runtime));
	hangup_accepted();
	while (runtime_transactions(runtime) > 0 &&
	    deadline_left(deadline) > 0)
		pause_a_moment();
	if (runtime_transactions(runtime) > 0)
		log_error("stopping with %u transactions not recorded",
		    runtime_transactions(runtime));
}

/* No new transaction; those under way may finish. */
static void
stop(struct runtime *runtime, const struct config *config)
{
	const int64_t deadline = deadline_in(config->stop_timeout * 1000);

	runtime_stop(runtime);
	while (runtime_transactions(runtime) > 0 &&
	    deadline_left(deadline) > 0)
		pause_a_moment();
	while (runtime_is_replying(runtime, GRACE_MS))
		pause_a_moment();
	if (runtime_transactions(runtime) > 0)
		cut_off(runtime);
	if (!audit_close(runtime_audit(runtime), deadline_in(DRAIN_MS)))
		log_error("stopping with audit records not written");
}

static void
sleep_until_woken(int timeout)
{
	struct pollfd p = { .fd = wake_up, .events = POLLIN };
	uint64_t count;

	if (poll(&p, 1, timeout) > 0 &&
	    read(wake_up, &count, sizeof(count)) < 0)
		return;		/* somebody was quicker: no matter */
}

/* What the service manager shows of us. */
static void
tell_status(const struct notify *notify, const char *word,
    struct runtime *runtime)
{
	struct config *config = runtime_config(runtime);
	enum mode mode = panic_mode(runtime_panic(runtime));

	notify_send(notify, "%sSTATUS=mode %s, listening on %s", word,
	    mode_name(mode), config->socket);
	config_unref(&config);
}

static void
wait_for_signals(const struct daemon_options *options, struct server *server,
    struct runtime *runtime, struct notify *notify)
{
	enum mode told = MODE_ENFORCE;

	while (!must_stop && !server->is_done) {
		enum mode mode = panic_mode(runtime_panic(runtime));

		if (mode != told)
			tell_status(notify, "", runtime);
		told = mode;
		sleep_until_woken(notify_due(notify, TICK_MS));
		notify_alive(notify);
		panic_tick(runtime_panic(runtime));
		if (must_reload) {
			must_reload = 0;
			notify_reloading(notify);
			reload(options, runtime);
			tell_status(notify, "READY=1\n", runtime);
		}
	}
}

/* What may fail before there is anything to take back. Logs why. */
static int
prepare(struct notify *notify_r)
{
	const char *warning = NULL;
	char *error = NULL;

	if (signer_library_init(&warning) != 0) {
		log_error("libopendkim cannot be used");
		return -1;
	}
	if (warning != NULL)
		log_warning("%s", warning);
	if (notify_open(notify_r, &error) == 0)
		return 0;
	log_error("%s", error == NULL ? "out of memory" : error);
	free(error);
	return -1;
}

/* Takes a reference of its own to CONFIG. NULL: it does not serve. */
static struct runtime *
begin(struct config *config, struct server *server)
{
	struct runtime *runtime = runtime_new(config_ref(config));
	struct control *control = NULL;
	struct http *http = NULL;

	if (runtime != NULL &&
	    startup_open(runtime, config, &control, &http) == 0 &&
	    (control == NULL || control_serve(control) == 0) &&
	    (http == NULL || http_serve(http) == 0) &&
	    start_server(server) == 0)
		return runtime;
	runtime_free(&runtime);
	return NULL;
}

int
daemon_run(const struct daemon_options *options, struct config *config)
{
	struct server server = { .status = -1 };
	struct runtime *runtime = NULL;
	struct notify notify;

	if (prepare(&notify) == 0)
		runtime = begin(config, &server);
	if (runtime == NULL) {
		config_unref(&config);
		return EXIT_RUNTIME;
	}
	log_info("ready, listening on %s", config->socket);
	tell_status(&notify, "READY=1\n", runtime);
	wait_for_signals(options, &server, runtime, &notify);
	notify_send(&notify, "STOPPING=1\nSTATUS=stopping");
	if (!must_stop)
		log_error("libmilter ended by itself");
	stop(runtime, config);
	startup_remove(config);
	log_counts(runtime);
	log_info("stopped");
	/* Callbacks may still run: nothing is taken from under them. */
	_exit(must_stop ? 0 : EXIT_RUNTIME);
}
