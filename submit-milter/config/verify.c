/*
 * verify.c - see check.h: options that must fit together.
 */
#include "config/check.h"

#include <string.h>

#include "base/glob.h"
#include "dns/dns.h"

#define NO_MEMORY "out of memory"

static const char *
say(struct span text)
{
	return text.ptr == NULL ? NO_MEMORY : text.ptr;
}

static const char *
string_at(const void *field)
{
	const char *value;

	memcpy(&value, field, sizeof(value));
	return value;
}

const char *
verify_memory(struct check *check, const void *base, const void *field)
{
	const struct config_memory *memory = &check->settings->config.memory;

	(void)base;
	(void)field;
	return memory->message <= memory->total ? NULL :
	    "memory.message must not be more than memory.total";
}

const char *
verify_panic(struct check *check, const void *base, const void *field)
{
	const struct config_panic *panic = &check->settings->config.panic;

	(void)base;
	(void)field;
	return panic->time <= panic->maximum ? NULL :
	    "panic.time must not be more than panic.maximum";
}

/* --- the DNS -------------------------------------------------------------- */

static const char *
dns_fault(struct check *check)
{
	const char *why;

	return dns_library(&why) != NULL ? NULL :
	    say(arena_printf(check->arena, "needs the DNS, which this build "
	    "cannot ask: %s", why));
}

const char *
verify_dns(struct check *check, const void *base, const void *field)
{
	const bool *is_set = field;

	(void)base;
	return *is_set ? dns_fault(check) : NULL;
}

const char *
verify_zones(struct check *check, const void *base, const void *field)
{
	(void)base;
	(void)field;
	return check->settings->config.site.aliases.zone_count > 0 ?
	    dns_fault(check) : NULL;
}

/* --- tables --------------------------------------------------------------- */

static struct table_entry *
find_table(struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->table_count; i++)
		if (strcmp(settings->tables[i].spec.name, name) == 0)
			return &settings->tables[i];
	return NULL;
}

/*
 * A use of a table, by keys in lower case or not. Rows are kept in one form
 * only, so the users of a table must agree.
 */
static const char *
use_table(struct check *check, const char *name, bool is_folded)
{
	struct table_entry *entry = find_table(check->settings, name);

	if (entry == NULL)
		return say(arena_printf(check->arena,
		    "there is no table \"%s\"", name));
	entry->is_used = true;
	if (is_folded)
		entry->is_folded_use = true;
	else
		entry->is_kept_use = true;
	if (entry->is_folded_use && entry->is_kept_use)
		return say(arena_printf(check->arena, "table \"%s\" cannot "
		    "serve both addresses and identities while "
		    "rights.fold_local_part and identity.fold_case differ",
		    name));
	entry->spec.is_case_kept = entry->is_kept_use;
	return NULL;
}

/* The same for one that is asked for addresses or identities. */
static const char *
use_named(struct check *check, const char *name, bool is_folded)
{
	const struct table_entry *entry = find_table(check->settings, name);

	if (entry != NULL && strcmp(entry->spec.type, "cidr") == 0)
		return say(arena_printf(check->arena, "table \"%s\" is of "
		    "type cidr: its keys are networks", name));
	return use_table(check, name, is_folded);
}

static const char *
use_optional(struct check *check, const void *field, bool is_folded)
{
	const char *name = string_at(field);

	return name[0] == '\0' ? NULL : use_named(check, name, is_folded);
}

const char *
verify_grant(struct check *check, const void *base, const void *field)
{
	const struct grant *grant = base;
	const struct rights *rights = &check->settings->config.rights;

	(void)field;
	return use_named(check, grant->table, grant->is_by_identity ?
	    rights->identity.fold_case : rights->fold_local_part);
}

const char *
verify_primary(struct check *check, const void *base, const void *field)
{
	return verify_identity_table(check, base, field);
}

const char *
verify_address_table(struct check *check, const void *base,
    const void *field)
{
	(void)base;
	return use_optional(check, field,
	    check->settings->config.rights.fold_local_part);
}

const char *
verify_identity_table(struct check *check, const void *base,
    const void *field)
{
	(void)base;
	return use_optional(check, field,
	    check->settings->config.rights.identity.fold_case);
}

const char *
verify_name_table(struct check *check, const void *base, const void *field)
{
	return verify_address_table(check, base, field);
}

/* RFC 6409 section 4.2: no local part is completed on suspicion. */
static const char *
want_known_users(const struct check *check)
{
	return check->settings->names.known_users[0] != '\0' ? NULL :
	    "needs qualify.mailboxes: which of them exist?";
}

const char *
verify_users(struct check *check, const void *base, const void *field)
{
	const char *error = verify_address_table(check, base, field);

	return error != NULL || string_at(field)[0] == '\0' ? error :
	    want_known_users(check);
}

const char *
verify_rewrite(struct check *check, const void *base, const void *field)
{
	const struct rewrite_table *rewrite = base;
	bool has_use = false;

	for (int i = 0; i < REWRITE_USES; i++)
		has_use |= rewrite->uses[i];
	(void)field;
	if (!has_use)
		return "is for nothing: set envelope_sender, "
		    "envelope_recipients, header_senders or "
		    "header_recipients";
	return use_named(check, rewrite->name,
	    check->settings->config.rights.fold_local_part);
}

const char *
verify_bare_domain(struct check *check, const void *base, const void *field)
{
	(void)base;
	return string_at(field)[0] == '\0' ? NULL : want_known_users(check);
}

const char *
verify_text_table(struct check *check, const void *base, const void *field)
{
	const char *name = string_at(field);
	const struct table_entry *entry = find_table(check->settings, name);

	(void)base;
	if (entry != NULL && strcmp(entry->spec.type, "cidr") == 0)
		return say(arena_printf(check->arena, "table \"%s\" is of "
		    "type cidr: its keys are networks", name));
	return name[0] == '\0' ? NULL : use_table(check, name,
	    check->settings->config.rights.fold_local_part);
}

const char *
verify_encrypted(struct check *check, const void *base, const void *field)
{
	const struct profile *profile = base;

	(void)field;
	return profile->encrypt.recipient_count > 0 &&
	    check->settings->config.certificate_directory[0] == '\0' &&
	    check->settings->names.encryption[0] == '\0' ?
	    "needs encryption.certificates or encryption.table" : NULL;
}

/* Without an author there is no message. */
const char *
verify_removed(struct check *check, const void *base, const void *field)
{
	const struct profile *profile = base;
	const struct profile_privacy *privacy = &profile->privacy;

	(void)check;
	(void)field;
	return glob_first(privacy->remove, privacy->remove_count,
	    SPAN("From")) != NULL ? "must not have From: there is no message "
	    "without" : NULL;
}

const char *
verify_certificates(struct check *check, const void *base, const void *field)
{
	const struct identity_sources *sources =
	    &check->settings->config.site.sources;

	(void)base;
	if (string_at(field)[0] != '\0' && sources->issuer_count == 0)
		return "identity.certificate_issuers must say whose "
		    "certificates count";
	return use_optional(check, field, true);
}

const char *
verify_client_table(struct check *check, const void *base, const void *field)
{
	const char *name = string_at(field);

	(void)base;
	return name[0] == '\0' ? NULL : use_table(check, name, true);
}

static bool
has_local_domains(const struct settings *settings)
{
	return settings->config.site.local_domains.n > 0 ||
	    settings->names.local_domains[0] != '\0';
}

const char *
verify_scope(struct check *check, const void *base, const void *field)
{
	const struct settings *settings = check->settings;

	(void)base;
	(void)field;
	if (settings->config.site.recipients.scope == SCOPE_LISTED &&
	    settings->names.allowed[0] == '\0')
		return "\"listed\" needs recipients.allowed";
	if (settings->config.site.recipients.scope == SCOPE_LOCAL &&
	    !has_local_domains(settings))
		return "\"local\" needs local_domains: which domains are "
		    "ours?";
	return NULL;
}

static const char *
want_local_domains(const struct check *check)
{
	return has_local_domains(check->settings) ? NULL :
	    "needs local_domains: which domains are ours?";
}

const char *
verify_mixed(struct check *check, const void *base, const void *field)
{
	const struct profile *profile = base;

	(void)field;
	return profile->mixed ? want_local_domains(check) : NULL;
}

const char *
verify_postmaster(struct check *check, const void *base, const void *field)
{
	const struct profile *profile = base;

	(void)field;
	return profile->postmaster.domain_count > 0 ?
	    want_local_domains(check) : NULL;
}

static bool
is_group(const struct settings *settings, struct span name)
{
	const struct groups *groups = &settings->config.site.groups;

	for (size_t i = 0; i < groups->n; i++)
		if (span_eq_nocase(span_of(groups->v[i].name), name))
			return true;
	return false;
}

/* A group that is nowhere would make an override that never holds. */
const char *
verify_override(struct check *check, const void *base, const void *field)
{
	const struct rule_override *override = base;
	struct span prefix = SPAN("group:");

	(void)field;
	if (check->settings->names.groups[0] != '\0')
		return NULL;
	for (size_t i = 0; i < override->identity_count; i++) {
		struct span name = span_of(override->identities[i]);

		if (!span_starts_nocase(name, prefix))
			continue;
		name = span_slice(name, prefix.len, name.len);
		if (!is_group(check->settings, name))
			return say(arena_printf(check->arena,
			    "there is no group \"%.*s\", and no group_table",
			    SPAN_ARG(name)));
	}
	return NULL;
}

/* --- signing -------------------------------------------------------------- */

static bool
has_other_keys(const struct dkim_settings *dkim)
{
	return dkim->key_directory[0] != '\0' || dkim->key_table[0] != '\0';
}

const char *
verify_dkim_domain(struct check *check, const void *base, const void *field)
{
	const struct dkim_settings *dkim = &check->settings->dkim;
	const struct dkim_domain *domain = base;

	(void)field;
	for (size_t i = 0; &dkim->domains[i] != domain; i++)
		if (strcmp(dkim->domains[i].domain, domain->domain) == 0)
			return say(arena_printf(check->arena,
			    "the domain \"%s\" is there twice",
			    domain->domain));
	if (domain->key_count == 0 && !has_other_keys(dkim))
		return "has no keys, and there is neither "
		    "dkim.key_directory nor dkim.key_table";
	return NULL;
}

const char *
verify_signing_domain(struct check *check, const void *base,
    const void *field)
{
	const struct dkim_settings *dkim = &check->settings->dkim;
	const char *name = string_at(field);

	(void)base;
	if (name[0] == '\0' || has_other_keys(dkim))
		return NULL;
	for (size_t i = 0; i < dkim->domain_count; i++)
		if (strcmp(dkim->domains[i].domain, name) == 0)
			return NULL;
	return say(arena_printf(check->arena,
	    "the domain \"%s\" has no keys in dkim.domains", name));
}

/* --- profiles ------------------------------------------------------------- */

const char *
verify_profile_name(struct check *check, const void *base, const void *field)
{
	const struct config *config = &check->settings->config;
	const struct profile *profile = base;

	(void)field;
	for (size_t i = 0; &config->profiles[i] != profile; i++)
		if (strcmp(config->profiles[i].name, profile->name) == 0)
			return say(arena_printf(check->arena,
			    "the profile \"%s\" is there twice",
			    profile->name));
	return NULL;
}

const char *
verify_listeners(struct check *check, const void *base, const void *field)
{
	const struct profile *profile = base;

	(void)check;
	(void)field;
	for (size_t i = 0; i < profile->listener_count; i++) {
		const struct listener_match *match = &profile->listeners[i];

		if (match->daemon_name == NULL && match->daemon_addr == NULL &&
		    match->daemon_port == 0)
			return "a listener wants daemon_name, daemon_port "
			    "or daemon_addr";
	}
	return NULL;
}

/* --- records -------------------------------------------------------------- */

const char *
verify_store(struct check *check, const void *base, const void *field)
{
	const struct config *config = &check->settings->config;

	(void)base;
	(void)field;
	return config->store.directory[0] == '\0' ||
	    config->audit.file[0] != '\0' ? NULL :
	    "audit.file must name a file: the store is fed from it";
}

const char *
verify_token(struct check *check, const void *base, const void *field)
{
	const struct profile *profile = base;

	(void)field;
	return !profile->trace_token ||
	    check->settings->config.token.key_file[0] != '\0' ? NULL :
	    "trace_token.key_file must name its keys";
}
