/*
 * connection.c - see connection.h.
 */
#include "connection.h"

#include "audit/record.h"
#include "base/log.h"

#define ARENA_CEILING 65536u

static struct audit_entry *
make_entry(const struct config *config, const struct transaction_peer *peer,
    int64_t began_us, int64_t duration_us, struct arena *arena)
{
	const struct profile *profile = config_profile(config,
	    peer->listener.daemon_name, peer->listener.daemon_addr,
	    peer->listener.daemon_port);
	struct facts facts;
	struct record record = {
		.facts = &facts,
		.profile = profile->name,
		.session = peer->session,
		.time_us = began_us,
		.duration_us = duration_us,
	};

	facts_init(&facts, arena, &config->rights, &config->site);
	facts.id = peer->session;
	facts.host = config->host_name[0] != '\0' ?
	    span_of(config->host_name) : peer->host;
	facts.listener = peer->listener;
	facts.client = peer->client;
	return record_connection_entry(&record);
}

void
connection_end(struct runtime *runtime, const struct transaction_peer *peer,
    int64_t began_us, int64_t duration_us)
{
	struct config *config = runtime_config(runtime);
	struct arena *arena = NULL;
	struct audit_entry *entry = NULL;

	runtime_count(runtime, COUNT_CONNECTIONS);
	if (!config->audit_connections)
		goto out;
	arena = arena_new(ARENA_CEILING, runtime_budget(runtime));
	if (arena != NULL)
		entry = make_entry(config, peer, began_us, duration_us,
		    arena);
	if (audit_post(runtime_audit(runtime), entry) != 0)
		log_error("%.*s: audit record not written",
		    SPAN_ARG(peer->session));
out:
	arena_free(&arena);
	config_unref(&config);
}
