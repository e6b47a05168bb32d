/*
 * config - the configuration: read once, immutable, counted.
 *
 * A reload makes a new one and swaps it in; a transaction holds a reference
 * to the one it began with. Options, their types, defaults and help are the
 * rows of schema.c, the one source for the loader, "-t", the sample file and
 * the manual. The only user of libconfig.
 */
#ifndef SUBMIT_CONFIG_CONFIG_H
#define SUBMIT_CONFIG_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "audit/sinks.h"
#include "audit/token.h"
#include "audit/vault.h"
#include "audit/veil.h"
#include "base/log.h"
#include "base/spool.h"
#include "crypt/certs.h"
#include "dns/names.h"
#include "policy/profile.h"
#include "policy/rights.h"
#include "policy/site.h"
#include "policy/verdict.h"
#include "sign/keyring.h"
#include "sign/keystore.h"
#include "sign/signer.h"
#include "table/table.h"

struct config_memory {
	int message;		/* octets, ceiling of one transaction */
	int total;		/* octets, all transactions */
};

struct config_log {
	enum log_target target;
	int facility;
	enum log_level level;
	int problem_interval;	/* seconds; 0: no such lines */
};

/* Where the administrator's tool reaches us. */
struct config_control {
	const char *socket;	/* path; empty: nowhere */
	mode_t mode;
	const char *group;	/* empty: leave it */
};

/* The filter of system calls. */
enum config_seccomp { SECCOMP_OFF, SECCOMP_ON, SECCOMP_AUTO };

/* Where Prometheus reads. */
struct config_metrics {
	const char *listen;	/* of system/listen.h; empty: nowhere */
	mode_t mode;
	const char *group;	/* empty: leave it */
};

/* For how long the panic switch holds, in seconds. */
struct config_panic {
	int time;		/* unless it is told */
	int maximum;
};

/* A way to sign, shared by all domains that have it. */
struct config_signer {
	struct signer_settings settings;
	struct signer *signer;
};

/* Records that can be found again. */
struct config_store {
	const char *directory;		/* empty: none */
	int days;
	const char *key_file;		/* empty: not sealed */
	struct vault *vault;		/* its keys; or NULL */
	bool is_required;
	const char *mta_log;		/* empty: none; "journal" */
};

/* The trace token. */
struct config_token {
	const char *field;
	const char *key_file;		/* empty: none */
	struct token_maker *maker;	/* NULL: keys were not read */
};

struct config {
	atomic_uint references;
	const char *file;
	int64_t loaded;		/* when, since 1970 */

	/* Read at start only; a reload that changes one is refused. */
	const char *socket;	/* as smfi_setconn() takes it */
	mode_t socket_mode;
	const char *socket_group;	/* empty: leave it */
	const char *user;		/* empty: stay */
	const char *group;
	const char *pid_file;
	struct config_control control;
	struct config_metrics metrics;
	const char *state_directory;	/* empty: none */
	enum config_seccomp seccomp;
	struct config_memory memory;

	struct spool_settings spool;	/* of bodies */
	const char *certificate_directory;	/* empty: none */
	struct certs *certs;		/* NULL: none */
	const char *host_name;		/* empty: the MTA's */
	int stop_timeout;		/* seconds */
	struct config_panic panic;
	struct config_log log;
	struct audit_settings audit;
	bool audit_transfer;	/* mail from outside is recorded too */
	bool audit_connections;	/* and connections without MAIL */
	bool audit_subject;	/* records have the Subject */
	bool audit_software;	/* and what the client says that it is */
	const char *recipient_key_file;	/* empty: recipients in full */
	struct veil *veil;	/* over them; or NULL */
	struct config_store store;
	struct config_token token;
	struct table **tables;
	size_t table_count;
	int stage_timeout;	/* ms for the look-ups of one stage */
	struct rights rights;
	struct site site;
	struct dns_settings dns_settings;
	struct dns_names *dns;	/* NULL: nothing asks it */
	struct profile default_profile;	/* its name is "default" */
	struct profile *profiles;
	size_t profile_count;
	struct keyring *keyring;
	struct keystore *keystore;
	struct config_signer *signers;	/* the first: of dkim itself */
	size_t signer_count;
	struct replies replies;

	void *memory_owner;	/* where all the above live; config's own */
};

/* "-o NAME=VALUE" of the command line. */
struct config_override {
	const char *name;	/* dotted path: "audit.file" */
	const char *value;
};

/*
 * Reads and checks FILE with OVERRIDES applied; opens the tables, reads the
 * keys. NULL and *error_r: one line "FILE:LINE: what is wrong", malloc'ed,
 * the caller's to free (NULL if even that failed). The configuration comes
 * with one reference.
 */
struct config *config_load(const char *file,
    const struct config_override *overrides, size_t override_count,
    char **error_r) __attribute__((warn_unused_result));

/*
 * The same, but private keys are not read: for looking at a configuration
 * without the right to. Its keyring is nominal.
 */
struct config *config_load_without_keys(const char *file,
    const struct config_override *overrides, size_t override_count,
    char **error_r) __attribute__((warn_unused_result));

/*
 * The same, but nothing is opened, no table and no key: for the values of
 * options alone.
 */
struct config *config_load_options(const char *file,
    const struct config_override *overrides, size_t override_count,
    char **error_r) __attribute__((warn_unused_result));

/*
 * Reads the keys of store and trace token after all, for who loaded a
 * configuration without keys and needs only these. 0; or -1 and *error_r.
 */
int config_read_trace_keys(struct config *config, char **error_r)
    __attribute__((warn_unused_result));

struct config *config_ref(struct config *config);

/* Gives a reference back; the last one frees. Takes NULL; leaves NULL. */
void config_unref(struct config **config);

/*
 * NULL when NEW may replace OLD while running; else the name of an option
 * that only a restart can change.
 */
const char *config_needs_restart(const struct config *old,
    const struct config *new);

/* The profile for a listener: the first that matches, else the default. */
const struct profile *config_profile(const struct config *config,
    struct span daemon_name, struct span daemon_addr,
    struct span daemon_port);

/* What the configuration says of a table of its own. */
const struct table_spec *config_table_spec(const struct config *config,
    const struct table *table);

/*
 * For "-t": every option with its effective value, in the syntax of the
 * file, then each MUST of the sources that some profile turns off, and other
 * warnings.
 */
void config_print(const struct config *config, FILE *out);

/*
 * For "-t --keys": reads every key there is, one line each, or what is wrong
 * with it. 0, or -1 when something was.
 */
int config_print_keys(const struct config *config, FILE *out)
    __attribute__((warn_unused_result));

/* For "--version": the libraries and table types of this build, a line each. */
void config_print_build(FILE *out);

/* One option, for documents and the tests that compare them. */
struct config_option {
	const char *path;	/* "default_profile.tls.minimum_bits" */
	const char *type;
	const char *default_text;
	const char *help;
};

/* The options one by one: NULL after the last. */
const struct config_option *config_option(size_t index);

#endif
