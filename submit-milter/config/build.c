/*
 * build.c - what this build has: for "--version" and the end of "-t".
 */
#include <idn2.h>
#include <openssl/crypto.h>

#include "config/build.h"
#include "config/config.h"
#include "config/loader.h"
#include "dns/dns.h"
#include "system/sandbox.h"

void
build_print_tables(FILE *out)
{
	const char *type;

	for (size_t i = 0; (type = table_type(i)) != NULL; i++)
		(void)fprintf(out, "%s%s", i == 0 ? "" : ", ", type);
}

/* The types that are not there, a line each. */
static void
print_missing(FILE *out)
{
	const char *type, *why;

	for (size_t i = 0; (type = table_type_missing(i, &why)) != NULL; i++)
		(void)fprintf(out, "\nno %s tables: %s", type, why);
}

static void
print_sandbox(FILE *out)
{
	char text[32];

	if (sandbox_missing() == NULL)
		(void)fprintf(out, "filtered by %s\n",
		    sandbox_library(text));
	else
		(void)fprintf(out, "not filtered: %s\n", sandbox_missing());
}

static void
print_dns(FILE *out)
{
	const char *why, *version = dns_library(&why);

	if (version != NULL)
		(void)fprintf(out, "DNS: by libunbound %s\n", version);
	else
		(void)fprintf(out, "no DNS: %s\n", why);
}

void
config_print_build(FILE *out)
{
	(void)fprintf(out, "libraries: libconfig %d.%d.%d, OpenSSL %s, "
	    "libidn2 %s\n", LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR,
	    LIBCONFIG_VER_REVISION, OpenSSL_version(OPENSSL_VERSION_STRING),
	    idn2_check_version(NULL));
	(void)fputs("system calls: ", out);
	print_sandbox(out);
	print_dns(out);
	(void)fputs("tables: ", out);
	build_print_tables(out);
	print_missing(out);
	(void)fputs("\nidentities: SASL logins, certificates, clients, "
	    "local users, networks\n", out);
}
