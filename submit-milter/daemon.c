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
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
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
#include "system/folder.h"
#include "system/hangup.h"
#include "system/listen.h"
#include "system/notify.h"
#include "system/privileges.h"
#include "system/sandbox.h"

enum { EXIT_RUNTIME = 3 };

/* How long a reply gets on its way to an MTA that says nothing more. */
#define GRACE_MS 2000
/* How long messages get that are cut off, to be recorded. */
#define CUT_MS 5000
/* How long records that nobody waits for get. */
#define DRAIN_MS 5000

/* How often the main thread looks after what ends by itself. */
#define TICK_MS 1000

#define FILES_MOST 65536

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

/* --- start ---------------------------------------------------------------- */

/* The path of a UNIX socket; NULL for other sockets. */
static const char *
unix_path(const struct config *config)
{
	static const char *const prefixes[] = { "unix:", "local:" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(config->socket, prefixes[i],
		    strlen(prefixes[i])) == 0)
			return config->socket + strlen(prefixes[i]);
	return NULL;
}

/* Whose a socket is to be; -1: leave it. */
static int
find_access(const char *option, const char *group_name, mode_t mode,
    uid_t user, struct listen_access *access_r)
{
	const struct group *group = NULL;

	if (group_name[0] != '\0') {
		group = getgrnam(group_name);
		if (group == NULL) {
			log_error("%s: there is no group \"%s\"", option,
			    group_name);
			return -1;
		}
	}
	*access_r = (struct listen_access){ user,
		group == NULL ? (gid_t)-1 : group->gr_gid, mode };
	return 0;
}

/* Logs it and frees it. Returns -1. */
static int
tell(char *error)
{
	log_error("%s", error == NULL ? "out of memory" : error);
	free(error);
	return -1;
}

static int
open_socket(struct runtime *runtime, const struct config *config, uid_t user)
{
	const char *path = unix_path(config), *error = NULL;
	struct listen_access access;
	char *why = NULL;
	mode_t mask;

	if (find_access("socket_group", config->socket_group,
	    config->socket_mode, user, &access) != 0)
		return -1;
	if (path != NULL && listen_is_served(path)) {
		log_error("%s: another process listens there", path);
		return -1;
	}
	/* Until owner and mode are set, it keeps all others out. */
	mask = umask(0177);
	if (milter_open(runtime, config->socket, &error) != 0) {
		log_error("%s: %s: %s", config->socket, error,
		    strerror(errno));
		(void)umask(mask);
		return -1;
	}
	(void)umask(mask);
	if (path == NULL || listen_give(path, &access, &why) == 0)
		return 0;
	(void)unlink(path);
	return tell(why);
}

/* NULL in *control_r when none is wanted. */
static int
open_control(struct runtime *runtime, const struct config *config,
    uid_t user, struct control **control_r)
{
	const struct config_control *wanted = &config->control;
	struct listen_access access;
	char *error = NULL;

	*control_r = NULL;
	if (wanted->socket[0] == '\0')
		return 0;
	if (find_access("control.group", wanted->group, wanted->mode, user,
	    &access) != 0)
		return -1;
	*control_r = control_open(wanted->socket, &access, runtime, &error);
	return *control_r != NULL ? 0 : tell(error);
}

/* NULL in *http_r when none is wanted. */
static int
open_http(struct runtime *runtime, const struct config *config, uid_t user,
    struct http **http_r)
{
	const struct config_metrics *wanted = &config->metrics;
	struct listen_access access;
	char *error = NULL;

	if (wanted->listen[0] == '\0')
		return 0;
	if (find_access("metrics.group", wanted->group, wanted->mode, user,
	    &access) != 0)
		return -1;
	*http_r = http_open(wanted->listen, &access, runtime, &error);
	if (*http_r != NULL)
		return 0;
	log_error("%s: metrics.listen: %s", config->file,
	    error == NULL ? "out of memory" : error);
	free(error);
	return -1;
}

static int
write_pid(const char *path)
{
	FILE *file;
	bool is_written;

	if (path == NULL || path[0] == '\0')
		return 0;
	file = fopen(path, "we");
	is_written = file != NULL &&
	    fprintf(file, "%ld\n", (long)getpid()) > 0;
	if (file != NULL && fclose(file) != 0)
		is_written = false;
	if (!is_written)
		log_error("%s: %s", path, strerror(errno));
	return is_written ? 0 : -1;
}

/* After the privileges are gone, so may be the right to remove a file. */
static void
remove_socket(const struct config *config)
{
	const char *path = unix_path(config);

	if (path != NULL)
		(void)unlink(path);
}

static void
remove_files(const struct config *config)
{
	remove_socket(config);
	if (config->control.socket[0] != '\0')
		(void)unlink(config->control.socket);
	if (listen_path(config->metrics.listen) != NULL)
		(void)unlink(listen_path(config->metrics.listen));
	if (config->pid_file != NULL && config->pid_file[0] != '\0')
		(void)unlink(config->pid_file);
}

/* Where others could put something else in the place of what is ours. */
static int
check_places(const struct config *config, char **error_r)
{
	const char *const places[] = {
		unix_path(config), config->control.socket,
		listen_path(config->metrics.listen), config->pid_file,
		config->audit.file,
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i] != NULL && places[i][0] != '\0' &&
		    folder_check_place(places[i], error_r) != 0)
			return -1;
	return 0;
}

/* As the user that we are to be. */
static int
check_state(const struct config *config, char **error_r)
{
	const char *folder = config->state_directory;
	char *why = NULL;

	if (folder[0] == '\0' || folder_check(folder, &why) == 0)
		return 0;
	(void)fault(error_r, why == NULL ? NULL : "state_directory: %s", why);
	free(why);
	return -1;
}

static int
open_state(struct runtime *runtime, const struct config *config)
{
	char *error = NULL;

	return check_state(config, &error) == 0 &&
	    runtime_open(runtime, &error) == 0 ? 0 : tell(error);
}

/* As many connections as we may have, not as a shell thinks fit. */
static void
raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max < FILES_MOST ? files.rlim_max :
	    FILES_MOST;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		log_warning("the limit of open files stays as it is: %s",
		    strerror(errno));
}

/* Everything that needs root. 0, or -1 and nothing is left behind. */
static int
open_all(struct runtime *runtime, const struct config *config,
    struct control **control_r, struct http **http_r,
    struct privileges *privileges_r)
{
	char *error = NULL;
	uid_t user;

	if (privileges_find(config->user, config->group, privileges_r,
	    &error) != 0)
		return tell(error);
	user = geteuid() == 0 ? privileges_r->user : (uid_t)-1;
	if (open_socket(runtime, config, user) != 0)
		return -1;
	if (open_control(runtime, config, user, control_r) == 0 &&
	    open_http(runtime, config, user, http_r) == 0 &&
	    write_pid(config->pid_file) == 0)
		return 0;
	remove_socket(config);
	if (*http_r != NULL && listen_path(config->metrics.listen) != NULL)
		(void)unlink(listen_path(config->metrics.listen));
	if (*control_r != NULL)
		(void)unlink(config->control.socket);
	return -1;
}

/* "auto": where this build and the kernel can. */
static int
enter_sandbox(const struct config *config)
{
	char *error = NULL;

	if (config->seccomp == SECCOMP_OFF ||
	    (config->seccomp == SECCOMP_AUTO && sandbox_missing() != NULL))
		return 0;
	if (sandbox_enter(&error) == 0)
		return 0;
	if (config->seccomp == SECCOMP_ON)
		return tell(error);
	log_warning("%s", error == NULL ? "out of memory" : error);
	free(error);
	return 0;
}

/* All that needs root, then all that must not have it. */
static int
start(struct runtime *runtime, const struct config *config,
    struct control **control_r, struct http **http_r)
{
	struct privileges privileges;
	char *error = NULL;

	raise_limits();
	if (check_places(config, &error) != 0)
		return tell(error);
	if (open_all(runtime, config, control_r, http_r, &privileges) != 0) {
		control_free(control_r);
		return -1;
	}
	if (privileges_drop(&privileges, &error) != 0)
		(void)tell(error);
	else if (open_state(runtime, config) == 0 &&
	    enter_sandbox(config) == 0)
		return 0;
	remove_files(config);
	control_free(control_r);
	return -1;
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
	else if (check_places(config, error_r) == 0 &&
	    check_state(config, error_r) == 0)
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

	if (is_ok) {
		log_info("configuration reloaded from %s",
		    options->config_file);
		log_counts(runtime);
	} else {
		log_error("configuration not reloaded, the old one stays: "
		    "%s", error == NULL ? "out of memory" : error);
	}
	metrics_reload(runtime_metrics(runtime), is_ok);
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
	if (!audit_drain(runtime_audit(runtime), deadline_in(DRAIN_MS)))
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

int
daemon_run(const struct daemon_options *options, struct config *config)
{
	struct server server = { .status = -1 };
	const char *warning = NULL;
	char *error = NULL;
	struct notify notify;
	struct control *control = NULL;
	struct http *http = NULL;
	struct runtime *runtime;

	if (signer_library_init(&warning) != 0) {
		log_error("libopendkim cannot be used");
		config_unref(&config);
		return EXIT_RUNTIME;
	}
	if (warning != NULL)
		log_warning("%s", warning);
	if (notify_open(&notify, &error) != 0) {
		config_unref(&config);
		(void)tell(error);
		return EXIT_RUNTIME;
	}
	(void)config_ref(config);
	runtime = runtime_new(config);
	if (runtime == NULL ||
	    start(runtime, config, &control, &http) != 0 ||
	    (control != NULL && control_serve(control) != 0) ||
	    (http != NULL && http_serve(http) != 0) ||
	    start_server(&server) != 0) {
		runtime_free(&runtime);
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
	remove_files(config);
	log_counts(runtime);
	log_info("stopped");
	/* Callbacks may still run: nothing is taken from under them. */
	_exit(must_stop ? 0 : EXIT_RUNTIME);
}
