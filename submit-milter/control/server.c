/*
 * server.c - see server.h.
 *
 * One request a connection: read a line, answer, close. Whoever is slow is
 * cut off; when all places are taken, the others wait in the backlog.
 */
#include <config.h>	/* struct ucred, accept4() */

#include "control/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/fault.h"
#include "base/log.h"
#include "control/protocol.h"
#include "control/verbs.h"

#define CLIENTS 8u
#define GROUPS_MOST 1024u

/* How long to leave the socket alone when there is no descriptor left. */
#define PAUSE_MS 1000

struct client {
	int fd;			/* -1: a free place */
	int64_t deadline;
	uid_t user;
	char request[CONTROL_REQUEST_MOST];
	size_t request_len;
	char *reply;		/* NULL: the request is not complete */
	size_t reply_len, reply_sent;
};

struct control {
	struct runtime *runtime;
	gid_t group;		/* -1: members of none */
	int fd;
	int64_t paused_until;
	pthread_t thread;
	struct client clients[CLIENTS];
};

/* --- who asks ------------------------------------------------------------- */

#ifdef SO_PEERGROUPS
static bool
is_in_groups(int fd, gid_t group)
{
	gid_t groups[GROUPS_MOST];
	socklen_t size = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0)
		return false;
	for (size_t i = 0; i < size / sizeof(groups[0]); i++)
		if (groups[i] == group)
			return true;
	return false;
}
#else
static bool
is_in_groups(int fd, gid_t group)
{
	(void)fd;
	(void)group;
	return false;
}
#endif

static bool
may_ask(const struct control *control, int fd, uid_t *user_r)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	*user_r = peer.uid;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	return control->group != (gid_t)-1 && (peer.gid == control->group ||
	    is_in_groups(fd, control->group));
}

/* --- a client ------------------------------------------------------------- */

static void
end_client(struct client *client)
{
	(void)close(client->fd);
	client->fd = -1;
	free(client->reply);
	client->reply = NULL;
}

static void
send_reply(struct client *client)
{
	while (client->reply_sent < client->reply_len) {
		ssize_t n = send(client->fd, client->reply +
		    client->reply_sent, client->reply_len -
		    client->reply_sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break;
		client->reply_sent += (size_t)n;
	}
	end_client(client);
}

/* Takes over TEXT. Its NUL makes room for the line end. */
static void
reply(struct client *client, char *text)
{
	if (text == NULL) {
		end_client(client);
		return;
	}
	client->reply = text;
	client->reply_len = strlen(text) + 1;
	text[client->reply_len - 1] = '\n';
	client->reply_sent = 0;
	client->deadline = deadline_in(CONTROL_PATIENCE);
	send_reply(client);
}

static void
read_request(struct control *control, struct client *client)
{
	struct span all;
	size_t end;
	ssize_t n = recv(client->fd, client->request + client->request_len,
	    sizeof(client->request) - client->request_len, 0);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		end_client(client);
		return;
	}
	client->request_len += (size_t)n;
	all = (struct span){ client->request, client->request_len };
	end = span_find(all, '\n');
	if (end < all.len)
		reply(client, control_answer(control->runtime,
		    span_slice(all, 0, end), client->user));
	else if (all.len == sizeof(client->request))
		reply(client, control_refusal("the request is too long"));
}

/* --- all of them ---------------------------------------------------------- */

static struct client *
free_place(struct control *control)
{
	for (size_t i = 0; i < CLIENTS; i++)
		if (control->clients[i].fd < 0)
			return &control->clients[i];
	return NULL;
}

static void
accept_client(struct control *control)
{
	struct client *client = free_place(control);
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC |
	    SOCK_NONBLOCK);

	if (fd < 0) {
		/* It stays readable: without a pause we would spin. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS)
			control->paused_until = deadline_in(PAUSE_MS);
		return;
	}
	client->fd = fd;
	client->request_len = 0;
	client->deadline = deadline_in(CONTROL_PATIENCE);
	client->user = (uid_t)-1;
	if (may_ask(control, fd, &client->user))
		return;
	log_warning("control socket: user id %ld may not ask",
	    (long)client->user);
	reply(client, control_refusal("not permitted"));
}

/* Fills V, the listener first; milliseconds until something is due. */
static int
prepare(struct control *control, struct pollfd v[CLIENTS + 1])
{
	int64_t next = DEADLINE_NEVER;
	bool is_paused = deadline_left(control->paused_until) > 0;

	if (is_paused)
		next = control->paused_until;
	v[0] = (struct pollfd){ .fd = free_place(control) == NULL ||
		is_paused ? -1 : control->fd, .events = POLLIN };
	for (size_t i = 0; i < CLIENTS; i++) {
		const struct client *client = &control->clients[i];

		v[i + 1] = (struct pollfd){ .fd = client->fd, .events =
			client->reply == NULL ? POLLIN : POLLOUT };
		if (client->fd >= 0)
			next = deadline_min(next, client->deadline);
	}
	return next == DEADLINE_NEVER ? -1 : deadline_left(next);
}

static void
attend(struct control *control, struct client *client, bool is_ready)
{
	if (client->fd < 0)
		return;
	if (deadline_left(client->deadline) == 0)
		end_client(client);
	else if (is_ready && client->reply == NULL)
		read_request(control, client);
	else if (is_ready)
		send_reply(client);
}

static void *
serve(void *context)
{
	struct control *control = context;
	struct pollfd v[CLIENTS + 1];

	for (;;) {
		int timeout = prepare(control, v);

		if (poll(v, CLIENTS + 1, timeout) < 0)
			continue;
		for (size_t i = 0; i < CLIENTS; i++)
			attend(control, &control->clients[i],
			    v[i + 1].revents != 0);
		if (v[0].revents != 0)
			accept_client(control);
	}
	return NULL;
}

/* -------------------------------------------------------------------------- */

struct control *
control_open(const char *path, const struct listen_access *access,
    struct runtime *runtime, char **error_r)
{
	struct control *control = calloc(1, sizeof(*control));

	*error_r = NULL;
	if (control == NULL)
		return NULL;
	control->fd = listen_open(path, access, error_r);
	if (control->fd < 0) {
		free(control);
		return NULL;
	}
	control->runtime = runtime;
	control->group = access->group;
	for (size_t i = 0; i < CLIENTS; i++)
		control->clients[i].fd = -1;
	return control;
}

void
control_free(struct control **control)
{
	if (*control == NULL)
		return;
	(void)close((*control)->fd);
	free(*control);
	*control = NULL;
}

int
control_serve(struct control *control)
{
	sigset_t all, before;
	int status;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	status = pthread_create(&control->thread, NULL, serve, control);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return status == 0 ? 0 : -1;
}
