/*
 * config.c - see config.h: from settings to a configuration that works, and
 * back to nothing. Tables and keys are opened here, after all of the file
 * was found right.
 */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "config/loader.h"
#include "config/signing.h"
#include "config/tracing.h"
#include "crypt/cert.h"
#include "dns/toplevel.h"
#include "syntax/cidr.h"

#define ARENA_CEILING ((size_t)1 << 30)

/* *error_r becomes "WHERE: SUBJECT: WHY"; frees WHY, which may be NULL. */
static int
fail_why(char **error_r, const char *where, const char *subject, char *why)
{
	if (why == NULL)
		return fault(error_r, NULL);
	(void)fault(error_r, "%s: %s: %s", where, subject, why);
	free(why);
	return -1;
}

static int
open_tables(struct settings *settings, char **error_r)
{
	struct config *config = &settings->config;
	char *why = NULL;

	config->tables = arena_calloc(settings->arena,
	    settings->table_count, sizeof(struct table *));
	if (config->tables == NULL)
		return fault(error_r, NULL);
	for (size_t i = 0; i < settings->table_count; i++) {
		const struct table_entry *entry = &settings->tables[i];
		struct span subject;

		config->tables[i] = table_open(&entry->spec, &why);
		if (config->tables[i] != NULL) {
			config->table_count++;
			continue;
		}
		subject = arena_printf(settings->arena, "tables.%s",
		    entry->spec.name);
		return fail_why(error_r, entry->where,
		    subject.ptr == NULL ? "tables" : subject.ptr, why);
	}
	return 0;
}

/* An open table; the name was verified. */
static const struct table *
find_table(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->config.table_count; i++)
		if (strcmp(settings->tables[i].spec.name, name) == 0)
			return settings->config.tables[i];
	return NULL;
}

/* Puts the open tables where their names stand in the file. */
static void
link_site(struct settings *settings)
{
	const struct table_names *names = &settings->names;
	struct site *site = &settings->config.site;
	const struct {
		const char *name;
		const struct table **place;
	} links[] = {
		{ names->local_domains, &site->local_domains.table },
		{ names->labels, &site->qualify.labels },
		{ names->users, &site->qualify.users },
		{ names->known_users, &site->qualify.mailboxes },
		{ names->certificates, &site->sources.certificates },
		{ names->clients, &site->sources.clients },
		{ names->networks, &site->sources.networks },
		{ names->mailboxes, &settings->config.rights.mailboxes },
		{ names->accounts, &site->accounts.table },
		{ names->groups, &site->groups.table },
		{ names->scopes, &site->recipients.scopes },
		{ names->allowed, &site->recipients.allowed },
		{ names->denied, &site->recipients.denied },
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].name[0] != '\0')
			*links[i].place = find_table(settings,
			    links[i].name);
	for (size_t i = 0; i < site->rewrite_count; i++)
		site->rewrites[i].table = find_table(settings,
		    site->rewrites[i].name);
	if (site->qualify.domain[0] == '\0')
		site->qualify.domain = NULL;
}

static void
link_profile(struct settings *settings, struct profile *profile)
{
	struct profile_table *const tables[] = {
		&profile->content.values, &profile->content.file_table,
		&profile->privacy.values,
	};

	profile->encrypt.certs = settings->config.certs;
	profile->encrypt.table = find_table(settings,
	    settings->names.encryption);
	if (profile->networks_name[0] != '\0')
		profile->networks = find_table(settings,
		    profile->networks_name);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (tables[i]->name[0] != '\0')
			tables[i]->table = find_table(settings,
			    tables[i]->name);
}

static void
link_profiles(struct settings *settings)
{
	struct config *config = &settings->config;

	link_profile(settings, &config->default_profile);
	for (size_t i = 0; i < config->profile_count; i++)
		link_profile(settings, &config->profiles[i]);
}

/* A changed body is kept twice, beside all else. */
static void
limit_spool(struct config *config)
{
	int most = config->memory.message / 4;

	if (config->spool.memory > most)
		config->spool.memory = most;
}

static int
link_rights(struct settings *settings, char **error_r)
{
	struct rights *rights = &settings->config.rights;

	rights->tables = arena_calloc(settings->arena,
	    settings->grant_count, sizeof(*rights->tables));
	if (rights->tables == NULL)
		return fault(error_r, NULL);
	for (size_t i = 0; i < settings->grant_count; i++) {
		const struct grant *grant = &settings->grants[i];

		rights->tables[i] = (struct rights_table){
			.table = find_table(settings, grant->table),
			.is_by_identity = grant->is_by_identity != 0,
			.right = grant->right,
		};
	}
	rights->table_count = settings->grant_count;
	limit_spool(&settings->config);
	link_site(settings);
	link_profiles(settings);
	if (settings->primary[0] != '\0')
		rights->primary = find_table(settings, settings->primary);
	return 0;
}

static int
open_toplevels(struct settings *settings, char **error_r)
{
	struct site *site = &settings->config.site;

	settings->toplevels = toplevels_open();
	site->toplevels = settings->toplevels;
	return site->toplevels == NULL ? fault(error_r, "%s: there is no "
	    "list of top-level domains on this machine",
	    settings->config.file) : 0;
}

static bool
asks_dns(const struct profile *profile)
{
	return profile->dns_check.envelope || profile->dns_check.header;
}

/* Only where something wants to know. */
static int
open_dns(struct settings *settings, char **error_r)
{
	struct config *config = &settings->config;
	bool is_wanted = config->site.aliases.zone_count > 0 ||
	    asks_dns(&config->default_profile);
	const char *error;

	for (size_t i = 0; i < config->profile_count; i++)
		is_wanted |= asks_dns(&config->profiles[i]);
	if (!is_wanted)
		return 0;
	config->dns = dns_names_open(&config->dns_settings, &error);
	return config->dns != NULL ? 0 : fault(error_r, "%s: dns: %s",
	    config->file, error);
}

/* Are the rows certificates? */
struct row_check {
	const char *where;
	const char *name;
	struct arena *arena;
	char *error;		/* malloc'ed */
	int status;
};

static void
check_row(void *context, struct span key, struct span value)
{
	struct row_check *check = context;
	X509 *cert;

	if (check->status == 0 && cert_read(value, check->arena, &cert) != 1)
		check->status = fault(&check->error, "%s: tables.%s: the row "
		    "of %.*s is no certificate", check->where, check->name,
		    SPAN_ARG(key));
	arena_reset(check->arena);
}

/* As far as the table can tell what is in it. */
static int
check_rows(const struct table_entry *entry, const struct table *table,
    char **error_r)
{
	struct row_check check = { entry->where, entry->spec.name,
	    arena_new(ARENA_CEILING, NULL), NULL, 0 };

	if (check.arena == NULL)
		return fault(error_r, NULL);
	(void)table_each(table, check_row, &check);
	arena_free(&check.arena);
	*error_r = check.error;
	return check.status;
}

static int
open_certificates(struct settings *settings, char **error_r)
{
	struct config *config = &settings->config;

	for (size_t i = 0; i < config->table_count; i++)
		if (strcmp(settings->tables[i].spec.name,
		    settings->names.encryption) == 0 && check_rows(
		    &settings->tables[i], config->tables[i], error_r) != 0)
			return -1;
	if (config->certificate_directory[0] == '\0')
		return 0;
	config->certs = certs_open(config->certificate_directory, error_r);
	return config->certs == NULL ? -1 : 0;
}

static int
open_signing(struct settings *settings, bool is_nominal, char **error_r)
{
	const char *name = settings->dkim.key_table;

	if (tracing_sign_field(settings) != 0)
		return fault(error_r, NULL);
	return signing_open(settings, name[0] == '\0' ? NULL :
	    find_table(settings, name), is_nominal, error_r);
}

static struct settings *
settings_new(const char *file)
{
	struct settings *settings = calloc(1, sizeof(*settings));
	struct config *config;

	if (settings == NULL)
		return NULL;
	config = &settings->config;
	atomic_init(&config->references, 1);
	config->memory_owner = settings;
	config->default_profile.name = "default";
	settings->arena = arena_new(ARENA_CEILING, NULL);
	config->keyring = keyring_new();
	if (settings->arena != NULL)
		config->file = arena_strdup(settings->arena, span_of(file));
	if (config->file == NULL || config->keyring == NULL)
		config_unref(&config);
	return config == NULL ? NULL : settings;
}

/* How far a configuration is made to work. */
enum depth { DEPTH_OPTIONS, DEPTH_TABLES, DEPTH_KEYS };

static struct config *
load(const char *file, const struct config_override *overrides,
    size_t override_count, enum depth depth, char **error_r)
{
	struct settings *settings = settings_new(file);
	struct config *config;

	*error_r = NULL;
	if (settings == NULL)
		return NULL;
	config = &settings->config;
	config->loaded = time(NULL);
	if (loader_read(settings, file, overrides, override_count,
	    error_r) != 0)
		config_unref(&config);
	if (config == NULL || depth == DEPTH_OPTIONS)
		return config;
	if (open_toplevels(settings, error_r) != 0 ||
	    open_dns(settings, error_r) != 0 ||
	    open_tables(settings, error_r) != 0 ||
	    open_certificates(settings, error_r) != 0 ||
	    link_rights(settings, error_r) != 0 ||
	    open_signing(settings, depth == DEPTH_TABLES, error_r) != 0 ||
	    (depth == DEPTH_KEYS && tracing_open(settings, error_r) != 0))
		config_unref(&config);
	return config;
}

int
config_read_trace_keys(struct config *config, char **error_r)
{
	*error_r = NULL;
	return tracing_open(config->memory_owner, error_r);
}

struct config *
config_load(const char *file, const struct config_override *overrides,
    size_t override_count, char **error_r)
{
	return load(file, overrides, override_count, DEPTH_KEYS, error_r);
}

struct config *
config_load_without_keys(const char *file,
    const struct config_override *overrides, size_t override_count,
    char **error_r)
{
	return load(file, overrides, override_count, DEPTH_TABLES, error_r);
}

struct config *
config_load_options(const char *file, const struct config_override *overrides,
    size_t override_count, char **error_r)
{
	return load(file, overrides, override_count, DEPTH_OPTIONS, error_r);
}

struct config *
config_ref(struct config *config)
{
	atomic_fetch_add(&config->references, 1);
	return config;
}

void
config_unref(struct config **config)
{
	struct config *c = *config;
	struct settings *settings;

	*config = NULL;
	if (c == NULL || atomic_fetch_sub(&c->references, 1) != 1)
		return;
	settings = c->memory_owner;
	signing_close(c);
	certs_free(&c->certs);
	tracing_close(c);
	for (size_t i = 0; i < c->table_count; i++)
		table_free(&c->tables[i]);
	toplevels_close(&settings->toplevels);
	dns_names_close(&c->dns);
	arena_free(&settings->arena);
	free(settings);
}

const char *
config_needs_restart(const struct config *old, const struct config *new)
{
	if (strcmp(old->socket, new->socket) != 0)
		return "socket";
	if (old->socket_mode != new->socket_mode)
		return "socket_mode";
	if (strcmp(old->socket_group, new->socket_group) != 0)
		return "socket_group";
	if (strcmp(old->user, new->user) != 0)
		return "user";
	if (strcmp(old->group, new->group) != 0)
		return "group";
	if (strcmp(old->pid_file, new->pid_file) != 0)
		return "pid_file";
	if (strcmp(old->state_directory, new->state_directory) != 0)
		return "state_directory";
	if (old->seccomp != new->seccomp)
		return "seccomp";
	if (strcmp(old->control.socket, new->control.socket) != 0)
		return "control.socket";
	if (old->control.mode != new->control.mode)
		return "control.mode";
	if (strcmp(old->control.group, new->control.group) != 0)
		return "control.group";
	if (strcmp(old->metrics.listen, new->metrics.listen) != 0)
		return "metrics.listen";
	if (old->metrics.mode != new->metrics.mode)
		return "metrics.mode";
	if (strcmp(old->metrics.group, new->metrics.group) != 0)
		return "metrics.group";
	if (old->memory.message != new->memory.message)
		return "memory.message";
	if (old->memory.total != new->memory.total)
		return "memory.total";
	return NULL;
}

const struct table_spec *
config_table_spec(const struct config *config, const struct table *table)
{
	const struct settings *settings = config->memory_owner;

	for (size_t i = 0; i < config->table_count; i++)
		if (config->tables[i] == table)
			return &settings->tables[i].spec;
	return NULL;
}

/* --- profiles ------------------------------------------------------------- */

static bool
is_same_ip(const char *want, struct span have)
{
	struct ip a, b;

	return ip_parse(span_of(want), &a) == 1 && ip_parse(have, &b) == 1 &&
	    memcmp(a.octets, b.octets, sizeof(a.octets)) == 0;
}

static bool
is_match(const struct listener_match *match, struct span daemon_name,
    struct span daemon_addr, struct span daemon_port)
{
	if (match->daemon_name != NULL &&
	    !span_eq(span_of(match->daemon_name), daemon_name))
		return false;
	if (match->daemon_addr != NULL &&
	    !is_same_ip(match->daemon_addr, daemon_addr))
		return false;
	return match->daemon_port == 0 ||
	    match->daemon_port == span_number(daemon_port, 65535);
}

const struct profile *
config_profile(const struct config *config, struct span daemon_name,
    struct span daemon_addr, struct span daemon_port)
{
	for (size_t i = 0; i < config->profile_count; i++) {
		const struct profile *profile = &config->profiles[i];

		for (size_t k = 0; k < profile->listener_count; k++)
			if (is_match(&profile->listeners[k], daemon_name,
			    daemon_addr, daemon_port))
				return profile;
	}
	return &config->default_profile;
}
