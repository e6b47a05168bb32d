/*
 * startup.c - see startup.h.
 */
#include "startup.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "milter.h"
#include "system/folder.h"
#include "system/listen.h"
#include "system/privileges.h"
#include "system/sandbox.h"

#define FILES_MOST 65536

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

static int
open_control(struct runtime *runtime, const struct config *config,
    uid_t user, struct control **control_r)
{
	const struct config_control *wanted = &config->control;
	struct listen_access access;
	char *error = NULL;

	if (wanted->socket[0] == '\0')
		return 0;
	if (find_access("control.group", wanted->group, wanted->mode, user,
	    &access) != 0)
		return -1;
	*control_r = control_open(wanted->socket, &access, runtime, &error);
	return *control_r != NULL ? 0 : tell(error);
}

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

void
startup_remove(const struct config *config)
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

int
startup_check(const struct config *config, char **error_r)
{
	return check_places(config, error_r) == 0 ?
	    check_state(config, error_r) : -1;
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

int
startup_open(struct runtime *runtime, const struct config *config,
    struct control **control_r, struct http **http_r)
{
	struct privileges privileges;
	char *error = NULL;

	*control_r = NULL;
	*http_r = NULL;
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
	startup_remove(config);
	control_free(control_r);
	return -1;
}
