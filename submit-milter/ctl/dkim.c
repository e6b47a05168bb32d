/*
 * dkim.c - submitctl dkim: finds what is to be done, and list, record and
 * check, which change nothing.
 */
#include <config.h>

#include "ctl/dkim.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "base/deadline.h"
#include "base/utc.h"
#include "sign/published.h"

#define ARENA_CEILING (1u << 20)
#define STRING_MOST 255u	/* of a TXT record */

static const struct {
	const char *name;
	const char *arguments;
	const char *help;
	dkim_run *run;
	enum ctl_need need;
} actions[] = {
	{ "keygen", "[--algorithm ALGORITHM] [--bits BITS] "
	    "[--selector SELECTOR] [--now] DOMAIN",
	    "make a key that waits for its record, or with --now signs",
	    dkim_keygen, CTL_TABLES },
	{ "list", "[DOMAIN [SELECTOR]]", "list keys and when they sign",
	    dkim_list, CTL_ALL },
	{ "record", "[--form FORM] [DOMAIN [SELECTOR]]",
	    "print what is to be published: zone, tinydns, plain, name",
	    dkim_record, CTL_ALL },
	{ "check", "[--server SERVER] [--timeout MS] [DOMAIN [SELECTOR]]",
	    "compare what is published with the keys", dkim_check,
	    CTL_ALL },
	{ "rotate", "[--server SERVER] [--timeout MS] [--lifetime DAYS] "
	    "[--keep DAYS] [--force] [--now] {--all | DOMAIN...}",
	    "make, activate and retire keys as it is time", dkim_rotate,
	    CTL_TABLES },
};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static void
print_usage(FILE *out)
{
	(void)fputs("usage: submitctl dkim ACTION [-c FILE] [-o NAME=VALUE]"
	    "...\n\n", out);
	for (size_t i = 0; i < ACTIONS; i++)
		(void)fprintf(out, "  %s %s\n      %s\n", actions[i].name,
		    actions[i].arguments, actions[i].help);
	(void)fputs("\nSee submitctl(8).\n", out);
}

/* A number from FROM to TO. 0, or EX_USAGE after a complaint. */
static int
parse_number(const char *option, const char *text, int from, int to,
    int *number_r)
{
	int64_t number = span_number(span_of(text), to);

	if (number < from)
		return ctl_fail(EX_USAGE, "dkim: --%s must be from %d to "
		    "%d", option, from, to);
	*number_r = (int)number;
	return 0;
}

static int
parse_algorithm(struct dkim_options *o, const char *text)
{
	if (strcmp(text, "rsa") != 0 && strcmp(text, "ed25519") != 0)
		return ctl_fail(EX_USAGE, "dkim: there is no algorithm "
		    "\"%s\": rsa or ed25519", text);
	o->algorithm = text;
	return 0;
}

static int
parse_form(struct dkim_options *o, const char *text)
{
	static const char *const forms[] = { "zone", "bind", "tinydns",
		"plain", "name" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i], text) == 0) {
			o->form = text;
			return 0;
		}
	return ctl_fail(EX_USAGE, "dkim: there is no form \"%s\": zone, "
	    "bind, tinydns, plain or name", text);
}

static int
take_option(void *context, int id, char *value)
{
	struct dkim_options *o = context;

	switch (id) {
	case 'a':
		return parse_algorithm(o, value);
	case 'b':
		return parse_number("bits", value, 1024, 16384, &o->bits);
	case 's':
		o->selector = value;
		return 0;
	case 'f':
		return parse_form(o, value);
	case 'S':
		o->server = value;
		return 0;
	case 'T':
		return parse_number("timeout", value, 1, 600000,
		    &o->timeout);
	case 'l':
		return parse_number("lifetime", value, 1, 36500,
		    &o->lifetime);
	case 'k':
		return parse_number("keep", value, 0, 3650, &o->keep);
	case 'F':
		o->is_forced = true;
		return 0;
	case 'n':
		o->is_now = true;
		return 0;
	case 'A':
	default:
		o->is_all = true;
		return 0;
	}
}

/* -1: go on; else the exit status. */
static int
parse_options(int argc, char **argv, struct dkim_options *o)
{
	static const struct option names[] = {
		CTL_NAMES,
		{ "algorithm", required_argument, NULL, 'a' },
		{ "bits", required_argument, NULL, 'b' },
		{ "selector", required_argument, NULL, 's' },
		{ "form", required_argument, NULL, 'f' },
		{ "server", required_argument, NULL, 'S' },
		{ "timeout", required_argument, NULL, 'T' },
		{ "lifetime", required_argument, NULL, 'l' },
		{ "keep", required_argument, NULL, 'k' },
		{ "force", no_argument, NULL, 'F' },
		{ "now", no_argument, NULL, 'n' },
		{ "all", no_argument, NULL, 'A' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct ctl_syntax syntax = { "dkim",
		CTL_LETTERS "a:b:s:", names, print_usage, take_option };
	int status = ctl_options(&syntax, argc, argv, &o->source, o);

	o->names = argv + optind;
	o->name_count = argc - optind;
	return status;
}

int
ctl_dkim(int argc, char **argv)
{
	struct dkim_options o = { .form = "zone", .algorithm = NULL,
		.bits = 2048, .timeout = 5000, .lifetime = 180, .keep = 7 };
	struct config *config;
	int status;
	size_t i = 0;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)) {
		print_usage(stdout);
		return 0;
	}
	while (i < ACTIONS && (argc < 2 ||
	    strcmp(argv[1], actions[i].name) != 0))
		i++;
	if (i == ACTIONS) {
		print_usage(stderr);
		return EX_USAGE;
	}
	status = parse_options(argc - 1, argv + 1, &o);
	if (status >= 0)
		return status;
	config = ctl_source_load(&o.source, actions[i].need);
	if (config == NULL)
		return EX_CONFIG;
	status = actions[i].run(&o, config);
	config_unref(&config);
	return status;
}

int
dkim_find_place(const struct config *config, struct dkim_place *place_r)
{
	const struct keystore_settings *settings =
	    keystore_settings(config->keystore);

	place_r->folder = settings->folder;
	place_r->limits = settings->limits;
	if (settings->folder[0] == '\0')
		return ctl_fail(EX_CONFIG, "%s: dkim.key_directory is empty: "
		    "where are the keys?", config->file);
	return 0;
}

/* --- each key ------------------------------------------------------------- */

struct visit {
	const struct dkim_options *options;
	int (*look)(struct visit *visit, const struct signing_key *key);
	struct dns *dns;
	struct arena *arena;
	int status;		/* the worst so far */
	size_t seen;
};

static bool
is_wanted(const struct dkim_options *o, const struct signing_key *key)
{
	return (o->name_count < 1 || strcasecmp(o->names[0],
	    signing_key_domain(key)) == 0) && (o->name_count < 2 ||
	    strcasecmp(o->names[1], signing_key_selector(key)) == 0);
}

static void
visit_key(void *context, const struct signing_key *key, const char *fault)
{
	struct visit *visit = context;
	int status;

	if (fault != NULL) {
		visit->status = ctl_fail(DKIM_NOT_WELL, "%s", fault);
		return;
	}
	if (!is_wanted(visit->options, key))
		return;
	visit->seen++;
	status = visit->look(visit, key);
	arena_reset(visit->arena);
	if (status > visit->status)
		visit->status = status;
}

static int
visit_keys(struct visit *visit, const struct config *config)
{
	const struct dkim_options *o = visit->options;
	bool is_all;

	if (o->name_count > 2)
		return ctl_fail(EX_USAGE, "dkim: what is \"%s\"?",
		    o->names[2]);
	visit->arena = arena_new(ARENA_CEILING, NULL);
	if (visit->arena == NULL)
		return ctl_fail(EX_OSERR, "out of memory");
	if (keystore_check(config->keystore, visit_key, visit,
	    &is_all) != 0 && visit->status == 0)
		visit->status = DKIM_NOT_WELL;
	if (!is_all)
		(void)ctl_fail(0, "dkim: keys of table \"%s\" are left "
		    "out: a table of its type cannot tell what is in it",
		    table_name(keystore_settings(config->keystore)->table));
	arena_free(&visit->arena);
	if (visit->seen == 0)
		return ctl_fail(DKIM_NOT_WELL, "there is no such key");
	return visit->status;
}

static void
put_time(const char *word, int64_t seconds)
{
	char text[UTC_SIZE];

	utc_print(seconds, text);
	(void)printf(", %s %s", word, text);
}

static int
list_key(struct visit *visit, const struct signing_key *key)
{
	const struct schedule *schedule = signing_key_schedule(key);

	(void)visit;
	(void)printf("%s %s: %s, %d bits", signing_key_domain(key),
	    signing_key_selector(key), signing_key_algorithm_name(key),
	    signing_key_bits(key));
	if (schedule->not_before == SCHEDULE_NEVER)
		(void)fputs(", waits", stdout);
	else if (schedule->not_before != SCHEDULE_ALWAYS.not_before)
		put_time("from", schedule->not_before);
	if (schedule->not_after != SCHEDULE_ALWAYS.not_after)
		put_time("until", schedule->not_after);
	(void)putchar('\n');
	return 0;
}

int
dkim_list(const struct dkim_options *options, const struct config *config)
{
	return visit_keys(&(struct visit){ .options = options,
		.look = list_key }, config);
}

/* --- record --------------------------------------------------------------- */

/* Strings of at most 255 octets, side by side; no octet needs an escape. */
static void
put_zone(const char *name, struct span text)
{
	(void)printf("%s. IN TXT (", name);
	for (size_t i = 0; i < text.len; i += STRING_MOST)
		(void)printf("\n\t\"%.*s\"", (int)(text.len - i <
		    STRING_MOST ? text.len - i : STRING_MOST), text.ptr + i);
	(void)fputs(" )\n", stdout);
}

/* 'NAME:TEXT:TTL, where ":" is "\072"; tinydns itself splits. */
static void
put_tinydns(const char *name, struct span text)
{
	(void)printf("'%s:", name);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == ':' || text.ptr[i] == '\\')
			(void)printf("\\%03o", (unsigned)text.ptr[i]);
		else
			(void)putchar(text.ptr[i]);
	(void)fputs(":3600\n", stdout);
}

int
dkim_print_record(const struct dkim_options *options,
    const struct signing_key *key)
{
	struct arena *arena = arena_new(ARENA_CEILING, NULL);
	struct span text = { NULL, 0 }, name = { NULL, 0 };
	const char *form = options->form;

	if (arena != NULL) {
		text = published_text(key, arena);
		name = arena_printf(arena, "%s._domainkey.%s",
		    signing_key_selector(key), signing_key_domain(key));
	}
	if (text.ptr == NULL || name.ptr == NULL) {
		arena_free(&arena);
		return ctl_fail(EX_OSERR, "out of memory");
	}
	if (strcmp(form, "name") == 0)
		(void)printf("%s\n", name.ptr);
	else if (strcmp(form, "plain") == 0)
		(void)printf("%.*s\n", SPAN_ARG(text));
	else if (strcmp(form, "tinydns") == 0)
		put_tinydns(name.ptr, text);
	else
		put_zone(name.ptr, text);
	arena_free(&arena);
	return 0;
}

/* A key of ".example.org" or "*" is published under many names. */
static bool
is_pattern(const struct signing_key *key)
{
	const char *domain = signing_key_domain(key);

	return domain[0] == '.' || domain[0] == '*';
}

static int
record_key(struct visit *visit, const struct signing_key *key)
{
	return dkim_print_record(visit->options, key);
}

int
dkim_record(const struct dkim_options *options, const struct config *config)
{
	return visit_keys(&(struct visit){ .options = options,
		.look = record_key }, config);
}

/* --- check ---------------------------------------------------------------- */

/* What a record is to the key; 1 when signatures verify. */
static int
compare(const struct signing_key *key, struct span record,
    struct arena *arena, const char **text_r)
{
	struct span text = dns_text(record, arena);
	struct published published;

	*text_r = "is malformed";
	if (text.ptr == NULL)
		return 0;
	published = published_compare(key, text, arena);
	*text_r = published_state_text(published.state);
	if (published.state != PUBLISHED_MATCH)
		return 0;
	if (published.is_test)
		*text_r = "matches, but t=y says that it is a test";
	else if (published.is_strict)
		*text_r = "matches; t=s: not for subdomains";
	return 1;
}

int
dkim_ask(const struct dkim_options *options, struct dns *dns,
    const struct signing_key *key, struct arena *arena, const char **text_r)
{
	struct span name = arena_printf(arena, "%s._domainkey.%s",
	    signing_key_selector(key), signing_key_domain(key));
	struct dns_answer answer;

	*text_r = "out of memory";
	if (name.ptr == NULL)
		return -1;
	switch (dns_ask(dns, name.ptr, DNS_TXT,
	    deadline_in(options->timeout), arena, &answer, text_r)) {
	case LOOKUP_FAILED:
		return -1;
	case LOOKUP_NOT_FOUND:
		*text_r = "is missing";
		return 0;
	case LOOKUP_FOUND:
		break;
	}
	if (answer.n == 1)
		return compare(key, answer.v[0], arena, text_r);
	*text_r = "is not alone: there are several records";
	return 0;
}

static int
check_key(struct visit *visit, const struct signing_key *key)
{
	const char *text = "is not asked for: the name is a pattern";
	int status = is_pattern(key) ? 1 : dkim_ask(visit->options,
	    visit->dns, key, visit->arena, &text);

	(void)printf("%s._domainkey.%s: %s%s\n", signing_key_selector(key),
	    signing_key_domain(key), status < 0 ? "no answer: " : "", text);
	return status == 1 ? 0 : status == 0 ? DKIM_NOT_WELL : EX_TEMPFAIL;
}

int
dkim_check(const struct dkim_options *options, const struct config *config)
{
	const char *error;
	struct visit visit = { .options = options, .look = check_key,
		.dns = dns_open(options->server, &error) };
	int status;

	if (visit.dns == NULL)
		return ctl_fail(EX_UNAVAILABLE, "%s", error);
	status = visit_keys(&visit, config);
	dns_close(&visit.dns);
	return status;
}
