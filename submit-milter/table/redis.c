/*
 * redis.c - tables in Redis: the value of the key that "map" and the key
 * of the look-up make together, as GET answers it.
 *
 * hiredis makes commands and reads replies; octets are sent and received
 * here, since its own deadlines begin anew with each octet.
 */
#include <config.h>

#include "table/remote.h"

#ifdef HAVE_REDIS

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ascii.h"
#include "table/secret.h"
#include "table/wire.h"

#define PORT 6379u
#define RECEIVE_SIZE 4096u
#define REPLY_CEILING (1u << 20)	/* octets, of one reply */
#define ARGUMENTS 3

struct redis {
	char *prefix;
	char *database;
	char *user;
	char *password;
};

struct connection {
	const struct redis *redis;
	int fd;
	redisReader *reader;
};

static void
close_shared(void *shared)
{
	struct redis *redis = shared;

	free(redis->prefix);
	free(redis->database);
	free(redis->user);
	secret_forget(&redis->password);
	free(redis);
}

static const char *
check_spec(const struct table_spec *spec)
{
	const char *database = spec->database == NULL ? "" : spec->database;
	const char *password = spec->password == NULL ? "" : spec->password;

	if (strlen(database) > 4)
		return "\"database\" must be a number";
	for (const char *p = database; *p != '\0'; p++)
		if (!ascii_is_digit((unsigned char)*p))
			return "\"database\" must be a number";
	if (spec->user != NULL && spec->user[0] != '\0' && password[0] == '\0')
		return "\"user\" wants a \"password\" as well";
	return NULL;
}

static void *
open_shared(const struct table_spec *spec, const char *host, unsigned port,
    char **error_r)
{
	const char *why = check_spec(spec);
	struct redis *redis;

	(void)host;
	(void)port;
	*error_r = NULL;
	if (why != NULL) {
		*error_r = backend_error("%s", why);
		return NULL;
	}
	redis = calloc(1, sizeof(*redis));
	if (redis == NULL)
		return NULL;
	redis->prefix = remote_copy(spec->map);
	redis->database = remote_copy(spec->database);
	redis->user = remote_copy(spec->user);
	redis->password = remote_copy(spec->password);
	if (redis->prefix != NULL && redis->database != NULL &&
	    redis->user != NULL && redis->password != NULL)
		return redis;
	close_shared(redis);
	return NULL;
}

static int
send_command(struct connection *connection, int count,
    const struct span *arguments, int64_t deadline, struct failure *failure)
{
	const char *texts[ARGUMENTS];
	size_t lengths[ARGUMENTS];
	char *command = NULL;
	int len, rc = -1;

	for (int i = 0; i < count; i++) {
		texts[i] = arguments[i].ptr;
		lengths[i] = arguments[i].len;
	}
	len = redisFormatCommandArgv(&command, count, texts, lengths);
	if (len < 0) {
		failure_set(failure, "out of memory");
		return -1;
	}
	rc = wire_send(connection->fd, (struct span){ command, (size_t)len },
	    deadline, failure);
	explicit_bzero(command, (size_t)len);	/* AUTH */
	redisFreeCommand(command);
	return rc;
}

/* The next reply, or NULL and *failure: the connection is broken. */
static redisReply *
receive_reply(struct connection *connection, int64_t deadline,
    struct failure *failure)
{
	redisReader *reader = connection->reader;
	char buffer[RECEIVE_SIZE];
	size_t total = 0;
	void *reply = NULL;

	for (;;) {
		ssize_t n;

		if (redisReaderGetReply(reader, &reply) != REDIS_OK) {
			failure_set(failure, "no reply of Redis: %s",
			    reader->errstr);
			return NULL;
		}
		if (reply != NULL)
			return reply;
		n = wire_receive(connection->fd, buffer, sizeof(buffer),
		    deadline, failure);
		if (n < 0)
			return NULL;
		total += (size_t)n;
		if (total > REPLY_CEILING) {
			failure_set(failure, "the answer is too long");
			return NULL;
		}
		if (redisReaderFeed(reader, buffer, (size_t)n) != REDIS_OK) {
			failure_set(failure, "no reply of Redis: %s",
			    reader->errstr);
			return NULL;
		}
	}
}

static redisReply *
command(struct connection *connection, int count,
    const struct span *arguments, int64_t deadline, struct failure *failure)
{
	if (send_command(connection, count, arguments, deadline,
	    failure) != 0)
		return NULL;
	return receive_reply(connection, deadline, failure);
}

/* A command that the server answers with "OK". */
static int
command_ok(struct connection *connection, int count,
    const struct span *arguments, int64_t deadline, struct failure *failure)
{
	redisReply *reply = command(connection, count, arguments, deadline,
	    failure);
	int rc = -1;

	if (reply == NULL)
		return -1;
	if (reply->type == REDIS_REPLY_STATUS)
		rc = 0;
	else if (reply->type == REDIS_REPLY_ERROR)
		failure_set(failure, "%s: the server says %.*s",
		    arguments[0].ptr, (int)reply->len, reply->str);
	else
		failure_set(failure, "%s: a reply of another kind",
		    arguments[0].ptr);
	freeReplyObject(reply);
	return rc;
}

static int
log_in(struct connection *connection, int64_t deadline,
    struct failure *failure)
{
	const struct redis *redis = connection->redis;
	struct span arguments[ARGUMENTS] = { SPAN("AUTH") };
	int count = 1;

	if (redis->password[0] != '\0') {
		if (redis->user[0] != '\0')
			arguments[count++] = span_of(redis->user);
		arguments[count++] = span_of(redis->password);
		if (command_ok(connection, count, arguments, deadline,
		    failure) != 0)
			return -1;
	}
	if (redis->database[0] == '\0')
		return 0;
	arguments[0] = SPAN("SELECT");
	arguments[1] = span_of(redis->database);
	return command_ok(connection, 2, arguments, deadline, failure);
}

static void
close_connection(void *handle, bool is_broken)
{
	struct connection *connection = handle;

	(void)is_broken;
	if (connection->fd >= 0)
		(void)close(connection->fd);
	if (connection->reader != NULL)
		redisReaderFree(connection->reader);
	free(connection);
}

static void *
open_connection(const void *shared, const struct endpoint_address *address,
    int64_t deadline, struct failure *failure)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection != NULL)
		connection->reader = redisReaderCreate();
	if (connection == NULL || connection->reader == NULL) {
		failure_set(failure, "out of memory");
		free(connection);
		return NULL;
	}
	connection->redis = shared;
	connection->fd = wire_connect(address, deadline, failure);
	if (connection->fd >= 0 && log_in(connection, deadline, failure) == 0)
		return connection;
	close_connection(connection, true);
	return NULL;
}

static enum remote_answer
read_reply(const redisReply *reply, struct sbuf *values,
    struct failure *failure)
{
	switch (reply->type) {
	case REDIS_REPLY_STRING:
		(void)remote_add_value(values, (struct span){ reply->str,
		    (size_t)reply->len });
		return REMOTE_FOUND;
	case REDIS_REPLY_NIL:
		return REMOTE_NOT_FOUND;
	case REDIS_REPLY_ERROR:
		failure_set(failure, "the server says %.*s", (int)reply->len,
		    reply->str);
		return REMOTE_REFUSED;
	default:
		failure_set(failure, "a reply of another kind");
		return REMOTE_BROKEN;
	}
}

static enum remote_answer
ask(void *handle, struct span key, int64_t deadline, struct sbuf *values,
    struct failure *failure)
{
	struct connection *connection = handle;
	const char *prefix = connection->redis->prefix;
	struct sbuf name;
	struct span arguments[2] = { SPAN("GET") };
	enum remote_answer answer = REMOTE_BROKEN;
	redisReply *reply = NULL;

	sbuf_init(&name, NULL, strlen(prefix) + key.len);
	sbuf_adds(&name, prefix);
	sbuf_add(&name, key);
	if (sbuf_done(&name, &arguments[1]) == 0)
		reply = command(connection, 2, arguments, deadline, failure);
	else
		failure_set(failure, "out of memory");
	if (reply != NULL)
		answer = read_reply(reply, values, failure);
	freeReplyObject(reply);
	sbuf_free(&name);
	return answer;
}

static const struct remote_driver driver = {
	.port = PORT,
	.open = open_shared,
	.close = close_shared,
	.connect = open_connection,
	.disconnect = close_connection,
	.ask = ask,
};

const struct table_backend table_redis = {
	.type = "redis",
	REMOTE_BACKEND(&driver),
};

#else

const struct table_backend table_redis = {
	.type = "redis",
	.missing = MISSING_REDIS,
};

#endif
