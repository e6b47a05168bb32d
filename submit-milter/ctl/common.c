/*
 * common.c - see ctl.h.
 */
#include <config.h>

#include "ctl/ctl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "audit/store.h"
#include "base/ascii.h"
#include "base/utc.h"

#define STORE_CACHE_KIB 131072

int
ctl_fail(int status, const char *format, ...)
{
	va_list ap;

	(void)fputs("submitctl: ", stderr);
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	return status;
}

/* The argument of "-o", cut in place. */
static int
add_override(struct ctl_source *source, char *text)
{
	char *equals = strchr(text, '=');

	if (equals == NULL || equals == text ||
	    source->override_count == CTL_OVERRIDES)
		return ctl_fail(EX_USAGE, "-o %s: NAME=VALUE is needed "
		    "(at most %d of them)", text, CTL_OVERRIDES);
	*equals = '\0';
	source->overrides[source->override_count++] =
	    (struct config_override){ text, equals + 1 };
	return 0;
}

int
ctl_options(const struct ctl_syntax *syntax, int argc, char **argv,
    struct ctl_source *source, void *context)
{
	int id, status = 0;

	*source = (struct ctl_source){ .file = CTL_CONFIG_FILE };
	while (status == 0 && (id = getopt_long(argc, argv, syntax->letters,
	    syntax->names, NULL)) != -1) {
		if (id == 'h') {
			syntax->print_usage(stdout);
			return 0;
		}
		if (id == '?')
			status = ctl_fail(EX_USAGE, "%s --help tells the "
			    "options", syntax->command);
		else if (id == 'c')
			source->file = optarg;
		else if (id == 'o')
			status = add_override(source, optarg);
		else
			status = syntax->take(context, id, optarg);
	}
	return status == 0 ? -1 : status;
}

struct config *
ctl_source_load(const struct ctl_source *source, enum ctl_need need)
{
	struct config *config;
	char *error = NULL;

	config = (need == CTL_ALL ? config_load :
	    need == CTL_TABLES ? config_load_without_keys :
	    config_load_options)(source->file, source->overrides,
	    source->override_count, &error);
	if (config != NULL && need == CTL_TRACE_KEYS &&
	    config_read_trace_keys(config, &error) != 0)
		config_unref(&config);
	if (config == NULL)
		(void)ctl_fail(EX_CONFIG, "%s",
		    error == NULL ? "out of memory" : error);
	free(error);
	return config;
}

static void
tell(void *context, const char *text)
{
	(void)context;
	(void)ctl_fail(0, "%s", text);
}

struct store *
ctl_store_new(const struct config *config)
{
	const struct store_settings settings = {
		.directory = config->store.directory,
		.vault = config->store.vault,
		.days = config->store.days,
		.cache_kib = STORE_CACHE_KIB,
		.notice = tell,
	};
	struct store *store = store_new(&settings);

	if (store == NULL)
		(void)ctl_fail(EX_OSERR, "out of memory");
	return store;
}

/*
 * What changes how other characters are shown: zero widths and directions
 * (U+200B to U+200F, U+2028 to U+202E, U+2066 to U+2069).
 */
static bool
is_invisible(struct span s)
{
	unsigned char second, third;

	if (s.len < 3 || (unsigned char)s.ptr[0] != 0xE2)
		return false;
	second = (unsigned char)s.ptr[1];
	third = (unsigned char)s.ptr[2];
	if (second == 0x81)
		return third >= 0xA6 && third <= 0xA9;
	return second == 0x80 && ((third >= 0x8B && third <= 0x8F) ||
	    (third >= 0xA8 && third <= 0xAE));
}

/* Octets of the character at the beginning of S that a terminal may show. */
static size_t
shown(struct span s)
{
	unsigned char first = (unsigned char)s.ptr[0];

	if (first < 0x80)
		return ascii_is_vchar(first) || first == ' ' ? 1 : 0;
	/* U+0080 to U+009F are controls. */
	if (first == 0xC2 && s.len > 1 && (unsigned char)s.ptr[1] < 0xA0)
		return 0;
	if (is_invisible(s))
		return 0;
	for (size_t n = 2; n <= 4 && n <= s.len; n++)
		if (span_is_utf8(span_slice(s, 0, n)))
			return n;
	return 0;
}

void
ctl_put(FILE *out, struct span s)
{
	while (s.len > 0) {
		size_t n = shown(s);

		if (n > 0)
			(void)fwrite(s.ptr, 1, n, out);
		else
			(void)fprintf(out, "\\x%02X",
			    (unsigned char)s.ptr[0]);
		s = span_slice(s, n > 0 ? n : 1, s.len);
	}
}

long
ctl_duration(const char *text)
{
	static const struct {
		char unit;
		long seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 },
		{ 'd', 86400 } };
	size_t len = strlen(text), digits = len == 0 ? 0 : len - 1;
	int64_t n = span_number((struct span){ text, digits }, 999999);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (n >= 0 && text[digits] == units[i].unit)
			return (long)n * units[i].seconds;
	return -1;
}

int
ctl_time(const char *option, const char *text, int64_t *us_r)
{
	long age = ctl_duration(text);

	if (age >= 0)
		*us_r = ((int64_t)time(NULL) - age) * 1000000;
	else if (utc_parse(span_of(text), us_r) != 0)
		return ctl_fail(EX_USAGE, "%s %s: a time such as 2026-11-21, "
		    "2026-11-21T10:00:00Z or 7d is needed", option, text);
	return 0;
}

int
ctl_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return ctl_fail(EX_IOERR, "standard output: %m");
}
