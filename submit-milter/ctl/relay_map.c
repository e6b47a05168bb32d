/*
 * relay_map.c - submitctl relay-map: what the MTA needs to relay for clients
 * whom the milter knows without a login.
 *
 * RFC 6409 section 3.3. The MTA may be more generous than the tables here:
 * whom the milter finds in none it turns away. Postfix asks the very tables
 * of the milter where it can (pipemap makes "OK" of what they say);
 * Sendmail needs lines for its access map.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "syntax/cidr.h"
#include "table/lines.h"

#define MAP_FOLDER "/etc/postfix"
#define MAPPED_PREFIX 96
/* Lines of an access map for one network; beyond, it is too many. */
#define EXPANSION_MOST 256u
#define CLIENT_TABLES 100

/* Tables of clients, each once. */
struct client_tables {
	const struct table_spec *v[CLIENT_TABLES];
	size_t n;
};

/* Told of each key; *context is the visitor's own. */
typedef void key_visit(void *context, struct span key);

/* --- keys of a table ------------------------------------------------------ */

static bool
is_type(const struct table_spec *spec, const char *type)
{
	return strcmp(spec->type, type) == 0;
}

static int
visit_file(const char *file, key_visit *visit, void *context)
{
	char *error = NULL;
	struct lines *lines = lines_open(file, &error);
	struct span line;
	int got = lines == NULL ? -1 : 1;

	while (got > 0 && (got = lines_next(lines, &line, &error)) > 0)
		visit(context, lines_word(&line));
	lines_close(&lines);
	if (got < 0)
		(void)ctl_fail(EX_CONFIG, "%s",
		    error == NULL ? "out of memory" : error);
	free(error);
	return got;
}

/* 1 when it is a table whose keys can be told, 0, or -1 after a complaint. */
static int
visit_keys(const struct table_spec *spec, key_visit *visit, void *context)
{
	if (is_type(spec, "inline")) {
		for (size_t i = 0; i < spec->row_count; i++)
			visit(context, spec->rows[i].key);
		return 1;
	}
	if (!is_type(spec, "cidr") && !is_type(spec, "texthash"))
		return 0;
	return visit_file(spec->file, visit, context) < 0 ? -1 : 1;
}

static void
put_comment(const char *before, struct span text, const char *after)
{
	(void)fputs(before, stdout);
	ctl_put(stdout, text);
	(void)puts(after);
}

/* --- Postfix -------------------------------------------------------------- */

/* Types that Postfix reads from the same file. */
static bool
is_shared_file(const struct table_spec *spec)
{
	static const char *const types[] = {
		"btree", "cdb", "cidr", "hash", "lmdb", "pcre", "regexp",
		"texthash",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (is_type(spec, types[i]))
			return true;
	return false;
}

static void
put_restriction(const struct table_spec *spec)
{
	if (is_type(spec, "inline"))
		(void)printf("\tcheck_client_access cidr:" MAP_FOLDER
		    "/submit-relay-%s.cidr,\n", spec->name);
	else if (is_shared_file(spec))
		(void)printf("\tcheck_client_access pipemap:{%s:%s,"
		    "static:OK},\n", spec->type, spec->file);
	else if (is_type(spec, "socketmap"))
		(void)printf("\tcheck_client_access pipemap:{socketmap:%s:%s,"
		    "static:OK},\n", spec->server, spec->map);
	else
		(void)printf("\tcheck_client_access pipemap:{%s:" MAP_FOLDER
		    "/submit-relay-%s.cf,static:OK},\n", spec->type,
		    spec->name);
}

static void
put_cidr_row(void *context, struct span key)
{
	struct ip ip;

	(void)context;
	if (ip_parse(key, &ip) != 1) {
		put_comment("# ", key, ": no IP address");
		return;
	}
	ctl_put(stdout, key);
	(void)puts(" OK");
}

/* What else must be there for a table. 0, or -1 after a complaint. */
static int
put_map(const struct table_spec *spec)
{
	if (is_type(spec, "inline")) {
		(void)printf("\n# --- " MAP_FOLDER "/submit-relay-%s.cidr, "
		    "again after each change of table %s\n\n", spec->name,
		    spec->name);
		return visit_keys(spec, put_cidr_row, NULL) < 0 ? -1 : 0;
	}
	if (is_type(spec, "redis"))
		(void)printf("\n# Table %s: Postfix has no redis maps. Give "
		    "it the same by another way.\n", spec->name);
	else if (!is_shared_file(spec) && !is_type(spec, "socketmap"))
		(void)printf("\n# " MAP_FOLDER "/submit-relay-%s.cf says how "
		    "to ask for table %s: see %s_table(5).\n", spec->name,
		    spec->name, spec->type);
	return 0;
}

static void
put_postfix_certificates(const struct identity_sources *sources)
{
	if (sources->certificates == NULL)
		return;
	(void)puts("\n# For certificates: the file names the one CA whose "
	    "certificates count, and\n# nothing else.\n"
	    "smtpd_tls_ask_ccert = yes\n"
	    "smtpd_tls_CAfile = " MAP_FOLDER "/submit-ca.pem");
	for (size_t i = 0; i < sources->issuer_count; i++)
		put_comment("# issuer: ", span_of(sources->issuers[i]), "");
}

static int
print_postfix(const struct config *config, const struct client_tables *tables)
{
	const struct identity_sources *sources = &config->site.sources;

	(void)puts("\n# --- main.cf\n\nsubmit_relay =\n"
	    "\tpermit_sasl_authenticated,");
	for (size_t i = 0; i < tables->n; i++)
		put_restriction(tables->v[i]);
	if (sources->certificates != NULL)
		(void)puts("\tpermit_tls_all_clientcerts,");
	(void)puts("\treject");
	put_postfix_certificates(sources);
	(void)puts("\n# --- master.cf, submission and submissions: in the "
	    "place of that line\n\n"
	    "  -o smtpd_relay_restrictions=$submit_relay");
	for (size_t i = 0; i < tables->n; i++)
		if (put_map(tables->v[i]) != 0)
			return EX_CONFIG;
	return 0;
}

/* --- Sendmail ------------------------------------------------------------- */

/*
 * An access map knows whole octets of IPv4 and whole groups of IPv6; a
 * network in between is as many of these as it takes.
 */
static void
put_connect(const struct cidr *cidr, bool is_ipv4)
{
	unsigned unit = is_ipv4 ? 8 : 16;
	unsigned prefix = (unsigned)cidr->prefix -
	    (is_ipv4 ? MAPPED_PREFIX : 0);
	unsigned units = (prefix + unit - 1) / unit;
	size_t count = (size_t)1 << (units * unit - prefix);
	const unsigned char *octets = cidr->network.octets +
	    (is_ipv4 ? MAPPED_PREFIX / 8 : 0);

	for (size_t k = 0; k < count; k++) {
		(void)fputs(is_ipv4 ? "Connect:" : "Connect:IPv6", stdout);
		for (unsigned i = 0; i < units; i++) {
			unsigned value = is_ipv4 ? octets[i] :
			    octets[2 * i] * 256u + octets[2 * i + 1];

			if (i + 1 == units)
				value += (unsigned)k;
			if (is_ipv4)
				(void)printf("%s%u", i == 0 ? "" : ".",
				    value);
			else
				(void)printf(":%x", value);
		}
		(void)puts("\tRELAY");
	}
}

static void
put_access_row(void *context, struct span key)
{
	const unsigned char mapped[] = { [10] = 0xff, [11] = 0xff };
	struct cidr cidr;
	const char *error = NULL;
	bool is_ipv4;
	unsigned rest;

	(void)context;
	if (cidr_parse(key, &cidr, &error) != 1) {
		put_comment("# ", key, ": cannot be said in an access map");
		return;
	}
	is_ipv4 = cidr.prefix >= MAPPED_PREFIX &&
	    memcmp(cidr.network.octets, mapped, sizeof(mapped)) == 0;
	rest = (unsigned)cidr.prefix % (is_ipv4 ? 8 : 16);
	if (cidr.prefix == (is_ipv4 ? MAPPED_PREFIX : 0))
		put_comment("# ", key, ": the whole Internet");
	else if (rest != 0 &&
	    1u << ((is_ipv4 ? 8 : 16) - rest) > EXPANSION_MOST)
		put_comment("# ", key, ": too many lines; use other networks");
	else
		put_connect(&cidr, is_ipv4);
}

/*
 * A name in a certificate as Sendmail's rules see it: these signs as "+HH"
 * (its operations guide, {cert_subject}). The tables here have them plain.
 */
static void
put_name(const char *before, struct span name, const char *after)
{
	(void)fputs(before, stdout);
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];

		if (c <= ' ' || c > '~' || strchr("<>()\"+", c) != NULL)
			(void)printf("+%02X", c);
		else
			(void)putchar(c);
	}
	(void)puts(after);
}

/* A certificate in the form that Sendmail tells: "/C=.../CN=...". */
static void
put_subject(void *context, struct span key)
{
	(void)context;
	if (key.len > 0 && key.ptr[0] == '/')
		put_name("CERTSubject:", key, "\tRELAY");
	else
		put_comment("# ", key, ": no subject as Sendmail names it");
}

static int
put_sendmail_certificates(const struct config *config)
{
	const struct identity_sources *sources = &config->site.sources;
	const struct table_spec *spec;
	int got;

	if (sources->certificates == NULL)
		return 0;
	(void)puts("\n# Certificates. In sendmail.mc: confCACERT names the "
	    "CA.");
	for (size_t i = 0; i < sources->issuer_count; i++) {
		struct span issuer = span_of(sources->issuers[i]);

		if (issuer.len > 0 && issuer.ptr[0] == '/')
			put_name("CERTIssuer:", issuer, "\tSUBJECT");
		else
			put_comment("# ", issuer,
			    ": no issuer as Sendmail names it");
	}
	spec = config_table_spec(config, sources->certificates);
	got = visit_keys(spec, put_subject, NULL);
	if (got == 0)
		(void)printf("# Table %s: a line \"CERTSubject:SUBJECT "
		    "RELAY\" for each of its rows.\n", spec->name);
	return got < 0 ? EX_CONFIG : 0;
}

static int
print_sendmail(const struct config *config, const struct client_tables *tables)
{
	(void)puts("\n# --- lines for the access map (FEATURE(`access_db')), "
	    "again after each change\n# of a table; then: makemap hash "
	    "access < access");
	for (size_t i = 0; i < tables->n; i++) {
		const struct table_spec *spec = tables->v[i];
		int got;

		(void)printf("\n# Table %s\n", spec->name);
		got = visit_keys(spec, put_access_row, NULL);
		if (got < 0)
			return EX_CONFIG;
		if (got == 0)
			(void)printf("# Its rows cannot be told: it is of "
			    "type %s. A line \"Connect:ADDRESS RELAY\"\n"
			    "# for each of them.\n", spec->type);
	}
	return put_sendmail_certificates(config);
}

/* --- the command ---------------------------------------------------------- */

static int
add_table(const struct config *config, const struct table *table,
    struct client_tables *tables)
{
	const struct table_spec *spec = config_table_spec(config, table);

	if (spec == NULL)
		return 0;
	for (size_t i = 0; i < tables->n; i++)
		if (tables->v[i] == spec)
			return 0;
	if (tables->n == CLIENT_TABLES)
		return ctl_fail(EX_CONFIG, "relay-map: more than %d tables",
		    CLIENT_TABLES);
	tables->v[tables->n++] = spec;
	return 0;
}

/* Those of the site and of profiles. 0, or EX_CONFIG after a complaint. */
static int
find_tables(const struct config *config, struct client_tables *tables)
{
	const struct identity_sources *sources = &config->site.sources;
	int status = add_table(config, sources->networks, tables);

	if (status == 0)
		status = add_table(config, config->default_profile.networks,
		    tables);
	for (size_t i = 0; status == 0 && i < config->profile_count; i++)
		status = add_table(config, config->profiles[i].networks,
		    tables);
	return status != 0 ? status :
	    add_table(config, sources->clients, tables);
}

static int
print_map(const struct config *config, bool is_sendmail)
{
	const struct identity_sources *sources = &config->site.sources;
	struct client_tables tables = { .n = 0 };
	int status = find_tables(config, &tables);

	if (status != 0)
		return status;
	(void)printf("# For whom %s relays without a login, after %s.\n"
	    "# Whom submit-milter does not find in its tables it still turns "
	    "away: keep rule\n# auth-required on \"enforce\".\n",
	    is_sendmail ? "Sendmail" : "Postfix", config->file);
	if (tables.n == 0 && sources->certificates == NULL) {
		(void)puts("\n# Nobody: identity.networks, identity.clients "
		    "and identity.certificates are empty.");
		return 0;
	}
	if (sources->clients != NULL)
		(void)puts("# It does not look at the time of a client in "
		    "identity.clients; the milter does.");
	return (is_sendmail ? print_sendmail : print_postfix)(config, &tables);
}

static void
print_usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: submitctl relay-map [-c FILE] [-o NAME=VALUE]...\n"
	    "                           [postfix | sendmail]\n"
	    "\n"
	    "  -c, --config FILE        read FILE instead of\n"
	    "                           %s\n"
	    "  -o, --option NAME=VALUE  override an option of the file\n",
	    CTL_CONFIG_FILE);
}

int
ctl_relay_map(int argc, char **argv)
{
	static const struct option names[] = {
		CTL_NAMES,
		{ NULL, 0, NULL, 0 },
	};
	static const struct ctl_syntax syntax = { "relay-map", CTL_LETTERS,
		names, print_usage, NULL };
	struct ctl_source source;
	int status = ctl_options(&syntax, argc, argv, &source, NULL);
	struct config *config;
	const char *mta;

	if (status >= 0)
		return status;
	mta = optind < argc ? argv[optind] : "postfix";
	if (argc - optind > 1 || (strcmp(mta, "postfix") != 0 &&
	    strcmp(mta, "sendmail") != 0))
		return ctl_fail(EX_USAGE, "relay-map: \"postfix\" or "
		    "\"sendmail\" is needed");
	config = ctl_source_load(&source, CTL_TABLES);
	if (config == NULL)
		return EX_CONFIG;
	status = print_map(config, strcmp(mta, "sendmail") == 0);
	config_unref(&config);
	return status;
}
