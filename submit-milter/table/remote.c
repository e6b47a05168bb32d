/*
 * remote.c - see remote.h.
 */
#include "table/remote.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/deadline.h"
#include "table/cache.h"
#include "table/pool.h"
#include "table/secret.h"

#define ANSWER_CEILING (64u << 10)
#define IDENTITY_CEILING (1u << 20)
/* See struct pool_limits; a firewall may forget who is idle for minutes. */
#define STALL_MS 1000
#define BACKOFF_MS 1000
#define IDLE_MS 60000

struct remote {
	struct remote *next;	/* of the registry */
	unsigned references;	/* under the lock of the registry */
	char *identity;		/* what it was made from; has the password */
	const struct remote_driver *driver;
	void *shared;
	struct endpoint endpoint;
	char *label;		/* for errors: type and server */
	int timeout;
	struct cache *cache;	/* NULL: none */
	struct pool *pool;
};

/*
 * All that are open. What is in it does not change but for the count of
 * references; the lock is held while one is made, which asks nobody.
 */
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct remote *registry;

bool
remote_add_value(struct sbuf *values, struct span value)
{
	if (value.len > 0 && values->len > 0)
		sbuf_addc(values, ',');
	sbuf_add(values, value);
	return !values->is_failed;
}

char *
remote_copy(const char *text)
{
	return strdup(text == NULL ? "" : text);
}

/* --- connections ---------------------------------------------------------- */

/* Tries the addresses in turn, each with its part of the time. */
static void *
connect_any(void *context, int64_t deadline, struct failure *failure)
{
	const struct remote *remote = context;
	const struct endpoint *endpoint = &remote->endpoint;
	void *connection = NULL;

	for (size_t i = 0; i < endpoint->count && connection == NULL; i++) {
		int part = deadline_left(deadline) /
		    (int)(endpoint->count - i);

		connection = remote->driver->connect(remote->shared,
		    &endpoint->addresses[i], deadline_in(part), failure);
	}
	return connection;
}

static void
disconnect(void *context, void *connection, bool is_broken)
{
	const struct remote *remote = context;

	remote->driver->disconnect(connection, is_broken);
}

static const struct pool_driver connections = {
	.connect = connect_any,
	.disconnect = disconnect,
};

/* --- open and close ------------------------------------------------------- */

/* All that makes one remote table different from another, as a text. */
static char *
identity_of(const struct table_spec *spec, const struct endpoint *endpoint)
{
	const char *const texts[] = { spec->name, spec->type, spec->server,
		spec->database, spec->user, spec->password, spec->query,
		spec->base, spec->attribute, spec->map, spec->tls_ca };
	struct sbuf identity;
	struct span ignored;

	sbuf_init(&identity, NULL, IDENTITY_CEILING);
	sbuf_addf(&identity, "%d %d %d %d %d", spec->is_tls, spec->timeout,
	    spec->connections, spec->cache_time, spec->cache_size);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		sbuf_addf(&identity, " %zu:%s", span_of(texts[i]).len,
		    texts[i] == NULL ? "" : texts[i]);
	for (size_t i = 0; i < endpoint->count; i++)
		sbuf_addf(&identity, " %s", endpoint->addresses[i].text);
	if (sbuf_done(&identity, &ignored) == 0)
		return identity.ptr;
	sbuf_free(&identity);
	return NULL;
}

static void
remote_free(struct remote *remote)
{
	pool_free(&remote->pool);
	cache_free(&remote->cache);
	if (remote->shared != NULL)
		remote->driver->close(remote->shared);
	endpoint_close(&remote->endpoint);
	secret_forget(&remote->identity);
	free(remote->label);
	free(remote);
}

/* Of what was found right; *ENDPOINT and IDENTITY become its own. */
static struct remote *
remote_new(const struct remote_driver *driver, const struct table_spec *spec,
    struct endpoint *endpoint, char **identity, char **error_r)
{
	const struct pool_limits limits = {
		.size = (size_t)spec->connections,
		.stall = STALL_MS,
		.backoff = BACKOFF_MS,
		.idle = IDLE_MS,
	};
	struct remote *remote = calloc(1, sizeof(*remote));

	if (remote == NULL)
		return NULL;
	remote->references = 1;
	remote->driver = driver;
	remote->timeout = spec->timeout;
	remote->identity = *identity;
	remote->endpoint = *endpoint;
	*identity = NULL;
	*endpoint = (struct endpoint){ .count = 0 };
	remote->label = backend_error("%s at %s", spec->type, spec->server);
	remote->pool = pool_new(&connections, remote, &limits);
	if (spec->cache_time > 0 && spec->cache_size > 0)
		remote->cache = cache_new((size_t)spec->cache_size,
		    (int64_t)spec->cache_time * 1000);
	if (remote->label != NULL && remote->pool != NULL &&
	    (remote->cache != NULL || spec->cache_time == 0 ||
	    spec->cache_size == 0))
		remote->shared = driver->open(spec, remote->endpoint.host,
		    remote->endpoint.port, error_r);
	if (remote->shared != NULL)
		return remote;
	remote_free(remote);
	return NULL;
}

static struct remote *
find_or_make(const struct remote_driver *driver,
    const struct table_spec *spec, struct endpoint *endpoint,
    char **identity, char **error_r)
{
	struct remote *remote;

	for (remote = registry; remote != NULL; remote = remote->next)
		if (strcmp(remote->identity, *identity) == 0) {
			remote->references++;
			return remote;
		}
	remote = remote_new(driver, spec, endpoint, identity, error_r);
	if (remote != NULL) {
		remote->next = registry;
		registry = remote;
	}
	return remote;
}

static int
locate(const struct remote_driver *driver, const struct table_spec *spec,
    struct endpoint *endpoint, char **error_r)
{
	char *server = driver->locate == NULL ? remote_copy(spec->server) :
	    driver->locate(spec, error_r);
	int rc;

	if (server == NULL)
		return -1;
	rc = endpoint_open(endpoint, server, driver->port, error_r);
	free(server);
	return rc;
}

/* SPEC has its password in it. */
static struct remote *
open_whole(const struct remote_driver *driver, const struct table_spec *spec,
    char **error_r)
{
	struct endpoint endpoint;
	struct remote *remote = NULL;
	char *identity;

	if (locate(driver, spec, &endpoint, error_r) != 0)
		return NULL;
	identity = identity_of(spec, &endpoint);
	if (identity != NULL) {
		(void)pthread_mutex_lock(&registry_lock);
		remote = find_or_make(driver, spec, &endpoint, &identity,
		    error_r);
		(void)pthread_mutex_unlock(&registry_lock);
	}
	secret_forget(&identity);
	endpoint_close(&endpoint);
	return remote;
}

void *
remote_open(const void *driver, const struct table_spec *spec, char **error_r)
{
	struct table_spec whole = *spec;
	struct remote *remote;
	char *password = NULL;

	*error_r = NULL;
	if (spec->password_file != NULL && spec->password_file[0] != '\0') {
		if (spec->password != NULL && spec->password[0] != '\0') {
			*error_r = backend_error("\"password\" and "
			    "\"password_file\" are two answers to one "
			    "question");
			return NULL;
		}
		if (secret_read(spec->password_file, &password,
		    error_r) != 0)
			return NULL;
		whole.password = password;
	}
	remote = open_whole(driver, &whole, error_r);
	secret_forget(&password);
	return remote;
}

void
remote_close(void *handle)
{
	struct remote *remote = handle, **at = &registry;
	bool is_last;

	(void)pthread_mutex_lock(&registry_lock);
	is_last = --remote->references == 0;
	if (is_last) {
		while (*at != remote)
			at = &(*at)->next;
		*at = remote->next;
	}
	(void)pthread_mutex_unlock(&registry_lock);
	if (is_last)
		remote_free(remote);
}

/* --- look-ups ------------------------------------------------------------- */

/* What our drivers cannot say is the key of no row. */
static bool
is_key(const struct remote *remote, struct span key)
{
	return key.len > 0 && memchr(key.ptr, '\0', key.len) == NULL &&
	    span_is_utf8(key) && (remote->driver->takes == NULL ||
	    remote->driver->takes(remote->shared, key));
}

/* One attempt, on a connection of the pool. */
static enum remote_answer
ask_once(const struct remote *remote, struct span key, bool is_fresh,
    int64_t deadline, struct sbuf *values, struct failure *failure)
{
	void *connection = pool_take(remote->pool, is_fresh, deadline,
	    failure);
	enum remote_answer answer;

	if (connection == NULL)
		return REMOTE_REFUSED;
	sbuf_clear(values);
	answer = remote->driver->ask(connection, key, deadline, values,
	    failure);
	pool_give(remote->pool, connection, answer == REMOTE_BROKEN ?
	    failure : NULL);
	return answer;
}

static enum lookup
ask(const struct remote *remote, struct span key, int64_t deadline,
    struct sbuf *values, struct span *value_r, struct failure *failure)
{
	enum remote_answer answer = ask_once(remote, key, false, deadline,
	    values, failure);

	if (answer == REMOTE_BROKEN && deadline_left(deadline) > 0)
		answer = ask_once(remote, key, true, deadline, values,
		    failure);
	if (answer == REMOTE_NOT_FOUND)
		return LOOKUP_NOT_FOUND;
	if (answer != REMOTE_FOUND)
		return LOOKUP_FAILED;
	if (sbuf_done(values, value_r) != 0) {
		failure_set(failure, "the answer is too long");
		return LOOKUP_FAILED;
	}
	return value_r->len > 0 ? LOOKUP_FOUND : LOOKUP_NOT_FOUND;
}

/* Asks the server, whatever the cache says, and remembers the answer. */
static enum lookup
ask_server(const struct remote *remote, struct span key, int64_t deadline,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	struct failure failure = { "" };
	struct sbuf values;
	struct span value = { NULL, 0 };
	enum lookup answer;

	sbuf_init(&values, arena, ANSWER_CEILING);
	answer = ask(remote, key, deadline_min(deadline,
	    deadline_in(remote->timeout)), &values, &value, &failure);
	if (answer == LOOKUP_FAILED) {
		struct span text = arena_printf(arena, "%s: %s",
		    remote->label, failure.text);

		*error_r = text.ptr == NULL ? "out of memory" : text.ptr;
		return LOOKUP_FAILED;
	}
	if (remote->cache != NULL)
		cache_put(remote->cache, key, answer == LOOKUP_FOUND ?
		    &value : NULL, deadline_now());
	if (answer == LOOKUP_FOUND)
		*value_r = value;
	return answer;
}

enum lookup
remote_lookup(const void *handle, struct span key, int64_t deadline,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	const struct remote *remote = handle;

	if (!is_key(remote, key))
		return LOOKUP_NOT_FOUND;
	if (remote->cache != NULL) {
		switch (cache_get(remote->cache, key, deadline_now(), arena,
		    value_r)) {
		case CACHED_FOUND:
			return LOOKUP_FOUND;
		case CACHED_NOT_FOUND:
			return LOOKUP_NOT_FOUND;
		case CACHED_NOTHING:
			break;
		}
	}
	return ask_server(remote, key, deadline, arena, value_r, error_r);
}

int
remote_probe(const void *handle, int64_t deadline, struct arena *arena,
    const char **error_r)
{
	struct span ignored;

	return ask_server(handle, SPAN("postmaster@submit-milter.invalid"),
	    deadline, arena, &ignored, error_r) == LOOKUP_FAILED ? -1 : 0;
}

void
remote_usage(const void *handle, struct table_usage *usage)
{
	const struct remote *remote = handle;

	usage->has_server = true;
	usage->connections = pool_count(remote->pool);
	usage->waits = pool_waits(remote->pool);
	usage->has_cache = remote->cache != NULL;
	if (remote->cache != NULL)
		cache_usage(remote->cache, &usage->hits, &usage->misses);
}
