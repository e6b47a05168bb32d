/*
 * test_config_site - options about people and domains: what they make, what
 * is wrong with them and where, and what an administrator is warned of.
 * Proves: X41 (errors with file and line, "-t" says what is in force), D3.3
 * (identities), A3, A5, D6.4, D6.2, D7, X3, X4 (their options).
 */
#include "config_fixture.h"

#include <string.h>

#define T(name, type) name ": { type = \"" type "\"; };"
#define ROWS(name) name ": { type = \"inline\"; rows = ( [ \"k\", \"v\" ] ); };"
#define CIDR "nets: { type = \"cidr\"; file = \"@DIR@/nets\"; };"

static struct config *
load(const char *text)
{
	struct config *config;
	char *error = NULL;

	folder_write("main.conf", text);
	config = folder_load(NULL, 0, &error);
	if (config == NULL)
		fail_msg("%s\ngot %s", text, error);
	return config;
}

/* --- faults --------------------------------------------------------------- */

static const struct {
	const char *text;
	const char *want;	/* after "FOLDER/main.conf" */
} faults[] = {
	/* domains */
	{ "local_domains = [ \"example.org\",\n \"localhost\" ];",
	    ":2: local_domains: \"localhost\": must be a fully qualified "
	    "domain name" },
	{ "local_domains = [ \"..example.org\" ];",
	    ":1: local_domains: \"..example.org\": domain has an empty "
	    "label" },
	{ "local_domains = ( \"example.org\" );",
	    ":1: local_domains: must be an array [ ] of strings, not a list "
	    "( )" },
	{ "local_domain_table = \"none\";",
	    ":1: local_domain_table: there is no table \"none\"" },
	{ "tables: { " CIDR " };\nlocal_domain_table = \"nets\";",
	    ":2: local_domain_table: table \"nets\" is of type cidr: its "
	    "keys are networks" },
	/* identities */
	{ "tables: { " T("c", "fail") " };\nidentity: {\n"
	    " certificates = \"c\"; };",
	    ":3: identity.certificates: identity.certificate_issuers must "
	    "say whose certificates count" },
	{ "tables: { " T("c", "fail") " };\nidentity: {\n"
	    " certificates = \"c\";\n certificate_issuers = [ ]; };",
	    ":3: identity.certificates: identity.certificate_issuers must "
	    "say whose certificates count" },
	{ "identity: { certificates = \"c\"; certificate_issuers = [ \"x\" "
	    "]; };", ":1: identity.certificates: there is no table \"c\"" },
	{ "tables: { " CIDR " };\nidentity: { certificates = \"nets\";"
	    " certificate_issuers = [ \"x\" ]; };",
	    ":2: identity.certificates: table \"nets\" is of type cidr: its "
	    "keys are networks" },
	{ "identity: {\n\n clients = \"c\"; };",
	    ":3: identity.clients: there is no table \"c\"" },
	{ "identity: { networks = \"n\"; };",
	    ":1: identity.networks: there is no table \"n\"" },
	{ "identity: { client_window = 0; };",
	    ":1: identity.client_window: must be from 1 to 1000000, not 0" },
	/* rights */
	{ "tables: { " CIDR " };\nrights: { tables = (\n"
	    " { table = \"nets\"; } ); };",
	    ":3: rights.tables.table: table \"nets\" is of type cidr: its "
	    "keys are networks" },
	{ "tables: { " CIDR " };\nrights: { tables = (\n"
	    " { table = \"nets\"; key = \"identity\"; } ); };",
	    ":3: rights.tables.table: table \"nets\" is of type cidr: its "
	    "keys are networks" },
	{ "tables: { " CIDR " };\nrights: { primary = \"nets\"; };",
	    ":2: rights.primary: table \"nets\" is of type cidr: its keys "
	    "are networks" },
	{ "tables: { " CIDR " };\nrights: { mailboxes = \"nets\"; };",
	    ":2: rights.mailboxes: table \"nets\" is of type cidr: its keys "
	    "are networks" },
	{ "rights: { mailboxes = \"none\"; };",
	    ":1: rights.mailboxes: there is no table \"none\"" },
	{ "rights: { bare_domains = [ \"org\" ]; };",
	    ":1: rights.bare_domains: \"org\": must be a fully qualified "
	    "domain name" },
	{ "tables: { " ROWS("t") " };\nrights: { fold_local_part = false;"
	    " mailboxes = \"t\"; };\naccounts: { table = \"t\"; };",
	    ":3: accounts.table: table \"t\" cannot serve both addresses and "
	    "identities while rights.fold_local_part and identity.fold_case "
	    "differ" },
	/* accounts and groups */
	{ "accounts: { table = \"none\"; };",
	    ":1: accounts.table: there is no table \"none\"" },
	{ "tables: { " CIDR " };\naccounts: { table = \"nets\"; };",
	    ":2: accounts.table: table \"nets\" is of type cidr: its keys "
	    "are networks" },
	{ "groups = ( { members = [ \"a\" ]; } );",
	    ":1: groups: \"name\" is missing" },
	{ "groups = ( { name = \"x\"; } );",
	    ":1: groups: \"members\" is missing" },
	{ "groups = ( { name = \"x\";\n members = [ ]; } );",
	    ":2: groups.members: must not be empty" },
	{ "groups = ( { name = \"a b\"; members = [ \"a\" ]; } );",
	    ":1: groups.name: must be of letters, digits and - _ ." },
	{ "groups = ( { name = \"x\"; members = [\n \"group:y\" ]; } );",
	    ":2: groups.members: \"group:y\": must be an identity: groups "
	    "have no groups in them" },
	{ "groups = ( { name = \"x\"; members = [\n \"a, b\" ]; } );",
	    ":2: groups.members: \"a, b\": must be one identity" },
	{ "groups = ( { name = \"x\"; members = [ \"a\",\n \"\" ]; } );",
	    ":2: groups.members: \"\": must not be empty" },
	{ "groups = ( { name = \"x\"; members = [ \"nte:printers\" ]; } );",
	    ":1: groups.members: \"nte:printers\": must have sasl, cert, "
	    "client, local, net or group before the colon" },
	{ "group_table = \"none\";",
	    ":1: group_table: there is no table \"none\"" },
	/* overrides */
	{ "overrides = ( { rules: { account = \"off\"; }; } );",
	    ":1: overrides: \"identities\" is missing" },
	{ "overrides = ( { identities = [ ]; } );",
	    ":1: overrides.identities: must not be empty" },
	{ "overrides = (\n { identities = [ \"a\",\n \"group:staff\" ]; } );",
	    ":2: overrides.identities: there is no group \"staff\", and no "
	    "group_table" },
	{ "groups = ( { name = \"staff\"; members = [ \"a\" ]; } );\n"
	    "overrides = (\n { identities = [ \"group:stuff\" ]; } );",
	    ":3: overrides.identities: there is no group \"stuff\", and no "
	    "group_table" },
	{ "overrides = ( { identities = [ \"host:x\" ]; } );",
	    ":1: overrides.identities: \"host:x\": must have sasl, cert, "
	    "client, local, net or group before the colon" },
	{ "overrides = ( { identities = [ \"a b\" ]; } );",
	    ":1: overrides.identities: \"a b\": must be one identity" },
	{ "overrides = ( { identities = [ \"a\" ];\n"
	    " rules: { account = \"on\"; }; } );",
	    ":2: overrides.rules.account: must be \"inherit\", \"enforce\", "
	    "\"warn\" or \"off\", not \"on\"" },
	{ "overrides = ( { identities = [ \"a\" ];\n"
	    " rules: { relay = \"off\"; }; } );",
	    ":2: there is no option \"overrides.rules.relay\"" },
	{ "overrides = ( { identities = [ \"a\" ];\n"
	    " forbidden_parameters = [ \"=x\" ]; } );",
	    ":2: overrides.forbidden_parameters: \"=x\": is no ESMTP "
	    "parameter" },
	/* recipients */
	{ "recipients: {\n scope = \"listed\"; };",
	    ":2: recipients.scope: \"listed\" needs recipients.allowed" },
	{ "recipients: { scope = \"some\"; };",
	    ":1: recipients.scope: must be \"any\", \"local\", \"listed\" or "
	    "\"none\", not \"some\"" },
	{ "recipients: { scope = \"local\"; };",
	    ":1: recipients.scope: \"local\" needs local_domains: which "
	    "domains are ours?" },
	{ "recipients: { scopes = \"none\"; };",
	    ":1: recipients.scopes: there is no table \"none\"" },
	{ "tables: { " CIDR " };\nrecipients: { allowed = \"nets\"; };",
	    ":2: recipients.allowed: table \"nets\" is of type cidr: its "
	    "keys are networks" },
	{ "tables: { " CIDR " };\nrecipients: { denied = \"nets\"; };",
	    ":2: recipients.denied: table \"nets\" is of type cidr: its "
	    "keys are networks" },
	/* profiles */
	{ "default_profile: {\n mixed = true; };",
	    ":2: default_profile.mixed: needs local_domains: which domains "
	    "are ours?" },
	{ "profiles = ( { name = \"x\"; listeners = ( { daemon_port = 25; } "
	    ");\n mixed = true; } );",
	    ":2: profiles.mixed: needs local_domains: which domains are "
	    "ours?" },
	{ "default_profile: { postmaster: {\n"
	    " domains = [ \"example.org\" ]; }; };",
	    ":2: default_profile.postmaster.domains: needs local_domains: "
	    "which domains are ours?" },
	{ "local_domains = [ \"example.org\" ];\ndefault_profile: {\n"
	    " postmaster: { domains = [ \".example.org\" ]; }; };",
	    ":3: default_profile.postmaster.domains: \".example.org\": "
	    "domain has an empty label" },
	{ "default_profile: { postmaster: { per_hour = 0; }; };",
	    ":1: default_profile.postmaster.per_hour: must be from 1 to "
	    "1000000, not 0" },
	{ "default_profile: { from = \"repair\"; };",
	    ":1: default_profile.from: must be \"refuse\" or \"fix\", not "
	    "\"repair\"" },
	{ "default_profile: { forbidden_parameters = [ \"RET\",\n"
	    " \"NOTIFY=\" ]; };",
	    ":2: default_profile.forbidden_parameters: \"NOTIFY=\": is no "
	    "ESMTP parameter" },
	{ "default_profile: { forbidden_parameters = [ \"RET HDRS\" ]; };",
	    ":1: default_profile.forbidden_parameters: \"RET HDRS\": is no "
	    "ESMTP parameter" },
};

static void
test_faults(void **state)
{
	(void)state;
	folder_write("nets", "192.0.2.0/24\toffice\n");
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct config *config;
		char *error = NULL, *want, text[1024];

		(void)snprintf(text, sizeof(text), "@DIR@/main.conf%s",
		    faults[i].want);
		want = folder_expand(text);
		folder_write("main.conf", faults[i].text);
		config = folder_load(NULL, 0, &error);
		if (config != NULL)
			fail_msg("%s\ngot no error, want %s", faults[i].text,
			    want);
		if (error == NULL || strcmp(error, want) != 0)
			fail_msg("%s\ngot  %s\nwant %s", faults[i].text,
			    error, want);
		free(error);
		free(want);
	}
}

/* --- what they make ------------------------------------------------------- */

static const char site_text[] =
    "local_domains = [ \"Example.ORG\", \".B\xc3\xbc" "cher.example\" ];\n"
    "local_domain_table = \"rows\";\n"
    "tables: { " ROWS("rows") CIDR T("down", "fail") " };\n"
    "identity: { certificates = \"rows\"; certificate_issuers = [ \"A\","
    " \"B\" ]; clients = \"down\"; client_window = 60;"
    " networks = \"nets\"; };\n"
    "rights: { bare_domains = [ \"EXAMPLE.org\" ]; mailboxes = \"rows\"; };\n"
    "accounts: { table = \"rows\"; complete = true; };\n"
    "groups = ( { name = \"default\"; members = [ \"a\", \"net:b\" ]; } );\n"
    "group_table = \"rows\";\n"
    "overrides = ( { identities = [ \"group:x\", \"*\" ];\n"
    " rules: { account = \"warn\"; auth-required = \"enforce\"; };\n"
    " forbidden_parameters = [ \"RET\", \"NOTIFY=NEVER\" ]; } );\n"
    "recipients: { scope = \"listed\"; scopes = \"rows\";"
    " allowed = \"rows\"; denied = \"down\"; };\n"
    "default_profile: { from = \"fix\"; resent_keeps_from = true;\n"
    " forbidden_parameters = [ \"ENVID\" ]; mixed = true;\n"
    " networks = \"nets\"; sender_is_identity = true;\n"
    " postmaster: { domains = [ \"Example.org\" ]; per_hour = 7; }; };\n"
    "audit: { syslog = true; };\n";

static void
test_site(void **state)
{
	struct config *config = load(site_text);
	const struct site *site = &config->site;
	const struct profile *profile = &config->default_profile;
	const struct table *rows = config->tables[0];
	const struct table *nets = config->tables[1];
	const struct table *down = config->tables[2];

	(void)state;
	assert_int_equal(site->local_domains.n, 2);
	assert_string_equal(site->local_domains.v[0], "example.org");
	assert_string_equal(site->local_domains.v[1],
	    ".xn--bcher-kva.example");
	assert_ptr_equal(site->local_domains.table, rows);
	assert_ptr_equal(site->sources.certificates, rows);
	assert_int_equal(site->sources.issuer_count, 2);
	assert_string_equal(site->sources.issuers[1], "B");
	assert_ptr_equal(site->sources.clients, down);
	assert_int_equal(site->sources.client_window, 60);
	assert_ptr_equal(site->sources.networks, nets);
	assert_string_equal(config->rights.bare_domains[0], "example.org");
	assert_ptr_equal(config->rights.mailboxes, rows);
	assert_ptr_equal(site->accounts.table, rows);
	assert_true(site->accounts.is_complete);
	assert_string_equal(site->groups.v[0].name, "default");
	assert_string_equal(site->groups.v[0].members[1], "net:b");
	assert_ptr_equal(site->groups.table, rows);
	assert_int_equal(site->override_count, 1);
	assert_string_equal(site->overrides[0].identities[1], "*");
	assert_int_equal(site->overrides[0].modes[RULE_ACCOUNT], RULE_WARN);
	assert_int_equal(site->overrides[0].modes[RULE_AUTH_REQUIRED],
	    RULE_ENFORCE);
	assert_int_equal(site->overrides[0].modes[RULE_FROM_RIGHTS],
	    RULE_INHERIT);
	assert_int_equal(site->overrides[0].forbidden_parameter_count, 2);
	assert_int_equal(site->recipients.scope, SCOPE_LISTED);
	assert_ptr_equal(site->recipients.scopes, rows);
	assert_ptr_equal(site->recipients.allowed, rows);
	assert_ptr_equal(site->recipients.denied, down);
	assert_int_equal(profile->from, FROM_FIX);
	assert_true(profile->resent_keeps_from);
	assert_string_equal(profile->forbidden_parameters[0], "ENVID");
	assert_true(profile->mixed);
	assert_ptr_equal(profile->networks, nets);
	assert_true(profile->sender_is_identity);
	assert_string_equal(profile->postmaster.domains[0], "example.org");
	assert_int_equal(profile->postmaster.per_hour, 7);
	config_unref(&config);
}

/* What -t prints is a configuration that prints the same. */
static void
test_round_trip(void **state)
{
	struct config *config = load(site_text);
	char *first = folder_print(config), *second;

	(void)state;
	config_unref(&config);
	config = load(first);
	second = folder_print(config);
	config_unref(&config);
	assert_string_equal(first, second);
	free(first);
	free(second);
}

/* --- what to know --------------------------------------------------------- */

#define LOCAL "local_domains = [ \"example.org\" ];\n"

static const struct {
	const char *text;
	const char *want;	/* in what is printed; after "!" not in it */
} warnings[] = {
	{ "overrides = ( { identities = [ \"net:printers\", \"bob\" ];\n"
	    " rules: { account = \"off\"; header-fqdn = \"warn\";"
	    " from-rights = \"off\"; }; } );",
	    "turns off:\n"
	    "#\taccount is off for net:printers, bob: the identity is a "
	    "current account (RFC 5068 section 3.1)\n"
	    "#\theader-fqdn is warn for net:printers, bob: domains in "
	    "address fields are fully qualified (RFC 6409 section 4.2)\n"
	    "# warning" },
	{ "overrides = ( { identities = [ \"bob\" ];\n"
	    " rules: { account = \"enforce\"; from-rights = \"off\"; }; } );",
	    "turns off:\n#\tnone\n" },
	{ "tables: { " ROWS("t") " };\naccounts: { table = \"t\"; };",
	    "# warning: accounts.complete is false: who is not in table "
	    "\"t\" counts as active\n" },
	{ "tables: { " ROWS("t") " };\naccounts: { table = \"t\"; "
	    "complete = true; };", "!accounts.complete" },
	{ "accounts: { complete = true; };",
	    "# warning: accounts.complete says nothing without "
	    "accounts.table\n" },
	{ "rights: { delimiters = \"+.\"; };",
	    "# warning: rights.delimiters has \".\": who may use john@ may "
	    "use john.smith@, whoever that is\n" },
	{ "rights: { delimiters = \"+-\"; };", "!rights.delimiters has" },
	{ LOCAL "default_profile: { rules: { postmaster = \"warn\"; };\n"
	    " postmaster: { domains = [ \"example.org\" ]; }; };",
	    "# warning: profile \"default\" has postmaster.domains, but rule "
	    "postmaster is not enforced: postmaster is not open\n" },
	{ LOCAL "default_profile: {\n"
	    " postmaster: { domains = [ \"example.org\" ]; }; };",
	    "!postmaster is not open" },
	{ "default_profile: { from = \"fix\";"
	    " rules: { from-rights = \"warn\"; }; };",
	    "# warning: profile \"default\" has from = \"fix\", but rule "
	    "from-rights is not enforced: only where an override enforces it "
	    "is From fixed\n" },
	{ "default_profile: { from = \"fix\"; };", "!is From fixed" },
	{ "tables: { " ROWS("t") " };\nidentity: { networks = \"t\"; };",
	    "!is used nowhere" },
};

static void
test_warnings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		struct config *config = load(warnings[i].text);
		const char *want = warnings[i].want;
		char *text = folder_print(config);
		bool is_wanted = want[0] != '!';

		if (!is_wanted)
			want++;
		if ((strstr(text, want) != NULL) != is_wanted)
			fail_msg("%s\ngot %s\nwant it %s %s",
			    warnings[i].text, text,
			    is_wanted ? "with" : "without", want);
		free(text);
		config_unref(&config);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_site),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_warnings),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
