/*
 * daemon.c - see daemon.h.
 *
 * libmilter runs a thread that waits for SIGHUP, SIGTERM and SIGINT and
 * takes each for an order to stop. While the main thread handles a signal,
 * the kernel would hand the next one to that thread; so what it waits with
 * is replaced, see sigwait() below. The main thread leaves these signals
 * open, all others block them, and libmilter itself is served by a thread.
 * The handlers only note what came and post a semaphore.
 *
 * libmilter is never asked to end: that takes it five seconds, now and then
 * it never comes back, and when it does, its threads run on. Once no
 * transaction is under way, or stop_timeout has passed, the process ends
 * with all of them.
 */
#include "daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "milter.h"
#include "runtime.h"
#include "sign/signer.h"

enum { EXIT_RUNTIME = 3 };

/* How long replies on their way to the MTA get after the last transaction. */
#define GRACE_MS 100

static sem_t wake_up;
static volatile sig_atomic_t must_reload, must_stop;

static void
on_signal(int number)
{
	int saved = errno;

	if (number == SIGHUP)
		must_reload = 1;
	else
		must_stop = 1;
	(void)sem_post(&wake_up);
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

static int
catch_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGTERM, SIGINT };
	struct sigaction action = { .sa_handler = on_signal };

	if (sem_init(&wake_up, 0, 0) != 0)
		return -1;
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], &action, NULL) != 0)
			return -1;
	action.sa_handler = SIG_IGN;
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

/* A connection to our own UNIX socket; -1 when nobody listens there. */
static int
connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

static int
socket_group(const struct config *config, gid_t *gid_r)
{
	const struct group *group;

	*gid_r = (gid_t)-1;
	if (config->socket_group == NULL || config->socket_group[0] == '\0')
		return 0;
	group = getgrnam(config->socket_group);
	if (group == NULL) {
		log_error("socket_group: there is no group \"%s\"",
		    config->socket_group);
		return -1;
	}
	*gid_r = group->gr_gid;
	return 0;
}

/*
 * Owner, group and mode of the socket are set before anybody can have
 * connected: until then the umask keeps all others out.
 */
static int
adjust_socket(const struct config *config, const char *path, uid_t user)
{
	gid_t group;

	if (socket_group(config, &group) != 0)
		return -1;
	if ((user != (uid_t)-1 || group != (gid_t)-1) &&
	    chown(path, user, group) != 0) {
		log_error("%s: cannot set its owner and group: %s", path,
		    strerror(errno));
		return -1;
	}
	if (chmod(path, config->socket_mode) != 0) {
		log_error("%s: cannot set its mode: %s", path,
		    strerror(errno));
		return -1;
	}
	return 0;
}

static int
open_socket(struct runtime *runtime, const struct config *config, uid_t user)
{
	const char *path = unix_path(config), *error = NULL;
	mode_t mask;
	int fd;

	if (path != NULL && (fd = connect_unix(path)) >= 0) {
		(void)close(fd);
		log_error("%s: another process listens there", path);
		return -1;
	}
	mask = umask(0177);
	if (milter_open(runtime, config->socket, &error) != 0) {
		log_error("%s: %s: %s", config->socket, error,
		    strerror(errno));
		(void)umask(mask);
		return -1;
	}
	(void)umask(mask);
	if (path == NULL || adjust_socket(config, path, user) == 0)
		return 0;
	(void)unlink(path);
	return -1;
}

/* Whom to become; -1: stay. The configuration knows that they exist. */
struct account {
	const char *name;
	uid_t user;
	gid_t group;
};

static int
find_account(const struct config *config, struct account *account_r)
{
	struct account a = { NULL, (uid_t)-1, (gid_t)-1 };
	const struct passwd *user;
	const struct group *group;

	if (config->user != NULL && config->user[0] != '\0') {
		user = getpwnam(config->user);
		if (user == NULL) {
			log_error("there is no user \"%s\"", config->user);
			return -1;
		}
		a.name = config->user;
		a.user = user->pw_uid;
		a.group = user->pw_gid;
	}
	if (config->group != NULL && config->group[0] != '\0') {
		group = getgrnam(config->group);
		if (group == NULL) {
			log_error("there is no group \"%s\"", config->group);
			return -1;
		}
		a.group = group->gr_gid;
	}
	*account_r = a;
	return 0;
}

static int
drop_privileges(const struct account *a)
{
	if (geteuid() != 0)
		return 0;
	if (a->name != NULL && initgroups(a->name, a->group) != 0) {
		log_error("initgroups %s: %s", a->name, strerror(errno));
		return -1;
	}
	if (a->group != (gid_t)-1 && setgid(a->group) != 0) {
		log_error("setgid: %s", strerror(errno));
		return -1;
	}
	if (a->user != (uid_t)-1 && a->user != 0 && (setuid(a->user) != 0 ||
	    setuid(0) == 0)) {
		log_error("cannot become user %s", a->name);
		return -1;
	}
	return 0;
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

static int
open_sinks(struct runtime *runtime)
{
	char *error = NULL;

	if (runtime_open(runtime, &error) == 0)
		return 0;
	log_error("%s", error == NULL ? "out of memory" : error);
	free(error);
	return -1;
}

static void
remove_files(const struct config *config)
{
	const char *path = unix_path(config);

	/* After the privileges are gone, so may be the right to do this. */
	if (path != NULL)
		(void)unlink(path);
	if (config->pid_file != NULL && config->pid_file[0] != '\0')
		(void)unlink(config->pid_file);
}

/* Everything that needs root, then everything that must not have it. */
static int
start(struct runtime *runtime, const struct config *config)
{
	struct account account;

	if (find_account(config, &account) != 0 ||
	    open_socket(runtime, config, geteuid() == 0 ? account.user :
	    (uid_t)-1) != 0)
		return -1;
	if (write_pid(config->pid_file) == 0 &&
	    drop_privileges(&account) == 0 && open_sinks(runtime) == 0)
		return 0;
	remove_files(config);
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
}

static void
reload(const struct daemon_options *options, struct runtime *runtime)
{
	char *error = NULL;
	struct config *config = config_load(options->config_file,
	    options->overrides, options->override_count, &error);
	struct config *old = runtime_config(runtime);
	const char *fixed = NULL;

	if (config != NULL)
		fixed = config_needs_restart(old, config);
	if (config == NULL) {
		log_error("configuration not reloaded, the old one stays: "
		    "%s", error == NULL ? "out of memory" : error);
	} else if (fixed != NULL) {
		log_error("configuration not reloaded, the old one stays: "
		    "%s: a change of \"%s\" needs a restart", config->file,
		    fixed);
		config_unref(&config);
	} else if (runtime_reload(runtime, config, &error) != 0) {
		log_error("configuration not reloaded, the old one stays: "
		    "%s", error == NULL ? "out of memory" : error);
	} else {
		log_info("configuration reloaded from %s",
		    options->config_file);
		log_counts(runtime);
	}
	free(error);
	config_unref(&old);
}

/* --- end ------------------------------------------------------------------ */

struct server {
	pthread_t thread;
	sem_t *wake_up;
	atomic_bool is_done;
	int status;
};

static void *
serve(void *context)
{
	struct server *server = context;

	server->status = milter_serve();
	atomic_store(&server->is_done, true);
	(void)sem_post(server->wake_up);
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
sleep_ms(long ms)
{
	struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&pause, NULL);
}

/* No new transaction; those under way may finish. */
static void
stop(struct runtime *runtime, const struct config *config)
{
	runtime_stop(runtime);
	for (long waited = 0; runtime_transactions(runtime) > 0 &&
	    waited < config->stop_timeout * 1000L; waited += 10)
		sleep_ms(10);
	sleep_ms(GRACE_MS);
	if (runtime_transactions(runtime) > 0)
		log_warning("stopping with %u transactions under way",
		    runtime_transactions(runtime));
}

static void
wait_for_signals(const struct daemon_options *options, struct server *server,
    struct runtime *runtime)
{
	while (!must_stop && !server->is_done) {
		if (sem_wait(&wake_up) != 0)
			continue;
		if (must_reload) {
			must_reload = 0;
			reload(options, runtime);
		}
	}
}

int
daemon_run(const struct daemon_options *options, struct config *config)
{
	struct server server = { .wake_up = &wake_up, .status = -1 };
	const char *warning = NULL;
	struct runtime *runtime;

	if (signer_library_init(&warning) != 0) {
		log_error("libopendkim cannot be used");
		config_unref(&config);
		return EXIT_RUNTIME;
	}
	if (warning != NULL)
		log_warning("%s", warning);
	(void)config_ref(config);
	runtime = runtime_new(config);
	if (runtime == NULL || catch_signals() != 0 ||
	    start(runtime, config) != 0 || start_server(&server) != 0) {
		runtime_free(&runtime);
		config_unref(&config);
		return EXIT_RUNTIME;
	}
	log_info("ready, listening on %s", config->socket);
	wait_for_signals(options, &server, runtime);
	if (!must_stop)
		log_error("libmilter ended by itself");
	stop(runtime, config);
	remove_files(config);
	log_counts(runtime);
	log_info("stopped");
	/* Callbacks may still run: nothing is taken from under them. */
	_exit(must_stop ? 0 : EXIT_RUNTIME);
}
