/*
 * signing.c - see signing.h.
 */
#include "config/signing.h"

#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "base/fault.h"
#include "base/utc.h"

static struct schedule
schedule_of(const struct dkim_key *key)
{
	struct schedule schedule = SCHEDULE_ALWAYS;

	/* Both were checked; what is empty is no time and changes nothing. */
	(void)!schedule_parse_time(span_of(key->not_before), false,
	    &schedule.not_before);
	(void)!schedule_parse_time(span_of(key->not_after), true,
	    &schedule.not_after);
	return schedule;
}

/* *error_r becomes "WHERE: SUBJECT: WHY"; frees WHY, which may be NULL. */
static int
fail_why(char **error_r, const struct dkim_key *key, char *why)
{
	if (why == NULL)
		return fault(error_r, NULL);
	(void)fault(error_r, "%s: dkim.domains.keys: %s", key->where, why);
	free(why);
	return -1;
}

static int
add_key(struct settings *settings, const char *domain,
    const struct dkim_key *key, const struct key_limits *limits,
    char **error_r)
{
	struct keyring *keyring = settings->config.keyring;
	const struct schedule schedule = schedule_of(key);
	char *why = NULL;

	if (keyring_is_nominal(keyring)) {
		if (keyring_add_name(keyring, domain, key->selector) != 0)
			return fault(error_r, NULL);
	} else if (keyring_add(keyring, domain, key->selector, key->file,
	    limits->minimum_rsa_bits, &limits->owner, &why) != 0) {
		return fail_why(error_r, key, why);
	}
	keyring_set_schedule(keyring, domain, key->selector, &schedule);
	return 0;
}

static int
add_keys(struct settings *settings, const struct key_limits *limits,
    char **error_r)
{
	for (size_t i = 0; i < settings->dkim.domain_count; i++) {
		const struct dkim_domain *domain =
		    &settings->dkim.domains[i];

		for (size_t k = 0; k < domain->key_count; k++)
			if (add_key(settings, domain->domain,
			    &domain->keys[k], limits, error_r) != 0)
				return -1;
	}
	return 0;
}

/* --- signers: one for each distinct way to sign --------------------------- */

static bool
is_same_list(struct name_list a, struct name_list b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (strcmp(a.v[i], b.v[i]) != 0)
			return false;
	return true;
}

static bool
is_same_way(const struct signer_settings *a, const struct signer_settings *b)
{
	return a->header == b->header && a->body == b->body &&
	    a->expires == b->expires &&
	    is_same_list(a->fields.also, b->fields.also) &&
	    is_same_list(a->fields.not, b->fields.not) &&
	    is_same_list(a->fields.oversigned, b->fields.oversigned);
}

static struct signer *
find_signer(struct settings *settings, const struct dkim_signature *signature)
{
	struct config *config = &settings->config;
	const struct signer_settings way = {
		.header = (enum canonicalization)
		    (signature->canonicalization >> 1),
		.body = (enum canonicalization)
		    (signature->canonicalization & 1),
		.fields = signature->fields,
		.expires = signature->expires,
	};
	struct config_signer *new = &config->signers[config->signer_count];

	for (size_t i = 0; i < config->signer_count; i++)
		if (is_same_way(&config->signers[i].settings, &way))
			return config->signers[i].signer;
	new->settings = way;
	new->signer = signer_new(&way);
	if (new->signer != NULL)
		config->signer_count++;
	return new->signer;
}

static int
make_rule(struct settings *settings, const struct dkim_signature *signature,
    struct key_rule *rule_r, char **error_r)
{
	rule_r->has_subdomains = signature->has_subdomains;
	rule_r->identity = (enum signing_identity)signature->identity;
	rule_r->signer = find_signer(settings, signature);
	if (rule_r->signer == NULL)
		return fault(error_r, "%s: the DKIM library cannot be used",
		    settings->config.file);
	return 0;
}

static int
add_rules(struct settings *settings, struct key_rule *rule_r, char **error_r)
{
	const struct dkim_settings *dkim = &settings->dkim;
	struct config *config = &settings->config;
	struct key_rule *rules = arena_calloc(settings->arena,
	    dkim->domain_count, sizeof(*rules));

	config->signers = arena_calloc(settings->arena,
	    dkim->domain_count + 1, sizeof(*config->signers));
	if (rules == NULL || config->signers == NULL)
		return fault(error_r, NULL);
	*rule_r = (struct key_rule){ .name = "" };
	if (make_rule(settings, &dkim->signature, rule_r, error_r) != 0)
		return -1;
	for (size_t i = 0; i < dkim->domain_count; i++) {
		rules[i].name = dkim->domains[i].domain;
		if (make_rule(settings, &dkim->domains[i].signature,
		    &rules[i], error_r) != 0)
			return -1;
		if (keyring_set_rule(config->keyring, &rules[i]) != 0)
			return fault(error_r, NULL);
	}
	return 0;
}

int
signing_open(struct settings *settings, const struct table *table,
    bool is_nominal, char **error_r)
{
	struct config *config = &settings->config;
	struct keystore_settings store = {
		.keyring = config->keyring,
		.folder = settings->dkim.key_directory,
		.table = table,
		.limits.minimum_rsa_bits = settings->dkim.minimum_rsa_bits,
		.cache_size = (size_t)settings->dkim.key_cache,
	};

	if (check_owner(config, &store.limits.owner) != 0)
		return fault(error_r, "%s: user or group cannot be looked up",
		    config->file);
	if (is_nominal)
		keyring_set_nominal(config->keyring);
	if (add_keys(settings, &store.limits, error_r) != 0 ||
	    add_rules(settings, &store.rule, error_r) != 0)
		return -1;
	config->keystore = keystore_new(&store);
	return config->keystore == NULL ? fault(error_r, NULL) : 0;
}

void
signing_close(struct config *config)
{
	keystore_free(&config->keystore);
	for (size_t i = 0; i < config->signer_count; i++)
		signer_free(&config->signers[i].signer);
	keyring_free(&config->keyring);
}

/* --- all keys, for "-t --keys" -------------------------------------------- */

static void
print_key(void *context, const struct signing_key *key, const char *why)
{
	char from[UTC_SIZE], to[UTC_SIZE];
	const struct schedule *schedule;
	FILE *out = context;

	if (why != NULL) {
		(void)fprintf(out, "# error: %s\n", why);
		return;
	}
	schedule = signing_key_schedule(key);
	(void)fprintf(out, "# key %s of %s: %s, %d bits",
	    signing_key_selector(key), signing_key_domain(key),
	    signing_key_algorithm_name(key), signing_key_bits(key));
	if (schedule->not_before == SCHEDULE_NEVER)
		(void)fputs(", not yet", out);
	else if (schedule->not_before != SCHEDULE_ALWAYS.not_before) {
		utc_print(schedule->not_before, from);
		(void)fprintf(out, ", from %s", from);
	}
	if (schedule->not_after != SCHEDULE_ALWAYS.not_after) {
		utc_print(schedule->not_after, to);
		(void)fprintf(out, ", until %s", to);
	}
	(void)fputc('\n', out);
}

int
config_print_keys(const struct config *config, FILE *out)
{
	const struct settings *settings = config->memory_owner;
	bool is_all;
	int status = keystore_check(config->keystore, print_key, out,
	    &is_all);

	if (!is_all)
		(void)fprintf(out, "# keys of table \"%s\" are checked when "
		    "they are first used: a table of its type cannot tell "
		    "what is in it\n", settings->dkim.key_table);
	return status;
}
