/*
 * tracing.c - see tracing.h.
 */
#include "config/tracing.h"

#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "base/fault.h"

/* *vault_r stays NULL when the option names no file. */
static int
read_vault(const struct config *config, const char *option, const char *file,
    const struct key_owner *owner, struct vault **vault_r, char **error_r)
{
	char *why = NULL;

	if (file[0] == '\0')
		return 0;
	*vault_r = vault_read(file, owner, &why);
	if (*vault_r != NULL)
		return 0;
	if (why == NULL)
		return fault(error_r, NULL);
	(void)fault(error_r, "%s: %s: %s", config->file, option, why);
	free(why);
	return -1;
}

static int
open_veil(struct config *config, const struct key_owner *owner,
    char **error_r)
{
	struct vault *vault = NULL;

	if (read_vault(config, "audit.recipient_key_file",
	    config->recipient_key_file, owner, &vault, error_r) != 0)
		return -1;
	if (vault == NULL)
		return 0;
	config->veil = veil_new(vault);
	vault_free(&vault);
	return config->veil != NULL ? 0 : fault(error_r,
	    "%s: audit.recipient_key_file: libcrypto has no HKDF",
	    config->file);
}

int
tracing_open(struct settings *settings, char **error_r)
{
	struct config *config = &settings->config;
	struct vault *vault = NULL;
	struct key_owner owner;

	if (check_owner(config, &owner) != 0)
		return fault(error_r, "%s: user or group cannot be looked up",
		    config->file);
	if (read_vault(config, "audit.store.key_file",
	    config->store.key_file, &owner, &config->store.vault,
	    error_r) != 0 ||
	    read_vault(config, "trace_token.key_file",
	    config->token.key_file, &owner, &vault, error_r) != 0 ||
	    open_veil(config, &owner, error_r) != 0) {
		vault_free(&vault);
		return -1;
	}
	if (vault == NULL)
		return 0;
	config->token.maker = token_maker_new(vault);
	vault_free(&vault);
	return config->token.maker != NULL ? 0 : fault(error_r,
	    "%s: trace_token: libcrypto has no AES-256-SIV", config->file);
}

void
tracing_close(struct config *config)
{
	vault_free(&config->store.vault);
	veil_free(&config->veil);
	token_maker_free(&config->token.maker);
}

static int
add_field(struct settings *settings, struct dkim_signature *signature)
{
	struct name_list *also = &signature->fields.also;
	const char *field = settings->config.token.field;
	const char **names = arena_calloc(settings->arena, also->n + 1,
	    sizeof(*names));

	if (names == NULL)
		return -1;
	for (size_t i = 0; i < also->n; i++)
		names[i] = also->v[i];
	names[also->n] = field;
	*also = (struct name_list){ names, also->n + 1 };
	return 0;
}

int
tracing_sign_field(struct settings *settings)
{
	struct dkim_settings *dkim = &settings->dkim;

	if (settings->config.token.key_file[0] == '\0')
		return 0;
	if (add_field(settings, &dkim->signature) != 0)
		return -1;
	for (size_t i = 0; i < dkim->domain_count; i++)
		if (add_field(settings, &dkim->domains[i].signature) != 0)
			return -1;
	return 0;
}
