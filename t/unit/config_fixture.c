/*
 * config_fixture.c - see config_fixture.h.
 */
#include "config_fixture.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A key for tests alone. */
static const char key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIHaB15ey8kjeojCBsIUUrTY6gHTZdv7yvOumd9HkqVz/\n"
    "-----END PRIVATE KEY-----\n";

const char folder_everything[] =
    "socket = \"inet:8891@127.0.0.1\";\n"
    "socket_mode = \"0666\";\n"
    "host_name = \"mx.example.org\";\n"
    "stop_timeout = 5;\n"
    "memory: { message = 300000; total = 600000; };\n"
    "log: { target = \"syslog\"; facility = \"local3\"; level = \"debug\"; };\n"
    "audit: { file = \"@DIR@/audit\"; file_mode = \"0600\"; syslog = true;\n"
    "	facility = \"local4\"; };\n"
    "tables: {\n"
    "	logins: { type = \"texthash\"; file = \"@DIR@/rows\"; };\n"
    "	extra: { type = \"inline\"; rows = (\n"
    "		[ \"Carol@Example.org\", \"c.smith@example.org\" ],\n"
    "		[ \"dave\", \"@example.net\" ] ); };\n"
    "	first: { type = \"inline\"; rows = ( [ \"dave\", \"d@example.org\" ] );"
    " };\n"
    "	idle: { type = \"fail\"; };\n"
    "};\n"
    "identity: { realm = \"example.org\"; };\n"
    "rights: { delimiters = \"+-\";\n"
    "	tables = (\n"
    "		{ table = \"logins\"; },\n"
    "		{ table = \"extra\"; key = \"identity\"; right = \"own\"; } );\n"
    "	primary = \"first\";\n"
    "};\n"
    "dkim: { canonicalization = \"relaxed/relaxed\"; domains = (\n"
    "	{ domain = \"Example.org\"; keys = (\n"
    "		{ selector = \"a\"; file = \"@DIR@/key\"; },\n"
    "		{ selector = \"b.c\"; file = \"@DIR@/key\"; } ); },\n"
    "	{ domain = \"b\xc3\xbc" "cher.example\"; keys = (\n"
    "		{ selector = \"a\"; file = \"@DIR@/key\"; } ); } ); };\n"
    "default_profile: {\n"
    "	rules: { header-fqdn = \"warn\"; };\n"
    "	trusted_networks = [ \"192.0.2.0/24\", \"2001:db8::/32\" ];\n"
    "	limits: { fields = 400; };\n"
    "	sign_fallback_domain = \"example.org\";\n"
    "};\n"
    "profiles = (\n"
    "	{ name = \"submission\"; listeners = (\n"
    "		{ daemon_name = \"MSA\"; daemon_port = 587; },\n"
    "		{ daemon_addr = \"2001:db8::1\"; } );\n"
    "		rules: { tls-required = \"off\"; };\n"
    "		limits: { mime_depth = 7; };\n"
    "		sign = \"authenticated\"; sign_fallback_domain = \"\"; },\n"
    "	{ name = \"other\"; listeners = ( { daemon_name = \"MX\"; } );\n"
    "		trusted_networks = [ ];\n"
    "		rules: { auth-required = \"off\"; header-fqdn = \"enforce\"; };\n"
    "		tls: { minimum_version = \"1.3\"; minimum_bits = 256; };\n"
    "		complete: { date = false; sender_from_envelope = true; };\n"
    "		address_literals = true; sign = \"off\"; }\n"
    ");\n"
    "replies: { contact = \"Ask postmaster@example.org\";\n"
    "	texts: { auth-missing = \"Log in,\\nplease\";\n"
    "		from-not-allowed = \"{}: not yours\"; }; };\n";

static char folder[64];

const char *
folder_path(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

void
folder_write_octets(const char *name, const char *octets, size_t len)
{
	FILE *file = fopen(folder_path(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

char *
folder_expand(const char *text)
{
	size_t size = strlen(text) + 1, n = 0;
	char *out;

	for (const char *p = text; (p = strstr(p, "@DIR@")) != NULL; p++)
		size += strlen(folder);
	out = malloc(size);
	assert_non_null(out);
	while (*text != '\0') {
		if (strncmp(text, "@DIR@", 5) == 0) {
			memcpy(out + n, folder, strlen(folder));
			n += strlen(folder);
			text += 5;
		} else {
			out[n++] = *text++;
		}
	}
	out[n] = '\0';
	return out;
}

void
folder_write(const char *name, const char *text)
{
	char *expanded = folder_expand(text);

	folder_write_octets(name, expanded, strlen(expanded));
	free(expanded);
}

struct config *
folder_load(const struct config_override *overrides, size_t override_count,
    char **error_r)
{
	return config_load(folder_path("main.conf"), overrides,
	    override_count, error_r);
}

char *
folder_print(const struct config *config)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	config_print(config, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

int
folder_setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/test_config.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	folder_write("key", key);
	folder_write("rows", "sales@example.org alice, bob\n");
	return chmod(folder_path("key"), 0600);
}

int
folder_teardown(void **state)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	(void)state;
	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			(void)remove(folder_path(entry->d_name));
	(void)closedir(dir);
	return rmdir(folder);
}
